import type { Blob, BlobReport } from '../model/blob.ts'
import type { Step } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { Content, Inventory, Package } from '../model/package.ts'
import { blobsIn } from '../registry/blobs.ts'
import type { Registry } from '../registry/client.ts'
import { eachOf } from '../util/concurrency.ts'
import { repositoryOf } from './load.ts'

/** How many are asked for at once; the registry's client sends fewer. */
const AT_ONCE = 16

/** No more manifests than this are read of what stays: GitHub counts each as a download, and reading takes time. */
export const MOST_READ = 10_000

type Reader = Pick<Registry, 'readManifest'>

/**
 * Finds the blobs of what a plan deletes, and which of them something that stays names as well. Reads nothing where
 * nothing is deleted.
 *
 * @param most how many manifests of what stays are read
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function readSizes(
  inventory: Inventory,
  steps: readonly Step[],
  registry: Reader,
  most = MOST_READ
): Promise<BlobReport> {
  const goes = new Set(steps.flatMap(step => (step.action === 'delete' ? [step.version.digest] : [])))
  if (goes.size === 0) return { blobs: new Map(), shared: new Set(), unread: { here: 0, elsewhere: 0 } }
  const all = new Set([...inventory.versions.map(({ digest }) => digest), ...inventory.contents.keys()])
  const withBlobs = [...all].filter(digest => mayHaveBlobs(inventory.contents.get(digest)))
  const repository = repositoryOf(inventory.package)
  const read = (digests: readonly Digest[]) => readBlobs(registry, repository, digests)
  const here = await read(withBlobs.filter(digest => goes.has(digest)))
  const staying = withBlobs.filter(digest => !goes.has(digest))
  const elsewhere = await read(staying.slice(0, most))
  const unread = elsewhere.unread + Math.max(staying.length - most, 0)
  return {
    blobs: here.blobs,
    shared: sharedWith(here.blobs, elsewhere.blobs),
    unread: { here: here.unread, elsewhere: unread }
  }
}

/**
 * Finds the blobs of images and of everything that they name.
 *
 * @param roots digests of the images
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function readTreeSizes(
  pkg: Package,
  roots: readonly Digest[],
  registry: Reader
): Promise<BlobReport> {
  const repository = repositoryOf(pkg)
  const blobs = new Map<Digest, readonly Blob[]>()
  const seen = new Set<Digest>()
  let unread = 0
  for (let next = [...new Set(roots)]; next.length > 0; ) {
    for (const digest of next) seen.add(digest)
    const children = await eachOf(next, AT_ONCE, async digest => {
      const read = await registry.readManifest(repository, digest)
      const found = read.state === 'read' ? blobsIn(read.bytes) : undefined
      if (found === undefined) unread++
      else blobs.set(digest, found)
      return read.state === 'read' ? read.manifest.children.map(child => child.digest) : []
    })
    next = [...new Set(children.flat())].filter(digest => !seen.has(digest))
  }
  return { blobs, shared: new Set(), unread: { here: unread, elsewhere: 0 } }
}

/** Reads the blobs that some manifests name, and counts those of which that cannot be known. */
async function readBlobs(
  registry: Reader,
  repository: string,
  digests: readonly Digest[]
): Promise<{ blobs: Map<Digest, readonly Blob[]>; unread: number }> {
  const blobs = new Map<Digest, readonly Blob[]>()
  await eachOf(digests, AT_ONCE, async digest => {
    const read = await registry.readManifest(repository, digest)
    const found = read.state === 'read' ? blobsIn(read.bytes) : undefined
    if (found !== undefined) blobs.set(digest, found)
  })
  return { blobs, unread: digests.length - blobs.size }
}

/** An index names manifests only, unless it is that of a cache. */
function mayHaveBlobs(content: Content | undefined): boolean {
  if (content?.state !== 'read') return content?.state !== 'missing'
  return content.manifest.form === 'manifest' || content.manifest.kind === 'cache'
}

function sharedWith(
  here: ReadonlyMap<Digest, readonly Blob[]>,
  elsewhere: ReadonlyMap<Digest, readonly Blob[]>
): ReadonlySet<string> {
  const ours = new Set([...here.values()].flatMap(blobs => blobs.map(({ digest }) => digest)))
  return new Set(
    [...elsewhere.values()].flatMap(blobs =>
      blobs.flatMap(({ digest }) => (ours.has(digest) ? [digest] : []))
    )
  )
}
