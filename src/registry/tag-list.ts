import * as z from 'zod'
import { jsonOf, listOf } from '../util/parse-foreign.ts'
import { phraseOf, saysMissing } from './failure.ts'
import { type Answer, headerOf } from './transport.ts'

/**
 * All tags of a repository; `missing` only when the registry says that there is no such repository, and `refused` when it
 * gives the same answer for those that are not there and for those that the token may not read.
 */
export type TagList =
  | { readonly state: 'read'; readonly tags: readonly string[] }
  | { readonly state: 'missing' }
  | { readonly state: 'unread'; readonly cause: string; readonly refused?: boolean }

/** GHCR gives 100 unless told, and up to this many at once. */
const PER_PAGE = 10_000
/** A registry that links its pages in a circle is not followed for ever: more pages and tags than any package has. */
const MOST_PAGES = 1_000
const MOST_TAGS = 1_000_000

const ENDLESS: TagList = { state: 'unread', cause: 'its list of tags has no end' }
const NOWHERE = new URL('about:blank')

const Page = z.object({ tags: listOf(z.string()).nullish() })

/**
 * Reads `tags/list` to its end (distribution-spec, Listing Tags).
 *
 * @param url of the list, without a query
 * @param get sends one GET with the token, again where that helps
 */
export async function readTagList(url: URL, get: (url: URL) => Promise<Answer>): Promise<TagList> {
  let tags: readonly string[] = []
  let next: URL | undefined = new URL(`?n=${PER_PAGE}`, url)
  for (let pages = 0; next !== undefined; pages++) {
    // The token goes along, so nobody else may be asked; the origin of `blob:https://…` is that of what is inside.
    if (next.protocol !== url.protocol || next.host !== url.host)
      return { state: 'unread', cause: `its list of tags goes on at ${next.host || next.protocol}` }
    if (pages === MOST_PAGES || tags.length > MOST_TAGS) return ENDLESS
    const answer = await get(next)
    if (saysMissing(answer)) return { state: 'missing' }
    const page = answer.status === 200 ? jsonOf(Page, answer.body) : undefined
    if (page === undefined) {
      const refused = answer.status === 403
      return {
        state: 'unread',
        cause: `the registry answered ${phraseOf(answer)}`,
        ...(refused ? { refused } : {})
      }
    }
    tags = tags.concat(page.tags ?? [])
    next = nextOf(answer, next)
  }
  return tags.length > MOST_TAGS ? ENDLESS : { state: 'read', tags }
}

/** GHCR's links name no host. What is no address is one that nobody follows, because the list does not end there. */
function nextOf(answer: Answer, current: URL): URL | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next\b/i.exec(headerOf(answer, 'link') ?? '') ?? []
  return target === undefined ? undefined : (URL.parse(target, current.href) ?? NOWHERE)
}
