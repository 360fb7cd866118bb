import type { Context } from '../context.ts'
import { type Digest, isUserTag } from '../model/digest.ts'
import type { Content, PackageVersion } from '../model/package.ts'
import { parseSemverTag } from '../policy/tags.ts'
import { eachOf } from '../util/concurrency.ts'
import { withTags, witnessOf } from './evidence.ts'
import { type LoadedPackage, repositoryOf } from './load.ts'
import { readInventory } from './manifests.ts'

/**
 * GitHub's list may still show a tag on the version that had it before. Asking the registry for every tag, on every
 * run, could make every image look popular, because a HEAD may count as a download. So only where something is going
 * to be deleted: the tags of that, and those of what stays that are of the kind that moves.
 */
const MOST_GOING = 2_000
const MOST_STAYING = 200
const AT_ONCE = 16

/**
 * Looks where tags are in the registry, and adds what GitHub's list does not know yet: such a tag is one more tag of
 * the version that has it.
 *
 * @param going what is going to be deleted
 * @returns the same package where no tag has moved
 * @throws ExpectedError when the token may not read the package at all
 */
export async function followMovedTags(
  loaded: LoadedPackage,
  going: ReadonlySet<Digest>,
  { registry, clock }: Context
): Promise<LoadedPackage> {
  const { inventory } = loaded
  const { package: pkg, versions, contents, unlisted = new Map(), unresolved = [] } = inventory
  const repository = repositoryOf(pkg)
  const holders = new Map(
    versions.flatMap(version => version.tags.map(tag => [tag, version.digest] as const))
  )
  const heads = await eachOf(tagsToAsk(versions, going), AT_ONCE, async tag => ({
    tag,
    head: await registry.headTag(repository, tag)
  }))
  const moved = heads.flatMap(({ tag, head }) =>
    head.state === 'found' && head.digest !== holders.get(tag) ? [[tag, head] as const] : []
  )
  if (moved.length === 0) return loaded
  const list = withTags({ versions, unlisted, unresolved }, new Map(moved))
  const read = async (digest: Digest): Promise<Content> => {
    const known = contents.get(digest)
    return known?.state === 'read' ? known : registry.readManifest(repository, digest)
  }
  const seen = await readInventory(pkg, list, read, witnessOf(list, clock))
  return { ...loaded, inventory: { ...inventory, ...seen } }
}

function tagsToAsk(versions: readonly PackageVersion[], going: ReadonlySet<Digest>): string[] {
  const newest = versions.toSorted((a, b) => (b.updated ?? 0) - (a.updated ?? 0))
  const tagsOf = (isGoing: boolean): string[] =>
    newest.flatMap(({ digest, tags }) => (going.has(digest) === isGoing ? tags : []))
  const staying = tagsOf(false).filter(tag => isUserTag(tag) && isMovable(tag))
  return [...tagsOf(true).slice(0, MOST_GOING), ...staying.slice(0, MOST_STAYING)]
}

/** A release and the tag of a commit stand where they were put; `latest`, `prod`, `v1` and `main` move. */
function isMovable(tag: string): boolean {
  return parseSemverTag(tag, []) === undefined && !/[0-9a-f]{7}/.test(tag)
}
