import type { Context } from '../../context.ts'
import { arrivalsReader, type Read } from '../../inventory/arrivals.ts'
import { type LoadedPackage, repositoryOf } from '../../inventory/load.ts'
import { namedIn } from '../../inventory/parts.ts'
import { type Digest, referrerTag, shortDigest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { nameOf, putBy } from '../../report/phrases.ts'
import { count, some } from '../../util/format.ts'
import { type Done, versionsOf } from '../done.ts'
import { WAY_BACK, wayBack } from '../way-back.ts'
import { type Earlier, naming } from './earlier.ts'
import { mendedBehind } from './mended.ts'
import type { SecondLook } from './second-look.ts'

/** What a look shows, and what follows. */
export interface Findings {
  readonly seen: SecondLook
  /** What must come back and why, a phrase each. */
  readonly needed: ReadonlyMap<Digest, string>
  /** What makes the run red. */
  readonly alarms: readonly string[]
  /** True where something new could not be read, or nobody can tell whether what was deleted is mended. */
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
  const read: Read = digest => registry.readManifest(repositoryOf(plan.package), digest)
  const needs = await arrivalsReader(loaded.inventory.contents, read, context.clock)(seen.arrivals)
  const needed = new Map<Digest, string>()
  const gone = [...seen.gone, ...seen.goneBefore]
  const left = new Set(versionsOf(outcomes, ['skipped']).map(({ digest }) => digest))
  const attesting = new Set(attestationsOf(digest => left.has(digest), loaded.inventory.contents))
  for (const { digest } of gone) {
    if ([digest, referrerTag(digest)].some(key => needs.needed.has(key) || done.adopted.has(key))) {
      needed.set(digest, 'a version that was pushed meanwhile needs it or describes it')
    }
    if (attesting.has(digest)) needed.set(digest, 'what it describes was left alone')
    const tags = seen.lateTags.get(digest)
    if (tags !== undefined) needed.set(digest, `tag ${some(tags, 5)} was put on it right before its deletion`)
  }
  // What came between the runs is in the listing, or the registry's tags showed it, and is no arrival.
  const named = earlier.length === 0 ? new Set<Digest>() : namedByOthers(loaded, gone)
  const went = new Set(gone.map(({ id }) => id))
  for (const { version } of earlier) {
    if (went.has(version.id) && named.has(version.digest))
      needed.set(version.digest, 'a version that stays needs it')
  }
  const mended = await mendedBehind(done, seen, earlier, context)
  for (const [digest, why] of mended.needed) needed.set(digest, why)
  for (const version of seen.there) {
    for (const digest of childrenOf(version, loaded)) needed.set(digest, `${nameOf(version)} needs it`)
  }
  const alarms = [
    ...(needs.unread === undefined ? [] : [unreadArrival(needs.unread)]),
    ...mended.alarms,
    ...[...seen.again].flatMap(digest => tagsOfFormer(digest, seen)),
    ...tagAlarms(
      done,
      seen,
      earlier.map(({ version }) => version)
    )
  ]
  const isUnclear = needs.unread !== undefined || seen.tagsUnread !== undefined || mended.alarms.length > 0
  return { seen, needed, alarms, isUnclear }
}

const unreadArrival = (name: string): string =>
  `The version ${name}, which was pushed meanwhile, could not be read, so it is unknown whether it needs what was deleted.`

/** GitHub restores no version whose digest is there. */
function tagsOfFormer(digest: Digest, { lateTags }: SecondLook): string[] {
  return (lateTags.get(digest) ?? []).map(
    tag =>
      `The tag ${tag} was put on ${shortDigest(digest)} right before its deletion and went with it; that was pushed again ` +
      `meanwhile. Put it back: ${putBy(tag, digest)}.`
  )
}

/** Sentences on tags that stand nowhere, and on what nobody can tell of tags. */
function tagAlarms(
  { loaded, outcomes }: Done,
  { tagsUnread, tagsNowhere, unlisted }: SecondLook,
  earlier: readonly PackageVersion[]
): string[] {
  const [untagged] = outcomes.filter(
    ({ step, status }) => step.action === 'untag' && (status === 'done' || status === 'failed')
  )
  const deletions = outcomes.filter(({ step }) => step.action === 'delete')
  const isDeleted = deletions.length + earlier.length > 0
  const alarms: string[] = []
  if (tagsUnread !== undefined) {
    const [behind, open] = isDeleted
      ? ['deletions', 'what was pushed meanwhile needs what was deleted']
      : ['untagging', 'a tag went with a placeholder']
    alarms.push(
      `The tags of the registry could not be read after the ${behind} (${tagsUnread}), so it is unknown whether ${open}. ` +
        wayBack(outcomes, earlier)
    )
  }
  if (untagged !== undefined) alarms.push(...tagsNowhere.map(tag => tookAlong(tag, loaded)))
  else if (tagsNowhere.length > 0) {
    alarms.push(
      `The tag ${some(tagsNowhere, 5)} stood on what stays, and stands on nothing now: it may have been moved to what was deleted. ${WAY_BACK}`
    )
  }
  if (unlisted.length > 0) {
    alarms.push(
      `GitHub does not list ${count(unlisted.length, 'deleted version')} yet, so a late tag would not show. ${wayBack(deletions, earlier)}`
    )
  }
  return alarms
}

/** No report brings back what went with a placeholder. */
function tookAlong(tag: string, { listing }: LoadedPackage): string {
  const holder = listing.versions.find(({ tags }) => tags.includes(tag))?.digest
  const of = holder === undefined ? '' : ` (of ${shortDigest(holder)})`
  return (
    `The tag ${tag}${of} stands on nothing now: somebody may have put it on a placeholder, or on what was deleted, which is ` +
    `gone. Put it back: ${putBy(tag, holder ?? '<digest>')}.`
  )
}

/** What is named by anything but what is gone. */
function namedByOthers(loaded: LoadedPackage, gone: readonly PackageVersion[]): ReadonlySet<Digest> {
  const went = new Set(gone.map(({ digest }) => digest))
  return namedIn(new Map([...naming(loaded)].filter(([digest]) => !went.has(digest))))
}

/** What a version names, as far as it was read. */
export function childrenOf(
  { digest }: Pick<PackageVersion, 'digest'>,
  { inventory }: LoadedPackage
): readonly Digest[] {
  const content = inventory.contents.get(digest)
  return content?.state === 'read' ? content.manifest.children.map(child => child.digest) : []
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
