import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { actionsCache, type Store } from '../../src/cache/actions-cache.ts'
import { startCacheService } from '../emulator/cache-service.ts'

let parent: string
let told: string[]
let secrets: string[]

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'cache-'))
  told = []
  secrets = []
})
afterEach(() => rmSync(parent, { recursive: true }))

function open(env: NodeJS.ProcessEnv, ...largest: { packed: number; unpacked: number }[]): Store {
  const store = actionsCache(
    env,
    join(parent, 'mine'),
    text => told.push(text),
    secret => secrets.push(secret),
    ...largest
  )
  if (store === undefined) throw new Error('no store')
  return store
}

test('what is stored is fetched, the newest first, and nobody else reads it on this machine', async () => {
  await using service = await startCacheService()
  const store = open(service.env)
  for (const text of ['one', 'two']) {
    writeFileSync(join(store.folder, 'a'), text)
    expect(await store.store(`key@${text}`, 'a')).toBe('stored')
  }
  expect(await store.fetch('key@', 'b')).toMatchObject({ state: 'fetched' })
  expect(readFileSync(join(store.folder, 'b'), 'utf8')).toBe('two')
  expect(statSync(store.folder).mode & 0o077).toBe(0)
  expect(await store.fetch('key@', 'c', key => key !== 'key@two')).toEqual({ state: 'unwanted' })
  expect(await store.fetch('other@', 'c')).toEqual({ state: 'none' })
  expect([told, service.blobsWithToken]).toEqual([[], 0])
  expect(secrets).toEqual([service.env['ACTIONS_RUNTIME_TOKEN'], 'secret', 'secret', 'secret'])
  store.close()
  expect(existsSync(store.folder)).toBe(false)
})

test('a key that is taken is not stored again, and that is told and no more', async () => {
  await using service = await startCacheService()
  const store = open(service.env)
  writeFileSync(join(store.folder, 'a'), 'one')
  expect([await store.store('key', 'a'), await store.store('key', 'a')]).toEqual(['stored', 'taken'])
  expect(told).toEqual([expect.stringContaining('CreateCacheEntry: HTTP 409')])
  store.close()
})

test('a file that is there is never overwritten by what is fetched', async () => {
  await using service = await startCacheService()
  const store = open(service.env)
  writeFileSync(join(store.folder, 'a'), 'one')
  await store.store('key', 'a')
  expect(await store.fetch('key', 'a')).toEqual({ state: 'failed' })
  expect(told).toEqual([expect.stringContaining('EEXIST')])
  store.close()
})

test.each([
  ['packed', { packed: 50, unpacked: 1_000_000 }, randomBytes(60), 'more than 50 bytes'],
  ['unpacked', { packed: 1_000_000, unpacked: 50_000 }, Buffer.alloc(60_000), 'more than 50000 bytes']
])('E-38 an entry that is too large when it is %s is not fetched', async (_, largest, content, why) => {
  await using service = await startCacheService()
  const generous = open(service.env)
  writeFileSync(join(generous.folder, 'a'), content)
  await generous.store('key', 'a')
  const store = open(service.env, largest)
  const path = join(store.folder, 'b')
  expect([await store.fetch('key', 'b'), existsSync(path), told]).toEqual([
    { state: 'torn', key: 'key' },
    false,
    [expect.stringContaining(why)]
  ])
  expect(await generous.fetch('key', 'b')).toMatchObject({ state: 'fetched' })
  expect(readFileSync(path)).toEqual(content)
  store.close()
})

test('an entry that is too large is not stored', async () => {
  await using service = await startCacheService()
  const store = open(service.env, { packed: 50, unpacked: 1_000_000 })
  writeFileSync(join(store.folder, 'a'), randomBytes(60))
  expect([await store.store('key', 'a'), service.entries, service.calls]).toEqual(['failed', [], []])
  store.close()
})

test('a service that says nothing holds up nobody who closes the store', async () => {
  await using service = await startCacheService()
  const store = open(service.env)
  service.broken = 'silence'
  const fetching = store.fetch('key', 'a')
  store.close()
  expect([await fetching, store.works()]).toEqual([{ state: 'failed' }, false])
})

test.each([
  ['no JSON', { status: 200, body: 'a page' }],
  ['another form', { status: 200, body: { ok: 'yes' } }],
  [
    'an address that is none',
    { status: 200, body: { ok: true, matched_key: 'key', signed_download_url: 'x' } }
  ],
  [
    'a foreign file',
    { status: 200, body: { ok: true, matched_key: 'key', signed_download_url: 'file:///etc/passwd' } }
  ],
  ['far too much', { status: 200, body: { ok: 'x'.repeat(2_000_000) } }]
])('an answer of %s is a failure, told and no more', async (_, broken) => {
  await using service = await startCacheService()
  const store = open(service.env)
  service.broken = broken
  expect([await store.fetch('key', 'a'), existsSync(join(store.folder, 'a')), told.length]).toEqual([
    { state: 'failed' },
    false,
    1
  ])
  store.close()
})

test.each([
  ['only read', 'read', false, { state: 'none' }],
  ['only written', 'write-only', true, { state: 'failed' }],
  ['neither', 'none', false, { state: 'failed' }]
])('where a cache may be %s, that is known before anything is stored', async (_, mode, writes, found) => {
  await using service = await startCacheService()
  const store = open({ ...service.env, ACTIONS_CACHE_MODE: mode })
  expect([store.writes, await store.fetch('key', 'a')]).toEqual([writes, found])
  store.close()
})

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
  ['no archive', () => Buffer.from('<error/>')]
])('an entry that is %s is told from none', async (_, tear) => {
  await using service = await startCacheService()
  const store = open(service.env)
  writeFileSync(join(store.folder, 'a'), 'one')
  await store.store('key', 'a')
  const [entry] = service.entries.splice(0)
  if (entry === undefined) throw new Error('nothing was stored')
  service.entries.push({ ...entry, bytes: tear(entry.bytes) })
  expect(await store.fetch('key', 'b')).toEqual({ state: 'torn', key: 'key' })
  store.close()
})
