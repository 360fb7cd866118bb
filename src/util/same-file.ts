import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Where a file is or will be: the same text for all paths of one file, whatever links its folders are, and on systems
 * where case does not count in names. What is at the path itself is not followed.
 */
export function placeOf(path: string): string {
  return join(realFolder(dirname(path)), basename(path))
    .normalize()
    .toLowerCase()
}

/** The places from which something is read that is read at this path: its own, and where a link leads. */
export function placesRead(path: string): readonly string[] {
  return [placeOf(path), placeOf(realFolder(path))]
}

/** The folder, or the file, without links, as far as it is there. */
function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realFolder(above), basename(path))
  }
}
