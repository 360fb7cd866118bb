import { randomUUID } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { type Digest, sha256Of } from '../model/digest.ts'
import { PLACEHOLDER } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { TagHead } from '../registry/client.ts'
import type { DriftDetector } from './drift.ts'
import type { Performed } from './execute.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'

/** The requests that untagging takes beside the removal of the throw-away's version. */
export interface Labels {
  /** What a tag points to at this moment. */
  head(tag: string): Promise<TagHead>
  /** Puts a manifest under a tag, taking it off the version, and gives the manifest's digest. */
  put(version: PackageVersion, tag: string, bytes: Uint8Array, mediaType: string): Promise<Digest>
  /** The newest versions of the package, asked anew. */
  newest(): Promise<readonly PackageVersion[]>
}

/** Pauses between looks for the throw-away's version, which GitHub lists with a delay. */
const PAUSES = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000]

/**
 * Takes one tag off a version that others hold. GitHub has no call for that (facts 1.7): the tag is moved to
 * a throw-away manifest of our own, and the version of that manifest is deleted. The throw-away is found by
 * its digest, never by the tag: a stale listing still has the tag on the image.
 *
 * @param images digests of every version of the package, none of which the throw-away may be
 * @param remove deletes the throw-away's version
 */
export function untagger(
  knowledge: DriftDetector,
  labels: Labels,
  images: ReadonlySet<Digest>,
  remove: (version: PackageVersion) => Promise<Performed>,
  clock: Clock
): (version: PackageVersion, tag: string, stays: readonly string[]) => Promise<Performed> {
  /** The throw-away's version once GitHub lists it with its tag and nothing else. */
  async function find(digest: Digest, tag: string): Promise<PackageVersion | undefined> {
    for (const pause of PAUSES) {
      if (pause > 0) await clock.sleep(pause)
      const version = (await labels.newest()).find(candidate => candidate.digest === digest)
      if (version !== undefined && version.tags.length === 1 && version.tags[0] === tag) return version
    }
    return undefined
  }

  return async (version, tag, stays) => {
    const change = await knowledge.checkTag(version, tag, stays)
    if (change !== undefined) return { status: 'skipped', detail: change }
    const holder = await labels.head(tag)
    if (holder.state === 'unread') return { status: 'failed', detail: holder.cause }
    if (holder.state === 'missing')
      return { status: 'already', detail: 'the tag was gone before this run came to it' }
    if (holder.digest !== version.digest) {
      return { status: 'skipped', detail: `the tag has moved to ${holder.digest} since the listing` }
    }
    const { bytes, digest } = throwaway(tag)
    if (images.has(digest)) throw new Error(`the throw-away manifest ${digest} is an image of the package`)
    knowledge.expect(digest)
    const stored = await labels.put(version, tag, bytes, INDEX)
    if (stored !== digest) {
      return { status: 'failed', detail: `the registry stored ${stored} instead of the throw-away ${digest}` }
    }
    const holding = await find(digest, tag)
    if (holding === undefined) {
      return {
        status: 'failed',
        detail: `the tag is off the image, but GitHub does not list the throw-away ${digest} that holds it now; delete that version by hand, or let the next run find it`
      }
    }
    const removed = await remove(holding)
    if (removed.status === 'done' || removed.status === 'already') return { status: 'done', detail: '' }
    return {
      ...removed,
      detail: `the tag is off the image, but the throw-away ${digest} stays: ${removed.detail}`
    }
  }
}

/** An empty index that nobody else has: needs no blob, pulls as nothing, and says what it is. */
function throwaway(tag: string): { bytes: Uint8Array; digest: Digest } {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [],
      annotations: { [PLACEHOLDER]: tag, [`${PLACEHOLDER}.id`]: randomUUID() }
    })
  )
  return { bytes, digest: sha256Of(bytes) }
}
