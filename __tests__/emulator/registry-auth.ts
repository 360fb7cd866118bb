import { randomBytes } from 'node:crypto'
import { type Account, hasRole, mayCreate, tokenAllows } from './accounts.ts'
import type { Answer, Call } from './http.ts'
import type { World } from './world.ts'

/** GHCR's token exchange and what a token may do (docs, working with the container registry). */

export type Action = 'pull' | 'push'

interface Bearer {
  readonly account: Account | undefined
  /** Each `owner/name` with the actions that were asked for; undefined for all that the account may do. */
  readonly scopes: ReadonlyMap<string, readonly string[]> | undefined
  readonly expires: number
}

export interface RegistryAuth {
  /** `GET /token`. */
  exchange(call: Call): Answer
  /** An answer when this request may not do that to `owner/name`. */
  refuse(call: Call, repository: string, action: Action): Answer | undefined
  /** Whose request it is, once it was not refused. */
  accountOf(call: Call): Account | undefined
}

export interface AuthOptions {
  /** Where clients are sent for a token. */
  readonly realm: string
  readonly service: string
  readonly tokenTtlMs: number
  readonly now: () => number
}

/** An error body of the distribution-spec. */
export function registryError(status: number, code: string, message: string, headers = {}): Answer {
  return { status, body: { errors: [{ code, message }] }, headers }
}

const denied = (message = 'requested access to the resource is denied') =>
  registryError(403, 'DENIED', message)

export function createAuth(world: World, options: AuthOptions): RegistryAuth {
  const bearers = new Map<string, Bearer>()

  function challenge(repository: string | undefined, action: Action): Answer {
    const scope =
      repository === undefined
        ? ''
        : `,scope="repository:${repository}:${action === 'push' ? 'pull,push' : 'pull'}"`
    return registryError(401, 'UNAUTHORIZED', 'authentication required', {
      'www-authenticate': `Bearer realm="${options.realm}",service="${options.service}"${scope}`
    })
  }

  function direct(token: string): Bearer | undefined {
    const account =
      world.directBearer === 'accepted' ? world.account(`${Buffer.from(token, 'base64')}`) : undefined
    return account && { account, scopes: undefined, expires: Number.POSITIVE_INFINITY }
  }

  function bearerOf(call: Call): Bearer | undefined {
    const [scheme, token = ''] = (call.headers.authorization ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer') return undefined
    const bearer = bearers.get(token) ?? direct(token)
    return bearer !== undefined && bearer.expires > options.now() ? bearer : undefined
  }

  function exchange(call: Call): Answer {
    const scopes = new Map(call.query.getAll('scope').map(parseScope))
    const authorization = call.headers.authorization
    let account: Account | undefined
    if (authorization !== undefined) {
      const [, credentials] = /^basic (.+)$/i.exec(authorization) ?? []
      if (credentials === undefined) return challenge(undefined, 'pull')
      const [, user, secret] = /^([^:]*):(.*)$/.exec(Buffer.from(credentials, 'base64').toString()) ?? []
      account = world.account(secret ?? '')
      if (user === '' || account === undefined) return denied('invalid token')
    }
    // Only a request without a token is turned away here: any other learns on its first real request.
    const hidden = [...scopes.keys()].some(name => find(name)?.pkg.visibility !== 'public')
    if (account === undefined && (scopes.size === 0 || hidden)) return denied()
    const token = randomBytes(24).toString('base64url')
    bearers.set(token, { account, scopes, expires: options.now() + options.tokenTtlMs })
    const said = world.tokenLifetime === 'said' ? { expires_in: options.tokenTtlMs / 1_000 } : {}
    return { status: 200, body: { token, ...said } }
  }

  function find(repository: string) {
    const [login = '', ...rest] = repository.split('/')
    const owner = world.owner(login)
    const pkg = owner && world.find(owner, rest.join('/'))
    return owner === undefined || pkg === undefined ? undefined : { owner, pkg }
  }

  function mayPull(account: Account | undefined, repository: string): boolean {
    const found = find(repository)
    if (account === undefined) return found?.pkg.visibility === 'public'
    if (found !== undefined && found.pkg.visibility === 'public') return true
    if (!tokenAllows(account, 'read')) return false
    if (found !== undefined) return hasRole(account, found.owner, found.pkg, 'read')
    return mayPush(account, repository)
  }

  function mayPush(account: Account | undefined, repository: string): boolean {
    if (account === undefined || !tokenAllows(account, 'write')) return false
    const found = find(repository)
    if (found !== undefined) return hasRole(account, found.owner, found.pkg, 'write')
    const owner = world.owner(repository.split('/')[0] ?? '')
    return owner !== undefined && mayCreate(account, owner)
  }

  return {
    exchange,
    refuse: (call, repository, action) => {
      const bearer = bearerOf(call)
      if (bearer === undefined) return challenge(repository, action)
      const { scopes } = bearer
      if (scopes !== undefined && !scopes.get(repository)?.includes(action))
        return challenge(repository, action)
      if (!mayPull(bearer.account, repository)) return denied()
      if (action === 'pull' || mayPush(bearer.account, repository)) return undefined
      return denied('permission_denied: write_package')
    },
    accountOf: call => bearerOf(call)?.account
  }
}

/** `repository:owner/name:pull,push` as the repository and its actions. */
function parseScope(scope: string): [string, readonly string[]] {
  const [, name = '', actions = ''] = /^repository:(.+):([^:]*)$/.exec(scope) ?? []
  return [name, actions.split(',')]
}
