import type { Recollection } from '../cache/manifest-cache.ts'
import type { Digest } from '../model/digest.ts'
import { AWAITED, type Inventory, LEFT_OPEN, type PackageVersion } from '../model/package.ts'
import { namedIn, partsOf } from './parts.ts'

type Deletions = Recollection['deletions']

/**
 * Marks what earlier runs of ours left half done. What lacks a part that they deleted gets it back from this run: until
 * then it neither goes for being broken nor takes the place of another. And what is left of an image of which they
 * deleted something without a look behind it stays until a run has looked: if that comes back, it needs the rest.
 */
export function withAwaited(inventory: Inventory, deletions: Deletions): readonly PackageVersion[] {
  const { versions } = inventory
  const lacking = lackingIn(inventory, deletions)
  const half = halfBackOf(inventory, deletions)
  const left = leftOpen(versions, deletions)
  return versions.map(version => {
    if (lacking.has(version.digest) || half.has(version.id)) return { ...version, disputed: AWAITED }
    return left.has(version.id) ? { ...version, disputed: LEFT_OPEN } : version
  })
}

/** What lacks a deleted part, at any depth. */
function lackingIn({ contents }: Inventory, { unchecked, checked }: Deletions): ReadonlySet<Digest> {
  const deleted = [...unchecked, ...checked]
  const lacking = new Set(
    deleted.map(({ digest }) => digest).filter(digest => contents.get(digest)?.state === 'missing')
  )
  for (let size = 0; size < lacking.size; ) {
    size = lacking.size
    for (const [digest, content] of contents) {
      // A manifest of unknown kind only mentions.
      if (content.state !== 'read' || content.manifest.unknown !== undefined) continue
      if (content.manifest.children.some(child => lacking.has(child.digest))) lacking.add(digest)
    }
  }
  return lacking
}

/**
 * What a run was about to delete, and rather brought back, because of a tag or an index that it did not know; and that lacks
 * parts which it had then. The run may have been killed meanwhile, and what others deleted no run knows.
 *
 * @returns the parts by id
 */
export function halfBackOf(
  { versions, contents }: Inventory,
  { unchecked }: Pick<Deletions, 'unchecked'>
): ReadonlyMap<number, readonly Digest[]> {
  if (unchecked.length === 0) return new Map()
  const open = new Map(unchecked.map(one => [one.id, one]))
  const going = new Set(unchecked.map(({ digest }) => digest))
  const named = namedIn(new Map([...contents].filter(([digest]) => !going.has(digest))))
  const lackedBy = ({ id, digest, tags }: PackageVersion): readonly Digest[] => {
    const before = open.get(id)
    if (before === undefined || before.lacks !== undefined) return []
    const isNeeded = named.has(digest) || tags.some(tag => !before.tags.includes(tag))
    return isNeeded ? partsOf(digest, contents).filter(part => contents.get(part)?.state === 'missing') : []
  }
  return new Map(
    versions.map(version => [version.id, lackedBy(version)] as const).filter(([, parts]) => parts.length > 0)
  )
}

/** Ids of what is listed of images of which something is not, and was not looked at once more. */
function leftOpen(versions: readonly PackageVersion[], { unchecked }: Deletions): ReadonlySet<number> {
  const listed = new Set(versions.map(({ id }) => id))
  const gone = unchecked.filter(({ id }) => !listed.has(id))
  return new Set(ofSameImages(unchecked, gone).map(({ id }) => id))
}

/** A deletion as it is remembered. */
type PastDeletion = Deletions['checked'][number]

/** Those of the same images as these, also what several images share: it comes after each of them. */
function ofSameImages(
  deletions: readonly PastDeletion[],
  some: readonly PastDeletion[]
): readonly PastDeletion[] {
  const roots = new Set(some.map(({ root }) => root))
  const digests = new Set(some.map(({ digest }) => digest))
  const isOne = ({ digest, root, after }: PastDeletion): boolean =>
    digests.has(digest) || roots.has(root) || after.some(one => digests.has(one))
  for (let size = -1; size < digests.size; ) {
    size = digests.size
    for (const one of deletions) if (isOne(one)) digests.add(one.digest)
  }
  return deletions.filter(({ digest }) => digests.has(digest))
}
