import type { DeletedVersion } from '../../github/package-versions.ts'
import type { LoadedPackage } from '../../inventory/load.ts'
import { namedIn } from '../../inventory/parts.ts'
import type { Plan } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import { AWAITED, type Inventory, type PackageVersion } from '../../model/package.ts'
import type { DeleteStep } from '../../policy/order.ts'
import { nameOf } from '../../report/phrases.ts'
import { some } from '../../util/format.ts'
import { grouped } from '../../util/grouped.ts'

/** One as it is remembered. */
export type PastDeletion = LoadedPackage['recollection']['deletions']['checked'][number]

/** A deletion of the last run that has to be looked at. */
export interface Earlier extends DeleteStep, Pick<PastDeletion, 'lacks' | 'forLack'> {
  readonly describes: boolean
  /** When it was left to the next run, in milliseconds since 1970. */
  readonly at: number
  /** When its run listed it. */
  readonly listed: number
  /** Whether a run has looked, and could not see enough. */
  readonly looked: boolean
}

/**
 * Those of this package that no run has looked at once more, and those that are needed after all: by an index which no
 * list showed their run, as one pushed right before the deletion. Not what somebody brought back or pushed once more.
 *
 * @param gone ids of what was gone when this run was about to delete it, though it was listed
 * @param tagged what turns out to have had a further tag
 */
export function earlierOf(
  loaded: LoadedPackage,
  gone: ReadonlySet<number>,
  tagged: ReadonlySet<Digest> = new Set()
): readonly Earlier[] {
  const { unchecked, checked } = loaded.recollection.deletions
  const isListed = idsListed(loaded)
  const isGone = ({ id }: PastDeletion): boolean => !isListed(id) || gone.has(id)
  const isThere = listedIn(loaded)
  // A mention in a manifest of unknown kind holds nothing that an image which went had for a part.
  const known = [...naming(loaded)].filter(
    ([, content]) => content.state === 'read' && content.manifest.unknown === undefined
  )
  const all = [...unchecked, ...checked]
  // What somebody brought back needs what went with it.
  const back = new Set(all.filter(({ id }) => isListed(id) && !gone.has(id)).map(({ digest }) => digest))
  const needed = neededOf(all, namedIn(new Map(known)).union(tagged).union(back))
  // What was pushed once more is whole, but a tag may have gone that was on it.
  return [...unchecked.filter(isGone), ...checked.filter(one => needed.has(one) && !isThere(one.digest))].map(
    asDeletion
  )
}

/** What earlier runs deleted: what of it is not there, and what is there again or was left in place. */
export function pastDeletions(loaded: LoadedPackage): Readonly<Record<'away' | 'there', readonly Earlier[]>> {
  const { unchecked, checked } = loaded.recollection.deletions
  const [isListed, isThere] = [idsListed(loaded), listedIn(loaded)]
  const all = [...unchecked, ...checked]
  return {
    away: lastOfEach(all.filter(({ digest }) => !isThere(digest)).map(asDeletion)),
    there: all.filter(({ id }) => isListed(id)).map(asDeletion)
  }
}

/** The last deletion of each digest: the same bytes may have been pushed and deleted again. */
export function lastOfEach(deletions: readonly Earlier[]): readonly Earlier[] {
  const inOrder = deletions.toSorted((a, b) => a.at - b.at || a.version.id - b.version.id)
  const last = new Map(inOrder.map(({ version: { digest, id } }) => [digest, id]))
  return deletions.filter(({ version }) => last.get(version.digest) === version.id)
}

const asDeletion = ({ id, digest, tags, ...rest }: PastDeletion): Earlier => ({
  version: { id, digest, tags, created: undefined, updated: undefined },
  ...rest
})

/** What is listed and was not found deleted since. */
export function idsListed({ inventory: { versions } }: LoadedPackage): (id: number) => boolean {
  const listed = new Set(versions.map(({ id }) => id))
  return id => listed.has(id)
}

export function listedIn({ inventory: { versions } }: LoadedPackage): (digest: Digest) => boolean {
  const listed = new Set(versions.map(({ digest }) => digest))
  return digest => listed.has(digest)
}

/** What may need something. What an earlier run deleted does not, though the registry may lag, unless it was tagged anew. */
export function naming(loaded: LoadedPackage): Inventory['contents'] {
  const { inventory, recollection } = loaded
  const isThere = listedIn(loaded)
  const { unchecked, checked } = recollection.deletions
  const had = new Map([...unchecked, ...checked].map(({ digest, tags }) => [digest, new Set(tags)]))
  const isGone = (digest: Digest): boolean =>
    !isThere(digest) &&
    had.has(digest) &&
    (inventory.unlisted?.get(digest) ?? []).every(tag => had.get(digest)?.has(tag))
  return new Map([...inventory.contents].filter(([digest]) => !isGone(digest)))
}

/** Ids of what was deleted and all of whose tags others have by now: of an image that was signed anew, the old signature. */
export function replacedBy({
  inventory: { versions, unlisted = new Map() },
  recollection
}: Pick<LoadedPackage, 'inventory' | 'recollection'>): ReadonlySet<number> {
  const { unchecked, checked } = recollection.deletions
  const rows = [...versions, ...[...unlisted].map(([digest, tags]) => ({ digest, tags }))]
  const holders = grouped(rows.flatMap(({ digest, tags }) => tags.map(tag => [tag, digest] as const)))
  // A late list shows what was deleted with its own tags.
  const isReplaced = ({ digest, tags }: PastDeletion): boolean =>
    tags.length > 0 && tags.every(tag => holders.get(tag)?.some(holder => holder !== digest) === true)
  return new Set([...unchecked, ...checked].filter(isReplaced).map(({ id }) => id))
}

/** As far apart as the clocks of GitHub and of a runner may be, in milliseconds. */
export const CLOCKS = 600_000

/**
 * What earlier runs cleared and GitHub shows by now with a tag that they did not know, and that nobody has: its list of
 * deleted versions may show a tag later than the version. What somebody deleted later than they did is none of it.
 */
export function taggedLate(
  { inventory, recollection }: LoadedPackage,
  rowsDeleted: readonly DeletedVersion[],
  arrivals: readonly Pick<PackageVersion, 'tags'>[]
): ReadonlySet<Digest> {
  const past = new Map(recollection.deletions.checked.map(one => [one.id, one]))
  const unlisted = [...(inventory.unlisted?.values() ?? [])].flat()
  const held = new Set([...[...inventory.versions, ...arrivals].flatMap(({ tags }) => tags), ...unlisted])
  return new Set(
    rowsDeleted.flatMap(({ id, digest, tags, deleted = 0 }) => {
      const one = past.get(id)
      const isOurs = one !== undefined && deleted <= one.at + CLOCKS
      return isOurs && tags.some(tag => !one.tags.includes(tag) && !held.has(tag)) ? [digest] : []
    })
  )
}

/** What went earlier than so many others showed its tags by the time that its own run looked: two pages of GitHub's list. */
const MOST_LAST = 200

/** What the last run that deleted something deleted last: GitHub's list may show a tag on it later than the version. */
export function lastDeleted(loaded: LoadedPackage): readonly PastDeletion[] {
  const { checked } = loaded.recollection.deletions
  const isListed = idsListed(loaded)
  const newest = checked.reduce((latest, { at }) => Math.max(latest, at), 0)
  return checked.filter(({ id, at }) => at === newest && !isListed(id)).slice(-MOST_LAST)
}

/** What is named, and what went behind it: its parts, and what describes it. */
function neededOf(deletions: readonly PastDeletion[], named: ReadonlySet<Digest>): ReadonlySet<PastDeletion> {
  const needed = new Set(deletions.map(({ digest }) => digest).filter(digest => named.has(digest)))
  const behind = new Map<Digest, Digest[]>()
  for (const { digest, after } of deletions) {
    for (const first of after) behind.set(first, [...(behind.get(first) ?? []), digest])
  }
  for (const digest of needed) for (const next of behind.get(digest) ?? []) needed.add(next)
  return new Set(deletions.filter(({ digest }) => needed.has(digest)))
}

/** Sentences for a dry run on what a real one would bring back. */
export function lackingSentences({ decisions }: Plan): string[] {
  const lacking = decisions.filter(({ version }) => version.disputed === AWAITED)
  if (lacking.length === 0) return []
  const names = some(
    lacking.map(({ version }) => nameOf(version)),
    5
  )
  return [
    `${names} ${lacking.length === 1 ? 'lacks' : 'lack'} what an earlier run deleted: a real run restores it at once.`
  ]
}
