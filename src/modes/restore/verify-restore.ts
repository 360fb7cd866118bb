import type { ApplyContext, Verification } from '../../apply/apply.ts'
import { confirmed, isBack } from '../../apply/confirm-restored.ts'
import { restoreVersions, sentIn } from '../../apply/restore.ts'
import type { Told } from '../../apply/tag-guard.ts'
import type { Context } from '../../context.ts'
import { type Failure, orFailure } from '../../errors.ts'
import type { DeletedVersion } from '../../github/packages.ts'
import type { Read } from '../../inventory/arrivals.ts'
import { listOnly, witnessOf } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { readInventory } from '../../inventory/manifests.ts'
import type { Outcome } from '../../model/decision.ts'
import { type Digest, digestsNamedIn, referrerTag, shortDigest } from '../../model/digest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import { buildGraph, type Graph } from '../../policy/graph.ts'
import { restoralOf } from '../../policy/order.ts'
import { nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { some } from '../../util/format.ts'
import type { Elsewhere } from './package-state.ts'
import type { RestorePlan } from './restore-plan.ts'
import { type Back, type Before, type Standing, tagsBack } from './settle-tags.ts'
import { below, leftBehind, missingIn, placeholdersAmong, servedOnly, stillBroken } from './what-lacks.ts'

/** How deep indexes may be nested, and how often something missing is looked for. */
const ROUNDS = 4
/** How many versions are asked for at once. */
const AT_ONCE = 16
/** How often what shows late is looked at. */
const LOOKS = 2
/** The registry and the list may lag behind a restore, in milliseconds. */
const LAG = 2_000

/**
 * Looks whether what came back is whole and has its tags. What an image lacks and GitHub still has is restored
 * too; a tag that the restore took from another version is put back where it was, and one that is nowhere is
 * put where it belongs. What was done is told, whatever fails.
 *
 * @param before what was there before the restore
 * @param elsewhere tags that others had then, which is told where it is so still
 */
export async function verifyRestore(
  plan: RestorePlan,
  outcomes: readonly Outcome[],
  before: Before,
  scope: ApplyContext,
  elsewhere: readonly Elsewhere[] = []
): Promise<Verification> {
  const standing = await orFailure(before)
  if ('problem' in standing) return { outcomes, alarms: [notChecked(standing)] }
  const { guard } = standing
  const tried = [...outcomes]
  await guard.note(sentIn(outcomes))
  // What comes next costs quota and time.
  await guard.giveBack()
  const looked = await orFailure(() => lookFor({ plan, tried, standing, scope }, LOOKS))
  const told = await guard.told('problem' in looked ? [] : looked.listed)
  const stay = elsewhere.filter(({ tags, holder }) => tags.every(tag => guard.isStill(tag, holder)))
  const warnings = [...stay.map(({ sentence }) => sentence), ...told.warnings]
  if ('problem' in looked)
    return { outcomes: latest(tried), alarms: [notChecked(looked), ...told.alarms], warnings }
  return {
    outcomes: withNames(latest(tried), looked.roots, scope),
    alarms: [...looked.alarms, ...told.alarms],
    warnings: [...warnings, ...looked.warnings]
  }
}

const notChecked = ({ sentence }: Failure): string => `What was restored could not be checked: ${sentence}`

/** A restore that is looked at. */
interface Look {
  readonly plan: RestorePlan
  /** What became of each restore, as far as it is known: of a version that was tried more than once the last time counts. */
  readonly tried: Outcome[]
  readonly standing: Standing
  readonly scope: ApplyContext
}

interface Looked extends Told {
  readonly roots: readonly PackageVersion[]
  /** What GitHub lists. */
  readonly listed: readonly PackageVersion[]
}

/** What shows so late that it was not made whole is looked at once more, and so is what could not be read. */
async function lookFor(look: Look, looks: number): Promise<Looked> {
  const { plan, tried, standing, scope } = look
  const whole = await makeWhole(look)
  const tags = await tagsBack(plan, tried, whole, standing, scope)
  const listed = new Set(whole.listed.map(({ digest }) => digest))
  tried.push(...(await confirmed(latest(tried), listed, scope)))
  const open = saidToBeBack(latest(tried)).filter(({ digest }) => !whole.read.has(digest))
  if (open.length > 0 && looks > 1) {
    const again = await lookFor(look, looks - 1)
    return { ...again, warnings: [...new Set([...tags.warnings, ...again.warnings])] }
  }
  const late = open.filter(({ digest }) => !whole.seen.has(digest))
  return {
    roots: whole.roots,
    listed: whole.listed,
    alarms: [...whole.alarms, ...cameLate(late), ...tags.alarms],
    warnings: [...whole.warnings, ...tags.warnings]
  }
}

function cameLate(late: readonly PackageVersion[]): string[] {
  if (late.length === 0) return []
  return [
    `${some(late.map(nameOf), 3)} came back so late that it is unknown whether it is whole and has its tags: run it again.`
  ]
}

/** If a version was restored in vain and then again, the last time counts. */
function latest(outcomes: readonly Outcome[]): readonly Outcome[] {
  return [...new Map(outcomes.map(outcome => [outcome.step.version.id, outcome])).values()]
}

/** Lines of a log that somebody reads. */
const MOST_NAMES = 1_000

/** GitHub may hide the tags of what is deleted; they are seen once it is back, and said, since the log had digests alone. */
function withNames(
  outcomes: readonly Outcome[],
  roots: readonly PackageVersion[],
  { pkg, context: { log } }: ApplyContext
): Outcome[] {
  const back = new Map(roots.map(version => [version.id, version]))
  let told = 0
  return outcomes.map(outcome => {
    const { step } = outcome
    const version = step.version.tags.length > 0 ? undefined : back.get(step.version.id)
    if (version === undefined) return outcome
    const { digest, tags } = version
    if (tags.length > 0 && ++told <= MOST_NAMES)
      log.info(`${pkg.name}: ${shortDigest(digest)} is ${some(tags, 10)}`)
    return { ...outcome, step: { ...step, version } }
  })
}

interface Whole extends Told, Back {
  /** What of them and of their parts is there, and what of that could be read. */
  readonly seen: ReadonlySet<Digest>
  readonly read: ReadonlySet<Digest>
}

async function makeWhole({ plan, tried: all, standing: { guard }, scope }: Look): Promise<Whole> {
  const { pkg, context } = scope
  const restored = latest(all)
  const { packages, registry, clock } = context
  const active = (await packages.listVersions(pkg)).versions
  const roots = await backAmong(restored, active, context, pkg)
  // What GitHub confirmed in vain has been reported already.
  const told = new Set(restored.flatMap(({ step, status }) => (status === 'done' ? [step.version.id] : [])))
  const report = (outcome: Outcome): void => {
    if (outcome.status !== 'done' || !told.has(outcome.step.version.id)) scope.report(outcome)
  }
  let outcomes: readonly Outcome[] = []
  let graph: Graph | undefined
  for (let round = 0; roots.length > 0 && round < ROUNDS; round++) {
    if (round > 0) await clock.sleep(LAG)
    const list = listOnly(roots)
    const read: Read = digest => registry.readManifest(repositoryOf(pkg), digest)
    const inventory = await readInventory(pkg, list, read, { ...witnessOf(list, clock), isPartial: true })
    graph = buildGraph(inventory)
    const excused = below(graph, plan.broken)
    const wanted = missingIn(graph, excused)
    const served = servedOnly(graph, [...active, ...roots], excused)
    // A report tells what described its images; of what is named that has to be found.
    const isNamed = plan.reason.code === 'asked-for'
    if (wanted.size + served.size === 0 && !isNamed) break
    const deleted = await packages.listDeleted(pkg, () => false)
    const describing = isNamed ? referrersOf(graph, deleted, active) : []
    // What was pushed again meanwhile is there.
    const again = deleted.some(({ digest }) => served.has(digest))
      ? (await packages.listVersions(pkg)).versions.map(({ digest }) => digest)
      : []
    const gone = wanted.union(served.difference(new Set(again)))
    const lost = [...deleted.filter(({ digest }) => gone.has(digest)), ...describing]
    const tried = new Set(outcomes.map(({ step }) => step.version.id))
    const steps = lost.filter(({ id }) => !tried.has(id)).map(restoralOf)
    if ((round > 0 || wanted.size === 0) && steps.length === 0) break
    const more = await restoreVersions(steps, { ...scope, report })
    all.push(...more)
    await guard.note(sentIn(more))
    outcomes = [...outcomes, ...more]
    const came = new Set(saidToBeBack(outcomes).map(({ id }) => id))
    for (const one of describing) if (!tried.has(one.id) && came.has(one.id)) roots.push(one)
  }
  const claimed = new Set([...active, ...saidToBeBack(outcomes)].map(({ digest }) => digest))
  const { warnings, alarms } = stillBroken(graph, roots, plan, claimed)
  const nodes = graph?.nodes ?? []
  const isRead = nodes.filter(({ content }) => content.state === 'read' || content.state === 'named')
  const placeholders = placeholdersAmong(roots, graph)
  return {
    roots,
    placeholders,
    seen: new Set(nodes.map(({ digest }) => digest)),
    read: new Set(isRead.map(({ digest }) => digest)),
    listed: active,
    alarms,
    warnings: [...warnings, ...leftBehind(placeholders)]
  }
}

/** What GitHub says is restored, or was there. */
function saidToBeBack(outcomes: readonly Outcome[]): PackageVersion[] {
  return outcomes.flatMap(({ step, status }) =>
    status === 'done' || status === 'already' ? [step.version] : []
  )
}

/** What came back, each digest once: GitHub's list may lag, so what it lacks is asked for by itself. */
async function backAmong(
  restored: readonly Outcome[],
  active: readonly PackageVersion[],
  context: Context,
  pkg: Package
): Promise<PackageVersion[]> {
  const listed = new Map(active.map(version => [version.digest, version]))
  const back = await eachOf(saidToBeBack(restored), AT_ONCE, async version => {
    const row = listed.get(version.digest)
    return row !== undefined || (await isBack(pkg, version, context)) ? [row ?? version] : []
  })
  return [...new Map(back.flat().map(version => [version.digest, version])).values()]
}

/**
 * What describes these manifests by its tags (`sha256-<hex>`, with anything around it) and was deleted; of each tag
 * the last that had it, and only where nobody has it now.
 */
function referrersOf(
  { nodes }: Graph,
  deleted: readonly DeletedVersion[],
  active: readonly PackageVersion[]
): DeletedVersion[] {
  const subjects = new Set(nodes.map(({ digest }) => referrerTag(digest)))
  const taken = new Set(active.flatMap(({ tags }) => tags))
  return deleted
    .toSorted((a, b) => (b.deleted ?? 0) - (a.deleted ?? 0))
    .filter(({ tags }) => {
      if (!tags.some(tag => digestsNamedIn(tag).some(key => subjects.has(key)))) return false
      if (tags.some(tag => taken.has(tag))) return false
      for (const tag of tags) taken.add(tag)
      return true
    })
}
