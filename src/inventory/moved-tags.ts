import type { Context } from '../context.ts'
import { ExpectedError } from '../errors.ts'
import { type Digest, isUserTag, shortDigest } from '../model/digest.ts'
import type { Content, Inventory, ListedPackage, PackageVersion } from '../model/package.ts'
import { parseSemverTag } from '../policy/tags.ts'
import type { Registry } from '../registry/client.ts'
import type { TagHead } from '../registry/read.ts'
import { eachOf } from '../util/concurrency.ts'
import { withAwaited } from './awaited-parts.ts'
import { deletedSince, without } from './deleted-since.ts'
import { deniedParts, disputesOf } from './denied-parts.ts'
import { afterDenials, findTags, withTags, witnessOf } from './evidence.ts'
import { type LoadedPackage, repositoryOf } from './load.ts'
import { attestationsBeside, readInventory } from './manifests.ts'

/**
 * GitHub's list may still show a tag on the version that had it before. Asking the registry for every tag, on every
 * run, could make every image look popular, because a HEAD may count as a download. So only where something is going
 * to be deleted: the tags of that, and those of what stays that are of the kind that moves.
 */
const MOST_GOING = 2_000
const MOST_STAYING = 200
const AT_ONCE = 16

/** What a decision would take away, and what it rests on. */
export interface Tried {
  /** What is going to be deleted. */
  readonly going: ReadonlySet<Digest>
  /** Digests that are to stay. */
  readonly wanted: readonly Digest[]
  /** Versions that a clause that counts keeps, or on which a brake rests. */
  readonly ranked: readonly Digest[]
}

/** A registry whose answers change again and again is not followed for ever. */
const MOST_ROUNDS = 100

/**
 * Decides, and again as long as the registry knows of tags and versions other than GitHub's list shows.
 *
 * @throws ExpectedError when it knows of others each time, or the token may not read the package at all
 */
export async function decideOnTags<D extends Tried>(
  given: LoadedPackage,
  decide: (inventory: Inventory) => D,
  context: Context
): Promise<{ readonly loaded: LoadedPackage; readonly decided: D }> {
  let loaded = given
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const decided = decide(loaded.inventory)
    if (decided.going.size === 0) return { loaded, decided }
    const followed = await followMovedTags(loaded, decided, context)
    if (followed === loaded) return { loaded, decided }
    loaded = followed
  }
  throw new ExpectedError(
    `The registry answered something else each of the ${MOST_ROUNDS} times that it was asked where tags and versions ` +
      'stand, so nothing is deleted. Run again later.'
  )
}

/**
 * Looks where tags are in the registry, and adds what GitHub's list does not know yet: such a tag is one more tag of
 * the version that has it. What is to stay by its digest and is in no list is looked for as well. What takes a place
 * that another version could have must be there: GitHub's list may lag behind a deletion, and the memory with it.
 *
 * @returns the same package where nothing else was found
 * @throws ExpectedError when the token may not read the package at all
 */
export async function followMovedTags(
  loaded: LoadedPackage,
  { going, wanted, ranked }: Tried,
  context: Context
): Promise<LoadedPackage> {
  const { registry, clock } = context
  const { inventory } = loaded
  const { package: pkg, versions, contents, unresolved = [] } = inventory
  const unlisted: ListedPackage['unlisted'] = inventory.unlisted ?? new Map()
  const repository = repositoryOf(pkg)
  const asked = tagsToAsk(versions, going)
  // What decides on deletions believes no single denial.
  const heads = await findTags(registry, repository, asked, clock)
  const { denied, gone } = await deniedParts(ranked, inventory, context)
  const disputes = new Map([...disputesOn(versions, heads), ...disputesOf(denied)])
  const denials = denied.filter(({ part }) => contents.get(part)?.state === 'named')
  const isSettled = versions.every(({ digest, disputed }) => !disputes.has(digest) || disputed !== undefined)
  const there = without(gone, versions)
  const list = {
    versions: isSettled ? there : there.map(version => withDispute(version, disputes)),
    unlisted,
    unresolved
  }
  const elsewhere = unlike(list, [...heads])
  const moved = elsewhere.filter(([, { state }]) => state === 'found')
  const open = new Set(unresolved.map(({ ref }) => ref))
  const unknown = wanted.filter(digest => !contents.has(digest) && !open.has(digest))
  const others = await findTags(registry, repository, [...new Set([...unknown, ...ranked])], clock)
  const doubtful = new Set(ranked.filter(digest => others.get(digest)?.state !== 'found'))
  const found = [...others].filter(
    ([ref, { state }]) => state !== 'missing' && unknown.includes(ref as Digest)
  )
  const beside = attestationsBeside(wanted, contents)
  const isSame = isSettled && moved.length + found.length + beside.length + denials.length + gone.size === 0
  if (isSame && doubtful.size === 0) return loaded
  const tagged = withTags(list, new Map(moved))
  const further = withDigests(tagged, found)
  const read = async (digest: Digest): Promise<Content> => {
    const known = contents.get(digest)
    return known?.state === 'read' && !doubtful.has(digest)
      ? known
      : registry.readManifest(repository, digest)
  }
  const witness = witnessOf(further, clock, deletedSince(pkg, context))
  const seen = await readInventory(pkg, further, read, witness, undefined, wanted)
  const isThere = [...doubtful].every(digest => seen.contents.get(digest)?.state === 'read')
  if (isSame && isThere) return loaded
  const known = new Map(seen.contents)
  for (const { part, cause } of denials)
    known.set(part, cause === undefined ? afterDenials(part, witness) : { state: 'unread', cause })
  const followed = { ...inventory, ...seen, contents: known }
  const isLess = seen.versions.length < versions.length
  // What is gone an earlier run of ours may have deleted.
  const marked = isLess ? withAwaited(followed, loaded.recollection.deletions) : seen.versions
  return { ...loaded, inventory: { ...followed, versions: marked } }
}

/**
 * A tag stands on one version only. Where GitHub shows it on two, or the registry says otherwise than GitHub, any of
 * them may have it: each keeps what it may, and none goes, or takes the place of another, for it.
 */
function disputesOn(
  versions: readonly PackageVersion[],
  heads: ReadonlyMap<string, TagHead>
): ReadonlyMap<Digest, string> {
  const holders = new Map<string, Set<Digest>>(
    [...heads].map(([tag, head]) => [tag, new Set(head.state === 'found' ? [head.digest] : [])])
  )
  for (const { digest, tags } of versions) {
    for (const tag of tags) {
      const others = holders.get(tag)
      if (others === undefined) holders.set(tag, new Set([digest]))
      else others.add(digest)
    }
  }
  const disputes = new Map<Digest, string>()
  for (const [tag, digests] of holders) {
    if (digests.size < 2) continue
    for (const digest of digests) {
      const [other] = digests.difference(new Set([digest]))
      if (other !== undefined)
        disputes.set(digest, `its tag ${tag} is said to be on ${shortDigest(other)} as well`)
    }
  }
  return disputes
}

function withDispute(version: PackageVersion, disputes: ReadonlyMap<Digest, string>): PackageVersion {
  const disputed = version.disputed ?? disputes.get(version.digest)
  return disputed === undefined ? version : { ...version, disputed }
}

/** Asks the registry once for the tags of these versions that move. */
export async function askMovable(
  versions: readonly PackageVersion[],
  registry: Pick<Registry, 'headTag'>,
  repository: string
): Promise<(readonly [string, TagHead])[]> {
  return eachOf(
    tagsToAsk(versions, new Set()),
    AT_ONCE,
    async tag => [tag, await registry.headTag(repository, tag)] as const
  )
}

/** Tags that stand on something else than the list shows, and those that nobody could read. */
export function unlike(
  { versions, unlisted }: ListedPackage,
  heads: readonly (readonly [string, TagHead])[]
): (readonly [string, TagHead])[] {
  // Of a digest that GitHub lists twice, either row may have the tag.
  const rows = [...[...unlisted].map(([digest, tags]) => ({ digest, tags })), ...versions]
  const listed = new Set(rows.flatMap(({ digest, tags }) => tags.map(tag => `${digest} ${tag}`)))
  return heads.filter(
    ([tag, head]) =>
      head.state === 'unread' || (head.state === 'found' && !listed.has(`${head.digest} ${tag}`))
  )
}

/** Adds what stands in the registry without a tag that anybody lists. */
function withDigests(list: ListedPackage, found: readonly (readonly [string, TagHead])[]): ListedPackage {
  const unlisted = new Map(list.unlisted)
  const unresolved = [...list.unresolved]
  for (const [ref, head] of found) {
    if (head.state === 'unread') unresolved.push({ ref, cause: head.cause })
    if (head.state === 'found') unlisted.set(head.digest, unlisted.get(head.digest) ?? [])
  }
  return { ...list, unlisted, unresolved }
}

function tagsToAsk(versions: readonly PackageVersion[], going: ReadonlySet<Digest>): string[] {
  const newest = versions.toSorted((a, b) => (b.updated ?? 0) - (a.updated ?? 0))
  const tagsOf = (isGoing: boolean): string[] =>
    newest.flatMap(({ digest, tags }) => (going.has(digest) === isGoing ? tags : []))
  const staying = tagsOf(false).filter(tag => isUserTag(tag) && isMovable(tag))
  return [...tagsOf(true).slice(0, MOST_GOING), ...staying.slice(0, MOST_STAYING)]
}

/** A release and the tag of a commit stand where they were put; `latest`, `prod`, `v1` and `main` move. */
export function isMovable(tag: string): boolean {
  return parseSemverTag(tag, []) === undefined && !/[0-9a-f]{7}/.test(tag)
}
