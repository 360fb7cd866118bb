import type * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import { parseDigest } from '../model/digest.ts'
import type { Mode } from '../model/run.ts'
import { parseAge } from '../policy/age.ts'
import { quote } from '../util/format.ts'
import { entries, field, refuse } from './fields.ts'
import type { PackageSelection } from './package-selection.ts'

/** The word that stands for a package as a whole, where versions are named. */
export const WHOLE_PACKAGE = 'package'

/** What to bring back. */
export type RestoreInput =
  | { readonly source: 'report'; readonly path: string }
  | {
      readonly source: 'names'
      /** Tags, version ids and digests, short ones too. */
      readonly names: readonly string[]
      /** True when the package itself is to come back. */
      readonly wholePackage: boolean
    }
  /** Everything that was deleted in the last `age` milliseconds. */
  | { readonly source: 'since'; readonly age: number }

/**
 * A report's path; or a list of tags, version ids and digests, or the word `package`; or `since` and an age. What has a
 * slash or ends in `.json` is a path.
 */
export const restoreInput: z.ZodType<RestoreInput, string> = field(given => {
  const since = /^since\s+(.+)$/i.exec(given.trim())?.[1]
  if (since !== undefined) {
    const age = parseAge(since)
    if (age === undefined)
      throw new ExpectedError(`"${since}" is no age. Write for instance \`since 3h\` or \`since 2 days\`.`)
    return { source: 'since', age }
  }
  const entries = given.split(/[\s,]+/).filter(entry => entry !== '')
  const path = entries.find(entry => /[/\\]|\.json$/i.test(entry))
  if (path === undefined) {
    const names = entries.filter(entry => entry !== WHOLE_PACKAGE)
    return { source: 'names', names, wholePackage: names.length < entries.length }
  }
  const isName = (entry: string): boolean => /^\d+$/.test(entry) || parseDigest(entry) !== undefined
  if (entries.length > 1 && entries.some(isName)) {
    throw new ExpectedError(
      `"${path}" is the path of a report, and other names stand beside it. Give tags, version ids and digests, or the ` +
        'path of one report.'
    )
  }
  return { source: 'report', path: given }
})

/** What a purge takes. Nothing is chosen by a pattern here: whoever purges names what goes. */
export const purgeNames = entries(given =>
  /[*!|[{"'`$]|^\/.*\/$|^semver:/.test(given)
    ? refuse(
        `${quote(given)} is no name. Write tags in full, without wildcards and quotation marks; patterns are for \`delete-tags\`.`
      )
    : given
)

/** The inputs that say what a purge or a restore is about. */
export interface UndoInputs {
  readonly mode: Mode
  readonly dryRun: boolean
  readonly packages: PackageSelection
  /** Tags, digests and version ids. */
  readonly purge: readonly string[]
  readonly confirm: string | undefined
  readonly restore: RestoreInput | undefined
}

/**
 * What the modes that act on names need besides that each input is valid by itself.
 *
 * @param inputs those that could be read
 * @returns sentences
 */
export function undoProblems(inputs: Partial<UndoInputs>): string[] {
  const { mode, dryRun, packages, purge, confirm, restore } = inputs
  const problems: string[] = []
  const one = packages?.patterns.length === 0 && packages.names.length === 1 ? packages.names[0] : undefined
  if (mode === 'purge') {
    if (purge?.length === 0) {
      problems.push(
        'Input `purge` is empty. Name the tags, digests or version ids that go, or the word `package`.'
      )
    }
    if (purge?.includes(WHOLE_PACKAGE) && purge.length > 1) {
      problems.push(
        `Input \`purge\`: \`${WHOLE_PACKAGE}\` stands for everything. Name nothing beside it, or leave it out.`
      )
    }
    if (packages !== undefined && one === undefined) {
      problems.push('Input `packages`: a purge is about one package. Name exactly one, without wildcards.')
    }
    if (one !== undefined && confirm?.toLowerCase() !== one && !(dryRun === true && confirm === undefined)) {
      problems.push(
        confirm === undefined
          ? `Input \`confirm\` is empty. Repeat the package's name there, \`${one}\`, or nothing is purged.`
          : `Input \`confirm\` is "${confirm}", and the package is \`${one}\`. Nothing is purged.`
      )
    }
  }
  if (mode === 'restore') {
    if ('restore' in inputs && restore === undefined) {
      problems.push(
        'Input `restore` is empty. Give the report of the run to undo; or tags, version ids and digests; or a time such as `since 3h`.'
      )
    } else if (
      restore !== undefined &&
      restore.source !== 'report' &&
      packages !== undefined &&
      one === undefined
    ) {
      problems.push(
        'Input `packages`: ids and digests belong to one package. Name exactly one, or give a report in `restore`.'
      )
    }
  }
  return problems
}
