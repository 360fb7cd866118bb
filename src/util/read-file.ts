import { readFileSync, statSync } from 'node:fs'

/** The bytes of a file; undefined for more than `most`. @throws Error of the system, and for what is no file */
export function readUpTo(path: string, most: number): Buffer | undefined {
  const found = statSync(path)
  // A device or a pipe may never end.
  if (!found.isFile()) throw new Error('it is not a file')
  return found.size > most ? undefined : readFileSync(path)
}

export const isNotThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'
