import { orFailure } from '../../errors.ts'
import { halfBackOf } from '../../inventory/awaited-parts.ts'
import { lastDeletedOf } from '../../inventory/deleted-since.ts'
import { gitHubDenies } from '../../inventory/gone.ts'
import type { Outcome } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { type DeleteStep, type Restoral, undoing } from '../../policy/order.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { ApplyContext } from '../apply.ts'
import type { Done } from '../done.ts'
import { pastDeletions } from '../look/earlier.ts'
import type { Findings } from '../look/findings.ts'
import { stayedAway, type Wanted } from '../look/purged-beside.ts'
import type { SecondLook } from '../look/second-look.ts'
import { goneFrom, lackedBy } from './lacked.ts'
import { type Restored, restoreAtOnce, stepsBack } from './restore-at-once.ts'

/**
 * Restores at once, and makes whole what came back, be it by this run or by somebody: it may need what went with another
 * image, which the graph of this run did not know, or what others deleted meanwhile; and what describes it belongs to it.
 * What is nested shows only when what names it is back, so it is looked at again as long as something comes back.
 */
export async function restoreWhole(done: Done, wanted: Wanted, scope: ApplyContext): Promise<Restored> {
  const { found, earlier, stay } = wanted
  const { seen } = found
  const steps = stepsBack(done, seen, { earlier, stay }, new Set(found.needed.keys()))
  const lookForGap = gapFinder(done, wanted, scope)
  let all = await restoreAtOnce(done, found, steps, scope)
  for (;;) {
    const { due, needed, warnings, alarms } = await lookForGap(all.restored)
    if (due.length === 0) return joined(all, { restored: [], back: NOTHING, warnings, alarms })
    const newer = await withRows(due, seen, scope)
    all = joined(all, await restoreAtOnce(done, { seen: newer, needed }, due, scope))
  }
}

/** The same look, and which tags GitHub shows on what went behind it: what it does not show may have any. */
async function withRows(
  due: readonly Restoral[],
  seen: SecondLook,
  { pkg, context }: ApplyContext
): Promise<SecondLook> {
  const known = new Set(seen.rowsDeleted.map(({ id }) => id))
  const ids = due.map(({ version }) => version.id).filter(id => !known.has(id))
  if (ids.length === 0) return seen
  const listed = await orFailure(async () => ({ rows: await lastDeletedOf(pkg, context, ids) }))
  if ('problem' in listed) return seen
  return { ...seen, rowsDeleted: [...seen.rowsDeleted, ...listed.rows.filter(({ id }) => !known.has(id))] }
}

const joined = (one: Restored, next: Restored): Restored => ({
  restored: [...one.restored, ...next.restored],
  back: one.back.union(next.back),
  warnings: [...one.warnings, ...next.warnings],
  alarms: [...one.alarms, ...next.alarms]
})

const NOTHING: ReadonlySet<number> = new Set()

/** What is lacking of what came back. */
interface Gap {
  /** What was not tried yet. */
  readonly due: readonly Restoral[]
  /** Why, a phrase each. */
  readonly needed: ReadonlyMap<Digest, string>
  /** Sentences on the rest. */
  readonly warnings: readonly string[]
  readonly alarms: readonly string[]
}

/** Gives the function that looks what is lacking, behind each round of restores. */
function gapFinder(done: Done, { found, told }: Wanted, scope: ApplyContext) {
  let brought: readonly PackageVersion[] | undefined
  // What somebody purged by name stays away.
  let purged: ReadonlySet<number> | undefined
  return async (restored: readonly Outcome[]): Promise<Gap> => {
    const back = restored.flatMap(({ step, status }) => (status === 'done' ? [step.version] : []))
    const sent = new Map(back.map(version => [version.id, version]))
    const gone = goneFrom(done, found.seen, sent, scope.context.clock.now())
    const lacked = await orFailure(async () => {
      brought ??= await broughtBack(done, found, gone.away, scope)
      return lackedBy(back, brought, gone, done, scope)
    })
    if ('problem' in lacked)
      return { due: [], needed: new Map(), warnings: [], alarms: [unknown(lacked.sentence, back)] }
    const { needed, describing, further, unread, alarms } = lacked
    if (needed.size > 0) purged ??= await done.loaded.recollection.forgottenSince()
    const isPurged = ({ version: { id } }: DeleteStep): boolean => purged?.has(id) === true
    const tried = new Set(restored.map(({ step }) => step.version.id))
    const all = [...gone.away, ...gone.byOthers, ...further]
    const lacking = all.filter(({ version }) => needed.has(version.digest))
    const due = lacking.filter(step => !isPurged(step) && !tried.has(step.version.id))
    const away = lacking.filter(step => isPurged(step) && !told.has(step.version.id))
    return {
      due: undoing(due, ({ digest }) => describing.has(digest)),
      needed,
      warnings: away.map(({ version }) => stayedAway(version, needed.get(version.digest) ?? 'it is needed')),
      alarms: [...alarms, ...(unread === undefined ? [] : [unknown(unread, back)])]
    }
  }
}

/** What is there although runs deleted it, where something of it is not: a run, or somebody, may have brought it back. */
async function broughtBack(
  { loaded, outcomes }: Done,
  { seen }: Findings,
  away: readonly DeleteStep[],
  { pkg, context }: ApplyContext
): Promise<readonly PackageVersion[]> {
  const behind = new Set<Digest>(away.flatMap(({ root, after }) => [root, ...after]))
  const own = new Set(outcomes.map(({ step }) => step.version.id))
  const half = halfBackOf(loaded.inventory, loaded.recollection.deletions)
  const listed = pastDeletions(loaded)
    .there.map(({ version }) => version)
    .filter(({ id, digest }) => (behind.has(digest) || half.has(id)) && !own.has(id))
  // A list may go on showing what is gone.
  const isGone = await eachOf(listed, AT_ONCE, ({ id }) => gitHubDenies(pkg, id, context))
  return [...seen.there, ...listed.filter((_, at) => isGone[at] === false)]
}

/** How many versions are asked for at once. */
const AT_ONCE = 16

/** No later run looks at what is back, unless it remembers what went with it. */
function unknown(sentence: string, back: readonly PackageVersion[]): string {
  const tagged = back.toSorted((a, b) => b.tags.length - a.tags.length)
  const digests = tagged.slice(0, 5).map(({ digest }) => digest)
  return digests.length === 0
    ? `Whether what was left in place is whole is unknown: ${sentence} Run again.`
    : `Whether what came back is whole is unknown: ${sentence} ` +
        `\`mode: restore\` with \`restore: ${digests.join(' ')}\` looks, and restores what is missing.`
}
