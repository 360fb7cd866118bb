import type { Listing } from '../../github/listing.ts'
import type { Look } from '../../github/package-versions.ts'
import type { Clock } from '../../model/clock.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { changeOf } from '../../policy/change.ts'
import { batchAfter, type DriftReader, looksAt } from './looks.ts'

/** Rows are looked at again a little before they are stale, so that a short queue does not make them so, in milliseconds. */
export const RENEW = 7_000

interface Row {
  readonly now: PackageVersion | undefined
  readonly at: number
}

export type SeenRows = ReturnType<typeof seenRows>

/** What rows showed of the versions that will change, and when. @see detectDrift */
export function seenRows(
  listing: Listing,
  candidates: readonly PackageVersion[],
  stripped: readonly string[],
  reader: DriftReader,
  clock: Clock
) {
  const { see: sight, ...sightings } = createSightings(listing.versions, stripped)
  const position = new Map(candidates.map((version, index) => [version.id, index]))
  // The listing is the first look.
  const rows = new Map<number, Row>(candidates.map(now => [now.id, { now, at: listing.asOf }]))

  const seenAt = ({ id }: PackageVersion): number => rows.get(id)?.at ?? Number.NEGATIVE_INFINITY
  const isStale = (version: PackageVersion): boolean => clock.now() - seenAt(version) > RENEW

  const see = (now: PackageVersion): void => sight(now, candidates[position.get(now.id) ?? -1])

  function note(id: number, now: PackageVersion | undefined, at: number): void {
    rows.set(id, { now, at })
    if (now !== undefined) see(now)
  }

  async function lookAtPage(page: number): Promise<Look<readonly PackageVersion[]>> {
    const look = await reader.page(page)
    for (const now of look.seen) note(now.id, now, look.at)
    return look
  }

  /** Looks again at a version, and at the next ones. @param asked how many were asked about since the last time */
  async function renew(from: PackageVersion, asked: number): Promise<void> {
    const start = position.get(from.id)
    const batch = start === undefined ? [from] : candidates.slice(start, start + batchAfter(asked))
    const { pages, singles } = looksAt(batch.filter(isStale), ({ id }) => listing.pageOf.get(id))
    for (const page of pages) await lookAtPage(page)
    // What a page did not show has moved to another one.
    const moved = batch.filter(version => isStale(version) && !singles.includes(version))
    for (const { id } of [...singles, ...moved]) {
      const { seen, at } = await reader.version(id)
      note(id, seen, at)
    }
  }

  return {
    ...sightings,
    see,
    /** When it was looked at last, and what it was then: undefined when it was gone. */
    seenAt,
    now: ({ id }: PackageVersion) => rows.get(id)?.now,
    isStale,
    lookAtPage,
    renew
  }
}

function createSightings(listed: readonly PackageVersion[], stripped: readonly string[]) {
  /** By each tag that is to be stripped, what any row showed with it. */
  const holders = new Map(stripped.map(tag => [tag, new Map<Digest, PackageVersion>()]))
  /** What speaks against a deletion, by id: a later look that does not show it any more may only lag. */
  const changes = new Map<number, string>()

  function see(now: PackageVersion, before: PackageVersion | undefined): void {
    for (const tag of now.tags) holders.get(tag)?.set(now.digest, now)
    const change = before && changeOf(before, now, 'after the listing')
    if (change !== undefined) changed(now.id, change)
  }

  function changed(id: number, change: string): void {
    if (!changes.has(id)) changes.set(id, change)
  }

  for (const row of listed) see(row, undefined)
  return {
    see,
    changed,
    changeSeen: ({ id }: PackageVersion) => changes.get(id),
    elsewhere: (tag: string, than: Digest): readonly PackageVersion[] =>
      [...(holders.get(tag)?.values() ?? [])].filter(({ digest }) => digest !== than)
  }
}
