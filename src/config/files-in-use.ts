import { ExpectedError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { type MatchedFiles, readMatchingFiles, readTextFile } from '../usage/files.ts'
import { imagesNamedIn, type NamedImage } from '../usage/named-images.ts'
import { type CheckTime, findReferences, type Reference, type TextFile } from '../usage/references.ts'
import { formatDuration } from '../util/format.ts'
import type { Inputs } from './inputs.ts'
import type { PolicyFile } from './policy-schema.ts'

/** A search that is given up has not found what is in use, so the run ends red, and not as one that a later run completes. */
export function timeCheck({ timeLimit }: Inputs, clock: Clock): CheckTime {
  const until = clock.now() + timeLimit
  return () => {
    if (clock.now() <= until) return
    throw new ExpectedError(
      `Searching the files that \`protect-files\`, \`protect.files\` and \`protect.list\` name took longer than the ` +
        `${formatDuration(timeLimit)} of \`time-limit\`, so it is unknown what is in use, and nothing is deleted. Name fewer or smaller files.`
    )
  }
}

/** What the files of the workspace say of the owner's images. */
export interface FilesInUse {
  /** What they use: that stays. */
  readonly references: readonly Reference[]
  /** What they name in full: a check wants it to be there. */
  readonly named: readonly NamedImage[]
  /** Sentences. */
  readonly warnings: readonly string[]
}

/**
 * Reads the files that the inputs and the policy name. Only what is about to be deleted can be in use, and only a check
 * looks whether it is there.
 *
 * @param workspace the folder that paths start from
 * @throws ExpectedError for a file that cannot be read, for a list without an image, and what `checkTime` throws
 */
export function readFilesInUse(
  inputs: Inputs,
  file: PolicyFile | undefined,
  workspace: string,
  checkTime: CheckTime
): FilesInUse {
  const nothing = { references: [], named: [], warnings: [] }
  if (inputs.mode !== 'retain' && inputs.mode !== 'check') return nothing
  const patterns = [...inputs.protectFiles, ...(file?.protect.files ?? [])]
  const matched =
    patterns.length === 0
      ? { files: [], idle: [], unsearched: [] }
      : readMatchingFiles(workspace, patterns, checkTime)
  if (inputs.mode === 'retain')
    return { ...nothing, ...readReferences(inputs, file, matched, workspace, checkTime) }
  const { host } = new URL(inputs.registryUrl)
  return {
    ...nothing,
    named: imagesNamedIn(matched.files, host, inputs.owner, checkTime),
    warnings: unsearchedWarnings(matched)
  }
}

function readReferences(
  inputs: Inputs,
  file: PolicyFile | undefined,
  matched: MatchedFiles,
  workspace: string,
  checkTime: CheckTime
): Pick<FilesInUse, 'references' | 'warnings'> {
  const { found, unresolved } = findReferences(matched.files, inputs.owner, inputs.repository, checkTime)
  const list = file?.protect.list
  const listed = list === undefined ? [] : readList(list, inputs.owner, workspace, checkTime)
  return {
    references: [...found, ...listed],
    warnings: [
      ...unsearchedWarnings(matched),
      ...unresolved.map(
        place =>
          `${place} names an image by a variable that no protected file sets, so everything that it could mean is kept. ` +
          'To keep only what it means, also protect the file that sets it.'
      )
    ]
  }
}

function unsearchedWarnings({ idle, unsearched }: MatchedFiles): string[] {
  return [
    ...idle.map(
      pattern =>
        `The file pattern \`${pattern}\` matches no file, so it protects nothing: check its spelling, and that the ` +
        'repository is checked out before this step. For a folder, write `folder/**`.'
    ),
    ...unsearched.map(clause => `A matching file was not searched for images in use: ${clause}.`)
  ]
}

/** A list that was to be made by a command that failed is empty; that says nothing of what is in use. */
function readList(
  path: string,
  owner: string,
  workspace: string,
  checkTime: CheckTime
): readonly Reference[] {
  const file: TextFile = { path, text: readTextFile(workspace, path, 'The list of what is in use,') }
  if (!/[:@/]/.test(file.text)) {
    throw new ExpectedError(
      `The list \`${path}\` names no image at all. The command that writes it may have failed. If nothing is in use, ` +
        'remove `protect.list` from the policy.'
    )
  }
  return findReferences([file], owner, '', checkTime).found
}
