import { constants, mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'

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
