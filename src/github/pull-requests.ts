import * as z from 'zod'
import type { PullRequest } from '../model/usage.ts'
import { eachOf } from '../util/concurrency.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { statusOf, understood } from './failure.ts'
import { PER_PAGE } from './lists.ts'

const Pull = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  closed_at: z.iso.datetime({ offset: true }).nullish(),
  head: z.object({ ref: z.string(), sha: z.string() })
})
export const Pulls = listOf(Pull)
type Pull = z.infer<typeof Pull>

/** How many single requests go out at once. */
const AT_ONCE = 8

/**
 * How the pull requests with these numbers stand, in as few requests as will do.
 *
 * @param at the repository
 * @throws RequestError when GitHub refuses, and ExpectedError when its answer is not of the form that it describes
 */
export async function readPullRequests(
  octokit: Octokit,
  at: { readonly owner: string; readonly repo: string },
  numbers: readonly number[]
): Promise<ReadonlyMap<number, PullRequest>> {
  /** Newest first; whatever comes in meanwhile moves rows to later pages only, so none is missed. */
  async function page(number: number): Promise<readonly Pull[]> {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls', {
      ...at,
      state: 'all',
      sort: 'created',
      direction: 'desc',
      per_page: PER_PAGE,
      page: number
    })
    return understood(Pulls, data, 'Reading the pull requests')
  }

  async function single(number: number): Promise<Pull[]> {
    try {
      const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
        ...at,
        pull_number: number
      })
      return [understood(Pull, data, `Reading pull request ${number}`)]
    } catch (error) {
      // The first page was readable, so this is no lack of rights.
      if (statusOf(error) === 404) return []
      throw error
    }
  }

  /** Page by page where that takes fewer requests: a page reaches at least a hundred numbers back. */
  async function readOlder(wanted: ReadonlySet<number>, newest: number): Promise<Pull[]> {
    if (wanted.size === 0) return []
    const oldest = [...wanted].reduce((least, number) => Math.min(least, number))
    const pages = Math.ceil((newest - oldest + 1) / PER_PAGE)
    if (wanted.size < pages) return (await eachOf([...wanted], AT_ONCE, single)).flat()
    const found: Pull[] = []
    for (let at = 2; ; at++) {
      const rows = await page(at)
      found.push(...rows.filter(({ number }) => wanted.has(number)))
      if (rows.length < PER_PAGE || rows.some(({ number }) => number <= oldest)) return found
    }
  }

  const first = await page(1)
  const newest = Math.max(0, ...first.map(({ number }) => number))
  const wanted = new Set(numbers)
  const known = first.filter(({ number }) => wanted.has(number))
  for (const { number } of known) wanted.delete(number)
  // Numbers beyond the newest are nobody's yet.
  const older = [...wanted].filter(number => number < newest && first.length === PER_PAGE)
  return new Map([...known, ...(await readOlder(new Set(older), newest))].map(asEntry))
}

function asEntry({ number, state, closed_at }: Pull): [number, PullRequest] {
  const closedAt = typeof closed_at === 'string' ? { closedAt: Date.parse(closed_at) } : {}
  return [number, { state, ...closedAt }]
}
