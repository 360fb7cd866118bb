import type { Clock } from '../model/clock.ts'
import type { Digest } from '../model/digest.ts'
import type { Content, ListedPackage, PackageVersion } from '../model/package.ts'
import type { Registry } from '../registry/client.ts'
import type { TagHead } from '../registry/read.ts'
import type { TagList } from '../registry/tag-list.ts'
import { eachOf } from '../util/concurrency.ts'
import { count, formatNumber, some } from '../util/format.ts'
import type { DeletedSince } from './deleted-since.ts'

/**
 * The one place where something is concluded from an absence.
 *
 * There are three witnesses: GitHub's list, GitHub's count, and the registry (`tags/list`, HEAD, GET). That
 * something is there is believed from any of them. That it is not is believed only after looking again with pauses,
 * and when none of the others says otherwise: a contradiction that lasts is unknown, never absent.
 */

/** Pauses between looks at what the registry denies, in milliseconds. */
export const PAUSES: readonly number[] = [1_000, 3_000]
/** Further pauses where witnesses contradict each other: one of them may only lag. */
const LONG_PAUSES: readonly number[] = [5_000, 10_000]

/** How many tags are asked for at once; the registry's client sends fewer. */
const AT_ONCE = 16

/** What is known of digests besides what the registry answers when it is asked for their manifests. */
export interface Witness {
  readonly clock: Clock
  /** Between looks at a manifest that the registry denies, in milliseconds. */
  readonly pauses: readonly number[]
  /** Who says that there is such a manifest: a phrase, such as `GitHub lists it`; undefined when nobody does. */
  readonly vouches: (digest: Digest) => string | undefined
  /** Whether GitHub, asked once more, denies what it lists; absent where its list alone is believed. */
  readonly deletedSince?: DeletedSince
  /** True where the list is not the whole package: that the registry has none of it does not make it another one. */
  readonly isPartial?: boolean
}

/** What follows when the registry has denied a manifest at every look. */
export function afterDenials(digest: Digest, { vouches }: Witness): Content {
  const voucher = vouches(digest)
  if (voucher === undefined) return { state: 'missing' }
  return { state: 'unread', cause: `${voucher}, but the registry says that there is no such manifest` }
}

/**
 * The witness of a list: GitHub vouches for its versions, and the registry for what a tag of it stands on. Where GitHub
 * counts more than anybody shows, what is denied may be just that, and is asked for longer.
 */
export function witnessOf(
  { versions, unlisted, unresolved }: ListedPackage,
  clock: Clock,
  deletedSince?: DeletedSince
): Witness {
  const listed = new Set(versions.map(({ digest }) => digest))
  return {
    clock,
    ...(deletedSince === undefined ? {} : { deletedSince }),
    pauses: unresolved.some(({ onlyCounted }) => onlyCounted) ? [...PAUSES, ...LONG_PAUSES] : PAUSES,
    vouches: digest => {
      if (listed.has(digest)) return 'GitHub lists it'
      return unlisted.has(digest) ? 'a tag of the registry points to it' : undefined
    }
  }
}

type TagRegistry = Pick<Registry, 'headTag' | 'listTags'>

/**
 * Finds what tags stand on. One is `missing` only when the registry denies it at every look, and its list of tags
 * does not have it either; a list that cannot be read leaves that unknown.
 *
 * @param repository `owner/name`
 * @returns an answer for each of the tags
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function findTags(
  registry: TagRegistry,
  repository: string,
  tags: readonly string[],
  clock: Clock
): Promise<ReadonlyMap<string, TagHead>> {
  const heads = new Map<string, TagHead>()
  const look = async (some: readonly string[]): Promise<void> => {
    await eachOf(some, AT_ONCE, async tag => heads.set(tag, await registry.headTag(repository, tag)))
  }
  const denied = (): string[] => tags.filter(tag => heads.get(tag)?.state === 'missing')
  await look(tags)
  for (const pause of PAUSES) {
    if (denied().length === 0) return heads
    await clock.sleep(pause)
    await look(denied())
  }
  for (const pause of [...LONG_PAUSES, undefined]) {
    if (denied().length === 0) return heads
    const list = await registry.listTags(repository)
    const listed = new Set(list.state === 'read' ? list.tags : [])
    const contradicted = list.state === 'unread' ? denied() : denied().filter(tag => listed.has(tag))
    if (contradicted.length === 0) return heads
    if (pause === undefined) {
      const cause = list.state === 'unread' ? list.cause : CONTRADICTION
      for (const tag of contradicted) heads.set(tag, { state: 'unread', cause })
    } else {
      await clock.sleep(pause)
      await look(contradicted)
    }
  }
  return heads
}

/** The same for one tag, or a digest. */
export async function findTag(
  registry: TagRegistry,
  repository: string,
  tag: string,
  clock: Clock
): Promise<TagHead> {
  const heads = await findTags(registry, repository, [tag], clock)
  return heads.get(tag) ?? { state: 'unread', cause: 'it was not asked for' }
}

/** Why a tag is unknown that the registry lists and denies at every look. */
export const CONTRADICTION = 'the registry lists this tag, but says that it points to nothing'

/** The name of the registry's own list of tags in messages that it could not be read. */
const TAG_LIST = "the registry's list of tags"

/**
 * Holds GitHub's list of versions against the registry's list of tags. A tag that GitHub does not list is looked up:
 * it is one more tag of a version that is listed, or it stands on a manifest that GitHub does not show (yet).
 *
 * @param versions as GitHub lists them
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function listWithTags(
  versions: readonly PackageVersion[],
  registry: TagRegistry,
  repository: string,
  clock: Clock
): Promise<ListedPackage> {
  const listed = new Set(versions.flatMap(({ tags }) => tags))
  const list = await completeTags(listed, registry, repository, clock)
  if (list.state === 'unread') return listOnly(versions, list.cause)
  if (list.state === 'missing') {
    // A repository without tags may not be known there at all.
    return listed.size === 0
      ? listOnly(versions)
      : listOnly(versions, 'the registry does not know the package')
  }
  const found = await findTags(
    registry,
    repository,
    list.tags.filter(tag => !listed.has(tag)),
    clock
  )
  return withTags(listOnly(versions), found)
}

/** Adds what the registry says about tags to what is known of a package. */
export function withTags(list: ListedPackage, found: ReadonlyMap<string, TagHead>): ListedPackage {
  const further = new Map(list.unlisted)
  const unresolved = [...list.unresolved]
  for (const [tag, head] of found) {
    if (head.state === 'unread') unresolved.push({ ref: tag, cause: head.cause })
    if (head.state === 'found') further.set(head.digest, [...(further.get(head.digest) ?? []), tag])
  }
  if (further.size === 0) return { ...list, unresolved }
  const versions = list.versions.map(version => {
    const more = further.get(version.digest)
    if (more === undefined) return version
    further.delete(version.digest)
    return { ...version, tags: [...version.tags, ...more] }
  })
  return { versions, unlisted: further, unresolved }
}

/**
 * Adds what GitHub counts and nobody shows. It has no tag, or the registry had named it; but it may be an index, and
 * its parts may be listed.
 *
 * @param unseen how many more versions GitHub counts than it lists
 */
export function withUnseen(list: ListedPackage, unseen: number): ListedPackage {
  const more = unseen - list.unlisted.size
  if (more <= 0) return list
  const ref = more === 1 ? 'a version without a tag' : `${formatNumber(more)} versions without tags`
  const cause = `GitHub counts ${count(more, 'version')} more than it lists, and no tag tells of ${more === 1 ? 'it' : 'them'}`
  return { ...list, unresolved: [...list.unresolved, { ref, cause, onlyCounted: true }] }
}

/**
 * Reads the registry's list of tags until it has all that GitHub lists, except what the registry denies at every look: a
 * list that lacks those may lack others as well. That there is no list is believed only after looking again, too.
 */
async function completeTags(
  listed: ReadonlySet<string>,
  registry: TagRegistry,
  repository: string,
  clock: Clock
): Promise<TagList> {
  let denials = 0
  let lacking: readonly string[] = []
  for (const pause of [...PAUSES, ...LONG_PAUSES, undefined]) {
    const list = await registry.listTags(repository)
    if (list.state === 'unread') return list
    const known = new Set(list.state === 'read' ? list.tags : [])
    lacking = [...listed].filter(tag => !known.has(tag))
    if (list.state === 'read' && lacking.length === 0) return list
    const heads = await eachOf(lacking.slice(0, AT_ONCE), AT_ONCE, tag => registry.headTag(repository, tag))
    denials = heads.every(({ state }) => state === 'missing') ? denials + 1 : 0
    if (denials > PAUSES.length) return list
    if (pause !== undefined) await clock.sleep(pause)
  }
  return { state: 'unread', cause: `its list lacks ${some(lacking, 5)}, which GitHub lists` }
}

/** GitHub's list alone; `cause` says why the registry's list of tags could not be read, where it was asked for. */
export function listOnly(versions: readonly PackageVersion[], cause?: string): ListedPackage {
  return { versions, unlisted: new Map(), unresolved: cause === undefined ? [] : [{ ref: TAG_LIST, cause }] }
}
