import type { Clock } from '../model/clock.ts'
import type { PackageVersion } from '../model/package.ts'
import { statusOf } from './failure.ts'
import type { Page } from './listing.ts'
import { lastPageOf, numbered, PER_PAGE, relation } from './lists.ts'

/** Pauses between tries at a page that the server fails to give, in milliseconds. */
const SERVER_PAUSES = [15_000, 30_000, 60_000, 120_000]

type ReadPage = (
  url: string,
  query: Record<string, string | number>
) => Promise<{ readonly versions: readonly PackageVersion[]; readonly link: string | undefined }>

/**
 * Gives the pages of one listing, by their numbers from 1.
 *
 * @param url where the listing is
 * @param what it lists, for messages
 * @returns what throws as `read`, and ExpectedError for a number of pages that cannot be right
 */
export function createVersionPages(
  url: string,
  read: ReadPage,
  what: string,
  clock: Clock
): (page: number) => Promise<Page> {
  let last: string | undefined

  async function readOne(page: number): Promise<Page> {
    // The server's own address of a page, which may differ from ours; only its number is changed.
    const { versions, link } =
      last === undefined ? await read(url, pageQuery(page)) : await read(numbered(last, page), {})
    const end = relation(link, 'last')
    last = end ?? last
    const lastPage = end === undefined ? undefined : lastPageOf(end, what)
    return { versions, last: lastPage || page, more: relation(link, 'next') !== undefined }
  }

  return page => (page === 1 ? readOne(page) : patiently(clock, () => readOne(page)))
}

/** What asks for one page of versions, counted from 1. */
export const pageQuery = (page: number) => ({ per_page: PER_PAGE, page })

/** Server errors deep in a long list last for minutes now and then; what is read already is worth waiting. */
async function patiently<T>(clock: Clock, look: () => Promise<T>): Promise<T> {
  for (const pause of SERVER_PAUSES) {
    try {
      return await look()
    } catch (error) {
      if ((statusOf(error) ?? 0) < 500) throw error
      await clock.sleep(pause)
    }
  }
  return look()
}
