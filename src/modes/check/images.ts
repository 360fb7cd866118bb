import type { Context } from '../../context.ts'
import { orRefusal } from '../../errors.ts'
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

/**
 * Asks the registry again, by tag and after pauses, about everything that seems to be missing. A list may lag behind
 * a push, and a tag may have moved since it was made.
 *
 * @param checks what the list and the first look gave
 * @returns the checks in their order; what the registry contradicts is unreadable
 * @throws BudgetError when there is no time or quota left to look
 */
export async function confirmMissing(
  checks: readonly TagCheck[],
  sought: Sought,
  lookup: Lookup
): Promise<readonly TagCheck[]> {
  const seen = await orRefusal(() => lookAgain(checks, sought, lookup))
  if (!('problem' in seen)) return seen
  const cause = seen.sentence.replace(/\.$/, '')
  return checks.map(check => (isMissing(check) ? { ...check, state: 'unreadable', lacks: [], cause } : check))
}

/** The checks with what the registry shows of the missing ones now. @throws ExpectedError as `checkImagesNow` */
export async function lookAgain(
  checks: readonly TagCheck[],
  { expected, platforms }: Sought,
  lookup: Lookup
): Promise<readonly TagCheck[]> {
  const missing = new Set(checks.filter(isMissing).map(({ tag }) => tag))
  const due = expected.filter(({ name }) => missing.has(name))
  if (due.length === 0) return checks
  return updated(checks, await checkImagesNow({ expected: due, platforms }, lookup), verdict)
}

/** The checks in their order, with what was seen anew. @param choose what two looks at a tag make */
export function updated(
  checks: readonly TagCheck[],
  anew: readonly TagCheck[],
  choose: (first: TagCheck, second: TagCheck) => TagCheck = (_, second) => second
): TagCheck[] {
  const byTag = new Map(anew.map(check => [check.tag, check]))
  return checks.map(check => {
    const again = byTag.get(check.tag)
    return again === undefined ? check : choose(check, again)
  })
}

/** True for what would be built again. */
export function isMissing({ state }: TagCheck): boolean {
  return state === 'absent' || state === 'incomplete'
}

/** What two looks at a tag make; the second counts, unless it contradicts the first. */
function verdict(first: TagCheck, second: TagCheck): TagCheck {
  if (first.state === 'incomplete' && second.state === 'absent') {
    return { ...first, state: 'unreadable', lacks: [], cause: CONTRADICTION }
  }
  return second
}

const CONTRADICTION = 'GitHub lists the tag, but the registry denies it'
