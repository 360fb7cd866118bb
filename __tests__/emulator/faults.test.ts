import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { Builder } from './builder.ts'
import { caller } from './client.ts'
import type { Trouble } from './faults.ts'
import { type Emulator, startEmulator } from './server.ts'
import { manifest } from './shapes.ts'

let github: Emulator
let app: Builder
let call: ReturnType<typeof caller>
const base = '/orgs/acme/packages/container/app/versions'

beforeEach(async () => {
  github = await startEmulator()
  github.world.org('acme', { olivia: 'admin' })
  github.world.user('olivia')
  app = github.world.package('acme/app')
  call = caller(github, github.world.classic('olivia'))
})
afterEach(() => github.close())

it('happens to the requests it was told for, as often as told, after as many as told', async () => {
  github.faults.on(
    { host: 'api', method: 'GET', path: /\/versions$/, query: /page=2/, after: 1, times: 2 },
    { kind: 'answer', answer: { status: 503, body: 'busy' } }
  )
  const statuses: number[] = []
  for (let n = 0; n < 5; n++) statuses.push((await call(`GET ${base}?page=2`)).status)
  expect(statuses).toEqual([200, 503, 503, 200, 200])
  expect((await call(`GET ${base}?page=1`)).status).toBe(200)
})

it.each<[Trouble, boolean]>([
  [{ kind: 'reset' }, false],
  [{ kind: 'answer', answer: { status: 502 } }, false],
  [{ kind: 'lost-502' }, true],
  [{ kind: 'lost-reset' }, true],
  [{ kind: 'cut' }, true]
])('a write under %j is carried out: %s', async (trouble, done) => {
  const bare = app.push(manifest())
  github.faults.on({ method: 'DELETE' }, trouble)
  const answer = await call(`DELETE ${base}/${bare.id}`).catch(() => 'dropped')
  expect(answer).not.toHaveProperty('status', 204)
  expect(app.digests().has(bare.digest)).toBe(!done)
  expect(github.writes).toHaveLength(1)
})

it('a read can be cut off, emptied or garbled', async () => {
  for (let n = 0; n < 3; n++) app.push(manifest())
  github.faults.on({ times: 1 }, { kind: 'cut' })
  await expect(call(`GET ${base}`)).rejects.toThrow()
  github.faults.on({ times: 1 }, { kind: 'empty' })
  expect(await call(`GET ${base}`)).toMatchObject({ status: 200, body: undefined })
  github.faults.on({ times: 1 }, { kind: 'garbage' })
  expect((await call(`GET ${base}`)).body).toBe('[{"id": 1, "name": "sha256:')
})

it('a stalled request is under way until its client gives up', async () => {
  github.faults.on({ times: 1 }, { kind: 'stall' })
  const patience = new AbortController()
  const stalled = fetch(`${github.apiUrl}/rate_limit`, { signal: patience.signal })
  while (github.requests.length === 0) await new Promise(setImmediate)
  patience.abort()
  await expect(stalled).rejects.toThrow()
  expect(github.requests[0]?.status).toBe(0)
})

it('something can happen before a request is carried out, or before its answer comes', async () => {
  github.faults.on({ method: 'GET', times: 1 }, { kind: 'first', run: () => app.push(manifest()) })
  github.faults.on({ method: 'GET', times: 1 }, { kind: 'then', run: () => app.push(manifest()) })
  expect((await call(`GET ${base}`)).body).toHaveLength(1)
  expect((await call(`GET ${base}`)).body).toHaveLength(2)
})

it('writes down who asked for what', async () => {
  await call('GET /user')
  await caller(github)('GET /rate_limit')
  await caller(github, 'ghp_wrong')('GET /user')
  await fetch(`${github.registryUrl}/v2/`)
  expect(
    github.requests.map(({ host, method, path, token, status }) => [host, method, path, token, status])
  ).toEqual([
    ['api', 'GET', '/user', 'classic', 200],
    ['api', 'GET', '/rate_limit', 'none', 200],
    ['api', 'GET', '/user', 'bad', 401],
    ['registry', 'GET', '/v2/', 'none', 401]
  ])
})
