import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { BudgetError, ExpectedError } from '../../src/errors.ts'
import type { Digest } from '../../src/model/digest.ts'
import { createRegistry, type Registry, type RegistryOptions } from '../../src/registry/client.ts'
import { errorsOf } from '../../src/registry/failure.ts'
import { ACCEPT } from '../../src/registry/manifest.ts'
import { createSend, type Send } from '../../src/registry/transport.ts'
import { createSecrets } from '../../src/util/secrets.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { inBounds } from '../helpers/in-bounds.ts'
import { digestOf } from '../helpers/make.ts'

/** A registry of one repository that does what it is told, in the order in which it is told. */

const INDEX = 'application/vnd.oci.image.index.v1+json'
const SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] }))
const digest = hashed(body)
const REPO = 'acme/app/api'
const PATH = `/v2/${REPO}/manifests/${digest}`
const UNKNOWN = { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }

function hashed(bytes: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

type Play = (request: IncomingMessage, response: ServerResponse) => void
const say =
  (status: number, content: unknown, headers: Record<string, string> = {}): Play =>
  (_, response) => {
    response.writeHead(status, headers)
    response.end(content instanceof Uint8Array ? content : JSON.stringify(content))
  }
const ok = say(200, body, { 'content-type': INDEX, 'docker-content-digest': digest })
const reset: Play = request => void request.socket.destroy()
const stall: Play = () => {}
const cut: Play = (_, response) => {
  response.writeHead(200, { 'content-type': INDEX, 'content-length': String(body.length) })
  response.write(body.subarray(0, 10), () => response.socket?.destroy())
}
/** Never silent for long, and never done. */
const trickle: Play = (_, response) => {
  response.writeHead(200, { 'content-type': INDEX })
  const drops = setInterval(() => response.write(' '), 40)
  response.on('close', () => clearInterval(drops))
}
const challenge = (realm: string) =>
  say(
    401,
    { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
    {
      'www-authenticate': `Bearer realm="${realm}",service="ghcr.io",scope="repository:user/image:pull"`
    }
  )

interface Seen {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly accept: string | undefined
  body: string
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(play: Play): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    const one: Seen = { method, url, authorization: headers.authorization, accept: headers.accept, body: '' }
    seen.push(one)
    request.on('data', chunk => {
      one.body += chunk
    })
    request.on('end', () => play(request, response))
  })
  servers.push(server)
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

interface World {
  readonly registry: Registry
  readonly url: string
  /** Requests beside those for tokens. */
  readonly asked: () => Seen[]
  readonly exchanges: () => Seen[]
  readonly secrets: string[]
  readonly waited: () => number
}

/** Serves tokens bearer-1, bearer-2, ... and, to those who show a valid one, what `plays` say; the last one again and again. */
async function world(
  plays: readonly Play[],
  facts: { valid?: (token: string) => boolean; token?: Play; options?: Partial<RegistryOptions> } = {}
): Promise<World> {
  let issued = 0
  let played = 0
  const { valid = () => true } = facts
  const { url, seen } = await serve((request, response) => {
    if (request.url?.startsWith('/token')) {
      if (facts.token) facts.token(request, response)
      else say(200, { token: `bearer-${++issued}` })(request, response)
      return
    }
    const shown = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (shown === undefined || !valid(shown)) return challenge(`${url}/token`)(request, response)
    plays[Math.min(played++, plays.length - 1)]?.(request, response)
  })
  const clock = fakeClock(0)
  const secrets: string[] = []
  const registry = createRegistry({
    url,
    serverUrl: 'https://github.com',
    token: 'ghs_secret',
    secrets: createSecrets('ghs_secret'),
    clock,
    onSecret: secret => secrets.push(secret),
    send: createSend(300),
    ...facts.options
  })
  const isToken = (one: Seen) => one.url.startsWith('/token')
  return {
    registry,
    url,
    asked: () => seen.filter(one => !isToken(one)),
    exchanges: () => seen.filter(isToken),
    secrets,
    waited: () => clock.now()
  }
}

describe('the token', () => {
  test('is exchanged once per repository, with GET and the scope of that repository', async () => {
    const { registry, exchanges, asked, secrets } = await world([ok])
    await Promise.all(Array.from({ length: 40 }, () => registry.readManifest('Acme/App/API', digest)))
    await registry.readManifest('acme/other', digest)
    expect(exchanges().map(one => [one.method, one.url])).toEqual([
      ['GET', '/token?service=ghcr.io&scope=repository%3Aacme%2Fapp%2Fapi%3Apull'],
      ['GET', '/token?service=ghcr.io&scope=repository%3Aacme%2Fother%3Apull']
    ])
    const basic = Buffer.from('ghcr-steward:ghs_secret').toString('base64')
    expect(exchanges()[0]?.authorization).toBe(`Basic ${basic}`)
    expect(secrets).toEqual([basic, 'bearer-1', 'bearer-2'])
    expect(asked().every(one => one.accept === ACCEPT && one.url.startsWith('/v2/acme/'))).toBe(true)
    expect(asked()[0]?.url).toBe(PATH)
  })

  test('is exchanged once more when it has expired, however many requests find that out', async () => {
    const expired = new Set<string>()
    const { registry, exchanges } = await world([ok], { valid: token => !expired.has(token) })
    await registry.readManifest(REPO, digest)
    expired.add('bearer-1')
    const reads = await Promise.all(Array.from({ length: 16 }, () => registry.readManifest(REPO, digest)))
    expect(reads.every(read => read.state === 'read')).toBe(true)
    expect(exchanges()).toHaveLength(2)
  })

  test('T-03: that stays refused after a new exchange leaves the manifest unread', async () => {
    const { registry, asked } = await world([ok], { valid: () => false })
    expect(await registry.readManifest(REPO, digest)).toEqual({
      state: 'unread',
      cause: 'the registry answered HTTP 401 UNAUTHORIZED: authentication required'
    })
    expect(asked()).toHaveLength(2)
  })

  test('is exchanged once even when all requests are refused in the same moment', async () => {
    let current = 't0'
    let exchanges = 0
    const ask = { 'www-authenticate': 'Bearer realm="https://ghcr.io/token",service="ghcr.io"' }
    const send: Send = async ({ url, headers }) => {
      // No turn of the event loop in between: all of them are at the same point all the time.
      await null
      if (url.pathname === '/token') {
        current = `bearer-${++exchanges}`
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ token: current })) }
      }
      const welcome = headers['authorization'] === `Bearer ${current}`
      return { status: welcome ? 200 : 401, headers: ask, body }
    }
    const { registry } = await world([], { options: { url: 'https://ghcr.io', send } })
    const readAll = () => Promise.all(Array.from({ length: 16 }, () => registry.readManifest(REPO, digest)))
    await readAll()
    current = 'expired'
    expect((await readAll()).every(read => read.state === 'read')).toBe(true)
    expect(exchanges).toBe(2)
  })

  test('goes where the first refusal said, whatever a later one says', async () => {
    const { registry, exchanges } = await world([ok, challenge('https://evil.example/token'), ok])
    await registry.readManifest(REPO, digest)
    expect(await registry.readManifest(REPO, digest)).toMatchObject({ state: 'read' })
    expect(exchanges()).toHaveLength(2)
  })

  test('may be called access_token', async () => {
    const { registry, asked } = await world([ok], { token: say(200, { access_token: 'other-token' }) })
    expect(await registry.readManifest(REPO, digest)).toMatchObject({ state: 'read' })
    expect(asked().at(-1)?.authorization).toBe('Bearer other-token')
  })

  test('that the service refuses ends the reading with what to grant, and is not asked for again', async () => {
    const denied = say(403, {
      errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }]
    })
    const { registry, exchanges } = await world([ok], { token: denied })
    const reading = registry.readManifest(REPO, digest)
    await expect(reading).rejects.toThrow(ExpectedError)
    await expect(reading).rejects.toThrow(
      /let the token read .*acme\/app\/api \(HTTP 403 DENIED: .*`read:packages`/
    )
    await expect(registry.readManifest(REPO, digest)).rejects.toThrow(ExpectedError)
    expect(exchanges()).toHaveLength(1)
  })

  test.each([
    { what: 'fails', play: say(503, 'down') },
    { what: 'answers with a page', play: say(200, Buffer.from('<html>')) },
    { what: 'breaks off', play: reset }
  ])(
    'whose service $what leaves manifests unread, and is asked again only after a while',
    async ({ play }) => {
      const clock = fakeClock(0)
      const { registry, exchanges } = await world([ok], { token: play, options: { clock } })
      for (let n = 0; n < 3; n++) {
        const read = await registry.readManifest(REPO, digest)
        expect(read).toMatchObject({
          state: 'unread',
          cause: expect.stringContaining('did not give a token')
        })
      }
      expect(exchanges()).toHaveLength(3)
      clock.advance(60_000)
      await registry.readManifest(REPO, digest)
      expect(exchanges()).toHaveLength(6)
    }
  )

  test('is not sent to a realm on another host, nor is a redirect of the token exchange followed', async () => {
    const thief = await serve(ok)
    const site = await serve(challenge(`${thief.url}/token`))
    const facts = {
      serverUrl: 'https://github.com',
      token: 'ghs_secret',
      secrets: createSecrets('ghs_secret'),
      clock: fakeClock(0),
      onSecret: () => {},
      send: createSend(300)
    }
    const registry = createRegistry({ ...facts, url: site.url })
    await expect(registry.readManifest(REPO, digest)).rejects.toThrow('which is not its own site')
    const elsewhere = say(307, '', { location: `${thief.url}/v2` })
    const exchange = await world([ok], { token: elsewhere })
    await expect(exchange.registry.readManifest(REPO, digest)).rejects.toThrow('HTTP 307')
    expect(thief.seen).toEqual([])
  })

  test.each([302, 307])('E-26: a manifest behind a redirect %i is read, without the token', async status => {
    const store = await serve(ok)
    const { registry, asked } = await world([say(status, '', { location: `${store.url}/blob?sig=1` })])
    expect(await registry.readManifest(REPO, digest)).toMatchObject({ state: 'read', digest })
    expect(asked().length).toBeGreaterThan(0)
    expect(store.seen.map(one => [one.url, one.authorization])).toEqual([['/blob?sig=1', undefined]])
  })

  test('E-24: a manifest of a type that nobody knows is read for the digests in its bytes', async () => {
    const other = hashed(Buffer.from('other'))
    const odd = Buffer.from(JSON.stringify({ parts: [{ ref: other }], subject: { digest } }))
    const type = 'application/vnd.example.thing.v1+json'
    const message = 'thing found, but Accept header does not support it'
    const { registry, asked } = await world([
      say(404, { errors: [{ code: 'MANIFEST_UNKNOWN', message }] }),
      say(200, odd, { 'content-type': type })
    ])
    expect(await registry.readManifest(REPO, hashed(odd))).toMatchObject({
      state: 'read',
      manifest: { mediaType: type, subject: digest, children: [{ digest: other, uncertain: true }] }
    })
    expect(asked().at(-1)?.accept).toBe(`${ACCEPT}, */*`)
  })

  test('E-26: what a redirect leads to is believed for its bytes only', async () => {
    const store = await serve(say(200, { schemaVersion: 2, manifests: [], other: true }))
    const { registry } = await world([say(307, '', { location: store.url })])
    expect(await registry.readManifest(REPO, digest)).toMatchObject({ state: 'unread' })
    const nowhere = await world([say(307, '', { location: 'ftp://elsewhere.example/' })])
    expect(await nowhere.registry.readManifest(REPO, digest)).toMatchObject({ state: 'unread' })
  })

  test('a refusal that says nothing of tokens is an error that names the input', async () => {
    const site = await serve(say(401, {}))
    const { registry } = await world([ok], { options: { url: site.url } })
    await expect(registry.readManifest(REPO, digest)).rejects.toThrow('`registry-url`')
  })

  test('a registry that asks for none is read without', async () => {
    const site = await serve(ok)
    const { registry } = await world([ok], { options: { url: `${site.url}/` } })
    expect(await registry.readManifest(REPO, digest)).toMatchObject({ state: 'read', digest })
    expect(site.seen.map(one => one.authorization)).toEqual([undefined])
  })
})

describe('a manifest', () => {
  test('that is there is read, and counted', async () => {
    const { registry } = await world([ok])
    expect(await registry.readManifest(REPO, digest)).toMatchObject({
      state: 'read',
      digest,
      manifest: { form: 'index', mediaType: INDEX }
    })
    expect(await registry.readManifest(REPO, 'v1.0.0')).toMatchObject({ state: 'read', digest })
    expect(registry.reads).toBe(2)
  })

  test('with a sha512 digest is checked against that', async () => {
    const long = hashed(body, 'sha512')
    const { registry } = await world([say(200, body, { 'content-type': INDEX })])
    expect(await registry.readManifest(REPO, long)).toMatchObject({ state: 'read', digest: long })
    expect(await registry.readManifest(REPO, `sha512:${'0'.repeat(128)}`)).toMatchObject({ state: 'unread' })
  })

  test('that a tag names without a digest in the header gets the digest of its bytes', async () => {
    const { registry } = await world([say(200, body, { 'content-type': INDEX })])
    expect(await registry.readManifest(REPO, 'latest')).toMatchObject({ state: 'read', digest })
  })

  const message = (code: string, text: string) => ({ errors: [{ code, message: text }] })
  test.each([
    { what: 'MANIFEST_UNKNOWN', play: say(404, UNKNOWN), state: 'missing' },
    { what: 'NAME_UNKNOWN', play: say(404, message('NAME_UNKNOWN', 'no such repository')), state: 'missing' },
    {
      what: 'an Accept header that GHCR calls too short',
      play: say(
        404,
        message('MANIFEST_UNKNOWN', 'OCI index found, but Accept header does not support OCI indexes')
      ),
      state: 'unread'
    },
    { what: "a proxy's own 404", play: say(404, Buffer.from('<html>not found')), state: 'unread' },
    { what: 'a 404 without a body', play: say(404, Buffer.alloc(0)), state: 'unread' },
    { what: 'a 404 without errors', play: say(404, { errors: [] }), state: 'unread' },
    {
      what: 'a 404 that says two things',
      play: say(404, { errors: [...UNKNOWN.errors, { code: 'DENIED', message: '' }] }),
      state: 'unread'
    },
    {
      what: 'a 404 that says too much to be read',
      play: say(404, { errors: Array.from({ length: 200 }, () => UNKNOWN.errors[0]) }),
      state: 'unread'
    },
    { what: 'a refusal that speaks of a manifest', play: say(403, UNKNOWN), state: 'unread' },
    { what: 'no right', play: say(403, message('DENIED', 'denied')), state: 'unread' },
    { what: 'a page instead of a manifest', play: say(200, Buffer.from('<html>log in')), state: 'unread' },
    { what: 'bytes of something else', play: say(200, { manifests: [] }), state: 'unread' }
  ])('T-03, T-30: $what is $state', async ({ play, state }) => {
    const { registry } = await world([play])
    expect(await registry.readManifest(REPO, digest)).toMatchObject({ state })
  })

  test.each(['1', '{}', '[]'])('an error answer of nothing but %s is read in no time', unit => {
    const text = `{"errors":[${`${unit},`.repeat(4_500_000 / (unit.length + 1))}${unit}]}`
    const answer = { status: 404, headers: {}, body: Buffer.from(text) }
    expect(inBounds(() => [1, 2, 3, 4, 5, 6, 7].flatMap(() => errorsOf(answer)))).toEqual([])
  })

  test('E-24: that is intact but of no known form is not asked for again', async () => {
    const odd = Buffer.from('{"schemaVersion":9}')
    const { registry, asked } = await world([say(200, odd, { 'content-type': INDEX })])
    expect(await registry.readManifest(REPO, hashed(odd))).toMatchObject({
      state: 'read',
      manifest: {
        children: [],
        unknown: 'the manifest cannot be read: it is none of the known shapes of an index or a manifest'
      }
    })
    expect(asked()).toHaveLength(2)
  })

  const passing: [string, Play][] = [
    ['500', say(500, {})],
    ['429', say(429, message('TOOMANYREQUESTS', 'retry-after: 1.16676ms, allowed: 44000/minute'))],
    ['a reset connection', reset],
    ['a body that breaks off', cut],
    ['silence', stall],
    ['a trickle', trickle],
    ['a page instead of a manifest', say(200, Buffer.from('<html>'))],
    ['bytes of something else', say(200, Buffer.from('{"manifests":[]}'), { 'content-type': INDEX })]
  ]
  test.each(passing.map(([what, play]) => ({ what, play })))(
    'T-03: $what is tried three times a second or more apart, then unread',
    async ({ play }) => {
      const lucky = await world([play, play, ok])
      expect(await lucky.registry.readManifest(REPO, digest)).toMatchObject({ state: 'read' })
      const unlucky = await world([play, play, play, ok])
      const read = await unlucky.registry.readManifest(REPO, digest)
      expect(read).toMatchObject({ state: 'unread', cause: expect.stringContaining('3 tries') })
      expect(unlucky.waited()).toBe(3_000)
    }
  )

  test('waits as long as Retry-After says, but not for ever', async () => {
    const { registry, waited } = await world([
      say(429, {}, { 'retry-after': '7' }),
      say(503, {}, { 'retry-after': '86400' }),
      ok
    ])
    expect(await registry.readManifest(REPO, digest)).toMatchObject({ state: 'read' })
    expect(waited()).toBe(67_000)
  })

  test('T-13: of signed schema 1 has a digest that only the header knows', async () => {
    const signed = Buffer.from('{"schemaVersion":1,"fsLayers":[],"signatures":[{}]}')
    const own = digestOf('payload without signatures')
    const says = (header: string) =>
      say(200, signed, { 'content-type': SIGNED, 'docker-content-digest': header })
    const honest = await world([says(own)])
    expect(await honest.registry.readManifest(REPO, own)).toMatchObject({ state: 'read', digest: own })
    const other = await world([says(digestOf('another'))])
    expect(await other.registry.readManifest(REPO, own)).toMatchObject({ state: 'unread' })
    const silent = await world([say(200, signed, { 'content-type': SIGNED })])
    expect(await silent.registry.readManifest(REPO, own)).toMatchObject({ state: 'unread' })
  })

  test.each(['..', '', 'a/b', 'v1?x', `sha256:${'0'.repeat(63)}`])(
    'is not asked for by "%s", which is no reference',
    async reference => {
      const { registry, asked } = await world([ok])
      await expect(registry.readManifest(REPO, reference)).rejects.toThrow('neither a tag nor a digest')
      await expect(registry.readManifest(`acme/../${reference}`, digest)).rejects.toThrow(
        'not the name of a package'
      )
      expect(asked()).toEqual([])
    }
  )
})

test('no more requests than allowed are under way at once, and all are answered', async () => {
  let now = 0
  let most = 0
  const send = async () => {
    most = Math.max(most, ++now)
    await new Promise(setImmediate)
    now--
    return { status: 200, headers: {}, body }
  }
  const { registry } = await world([], { options: { concurrent: 4, send } })
  const reads = await Promise.all(Array.from({ length: 40 }, () => registry.readManifest(REPO, digest)))
  expect(reads.filter(read => read.state === 'read')).toHaveLength(40)
  expect(most).toBe(4)
})

describe('a tag', () => {
  test('is looked up without reading its manifest', async () => {
    const { registry, asked } = await world([say(200, Buffer.alloc(0), { 'docker-content-digest': digest })])
    expect(await registry.headTag(REPO, 'v1')).toEqual({ state: 'found', digest })
    expect(asked().map(one => one.method)).toEqual(['HEAD', 'HEAD'])
    expect(registry.reads).toBe(0)
  })

  test.each([
    { what: 'that is gone', plays: [say(404, UNKNOWN)], want: { state: 'missing' } },
    { what: 'behind a proxy that knows nothing of it', plays: [say(404, 'no')], want: { state: 'unread' } },
    { what: 'of a registry that is down', plays: [say(502, 'no')], want: { state: 'unread' } },
    { what: 'of a registry that never answers', plays: [stall], want: { state: 'unread' } },
    { what: 'without a digest in the header', plays: [say(200, ''), ok], want: { state: 'found', digest } },
    { what: 'that comes back in between', plays: [say(404, ''), ok], want: { state: 'found', digest } }
  ])('$what is $want.state', async ({ plays, want }) => {
    const { registry } = await world(plays)
    expect(await registry.headTag(REPO, 'v1')).toMatchObject(want)
  })
})

test.each([
  ['is not there by the word of another', say(404, UNKNOWN), { state: 'missing' }],
  ['is there by its own bytes', ok, { state: 'found', digest }]
])('law 3: what is looked up by its digest %s', async (_, then, want) => {
  const other = `sha256:${'b'.repeat(64)}`
  const { registry } = await world([say(200, '', { 'docker-content-digest': other }), then])
  expect(await registry.headTag(REPO, digest)).toEqual(want)
})

describe('a manifest that is put under a tag', () => {
  const stored = say(201, '', { 'docker-content-digest': digest })

  test('is sent as it is, with a token that may push', async () => {
    const { registry, asked, exchanges } = await world([stored])
    expect(await registry.putManifest('ACME/app/api', 'old', body, INDEX)).toBe(digest)
    expect(exchanges()[0]?.url).toContain('%3Apull%2Cpush')
    expect(asked().at(-1)).toMatchObject({
      method: 'PUT',
      url: `/v2/${REPO}/manifests/old`,
      body: String(body)
    })
  })

  test('has the digest of its bytes where the registry does not say', async () => {
    const { registry } = await world([say(201, '')])
    expect(await registry.putManifest(REPO, 'old', body, INDEX)).toBe(digest)
  })

  test.each([
    { what: 'a lack of rights', play: say(403, { errors: [{ code: 'DENIED' }] }), want: '`write:packages`' },
    { what: 'a manifest that the registry does not want', play: say(400, {}), want: 'did not store' },
    { what: 'a rate limit', play: say(429, {}), want: 'HTTP 429' },
    { what: 'a server error', play: say(500, {}), want: 'HTTP 500' },
    { what: 'a lost answer', play: reset, want: 'its answer was lost' },
    { what: 'silence', play: stall, want: 'no answer within' }
  ])('is sent once, and $what is an error that says so', async ({ play, want }) => {
    const { registry, asked } = await world([play, stored])
    const putting = registry.putManifest(REPO, 'old', body, INDEX)
    await expect(putting).rejects.toThrow(ExpectedError)
    await expect(putting).rejects.toThrow(want)
    expect(asked().filter(one => one.authorization !== undefined)).toHaveLength(1)
  })

  test.each([301, 302, 303, 307, 308])('E-45: is sent nowhere else after a redirect %i', async status => {
    const other = await serve(stored)
    const { registry, asked } = await world([say(status, '', { location: `${other.url}/there` }), stored])
    await expect(registry.putManifest(REPO, 'old', body, INDEX)).rejects.toThrow(`HTTP ${status}`)
    expect([other.seen, asked().filter(one => one.authorization !== undefined)]).toEqual([
      [],
      [expect.objectContaining({ method: 'PUT' })]
    ])
  })

  test('fails in the same way when there is no token to be had', async () => {
    const { registry } = await world([stored], { token: say(503, '') })
    await expect(registry.putManifest(REPO, 'old', body, INDEX)).rejects.toThrow('did not give a token')
  })
})

test('no token is asked for again once the time of the run is over, but for what may still look', async () => {
  const clock = fakeClock()
  let asked = 0
  const token: Play = (request, response) => {
    asked++
    // As long as a service that drips is listened to.
    if (asked === 1) clock.advance(25_000)
    say(asked === 1 ? 503 : 200, { token: 'exchanged' })(request, response)
  }
  const { registry } = await world([ok], { token, options: { clock, deadline: clock.now() + 20_000 } })
  const [read, ...tags] = await Promise.allSettled([
    registry.readManifest(REPO, digest),
    registry.headTag(REPO, 'v1'),
    registry.headTag(REPO, 'v2')
  ])
  expect(read).toMatchObject({ reason: expect.any(BudgetError) })
  for (const tag of tags) expect(tag).toMatchObject({ value: { state: 'found', digest } })
  expect(asked).toBe(2)
  expect(clock.now()).toBeLessThan(fakeClock().now() + 30_000)
})

test('nothing more is asked once the time of the run is over: a registry that answers late holds up nobody for good', async () => {
  const clock = fakeClock()
  const { registry, asked } = await world([say(503, {})], {
    options: { clock, deadline: clock.now() + 5_000 }
  })
  expect(await registry.readManifest(REPO, digest)).toMatchObject({ state: 'unread' })
  const reads = [
    registry.readManifest(REPO, digest),
    registry.readBlob(REPO, digest as Digest),
    registry.listTags(REPO)
  ]
  const ends = await Promise.allSettled([...reads, registry.readManifest(REPO, digest)])
  for (const end of ends) expect(end).toMatchObject({ reason: expect.any(BudgetError) })
  clock.advance(5_000)
  const before = asked().length
  await expect(registry.readManifest(REPO, digest)).rejects.toThrow('`time-limit`')
  expect(asked()).toHaveLength(before)
  // What gives a tag back may still look, but not for ever.
  expect(await registry.headTag(REPO, 'v1')).toMatchObject({ state: 'unread' })
  clock.advance(10_000)
  const late = asked().length
  await expect(registry.headTag(REPO, 'v1')).rejects.toThrow('`time-limit`')
  await expect(registry.readBytes(REPO, digest as Digest)).rejects.toThrow('`time-limit`')
  expect(asked()).toHaveLength(late)
})
