import type { Context } from '../context.ts'
import { type Failure, orFailure, orRefusal } from '../errors.ts'
import { findTag } from '../inventory/evidence.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Clock } from '../model/clock.ts'
import type { Outcome, OutcomeStatus, Plan } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import { closure } from '../policy/closure.ts'
import { buildGraph } from '../policy/graph.ts'
import { type DeleteStep, isReferrer, undoing } from '../policy/order.ts'
import { count } from '../util/format.ts'
import { type ApplyContext, urgently, type Verification } from './apply.ts'
import { type Done, deletionsOf, type Earlier, earlierOf, leaveToNext, taggedLate } from './earlier.ts'
import { attestationsOf, type Findings, findingsOf, goneOf, versionsOf, WAY_BACK } from './findings.ts'
import { CONTRADICTED, IN_VAIN } from './remove.ts'
import { restoreAtOnce, restoredSentences } from './restore-at-once.ts'
import { type Arrival, lookAgain, type SecondLook } from './second-look.ts'
import { tagsNowhere } from './tags-nowhere.ts'

/** Outcomes of this run's own requests after which a version is gone, or may be. */
const MAY_BE_GONE: readonly OutcomeStatus[] = ['done', 'failed']
/**
 * The second half of "nothing on stale knowledge": a tag can land on a version, or a new index name it, in the
 * moment before its DELETE arrives. So the package is looked at once more, what is new and what is deleted, and a
 * version that turns out to be needed is restored at once, said aloud; the run is red if that fails, and where the
 * look saw too little. Its requests may use what was set aside.
 */
export async function verifyDeletions(done: Done, scope: ApplyContext): Promise<Verification> {
  const { outcomes, plan, loaded } = done
  const { pkg, context, report } = scope
  const urgent = urgently(scope).context
  const deleted = versionsOf(outcomes, MAY_BE_GONE)
  let earlier = earlierOf(loaded)
  const now = () => Math.floor(context.clock.now())
  const before = versionsOf(outcomes, ['already'])
  if (deleted.length + earlier.length + before.length === 0) {
    leaveToNext(loaded, [], [], now())
    return { outcomes, alarms: await tagsLost(done, urgent) }
  }
  const look: Look = async shown => {
    const wanted = [...deleted, ...earlier.map(({ version }) => version)]
    const seen = await lookAgain(pkg, loaded, wanted, before, shown, urgent)
    const more = earlierOf(loaded, taggedLate(loaded, seen))
    if (more.length > earlier.length) {
      earlier = more
      return look(shown)
    }
    // Of what was deleted itself the registry may have shown an old tag.
    const others = (shown ?? []).filter(({ digest }) => !wanted.some(version => version.digest === digest))
    return findingsOf(done, { ...seen, arrivals: [...others, ...seen.arrivals] }, earlier, urgent)
  }
  const result = await orFailure(async () => {
    const found = await lookSurely(look, context.clock)
    const { seen, needed, alarms } = found
    const steps = stepsBack(done, seen, earlier, new Set(needed.keys()))
    const { restored, told } = await restoreAtOnce(steps, done, seen, { ...scope, context: urgent })
    const isOpen = seen.tagsUnread !== undefined || isServed(found)
    const back = new Set(restored.map(({ step }) => step.version.id))
    const open = new Set([
      ...(isOpen ? deleted : seen.unlisted),
      // GitHub may go on denying what it said is restored.
      ...seen.gone.filter(({ id }) => back.has(id))
    ])
    const checked = deletionsOf(
      plan,
      seen.gone.filter(version => !open.has(version)),
      now()
    )
    leaveToNext(loaded, deletionsOf(plan, [...open], now()), [...checked, ...earlier], now())
    return {
      ...(isServed(found) ? { unverified: servedSentence(seen, done) } : {}),
      outcomes: [...corrected(outcomes, seen, report), ...restored],
      alarms: [...alarms, ...told.alarms],
      warnings: [...restoredSentences(restored, needed), ...told.warnings]
    }
  })
  if (!('problem' in result)) return result
  if (result.problem === 'absent' && isEmptied(plan)) {
    loaded.recollection.leaveDeletions({ unchecked: [], checked: [] }, now())
    return afterPackage(done, scope)
  }
  leaveToNext(loaded, [...earlier, ...deletionsOf(plan, deleted, now())], [], now())
  const sentence = notChecked(result)
  return result.problem === 'left' ? { outcomes, unverified: sentence } : { outcomes, alarms: [sentence] }
}

/** What a placeholder took along that had a further tag by then: where nothing was deleted, nobody else looks. */
async function tagsLost(done: Done, context: Context): Promise<readonly string[]> {
  if (!done.outcomes.some(({ step, status }) => step.action === 'untag' && MAY_BE_GONE.includes(status)))
    return []
  const rowsShown = new Set(done.loaded.listing.versions.map(({ id }) => id))
  const seen = { arrivals: [], tagsTaken: new Set<string>(), tagsDenied: [], rowsShown }
  const found = await orFailure(() => tagsNowhere(done, seen, context))
  const unread = 'problem' in found ? found.sentence : found.unread
  const lost = 'problem' in found ? [] : found.nowhere
  return [
    ...lost.map(tag => tookAlong(tag, done)),
    ...(unread === undefined
      ? []
      : [
          `The tags of the registry could not be read after the untagging (${unread}), so it is unknown whether a tag went ` +
            'with a placeholder. Look whether the tags that move are where they belong.'
        ])
  ]
}

function tookAlong(tag: string, { loaded }: Done): string {
  const holder = loaded.listing.versions.find(({ tags }) => tags.includes(tag))?.digest
  const [of, digest] = holder === undefined ? ['', '<digest>'] : [` (of ${shortDigest(holder)})`, holder]
  return (
    `The tag ${tag}${of} stands on nothing now: somebody may have put it on a placeholder, which is gone. Put it back: ` +
    `\`docker buildx imagetools create -t <image>:${tag} <image>@${digest}\`.`
  )
}

/** Looks once more; what was shown before is new still, whatever is shown now. Undefined at the first look. */
type Look = (shown: readonly Arrival[] | undefined) => Promise<Findings>

/** What was pushed right before the last DELETE shows with a delay, in milliseconds. */
const SHOWS_AFTER = 2_000
/** The pause before a look is taken once more, in milliseconds. */
const PAUSE = 5_000
/** Further ones where the registry goes on showing what was deleted, which GitHub may list once more by then. */
const LONG_PAUSES = [10_000, 15_000]

/**
 * One answer may be a slip: a look that failed, or that could not read what is new, is taken once more. What one look
 * found needed stays needed, also if the next fails or shows less, and what it left open stays open if that fails.
 */
async function lookSurely(look: Look, clock: Clock): Promise<Findings> {
  await clock.sleep(SHOWS_AFTER)
  const first = await orRefusal(() => look(undefined))
  if (!('problem' in first || first.isUnclear || isServed(first))) return first
  await clock.sleep(PAUSE)
  if ('problem' in first) return look([])
  let found = await lookMore(first, look)
  for (const pause of LONG_PAUSES) {
    if (!isServed(found)) return found
    await clock.sleep(pause)
    found = await lookMore(found, look)
  }
  return found
}

async function lookMore(first: Findings, look: Look): Promise<Findings> {
  const next = await orFailure(() => look(first.seen.arrivals))
  if (!('problem' in next)) return { ...next, needed: new Map([...first.needed, ...next.needed]) }
  // Open as it was, if all that there was no room for is to look once more at what the registry shows.
  if (next.problem === 'left' && !first.isUnclear) return first
  const seen = { ...first.seen, tagsUnread: first.seen.tagsUnread ?? next.sentence }
  return { ...first, seen, alarms: [...first.alarms, notChecked(next)] }
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

const notChecked = ({ sentence }: Failure): string =>
  `The deleted versions could not be checked again: ${sentence} ${WAY_BACK}`

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

/** What must come back, and all that this run took away with it. */
function stepsBack(
  { plan, loaded, outcomes }: Done,
  seen: SecondLook,
  earlier: readonly Earlier[],
  needed: ReadonlySet<Digest>
): ReturnType<typeof undoing> {
  if (needed.size === 0) return []
  // For what an earlier run deleted, only the image that it was a part of is known.
  const images = new Set(earlier.filter(({ version }) => needed.has(version.digest)).map(({ root }) => root))
  const before = earlier.filter(({ root }) => images.has(root))
  const graph = buildGraph(loaded.inventory)
  const isGone = new Set(goneOf(outcomes, seen).map(({ id }) => id))
  const deletions: DeleteStep[] = outcomes.flatMap(({ step }) =>
    step.action === 'delete' && isGone.has(step.version.id) ? [step] : []
  )
  const gone = new Set(deletions.map(({ version }) => graph.find(version.digest)))
  const reached = (digests: Iterable<Digest>): ReturnType<typeof closure> => {
    const starts = [...digests].map(graph.find).filter(place => place !== undefined)
    return closure(
      graph,
      starts.filter(place => gone.has(place)),
      place => gone.has(place)
    )
  }
  const parts = reached(needed)
  const isBack = (digest: Digest): boolean => parts.has(graph.find(digest) ?? -1)
  const back = reached([...needed, ...attestationsOf(isBack, loaded.inventory.contents)])
  const referrers = new Set(plan.decisions.filter(isReferrer).map(({ version }) => version.digest))
  for (const { version, describes } of before) if (describes) referrers.add(version.digest)
  return undoing(
    [...before, ...deletions.filter(({ version }) => back.has(graph.find(version.digest) ?? -1))],
    ({ digest }) => referrers.has(digest)
  )
}
