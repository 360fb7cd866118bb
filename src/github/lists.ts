import { ExpectedError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'

/** The pages of a list, and the addresses of the others, as GitHub's `link` header gives them. */

/** How many rows a page has at most. */
export const PER_PAGE = 100

/** The address that a `link` header gives for `rel`. */
export function relation(link: string | undefined, rel: 'next' | 'last'): string | undefined {
  const match = (link ?? '').split(',').find(part => part.includes(`rel="${rel}"`))
  return match === undefined ? undefined : /<([^<>]*)>/.exec(match)?.[1]
}

/** Ten million versions. More are no list that anybody could read, and their numbers alone would fill the memory. */
const MOST_PAGES = 100_000

/** The number of the last page. @throws ExpectedError when it cannot be right */
export function lastPageOf(url: string, what: string): number {
  const number = Number(new URL(url).searchParams.get('page'))
  if (number <= MOST_PAGES) return number
  throw new ExpectedError(
    `GitHub's answer about ${what} says that the last page is ${number}, which cannot be right. Nothing is decided on this package.`
  )
}

/** The same address, of another page. */
export function numbered(url: string, page: number): string {
  const address = new URL(url)
  address.searchParams.set('page', String(page))
  return address.href
}

const MOST_READINGS = 5

/**
 * All rows of a list, each once. What changes while pages are read moves rows over the edge between two of them, where
 * nobody sees them. So what has several pages is read until a reading shows nothing that those before it had missed.
 *
 * @param what is done here, for messages: `Reading the releases of acme/app`
 * @param read asks for the pages again
 * @param parse throws when a page is not of the form that GitHub describes
 * @throws ExpectedError when each reading shows something new, and what `read` and `parse` throw
 */
export async function wholeList<Row>(
  what: string,
  read: () => AsyncIterable<{ readonly data: unknown }>,
  parse: (data: unknown) => readonly Row[],
  keyOf: (row: Row) => string | number
): Promise<Row[]> {
  const rows = new Map<string | number, Row>()
  for (let reading = 1; reading <= MOST_READINGS; reading++) {
    const before = rows.size
    let pages = 0
    for await (const { data } of read()) {
      pages++
      for (const row of parse(data)) rows.set(keyOf(row), row)
    }
    if (pages === 1 || (reading > 1 && rows.size === before)) return [...rows.values()]
  }
  throw new ExpectedError(
    `${what} failed: each of ${MOST_READINGS} attempts showed something that the earlier ones had missed. Run again when less is going on.`
  )
}

/** The pause between two looks at a list, in milliseconds: the first answer may lag. */
export const PAUSE = 2_000

/** What either of two looks at a list shows, for lists where what they lack counts as gone. */
export async function listTwice<Row>(look: () => Promise<Iterable<Row>>, clock: Clock): Promise<Row[]> {
  const first = await look()
  await clock.sleep(PAUSE)
  const rows = [...first, ...(await look())]
  return [...new Map(rows.map(row => [JSON.stringify(row), row])).values()]
}
