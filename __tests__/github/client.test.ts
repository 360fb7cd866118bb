import { gzipSync } from 'node:zlib'
import { expect, it, jest } from '@jest/globals'
import { Octokit } from '@octokit/core'
import { BudgetError, ExpectedError, RateLimitError, StaleError } from '../../src/errors.ts'
import { guard, isolate } from '../../src/github/guard.ts'
import { lastPageOf, relation } from '../../src/github/lists.ts'
import { createSecrets } from '../../src/util/secrets.ts'
import { type Answer, connect, SECONDARY, serve } from './server.ts'

const OK: Answer = [200, [{ id: 1 }]]
const GET = 'GET /orgs/acme/packages'
const DELETE = 'DELETE /orgs/acme/packages/container/app/versions/1'

const cut: Answer = response => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
  response.write('[{"id":')
  setImmediate(() => response.destroy())
}
const reset: Answer = response => response.destroy()
const primary = (seconds: number): Answer => [
  403,
  { message: 'API rate limit exceeded for installation ID 1.' },
  {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Date.parse('2026-06-30T00:00:00Z') / 1000 + seconds)
  }
]

it.each<[string, Answer, number]>([
  ['a 500', [500, { message: 'oops' }], 1],
  ['an HTML 502', [502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' }], 1],
  ['a connection that was reset', reset, 1],
  ['a body that broke off', cut, 1],
  ['an empty body', [200, ''], 1],
  ['a body that is no JSON', [200, '[{"id"'], 1],
  ['a text instead of a list', [200, '"nothing"'], 1],
  ['409', [409, { message: 'Conflict' }], 1],
  ['T-31 a secondary limit with retry-after (403)', [403, SECONDARY, { 'retry-after': '7' }], 7],
  ['T-31 a secondary limit with retry-after (429)', [429, SECONDARY, { 'retry-after': '7' }], 7],
  ['T-31 a secondary limit that names no time', [403, SECONDARY], 60],
  ['T-31 a bare 429 with retry-after', [429, { message: 'slow down' }, { 'retry-after': '7' }], 7],
  ['T-31 a bare 429', [429, { message: 'slow down' }], 60],
  ['T-31 a primary limit', primary(120), 121],
  ['T-31 a primary limit whose reset is past', primary(-100), 1]
])('sends a read again after %s', async (_, fault, seconds) => {
  await using server = await serve((_request, count) => (count === 1 ? fault : OK))
  const { octokit, waited } = connect(server)
  const response = await octokit.request(GET)
  expect(response.data).toEqual([{ id: 1 }])
  expect(server.received).toHaveLength(2)
  expect(waited()).toBe(seconds * 1000)
})

it('gives up on a read that fails four times, after 1, 4 and 9 seconds', async () => {
  await using server = await serve(() => [502, { message: 'Bad Gateway' }])
  const { octokit, waited } = connect(server)
  await expect(octokit.request(GET)).rejects.toMatchObject({ status: 502 })
  expect(server.received).toHaveLength(4)
  expect(waited()).toBe(14_000)
})

it.each([400, 401, 403, 404, 410, 422, 451])('takes %i for an answer', async status => {
  await using server = await serve(() => [status, { message: 'no' }])
  await expect(connect(server).octokit.request(GET)).rejects.toMatchObject({ status })
  // Whether the token is dead is asked once (E-13).
  const asked = server.received.map(({ url }) => url)
  expect(asked).toEqual([asked[0], ...(status === 401 ? ['/rate_limit'] : [])])
})

it('never reads an error as the end of a list', async () => {
  await using server = await serve((request, _count, url) =>
    request.url.includes('page=2')
      ? [409, { message: 'Conflict' }]
      : [200, [{ id: 1 }], { link: `<${url}/orgs/acme/packages?page=2>; rel="next"` }]
  )
  await expect(connect(server).octokit.paginate(GET)).rejects.toMatchObject({ status: 503 })
})

const blanks = (bytes: number): Buffer => Buffer.alloc(bytes, ' ')
const large = Buffer.concat([blanks(65 << 20), Buffer.from('[]')])
const packed = gzipSync(large)

it.each<[string, Buffer, Record<string, string>]>([
  ['as it is', large, {}],
  ['packed', packed, { 'content-encoding': 'gzip' }],
  ['packed twice', gzipSync(packed), { 'content-encoding': 'gzip, gzip' }]
])('E-42 an answer larger than 64 MiB is none: %s', async (_, body, headers) => {
  await using server = await serve(() => response => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body)
  })
  const once = { request: { retries: 0 } }
  await expect(connect(server).octokit.request(GET, once)).rejects.toMatchObject({ status: 500 })
  expect(server.received).toHaveLength(1)
})

it('E-42 of an answer without end no more is taken than that', async () => {
  let sent = 0
  await using server = await serve(() => response => {
    const piece = blanks(1 << 20)
    const pour = (): void => {
      do sent += piece.length
      while (response.write(piece))
    }
    response.on('drain', pour).writeHead(200, { 'content-type': 'application/json' })
    pour()
  })
  await expect(connect(server).octokit.request(DELETE)).resolves.toMatchObject({ data: '' })
  expect(sent).toBeLessThan(100 << 20)
})

it('E-40 an answer that repeats what another server has chosen is none, so that no list has gaps that it wants', async () => {
  await using server = await serve(() => [200, [{ name: 'production-2026' }], { 'x-own': 'ghp_test_123' }])
  const made = createSecrets()
  const { octokit } = connect(server, { token: 'ghp_test_123', made })
  expect(await octokit.request(GET)).toMatchObject({
    data: [{ name: 'production-2026' }],
    headers: { 'x-own': '***' }
  })
  made.add('production-2026')
  await expect(octokit.request(GET)).rejects.toMatchObject({ status: 500 })
})

it('lets an empty repository have no tags', async () => {
  await using server = await serve(() => [409, { message: 'Git Repository is empty.' }])
  expect(await connect(server).octokit.paginate('GET /repos/acme/app/tags')).toEqual([])
})

it.each<[string, Answer, object]>([
  ['a 500', [500, { message: 'oops' }], { status: 500 }],
  ['a 502', [502, { message: 'oops' }], { status: 502 }],
  ['a reset connection', reset, { status: 500 }],
  ['409', [409, { message: 'Conflict' }], { status: 409 }],
  ['404', [404, { message: 'Package not found.' }], { status: 404 }],
  ['T-31 a secondary limit', [403, SECONDARY], { name: 'RateLimitError' }],
  [
    'T-31 a secondary limit with retry-after',
    [429, SECONDARY, { 'retry-after': '3' }],
    { name: 'RateLimitError' }
  ],
  ['T-31 a bare 429', [429, { message: 'slow down' }], { name: 'RateLimitError' }],
  ['T-31 a primary limit', primary(60), { name: 'RateLimitError' }]
])('sends a write once, whatever comes: %s', async (_, fault, error) => {
  await using server = await serve(() => fault)
  const { octokit } = connect(server)
  await expect(octokit.request(DELETE)).rejects.toMatchObject(error)
  await expect(octokit.request('POST /repos/acme/app/dispatches')).rejects.toBeInstanceOf(Error)
  expect(server.received.map(({ method }) => method)).toEqual(['DELETE', 'POST'])
})

it('T-31 tells a write that a limit turned it away, and holds everything until that is over', async () => {
  await using server = await serve((_request, count) => (count === 1 ? [403, SECONDARY] : OK))
  const { octokit, waited, governor } = connect(server)
  const refused = await octokit.request(DELETE).catch(error => error)
  expect(refused).toBeInstanceOf(RateLimitError)
  await octokit.request(GET)
  expect(waited()).toBe(60_000)
  expect(governor.stats()).toEqual({ requests: 2, writes: 1, points: 6 })
})

it.each<[string, Answer]>([
  ['a primary limit that resets in an hour', primary(3_600)],
  ['a retry-after of ten minutes', [429, SECONDARY, { 'retry-after': '600' }]],
  ['a secondary limit without end', [403, SECONDARY]]
])('T-31 stops cleanly at %s', async (_, fault) => {
  await using server = await serve(() => fault)
  const { octokit, waited } = connect(server)
  await expect(octokit.request(GET)).rejects.toBeInstanceOf(BudgetError)
  expect(waited()).toBeLessThanOrEqual(300_000)
})

it('learns from every answer what is left of the quota, and leaves the reserve', async () => {
  const reset = String(Date.parse('2026-06-30T00:40:00Z') / 1000)
  await using server = await serve((_request, count) => [
    200,
    [],
    {
      'x-ratelimit-remaining': String(53 - count),
      'x-ratelimit-reset': reset,
      'x-ratelimit-resource': 'core'
    }
  ])
  const { octokit } = connect(server, { reserve: 50 })
  for (let n = 0; n < 3; n++) await octokit.request(GET)
  await expect(octokit.request(GET)).rejects.toThrow('2026-06-30 00:40:00 UTC')
  expect(server.received).toHaveLength(3)
})

it('asks the precondition at the last moment, and sends nothing when it fails', async () => {
  await using server = await serve(() => [204])
  const { octokit, governor, clock } = connect(server)
  const limited = await governor.admit('read')
  limited.limited({ kind: 'secondary', retryAfter: 20_000 }, {})
  const asked = clock.now()
  const fresh = () => clock.now() - asked < 10_000
  await expect(octokit.request(DELETE, { request: { precondition: fresh } })).rejects.toBeInstanceOf(
    StaleError
  )
  const broken = () => {
    throw new TypeError('a bug')
  }
  await expect(octokit.request(DELETE, { request: { precondition: broken } })).rejects.toThrow('a bug')
  expect(server.received).toHaveLength(0)
  expect(governor.stats()).toMatchObject({ requests: 1, points: 1 })
  await octokit.request(DELETE, { request: { precondition: () => true } })
  expect(server.received).toHaveLength(1)
})

it('asks the precondition of a read before every attempt', async () => {
  await using server = await serve((_request, count) => (count === 1 ? [502, {}] : OK))
  const { octokit, clock } = connect(server)
  const sent: number[] = []
  const start = clock.now()
  const precondition = () => sent.push(clock.now() - start) > 0
  await octokit.request(GET, { request: { precondition } })
  expect(sent).toEqual([0, 1_000])
})

it('law 10: takes the token to no host but the configured one', async () => {
  await using other = await serve(() => OK)
  await using server = await serve(() => [200, [{ id: 1 }], { link: `<${other.url}/next>; rel="next"` }])
  const { octokit } = connect(server)
  await expect(octokit.paginate(GET)).rejects.toThrow(ExpectedError)
  await expect(octokit.request(`DELETE ${other.url}/x`)).rejects.toThrow('set `api-url`')
  expect(other.received).toHaveLength(0)
})

it.each([
  'x.elsewhere.example:443/packages',
  'blob:https://api.example/packages',
  '@elsewhere.example/packages'
])('law 10: sends nothing to what %s makes of the address of the API', async url => {
  const asked: string[] = []
  const fetch = async (sent: string) => {
    asked.push(sent)
    return new Response('[]')
  }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const Isolated = Octokit.plugin(isolate('https://api.example', log))
  const octokit = new Isolated({ baseUrl: 'https://api.example', request: { fetch } })
  await expect(octokit.request({ method: 'GET', url })).rejects.toThrow()
  expect(asked).toEqual([])
})

it.each(['blob:', 'data:'])('E-45 follows a link to no address of another kind: %s', async kind => {
  await using server = await serve((_request, _count, url) => [
    200,
    [{ id: 1 }],
    { link: `<${kind}${url}/a>; rel="next"` }
  ])
  const asked = connect(server).octokit.paginate(GET)
  await expect(asked).rejects.toThrow(`leads to ${kind}, but only ${server.url} may have the token`)
  expect(server.received).toHaveLength(1)
})

it('E-45 reads the address of a link in odd brackets as it was checked', async () => {
  await using server = await serve((_request, _count, url) => [
    200,
    [],
    { link: `<<${url}/a?page=2>; rel="last"` }
  ])
  const { headers } = await connect(server).octokit.request(GET)
  expect(lastPageOf(relation(headers.link, 'last') ?? '', 'a')).toBe(2)
})

it.each(['GET', 'DELETE'])('E-45 follows a redirect of a %s to no other host', async method => {
  await using other = await serve(() => OK)
  await using server = await serve(() => [302, {}, { location: `${other.url}/there` }])
  const asked = connect(server).octokit.request(`${method} /orgs/acme/packages`)
  await expect(asked).rejects.toThrow(other.url)
  expect(other.received).toEqual([])
})

it.each([301, 302, 307, 308])(
  'E-45 follows %i of a read on the API itself, as a request of its own',
  async status => {
    await using server = await serve(({ url }) =>
      url === '/organizations/7/packages?page=2'
        ? OK
        : [status, {}, { location: '/organizations/7/packages?page=2' }]
    )
    const { octokit, governor } = connect(server)
    expect((await octokit.request(GET, { page: 2 })).data).toEqual([{ id: 1 }])
    expect(server.received.map(({ method }) => method)).toEqual(['GET', 'GET'])
    expect(governor.stats().requests).toBe(2)
  }
)

it.each([301, 302, 307, 308])('E-45 follows %i of no write, on the API itself either', async status => {
  await using server = await serve(() => [status, {}, { location: '/organizations/7/packages' }])
  await expect(connect(server).octokit.request(DELETE)).rejects.toThrow('which is not followed')
  expect(server.received).toHaveLength(1)
})

it('E-45 does not go in circles', async () => {
  await using server = await serve(() => [302, {}, { location: '/orgs/acme/packages' }])
  await expect(connect(server).octokit.request(GET)).rejects.toThrow('which is not followed')
  expect(server.received).toHaveLength(4)
})

it('E-27 pages through links that are relative', async () => {
  await using server = await serve(({ url }) =>
    url.includes('page=2')
      ? [200, [{ id: 2 }]]
      : [200, [{ id: 1 }], { link: '</api/v3/orgs/acme/packages?page=2>; rel="next"' }]
  )
  const { octokit } = connect(server, { path: '/api/v3' })
  expect(await octokit.paginate(GET)).toEqual([{ id: 1 }, { id: 2 }])
})

it('works below a path, names the API version, and prints nothing', async () => {
  const printed = (['log', 'warn', 'error', 'info', 'debug'] as const).map(level =>
    jest.spyOn(console, level)
  )
  await using server = await serve(() => [200, [], { deprecation: 'true', sunset: 'soon' }])
  await connect(server, { path: '/api/v3/' }).octokit.request(GET)
  expect(server.received[0]?.url).toBe('/api/v3/orgs/acme/packages')
  expect(server.received[0]?.headers['x-github-api-version']).toBe('2022-11-28')
  for (const spy of printed) {
    expect(spy).not.toHaveBeenCalled()
    spy.mockRestore()
  }
})

it('paces writes by itself, not by the one write a second of the plugin', async () => {
  await using server = await serve(() => [204])
  const { octokit, waited } = connect(server)
  await Promise.all(Array.from({ length: 30 }, () => octokit.request(DELETE)))
  expect(waited()).toBe(0)
  await Promise.all(Array.from({ length: 30 }, () => octokit.request(DELETE)))
  expect(waited()).toBeGreaterThan(9_000)
  expect(waited()).toBeLessThan(11_000)
})

it("has twenty requests under way at once, and the limiters of the plugin in nobody's way", async () => {
  const arrived: (() => void)[] = []
  // Nobody is answered before all have come.
  await using server = await serve(async () => {
    await new Promise<void>(resolve => {
      arrived.push(resolve)
      if (arrived.length === 20) for (const answer of arrived) answer()
    })
    return [204]
  })
  const { octokit } = connect(server)
  const writes = Array.from({ length: 16 }, () => octokit.request(DELETE))
  await Promise.all([...writes, ...Array.from({ length: 4 }, () => octokit.request(GET))])
  expect(server.received).toHaveLength(20)
}, 5_000)

it('ends an attempt whose time is over, and the caller may end it too', async () => {
  await using server = await serve(() => () => {})
  const timeLimit = new AbortController()
  const Guarded = Octokit.plugin(guard(() => timeLimit.signal))
  const octokit = new Guarded({ baseUrl: server.url })
  const first = octokit.request(GET).catch(error => error)
  while (server.received.length < 1) await new Promise(setImmediate)
  timeLimit.abort(new DOMException('the time is over', 'TimeoutError'))
  expect(await first).toMatchObject({ status: 500 })

  const caller = new AbortController()
  const patient = new (Octokit.plugin(guard(() => new AbortController().signal)))({ baseUrl: server.url })
  const second = patient.request(GET, { request: { signal: caller.signal } }).catch(error => error)
  while (server.received.length < 2) await new Promise(setImmediate)
  caller.abort()
  expect(await second).toMatchObject({ status: 500 })
})
