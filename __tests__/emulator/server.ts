import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountRoutes } from './account-api.ts'
import type { Account } from './accounts.ts'
import { contractViolations } from './contract.ts'
import { createFaults, type Faults } from './faults.ts'
import { type Answer, type Call, type Find, problem, type Route, router } from './http.ts'
import { createLimiter, type Limiter, type Limits, PUBLISHED, type Violation } from './limits.ts'
import { packageRoutes } from './packages-api.ts'
import { registryRoutes } from './registry-api.ts'
import { createAuth, registryError } from './registry-auth.ts'
import type { VersionStore } from './store.ts'
import { bodyOf, listen, suffer } from './wire.ts'
import { createWorld, type World } from './world.ts'

/** GitHub and its container registry on two ports of 127.0.0.1. */

/** What is remembered of every request. */
export interface Logged {
  readonly host: 'api' | 'registry'
  readonly method: string
  /** As sent, with the API's prefix, without the query. */
  readonly path: string
  readonly query: string
  /** What the client got; 0 for a dropped or stalled connection. */
  status: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly points: number
  readonly token: Account['kind'] | 'none' | 'bad'
}

export interface EmulatorOptions {
  /** An empty world, on the clock of `now`, when absent. */
  readonly world?: World
  /** What differs from GitHub's published limits. */
  readonly limits?: Partial<Limits>
  /** How long every request takes at least, in milliseconds. */
  readonly latencyMs?: number
  /** `off` saves the time of checking every answer against GitHub's schemas. */
  readonly contract?: 'on' | 'off'
  /** In front of the API's paths, such as `/api/v3`. */
  readonly apiPrefix?: string
  /** How long a registry token is good for, in milliseconds. */
  readonly tokenTtlMs?: number
  /** Where the registry sends its clients for a token; its own /token when absent. */
  readonly realm?: string
  /** The versions, where something else than the world holds them. */
  readonly versions?: (world: World) => VersionStore
  /** Further routes of the API; `api` is its base URL. */
  readonly routes?: (world: World, api: string) => readonly Route[]
  /** The clock of limits, tokens and the `Date` of every answer. */
  readonly now?: () => number
}

export interface Emulator {
  readonly world: World
  /** With the prefix, without a slash at the end. */
  readonly apiUrl: string
  readonly registryUrl: string
  readonly faults: Faults
  readonly limiter: Limiter
  /** Every limit that was overstepped. */
  readonly violations: readonly Violation[]
  /** Answers of the API that GitHub's own schemas do not allow. */
  readonly contractViolations: readonly string[]
  readonly requests: readonly Logged[]
  /** The requests that change something; a token exchange is none. */
  readonly writes: readonly Logged[]
  /** How many requests are under way, those of clients that are gone among them. */
  readonly flying: Readonly<Record<'api' | 'registry', number>>
  /** The most requests that were under way at once. */
  readonly peak: Readonly<Record<'api' | 'registry', number>>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const READS = ['GET', 'HEAD', 'OPTIONS']

/** Starts both servers; `await using` stops them. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { now = Date.now, world = createWorld(now), apiPrefix = '', latencyMs = 0 } = options
  const faults = createFaults()
  const limiter = createLimiter({ ...PUBLISHED, ...options.limits }, now)
  const requests: Logged[] = []
  const broken: string[] = []
  const peak = { api: 0, registry: 0 }
  const flying = { api: 0, registry: 0 }
  let apiFind: Find = router([])
  let registryFind: Find = router([])

  /** Writes the request down, counts it while it is under way, and takes it through faults to its answer. */
  async function serve(
    req: IncomingMessage,
    res: ServerResponse,
    log: Logged,
    respond: (call: Omit<Call, 'params'>) => Promise<Answer>,
    account: Account | undefined
  ): Promise<void> {
    const { host, method, path } = log
    requests.push(log)
    flying[host] += 1
    peak[host] = Math.max(peak[host], flying[host])
    res.setHeader('date', new Date(now()).toUTCString())
    try {
      const body = await bodyOf(req)
      if (latencyMs > 0) await sleep(latencyMs)
      const query = new URLSearchParams(log.query)
      const call = { method, path, query, headers: req.headers, body, account }
      const troubles = faults.strike(log)
      const late = troubles.find(trouble => trouble.kind === 'late')
      const answer = () =>
        late === undefined ? respond(call) : world.asOf(now() - late.ms, () => respond(call))
      await suffer(troubles, res, log, req.headers, answer)
    } finally {
      flying[host] -= 1
    }
  }

  function logOf(host: Logged['host'], req: IncomingMessage, token: string | undefined): Logged {
    const url = new URL(req.url ?? '/', 'http://127.0.0.1')
    const method = req.method ?? 'GET'
    const points = host === 'registry' ? 0 : READS.includes(method) ? 1 : 5
    const kind = token === undefined ? 'none' : (world.account(token)?.kind ?? 'bad')
    const query = url.search.slice(1)
    return { host, method, path: url.pathname, query, status: 0, at: now(), points, token: kind }
  }

  /** One request to the API: limits count it when it comes, and until its answer is sent. */
  async function serveApi(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const token = tokenOf(req)
    const log = logOf('api', req, token)
    const account = token === undefined ? undefined : world.account(token)
    const path = log.path.startsWith(`${apiPrefix}/`) ? log.path.slice(apiPrefix.length) : undefined
    const refused = limiter.enter(account, log.points, path === '/rate_limit')
    const scopes = account?.kind === 'classic' ? { 'x-oauth-scopes': account.scopes.join(', ') } : {}
    const respond = async (call: Omit<Call, 'params'>): Promise<Answer> => {
      const answer = refused ?? (await answerApi(call, path))
      return { ...answer, headers: { ...limiter.headers(account), ...scopes, ...answer.headers } }
    }
    try {
      await serve(req, res, log, respond, account)
    } finally {
      limiter.leave(account)
    }
  }

  async function answerApi(call: Omit<Call, 'params'>, path: string | undefined): Promise<Answer> {
    const bad = call.account === undefined && call.headers.authorization !== undefined
    if (bad) return problem(401, 'Bad credentials')
    const found = path === undefined ? undefined : apiFind(call.method, path)
    if (path === undefined || found === undefined) return problem(404, 'Not Found')
    const answer = await found.route.handle({ ...call, path, params: found.params })
    if (options.contract !== 'off' && answer.lie !== true) {
      broken.push(...contractViolations(call.method, path, answer.status, answer.body))
    }
    return answer
  }

  async function serveRegistry(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const log = logOf('registry', req, tokenOf(req))
    await serve(req, res, log, answerRegistry, undefined)
  }

  async function answerRegistry(call: Omit<Call, 'params'>): Promise<Answer> {
    const found = registryFind(call.method, call.path)
    const answer = found
      ? await found.route.handle({ ...call, params: found.params })
      : registryError(405, 'UNSUPPORTED', 'The operation is unsupported.')
    return { ...answer, headers: { 'docker-distribution-api-version': 'registry/2.0', ...answer.headers } }
  }

  const api = await listen(serveApi)
  const registry = await listen(serveRegistry)
  const apiUrl = `${api.url}${apiPrefix}`
  const store = options.versions?.(world) ?? world.store
  apiFind = router([
    ...packageRoutes(world, store, apiUrl),
    ...accountRoutes(world, limiter, apiUrl),
    ...(options.routes?.(world, apiUrl) ?? [])
  ])
  const auth = createAuth(world, {
    realm: options.realm ?? `${registry.url}/token`,
    service: new URL(registry.url).host,
    tokenTtlMs: options.tokenTtlMs ?? 300_000,
    now
  })
  registryFind = router(registryRoutes(world, auth))

  const close = async () => {
    await Promise.all([api.close(), registry.close()])
  }
  return {
    world,
    apiUrl,
    registryUrl: registry.url,
    faults,
    limiter,
    violations: limiter.violations,
    contractViolations: broken,
    requests,
    get writes() {
      return requests.filter(({ method }) => !READS.includes(method))
    },
    flying,
    peak,
    close,
    [Symbol.asyncDispose]: close
  }
}

/** The token of a request: `token x`, `Bearer x` in any case, or Basic with it as the password. */
function tokenOf(req: IncomingMessage): string | undefined {
  const [scheme = '', value] = (req.headers.authorization ?? '').split(' ')
  if (value === undefined) return undefined
  return scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString().split(':')[1] : value
}
