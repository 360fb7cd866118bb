import type { Listing } from '../../github/listing.ts'
import type { Needs } from '../../inventory/arrivals.ts'
import { type Digest, referrerTag } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { DriftReader } from './looks.ts'
import type { SeenRows } from './seen-rows.ts'

const NO_NEEDS: Needs = { needed: new Set() }

/** Follows what is new in a package since its listing: with the rows, the only two ways the world can move. */
export function newVersions(
  listing: Listing,
  candidates: readonly PackageVersion[],
  rows: SeenRows,
  reader: DriftReader
) {
  const known = new Set(listing.versions.map(version => version.id))
  const own = new Set<Digest>()
  const needed = new Set<string>()
  const arrived = new Set<Digest>()
  /** New versions that nobody could read: they may need anything until somebody can, shown again or not. */
  let open: readonly PackageVersion[] = []
  let unread: string | undefined
  let arrivalsAt = listing.asOf

  /** Versions that were not there at the listing, and when the first of the pages was read that show them. */
  async function findNew() {
    const found: PackageVersion[] = []
    let asOf = Number.POSITIVE_INFINITY
    for (let page = 1; ; page++) {
      const { seen, at } = await rows.lookAtPage(page)
      asOf = Math.min(asOf, at)
      const unknown = seen.filter(version => !known.has(version.id) && !own.has(version.digest))
      found.push(...unknown)
      // Newest first, a page with a version that is known ends the search; in any other order all pages count.
      if (seen.length === 0 || (listing.newestFirst && unknown.length < seen.length)) break
    }
    return { found, asOf }
  }

  async function look(): Promise<void> {
    const { found, asOf } = await findNew()
    const arrivals = [...open, ...found]
    const newTags = await reader.newTags()
    for (const { id, digest } of candidates) {
      const tag = newTags.found.get(digest)
      if (tag !== undefined) rows.changed(id, `tag ${tag} was put on it after the listing`)
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
    unread = whyUnread(needs.unread, newTags.unread)
    arrivalsAt = asOf
  }

  return {
    look,
    /** When all was seen that is known to be new. */
    seenAt: () => arrivalsAt,
    needed,
    arrived,
    unread: () => unread,
    expect: (digest: Digest): void => void own.add(digest),
    /** Why a version must be left alone for what is new. */
    objection(version: PackageVersion): string | undefined {
      // Nobody can need our own placeholder, and a tag that stays on it is lost.
      if (own.has(version.digest)) return undefined
      return needed.has(version.digest) || needed.has(referrerTag(version.digest))
        ? 'a version that was pushed after the listing needs it or describes it'
        : unread
    }
  }
}

function whyUnread(version: string | undefined, tags: string | undefined): string | undefined {
  if (version !== undefined)
    return `the new version ${version} could not be read, so what it needs is unknown`
  return tags && `the registry's list of tags could not be read (${tags}), so a new tag would not show`
}
