import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import { actionsCache } from '../src/cache/actions-cache.ts'
import { createGitHub } from '../src/github/client.ts'
import { createRegistry } from '../src/registry/client.ts'
import { createSecrets } from '../src/util/secrets.ts'
import { fakeClock } from './helpers/fake-clock.ts'
import { digestOf } from './helpers/make.ts'

/** Every kind of request of every client ends, whatever the server does. The time limits of sockets run a hundred times faster. */

// Not in a hook, because concurrent tests begin before hooks run.
const timeout = AbortSignal.timeout.bind(AbortSignal)
jest.spyOn(AbortSignal, 'timeout').mockImplementation(ms => timeout(ms / 100))
afterAll(() => {
  jest.restoreAllMocks()
})

/** What a server does with a connection once something was asked. */
type Malice = (socket: Socket) => void

const again = (socket: Socket, begin: string, more: string): void => {
  socket.write(begin)
  const drops = setInterval(() => socket.write(more), 20)
  socket.on('close', () => clearInterval(drops))
}
const flood = (socket: Socket, begin: string): void => {
  const more = Buffer.alloc(1 << 20, ' ')
  const pour = (): void => {
    while (!socket.destroyed && socket.write(more));
  }
  socket.on('drain', pour)
  socket.write(begin)
  pour()
}
const OK = 'HTTP/1.1 200 OK\r\n'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'
const MALICE: readonly (readonly [name: string, malice: Malice])[] = [
  ['says nothing', () => {}],
  ['says the status one sign at a time', socket => again(socket, 'HTTP/1.1 200 O', 'K')],
  ['has headers without end', socket => again(socket, OK, 'x: y\r\n')],
  [
    'says again and again that it will answer',
    socket => again(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n')
  ],
  ['has a body that trickles', socket => again(socket, `${OK}\r\n`, ' ')],
  [
    'has chunks that trickle',
    socket => again(socket, `${OK}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n')
  ],
  ['refuses with a body that trickles', socket => again(socket, 'HTTP/1.1 403 No\r\n\r\n', ' ')],
  ['floods', socket => flood(socket, `${OK}\r\n`)],
  ['switches protocols', socket => socket.write(SWITCH)],
  ['switches protocols and floods', socket => flood(socket, SWITCH)],
  ['switches protocols and hangs up', socket => socket.end(SWITCH)],
  ['hangs up', socket => socket.end()],
  ['hangs up in the headers', socket => socket.end(OK)],
  ['answers with a status beyond all others', socket => socket.end('HTTP/1.1 999 Far\r\n\r\n')]
]

/** @returns its address */
async function serve(malice: Malice) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => malice(socket))
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(closed => server.close(closed))
    }
  }
}

const common = (url: string) => ({
  token: 'ghs_secret',
  secrets: createSecrets('ghs_secret'),
  clock: fakeClock(0),
  url
})

const api = (url: string) =>
  createGitHub({ ...common(url), baseUrl: url, reserve: 0, deadline: Number.POSITIVE_INFINITY, patience: 0 })
    .octokit
const registry = (url: string) =>
  createRegistry({ ...common(url), serverUrl: 'https://github.com', onSecret: () => {} })
const bytes = Buffer.from('{}')

async function cache(
  url: string,
  work: (store: NonNullable<ReturnType<typeof actionsCache>>) => Promise<unknown>
) {
  const parent = mkdtempSync(join(tmpdir(), 'bounded-'))
  const env = {
    ACTIONS_RUNTIME_TOKEN: 'runtime-token',
    ACTIONS_RESULTS_URL: `${url}/`,
    ACTIONS_CACHE_SERVICE_V2: 'true'
  }
  const store = actionsCache(
    env,
    join(parent, 'mine'),
    () => {},
    () => {}
  )
  if (store === undefined) throw new Error('no store')
  writeFileSync(join(store.folder, 'a'), 'one')
  try {
    return await work(store)
  } finally {
    store.close()
    rmSync(parent, { recursive: true })
  }
}

const REQUESTS: readonly (readonly [name: string, ask: (url: string) => Promise<unknown>])[] = [
  ['a read of the API', url => api(url).request('GET /orgs/acme/packages')],
  ['a deletion', url => api(url).request('DELETE /orgs/acme/packages/container/app/versions/1')],
  [
    'a dispatch',
    url => api(url).request('POST /repos/acme/app/actions/workflows/a.yml/dispatches', { ref: 'main' })
  ],
  ['a manifest, or the token for it', url => registry(url).readManifest('acme/app', digestOf('a'))],
  ['a blob', url => registry(url).readBlob('acme/app', digestOf('a'))],
  ['a look at a tag', url => registry(url).headTag('acme/app', 'v1')],
  ['a list of tags', url => registry(url).listTags('acme/app')],
  ['a tag that is written', url => registry(url).putManifest('acme/app', 'v1', bytes, 'application/json')],
  ['a manifest that is to have a tag more', url => registry(url).readBytes('acme/app', digestOf('a'))],
  ['an entry of the cache that is fetched', url => cache(url, store => store.fetch('key', 'b'))],
  ['an entry of the cache that is stored', url => cache(url, store => store.store('key', 'a'))]
]

describe.each(REQUESTS)('E-42 %s ends', (_, ask) => {
  // They wait more than they work.
  test.concurrent.each(MALICE)('where the server %s', async (__, malice) => {
    await using server = await serve(malice)
    const [ended] = await Promise.allSettled([ask(server.url)])
    expect(JSON.stringify(ended)).not.toMatch(
      /"state":"(?:read|bytes|found|missing)"|"data":(?!"")|"value":true/
    )
  })
})
