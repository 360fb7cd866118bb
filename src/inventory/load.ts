import type { Recollection } from '../cache/manifest-cache.ts'
import type { Context } from '../context.ts'
import type { Listing } from '../github/listing.ts'
import type { Digest } from '../model/digest.ts'
import { isOurs, isPlaceholder, type Manifest } from '../model/manifest.ts'
import {
  type Content,
  type Inventory,
  type ListedPackage,
  NAMED,
  type Package,
  type PackageVersion
} from '../model/package.ts'
import type { ReadCounts } from '../model/run.ts'
import type { ManifestRead } from '../registry/read.ts'
import type { Read } from './arrivals.ts'
import { withAwaited } from './awaited-parts.ts'
import { deletedSince } from './deleted-since.ts'
import { listWithTags, withUnseen, witnessOf } from './evidence.ts'
import { readInventory } from './manifests.ts'
import { namedIn } from './parts.ts'

/** Everything that is in a package, and where the listing had it. */
export interface LoadedPackage {
  readonly inventory: Inventory
  readonly listing: Listing
  /** When each untagged version was first seen without a tag, milliseconds since 1970. */
  readonly untaggedSince: ReadonlyMap<Digest, number>
  readonly reads: ReadCounts
  /** Reads a manifest, unless it is remembered. */
  readonly read: Read
  /** What is remembered of it from run to run: to be kept, once all is read. */
  readonly recollection: Recollection
}

/** What of a recollection still counts, once it is known what is in the package. */
export type Recall = (recollection: Recollection, list: ListedPackage) => Recollection

export type Matters = (
  versions: readonly PackageVersion[],
  untaggedSince: LoadedPackage['untaggedSince']
) => boolean | Promise<boolean>

/** How many of its tags are tried to get a manifest that its digest does not give. */
const MOST_TAGS = 3

/**
 * Lists a package completely and reads what its manifests need, as far as earlier runs did not.
 *
 * @param matters whether anything depends on what the manifests of these versions say; else none is read. It is told
 *   as well when each untagged one was first seen without a tag
 * @param recall asked where something depends on it
 */
export async function load(
  pkg: Package,
  context: Context,
  matters: Matters,
  recall: Recall = recollection => recollection
): Promise<LoadedPackage> {
  const { packages, memory, clock, log } = context
  const [listing, recollection] = await Promise.all([packages.listVersions(pkg), memory.recall(pkg)])
  const { versions } = listing
  const untaggedSince = recollection.untaggedSince(versions, clock.now())
  const isNeeded = await matters(versions, untaggedSince)
  // Whether something needs what was deleted only its manifest tells.
  const { unchecked, checked } = recollection.deletions
  if (!isNeeded && unchecked.length + checked.length === 0) {
    const known = await recollection.manifests(versions)
    const contents = new Map(versions.map(one => [one.digest, contentOf(one, known)]))
    const inventory = { package: pkg, versions, contents }
    // The time since when something is untagged is still worth remembering, with what is known already.
    const { read } = reader(pkg, versions, known, recollection, context)
    const reads = countReads(inventory, new Set(), new Map())
    return { inventory, listing, untaggedSince, read, recollection, reads }
  }
  const remembered = await recollection.manifests(versions)
  // After GitHub's list: a tag that was pushed meanwhile is then on nothing that it shows, and looked up.
  const tagged = await listWithTags(versions, context.registry, repositoryOf(pkg), clock)
  const list = withUnseen(tagged, listing.unseen)
  const { read, fetched } = reader(pkg, versions, remembered, recollection, context)
  const progress = (done: number, total: number): void =>
    log.progress(`${pkg.name}: ${done} of about ${total} manifests known`)
  const witness = witnessOf(list, clock, deletedSince(pkg, context))
  const seen = await readInventory(pkg, list, read, witness, progress)
  const recalled = recall(recollection, list)
  const inventory = { ...seen, versions: withAwaited(seen, recalled.deletions) }
  const reads = countReads(inventory, fetched, remembered)
  return { inventory, listing, untaggedSince, read, recollection: recalled, reads }
}

/** Nothing is known of it but that it is there, unless it is a placeholder of ours with somebody's tag, which is told. */
function contentOf({ digest, tags }: PackageVersion, known: ReadonlyMap<Digest, Manifest>): Content {
  const manifest = known.get(digest)
  return manifest !== undefined && isOurs(manifest) && !isPlaceholder(manifest, tags)
    ? { state: 'read', manifest }
    : NAMED
}

/**
 * Reads manifests, each once ever; that a version is there is the listing's word, never the memory's. One that the
 * registry does not give by its digest is asked for by its tags as well, which the digest proves.
 */
function reader(
  pkg: Package,
  versions: readonly PackageVersion[],
  remembered: ReadonlyMap<Digest, Manifest>,
  recollection: Recollection,
  { registry }: Context
): { read: Read; fetched: ReadonlySet<Digest> } {
  const repository = repositoryOf(pkg)
  const fetched = new Set<Digest>()
  const tagsOf = new Map(
    versions.flatMap(({ digest, tags }) => (tags.length > 0 ? [[digest, tags] as const] : []))
  )
  const ask = async (digest: Digest): Promise<ManifestRead> => {
    const content = await registry.readManifest(repository, digest)
    if (content.state === 'read') return content
    for (const tag of tagsOf.get(digest)?.slice(0, MOST_TAGS) ?? []) {
      const tagged = await registry.readManifest(repository, tag)
      if (tagged.state === 'read' && tagged.digest === digest) return tagged
    }
    return content
  }
  const read: Read = async digest => {
    const known = remembered.get(digest)
    if (known !== undefined) return { state: 'read', manifest: known }
    const content = await ask(digest)
    if (content.state === 'read') {
      fetched.add(digest)
      recollection.learn(digest, content.manifest, content.bytes)
    }
    return content
  }
  return { read, fetched }
}

/** The package's path in the registry. */
export function repositoryOf(pkg: Package): string {
  return `${pkg.owner.login}/${pkg.name}`.toLowerCase()
}

/**
 * Says what the reads of a package were for.
 *
 * @param fetched what was read from the registry in this run
 * @param remembered what was known before
 */
export function countReads(
  { versions, contents }: Inventory,
  fetched: ReadonlySet<Digest>,
  remembered: ReadonlyMap<Digest, Manifest>
): ReadCounts {
  const tags = new Map(versions.map(version => [version.digest, version.tags.length]))
  const isNamed = namedIn(contents)
  const counts = { tagged: 0, named: 0, untagged: 0 }
  for (const digest of fetched) {
    if ((tags.get(digest) ?? 0) > 0) counts.tagged++
    else if (isNamed.has(digest) || !tags.has(digest)) counts.named++
    else counts.untagged++
  }
  const isSpared = (digest: Digest): boolean => contents.get(digest)?.state === 'named'
  const spared = versions.filter(({ digest }) => isSpared(digest)).length
  // What was read for its labels alone is spared here.
  return { ...counts, remembered: [...remembered.keys()].filter(digest => !isSpared(digest)).length, spared }
}
