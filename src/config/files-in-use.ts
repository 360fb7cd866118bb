import { ExpectedError, InputError } from '../errors.ts'
import { type MatchedFiles, readMatchingFiles, readTextFile } from '../usage/files.ts'
import { imagesNamedIn, type NamedImage } from '../usage/named-images.ts'
import { findReferences, type Reference } from '../usage/references.ts'
import type { TextFile } from '../usage/settings.ts'
import { count } from '../util/format.ts'
import type { Inputs } from './inputs.ts'
import type { PolicyFile } from './schema/policy-schema.ts'
import { overwritten } from './written-files.ts'

/** What the files of the workspace say about the owner's images. */
interface FilesInUse {
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
 * @throws ExpectedError for a file that cannot be read, and for a list without an image
 */
export function readFilesInUse(inputs: Inputs, file: PolicyFile | undefined, workspace: string): FilesInUse {
  const nothing = { references: [], named: [], warnings: [] }
  if (inputs.mode !== 'retain' && inputs.mode !== 'check') return nothing
  const patterns = [...inputs.protectFiles, ...(file?.protect.files ?? [])]
  const matched =
    patterns.length === 0 ? { files: [], idle: [], unsearched: [] } : readMatchingFiles(workspace, patterns)
  if (inputs.mode === 'retain') return { ...nothing, ...readReferences(inputs, file, matched, workspace) }
  const { host } = new URL(inputs.registryUrl)
  return {
    ...nothing,
    named: imagesNamedIn(matched.files, host, inputs.owner),
    warnings: unsearchedWarnings(matched)
  }
}

function readReferences(
  inputs: Inputs,
  file: PolicyFile | undefined,
  matched: MatchedFiles,
  workspace: string
): Pick<FilesInUse, 'references' | 'warnings'> {
  const { found, unresolved } = findReferences(matched.files, inputs.owner, inputs.repository)
  const list = file?.protect.list
  const listed = list === undefined ? [] : readList(list, inputs, workspace)
  return {
    references: [...found, ...listed],
    warnings: [
      ...unsearchedWarnings(matched),
      ...told(
        unresolved,
        place =>
          `${place} names an image by a variable that no protected file sets, so everything that it could mean is kept. ` +
          'To keep only what it means, also protect the file that sets it.',
        left => `${count(left, 'more place')} in protected files also name an image by such a variable.`
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
    ...told(
      unsearched,
      clause => `A matching file was not searched for images in use: ${clause}.`,
      left => `${count(left, 'more matching file')} were not searched for images in use.`
    )
  ]
}

/** A checkout can give more sentences than memory holds, and nobody reads more than these. */
const MOST_TOLD = 100

/** A sentence for each of the first, and one for all the others. */
function told(
  items: readonly string[],
  sentence: (item: string) => string,
  others: (left: number) => string
): string[] {
  const left = items.length - MOST_TOLD
  return [...items.slice(0, MOST_TOLD).map(sentence), ...(left > 0 ? [others(left)] : [])]
}

/** A list that was to be made by a command that failed is empty; that says nothing of what is in use. */
function readList(path: string, inputs: Inputs, workspace: string): readonly Reference[] {
  const lost = overwritten(inputs, workspace, { 'protect.list': path })
  if (lost !== undefined) throw new InputError([lost])
  const file: TextFile = { path, text: readTextFile(workspace, path, 'The list of what is in use,') }
  if (!/[:@/]/.test(file.text)) {
    throw new ExpectedError(
      `The list \`${path}\` names no image at all. The command that writes it may have failed. If nothing is in use, ` +
        'remove `protect.list` from the policy.'
    )
  }
  return findReferences([file], inputs.owner).found
}
