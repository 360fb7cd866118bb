import type { Context } from '../context.ts'
import { orFailure } from '../errors.ts'
import { arrivalsReader, type Read } from '../inventory/arrivals.ts'
import { findTag } from '../inventory/evidence.ts'
import { type LoadedPackage, namedIn, repositoryOf } from '../inventory/load.ts'
import type { Outcome, OutcomeStatus, Plan } from '../model/decision.ts'
import { type Digest, referrerTag, shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { nameOf } from '../report/phrases.ts'
import { count, some } from '../util/format.ts'
import { type Done, type Earlier, naming } from './earlier.ts'
import type { SecondLook } from './second-look.ts'
import { tagsNowhere } from './tags-nowhere.ts'

/** What brings back a tag that no look showed. */
export const WAY_BACK =
  'If a tag is missing that was set right before the deletion, `mode: restore` with the report of this run restores it.'

/** What is told of tags that nobody has any more. */
const lostSentence = (tags: readonly string[]): string =>
  `The tag ${some(tags, 5)} stood on what stays, and stands on nothing now: it may have been moved to what was deleted. ${WAY_BACK}`

/** What a look shows, and what follows. */
export interface Findings {
  readonly seen: SecondLook
  /** What must come back and why, a phrase each. */
  readonly needed: ReadonlyMap<Digest, string>
  /** What makes the run red. */
  readonly alarms: readonly string[]
  /** True where something new could not be read. */
  readonly isUnclear: boolean
}

/**
 * Finds out what of a look's findings must come back, and what nobody can tell.
 *
 * @param earlier what an earlier run deleted and left to this one to look at
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub or the registry does not answer
 */
export async function findingsOf(
  done: Done,
  seen: SecondLook,
  earlier: readonly Earlier[],
  context: Context
): Promise<Findings> {
  const { plan, loaded, outcomes } = done
  const { registry } = context
  const repository = repositoryOf(plan.package)
  const read: Read = digest => registry.readManifest(repository, digest)
  const needs = await arrivalsReader(loaded.inventory.contents, read, context.clock)(seen.arrivals)
  const needed = new Map<Digest, string>()
  const gone = goneOf(outcomes, seen)
  const left = new Set(versionsOf(outcomes, ['skipped']).map(({ digest }) => digest))
  const attesting = new Set(attestationsOf(digest => left.has(digest), loaded.inventory.contents))
  for (const { digest } of gone) {
    if ([digest, referrerTag(digest)].some(key => needs.needed.has(key) || done.adopted.has(key))) {
      needed.set(digest, 'a version that was pushed meanwhile needs it or describes it')
    }
    if (attesting.has(digest)) needed.set(digest, 'what it describes was left alone')
    const tags = seen.lostTags.get(digest)
    if (tags !== undefined) needed.set(digest, `tag ${some(tags, 5)} was put on it right before its deletion`)
  }
  // What came between the runs is in the listing, or the registry's tags showed it, and is no arrival.
  const named = earlier.length === 0 ? new Set<Digest>() : namedByOthers(loaded, gone)
  for (const { version } of earlier) {
    if (named.has(version.digest)) needed.set(version.digest, 'a version that stays needs it')
  }
  for (const version of seen.there) {
    for (const digest of childrenOf(version, loaded)) needed.set(digest, `${nameOf(version)} needs it`)
  }
  const alarms = await lacking(plan, loaded, seen, context)
  if (needs.unread !== undefined) {
    alarms.push(
      `The version ${needs.unread}, which was pushed meanwhile, could not be read, so it is unknown whether it needs what was deleted.`
    )
  }
  // What is known to be needed comes back, whatever becomes of further questions.
  const whereabouts = await orFailure(() => tagsNowhere(done, seen, context))
  const { nowhere, unread } =
    'problem' in whereabouts ? { nowhere: [], unread: whereabouts.sentence } : whereabouts
  const tagsUnread = seen.tagsUnread ?? unread
  if (tagsUnread !== undefined) {
    alarms.push(
      `The tags of the registry could not be read after the deletions (${tagsUnread}), so it is unknown whether what was pushed meanwhile needs what was deleted. ${WAY_BACK}`
    )
  }
  // What is known to be lost comes back.
  const lost = new Set([...seen.lostTags.values()].flat())
  const missing = nowhere.filter(tag => !lost.has(tag))
  if (missing.length > 0) {
    alarms.push(lostSentence(missing))
  }
  if (seen.unlisted.length > 0) {
    alarms.push(
      `GitHub does not list ${count(seen.unlisted.length, 'deleted version')} yet, so a late tag would not show. ${WAY_BACK}`
    )
  }
  const isUnclear = needs.unread !== undefined || tagsUnread !== undefined
  return { seen: { ...seen, tagsUnread }, needed, alarms, isUnclear }
}

/** What is named by anything but what is gone. */
function namedByOthers(loaded: LoadedPackage, gone: readonly PackageVersion[]): ReadonlySet<Digest> {
  const went = new Set(gone.map(({ digest }) => digest))
  return namedIn(new Map([...naming(loaded)].filter(([digest]) => !went.has(digest))))
}

function childrenOf(
  { digest }: Pick<PackageVersion, 'digest'>,
  { inventory }: LoadedPackage
): readonly Digest[] {
  const content = inventory.contents.get(digest)
  return content?.state === 'read' ? content.manifest.children.map(child => child.digest) : []
}

/** Sentences on what stays and lacks something that others deleted meanwhile, as the registry says too. */
async function lacking(
  { decisions, package: pkg }: Plan,
  loaded: LoadedPackage,
  { vanished }: SecondLook,
  { registry, clock }: Context
): Promise<string[]> {
  if (vanished.size === 0) return []
  const sentences: string[] = []
  for (const { verdict, version } of decisions) {
    if (verdict !== 'keep' || vanished.has(version.digest)) continue
    for (const digest of childrenOf(version, loaded)) {
      if (!vanished.has(digest)) continue
      const head = await findTag(registry, repositoryOf(pkg), digest, clock)
      if (head.state === 'found') continue
      const what = `${nameOf(version)} lacks ${shortDigest(digest)}`
      sentences.push(
        head.state === 'missing'
          ? `${what}, which is gone, though not by this run: build it again.`
          : `Whether ${what} is unknown: GitHub no longer lists it, and ${head.cause}.`
      )
    }
  }
  return sentences
}

/** What this run deleted, or found gone. */
export function goneOf(
  outcomes: readonly Outcome[],
  { gone, there, arrivals }: SecondLook
): readonly PackageVersion[] {
  const again = new Set([...there, ...arrivals].map(({ digest }) => digest))
  return [...gone, ...versionsOf(outcomes, ['already']).filter(({ digest }) => !again.has(digest))]
}

/** The versions whose deletion came to one of these outcomes. */
export function versionsOf(outcomes: readonly Outcome[], wanted: readonly OutcomeStatus[]): PackageVersion[] {
  return outcomes.flatMap(({ step, status }) =>
    step.action === 'delete' && wanted.includes(status) ? [step.version] : []
  )
}

/** What an index calls the attestation of a sibling, which the graph knows of no other way. */
export function attestationsOf(
  isMeant: (digest: Digest) => boolean,
  contents: LoadedPackage['inventory']['contents']
): readonly Digest[] {
  return [...contents.values()].flatMap(content =>
    content.state === 'read'
      ? content.manifest.children.flatMap(({ digest, describes }) =>
          describes !== undefined && isMeant(describes) ? [digest] : []
        )
      : []
  )
}
