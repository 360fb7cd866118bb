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

/** No more manifests than this are read of what goes, nor of what stays: GitHub counts each as a download, and reading takes time. */
const MOST_READ = 10_000
/** No more blobs are remembered: a manifest of 4 MiB can name 24,000. */
const MOST_BLOBS = 1_000_000

type Reader = Pick<Registry, 'readManifest'>

/**
 * Finds the blobs of what a plan deletes, and which of them something that stays names as well. Reads nothing where
 * nothing is deleted.
 *
 * @param most how many manifests are read of what goes, and of what stays
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
  const read = async (digests: readonly Digest[], take: Take): Promise<number> => {
    const unread = await readBlobs(registry, repository, digests.slice(0, most), take)
    return unread + Math.max(digests.length - most, 0)
  }
  const here = collector()
  const unread = await read(
    withBlobs.filter(digest => goes.has(digest)),
    here.take
  )
  const ours = new Set([...here.blobs.values()].flatMap(blobs => blobs.map(({ digest }) => digest)))
  const shared = new Set<string>()
  const elsewhere = await read(
    withBlobs.filter(digest => !goes.has(digest)),
    (_, blobs) => {
      for (const { digest } of blobs) if (ours.has(digest)) shared.add(digest)
      return true
    }
  )
  return { blobs: here.blobs, shared, unread: { here: unread, elsewhere } }
}

/** Takes the blobs of a manifest; false where there is no room for them. */
type Take = (manifest: Digest, blobs: readonly Blob[]) => boolean

function collector(): { readonly blobs: ReadonlyMap<Digest, readonly Blob[]>; readonly take: Take } {
  const blobs = new Map<Digest, readonly Blob[]>()
  let room = MOST_BLOBS
  return {
    blobs,
    take(manifest, named) {
      if (named.length > room) return false
      room -= named.length
      blobs.set(manifest, named)
      return true
    }
  }
}

/**
 * Finds the blobs of images and of everything that they name.
 *
 * @param roots digests of the images
 * @param most how many manifests are read
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function readTreeSizes(
  pkg: Package,
  roots: readonly Digest[],
  registry: Reader,
  most = MOST_READ
): Promise<BlobReport> {
  const repository = repositoryOf(pkg)
  const { blobs, take } = collector()
  const seen = new Set<Digest>()
  let unread = 0
  for (let next = [...new Set(roots)]; next.length > 0; ) {
    const level = next.slice(0, most - seen.size)
    unread += next.length - level.length
    for (const digest of level) seen.add(digest)
    const children = await eachOf(level, AT_ONCE, async digest => {
      const read = await registry.readManifest(repository, digest)
      const found = read.state === 'read' ? blobsIn(read.bytes) : undefined
      if (found === undefined || !take(digest, found)) unread++
      return read.state === 'read' ? read.manifest.children.map(child => child.digest) : []
    })
    next = [...new Set(children.flat())].filter(digest => !seen.has(digest))
  }
  return { blobs, shared: new Set(), unread: { here: unread, elsewhere: 0 } }
}

/** Hands over the blobs that some manifests name, and counts those of which that cannot be known. */
async function readBlobs(
  registry: Reader,
  repository: string,
  digests: readonly Digest[],
  take: Take
): Promise<number> {
  let unread = 0
  await eachOf(digests, AT_ONCE, async digest => {
    const read = await registry.readManifest(repository, digest)
    const found = read.state === 'read' ? blobsIn(read.bytes) : undefined
    if (found === undefined || !take(digest, found)) unread++
  })
  return unread
}

/** An index names manifests only, unless it is that of a cache. */
function mayHaveBlobs(content: Content | undefined): boolean {
  if (content?.state !== 'read') return content?.state !== 'missing'
  return content.manifest.form === 'manifest' || content.manifest.kind === 'cache'
}
