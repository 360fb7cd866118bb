import type { Context } from '../context.ts'
import { BudgetError, ExpectedError } from '../errors.ts'
import { ANY_LAG } from '../github/listing.ts'
import { type LoadedPackage, repositoryOf } from '../inventory/load.ts'
import { readArrivals } from '../inventory/manifests.ts'
import type { Outcome, OutcomeStatus, Plan } from '../model/decision.ts'
import { type Digest, referrerTag, shortDigest } from '../model/digest.ts'
import type { Inventory, Package, PackageVersion } from '../model/package.ts'
import { buildGraph } from '../policy/graph.ts'
import { closure } from '../policy/protect.ts'
import { type Deletion, isReferrer, undoing } from '../policy/restore-steps.ts'
import type { Journal } from '../report/journal.ts'
import { nameOf } from '../report/phrases.ts'
import { count, some } from '../util/format.ts'
import type { Aftermath } from './apply.ts'
import { restoreVersions } from './restore.ts'

/** Outcomes after which a version is gone, or may be. */
const MAY_BE_GONE: readonly OutcomeStatus[] = ['done', 'already', 'failed']
/** GitHub lists what was deleted with a delay; these are the pauses between looks, in milliseconds. */
const PAUSES = [1_000, 3_000]

/** What is found when the package is looked at once more. */
interface Findings {
  /** Ids of what this run deleted and is not there in any other form. */
  readonly gone: ReadonlySet<number>
  /** What must come back, and why: a phrase. */
  readonly needed: ReadonlyMap<Digest, string>
  /** Tags that were put on a version before it was deleted, by its digest. */
  readonly lostTags: ReadonlyMap<Digest, readonly string[]>
  readonly warnings: readonly string[]
  readonly alarms: readonly string[]
}

/** What a run did to one package. */
interface Done {
  readonly plan: Plan
  readonly loaded: LoadedPackage
  readonly outcomes: readonly Outcome[]
}

/**
 * The second half of "nothing on stale knowledge": a tag can land on a version, or a new index name it, in the
 * moment before its DELETE arrives. So the package is looked at once more, what is there and what is deleted,
 * and a version that turns out to be needed is restored at once, said aloud; the run is red if that fails.
 * What stays is checked to be whole, from what is known already.
 */
export async function verifyDeletions(
  done: Done,
  context: Context,
  journal: Journal,
  report: (outcome: Outcome) => void
): Promise<Aftermath> {
  const { outcomes } = done
  const pkg = done.plan.package
  const deletions = outcomes.flatMap(({ step, status }) =>
    step.action === 'delete' && MAY_BE_GONE.includes(status) ? [step] : []
  )
  if (deletions.length === 0) return { outcomes, alarms: [], warnings: [] }
  const found = await orSentence(() => look(done, deletions, context))
  if (typeof found === 'string') return { outcomes, alarms: [found], warnings: [] }
  if ('tooLate' in found) return { outcomes, alarms: [], warnings: [found.tooLate] }
  const gone = deletions.filter(({ version }) => found.gone.has(version.id))
  const steps = stepsBack(done, gone, new Set(found.needed.keys()))
  const restored = await restoreVersions(pkg, steps, context, journal, report)
  return {
    outcomes: [...outcomes, ...restored],
    alarms: [...found.alarms, ...(await notBack(pkg, restored, found, context))],
    warnings: [...found.warnings, ...restoredSentences(restored, found.needed)]
  }
}

/** Gives what `work` gives; a sentence when it failed, and `tooLate` when there was no room for it. */
async function orSentence<T>(work: () => Promise<T>): Promise<T | string | { tooLate: string }> {
  const unseen = (error: Error): string =>
    `What was deleted could not be looked at once more: ${error.message}`
  try {
    return await work()
  } catch (error) {
    if (error instanceof BudgetError) return { tooLate: unseen(error) }
    if (error instanceof ExpectedError) return unseen(error)
    throw error
  }
}

async function look(
  { plan, loaded, outcomes }: Done,
  deletions: readonly Deletion[],
  context: Context
): Promise<Findings> {
  const { packages, registry } = context
  const pkg = plan.package
  const { listing, inventory } = loaded
  const active = (await packages.listVersions(pkg, deletions.length)).versions
  const confirmed = idsOf(outcomes, 'done')
  const isActive = ids(active)
  const idOf = new Map(active.map(({ digest, id }) => [digest, id]))
  const gone = deletions
    .map(({ version }) => version)
    // What was pushed once more is there, under another id.
    .filter(({ id, digest }) => (confirmed.has(id) || !isActive.has(id)) && (idOf.get(digest) ?? id) === id)
  // What was gone before this run came to it went with the tags that somebody meant to go.
  const others = idsOf(outcomes, 'already')
  const mine = gone.filter(({ id }) => !others.has(id))
  const { lostTags, unseen } = await tagsLost(pkg, mine, active, context)

  const known = ids(listing.versions)
  const arrivals = active.filter(({ id }) => !known.has(id))
  const repository = repositoryOf(pkg)
  const needs = await readArrivals(arrivals, digest => registry.readManifest(repository, digest))
  const needed = new Map<Digest, string>()
  const { torn, lacking } = wholeness(inventory, active, new Set(gone.map(({ digest }) => digest)))
  for (const [digest, by] of torn) needed.set(digest, `${by} needs it`)
  for (const { digest } of gone) {
    if (needs.needed.has(digest) || needs.needed.has(referrerTag(digest))) {
      needed.set(digest, 'a version that was pushed meanwhile needs it or describes it')
    }
    const tags = lostTags.get(digest)
    if (tags !== undefined) needed.set(digest, `tag ${some(tags, 5)} was put on it right before its deletion`)
  }
  return {
    gone: ids(gone),
    needed,
    lostTags,
    warnings: unseen,
    alarms: [
      ...lacking,
      ...(needs.unread === undefined
        ? []
        : [
            `The version ${needs.unread}, which was pushed meanwhile, could not be read, so it is unknown whether it needs what was deleted.`
          ])
    ]
  }
}

/** Tags that versions carry in the list of the deleted ones and did not carry before, and that nobody has now. */
async function tagsLost(
  pkg: Package,
  gone: readonly PackageVersion[],
  active: readonly PackageVersion[],
  context: Context
): Promise<{ lostTags: Map<Digest, readonly string[]>; unseen: string[] }> {
  const held = new Set(active.flatMap(({ tags }) => tags))
  let rows = new Map<number, PackageVersion>()
  for (const pause of [0, ...PAUSES]) {
    if (pause > 0) await context.clock.sleep(pause)
    const listed = await context.packages.listDeleted(pkg, has => gone.every(({ id }) => has(id)))
    rows = new Map(listed.map(row => [row.id, row]))
    if (gone.every(({ id }) => rows.has(id))) break
  }
  const lostTags = new Map<Digest, readonly string[]>()
  for (const { id, digest, tags } of gone) {
    const lost = rows.get(id)?.tags.filter(tag => !tags.includes(tag) && !held.has(tag)) ?? []
    if (lost.length > 0) lostTags.set(digest, lost)
  }
  const missing = gone.filter(({ id }) => !rows.has(id)).length
  const unseen =
    missing === 0
      ? []
      : [
          `GitHub does not list ${count(missing, 'deleted version')} yet, so a late tag on them would not show.`
        ]
  return { lostTags, unseen }
}

/**
 * What the active versions that were there before name and is not there any more: `torn` where this run deleted
 * it, by digest with the name of who needs it, and a sentence for each that lacks something else.
 */
function wholeness(
  { versions, contents }: Inventory,
  active: readonly PackageVersion[],
  gone: ReadonlySet<Digest>
): { torn: Map<Digest, string>; lacking: string[] } {
  const listed = new Set(versions.map(({ digest }) => digest))
  const there = new Set(active.map(({ digest }) => digest))
  const torn = new Map<Digest, string>()
  const lacking: string[] = []
  for (const version of active) {
    const content = contents.get(version.digest)
    if (content?.state !== 'read') continue
    for (const { digest } of content.manifest.children) {
      if (gone.has(digest)) torn.set(digest, nameOf(version))
      else if (listed.has(digest) && !there.has(digest)) {
        lacking.push(
          `${nameOf(version)} lacks ${shortDigest(digest)}, which is gone, though not by this run: build it once more.`
        )
      }
    }
  }
  return { torn, lacking }
}

/** What must come back, and all that this run took away with it. */
function stepsBack(
  { plan, loaded }: Done,
  deletions: readonly Deletion[],
  needed: ReadonlySet<Digest>
): ReturnType<typeof undoing> {
  if (needed.size === 0) return []
  const graph = buildGraph(loaded.inventory)
  const gone = new Set(deletions.map(({ version }) => graph.find(version.digest)))
  const starts = [...needed].map(graph.find).filter(place => place !== undefined)
  const back = closure(graph, starts, place => gone.has(place))
  const referrers = new Set(plan.decisions.filter(isReferrer).map(({ version }) => version.digest))
  return undoing(
    deletions.filter(({ version }) => back.has(graph.find(version.digest) ?? -1)),
    ({ digest }) => referrers.has(digest)
  )
}

/** What should have come back and did not, the tags included. */
async function notBack(
  pkg: Package,
  outcomes: readonly Outcome[],
  { lostTags }: Findings,
  context: Context
): Promise<string[]> {
  const alarms = outcomes
    .filter(({ status }) => status !== 'done' && status !== 'already')
    .map(({ step, detail }) => `${nameOf(step.version)} is needed, was deleted, and is not back: ${detail}`)
  const back = new Set(
    outcomes.filter(({ status }) => status === 'done').map(({ step }) => step.version.digest)
  )
  const tags = [...lostTags].filter(([digest]) => back.has(digest)).flatMap(([, lost]) => lost)
  if (tags.length === 0) return alarms
  const active = await orSentence(async () => (await context.packages.listVersions(pkg, ANY_LAG)).versions)
  if (!Array.isArray(active))
    return [...alarms, `Whether the tags ${some(tags, 5)} are back could not be seen.`]
  const held = new Set(active.flatMap(version => version.tags))
  const missing = tags.filter(tag => !held.has(tag))
  return missing.length === 0 ? alarms : [...alarms, `The tag ${some(missing, 5)} did not come back.`]
}

function restoredSentences(outcomes: readonly Outcome[], needed: ReadonlyMap<Digest, string>): string[] {
  return outcomes.flatMap(({ step, status }) => {
    const why = needed.get(step.version.digest)
    return status !== 'done' || why === undefined
      ? []
      : [`${nameOf(step.version)} (${shortDigest(step.version.digest)}) was restored at once: ${why}.`]
  })
}

function idsOf(outcomes: readonly Outcome[], wanted: OutcomeStatus): ReadonlySet<number> {
  return new Set(outcomes.filter(({ status }) => status === wanted).map(({ step }) => step.version.id))
}

function ids(versions: readonly PackageVersion[]): ReadonlySet<number> {
  return new Set(versions.map(({ id }) => id))
}
