import type { PackageRun, RunResult } from '../model/run.ts'
import { count, formatBytes } from '../util/format.ts'
import { deletionsIn, GONE } from './tally.ts'

/**
 * The sizes of what was deleted, or would be, in some packages; in a check, those of all images that were found.
 * A blob that several packages name counts once, and as shared where it stays in one of them.
 *
 * @returns undefined where nobody asked
 */
export function sizesOf(runs: readonly PackageRun[], isCheck: boolean) {
  const asked = runs.flatMap(run => (run.blobs === undefined ? [] : [{ run, report: run.blobs }]))
  if (asked.length === 0) return undefined
  const sizes = new Map<string, number>()
  const shared = new Set<string>()
  let unread = 0
  let unreadStaying = 0
  for (const { run, report } of asked) {
    const went = isCheck
      ? undefined
      : new Set(deletionsIn(run.outcomes, GONE).map(({ step }) => step.version.digest))
    for (const digest of report.shared) shared.add(digest)
    for (const [version, blobs] of report.blobs) {
      const isGone = went?.has(version) ?? true
      for (const { digest, size } of blobs) {
        if (isGone) sizes.set(digest, size)
        else shared.add(digest)
      }
    }
    unread += report.unread.here
    unreadStaying += report.unread.elsewhere
  }
  let total = 0
  let unshared = 0
  for (const [digest, size] of sizes) {
    total = sum(total, size)
    if (!shared.has(digest)) unshared = sum(unshared, size)
  }
  return {
    /** All blobs, each once, in bytes. */
    total,
    /** Those that nothing which stays names, in bytes. */
    unshared,
    /** Manifests whose blobs are unknown: the total is larger than it says. */
    unread,
    /** Manifests of what stays that are unknown: `unshared` may be smaller than it says. */
    unreadStaying
  }
}

/** A manifest can claim any sizes: a sum beyond what a number holds exactly would make the report unreadable. */
function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

/** The sizes of a run in a sentence or two; empty where nobody asked, or nothing is deleted. */
export function sizesPhrase({ mode, dryRun, packages }: RunResult): string {
  const sizes = sizesOf(packages, mode === 'check')
  if (sizes === undefined || (sizes.total === 0 && sizes.unread === 0)) return ''
  const what = mode === 'check' ? 'images found' : dryRun ? 'images to delete' : 'deleted images'
  const total = `The ${what} take up ${formatBytes(sizes.total)}, with each blob counted once.`
  const unread =
    sizes.unread === 0
      ? ''
      : ` ${count(sizes.unread, 'manifest')} could not be counted, so the real size is larger.`
  if (mode === 'check') return total + unread
  const bound = sizes.unreadStaying === 0 ? '' : 'At most '
  const open =
    sizes.unreadStaying === 0
      ? ''
      : ` (${count(sizes.unreadStaying, 'manifest')} of what stays ${sizes.unreadStaying === 1 ? 'was' : 'were'} not read)`
  return `${total} ${bound}${formatBytes(sizes.unshared)} of that is used by nothing that stays${open}.${unread}`
}
