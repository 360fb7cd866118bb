import type { Call, Route } from './http.ts'
import { renderOwner } from './render.ts'
import { type Repositories, type StoredPull, type StoredRepository, sha1 } from './repositories.ts'
import { type Handler, notFound, notIntegration, ownerOf, paged, renderMinimal } from './repository-parts.ts'

/** The pull requests of GitHub's REST API: their list and each by its number. */

const WEB = 'https://github.com'

export function pullRoutes(
  repositories: Repositories,
  api: string,
  visible: (handle: Handler) => (call: Call) => ReturnType<Handler>
): Route[] {
  /** A private repository's pull requests need a permission of their own. */
  const reading =
    (handle: Handler): Handler =>
    (call, repository) => {
      const { account } = call
      const barred =
        repository.isPrivate &&
        account?.kind === 'github-token' &&
        account.permissions['pull-requests'] === undefined
      return barred ? notIntegration() : handle(call, repository)
    }

  const list: Handler = (call, repository) => {
    const state = call.query.get('state') ?? 'open'
    const rows = repository.pulls
      .filter(pull => state === 'all' || pull.state === state)
      .sort((a, b) => (call.query.get('direction') === 'asc' ? a.number - b.number : b.number - a.number))
    const page = paged(call, rows, `${api}/repositories/${repository.id}/pulls`)
    const body = page.rows.map(pull => renderPull(pull, repository, repositories, api))
    return { status: 200, body, headers: page.headers }
  }

  const one: Handler = ({ params }, repository) => {
    const pull = repository.pulls.find(({ number }) => number === Number(params['number']))
    if (pull === undefined) return notFound()
    return { status: 200, body: { ...renderPull(pull, repository, repositories, api), ...NUMBERS } }
  }

  const get = (path: string, handle: Handler): Route => ({
    method: 'GET',
    path,
    handle: visible(reading(handle))
  })
  return [
    get('/repos/{owner}/{repo}/pulls', list),
    get('/repositories/{id}/pulls', list),
    get('/repos/{owner}/{repo}/pulls/{number}', one)
  ]
}

/** What a single pull request has beside what a list tells. */
const NUMBERS = {
  additions: 1,
  changed_files: 1,
  comments: 0,
  commits: 1,
  deletions: 0,
  mergeable: null,
  mergeable_state: 'unknown',
  merged: false,
  maintainer_can_modify: false,
  merged_by: null,
  review_comments: 0
}

const LINKS = [
  'comments',
  'commits',
  'statuses',
  'html',
  'issue',
  'review_comments',
  'review_comment',
  'self'
]

function renderPull(
  { number, state, closed, branch, commit }: StoredPull,
  repository: StoredRepository,
  repositories: Repositories,
  api: string
): object {
  const url = `${api}/repos/${repository.name}/pulls/${number}`
  const html = `${WEB}/${repository.name}/pull/${number}`
  const user = renderOwner(ownerOf(repositories, repository), api)
  const minimal = renderMinimal(repository, api, repositories)
  const repo = { ...minimal, ...REPO_FIELDS(repository), owner: user }
  const end = (ref: string, sha: string) => ({ label: `${repository.name}:${ref}`, ref, sha, user, repo })
  return {
    id: number + 10_000,
    node_id: `PR_${number}`,
    number,
    state,
    locked: false,
    title: `Pull request ${number}`,
    user,
    body: null,
    labels: [],
    milestone: null,
    assignee: null,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    closed_at: closed === undefined ? null : new Date(closed).toISOString().replace(/\.\d+/, ''),
    merged_at: null,
    merge_commit_sha: null,
    author_association: 'MEMBER',
    auto_merge: null,
    draft: false,
    head: end(branch, commit),
    base: end(repository.defaultBranch, sha1(`${repository.name} refs/heads/${repository.defaultBranch}`)),
    url,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: url.replace('/pulls/', '/issues/'),
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${url}/comments{/number}`,
    comments_url: `${url}/comments`,
    statuses_url: `${url}/statuses`,
    _links: Object.fromEntries(LINKS.map(name => [name, { href: url }]))
  }
}

/** What GitHub's `repository` has beside `minimal-repository`. */
const REPO_FIELDS = ({ name, defaultBranch }: StoredRepository) => ({
  ...Object.fromEntries(
    ['forks', 'forks_count', 'open_issues', 'open_issues_count', 'size', 'stargazers_count'].map(key => [
      key,
      0
    ])
  ),
  ...Object.fromEntries(['watchers', 'watchers_count'].map(key => [key, 0])),
  ...Object.fromEntries(
    [
      'has_issues',
      'has_projects',
      'has_wiki',
      'has_pages',
      'has_discussions',
      'has_downloads',
      'archived',
      'disabled'
    ].map(key => [key, false])
  ),
  ...Object.fromEntries(['created_at', 'updated_at', 'pushed_at'].map(key => [key, '2026-01-01T00:00:00Z'])),
  ...Object.fromEntries(['homepage', 'language', 'mirror_url', 'license'].map(key => [key, null])),
  ...Object.fromEntries(['clone_url', 'git_url', 'svn_url'].map(key => [key, `${WEB}/${name}`])),
  ssh_url: `git@github.com:${name}.git`,
  default_branch: defaultBranch
})
