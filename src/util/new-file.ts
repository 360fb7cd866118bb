import { constants, mkdirSync, openSync, realpathSync, rmSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'

/**
 * Opens a file that nobody had before, for writing. What lies at `path`, such as a link that leads elsewhere, is
 * removed and never followed; folders are made.
 *
 * @returns its descriptor
 * @throws the operating system's errors
 */
export function openNew(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants
  return openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
}

/**
 * True when the path lies in the workspace as either is written, and a folder on its way is a link that leads out of it.
 * Whoever may open a pull request can put such a link there.
 */
export function leadsAstray(workspace: string, path: string): boolean {
  const root = resolve(workspace)
  const isBelow = (folder: string, top: string): boolean =>
    folder === top || folder.startsWith(`${top}${sep}`)
  const folder = dirname(path)
  const real = realFolder(root)
  return (isBelow(folder, root) || isBelow(folder, real)) && !isBelow(realFolder(folder), real)
}

/** Where a folder is, or the first one above it that is there. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder === dirname(folder) ? folder : realFolder(dirname(folder))
  }
}
