import { problem, type Route } from './http.ts'
import type { Limiter } from './limits.ts'
import { renderProfile } from './render.ts'
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
      path: '/rate_limit',
      handle: ({ account }) => {
        const core = limiter.quota(account)
        const search = { limit: 30, used: 0, remaining: 30, reset: core.reset }
        return { status: 200, body: { resources: { core, search }, rate: core } }
      }
    }
  ]
}
