import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import type { Digest } from '../../src/model/digest.ts'
import { createRegistry } from '../../src/registry/client.ts'
import type { Answer, Request } from '../../src/registry/transport.ts'
import { createSecrets } from '../../src/util/secrets.ts'
import { fakeClock } from '../helpers/fake-clock.ts'

/** Blobs are kept elsewhere: a redirect leads there, with a signed address and without a token. */

const BYTES = Buffer.from('{"config":{"Labels":{"a":"b"}}}')
const DIGEST = `sha256:${createHash('sha256').update(BYTES).digest('hex')}` as Digest

const answer = (status: number, body: Uint8Array = Buffer.alloc(0), headers = {}): Answer => ({
  status,
  headers,
  body
})

function registryOf(store: (request: Request) => Answer) {
  const requests: Request[] = []
  const send = async (request: Request): Promise<Answer> => {
    requests.push(request)
    if (request.url.pathname === '/token') return answer(200, Buffer.from('{"token":"registry-token"}'))
    if (request.url.host === 'ghcr.io' && request.headers['authorization'] !== 'Bearer registry-token') {
      return answer(401, undefined, {
        'www-authenticate':
          'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:acme/app:pull"'
      })
    }
    return store(request)
  }
  const registry = createRegistry({
    url: 'https://ghcr.io',
    serverUrl: 'https://github.com',
    token: 'ghp_secret',
    secrets: createSecrets('ghp_secret'),
    clock: fakeClock(),
    onSecret: () => {},
    send
  })
  return { registry, requests }
}

test('follows a redirect without handing the token on', async () => {
  const { registry, requests } = registryOf(({ url }) =>
    url.host === 'ghcr.io'
      ? answer(307, undefined, { location: 'https://blobs.example.net/x?sig=1' })
      : answer(200, BYTES)
  )
  const read = await registry.readBlob('acme/app', DIGEST)
  expect(read).toEqual({ state: 'read', bytes: BYTES })
  const elsewhere = requests.filter(({ url }) => url.host !== 'ghcr.io')
  expect(elsewhere.map(({ url }) => url.href)).toEqual(['https://blobs.example.net/x?sig=1'])
  expect(JSON.stringify(elsewhere)).not.toMatch(/registry-token|ghp_secret|authorization/i)
})

test.each([
  ['to a place without encryption', () => answer(302, undefined, { location: 'http://blobs.example.net/x' })],
  ['without a place', () => answer(302)],
  ['in circles', () => answer(302, undefined, { location: '/v2/acme/app/blobs/again' })],
  ['to an error', () => answer(404, Buffer.from('{}'))]
])('a redirect %s gives no blob, and no exception', async (_, store) => {
  const { registry, requests } = registryOf(({ url }) =>
    url.pathname.endsWith('/again')
      ? answer(302, undefined, { location: '/v2/acme/app/blobs/again' })
      : store()
  )
  expect(await registry.readBlob('acme/app', DIGEST)).toMatchObject({ state: 'unread' })
  expect(requests.length).toBeLessThan(10)
  expect(requests.filter(({ url }) => url.protocol !== 'https:')).toEqual([])
})

test('bytes of another digest are asked for again, and never given out', async () => {
  let tries = 0
  const { registry } = registryOf(() => answer(200, tries++ === 0 ? Buffer.from('{}') : BYTES))
  expect(await registry.readBlob('acme/app', DIGEST)).toEqual({ state: 'read', bytes: BYTES })
  const { registry: broken } = registryOf(() => answer(200, Buffer.from('{}')))
  expect(await broken.readBlob('acme/app', DIGEST)).toMatchObject({
    state: 'unread',
    cause: expect.stringMatching(/not those of the digest/)
  })
})
