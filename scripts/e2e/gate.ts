import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer, Call } from '../../__tests__/emulator/http.ts'
import { createAuth, type RegistryAuth, registryError } from '../../__tests__/emulator/registry-auth.ts'
import { bodyOf, listen, suffer } from '../../__tests__/emulator/wire.ts'
import type { World } from '../../__tests__/emulator/world.ts'

/** What stands between the action and the registry: GHCR's token exchange and rights, no DELETE, and a first denial. */
export interface Gate {
  readonly url: string
  /** Every request that was let through to change something, `PUT /v2/…`. */
  readonly writes: readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

type Untold = Omit<Call, 'params'>

/** Headers of the registry that its clients need. */
const PASSED_ON = ['content-type', 'docker-content-digest', 'etag', 'link', 'location']

/** Opens the gate in front of the registry at `upstream`; who may do what is a matter of the world. */
export async function openGate(world: World, upstream: string): Promise<Gate> {
  const writes: string[] = []
  const asked = new Set<string>()
  let auth: RegistryAuth | undefined

  async function passOn({ method, path, query, headers, body }: Untold): Promise<Answer> {
    const sent = {
      ...(headers.accept === undefined ? {} : { accept: headers.accept }),
      ...(headers['content-type'] === undefined ? {} : { 'content-type': headers['content-type'] })
    }
    const content = body.length === 0 ? {} : { body: new Uint8Array(body) }
    const url = `${upstream}${path}${query.size === 0 ? '' : `?${query}`}`
    const response = await fetch(url, { method, headers: sent, redirect: 'manual', ...content })
    const got = PASSED_ON.flatMap(name => {
      const value = response.headers.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    return {
      status: response.status,
      headers: Object.fromEntries(got),
      body: Buffer.from(await response.arrayBuffer())
    }
  }

  /** GHCR has been seen to deny a manifest once (gchq/sleeper#2494): a quarter of all is denied at the first GET. */
  function isDeniedFirst(path: string): boolean {
    if (!/\/manifests\/sha256:[0-9a-f]{63}[0-3]$/.test(path) || asked.has(path)) return false
    asked.add(path)
    return true
  }

  async function answer(call: Untold): Promise<Answer> {
    if (auth === undefined) throw new Error('a request came before the gate was open')
    if (call.path === '/token') return auth.exchange({ ...call, params: {} })
    const repository = /^\/v2\/(.+?)\/(?:manifests|blobs|tags|referrers)\//.exec(call.path)?.[1]
    if (repository === undefined) return registryError(404, 'NAME_UNKNOWN', 'no such place')
    const reads = call.method === 'GET' || call.method === 'HEAD'
    const refused = auth.refuse({ ...call, params: {} }, repository, reads ? 'pull' : 'push')
    if (refused !== undefined) return refused
    if (call.method === 'DELETE') return registryError(405, 'UNSUPPORTED', 'The operation is unsupported.')
    if (!reads) writes.push(`${call.method} ${call.path}`)
    if (call.method === 'GET' && isDeniedFirst(call.path))
      return registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    return passOn(call)
  }

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://127.0.0.1')
    const call = {
      method: req.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: req.headers,
      body: await bodyOf(req),
      account: undefined
    }
    await suffer([], res, { status: 0 }, req.headers, () => answer(call))
  }

  const server = await listen(serve)
  auth = createAuth(world, {
    realm: `${server.url}/token`,
    service: new URL(server.url).host,
    tokenTtlMs: 300_000,
    now: Date.now
  })
  return { url: server.url, writes, [Symbol.asyncDispose]: server.close }
}
