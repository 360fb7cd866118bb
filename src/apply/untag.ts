import { randomUUID } from 'node:crypto'
import { orFailure, UnsureError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { type Digest, sha256Of } from '../model/digest.ts'
import { PLACEHOLDER } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { TagHead } from '../registry/read.ts'
import type { DriftDetector } from './drift.ts'
import type { Performed } from './execute.ts'
import { type ForeignRequests, takeOff } from './foreign-tags.ts'
import {
  cameBefore,
  judge,
  notGivenBack,
  type Robbery,
  type Suspects,
  type Taking,
  type Verdict
} from './tag-taken.ts'
import { failed } from './write.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'

/** The requests that untagging takes besides the removal of the placeholder's version. */
export interface TagRequests extends ForeignRequests {
  /** Gets ready to put, so that nothing comes between the look at the tag and the put. */
  prepare(): Promise<void>
  /** What a tag points to at this moment. */
  head(tag: string): Promise<TagHead>
  /** Puts a manifest under a tag, taking it off the version, and gives the manifest's digest. */
  put(version: PackageVersion, tag: string, bytes: Uint8Array, mediaType: string): Promise<Digest>
  /** The newest versions of the package, asked again, as long as there is room for what follows a PUT. */
  newest(): Promise<readonly PackageVersion[]>
  /** One version as GitHub has it now; undefined when it is gone. */
  version(id: number): Promise<PackageVersion | undefined>
  /** The newest versions behind a PUT, with what was put aside for that. */
  newestNow(): Promise<readonly PackageVersion[]>
  /** Whether the listing had this version: pages shift, so not all that comes up on one is new. */
  isKnown(id: number): boolean
  /** Those of new versions that are, or may be, images by themselves. */
  images(versions: readonly PackageVersion[]): Promise<readonly PackageVersion[]>
  /** The versions of other digests that any row of this run showed with the tag. */
  elsewhere(tag: string, than: Digest): readonly PackageVersion[]
  /** Puts a tag on a version that is there. */
  giveBack(version: PackageVersion, tag: string): Promise<void>
}

/** Pauses between looks for the placeholder's version, which GitHub lists with a delay. */
const PAUSES = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000]
/** Between two looks at a tag, in milliseconds: another server answers, and a push sets all of its tags. */
const PAUSE = 1_000
/** How long the index of an image takes to follow its parts, in milliseconds. */
const PARTS = 4_000

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
  async function listingWith(
    digest: Digest,
    isReady: (row: PackageVersion) => boolean = () => true
  ): Promise<readonly PackageVersion[] | undefined> {
    for (const pause of PAUSES) {
      if (pause > 0) await clock.sleep(pause)
      const newest = await requests.newestNow()
      if (newest.some(version => version.digest === digest && isReady(version))) return newest
    }
    return undefined
  }

  // Several tags are stripped at once, and a placeholder without its tag looks like a push.
  const placeholders = new Set<Digest>()

  /** Why a tag must be left alone, as the registry says now. */
  async function objection({ digest }: PackageVersion, tag: string): Promise<Performed | undefined> {
    const holder = await requests.head(tag)
    if (holder.state === 'unread') return failed(holder.cause)
    if (holder.state === 'missing')
      return { status: 'already', detail: 'the tag was gone before this run reached it' }
    return holder.digest === digest
      ? undefined
      : skipped(`the tag has moved to ${holder.digest} since the listing`)
  }

  /** The same as GitHub's rows say, one of which is enough: a server of the registry may lag. */
  async function objectionOf(rows: readonly PackageVersion[], version: PackageVersion, tag: string) {
    const [other] = elsewhere(tag, version)
    if (other !== undefined)
      return skipped(`GitHub shows it on ${other.digest} as well, so it may have moved`)
    // Of many versions it is none of the newest.
    const row = rows.find(({ id }) => id === version.id) ?? (await requests.version(version.id))
    return row?.tags.includes(tag) === false ? skipped('the tag is no longer on it') : undefined
  }

  const elsewhere = (tag: string, { digest }: PackageVersion): readonly PackageVersion[] =>
    requests.elsewhere(tag, digest).filter(other => !placeholders.has(other.digest))

  /** What may have had the tag when the placeholder took it, as the newest versions show it behind that. */
  async function suspectsIn(newest: readonly PackageVersion[], taking: Taking): Promise<Suspects> {
    const { before, version, tag } = taking
    const isNew = ({ id, digest }: PackageVersion): boolean =>
      !before.has(id) && !requests.isKnown(id) && !placeholders.has(digest)
    const pushed = await requests.images(newest.filter(isNew))
    return { pushed: pushed.filter(one => cameBefore(one, taking)), shown: elsewhere(tag, version) }
  }

  /** Judges, and looks once more at what has no tag: the parts of an image come before it. */
  async function judged(newest: readonly PackageVersion[], taking: Taking): Promise<Verdict> {
    const first = judge(taking, await suspectsIn(newest, taking))
    if ('end' in first) return first
    await clock.sleep(PARTS)
    const later = judge(taking, await suspectsIn(await requests.newestNow(), taking))
    return 'end' in later || later.robbed.id === first.robbed.id ? later : first
  }

  /** Gives a tag back, unless somebody put it on something else by now, which one server may not know yet. */
  async function back({ robbed, told }: Robbery, tag: string, own: readonly Digest[]): Promise<Performed> {
    for (const pause of [0, PAUSE]) {
      await clock.sleep(pause)
      const now = await requests.head(tag)
      if (now.state === 'unread') return notGivenBack(robbed, tag, `What has it is unknown: ${now.cause}.`)
      // A server that lags shows it where it was before: to put it there once more does no harm.
      if (now.state === 'found' && ![...own, robbed.digest].includes(now.digest))
        return skipped(`the tag is on ${now.digest} by now`)
    }
    const given = await orFailure(async () => ({ put: await requests.giveBack(robbed, tag) }))
    return 'put' in given ? skipped(told) : notGivenBack(robbed, tag, given.sentence)
  }

  /** Whether the registry or GitHub has the placeholder by now: either may lag. */
  async function isStored(own: Digest, tag: string): Promise<boolean> {
    for (const pause of [0, PAUSE, PARTS]) {
      await clock.sleep(pause)
      const now = await requests.head(tag)
      if (now.state === 'found' && now.digest === own) return true
    }
    return (await requests.newestNow()).some(({ digest }) => digest === own)
  }

  return async (version, tag, stays) => {
    const change = await drift.checkTag(version, tag, stays)
    if (change !== undefined) return skipped(change)
    const moved = await objection(version, tag)
    if (moved !== undefined) return moved
    const rows = await requests.newest()
    const shown = await objectionOf(rows, version, tag)
    if (shown !== undefined) return shown
    await clock.sleep(PAUSE)
    await requests.prepare()
    // From here on: the answer may be on its way for seconds.
    const start = clock.now()
    const still = await objection(version, tag)
    if (still !== undefined) return still
    const { bytes, digest } = placeholder(tag)
    if (images.has(digest)) throw new Error(`the placeholder ${digest} is an image of the package`)
    drift.expect(digest)
    placeholders.add(digest)
    const stored = await orUnsure(() => requests.put(version, tag, bytes, INDEX))
    const took = clock.now() - start
    if (stored instanceof UnsureError) {
      if (!(await isStored(digest, tag))) return failed(mayBeOn(digest, tag, stored.message))
    } else if (stored !== digest) {
      return failed(`the registry stored ${stored} instead of the placeholder ${digest}`)
    }
    const first = await listingWith(digest)
    const foreign = foreignTags(first, digest, tag)
    const { back: returned, stuck } = await takeOff(digest, foreign, requests)
    if (stuck.length > 0) return failed(staysFor(digest, foreign, [...returned, ...stuck]))
    const isAlone = (row: PackageVersion): boolean => row.tags.every(other => other === tag)
    const newest = foreign.length === 0 ? first : await listingWith(digest, isAlone)
    const listed = newest?.find(candidate => candidate.digest === digest)
    if (newest === undefined || listed === undefined) {
      return failed(
        [
          `${OFF}, but GitHub does not list the placeholder ${digest} with this tag alone; the next run removes it, unless it has other tags by then`,
          ...returned
        ].join('. ')
      )
    }
    const before = new Set(rows.map(({ id }) => id))
    const verdict = await judged(newest, { version, tag, before, placeholder: listed, took })
    const told = (end: Performed): Performed =>
      returned.length === 0 ? end : failed([end.detail || OFF, ...returned].join('. '))
    if ('end' in verdict) return withPlaceholder(await remove(listed), digest, told(verdict.end))
    const end = told(await back(verdict, tag, [digest, version.digest]))
    // Without the tag the placeholder is another row than the one that was listed.
    const bare = (await listingWith(digest, isAlone))?.find(candidate => candidate.digest === digest)
    const removed =
      bare === undefined ? failed('GitHub does not list it without other tags') : await remove(bare)
    return withPlaceholder(removed, digest, end)
  }
}

/** A write whose answer was lost may have been carried out: then what follows is the same as if it had been answered. */
async function orUnsure<T>(write: () => Promise<T>): Promise<T | UnsureError> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof UnsureError) return error
    throw error
  }
}

const mayBeOn = (placeholder: Digest, tag: string, why: string): string =>
  `${why} If it was carried out, the tag is on the placeholder ${placeholder}, an empty index, and the next run removes ` +
  `both: if somebody pushed it right before, put it on that image: \`docker buildx imagetools create -t <image>:${tag} <image>@<digest>\``

/** What is true of a tag that was stripped. */
const OFF = 'the tag is off the image'

const skipped = (detail: string): Performed => ({ status: 'skipped', detail })

/** The tags that the placeholder has besides the one that it took. */
const foreignTags = (rows: readonly PackageVersion[] | undefined, placeholder: Digest, tag: string) =>
  (rows ?? []).flatMap(row => (row.digest === placeholder ? row.tags.filter(other => other !== tag) : []))

/** A placeholder that has a tag of somebody is not removed by any run. */
const staysFor = (placeholder: Digest, tags: readonly string[], sentences: readonly string[]): string =>
  `${OFF}, but its placeholder ${placeholder} stays. ${sentences.join('. ')}. Put each of ${tags.join(', ')} on ` +
  'its image: `docker buildx imagetools create -t <image>:<tag> <image>@<digest>`. No run removes the placeholder before'

/** The outcome of untagging, by what became of the placeholder, where `end` is true of the tag by then. */
function withPlaceholder(removed: Performed, placeholder: Digest, end: Performed): Performed {
  if (removed.status === 'done' || removed.status === 'already') return end
  const told = end.detail === '' ? OFF : end.detail
  // The tag may stand on it, so that it must not stay without a word.
  const status = removed.status === 'skipped' || end.status === 'failed' ? 'failed' : removed.status
  return {
    ...removed,
    status,
    detail: `${told}, but the placeholder ${placeholder} stays: ${removed.detail}`
  }
}

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
