import type { Listing } from '../github/listing.ts'
import type { Look } from '../github/package-versions.ts'
import type { Needs } from '../inventory/arrivals.ts'
import type { Clock } from '../model/clock.ts'
import { type Digest, referrerTag } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { changeOf } from '../policy/change.ts'
import { batchAfter, looksAt } from './looks.ts'
import type { NewTags } from './new-tags.ts'

/** What is known of a version when its DELETE is sent is at most this old (law 5), in milliseconds. */
const FRESH = 10_000
/** Rows are looked at again a little earlier, so that a short queue does not make them stale. */
const RENEW = 7_000
/** How often one version is looked at before it is left alone because the answers come too late. */
const LOOKS = 3
/** The looks that the drift check takes; each asks GitHub again. */
export interface DriftReader {
  /** One page of the package's versions, counted from 1; empty beyond the last. */
  page(page: number): Promise<Look<readonly PackageVersion[]>>
  /** One version; undefined when it is gone. */
  version(id: number): Promise<Look<PackageVersion | undefined>>
  /** Tags that the registry shows and that nobody knew at the listing: a second witness to the rows. */
  newTags(): Promise<Omit<NewTags, 'isUnlisted'>>
  /** What versions that are new in the package need or describe: digests and referrer tags' keys. */
  needs(arrivals: readonly PackageVersion[]): Promise<Needs>
}

const NO_NEEDS: Needs = { needed: new Set() }

/** What is known of the package since the listing. */
export interface DriftDetector {
  /**
   * Looks again where the last look is too old.
   * @returns `gone`, a sentence saying why the version must be left alone, or undefined when it is unchanged
   */
  check(version: PackageVersion): Promise<'gone' | string | undefined>
  /**
   * The same for a tag that is to be stripped: it must still be there, and so must one of those that stay.
   * @returns a sentence saying why the tag must be left alone, or undefined
   */
  checkTag(version: PackageVersion, tag: string, stays: readonly string[]): Promise<string | undefined>
  /**
   * True while a DELETE may be sent: all that is known is recent enough, and nothing of it speaks against that. Others
   * look, too, so more may be known by now than `check` said.
   */
  fresh(version: PackageVersion): boolean
  /** Looks at rows that others read, and gives them on: what one of them shows speaks against a deletion, too. */
  note(rows: readonly PackageVersion[]): readonly PackageVersion[]
  /** The versions of other digests that any row showed with a tag that is to be stripped: one row is believed. */
  elsewhere(tag: string, than: Digest): readonly PackageVersion[]
  /** A new version that is our own work and needs nothing. */
  expect(digest: Digest): void
  /** What came since the listing, as any look at GitHub's list showed. */
  readonly arrived: ReadonlySet<Digest>
  /** What any look showed that new versions need or describe: digests and referrer tags' keys. */
  readonly needed: ReadonlySet<string>
  /** Why nobody can tell what new versions and tags need: a phrase; undefined when it is known. */
  unread(): string | undefined
}

interface Row {
  readonly now: PackageVersion | undefined
  readonly at: number
}

/**
 * Follows a package between its listing and its last DELETE: tags that land on a candidate, new indexes that
 * adopt one, new signatures on one. Looks by page or by version, whichever takes fewer requests.
 *
 * @param candidates what will be deleted, in that order: one look covers the next few of them
 * @param stripped tags that will be taken off
 */
export function detectDrift(
  listing: Listing,
  candidates: readonly PackageVersion[],
  stripped: readonly string[],
  reader: DriftReader,
  clock: Clock
): DriftDetector {
  const known = new Set(listing.versions.map(version => version.id))
  const own = new Set<Digest>()
  const position = new Map(candidates.map((version, index) => [version.id, index]))
  // The listing is the first look.
  const rows = new Map<number, Row>(candidates.map(now => [now.id, { now, at: listing.asOf }]))
  /** By each tag that is to be stripped, what any row showed with it. */
  const holders = new Map(stripped.map(tag => [tag, new Map<Digest, PackageVersion>()]))
  const sight = (row: PackageVersion): void => {
    for (const tag of row.tags) holders.get(tag)?.set(row.digest, row)
  }
  listing.versions.forEach(sight)
  const needed = new Set<string>()
  const arrived = new Set<Digest>()
  /** What speaks against a deletion, by id: a later look that does not show it any more may only lag. */
  const changes = new Map<number, string>()
  /** New versions that nobody could read: they may need anything until somebody can, shown again or not. */
  let open: readonly PackageVersion[] = []
  let unread: string | undefined
  let arrivalsAt = listing.asOf
  /** How many versions were asked about since the last look at rows: the next one covers about as many. */
  let asked = 0
  let looking: Promise<void> | undefined

  const age = (version: PackageVersion): number =>
    clock.now() - Math.min(rows.get(version.id)?.at ?? Number.NEGATIVE_INFINITY, arrivalsAt)

  function see(now: PackageVersion): void {
    sight(now)
    const version = candidates[position.get(now.id) ?? -1]
    const change = version && changeOf(version, now, 'after the listing')
    if (change !== undefined && !changes.has(now.id)) changes.set(now.id, change)
  }

  function note(id: number, now: PackageVersion | undefined, at: number): void {
    rows.set(id, { now, at })
    if (now !== undefined) see(now)
  }

  async function take(page: number): Promise<Look<readonly PackageVersion[]>> {
    const look = await reader.page(page)
    for (const now of look.seen) note(now.id, now, look.at)
    return look
  }

  /** Versions that were not there at the listing; with the rows, the only two ways the world can move. */
  async function lookForArrivals(): Promise<void> {
    const arrivals = [...open]
    let asOf = Number.POSITIVE_INFINITY
    for (let page = 1; ; page++) {
      const { seen, at } = await take(page)
      asOf = Math.min(asOf, at)
      const unknown = seen.filter(version => !known.has(version.id) && !own.has(version.digest))
      arrivals.push(...unknown)
      // Newest first, a page with a version that is known ends the search; in any other order all pages count.
      if (seen.length === 0 || (listing.newestFirst && unknown.length < seen.length)) break
    }
    const newTags = await reader.newTags()
    for (const { id, digest } of candidates) {
      const tag = newTags.found.get(digest)
      if (tag !== undefined && !changes.has(id)) changes.set(id, `tag ${tag} was put on it after the listing`)
    }
    const needs = arrivals.length === 0 ? NO_NEEDS : await reader.needs(arrivals)
    for (const need of needs.needed) needed.add(need)
    // One that could not be read is tried again at the next look.
    open = needs.unread === undefined ? [] : arrivals
    for (const arrival of arrivals) {
      known.add(arrival.id)
      arrived.add(arrival.digest)
    }
    // Only now, because what could not be read before may need anything until it is read.
    unread =
      needs.unread === undefined
        ? newTags.unread &&
          `the registry's list of tags could not be read (${newTags.unread}), so a new tag would not show`
        : `the new version ${needs.unread} could not be read, so what it needs is unknown`
    arrivalsAt = asOf
  }

  const isStale = ({ id }: PackageVersion): boolean =>
    clock.now() - (rows.get(id)?.at ?? Number.NEGATIVE_INFINITY) > RENEW

  async function lookAtRows(from: PackageVersion): Promise<void> {
    const start = position.get(from.id)
    const batch = start === undefined ? [from] : candidates.slice(start, start + batchAfter(asked))
    asked = 0
    const { pages, singles } = looksAt(batch.filter(isStale), ({ id }) => listing.pageOf.get(id))
    for (const page of pages) await take(page)
    // What a page did not show has moved to another one.
    const moved = batch.filter(version => isStale(version) && !singles.includes(version))
    for (const { id } of [...singles, ...moved]) {
      const { seen, at } = await reader.version(id)
      note(id, seen, at)
    }
  }

  async function look(version: PackageVersion): Promise<void> {
    if (clock.now() - arrivalsAt > RENEW) await lookForArrivals()
    if (isStale(version)) await lookAtRows(version)
  }

  /** The version as it is now, known freshly enough; `late` when GitHub is too slow for that. */
  async function current(version: PackageVersion): Promise<PackageVersion | undefined | 'late'> {
    asked++
    for (let looks = 0; age(version) > RENEW; ) {
      // One look at a time: those who wait for it mostly find their own row in it.
      if (looking === undefined) {
        if (++looks > LOOKS) return 'late'
        looking = look(version).finally(() => {
          looking = undefined
        })
      }
      await looking
    }
    return rows.get(version.id)?.now
  }

  const objection = (version: PackageVersion, now: PackageVersion): string | undefined =>
    changes.get(version.id) ??
    changeOf(version, now, 'after the listing') ??
    // Nobody can need our own placeholder, and a tag that stays on it is lost.
    (own.has(version.digest) ? undefined : adopted(version, needed, unread))

  return {
    arrived,
    needed,
    unread: () => unread,
    async check(version) {
      const now = await current(version)
      if (now === undefined) return 'gone'
      if (now === 'late') return LATE
      return objection(version, now)
    },
    async checkTag(version, tag, stays) {
      const now = await current(version)
      if (now === 'late') return LATE
      if (!now?.tags.includes(tag)) return 'the tag is no longer on it'
      if (!stays.some(other => now.tags.includes(other))) return 'no other tag points to it anymore'
      return undefined
    },
    fresh(version) {
      const now = rows.get(version.id)?.now
      return age(version) <= FRESH && now !== undefined && objection(version, now) === undefined
    },
    note: seen => {
      seen.forEach(see)
      return seen
    },
    elsewhere: (tag, than) => [...(holders.get(tag)?.values() ?? [])].filter(({ digest }) => digest !== than),
    expect: digest => {
      own.add(digest)
    }
  }
}

const LATE = `GitHub took longer than ${RENEW / 1000} seconds to say what it is now`

function adopted(
  version: PackageVersion,
  needed: ReadonlySet<string>,
  unread: string | undefined
): string | undefined {
  if (needed.has(version.digest) || needed.has(referrerTag(version.digest))) {
    return 'a version that was pushed after the listing needs it or describes it'
  }
  return unread
}
