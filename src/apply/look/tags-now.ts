import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { CONTRADICTION, listWithTags, withTags } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { askMovable, unlike } from '../../inventory/moved-tags.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { Done } from '../done.ts'
import { type Rows, tagsLate } from './late-tags.ts'
import { type Arrival, type Taken, tagsNowhere } from './tags-nowhere.ts'

/** What became of tags. */
export interface TagsNow {
  /** Versions that are new since the listing, as GitHub's list or a tag of the registry tells at this or an earlier look. */
  readonly arrivals: readonly Arrival[]
  /** Tags that what is gone had at its deletion and not before, and that nobody has now, as far as two witnesses tell. */
  readonly lateTags: ReadonlyMap<Digest, readonly string[]>
  /** What GitHub shows behind the deletions: the newest versions, and where a single one was asked for, that. */
  readonly rowsBehind: ReadonlyMap<number, PackageVersion>
  /** Tags that stood on what stays, and stand on nothing now. */
  readonly tagsNowhere: readonly string[]
  /** Why new tags could not be told or looked up, or more of them may stand nowhere; undefined when they could. */
  readonly tagsUnread: string | undefined
  /** What was deleted and has tags in the registry: that lags, or it was pushed again. */
  readonly served: readonly PackageVersion[]
}

/**
 * Looks where the tags of a package stand by now: on what nobody listed before, on what was deleted, or nowhere.
 *
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function tagsNow(done: Done, rows: Rows, context: Context): Promise<TagsNow> {
  const { deleted, seen, pushed, shown = [] } = rows
  const going = new Set(deleted.map(({ id }) => id))
  const stays = done.loaded.inventory.versions.filter(({ id }) => !going.has(id))
  const taken = tagsTaken(stays, seen)
  const tagged = await byTags(done, stays, rows, taken, context)
  const { lateTags, rowsBehind } = await tagsLate(done, rows, tagged.arrivals, context)
  const wanted = new Set(deleted.map(({ digest }) => digest))
  // Of what was deleted itself the registry may have shown an old tag.
  const others = shown.filter(({ digest }) => !wanted.has(digest))
  // A first answer may be from before the tag went on to what stays.
  const isSure = ({ digest }: Arrival): boolean => rows.shown !== undefined || !wanted.has(digest)
  const arrivals = [...others, ...pushed, ...tagged.arrivals.filter(isSure)]
  // What is known to be needed comes back, whatever becomes of further questions.
  const found = await orFailure(() =>
    tagsNowhere(done, { arrivals, taken, denied: tagged.denied, seen }, context)
  )
  const { nowhere, unread } = 'problem' in found ? { nowhere: [], unread: found.sentence } : found
  // What is known to be late on what was deleted comes back.
  const late = new Set([...lateTags.values()].flat())
  return {
    arrivals,
    served: tagged.served,
    lateTags,
    rowsBehind,
    tagsNowhere: nowhere.filter(tag => !late.has(tag)),
    tagsUnread: tagged.unread ?? unread
  }
}

/** Tags that versions do not have any more, as their rows show by now, with those versions: somebody else may have them. */
function tagsTaken(stays: readonly PackageVersion[], seen: readonly PackageVersion[]): Taken {
  const rows = new Map(seen.map(({ id, tags }) => [id, new Set(tags)]))
  const taken = new Map<string, Set<Digest>>()
  for (const { id, digest, tags } of stays)
    for (const tag of tags)
      if (rows.get(id)?.has(tag) === false) taken.set(tag, (taken.get(tag) ?? new Set()).add(digest))
  return taken
}

/**
 * What tags of the registry stand on and nobody lists, be it new or once more what was deleted; tags of deleted
 * versions may lag behind. A tag that moves may have moved to it, so GitHub's word for where it is does not count.
 */
async function byTags(
  { plan, loaded: { inventory } }: Done,
  stays: readonly PackageVersion[],
  { deleted, pushed }: Rows,
  taken: Taken,
  { registry, clock }: Context
) {
  const { contents, unlisted } = inventory
  const repository = repositoryOf(plan.package)
  const listed = await listWithTags([...stays, ...pushed], registry, repository, clock)
  // What nobody could read before tells no more now, and was said.
  const asked = listed.versions.filter(({ digest }) => contents.get(digest)?.state !== 'unread')
  const movable = await askMovable(asked, registry, repository)
  const moved = unlike({ ...listed, versions: asked }, movable)
  const heads = await eachOf(
    [...taken.keys()],
    AT_ONCE,
    async tag => [tag, await registry.headTag(repository, tag)] as const
  )
  const list = withTags(listed, new Map([...moved, ...heads]))
  const known = new Set([...stays.map(({ digest }) => digest), ...(unlisted?.keys() ?? [])])
  const tagsOf = new Map(deleted.map(({ digest, tags }) => [digest, new Set(tags)]))
  const isNew = (tag: string, digest: Digest): boolean => tagsOf.get(digest)?.has(tag) !== true
  const gone = new Set(deleted.flatMap(({ tags }) => tags))
  return {
    arrivals: [...list.unlisted].flatMap(([digest, tags]): Arrival[] =>
      !known.has(digest) && tags.some(tag => isNew(tag, digest)) ? [{ digest, tags }] : []
    ),
    /** What was deleted and has tags in the registry. */
    served: deleted.filter(({ digest }) => list.unlisted.has(digest)),
    /** Tags that the registry denies. */
    denied: movable.flatMap(([tag, { state }]) => (state === 'missing' ? [tag] : [])),
    unread: list.unresolved.find(({ ref, cause }) => !gone.has(ref) || cause !== CONTRADICTION)?.cause
  }
}

/** How many tags are asked for at once. */
const AT_ONCE = 16
