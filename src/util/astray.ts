import { relative, resolve, sep } from 'node:path'
import { withoutLinks } from './same-file.ts'

/**
 * True when the path lies in the workspace as either is written, and a link on its way, or at its end, leads out of it
 * or into git's own folder, which may hold a token. Whoever may open a pull request can put such a link there.
 */
export function leadsAstray(workspace: string, path: string): boolean {
  const root = resolve(workspace)
  const top = withoutLinks(root)
  if (!isBelow(path, root) && !isBelow(path, top)) return false
  const isPlain = entersGit(relative(root, path))
  return !isWithin(withoutLinks(path), top) && !isPlain
}

/** True for what lies in a folder, git's own one aside. Both paths are without links. */
export function isWithin(place: string, top: string): boolean {
  return isBelow(place, top) && !entersGit(relative(top, place))
}

/** On some systems case does not count in names of folders. */
function entersGit(path: string): boolean {
  return path.split(sep).some(part => part.toLowerCase() === '.git')
}

function isBelow(place: string, top: string): boolean {
  return place === top || place.startsWith(top.endsWith(sep) ? top : `${top}${sep}`)
}
