import type { Context } from '../../context.ts'
import { findTags, listOnly, witnessOf } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { readInventory } from '../../inventory/manifests.ts'
import type { TagCheck } from '../../model/check.ts'
import type { Digest } from '../../model/digest.ts'
import { leadsNowhere } from '../../model/manifest.ts'
import type { Content, Package, PackageVersion } from '../../model/package.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { buildGraph } from '../../policy/graph.ts'
import { tagState } from '../../policy/tag-state.ts'
import type { Registry } from '../../registry/client.ts'
import { grouped } from '../../util/grouped.ts'

/** What a look at the images of one package takes. */
export interface Lookup extends Pick<Context, 'registry' | 'clock'> {
  readonly pkg: Package
  /** What carries tags, as GitHub lists it. */
  readonly versions: readonly PackageVersion[]
}

/** What is looked for. */
export interface Sought {
  readonly expected: readonly Expected[]
  /** Those that each image must have. */
  readonly platforms: readonly string[]
}

/**
 * Finds out whether the images of expected tags can be pulled: each of them, and all that they name, must answer.
 *
 * @param vouching what GitHub lists: one of these that the registry denies is unreadable, not missing
 * @returns one check for each that is expected, in order
 * @throws ExpectedError when the registry may not be read, or is not the one that the package is in
 */
export async function checkImages(
  { expected, platforms }: Sought,
  { pkg, versions, registry, clock }: Lookup,
  vouching: readonly PackageVersion[] = versions
): Promise<TagCheck[]> {
  const wanted = new Set(expected.flatMap(({ images }) => images))
  const relevant = versions.filter(version => version.tags.some(tag => wanted.has(tag)))
  // What is not among these versions counts as unlisted, and so the registry is asked for every child.
  const inventory = await readInventory(
    pkg,
    listOnly(relevant),
    pullable(pkg, registry),
    witnessOf(listOnly(vouching), clock)
  )
  const graph = buildGraph(inventory)
  const holders = holdersOf(relevant)
  return expected.map(one => tagState(one, holders, graph, platforms))
}

/**
 * The same as the registry has it at this moment: listings lag behind a push. A tag that it denies is asked for again
 * after pauses.
 *
 * @throws ExpectedError as `checkImages`
 */
export async function checkImagesNow(sought: Sought, lookup: Lookup): Promise<TagCheck[]> {
  const { pkg, registry, clock } = lookup
  const tags = [...new Set(sought.expected.flatMap(({ images }) => images))]
  const heads = await findTags(registry, repositoryOf(pkg), tags, clock)
  const causes = new Map<string, string>()
  const standing: [Digest, string][] = []
  for (const [tag, head] of heads) {
    if (head.state === 'unread') causes.set(tag, head.cause)
    if (head.state === 'found') standing.push([head.digest, tag])
  }
  // The registry knows neither numbers nor dates.
  const unknown = { id: 0, created: undefined, updated: undefined }
  const found = [...grouped(standing)].map(([digest, tags]) => ({ ...unknown, digest, tags }))
  const vouching = [...found, ...lookup.versions]
  const checks = await checkImages(sought, { ...lookup, versions: found }, vouching)
  return checks.map(check => {
    const cause = check.images.map(tag => causes.get(tag)).find(one => one !== undefined)
    return cause === undefined || check.state === 'present' ? check : { ...check, state: 'unreadable', cause }
  })
}

/** The digests that each tag stands on. */
export function holdersOf(versions: readonly PackageVersion[]): Map<string, Digest[]> {
  return grouped(versions.flatMap(({ digest, tags }) => tags.map(tag => [tag, digest] as const)))
}

/**
 * Reads indexes, and only asks for their platforms: reading would count as a download of each, every day, and
 * GitHub does not delete what has been downloaded often.
 */
function pullable(pkg: Package, registry: Registry): (digest: Digest) => Promise<Content> {
  const repository = repositoryOf(pkg)
  const leaves = new Set<Digest>()
  return async digest => {
    if (leaves.has(digest)) {
      const head = await registry.headTag(repository, digest)
      return head.state === 'found' ? { state: 'named' } : head
    }
    const content = await registry.readManifest(repository, digest)
    if (content.state === 'read') {
      for (const child of content.manifest.children.filter(leadsNowhere)) leaves.add(child.digest)
    }
    return content
  }
}
