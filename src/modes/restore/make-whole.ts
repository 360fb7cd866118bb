import type { ApplyContext } from '../../apply/apply.ts'
import { isBack } from '../../apply/restore/confirm-restored.ts'
import { reportingNews, restoreVersions, sentIn } from '../../apply/restore/restore.ts'
import type { Told } from '../../apply/tags/tag-guard.ts'
import type { DeletedVersion } from '../../github/package-versions.ts'
import type { Read } from '../../inventory/arrivals.ts'
import { listOnly, witnessOf } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { readInventory } from '../../inventory/manifests.ts'
import type { Outcome } from '../../model/decision.ts'
import { type Digest, digestsNamedIn, referrerTag } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { buildGraph, type Graph } from '../../policy/graph.ts'
import { restoralOf } from '../../policy/order.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { RestorePlan } from './restore-plan.ts'
import type { Back, Standing } from './settle-tags.ts'
import { below, leftBehind, missingIn, placeholdersAmong, servedOnly, stillBroken } from './what-lacks.ts'

/** How deep indexes may be nested, and how often something missing is looked for. */
const ROUNDS = 4
/** How many versions are asked for at once. */
const AT_ONCE = 16
/** The registry and the list may lag behind a restore, in milliseconds. */
const LAG = 2_000

/** A restore that is looked at. */
export interface Look {
  readonly plan: RestorePlan
  /** What became of each restore, as far as it is known: of a version that was tried more than once the last time counts. */
  readonly tried: Outcome[]
  readonly standing: Standing
  readonly scope: ApplyContext
}

/** What came back, and whether it is whole. */
interface Whole extends Told, Back {
  /** What of them and of their parts is there, and what of that could be read. */
  readonly seen: ReadonlySet<Digest>
  readonly read: ReadonlySet<Digest>
}

/** Restores what the images that came back lack, as far as GitHub still has it, and so on with the parts of that. */
export async function makeWhole({ plan, tried: all, standing: { guard }, scope }: Look): Promise<Whole> {
  const { packages, clock } = scope.context
  const restored = latest(all)
  const listed = (await packages.listVersions(scope.pkg)).versions
  const roots = await backAmong(restored, listed, scope)
  const quiet = reportingNews(restored, scope)
  let outcomes: readonly Outcome[] = []
  let graph: Graph | undefined
  for (let round = 0; roots.length > 0 && round < ROUNDS; round++) {
    if (round > 0) await clock.sleep(LAG)
    graph = await graphOf(roots, scope)
    const lost = await lostOf(graph, [...listed, ...roots], listed, plan, scope)
    if (lost === undefined) break
    const tried = new Set(outcomes.map(({ step }) => step.version.id))
    const coming = [...lost.parts, ...lost.describing].filter(({ id }) => !tried.has(id))
    // What is missing and nowhere may only lag.
    if ((round > 0 || !lost.isMissing) && coming.length === 0) break
    const more = await restoreVersions(coming.map(restoralOf), quiet, guard.around(coming))
    all.push(...more)
    await guard.note(sentIn(more))
    outcomes = [...outcomes, ...more]
    const came = new Set(saidToBeBack(more).map(({ id }) => id))
    roots.push(...lost.describing.filter(({ id }) => came.has(id)))
  }
  const claimed = new Set([...listed, ...saidToBeBack(outcomes)].map(({ digest }) => digest))
  return { listed, ...wholeOf(graph, roots, claimed, plan) }
}

async function graphOf(roots: readonly PackageVersion[], { pkg, context }: ApplyContext): Promise<Graph> {
  const { registry, clock } = context
  const list = listOnly(roots)
  const read: Read = digest => registry.readManifest(repositoryOf(pkg), digest)
  return buildGraph(await readInventory(pkg, list, read, { ...witnessOf(list, clock), isPartial: true }))
}

/** What images lack, as far as GitHub lists it as deleted. */
interface Lost {
  /** True where anything is missing, deleted or not. */
  readonly isMissing: boolean
  readonly parts: readonly DeletedVersion[]
  readonly describing: readonly DeletedVersion[]
}

/**
 * @param there what is listed, or came back
 * @param listed what GitHub listed right behind the restore
 * @returns undefined where nothing can be lacking
 */
async function lostOf(
  graph: Graph,
  there: readonly PackageVersion[],
  listed: readonly PackageVersion[],
  { broken, reason }: RestorePlan,
  { pkg, context: { packages } }: ApplyContext
): Promise<Lost | undefined> {
  const excused = below(graph, broken)
  const wanted = missingIn(graph, excused)
  const served = servedOnly(graph, there, excused)
  // A report tells what described its images; of what is named that has to be found.
  const isNamed = reason.code === 'asked-for'
  if (wanted.size + served.size === 0 && !isNamed) return undefined
  const deleted = await packages.listDeleted(pkg, () => false)
  const describing = isNamed ? referrersOf(graph, deleted, listed) : []
  // What was pushed again meanwhile is there.
  const again = deleted.some(({ digest }) => served.has(digest))
    ? (await packages.listVersions(pkg)).versions.map(({ digest }) => digest)
    : []
  const gone = wanted.union(served.difference(new Set(again)))
  const parts = deleted.filter(({ digest }) => gone.has(digest))
  return { isMissing: wanted.size > 0, parts, describing }
}

/** What is to be said of what came back. @param claimed see `stillBroken` */
function wholeOf(
  graph: Graph | undefined,
  roots: readonly PackageVersion[],
  claimed: ReadonlySet<Digest>,
  plan: RestorePlan
): Omit<Whole, 'listed'> {
  const { warnings, alarms } = stillBroken(graph, roots, plan, claimed)
  const nodes = graph?.nodes ?? []
  const isRead = nodes.filter(({ content }) => content.state === 'read' || content.state === 'named')
  const placeholders = placeholdersAmong(roots, graph)
  return {
    roots,
    placeholders,
    seen: new Set(nodes.map(({ digest }) => digest)),
    read: new Set(isRead.map(({ digest }) => digest)),
    alarms,
    warnings: [...warnings, ...leftBehind(placeholders)]
  }
}

/** If a version was restored in vain and then again, the last time counts. */
export function latest(outcomes: readonly Outcome[]): readonly Outcome[] {
  return [...new Map(outcomes.map(outcome => [outcome.step.version.id, outcome])).values()]
}

/** What GitHub says is restored, or was there. */
export function saidToBeBack(outcomes: readonly Outcome[]): PackageVersion[] {
  return outcomes.flatMap(({ step, status }) =>
    status === 'done' || status === 'already' ? [step.version] : []
  )
}

/** What came back, each digest once: GitHub's list may lag, so what it lacks is asked for by itself. */
async function backAmong(
  restored: readonly Outcome[],
  active: readonly PackageVersion[],
  { pkg, context }: ApplyContext
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
