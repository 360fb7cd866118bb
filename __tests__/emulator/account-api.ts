import type { Account } from './accounts.ts'
import { type Answer, problem, type Route } from './http.ts'
import type { Limiter } from './limits.ts'
import { renderMembership, renderProfile } from './render.ts'
import { notIntegration } from './rights.ts'
import type { World } from './world.ts'

/** Who somebody is, and how much of the hour's quota is left. */
export function accountRoutes(world: World, limiter: Limiter, api: string): Route[] {
  return [
    {
      method: 'GET',
      path: '/users/{login}',
      handle: ({ params }) => {
        const owner = world.owner(params['login'] ?? '')
        if (owner === undefined) return problem(404, 'Not Found', 'rest/users/users#get-a-user')
        return { status: 200, body: renderProfile(owner, api) }
      }
    },
    {
      method: 'GET',
      path: '/user',
      handle: ({ account }) => {
        if (account === undefined) return problem(401, 'Requires authentication', 'rest/users/users')
        if (account.kind === 'github-token' || account.kind === 'app') return notIntegration()
        const owner = world.owner(account.login)
        if (owner === undefined) throw new Error(`the token's user ${account.login} was never declared`)
        return { status: 200, body: renderProfile(owner, api) }
      }
    },
    {
      method: 'GET',
      path: '/user/memberships/orgs/{org}',
      handle: ({ account, params }) => membership(world, account, params['org'] ?? '', api)
    },
    {
      method: 'GET',
      path: '/rate_limit',
      handle: ({ account }) => {
        const core = limiter.quota(account)
        const search = { limit: 30, used: 0, remaining: 30, reset: core.reset }
        return { status: 200, body: { resources: { core, search }, rate: core } }
      }
    }
  ]
}

const ORG_SCOPES = ['read:org', 'write:org', 'admin:org']

/** The caller's role in an organization, which GitHub tells persons of what they belong to (docs, organization members). */
function membership(world: World, account: Account | undefined, login: string, api: string): Answer {
  const place = 'rest/orgs/members#get-an-organization-membership-for-the-authenticated-user'
  if (account === undefined) return problem(401, 'Requires authentication', place)
  if (account.kind === 'fine-grained') {
    return problem(403, 'Resource not accessible by personal access token', place)
  }
  if (account.kind !== 'classic') return notIntegration()
  if (!account.scopes.some(scope => ORG_SCOPES.includes(scope))) {
    return problem(403, 'You need at least read:org scope to get an organization membership.', place)
  }
  const [org, user] = [world.owner(login), world.owner(account.login)]
  const role = org?.people.get(account.login.toLowerCase())
  if (org === undefined || user === undefined || role === undefined) return problem(404, 'Not Found', place)
  return { status: 200, body: renderMembership(org, user, role, api) }
}
