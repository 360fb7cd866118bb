import { randomUUID } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { type Digest, sha256Of } from '../model/digest.ts'
import { PLACEHOLDER } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { TagHead } from '../registry/read.ts'
import type { DriftDetector } from './drift.ts'
import type { Performed } from './execute.ts'
import { DONE, failed } from './write.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'

/** The requests that untagging takes besides the removal of the placeholder's version. */
export interface TagRequests {
  /** Gets ready to put, so that nothing comes between the look at the tag and the put. */
  prepare(): Promise<void>
  /** What a tag points to at this moment. */
  head(tag: string): Promise<TagHead>
  /** Puts a manifest under a tag, taking it off the version, and gives the manifest's digest. */
  put(version: PackageVersion, tag: string, bytes: Uint8Array, mediaType: string): Promise<Digest>
  /** The newest versions of the package, asked again, as long as there is room for what follows a PUT. */
  newest(): Promise<readonly PackageVersion[]>
  /** The same behind a PUT, with what was put aside for that. */
  newestNow(): Promise<readonly PackageVersion[]>
  /** What these versions name or describe, as far as they can be read. */
  needed(versions: readonly PackageVersion[]): Promise<ReadonlySet<string>>
  /** Puts a tag on a version that is there. */
  giveBack(version: PackageVersion, tag: string): Promise<void>
}

/** Pauses between looks for the placeholder's version, which GitHub lists with a delay. */
const PAUSES = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000]

/**
 * Takes one tag off a version that others hold. GitHub has no call for that (facts 1.7): the tag is moved to
 * a placeholder manifest of our own, and the version of that manifest is deleted. The placeholder is found by
 * its digest, never by the tag: a stale listing still has the tag on the image.
 *
 * @param images digests of every version of the package, none of which the placeholder may be
 * @param remove deletes the placeholder's version
 */
export function untagger(
  drift: DriftDetector,
  requests: TagRequests,
  images: ReadonlySet<Digest>,
  remove: (version: PackageVersion) => Promise<Performed>,
  clock: Clock
): (version: PackageVersion, tag: string, stays: readonly string[]) => Promise<Performed> {
  /** The newest versions once the placeholder is among them; undefined when GitHub does not list it. */
  async function listingWith(digest: Digest): Promise<readonly PackageVersion[] | undefined> {
    for (const pause of PAUSES) {
      if (pause > 0) await clock.sleep(pause)
      const newest = await requests.newestNow()
      if (newest.some(version => version.digest === digest)) return newest
    }
    return undefined
  }

  // Several tags are stripped at once, and a placeholder without its tag looks like a push.
  const placeholders = new Set<Digest>()

  return async (version, tag, stays) => {
    const change = await drift.checkTag(version, tag, stays)
    if (change !== undefined) return { status: 'skipped', detail: change }
    const before = new Set((await requests.newest()).map(({ id }) => id))
    await requests.prepare()
    const holder = await requests.head(tag)
    if (holder.state === 'unread') return failed(holder.cause)
    if (holder.state === 'missing')
      return { status: 'already', detail: 'the tag was gone before this run reached it' }
    if (holder.digest !== version.digest) {
      return { status: 'skipped', detail: `the tag has moved to ${holder.digest} since the listing` }
    }
    const { bytes, digest } = placeholder(tag)
    if (images.has(digest)) throw new Error(`the placeholder ${digest} is an image of the package`)
    drift.expect(digest)
    placeholders.add(digest)
    const stored = await requests.put(version, tag, bytes, INDEX)
    if (stored !== digest) {
      return failed(`the registry stored ${stored} instead of the placeholder ${digest}`)
    }
    const newest = await listingWith(digest)
    const listed = newest?.find(candidate => candidate.digest === digest)
    if (newest === undefined || listed === undefined || listed.tags.some(other => other !== tag)) {
      return failed(
        `the tag is off the image, but GitHub does not list the placeholder ${digest} with this tag alone; the next run removes it`
      )
    }
    const pushed = newest.filter(({ id, digest: one }) => !before.has(id) && !placeholders.has(one))
    const robbed = pushed.some(isUntagged) ? robbedOf(pushed, await requests.needed(pushed)) : undefined
    if (robbed === undefined) return withPlaceholder(await remove(listed), digest, 'the tag is off the image')
    await requests.giveBack(robbed, tag)
    const told = `a push took the tag meanwhile: it is back on ${robbed.digest}`
    // Without the tag the placeholder is another row than the one that was listed.
    const bare = (await listingWith(digest))?.find(candidate => candidate.digest === digest)
    const removed = bare === undefined ? failed('GitHub does not list it') : await remove(bare)
    const end = withPlaceholder(removed, digest, told)
    return end === DONE ? { status: 'skipped', detail: told } : end
  }
}

/** The outcome of untagging, by what became of the placeholder; `told` says what is true of the tag by then. */
function withPlaceholder(removed: Performed, placeholder: Digest, told: string): Performed {
  if (removed.status === 'done' || removed.status === 'already') return DONE
  return { ...removed, detail: `${told}, but the placeholder ${placeholder} stays: ${removed.detail}` }
}

/**
 * The version from which the placeholder took the tag, when a push came between the look at the tag and the put: it
 * is new, has no tag, and is no part of another one. Of an image with platforms the index is pushed last.
 */
function robbedOf(
  pushed: readonly PackageVersion[],
  needed: ReadonlySet<string>
): PackageVersion | undefined {
  return pushed
    .filter(version => isUntagged(version) && !needed.has(version.digest))
    .toSorted((a, b) => (b.created ?? 0) - (a.created ?? 0) || b.id - a.id)
    .at(0)
}

const isUntagged = ({ tags }: PackageVersion): boolean => tags.length === 0

/** An empty index that nobody else has: needs no blob, pulls as nothing, and says what it is. */
function placeholder(tag: string): { bytes: Uint8Array; digest: Digest } {
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
