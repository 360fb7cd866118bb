import { ExpectedError } from '../errors.ts'

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
