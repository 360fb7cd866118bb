import { constants, lstatSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Opens a file that nobody had before, for writing. A file or a link that lies at `path` is removed, and no link is
 * followed; folders are made.
 *
 * @returns its descriptor
 * @throws Error where something else is there, which is left alone, and the operating system's errors
 */
export function openNew(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  if (!isReplaceable(path)) throw new Error(`${path} is not a file`)
  rmSync(path, { force: true })
  const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDWR } = constants
  return openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
}

/** True where there is nothing, a file or a link. A device that is removed is missed by all of the machine. */
export function isReplaceable(path: string): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false })
  return there === undefined || there.isFile() || there.isSymbolicLink()
}

/** Where a file is written that takes its place at `path` when it is complete. */
export const draftOf = (path: string): string => `${path}.new`
