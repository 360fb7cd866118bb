import type { Account } from './accounts.ts'
import { actionsRoutes } from './actions-api.ts'
import { type Answer, type Call, problem, type Route } from './http.ts'
import { pullRoutes } from './pulls-api.ts'
import { renderOwner } from './render.ts'
import {
  type Repositories,
  type StoredRelease,
  type StoredRepository,
  sha1,
  tagCommit
} from './repositories.ts'
import { belongs, type Handler, notFound, ownerOf, paged, renderMinimal } from './repository-parts.ts'

/** The repository part of GitHub's REST API (facts section 5); `startEmulator({ routes: repositoryRoutes(…) })`. */

const WEB = 'https://github.com'

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
        const isOldName = id === undefined && `${owner}/${repo}`.toLowerCase() !== found.name.toLowerCase()
        return isOldName ? toNewName(call, found, api) : handle(call, found)
      }
    const get = (path: string, handle: Handler): Route => ({ method: 'GET', path, handle: visible(handle) })

    const whole: Handler = (_call, repository) => ({
      status: 200,
      body: renderFullRepository(repository, api, repositories)
    })

    const matchingRefs: Handler = ({ params }, { name, tags, branches, hidden, defaultBranch }) => {
      if (tags.size === 0 && defaultBranch === '')
        return problem(409, 'Git Repository is empty.', 'rest/git/refs')
      const refs = [
        ...[defaultBranch, ...branches.keys()].map(branch => `refs/heads/${branch}`),
        ...[...tags.keys()].map(tag => `refs/tags/${tag}`).sort()
      ]
      const found = refs.filter(ref => ref.startsWith(`refs/${params['ref']}`) && !hidden.has(ref))
      // All of them, whatever page is asked for.
      return {
        status: 200,
        body: found.map(ref => renderRef(ref, name, branches.get(ref.slice('refs/heads/'.length)), api))
      }
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

    const tags: Handler = (call, { id, name, tags, hidden }) => {
      const shown = [...tags.keys()].filter(tag => !hidden.has(`refs/tags/${tag}`)).sort()
      const { rows, headers } = paged(call, shown.reverse(), `${api}/repositories/${id}/tags`)
      const body = rows.map(tag => {
        const sha = tagCommit(name, tag)
        const url = `${api}/repos/${name}`
        return {
          name: tag,
          zipball_url: `${url}/zipball/refs/tags/${tag}`,
          tarball_url: `${url}/tarball/refs/tags/${tag}`,
          commit: { sha, url: `${url}/commits/${sha}` },
          node_id: `REF_${sha.slice(0, 8)}`
        }
      })
      return { status: 200, body, headers }
    }

    return [
      get('/repos/{owner}/{repo}', whole),
      get('/repositories/{id}', whole),
      get('/repos/{owner}/{repo}/git/matching-refs/{ref...}', matchingRefs),
      get('/repositories/{id}/git/matching-refs/{ref...}', matchingRefs),
      get('/repos/{owner}/{repo}/tags', tags),
      get('/repositories/{id}/tags', tags),
      get('/repos/{owner}/{repo}/releases', releases),
      get('/repositories/{id}/releases', releases),
      ...pullRoutes(repositories, api, visible),
      ...actionsRoutes(repositories, api, visible)
    ]
  }

/** Where a renamed repository is now: its id, which stays. */
function toNewName({ method, path }: Call, { id }: StoredRepository, api: string): Answer {
  const location = `${api}/repositories/${id}${path
    .split('/')
    .slice(4)
    .map(part => `/${part}`)
    .join('')}`
  const status = method === 'GET' ? 301 : 307
  return {
    ...problem(status, 'Moved Permanently', 'rest/guides/best-practices-for-using-the-rest-api'),
    headers: { location }
  }
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

function renderRef(ref: string, name: string, commit: string | undefined, api: string): object {
  const sha = commit ?? sha1(`${name} ${ref}`)
  const url = `${api}/repos/${name}/git`
  return {
    ref,
    node_id: `REF_${sha.slice(0, 8)}`,
    url: encodeURI(`${url}/${ref}`),
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
