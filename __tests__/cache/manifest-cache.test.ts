import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { type CacheService, startCacheService } from '../emulator/cache-service.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { fastClock, runInside } from '../helpers/inside.ts'
import { runAction } from '../helpers/run-action.ts'

const OLD = '2026-01-01T00:00:00Z'

/** Twenty tagged images of two platforms and five untagged manifests, all old. */
async function setUp() {
  const clock = fastClock(100)
  const world = createWorld(clock.now)
  world.org('acme', { olivia: 'admin' })
  const app = world.package('acme/app')
  for (let index = 0; index < 20; index++) app.push(image(), { tags: [`v${index}`], at: OLD })
  for (let index = 0; index < 5; index++) app.push(manifest(), { at: OLD })
  const github = await startEmulator({ world, now: clock.now })
  const token = world.classic('olivia')
  const cache = await startCacheService()
  const dispose = async () => {
    await Promise.all([github.close(), cache[Symbol.asyncDispose]()])
  }
  return { clock, world, app, github, token, cache, [Symbol.asyncDispose]: dispose }
}

type Setting = Awaited<ReturnType<typeof setUp>>

const POLICY = { packages: 'app', 'delete-untagged': 'true', 'delete-tags': 'pr-*' }

function run(
  { github, token, clock }: Setting,
  env: CacheService['env'],
  inputs: Record<string, string> = {}
) {
  return runInside(github, { token, ...POLICY, ...inputs }, clock, { env })
}

const reads = (github: Emulator): number =>
  github.requests.filter(
    ({ host, method, path, status }) =>
      host === 'registry' && method === 'GET' && path.includes('/manifests/') && status === 200
  ).length

const readsOf = (report: unknown) =>
  (report as { packages: { reads: Record<string, number> }[] }).packages[0]?.reads

describe('the memory between runs', () => {
  test('the bundle uses it as the source does', async () => {
    await using setting = await setUp()
    const { cache, github, token } = setting
    await using first = await runAction(github, { token, ...POLICY }, { env: cache.env })
    expect(readsOf(first.report)).toMatchObject({ remembered: 0 })
    await using second = await runAction(github, { token, ...POLICY }, { env: cache.env })
    expect([second.code, readsOf(second.report)?.['remembered']]).toEqual([0, 20])
  })

  test('a warm run reads nothing that is not new, and decides the same', async () => {
    await using setting = await setUp()
    const { app, github, cache } = setting
    const first = await run(setting, cache.env, { 'deletions-per-run': '2' })
    expect([first.code, first.outputs['deleted-count']]).toEqual([0, '2'])
    expect(readsOf(first.report)).toEqual({ tagged: 20, named: 0, untagged: 5, remembered: 0, spared: 40 })
    const cold = reads(github)
    app.push(image(), { tags: ['v20'], at: OLD })
    const second = await run(setting, cache.env)
    expect([second.code, second.outputs['deleted-count']]).toEqual([0, '3'])
    expect(reads(github) - cold).toBe(1)
    expect(readsOf(second.report)).toEqual({ tagged: 1, named: 0, untagged: 0, remembered: 23, spared: 42 })
    expect(setting.world.broken()).toEqual([])
  })

  test('a dry run uses the memory and stores nothing', async () => {
    await using setting = await setUp()
    const { cache, github } = setting
    await run(setting, cache.env, { 'dry-run': 'true' })
    expect(cache.entries).toEqual([])
    await run(setting, cache.env)
    // What was read, before the deletions, and then with what was deleted.
    expect(cache.entries).toHaveLength(2)
    const before = reads(github)
    await run(setting, cache.env, { 'dry-run': 'true' })
    expect([reads(github) - before, cache.entries.length]).toEqual([0, 2])
  })

  test('what is remembered of a package is not taken for another whose name begins the same', async () => {
    await using setting = await setUp()
    const { cache, world } = setting
    world.package('acme/app-web').push(image(), { tags: ['latest'], at: OLD })
    world.package('acme/app-web').push(manifest(), { at: OLD })
    await run(setting, cache.env, { packages: 'app-web' })
    const result = await run(setting, cache.env)
    expect(readsOf(result.report)).toMatchObject({ tagged: 20, remembered: 0 })
    expect(
      cache.entries.map(({ key }) =>
        key
          .replace(/@[\d.]+$/, '@')
          .split('/')
          .at(-1)
      )
    ).toEqual(['app-web@', 'app-web@', 'app@', 'app@'])
  })

  test('a package in which the policy can delete nothing is not read at all', async () => {
    await using setting = await setUp()
    const { github, cache } = setting
    const result = await run(setting, cache.env, { 'delete-untagged': 'false' })
    expect([result.code, reads(github), readsOf(result.report)?.['spared']]).toEqual([0, 0, 65])
  })

  test('an entry that is no archive is of no use, and does no harm', async () => {
    await using setting = await setUp()
    const { cache } = setting
    await run(setting, cache.env)
    const [entry] = cache.entries
    if (entry === undefined) throw new Error('nothing was stored')
    cache.entries.push({ ...entry, key: `${entry.key}9`, bytes: Buffer.from('no archive') })
    const result = await run(setting, cache.env)
    expect([result.code, readsOf(result.report)?.['remembered']]).toEqual([0, 0])
    expect(result.stdout).not.toMatch(/^::(?:warning|error)/m)
  })

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync]
  ])(
    'E-38 an entry that is an archive (%s) with an absolute name writes nothing outside its folder',
    async (_, pack) => {
      await using setting = await setUp()
      const { cache } = setting
      await run(setting, cache.env)
      const [entry] = cache.entries
      if (entry === undefined) throw new Error('nothing was stored')
      const place = mkdtempSync(join(tmpdir(), 'outside-'))
      const outside = join(place, 'owned')
      writeFileSync(outside, 'owned')
      const archive = execFileSync('tar', ['-cPf', '-', outside])
      rmSync(outside)
      cache.entries.push({ ...entry, key: `${entry.key}9`, bytes: pack(archive) })
      const result = await run(setting, cache.env, { 'dry-run': 'true' })
      expect([result.code, existsSync(outside), readsOf(result.report)?.['remembered']]).toEqual([
        0,
        false,
        0
      ])
      rmSync(place, { recursive: true })
    }
  )

  test('E-38 an entry that unpacks to far more than it is costs neither the disk nor the memory', async () => {
    await using setting = await setUp()
    const { cache } = setting
    await run(setting, cache.env)
    const [entry] = cache.entries
    if (entry === undefined) throw new Error('nothing was stored')
    // More lines, and one longer line, than any cache has.
    for (const text of ['\n'.repeat(1_100_000), 'x'.repeat(34_000_000)]) {
      cache.entries.push({ ...entry, key: `${entry.key}9`, bytes: gzipSync(text) })
      const result = await run(setting, cache.env, { 'dry-run': 'true' })
      expect([result.code, readsOf(result.report)?.['remembered']]).toEqual([0, 0])
    }
  })

  test('the token for the cache goes to the cache alone, and its blobs are asked for without', async () => {
    await using setting = await setUp()
    const { cache, github } = setting
    await run(setting, cache.env)
    await run(setting, cache.env, { 'dry-run': 'true' })
    expect(cache.calls).toEqual([
      'GetCacheEntryDownloadURL',
      'CreateCacheEntry',
      'FinalizeCacheEntryUpload',
      'CreateCacheEntry',
      'FinalizeCacheEntryUpload',
      // The newest one, and whether there is one behind it.
      'GetCacheEntryDownloadURL',
      'GetCacheEntryDownloadURL'
    ])
    expect(cache.blobsWithToken).toBe(0)
    expect(github.requests.some(({ token }) => token.startsWith('runtime-'))).toBe(false)
  })

  test.each([
    ['`memory: false`', {}, { memory: 'false' }],
    ['a server of GitHub Enterprise', { GITHUB_SERVER_URL: 'https://github.example.com' }, {}],
    ['a cache mode of none', { ACTIONS_CACHE_MODE: 'none' }, {}]
  ])('with %s nothing is asked of the cache', async (_, env, inputs) => {
    await using setting = await setUp()
    const { cache } = setting
    const result = await run(setting, { ...cache.env, ...env }, inputs as Record<string, string>)
    expect([result.code, result.outputs['deleted-count'], cache.calls]).toEqual([0, '5', []])
  })

  test.each([
    ['refuses', { status: 403, body: { msg: 'cache read denied: no scopes' } }],
    ['limits', { status: 429, body: { msg: 'too many' }, headers: { 'retry-after': '60' } }]
  ])('a service that %s is as good as none, without a word', async (_, broken) => {
    await using setting = await setUp()
    const { cache } = setting
    cache.broken = broken
    const result = await run(setting, cache.env)
    expect([result.code, result.outputs['deleted-count']]).toEqual([0, '5'])
    expect(result.stdout).not.toMatch(/^::(?:warning|error)/m)
  })

  test('a cache that may only be read is read, and not written to', async () => {
    await using setting = await setUp()
    const { cache, github } = setting
    await run(setting, cache.env)
    const before = reads(github)
    const result = await run(setting, { ...cache.env, ACTIONS_CACHE_MODE: 'read' })
    expect([result.code, reads(github) - before, cache.entries.length]).toEqual([0, 0, 2])
  })
})
