import type { OwnerRow, PackageRow, VersionRow } from './store.ts'

/** The JSON of the REST API (OpenAPI schemas package and package-version). URLs of the API point at `api`, the emulator itself. */

const WEB = 'https://github.com'

const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`

/** GitHub's `simple-user`, which every owner is. */
export function renderOwner({ id, login, type }: OwnerRow, api: string): object {
  const self = `${api}/users/${login}`
  return {
    login,
    id,
    node_id: `U_${id}`,
    avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`,
    gravatar_id: '',
    url: self,
    html_url: `${WEB}/${login}`,
    followers_url: `${self}/followers`,
    following_url: `${self}/following{/other_user}`,
    gists_url: `${self}/gists{/gist_id}`,
    starred_url: `${self}/starred{/owner}{/repo}`,
    subscriptions_url: `${self}/subscriptions`,
    organizations_url: `${self}/orgs`,
    repos_url: `${self}/repos`,
    events_url: `${self}/events{/privacy}`,
    received_events_url: `${self}/received_events`,
    type,
    user_view_type: 'public',
    site_admin: false
  }
}

/** GitHub's `public-user`: what `GET /users/{login}` and, in short, `GET /user` answer. */
export function renderProfile(owner: OwnerRow, api: string): object {
  return {
    ...renderOwner(owner, api),
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 1,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: '2015-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z'
  }
}

/** GitHub's `org-membership`, of an organization and one of its people. */
export function renderMembership(org: OwnerRow, user: OwnerRow, role: string, api: string): object {
  const { login, id } = org
  const place = `${api}/orgs/${login}`
  const organization = {
    login,
    id,
    node_id: `O_${id}`,
    url: place,
    repos_url: `${place}/repos`,
    events_url: `${place}/events`,
    hooks_url: `${place}/hooks`,
    issues_url: `${place}/issues`,
    members_url: `${place}/members{/member}`,
    public_members_url: `${place}/public_members{/member}`,
    avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`,
    description: null
  }
  return {
    url: `${place}/memberships/${user.login}`,
    state: 'active',
    role,
    organization_url: place,
    organization,
    user: renderOwner(user, api)
  }
}

/** Where every kind of thing of a repository is, as `minimal-repository` lists it. */
const PLACES = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}'
}

/** GitHub's `minimal-repository`. `fullName` is `owner/name`. */
export function renderRepository(fullName: string, owner: OwnerRow, isPrivate: boolean, api: string): object {
  const url = `${api}/repos/${fullName}`
  return {
    id: owner.id + 1,
    node_id: `R_${owner.id}`,
    name: fullName.slice(fullName.indexOf('/') + 1),
    full_name: fullName,
    private: isPrivate,
    owner: renderOwner(owner, api),
    html_url: `${WEB}/${fullName}`,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(Object.entries(PLACES).map(([key, place]) => [key, `${url}${place}`]))
  }
}

const apiPlace = (pkg: PackageRow, api: string): string =>
  `${api}/${pkg.owner.type === 'User' ? 'users' : 'orgs'}/${pkg.owner.login}/packages/container/${encodeURIComponent(pkg.name)}`

/** The package's page, where people find its settings. */
const webPlace = (pkg: PackageRow): string =>
  `${WEB}/${pkg.owner.type === 'User' ? 'users' : 'orgs'}/${pkg.owner.login}/packages/container/package/${encodeURIComponent(pkg.name)}`

/** GitHub's `package`. */
export function renderPackage(
  pkg: PackageRow,
  versionCount: number,
  repository: object | undefined,
  api: string
) {
  return {
    id: pkg.id,
    name: pkg.name,
    package_type: 'container',
    owner: renderOwner(pkg.owner, api),
    version_count: versionCount,
    visibility: pkg.visibility,
    url: apiPlace(pkg, api),
    created_at: iso(pkg.created),
    updated_at: iso(pkg.updated),
    // Absent, not null, for a package that is linked to no repository.
    ...(repository === undefined ? {} : { repository }),
    html_url: webPlace(pkg)
  }
}

/** GitHub's `package-version`. Whether a deleted one shows the tags that it had is not known. */
export function renderVersion(
  pkg: PackageRow,
  version: VersionRow,
  api: string,
  deletedTags: 'shown' | 'hidden'
) {
  const { id, digest, tags, created, updated, deleted } = version
  return {
    id,
    name: digest,
    url: `${apiPlace(pkg, api)}/versions/${id}`,
    package_html_url: webPlace(pkg),
    ...(created === undefined ? {} : { created_at: iso(created) }),
    ...(updated === undefined ? {} : { updated_at: iso(updated) }),
    ...(deleted === undefined ? {} : { deleted_at: iso(deleted) }),
    html_url: `${webPlace(pkg).replace('/package/', '/')}/${id}`,
    metadata: {
      package_type: 'container',
      container: { tags: deleted === undefined || deletedTags === 'shown' ? tags : [] }
    }
  }
}
