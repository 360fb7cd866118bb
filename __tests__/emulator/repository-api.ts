import type { Account } from './accounts.ts'
import { actionsRoutes } from './actions-api.ts'
import { type Answer, type Call, problem, type Route } from './http.ts'
import { renderOwner, renderRepository } from './render.ts'
import { type Repositories, type StoredRelease, type StoredRepository, sha1 } from './repositories.ts'

/** The repository part of GitHub's REST API (facts section 5); `startEmulator({ routes: repositoryRoutes(…) })`. */

const WEB = 'https://github.com'

export const notFound = (): Answer => problem(404, 'Not Found', 'rest')
export const notIntegration = (): Answer => problem(403, 'Resource not accessible by integration', 'rest')

export type Handler = (call: Call, repository: StoredRepository) => Answer

export const repositoryRoutes =
  (repositories: Repositories) =>
  (_world: unknown, api: string): Route[] => {
    /** Finds a repository that the caller may see. */
    const visible =
      (handle: Handler) =>
      (call: Call): Answer => {
        const { owner, repo, id } = call.params
        const found =
          id === undefined ? repositories.find(`${owner}/${repo}`) : repositories.findById(Number(id))
        if (found === undefined || !maySee(repositories, call.account, found)) return notFound()
        return handle(call, found)
      }
    const get = (path: string, handle: Handler): Route => ({ method: 'GET', path, handle: visible(handle) })

    const matchingRefs: Handler = ({ params }, { name, tags, defaultBranch }) => {
      if (tags.size === 0 && defaultBranch === '')
        return problem(409, 'Git Repository is empty.', 'rest/git/refs')
      const refs = [`refs/heads/${defaultBranch}`, ...[...tags.keys()].map(tag => `refs/tags/${tag}`).sort()]
      const found = refs.filter(ref => ref.startsWith(`refs/${params['ref']}`))
      // All of them, whatever page is asked for.
      return { status: 200, body: found.map(ref => renderRef(ref, name, api)) }
    }

    const releases: Handler = (call, repository) => {
      const shown = repository.releases.filter(
        ({ draft }) => !draft || mayPush(repositories, call.account, repository)
      )
      const { rows, headers } = paged(
        call,
        shown.toReversed(),
        `${api}/repositories/${repository.id}/releases`
      )
      return {
        status: 200,
        body: rows.map(release => renderRelease(release, repository, api, repositories)),
        headers
      }
    }

    return [
      get('/repos/{owner}/{repo}', (_call, repository) => ({
        status: 200,
        body: renderFullRepository(repository, api, repositories)
      })),
      get('/repos/{owner}/{repo}/git/matching-refs/{ref...}', matchingRefs),
      get('/repos/{owner}/{repo}/releases', releases),
      get('/repositories/{id}/releases', releases),
      ...actionsRoutes(repositories, api, visible)
    ]
  }

/** One page of rows, with GitHub's Link header. */
export function paged<T>(
  { query }: Call,
  rows: readonly T[],
  place: string
): { rows: readonly T[]; headers: Record<string, string> } {
  const perPage = Math.min(100, Number(query.get('per_page')) || 30)
  const page = Math.max(1, Number(query.get('page')) || 1)
  const last = Math.max(1, Math.ceil(rows.length / perPage))
  const to = (number: number, rel: string) => `<${place}?per_page=${perPage}&page=${number}>; rel="${rel}"`
  const link = page < last ? { link: `${to(page + 1, 'next')}, ${to(last, 'last')}` } : undefined
  return { rows: rows.slice((page - 1) * perPage, page * perPage), headers: { ...link } }
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Whether the caller is one of the repository's own: its workflows, its App, its people. */
export function belongs(
  { world }: Repositories,
  account: Account | undefined,
  { name }: StoredRepository
): boolean {
  if (account === undefined) return false
  if (account.kind === 'github-token') return same(account.repository, name)
  const owner = world.owner(name.split('/')[0] ?? '')
  if (account.kind === 'app' || owner?.type === 'User') return same(account.login, owner?.login ?? '')
  return owner?.people.has(account.login.toLowerCase()) === true
}

function maySee(
  repositories: Repositories,
  account: Account | undefined,
  repository: StoredRepository
): boolean {
  if (!repository.isPrivate) return true
  if (account?.kind === 'classic' && !account.scopes.includes('repo')) return false
  return belongs(repositories, account, repository)
}

function mayPush(
  repositories: Repositories,
  account: Account | undefined,
  repository: StoredRepository
): boolean {
  if (!belongs(repositories, account, repository)) return false
  if (account?.kind === 'github-token') return account.permissions['contents'] === 'write'
  return account?.kind !== 'classic' || account.scopes.includes('repo')
}

function ownerOf({ world }: Repositories, { name }: StoredRepository) {
  const owner = world.owner(name.split('/')[0] ?? '')
  if (owner === undefined) throw new Error(`the owner of ${name} was never declared`)
  return owner
}

export function renderMinimal(repository: StoredRepository, api: string, repositories: Repositories): object {
  return renderRepository(repository.name, ownerOf(repositories, repository), repository.isPrivate, api)
}

const DATE = '2026-01-01T00:00:00Z'

function renderFullRepository(repository: StoredRepository, api: string, repositories: Repositories): object {
  const { name, defaultBranch } = repository
  const counts = ['forks', 'forks_count', 'open_issues', 'open_issues_count', 'size', 'stargazers_count']
  const others = ['watchers', 'watchers_count', 'network_count', 'subscribers_count']
  const flags = [
    'has_issues',
    'has_projects',
    'has_wiki',
    'has_pages',
    'has_discussions',
    'archived',
    'disabled'
  ]
  const each = <T>(keys: readonly string[], value: T) => Object.fromEntries(keys.map(key => [key, value]))
  return {
    ...renderMinimal(repository, api, repositories),
    ...each([...counts, ...others], 0),
    ...each(flags, false),
    ...each(['created_at', 'updated_at', 'pushed_at'], DATE),
    ...each(['homepage', 'language', 'mirror_url', 'license'], null),
    ...each(['clone_url', 'git_url', 'svn_url'], `${WEB}/${name}`),
    ssh_url: `git@github.com:${name}.git`,
    default_branch: defaultBranch
  }
}

function renderRef(ref: string, name: string, api: string): object {
  const sha = sha1(`${name} ${ref}`)
  const url = `${api}/repos/${name}/git`
  return {
    ref,
    node_id: `REF_${sha.slice(0, 8)}`,
    url: `${url}/${ref}`,
    object: { type: 'commit', sha, url: `${url}/commits/${sha}` }
  }
}

function renderRelease(
  { id, tag, draft, prerelease }: StoredRelease,
  repository: StoredRepository,
  api: string,
  repositories: Repositories
): object {
  const url = `${api}/repos/${repository.name}/releases/${id}`
  return {
    id,
    node_id: `RE_${id}`,
    tag_name: tag,
    target_commitish: repository.defaultBranch,
    name: tag,
    body: null,
    draft,
    prerelease,
    created_at: DATE,
    published_at: draft ? null : DATE,
    author: renderOwner(ownerOf(repositories, repository), api),
    assets: [],
    url,
    html_url: `${WEB}/${repository.name}/releases/tag/${encodeURIComponent(tag)}`,
    assets_url: `${url}/assets`,
    upload_url: `${url}/assets{?name,label}`,
    tarball_url: `${api}/repos/${repository.name}/tarball/${encodeURIComponent(tag)}`,
    zipball_url: `${api}/repos/${repository.name}/zipball/${encodeURIComponent(tag)}`
  }
}
