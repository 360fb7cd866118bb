import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { orUndefined } from './or-undefined.ts'

/** True for a path at which there is a folder. */
export function isFolder(path: string): boolean {
  return orUndefined(() => statSync(path).isDirectory()) ?? false
}

/**
 * What to write instead of a folder, where a file is to be read.
 *
 * @param given the folder's path as it was written
 * @param ending of the files that can be meant
 * @returns undefined where there is no folder at `path`
 */
export function folderSlip(path: string, given: string, ending: RegExp): string | undefined {
  try {
    if (!isFolder(path)) return undefined
    const files = readdirSync(path, { withFileTypes: true }).filter(
      one => one.isFile() && ending.test(one.name)
    )
    const [file] = files
    const advice =
      file === undefined || files.length > 1 ? 'the path of a file in it' : `\`${join(given, file.name)}\``
    return `\`${given}\` is a folder. Write ${advice}.`
  } catch {
    return undefined
  }
}
