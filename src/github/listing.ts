import { ExpectedError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import { PER_PAGE } from './lists.ts'

/** Every version of a package that was there before it was listed. */
export interface Listing {
  /** In GitHub's order; each id and each digest once. */
  readonly versions: readonly PackageVersion[]
  /** The page, counted from 1, on which each id was seen. */
  readonly pageOf: ReadonlyMap<number, number>
  /** True when the order is by creation, newest first, as GitHub is seen to list without promising it. */
  readonly newestFirst: boolean
  /** When its reading began (milliseconds since 1970): what it shows is no older. */
  readonly asOf: number
  /** How many more GitHub counts, and did not list at any look. */
  readonly unseen: number
}

/** One page as GitHub gave it. */
export interface Page {
  readonly versions: readonly PackageVersion[]
  /** The number of the last page, as far as this page knows. */
  readonly last: number
  /** Whether GitHub says that another page follows. */
  readonly more: boolean
}

export type Progress = (pagesRead: number, pages: number) => void

/** How a package is listed. Each function asks GitHub again. */
export interface ListReader {
  page(page: number): Promise<Page>
  /** GitHub's own count of the versions; undefined where it gives none. */
  count(): Promise<number | undefined>
  /** Whether this version is still there. */
  isThere(id: number): Promise<boolean>
}

/** Pages that are read at once. */
const AT_ONCE = 8
/** Pauses before each reading of the whole list, in milliseconds. */
const READINGS: readonly number[] = [0, 3_000, 10_000, 30_000]
/** The pause before the last look for versions that GitHub counts and does not list. */
const LAST_LOOK = 15_000
/** How many versions that a later reading does not show any more are looked up one by one. */
const LOOK_UPS = 100

/** All pages, read once, or what several readings showed together. */
type Reading = Omit<Listing, 'newestFirst' | 'unseen' | 'asOf'>

/**
 * Reads all pages until every version that was there before the reading began has been seen. The list moves while
 * it is read, and a version that slipped through between two pages could be the index that needs another one.
 *
 * One reading is enough when GitHub counted as many versions right before and right after its first page as it
 * showed, and counts as many at the end, those that were pushed meanwhile included. Otherwise a further reading, after a pause, must
 * show nothing that was there before and that the earlier ones did not show. GitHub's count alone decides nothing.
 *
 * @param hint what GitHub counted a while ago
 * @throws ExpectedError when every reading shows something that the ones before did not
 */
export async function listCompletely(
  name: string,
  reader: ListReader,
  hint: number | undefined,
  progress: Progress,
  clock: Clock
): Promise<Listing> {
  const asOf = clock.now()
  const finish = (reading: Reading, unseen: number): Listing => ({
    ...reading,
    newestFirst: isNewestFirst(reading.versions),
    asOf,
    unseen
  })
  let seen: Reading | undefined
  for (const pause of READINGS) {
    if (pause > 0) await clock.sleep(pause)
    // What one page shows is one moment: a count from a while ago that agrees with it will do.
    const before = seen === undefined && hint !== undefined && hint <= PER_PAGE ? hint : await reader.count()
    const { pages, amid } = await readPages(reader, progress)
    const reading = merge(pages.map(page => page.versions))
    const isWhole = seen === undefined ? false : showsNothingOlder(reading, seen)
    const found: Reading = seen === undefined ? reading : await join(seen, reading, name, reader)
    if (seen === undefined && pages.length === 1 && before === found.versions.length) return finish(found, 0)
    const counted = amid ?? before
    const after = await catchUp(found, counted === before ? counted : undefined, reader)
    if (after.isExact) return finish(after.reading, 0)
    if (isWhole) return finish(...(await lookForUnseen(after.reading, counted, reader, clock)))
    seen = after.reading
  }
  throw new ExpectedError(
    `The list of the versions of ${name} is not complete: each of ${READINGS.length} attempts showed versions that the ` +
      `earlier ones had missed; together they have ${seen?.versions.length ?? 0}. Either versions are being deleted all the time, ` +
      'or GitHub answers with lists of different ages. Nothing is decided on this package. Run again when less is going on.'
  )
}

/** `amid` is GitHub's count right after the first of several pages. */
async function readPages(
  reader: ListReader,
  progress: Progress
): Promise<{ pages: Page[]; amid: number | undefined }> {
  const first = await reader.page(1)
  // From here on, because a push before page 1 and a deletion after it would cancel out in counts before and after.
  const amid = first.more ? await reader.count() : undefined
  const pages = [first]
  progress(1, first.last)
  let done = 1
  const others = Array.from({ length: Math.max(0, first.last - 1) }, (_, index) => index + 2)
  await eachOf(others, AT_ONCE, async number => {
    pages[number - 1] = await reader.page(number)
    progress(++done, first.last)
  })
  // The list may have grown meanwhile.
  while (pages.at(-1)?.more) {
    pages.push(await reader.page(pages.length + 1))
    progress(pages.length, pages.length)
  }
  return { pages, amid }
}

/**
 * Adds what was pushed while the pages were read, where the newest versions come first.
 *
 * @param counted GitHub's count right before and after the first page; undefined where the two differ
 * @returns `isExact` when the counts, with the pushes, leave no room for a version that was missed
 */
async function catchUp(
  reading: Reading,
  counted: number | undefined,
  reader: ListReader
): Promise<{ reading: Reading; isExact: boolean }> {
  const found = reading.versions.length
  const after = await reader.count()
  if (counted === found && after === found) return { reading, isExact: true }
  if (after === undefined || after <= found || !isNewestFirst(reading.versions))
    return { reading, isExact: false }
  const head: (readonly PackageVersion[])[] = []
  for (let number = 1; ; number++) {
    const { versions, more } = await reader.page(number)
    head.push(versions)
    if (!more || versions.some(({ id }) => reading.pageOf.has(id))) break
  }
  const later = merge([...head, reading.versions])
  const pageOf = new Map([...later.pageOf.keys()].map(id => [id, reading.pageOf.get(id) ?? 1]))
  const total = later.versions.length
  const isExact = counted === found && total === (await reader.count())
  return { reading: { versions: later.versions, pageOf }, isExact }
}

/** True when everything in `reading` was in `seen`, except what was pushed since. */
function showsNothingOlder(reading: Reading, seen: Reading): boolean {
  const newest = seen.versions.reduce((latest, { created = 0 }) => Math.max(latest, created), 0)
  return reading.versions.every(({ id, created = 0 }) => seen.pageOf.has(id) || created > newest)
}

/**
 * What two readings showed together. What only the earlier one showed was deleted since, or slipped through: each is
 * asked for by itself.
 *
 * @throws ExpectedError when that would be too many
 */
async function join(seen: Reading, reading: Reading, name: string, reader: ListReader): Promise<Reading> {
  const lost = seen.versions.filter(({ id }) => !reading.pageOf.has(id))
  if (lost.length > LOOK_UPS) {
    throw new ExpectedError(
      `A second look at the versions of ${name} did not show ${lost.length} that the first one had shown: somebody else ` +
        'deletes them at this moment. Nothing is decided on this package; run again when that is done.'
    )
  }
  const there: PackageVersion[] = []
  for (const version of lost) if (await reader.isThere(version.id)) there.push(version)
  const kept = seen.versions.filter(({ id }) => reading.pageOf.has(id))
  const both = merge([there, kept, reading.versions])
  const place = (id: number): number => reading.pageOf.get(id) ?? seen.pageOf.get(id) ?? 1
  // In the order of the list, which tells where the newest are.
  const order = new Map(reading.versions.map(({ id }, index) => [id, index]))
  const versions = both.versions.toSorted(
    (a, b) => (order.get(a.id) ?? Number.POSITIVE_INFINITY) - (order.get(b.id) ?? Number.POSITIVE_INFINITY)
  )
  return { versions, pageOf: new Map(versions.map(({ id }) => [id, place(id)])) }
}

/**
 * Looks once more, after a pause, for versions that GitHub counts and does not list: a list lags behind with what
 * is newest. What is still counted only then is `unseen`, and whoever decides has other witnesses.
 */
async function lookForUnseen(
  reading: Reading,
  counted: number | undefined,
  reader: ListReader,
  clock: Clock
): Promise<[Reading, number]> {
  if (counted === undefined || counted <= reading.versions.length) return [reading, 0]
  await clock.sleep(LAST_LOOK)
  const { reading: last } = await catchUp(reading, counted, reader)
  return [last, Math.max(0, counted - last.versions.length)]
}

/**
 * Rows that a moving list repeats are one version: the later row is the newer one, but a tag that either of
 * them had counts.
 */
function merge(pages: readonly (readonly PackageVersion[])[]): Reading {
  const versions = new Map<number, PackageVersion>()
  const pageOf = new Map<number, number>()
  pages.forEach((page, index) => {
    for (const version of page) {
      const earlier = versions.get(version.id)
      const tags = earlier === undefined ? version.tags : union(earlier.tags, version.tags)
      versions.set(version.id, tags === version.tags ? version : { ...version, tags })
      pageOf.set(version.id, index + 1)
    }
  })
  return { versions: [...versions.values()], pageOf }
}

function union(some: readonly string[], others: readonly string[]): readonly string[] {
  const all = new Set([...some, ...others])
  return all.size === others.length ? others : [...all]
}

function isNewestFirst(versions: readonly PackageVersion[]): boolean {
  return versions.every(({ created }, index) => {
    const before = index === 0 ? Number.POSITIVE_INFINITY : versions[index - 1]?.created
    return created !== undefined && before !== undefined && created <= before
  })
}
