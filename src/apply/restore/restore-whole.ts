import { orFailure } from '../../errors.ts'
import { gitHubDenies } from '../../inventory/gone.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { type DeleteStep, undoing } from '../../policy/order.ts'
import { nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { ApplyContext } from '../apply.ts'
import type { Done } from '../done.ts'
import { type Earlier, pastDeletions } from '../look/earlier.ts'
import type { Findings } from '../look/findings.ts'
import { goneFrom, lackedBy } from './lacked.ts'
import { type Restored, restoreAtOnce, stepsBack } from './restore-at-once.ts'

/**
 * Restores at once, and makes whole what came back, be it by this run or by somebody: it may need what went with another
 * image, which the graph of this run did not know, and what describes it belongs to it.
 *
 * @param told ids of what stays away by name, and of which that was said
 */
export async function restoreWhole(
  done: Done,
  found: Findings,
  earlier: readonly Earlier[],
  told: ReadonlySet<number>,
  scope: ApplyContext
): Promise<Restored> {
  const steps = stepsBack(done, found.seen, earlier, new Set(found.needed.keys()))
  const first = await restoreAtOnce(done, found, steps, scope)
  const sent = new Set(
    first.restored.flatMap(({ step, status }) => (status === 'done' ? [step.version.id] : []))
  )
  const gone = goneFrom(done, found.seen, sent, scope.context.clock.now())
  const lacked = await orFailure(async () => {
    const came = earlier.map(({ version }) => version).filter(({ id }) => sent.has(id))
    const byOthers = await broughtBack(done, found, gone.away, scope)
    return lackedBy(came, byOthers, gone, done, scope)
  })
  if ('problem' in lacked) return { ...first, alarms: [...first.alarms, unknown(lacked.sentence)] }
  const { needed, describing, unread, alarms } = lacked
  // What somebody purged by name stays away.
  const purged = needed.size === 0 ? NONE : await done.loaded.recollection.forgottenSince()
  const due = [...gone.away, ...gone.byOthers].filter(({ version }) => needed.has(version.digest))
  const more = undoing(
    due.filter(({ version }) => !purged.has(version.id)),
    ({ digest }) => describing.has(digest)
  )
  const stay = due.map(({ version }) => version).filter(({ id }) => purged.has(id) && !told.has(id))
  const second = await restoreAtOnce(done, { seen: found.seen, needed }, more, scope)
  return {
    restored: [...first.restored, ...second.restored],
    back: first.back.union(second.back),
    warnings: [...first.warnings, ...second.warnings, ...stayAway(stay, needed)],
    alarms: [...first.alarms, ...second.alarms, ...alarms, ...(unread === undefined ? [] : [unknown(unread)])]
  }
}

const NONE: ReadonlySet<number> = new Set()

const stayAway = (versions: readonly PackageVersion[], needed: ReadonlyMap<Digest, string>): string[] =>
  versions.flatMap(version => {
    const why = needed.get(version.digest)
    return why === undefined
      ? []
      : [`${nameOf(version)} was not restored although ${why}: it was purged by name.`]
  })

/** What is there although runs deleted it, where something went with it: somebody may have brought it back. */
async function broughtBack(
  { loaded, outcomes }: Done,
  { seen }: Findings,
  away: readonly DeleteStep[],
  { pkg, context }: ApplyContext
): Promise<readonly PackageVersion[]> {
  const behind = new Set<Digest>(away.flatMap(({ root, after }) => [root, ...after]))
  const own = new Set(outcomes.map(({ step }) => step.version.id))
  const listed = pastDeletions(loaded)
    .there.map(({ version }) => version)
    .filter(({ id, digest }) => behind.has(digest) && !own.has(id))
  // A list may go on showing what is gone.
  const isGone = await eachOf(listed, AT_ONCE, ({ id }) => gitHubDenies(pkg, id, context))
  return [...seen.there, ...listed.filter((_, at) => isGone[at] === false)]
}

/** How many versions are asked for at once. */
const AT_ONCE = 16

/** The next run that deletes brings back what is lacking then. */
const unknown = (sentence: string): string =>
  `Whether what came back is whole is unknown: ${sentence} Run again.`
