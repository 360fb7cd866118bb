import type { Outcome } from '../model/decision.ts'
import { shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { PackageRun } from '../model/run.ts'
import { count } from '../util/format.ts'
import { code, details, LEFT, listing, RIGHT, safe } from './markdown.ts'
import { nameOf } from './phrases.ts'
import { type Deletion, deletionsIn } from './tally.ts'

/** What somebody needs who has lost the report: the ids of everything that was deleted, which `restore` takes, and digests. */

/** The versions that were deleted and not brought back at once, in the order in which that happened. */
export function deletedOf(outcomes: readonly Outcome[]): PackageVersion[] {
  return deletionsIn(outcomes, ['done']).map(({ step }) => step.version)
}

/** One line of the log for the versions of an image: `  to restore it: id 123 (sha256:…), 124, 125`. */
export function wayBackLine([first, ...others]: readonly PackageVersion[]): string {
  if (first === undefined) return ''
  return `  to restore it: id ${first.id} (${first.digest})${others.map(({ id }) => `, ${id}`).join('')}`
}

/** A fold of the summary; `most` rows of it, as the report has all. Nothing where nothing was deleted. */
export function wayBackPart(outcomes: readonly Outcome[], most: number): string {
  const steps = deletionsIn(outcomes, ['done']).map(({ step }) => step)
  if (steps.length === 0) return ''
  // Whoever wants one image back needs the ids of its parts.
  const names = new Map(steps.map(({ version }) => [version.digest, nameOf(version)]))
  const columns = [
    RIGHT('Id', ({ version }: Deletion['step']) => code(String(version.id))),
    LEFT('Image', ({ root }: Deletion['step']) => safe(names.get(root) ?? shortDigest(root))),
    LEFT('Digest', ({ version }: Deletion['step']) => code(version.digest))
  ]
  const list = listing(steps, 'version', columns, most)
  return details(`Ids and digests of ${count(steps.length, 'deleted version')}`, list)
}

/** What these folds are for; nothing where there are none. */
export function wayBackNote(runs: readonly PackageRun[]): string {
  return runs.some(({ outcomes }) => deletedOf(outcomes).length > 0)
    ? 'To undo this within 30 days, set `mode: restore`, and `restore` to the report; or without it, `packages` to one package and `restore` to its ids or digests below.'
    : ''
}
