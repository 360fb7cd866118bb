import type { Context } from '../context.ts'
import { ExpectedError } from '../errors.ts'
import type { DeletedVersion } from '../github/packages.ts'
import { CONTRADICTION, listWithTags, withTags } from '../inventory/evidence.ts'
import { gitHubDenies, isStillThere } from '../inventory/gone.ts'
import { type LoadedPackage, repositoryOf } from '../inventory/load.ts'
import { askMovable, unlike } from '../inventory/moved-tags.ts'
import type { Digest } from '../model/digest.ts'
import type { Inventory, Package, PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'

/** What the look at a package shows after deletions. */
export interface SecondLook {
  /** What is gone, as the witnesses agree. */
  readonly gone: readonly PackageVersion[]
  /** What is there although its DELETE was answered, or GitHub said that it was gone before. */
  readonly there: readonly PackageVersion[]
  /** What is gone without being in the list of deleted versions, so that a late tag on it would not show. */
  readonly unlisted: readonly PackageVersion[]
  /** What GitHub lists as deleted, as far as the look reached. */
  readonly rowsDeleted: readonly DeletedVersion[]
  /** Tags that a version had at its deletion and not before, and that nobody has now. */
  readonly lostTags: ReadonlyMap<Digest, readonly string[]>
  /** Versions that are new since the listing, as GitHub's list or a tag of the registry tells. */
  readonly arrivals: readonly Arrival[]
  /** Tags that versions which stay had, and do not have any more as their rows show by now. */
  readonly tagsTaken: ReadonlySet<string>
  /** Tags that the registry denies. */
  readonly tagsDenied: readonly string[]
  /** The ids of the rows that the look showed: not all where the newest were enough. */
  readonly rowsShown: ReadonlySet<number>
  /** Why new tags could not be told or looked up; undefined when they could. */
  readonly tagsUnread: string | undefined
  /** What was deleted and has tags in the registry: that lags, or it was pushed again. */
  readonly served: readonly PackageVersion[]
  /** Versions that nobody meant to go and that have gone, as far as the look reached. */
  readonly vanished: ReadonlySet<Digest>
}

/** A version that nobody knew before; without an id where only the registry tells of it. */
export type Arrival = Pick<PackageVersion, 'digest' | 'tags'> & Partial<Pick<PackageVersion, 'id'>>

/** GitHub lists what was deleted with a delay; these are the pauses between looks, in milliseconds. */
const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000]

/**
 * Looks at what a run deleted. A lagging list proves nothing: what GitHub confirmed is gone where the list of
 * deleted versions has it too, and where it does not, the registry and a GET of the version are asked. New versions
 * are on the first pages of a list that runs newest first, so the whole list is read only in another order; that list
 * may lag behind a push, so the registry is asked for new tags as well.
 *
 * @param deleted what may be gone
 * @param before what was gone before, as GitHub and the registry said then
 * @param shown what an earlier look showed; undefined at the first one. A new tag that the registry shows on what was
 *   deleted may mean that it was pushed again, which GitHub's list shows a moment later; so it is a lost one from the
 *   second look on
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function lookAgain(
  pkg: Package,
  { listing, inventory }: LoadedPackage,
  deleted: readonly PackageVersion[],
  before: readonly PackageVersion[],
  shown: readonly Arrival[] | undefined,
  context: Context
): Promise<SecondLook> {
  const seen = await newest(pkg, listing, context)
  if (seen.length === 0 && listing.versions.some(({ id }) => !deleted.some(version => version.id === id))) {
    throw new ExpectedError('GitHub lists no version any more, though some of them were not deleted.')
  }
  const arrivals = seen.filter(({ id }) => !listing.pageOf.has(id))
  // What was pushed once more is there, under another id.
  const again = new Set(arrivals.map(({ digest }) => digest))
  const mine = deleted.filter(({ digest }) => !again.has(digest))
  const theirs = before.filter(({ digest }) => !again.has(digest))
  const rows = new Map<number, DeletedVersion>()
  await addDeleted(pkg, deleted, rows, context)
  const suspects = [...mine, ...theirs].filter(({ id }) => !rows.has(id))
  const states = await eachOf(suspects, AT_ONCE, version => {
    // Anybody may have written into the memory what an earlier run deleted.
    context.checkTime()
    return isStillThere(pkg, version, context)
  })
  const served = suspects.filter((_, at) => states[at])
  const denied = mine.filter(version => !served.includes(version))
  for (const pause of PAUSES) {
    if (denied.every(({ id }) => rows.has(id))) break
    await context.clock.sleep(pause)
    await addDeleted(pkg, denied, rows, context)
  }
  const listed = new Set(seen.map(({ id }) => id))
  // What GitHub lists, and does not list as deleted: the registry may deny what was deleted in vain.
  const doubtful = denied.filter(({ id }) => listed.has(id) && !rows.has(id))
  const stand = await eachOf(doubtful, AT_ONCE, async version => {
    context.checkTime()
    return !(await gitHubDenies(pkg, version.id, context))
  })
  const there = [...served, ...doubtful.filter((_, at) => stand[at])]
  const going = new Set(deleted.map(({ id }) => id))
  const stays = inventory.versions.filter(({ id }) => !going.has(id))
  const taken = tagsTaken(stays, seen)
  const tagged = await taggedArrivals(pkg, inventory, [...taken], arrivals, deleted, context)
  const own = deleted.flatMap(({ id }) => rows.get(id) ?? [])
  const late = shown === undefined ? [] : [...shown, ...tagged.arrivals]
  // What stands there again does not bring a late tag back.
  const lost = await lostTags(pkg, listing, deleted, [...own, ...late], arrivals, context)
  const gone = deleted.filter(
    version => !there.includes(version) && (!again.has(version.digest) || lost.has(version.digest))
  )
  return {
    gone,
    there,
    unlisted: gone.filter(({ id }) => !rows.has(id)),
    rowsDeleted: [...rows.values()],
    lostTags: lost,
    arrivals: [...arrivals, ...tagged.arrivals],
    tagsTaken: taken,
    tagsDenied: tagged.tagsDenied,
    rowsShown: listed,
    tagsUnread: tagged.tagsUnread,
    // What was not deleted after all is served because it is there.
    served: tagged.served.filter(version => gone.includes(version)),
    vanished: vanishedFrom(listing, seen, deleted)
  }
}

/** The newest versions, down to one that was there before; all of them where the order tells nothing. */
async function newest(
  pkg: Package,
  listing: LoadedPackage['listing'],
  { packages }: Context
): Promise<readonly PackageVersion[]> {
  if (!listing.newestFirst) return (await packages.listVersions(pkg)).versions
  const found: PackageVersion[] = []
  for (let page = 1; ; page++) {
    const { seen } = await packages.page(pkg, page)
    found.push(...seen)
    if (seen.length === 0 || seen.some(({ id }) => listing.pageOf.has(id))) return found
  }
}

/**
 * What tags of the registry stand on and nobody lists, be it new or once more what was deleted; tags of deleted
 * versions may lag behind. A tag that moves may have moved to it, so GitHub's word for where it is does not count.
 */
async function taggedArrivals(
  pkg: Package,
  { versions, unlisted, contents }: Inventory,
  taken: readonly string[],
  arrivals: readonly PackageVersion[],
  deleted: readonly PackageVersion[],
  { registry, clock }: Context
): Promise<Pick<SecondLook, 'arrivals' | 'served' | 'tagsDenied' | 'tagsUnread'>> {
  const going = new Set(deleted.map(({ id }) => id))
  const stays = versions.filter(({ id }) => !going.has(id))
  const listed = await listWithTags([...stays, ...arrivals], registry, repositoryOf(pkg), clock)
  // What nobody could read before tells no more now, and was said.
  const asked = listed.versions.filter(({ digest }) => contents.get(digest)?.state !== 'unread')
  const movable = await askMovable(asked, registry, repositoryOf(pkg))
  const moved = unlike({ ...listed, versions: asked }, movable)
  const heads = await eachOf(
    taken,
    AT_ONCE,
    async tag => [tag, await registry.headTag(repositoryOf(pkg), tag)] as const
  )
  const list = withTags(listed, new Map([...moved, ...heads]))
  const known = new Set([...stays.map(({ digest }) => digest), ...(unlisted?.keys() ?? [])])
  const tagsOf = new Map(deleted.map(({ digest, tags }) => [digest, new Set(tags)]))
  const isNew = (tag: string, digest: Digest): boolean => tagsOf.get(digest)?.has(tag) !== true
  const gone = new Set(deleted.flatMap(({ tags }) => tags))
  return {
    arrivals: [...list.unlisted].flatMap(([digest, tags]) =>
      !known.has(digest) && tags.some(tag => isNew(tag, digest)) ? [{ digest, tags }] : []
    ),
    served: deleted.filter(({ digest }) => list.unlisted.has(digest)),
    tagsDenied: movable.flatMap(([tag, { state }]) => (state === 'missing' ? [tag] : [])),
    tagsUnread: list.unresolved.find(({ ref, cause }) => !gone.has(ref) || cause !== CONTRADICTION)?.cause
  }
}

/** Tags that versions do not have any more, as their rows show by now: somebody else may have them. */
function tagsTaken(stays: readonly PackageVersion[], seen: readonly PackageVersion[]): Set<string> {
  const rows = new Map(seen.map(({ id, tags }) => [id, new Set(tags)]))
  return new Set(stays.flatMap(({ id, tags }) => tags.filter(tag => rows.get(id)?.has(tag) === false)))
}

async function addDeleted(
  pkg: Package,
  wanted: readonly PackageVersion[],
  rows: Map<number, DeletedVersion>,
  { packages }: Context
): Promise<void> {
  const listed = await packages.listDeleted(pkg, has => wanted.every(({ id }) => has(id)))
  for (const row of listed) rows.set(row.id, row)
}

async function lostTags(
  pkg: Package,
  { versions }: LoadedPackage['listing'],
  deleted: readonly PackageVersion[],
  shown: readonly Pick<PackageVersion, 'digest' | 'tags'>[],
  arrivals: readonly PackageVersion[],
  { packages, registry, clock }: Context
): Promise<Map<Digest, readonly string[]>> {
  const tagsOf = Map.groupBy(shown, ({ digest }) => digest)
  const again = new Set(arrivals.map(({ digest }) => digest))
  const lost = new Map<Digest, readonly string[]>()
  /** The first answer may be from before the tag was put on what is deleted. */
  const isElsewhere = async (tag: string, digest: Digest): Promise<boolean> => {
    let holder: Digest | undefined
    for (const pause of [0, ...PAUSES.slice(0, 2)]) {
      await clock.sleep(pause)
      const head = await registry.headTag(repositoryOf(pkg), tag)
      if (head.state !== 'found' || (head.digest === digest && !again.has(digest))) return false
      holder = head.digest
    }
    // Where it was before the registry may see it for longer, so GitHub must know of it, too.
    const row = [...arrivals, ...versions].find(version => version.digest === holder)
    return row !== undefined && (await packages.version(pkg, row.id)).seen?.tags.includes(tag) === true
  }
  for (const { digest, tags } of deleted) {
    const late = new Set(tagsOf.get(digest)?.flatMap(one => one.tags)).difference(new Set(tags))
    const nowhere: string[] = []
    for (const tag of late) {
      if (!(await isElsewhere(tag, digest))) nowhere.push(tag)
    }
    if (nowhere.length > 0) lost.set(digest, nowhere)
  }
  return lost
}

/** What stood among the rows that were seen before, was not deleted by this run, and does not stand there now. */
function vanishedFrom(
  { versions, newestFirst }: LoadedPackage['listing'],
  seen: readonly PackageVersion[],
  deleted: readonly PackageVersion[]
): ReadonlySet<Digest> {
  const there = new Set(seen.map(({ id }) => id))
  const meant = new Set(deleted.map(({ id }) => id))
  const isWhole = !newestFirst || seen.length % PER_PAGE !== 0
  const reach = isWhole ? versions.length : versions.findLastIndex(({ id }) => there.has(id))
  return new Set(
    versions.slice(0, reach).flatMap(({ id, digest }) => (there.has(id) || meant.has(id) ? [] : [digest]))
  )
}

/** How many rows a full page has. */
const PER_PAGE = 100
/** How many versions are looked for at once. */
const AT_ONCE = 16
