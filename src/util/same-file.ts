import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Where a file is or will be: the same text for all paths of one file, whatever links its folders are, and on systems
 * where case does not count in names. What is at the path itself is not followed.
 */
export function placeOf(path: string): string {
  return join(withoutLinks(dirname(path)), basename(path))
    .normalize()
    .toLowerCase()
}

/** The places from which something is read that is read at this path: its own, and where a link leads. */
export function placesRead(path: string): readonly string[] {
  return [placeOf(path), placeOf(withoutLinks(path))]
}

/** The path without links, as far as it is there. */
export function withoutLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(withoutLinks(above), basename(path))
  }
}
