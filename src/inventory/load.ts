import type { Recollection } from '../cache/manifest-cache.ts'
import type { PackageSelection } from '../config/package-selection.ts'
import type { Context } from '../context.ts'
import { type Failure, orFailure, orRefusal, RefusedError } from '../errors.ts'
import type { Listing } from '../github/listing.ts'
import { listTwice } from '../github/whole-list.ts'
import type { Digest } from '../model/digest.ts'
import { isOurs, isPlaceholder, type Manifest } from '../model/manifest.ts'
import {
  type Content,
  type Inventory,
  NAMED,
  type Owner,
  type Package,
  type PackageVersion
} from '../model/package.ts'
import type { ReadCounts } from '../model/run.ts'
import { parsePackagePatterns } from '../policy/pattern.ts'
import type { ManifestRead } from '../registry/read.ts'
import { eachOf } from '../util/concurrency.ts'
import type { Read } from './arrivals.ts'
import { withAwaited } from './awaited-parts.ts'
import { listWithTags, withUnseen, witnessOf } from './evidence.ts'
import { readInventory } from './manifests.ts'

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

export type Matters = (
  versions: readonly PackageVersion[],
  untaggedSince: LoadedPackage['untaggedSince']
) => boolean | Promise<boolean>

export interface SelectedPackage {
  readonly pkg: Package
  /** Why nothing but the name is known of it. */
  readonly problem?: Failure
}

/** How many packages are read side by side; their requests share one governor. */
export const SIDE_BY_SIDE = 4

/** How many of its tags are tried to get a manifest that its digest does not give. */
const MOST_TAGS = 3

/** The packages of a run. */
export interface ChosenPackages {
  readonly chosen: readonly SelectedPackage[]
  /** Names of packages that GitHub does not find, and that need not exist. */
  readonly absent: readonly string[]
  /** What the token may list, and the patterns that match nothing of it; absent where there are no patterns. */
  readonly listed?: { readonly names: readonly string[]; readonly idle: readonly string[] }
}

/**
 * Finds the packages of a run. One that is named but cannot be seen is given back with the problem, so that
 * the others go on; patterns that match nothing give none.
 *
 * @throws ExpectedError when patterns were given and the token may not list packages
 */
export async function choosePackages(selection: PackageSelection, context: Context): Promise<ChosenPackages> {
  const { found, ...listed } = await findPackages(selection, context)
  const judged = await eachOf(found, SIDE_BY_SIDE, async one => ({
    one,
    absent: isExcused(one, selection) && (await isDenied(one.pkg, context))
  }))
  return {
    chosen: judged.flatMap(({ one, absent }) => (absent ? [] : [one])),
    absent: judged.flatMap(({ one, absent }) => (absent ? [one.pkg.name] : [])),
    ...listed
  }
}

function isExcused({ pkg, problem }: SelectedPackage, { optional = [] }: PackageSelection): boolean {
  return problem?.problem === 'absent' && optional.includes(pkg.name)
}

/**
 * Whether the registry, too, says that there is no such package, or that the token may not read it, which it says about
 * both. False where it cannot be asked.
 */
export async function isDenied(pkg: Package, { registry }: Context): Promise<boolean> {
  const list = await orRefusal(() => registry.listTags(repositoryOf(pkg)).catch(refused))
  if ('problem' in list) return false
  if (list.state === 'missing') return true
  return list.state === 'read' ? list.tags.length === 0 : list.refused === true
}

function refused(error: unknown): { readonly state: 'missing' } {
  if (error instanceof RefusedError) return { state: 'missing' }
  throw error
}

async function findPackages(
  selection: PackageSelection,
  context: Context
): Promise<{ readonly found: readonly SelectedPackage[] } & Pick<ChosenPackages, 'listed'>> {
  const { packages, owner, clock } = context
  const byName = (names: readonly string[]): Promise<SelectedPackage[]> =>
    eachOf(names, SIDE_BY_SIDE, async name => {
      const found = await orFailure(() => packages.get(name))
      return 'problem' in found ? { pkg: nameOnly(owner, name), problem: found } : { pkg: found }
    })
  if (selection.patterns.length === 0) return { found: await byName(selection.names) }
  const rows = await listTwice(packages.list, clock)
  const listed = [...new Map(rows.map(pkg => [pkg.name, pkg])).values()]
  const names = listed.map(pkg => pkg.name)
  const { matched: hits, counts } = parsePackagePatterns(selection.patterns).examine(names)
  const isMeant = (pkg: Package): boolean =>
    hits.has(pkg.name) && (!selection.linked || isSame(pkg.repository, context.repository.name))
  const matched = listed.filter(isMeant).map(pkg => ({ pkg }))
  // A name beside the patterns must exist like any other: a slip of the pen must not pass as "nothing to do".
  const unlisted = selection.names.filter(name => !listed.some(pkg => pkg.name === name))
  const idle = counts.filter(
    ({ pattern, hits }) => hits === 0 && !pattern.startsWith('!') && !selection.names.includes(pattern)
  )
  return {
    found: [...matched, ...(await byName(unlisted))],
    listed: { names, idle: idle.map(({ pattern }) => pattern) }
  }
}

/**
 * Lists a package completely and reads what its manifests need, as far as earlier runs did not.
 *
 * @param matters whether anything depends on what the manifests of these versions say; else none is read. It is told
 *   as well when each untagged one was first seen without a tag
 */
export async function load(pkg: Package, context: Context, matters: Matters): Promise<LoadedPackage> {
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
  const seen = await readInventory(pkg, list, read, witnessOf(list, clock), progress)
  const inventory = { ...seen, versions: withAwaited(seen, [...unchecked, ...checked]) }
  const reads = countReads(inventory, fetched, remembered)
  return { inventory, listing, untaggedSince, read, recollection, reads }
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

/** Case does not count in the names of repositories. */
function isSame(repository: string | undefined, name: string): boolean {
  return repository?.toLowerCase() === name.toLowerCase()
}

/** A package that GitHub did not show. */
export function nameOnly(owner: Owner, name: string): Package {
  return { owner, name, visibility: 'unknown', versionCount: undefined, url: '' }
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

/** What the manifests name as their children. */
export function namedIn(contents: Inventory['contents']): Set<Digest> {
  const named = new Set<Digest>()
  for (const content of contents.values()) {
    if (content.state !== 'read') continue
    for (const child of content.manifest.children) named.add(child.digest)
  }
  return named
}
