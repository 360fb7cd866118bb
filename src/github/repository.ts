import { RequestError } from '@octokit/request-error'
import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import { eachOf } from '../util/concurrency.ts'
import { firstIssue, listOf, parseForeign } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { apiMessage, explain, statusOf } from './failure.ts'
import { relation } from './page-links.ts'
import { wholeList } from './whole-list.ts'

/**
 * What one repository names. Every function asks GitHub again, gives all there is, and throws ExpectedError when
 * GitHub does not answer that, and BudgetError when there is no room for the request.
 */
export interface Repository {
  /** `owner/name`. */
  readonly name: string
  /** Every git tag (docs.github.com/en/rest/git/refs#list-matching-references). */
  gitTags(): Promise<string[]>
  /** The commit of every git tag, whatever stands in between (docs.github.com/en/rest/repos/repos#list-repository-tags). */
  tagCommits(): Promise<ReadonlyMap<string, readonly string[]>>
  /** The tag of every published release, pre-releases too (docs.github.com/en/rest/releases/releases). */
  releaseTags(): Promise<string[]>
  /** Every branch, with the commit that it stands on (docs.github.com/en/rest/git/refs#list-matching-references). */
  branches(): Promise<Branch[]>
  /** Every open pull request (docs.github.com/en/rest/pulls/pulls#list-pull-requests). */
  openPullRequests(): Promise<OpenPullRequest[]>
  /**
   * How these pull requests stand, in as few requests as will do. A number that is none's is not in it: an issue may
   * have it (docs.github.com/en/rest/pulls/pulls).
   */
  pullRequests(numbers: readonly number[]): Promise<ReadonlyMap<number, PullRequest>>
  /** (docs.github.com/en/rest/repos/repos#get-a-repository) */
  defaultBranch(): Promise<string>
}

export interface Branch {
  readonly name: string
  readonly commit: string
}

export interface OpenPullRequest {
  readonly number: number
  /** The branch that it comes from, and its newest commit. */
  readonly head: Branch
}

export interface PullRequest {
  readonly state: 'open' | 'closed'
  /** Milliseconds since 1970. */
  readonly closedAt?: number
}

const Refs = listOf(z.object({ ref: z.string(), object: z.object({ sha: z.string() }) }))
const Tags = listOf(z.object({ name: z.string(), commit: z.object({ sha: z.string() }) }))
const Pull = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  closed_at: z.iso.datetime({ offset: true }).nullish(),
  head: z.object({ ref: z.string(), sha: z.string() })
})
const Pulls = listOf(Pull)
const Releases = listOf(z.object({ tag_name: z.string(), draft: z.boolean() }))
const Details = z.object({ default_branch: z.string().min(1) })
type Response = Awaited<ReturnType<Octokit['request']>>
type RefKind = 'tags' | 'heads'
const OTHER = { tags: 'heads', heads: 'tags' } as const
/** How many rows a page has at most. */
const PAGE = 100
/** How many single requests go out at once. */
const AT_ONCE = 8

/** @param name `owner/name`; not looked at before something is asked */
export function createRepository(octokit: Octokit, name: string): Repository {
  const [owner = '', repo = ''] = name.split('/')

  /** Refs of a kind, by their names without it. */
  async function refs(kind: RefKind, what: string): Promise<Branch[]> {
    insistOnName(name)
    try {
      return await listedRefs(kind, what)
    } catch (error) {
      if (isEmptyRepository(error) && (await isEmpty(OTHER[kind], what))) return []
      throw explain(error, what, NO_CONTENTS)
    }
  }

  /** GitHub gives all refs in one answer and knows no pages here; a server that names a next one has more. */
  async function listedRefs(kind: RefKind, what: string): Promise<Branch[]> {
    const prefix = `refs/${kind}/`
    const found = new Map<string, Branch>()
    let url: string | undefined = '/repos/{owner}/{repo}/git/matching-refs/{ref}'
    while (url !== undefined) {
      const { data, headers }: Response = await octokit.request(`GET ${url}`, { owner, repo, ref: kind })
      const before = found.size
      for (const { ref, object } of understood(Refs, data, what)) {
        found.set(ref, { name: ref.slice(prefix.length), commit: object.sha })
      }
      // Pages that only repeat one another have no end.
      url = found.size === before ? undefined : relation(headers.link, 'next')
    }
    return [...found].flatMap(([ref, branch]) => (ref.startsWith(prefix) ? [branch] : []))
  }

  /** What has branches is not empty, whatever is said of its tags. */
  async function isEmpty(kind: RefKind, what: string): Promise<boolean> {
    try {
      return (await listedRefs(kind, what)).length === 0
    } catch (error) {
      if (isEmptyRepository(error)) return true
      throw explain(error, what, NO_CONTENTS)
    }
  }

  function rowsOf<Row>(
    url: string,
    query: Readonly<Record<string, string>>,
    schema: z.ZodType<Row[]>,
    what: string,
    keyOf: (row: Row) => string | number
  ): Promise<Row[]> {
    const read = () => octokit.paginate.iterator(url, { owner, repo, ...query, per_page: PAGE })
    return wholeList(what, read, data => understood(schema, data, what), keyOf)
  }

  async function gitTags(): Promise<string[]> {
    return (await refs('tags', `Reading the git tags of ${name}`)).map(tag => tag.name)
  }

  async function tagCommits(): Promise<ReadonlyMap<string, readonly string[]>> {
    insistOnName(name)
    const what = `Reading the commits of the git tags of ${name}`
    try {
      const rows = await rowsOf('GET /repos/{owner}/{repo}/tags', {}, Tags, what, tag => tag.name)
      return new Map(rows.map(tag => [tag.name, [tag.commit.sha]]))
    } catch (error) {
      throw explain(error, what, NO_CONTENTS)
    }
  }

  async function releaseTags(): Promise<string[]> {
    insistOnName(name)
    const what = `Reading the releases of ${name}`
    try {
      const rows = await rowsOf(
        'GET /repos/{owner}/{repo}/releases',
        {},
        Releases,
        what,
        ({ draft, tag_name }) => `${draft} ${tag_name}`
      )
      return rows.filter(({ draft }) => !draft).map(release => release.tag_name)
    } catch (error) {
      throw explain(error, what, NO_CONTENTS)
    }
  }

  async function defaultBranch(): Promise<string> {
    insistOnName(name)
    const what = `Reading the default branch of ${name}`
    try {
      const { data } = await octokit.request('GET /repos/{owner}/{repo}', { owner, repo })
      return understood(Details, data, what).default_branch
    } catch (error) {
      throw explain(error, what, NO_CONTENTS)
    }
  }

  async function openPullRequests(): Promise<OpenPullRequest[]> {
    insistOnName(name)
    const what = `Reading the open pull requests of ${name}`
    const open = { state: 'open', sort: 'created', direction: 'desc' }
    try {
      const pulls = await rowsOf('GET /repos/{owner}/{repo}/pulls', open, Pulls, what, ({ number }) => number)
      return pulls.map(({ number, head }) => ({ number, head: { name: head.ref, commit: head.sha } }))
    } catch (error) {
      throw explain(error, what, NO_PULLS)
    }
  }

  /** Newest first; whatever comes in meanwhile moves rows to later pages only, so none is missed. */
  async function page(number: number): Promise<Pull[]> {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls', {
      owner,
      repo,
      state: 'all',
      sort: 'created',
      direction: 'desc',
      per_page: PAGE,
      page: number
    })
    return understood(Pulls, data, 'Reading the pull requests')
  }

  async function single(number: number): Promise<Pull[]> {
    try {
      const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
        owner,
        repo,
        pull_number: number
      })
      return [understood(Pull, data, `Reading pull request ${number}`)]
    } catch (error) {
      // The first page was readable, so this is no lack of rights.
      if (statusOf(error) === 404) return []
      throw error
    }
  }

  async function pullRequests(numbers: readonly number[]): Promise<ReadonlyMap<number, PullRequest>> {
    if (numbers.length === 0) return new Map()
    insistOnName(name)
    try {
      const wanted = new Set(numbers)
      const first = await page(1)
      const newest = Math.max(0, ...first.map(({ number }) => number))
      const known = first.filter(({ number }) => wanted.has(number))
      for (const { number } of known) wanted.delete(number)
      // Numbers beyond the newest are nobody's yet.
      const older = [...wanted].filter(number => number < newest && first.length === PAGE)
      return new Map([...known, ...(await readOlder(older, newest))].map(asEntry))
    } catch (error) {
      throw explain(error, `Reading the pull requests of ${name}`, NO_PULLS)
    }
  }

  /** Page by page where that takes fewer requests: a page reaches at least a hundred numbers back. */
  async function readOlder(numbers: readonly number[], newest: number): Promise<Pull[]> {
    if (numbers.length === 0) return []
    const oldest = numbers.reduce((least, number) => Math.min(least, number))
    const pages = Math.ceil((newest - oldest + 1) / PAGE)
    if (numbers.length < pages) return (await eachOf(numbers, AT_ONCE, single)).flat()
    const wanted = new Set(numbers)
    const found: Pull[] = []
    for (let at = 2; ; at++) {
      const rows = await page(at)
      found.push(...rows.filter(({ number }) => wanted.has(number)))
      if (rows.length < PAGE || rows.some(({ number }) => number <= oldest)) return found
    }
  }

  return {
    name,
    gitTags,
    tagCommits,
    releaseTags,
    branches: () => refs('heads', `Reading the branches of ${name}`),
    openPullRequests,
    pullRequests,
    defaultBranch
  }
}

type Pull = z.infer<typeof Pull>

function asEntry({ number, state, closed_at }: Pull): [number, PullRequest] {
  const closedAt = typeof closed_at === 'string' ? { closedAt: Date.parse(closed_at) } : {}
  return [number, { state, ...closedAt }]
}

/** @throws ExpectedError when the answer is not of the form that GitHub describes */
export function understood<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  const parsed = parseForeign(schema, data)
  if ('data' in parsed) return parsed.data
  throw new ExpectedError(
    `${what} failed: GitHub's answer is not what its API promises${firstIssue(parsed.issues)}.`
  )
}

function insistOnName(name: string): void {
  if (/^[^/]+\/[^/]+$/.test(name)) return
  throw new ExpectedError(
    `"${name}" is not a repository: set the variable GITHUB_REPOSITORY to \`owner/name\`.`
  )
}

function isEmptyRepository(error: unknown): boolean {
  return (
    error instanceof RequestError && statusOf(error) === 409 && /repository is empty/i.test(apiMessage(error))
  )
}

const REMEDY =
  'The token may not read it, or it does not exist: give the job `permissions: contents: read`, or a classic token ' +
  'the scope `repo`.'
const NO_CONTENTS = { 403: REMEDY, 404: REMEDY }
const NO_PULL_RIGHT = REMEDY.replace('contents', 'pull-requests')
const NO_PULLS = { 403: NO_PULL_RIGHT, 404: NO_PULL_RIGHT }
