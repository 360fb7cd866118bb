import { RequestError } from '@octokit/request-error'
import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import type { PullRequest } from '../model/usage.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { apiMessage, explaining, statusOf, understood } from './failure.ts'
import { PER_PAGE, relation, wholeList } from './lists.ts'
import { Pulls, readPullRequests } from './pull-requests.ts'

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
  branches(): Promise<Ref[]>
  /** Every open pull request, with the branch that it comes from and its newest commit (docs.github.com/en/rest/pulls/pulls#list-pull-requests). */
  openPullRequests(): Promise<{ readonly number: number; readonly head: Ref }[]>
  /**
   * How these pull requests stand, in as few requests as will do. A number that is none's is not in it: an issue may
   * have it (docs.github.com/en/rest/pulls/pulls).
   */
  pullRequests(numbers: readonly number[]): Promise<ReadonlyMap<number, PullRequest>>
  /** (docs.github.com/en/rest/repos/repos#get-a-repository) */
  defaultBranch(): Promise<string>
}

const Tags = listOf(z.object({ name: z.string(), commit: z.object({ sha: z.string() }) }))
const Releases = listOf(z.object({ tag_name: z.string(), draft: z.boolean() }))
const Details = z.object({ default_branch: z.string().min(1) })

/** @param name `owner/name`; not looked at before something is asked */
export function createRepository(octokit: Octokit, name: string): Repository {
  const [owner = '', repo = ''] = name.split('/')
  const at = { owner, repo }

  function reading<T>(
    things: string,
    work: (what: string) => Promise<T>,
    remedies = NO_CONTENTS
  ): Promise<T> {
    const what = `Reading the ${things} of ${name}`
    return explaining(what, remedies, () => {
      insistOnName(name)
      return work(what)
    })
  }

  const refs = (kind: 'tags' | 'heads', things: string): Promise<Ref[]> =>
    reading(things, what => readRefs(octokit, at, kind, what))

  function rowsOf<Row>(
    list: 'tags' | 'releases' | 'pulls',
    query: Readonly<Record<string, string>>,
    schema: z.ZodType<readonly Row[]>,
    what: string,
    keyOf: (row: Row) => string | number
  ): Promise<Row[]> {
    const read = () =>
      octokit.paginate.iterator(`GET /repos/{owner}/{repo}/${list}`, { ...at, ...query, per_page: PER_PAGE })
    return wholeList(what, read, data => understood(schema, data, what), keyOf)
  }

  return {
    name,
    gitTags: async () => (await refs('tags', 'git tags')).map(tag => tag.name),
    tagCommits: () =>
      reading('commits of the git tags', async what => {
        const rows = await rowsOf('tags', {}, Tags, what, tag => tag.name)
        return new Map(rows.map(tag => [tag.name, [tag.commit.sha]]))
      }),
    releaseTags: () =>
      reading('releases', async what => {
        const rows = await rowsOf('releases', {}, Releases, what, one => `${one.draft} ${one.tag_name}`)
        return rows.filter(({ draft }) => !draft).map(release => release.tag_name)
      }),
    branches: () => refs('heads', 'branches'),
    openPullRequests: () =>
      reading(
        'open pull requests',
        async what => {
          const open = { state: 'open', sort: 'created', direction: 'desc' }
          const pulls = await rowsOf('pulls', open, Pulls, what, ({ number }) => number)
          return pulls.map(({ number, head }) => ({ number, head: { name: head.ref, commit: head.sha } }))
        },
        NO_PULLS
      ),
    pullRequests: async numbers =>
      numbers.length === 0
        ? new Map()
        : reading('pull requests', () => readPullRequests(octokit, at, numbers), NO_PULLS),
    defaultBranch: () =>
      reading('default branch', async what => {
        const { data } = await octokit.request('GET /repos/{owner}/{repo}', at)
        return understood(Details, data, what).default_branch
      })
  }
}

function insistOnName(name: string): void {
  if (/^[^/]+\/[^/]+$/.test(name)) return
  throw new ExpectedError(
    `"${name}" is not a repository: set the variable GITHUB_REPOSITORY to \`owner/name\`.`
  )
}

const REMEDY =
  'The token may not read it, or it does not exist: give the job `permissions: contents: read`, or a classic token ' +
  'the scope `repo`.'
const NO_CONTENTS = { 403: REMEDY, 404: REMEDY }
const NO_PULL_RIGHT = REMEDY.replace('contents', 'pull-requests')
const NO_PULLS = { 403: NO_PULL_RIGHT, 404: NO_PULL_RIGHT }

/** A branch or a git tag, by its name without `refs/…/`, with the object that it stands on. */
export interface Ref {
  readonly name: string
  readonly commit: string
}

type RefKind = 'tags' | 'heads'
const OTHER = { tags: 'heads', heads: 'tags' } as const

const Refs = listOf(z.object({ ref: z.string(), object: z.object({ sha: z.string() }) }))
type Response = Awaited<ReturnType<Octokit['request']>>

/**
 * All refs of a kind. What has branches is not empty, whatever is said of its tags.
 *
 * @param at the repository
 * @param what is done here, for messages: `Reading the branches of acme/app`
 * @throws RequestError when GitHub refuses, and ExpectedError when its answer is not of the form that it describes
 */
async function readRefs(
  octokit: Octokit,
  at: { readonly owner: string; readonly repo: string },
  kind: RefKind,
  what: string
): Promise<Ref[]> {
  /** GitHub gives all refs in one answer and knows no pages here; a server that names a next one has more. */
  async function list(kind: RefKind): Promise<Ref[]> {
    const prefix = `refs/${kind}/`
    const found = new Map<string, Ref>()
    let url: string | undefined = '/repos/{owner}/{repo}/git/matching-refs/{ref}'
    while (url !== undefined) {
      const { data, headers }: Response = await octokit.request(`GET ${url}`, { ...at, ref: kind })
      const before = found.size
      for (const { ref, object } of understood(Refs, data, what)) {
        found.set(ref, { name: ref.slice(prefix.length), commit: object.sha })
      }
      // Pages that only repeat one another have no end.
      url = found.size === before ? undefined : relation(headers.link, 'next')
    }
    return [...found].flatMap(([ref, named]) => (ref.startsWith(prefix) ? [named] : []))
  }

  /** Whether a kind has no refs, or GitHub says that it cannot have any. */
  async function hasNone(kind: RefKind): Promise<boolean> {
    try {
      return (await list(kind)).length === 0
    } catch (error) {
      if (isEmptyRepository(error)) return true
      throw error
    }
  }

  try {
    return await list(kind)
  } catch (error) {
    if (isEmptyRepository(error) && (await hasNone(OTHER[kind]))) return []
    throw error
  }
}

function isEmptyRepository(error: unknown): boolean {
  return (
    error instanceof RequestError && statusOf(error) === 409 && /repository is empty/i.test(apiMessage(error))
  )
}
