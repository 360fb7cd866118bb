import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { BudgetError } from '../../src/errors.ts'
import { createRegistry } from '../../src/registry/client.ts'
import { createSecrets } from '../../src/util/secrets.ts'
import { fakeClock } from '../helpers/fake-clock.ts'

/** The registry's list of tags, page by page. */

type Page = { status?: number; body: unknown; link?: string }

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** A registry that answers with these pages, one after the other, and writes down what it was asked. */
async function registryOf(...pages: readonly Page[]) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { status = 200, body, link } = pages[Math.min(asked.length, pages.length - 1)]!
    asked.push(request.url ?? '')
    response.writeHead(status, link === undefined ? {} : { link })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const secrets = createSecrets('ghs_secret')
  const options = { serverUrl: 'https://github.com', token: 'ghs_secret', secrets, onSecret: () => {} }
  return { asked, registry: createRegistry({ url, clock: fakeClock(), ...options }) }
}

test('as many as possible are asked for at once, and a relative link leads on', async () => {
  const { asked, registry } = await registryOf(
    { body: { tags: ['a', 'b'] }, link: '</v2/acme/app/tags/list?last=b&n=2>; rel="next"' },
    { body: { tags: ['c'] } }
  )
  expect(await registry.listTags('Acme/App')).toEqual({ state: 'read', tags: ['a', 'b', 'c'] })
  expect(asked).toEqual(['/v2/acme/app/tags/list?n=10000', '/v2/acme/app/tags/list?last=b&n=2'])
})

test('no tags are an empty list', async () => {
  const { registry } = await registryOf({ body: { name: 'acme/app', tags: null } })
  expect(await registry.listTags('acme/app')).toEqual({ state: 'read', tags: [] })
})

test('a repository that the registry does not know is missing, and nothing else is', async () => {
  const unknown = await registryOf({ status: 404, body: { errors: [{ code: 'NAME_UNKNOWN' }] } })
  expect(await unknown.registry.listTags('acme/app')).toEqual({ state: 'missing' })
  const lost = await registryOf({ status: 404, body: 'not here' })
  expect(await lost.registry.listTags('acme/app')).toMatchObject({ state: 'unread' })
})

test.each([
  ['another host', { body: { tags: [] }, link: '<https://elsewhere.example/v2/>; rel="next"' }],
  ['an address of another kind', { body: { tags: [] }, link: '<blob:http://127.0.0.1/v2/>; rel="next"' }],
  ['no address', { body: { tags: [] }, link: '<http://[::bad>; rel="next"' }],
  ['more tags than any package has', { body: { tags: Array(1_000_001).fill('a') } }],
  ['a circle', { body: { tags: [] }, link: '</v2/acme/app/tags/list?n=10000>; rel="next"' }],
  ['an answer of another form', { body: { tags: 'v1' } }],
  ['a server that is down', { status: 500, body: {} }]
])('%s gives no list', async (_, page) => {
  const { registry } = await registryOf(page)
  expect(await registry.listTags('acme/app')).toMatchObject({ state: 'unread' })
})

test('a page may have far more tags than were asked for', async () => {
  const { registry } = await registryOf({ body: { tags: Array(500_000).fill('a') } })
  expect(await registry.listTags('acme/app')).toMatchObject({ state: 'read' })
})

test('a link that has the origin of the registry inside another scheme takes the token nowhere', async () => {
  const requests: string[] = []
  const options = { serverUrl: 'https://github.com', token: 'ghs_secret', onSecret: () => {} }
  const registry = createRegistry({
    ...options,
    url: 'https://registry.example',
    secrets: createSecrets(),
    clock: fakeClock(),
    send: async ({ url }) => {
      requests.push(url.href)
      const link = '<blob:https://registry.example/v2/>; rel="next"'
      return { status: 200, headers: { link }, body: Buffer.from('{"tags":[]}') }
    }
  })
  expect(await registry.listTags('acme/app')).toMatchObject({ state: 'unread' })
  expect(requests).toEqual(['https://registry.example/v2/acme/app/tags/list?n=10000'])
})

test('a list whose pages come slowly ends with the time of the run', async () => {
  const clock = fakeClock()
  let pages = 0
  const registry = createRegistry({
    url: 'https://registry.example',
    serverUrl: 'https://github.com',
    token: 'ghs_secret',
    onSecret: () => {},
    secrets: createSecrets(),
    clock,
    deadline: clock.now() + 60_000,
    send: async () => {
      clock.advance(29_000)
      const link = `</v2/acme/app/tags/list?last=${++pages}>; rel="next"`
      return { status: 200, headers: { link }, body: Buffer.from('{"tags":[]}') }
    }
  })
  await expect(registry.listTags('acme/app')).rejects.toThrow(BudgetError)
  expect(pages).toBe(3)
})
