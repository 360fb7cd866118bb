import { ExpectedError } from '../errors.ts'
import type { PackageVersion } from '../model/package.ts'

/** Every version of a package, proven complete. */
export interface Listing {
  /** In GitHub's order; each id and each digest once. */
  readonly versions: readonly PackageVersion[]
  /** The page, counted from 1, on which each id was seen. */
  readonly pageOf: ReadonlyMap<number, number>
  /** True when the order is by creation, newest first, as GitHub is seen to list without promising it. */
  readonly newestFirst: boolean
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

/** Pages that are read at once. */
const AT_ONCE = 8
/** How often the whole list is read before it is called incomplete. */
const READINGS = 3

/** For those who look at what is there, and conclude nothing from what is not: a count may lag by anything. */
export const ANY_LAG = Number.POSITIVE_INFINITY

/** All pages, read once. */
type Reading = Omit<Listing, 'newestFirst'>

/**
 * Reads all pages until it is proven that none of the versions is missing: their number is what GitHub counts
 * before, amid and after, or two readings in a row found the same ones and GitHub counts no more than these. The
 * list moves while it is read, and a version that slipped through between two pages, or that a stale list never
 * shows, could be the index that needs another one.
 *
 * @param count GitHub's own count of the versions at this moment
 * @param lag how many of those that it counts may be deleted by now
 * @throws ExpectedError when three readings prove nothing
 */
export async function listCompletely(
  name: string,
  read: (page: number) => Promise<Page>,
  count: () => Promise<number>,
  progress: Progress,
  lag = 0
): Promise<Listing> {
  let before = await count()
  let previous: Reading | undefined
  for (let readings = 0; readings < READINGS; readings++) {
    const { reading, amid } = await readOnce(read, count, progress)
    const after = await count()
    const counts = [before, amid ?? before, after]
    const found = reading.versions.length
    const repeated =
      previous !== undefined && sameIds(previous, reading) && counts.every(number => number <= found + lag)
    if (repeated || counts.every(number => number === found)) {
      return { ...reading, newestFirst: isNewestFirst(reading.versions) }
    }
    before = after
    previous = reading
  }
  const seen = previous?.versions.length ?? 0
  throw new ExpectedError(
    `The list of the versions of ${name} is not complete: ${READINGS} readings differed or were short, the last with ` +
      `${seen} versions where GitHub counts ${before}. Something pushes or deletes all the time, or GitHub lags behind. Nothing is ` +
      'decided on this package; run again when it is quieter.'
  )
}

/** `amid` is GitHub's count right after the first of several pages. */
async function readOnce(
  read: (page: number) => Promise<Page>,
  count: () => Promise<number>,
  progress: Progress
): Promise<{ reading: Reading; amid: number | undefined }> {
  const first = await read(1)
  // A push before page 1 and a deletion after it would cancel out in the counts before and after.
  const amid = first.more ? await count() : undefined
  const pages = [first]
  progress(1, first.last)
  let next = 2
  let done = 1
  const worker = async (): Promise<void> => {
    try {
      for (let number = next++; number <= first.last; number = next++) {
        pages[number - 1] = await read(number)
        progress(++done, first.last)
      }
    } catch (error) {
      // The others need not go on.
      next = Number.POSITIVE_INFINITY
      throw error
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  // The list may have grown meanwhile.
  while (pages.at(-1)?.more) {
    pages.push(await read(pages.length + 1))
    progress(pages.length, pages.length)
  }
  return { reading: merge(pages), amid }
}

/**
 * Rows that a moving list repeats are one version: the later row is the newer one, but a tag that either of
 * them had counts.
 */
function merge(pages: readonly Page[]): Reading {
  const versions = new Map<number, PackageVersion>()
  const pageOf = new Map<number, number>()
  pages.forEach((page, index) => {
    for (const version of page.versions) {
      const earlier = versions.get(version.id)?.tags ?? []
      versions.set(version.id, { ...version, tags: [...new Set([...earlier, ...version.tags])] })
      pageOf.set(version.id, index + 1)
    }
  })
  return { versions: [...versions.values()], pageOf }
}

function sameIds(one: Reading, other: Reading): boolean {
  return one.versions.length === other.versions.length && one.versions.every(({ id }) => other.pageOf.has(id))
}

function isNewestFirst(versions: readonly PackageVersion[]): boolean {
  return versions.every(({ created }, index) => {
    const before = index === 0 ? Number.POSITIVE_INFINITY : versions[index - 1]?.created
    return created !== undefined && before !== undefined && created <= before
  })
}
