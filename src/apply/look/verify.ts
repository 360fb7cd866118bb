import type { Context } from '../../context.ts'
import { type Failure, orFailure, orRefusal } from '../../errors.ts'
import { halfBackOf } from '../../inventory/awaited-parts.ts'
import { findTag } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Outcome, Plan } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import { count } from '../../util/format.ts'
import { type ApplyContext, urgently, type Verification } from '../apply.ts'
import { type Done, versionsOf } from '../done.ts'
import { CONTRADICTED, IN_VAIN } from '../remove.ts'
import { restoreWhole } from '../restore/restore-whole.ts'
import { WAY_BACK, wayBack } from '../way-back.ts'
import { earlierOf, taggedLate } from './earlier.ts'
import { type Findings, findingsOf } from './findings.ts'
import { forNextRun, ownDeletions } from './for-next-run.ts'
import { lacking } from './lacking.ts'
import { leaveToNext } from './leave-to-next.ts'
import { type Wanted, withoutPurged } from './purged-beside.ts'
import { lookAgain, type SecondLook } from './second-look.ts'
import type { Arrival } from './tags-nowhere.ts'

/**
 * The second half of "nothing on stale knowledge": a tag can land on a version, or a new index name it, in the
 * moment before its DELETE arrives. So the package is looked at once more, what is new and what is deleted, and a
 * version that turns out to be needed is restored at once, said aloud; the run is red if that fails, and where the
 * look saw too little. Its requests may use what was set aside.
 */
export async function verifyDeletions(done: Done, scope: ApplyContext): Promise<Verification> {
  const { outcomes, plan, loaded } = done
  const urgent = urgently(scope)
  const gone = new Set(versionsOf(outcomes, ['already']).map(({ id }) => id))
  let earlier = earlierOf(loaded, gone)
  const now = () => Math.floor(scope.context.clock.now())
  const way = () =>
    wayBack(
      outcomes,
      earlier.map(({ version }) => version)
    )
  const isTried = outcomes.some(
    ({ status }) => status === 'done' || status === 'failed' || status === 'already'
  )
  if (
    !isTried &&
    earlier.length === 0 &&
    halfBackOf(loaded.inventory, loaded.recollection.deletions).size === 0
  ) {
    leaveToNext(loaded, [], [], now())
    return { outcomes }
  }
  const look: Look = async shown => {
    const versions = earlier.map(({ version }) => version)
    const seen = await lookAgain(done, versions, shown, urgent.context)
    const more = earlierOf(loaded, gone, taggedLate(loaded, seen.rowsDeleted, seen.arrivals))
    if (more.length > earlier.length) {
      earlier = more
      return look(shown)
    }
    return findingsOf(done, seen, earlier, urgent.context)
  }
  const result = await orFailure(async () => {
    const found = await lookSurely(look, way, scope.context)
    const wanted = await withoutPurged(done, found, earlier)
    earlier = wanted.earlier
    return mendAfter(done, wanted, now, scope)
  })
  if (!('problem' in result)) return result
  if (result.problem === 'absent' && isEmptied(plan)) {
    loaded.recollection.leaveDeletions({ unchecked: [], checked: [] }, now())
    return afterPackage(done, scope)
  }
  leaveToNext(loaded, [...earlier, ...ownDeletions(done, now())], [], now())
  const sentence = notChecked(result, way())
  return result.problem === 'left' ? { outcomes, unverified: sentence } : { outcomes, alarms: [sentence] }
}

/** Brings back what must come back, and leaves to the next run what that has to know. */
async function mendAfter(
  done: Done,
  wanted: Wanted,
  now: () => number,
  scope: ApplyContext
): Promise<Verification> {
  const { outcomes, plan, loaded } = done
  const { found, earlier } = wanted
  const { restored, back, warnings, alarms } = await restoreWhole(done, wanted, urgently(scope))
  const came = new Set(
    // What GitHub answered to the restores is not what stands there.
    restored.flatMap(({ step: { version } }) => (back.has(version.id) ? [version.digest] : []))
  )
  const halves = halfBackOf(loaded.inventory, loaded.recollection.deletions)
  // What could not be restored is told already, with its way out.
  const tried = new Set(restored.map(({ step }) => step.version.digest))
  const away = found.seen.vanished.union(new Set([...halves.values()].flat())).difference(tried)
  // What was restored is told, whatever fails behind it.
  const lacks = await orFailure(async () => ({ sentences: await lacking(done, away, scope.context) }))
  const settled = corrected(outcomes, found.seen, scope.report)
  const isUnclear = found.seen.tagsUnread !== undefined || isServed(found)
  const { open, checked } = forNextRun(
    { plan, loaded, outcomes: settled },
    { seen: found.seen, isUnclear, earlier, restored, back },
    now()
  )
  // What is half back is made whole once: who deletes a part of it later means that.
  const isWhole = (parts: readonly Digest[]): boolean =>
    alarms.length === 0 && parts.every(part => came.has(part))
  const whole = [...halves].flatMap(([id, parts]) => (isWhole(parts) ? [id] : []))
  leaveToNext(loaded, open, checked, now(), back.union(new Set(whole)))
  return {
    ...(isServed(found) ? { unverified: servedSentence(found.seen, done) } : {}),
    outcomes: [...settled, ...restored],
    alarms: [...found.alarms, ...alarms, ...('problem' in lacks ? [lacks.sentence] : lacks.sentences)],
    warnings: [...wanted.warnings, ...warnings]
  }
}

/** Looks once more; what was shown before is new still, whatever is shown now. Undefined at the first look. */
type Look = (shown: readonly Arrival[] | undefined) => Promise<Findings>
/** The same after a pause, in milliseconds. @throws BudgetError when the time is over */
type LookAfter = (pause: number, shown: readonly Arrival[] | undefined) => Promise<Findings>

/** What was pushed right before the last DELETE shows with a delay, in milliseconds. */
const SHOWS_AFTER = 2_000
/** The pause before a look is taken once more, in milliseconds. */
const PAUSE = 5_000
/** Further ones where the registry goes on showing what was deleted, which GitHub may list once more by then. */
const LONG_PAUSES = [10_000, 15_000]

/**
 * One answer may be a slip: a look that failed, or that could not read what is new, is taken once more. What one look
 * found needed stays needed, also if the next fails or shows less, and what it left open stays open if that fails.
 *
 * @param way says what to do where nobody could look
 */
async function lookSurely(look: Look, way: () => string, { clock, checkTime }: Context): Promise<Findings> {
  const lookAfter: LookAfter = async (pause, shown) => {
    checkTime()
    await clock.sleep(pause)
    return look(shown)
  }
  const first = await orRefusal(() => lookAfter(SHOWS_AFTER, undefined))
  if ('problem' in first) return lookAfter(PAUSE, [])
  let found = first.isUnclear || isServed(first) ? await lookMore(first, PAUSE, lookAfter, way) : first
  for (const pause of LONG_PAUSES) {
    if (isServed(found)) found = await lookMore(found, pause, lookAfter, way)
  }
  return found
}

async function lookMore(
  first: Findings,
  pause: number,
  lookAfter: LookAfter,
  way: () => string
): Promise<Findings> {
  const next = await orFailure(() => lookAfter(pause, first.seen.arrivals))
  if (!('problem' in next)) return { ...next, needed: new Map([...first.needed, ...next.needed]) }
  // Open as it was, if all that there was no room for is to look once more at what the registry shows.
  if (next.problem === 'left' && !first.isUnclear) return first
  const seen = { ...first.seen, tagsUnread: first.seen.tagsUnread ?? next.sentence }
  return { ...first, seen, alarms: [...first.alarms, notChecked(next, way())] }
}

/** Whether the registry shows what was deleted and does not come back. */
const isServed = ({ seen, needed }: Findings): boolean =>
  seen.served.some(({ digest }) => !needed.has(digest))

const servedSentence = ({ served }: SecondLook, { loaded }: Done): string =>
  `The registry still shows the tags of ${count(served.length, 'deleted version')}: it lags, or they were pushed again. ` +
  (loaded.recollection.remembers
    ? 'If what this run remembers can be stored, the next run checks whether what was pushed needs what was deleted. '
    : 'Nothing is remembered for the next run (`memory`), so look whether they can be pulled. ') +
  WAY_BACK

const notChecked = ({ sentence }: Failure, way: string): string =>
  `What was taken away could not be checked again: ${sentence} ${way}`

/** Whether a plan takes everything that a package has. */
const isEmptied = ({ decisions }: Plan): boolean => decisions.every(({ verdict }) => verdict === 'delete')

/**
 * What follows when GitHub dropped the package with its last version: a deletion whose answer was lost is done where
 * the registry agrees. The list of deleted versions went too, so a late tag would not show.
 */
async function afterPackage(
  { outcomes }: Done,
  { pkg, context: { registry, clock }, report }: ApplyContext
): Promise<Verification> {
  const settled: Outcome[] = []
  for (const outcome of outcomes) {
    const { step, status } = outcome
    const head =
      step.action === 'delete' && status === 'failed'
        ? await findTag(registry, repositoryOf(pkg), step.version.digest, clock)
        : undefined
    if (head?.state === 'missing') {
      const gone: Outcome = { step, status: 'done', detail: 'it is gone together with its package' }
      report(gone)
      settled.push(gone)
    } else settled.push(outcome)
  }
  const alarm =
    `GitHub dropped the package with its last version, with its settings and its list of deleted versions. ${WAY_BACK} ` +
    'The next push creates the package again. To prevent this, keep at least one version (`keep-untagged: 1`).'
  return { outcomes: settled, alarms: [alarm] }
}

/** Deletions that were confirmed and not carried out have failed, and so have those of what was not gone before. */
function corrected(
  outcomes: readonly Outcome[],
  { there }: SecondLook,
  report: (outcome: Outcome) => void
): readonly Outcome[] {
  const stays = new Set(there.map(({ id }) => id))
  return outcomes.map(outcome => {
    const { step, status } = outcome
    if (step.action !== 'delete' || !stays.has(step.version.id)) return outcome
    if (status !== 'done' && status !== 'already') return outcome
    const detail = status === 'done' ? IN_VAIN : CONTRADICTED
    const failure: Outcome = { step, status: 'failed', detail }
    report(failure)
    return failure
  })
}
