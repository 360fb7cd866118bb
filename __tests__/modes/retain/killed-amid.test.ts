import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { type CacheService, startCacheService } from '../../emulator/cache-service.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { CASES, ofParts } from './broken-kinds.ts'
import { age } from './remembered.ts'
import { ago, openScene, type Scene } from './runs.ts'
import { clear, deleteOf, kill, layDown, past, restoreOf, revive } from './two-builds.ts'

/** What the run before was killed amid the next one finds from what is remembered, as nobody else tells of it. */

const OLD = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }

/** A run deletes a build on which `v2` is put, and is killed right behind its restore; the other build went meanwhile by hand. */
async function killedHalfway(scene: Scene, cache: CacheService): Promise<Pushed> {
  const { app, github } = scene
  const [first, second] = layDown(scene, 'dev-2')
  github.faults.on(deleteOf(first), {
    kind: 'first',
    run() {
      app.tag(first, 'v2')
      clear(scene, second)
    }
  })
  github.faults.on(restoreOf(first), { kind: 'then', run: () => kill(scene, cache) })
  expect((await past(scene, cache, OLD)).code).toBe(1)
  revive(scene, cache)
  return first
}

it.concurrent.each([
  ['the same policy', OLD],
  ['one that deletes nothing', { 'delete-tags': 'pr-*' }],
  ['one that deletes what is broken', { 'delete-broken': 'partial' }]
] as const)(
  'law 2: what a run was killed behind when it brought it back gets from the next run what others deleted of it: %s',
  async (_name, inputs) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, world } = scene
    const first = await killedHalfway(scene, cache)
    expect(world.pullable('acme/app', 'v2')).not.toEqual([])
    const { code, stdout } = await past(scene, cache, inputs)
    expect([code, app.tags()['v2'], world.pullable('acme/app', 'v2')]).toEqual([0, first.digest, []])
    expect(stdout).toMatch(/restored at once: it belongs to sha-1, which came back/)
  }
)

it.concurrent('what lacked something before a run was killed goes with the next one as it is', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  const [first, second] = layDown(scene)
  const [shared, own] = second.children as [Pushed, Pushed]
  app.delete(shared)
  github.faults.on(deleteOf(first), { kind: 'then', run: () => kill(scene, cache) })
  expect((await past(scene, cache, OLD)).code).toBe(1)
  revive(scene, cache)
  const { code, outputs } = await scene.run(OLD, { env: cache.env })
  expect([code, outputs['restored-count']]).toEqual([0, '0'])
  expect([second, shared, own].map(({ digest }) => app.version(digest))).toEqual([
    undefined,
    undefined,
    undefined
  ])
})

it.concurrent.each(CASES)(
  'law 5: %s that is %s right before its DELETE comes back with the next run where this one is killed behind it',
  async (_kind, _how, broken, mend) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const { broken: old, lacking } = broken(app)
    app.delete(lacking)
    github.faults.on(deleteOf(old), { kind: 'first', run: () => mend(scene, lacking) })
    github.faults.on(deleteOf(old), { kind: 'then', run: () => kill(scene, cache) })
    const inputs = { 'delete-broken': 'ghost, partial, orphaned' }
    expect((await past(scene, cache, inputs)).code).toBe(1)
    revive(scene, cache)
    expect(app.version(old.digest)).toBeUndefined()
    const { code, stdout } = await scene.run(inputs, { env: cache.env })
    expect([code, app.version(old.digest)?.id, world.broken()]).toEqual([0, old.id, []])
    expect(stdout).toMatch(/restored at once: sha256:\w{12}, which was gone, is there again/)
  }
)

it.concurrent.each([
  ['a tag that moves on', 'latest'],
  ['a tag with a hash in it', `cache-sha256-${'ab'.repeat(32)}`]
])('law 5: so does an image that has %s besides its own', async (_what, tag) => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github, world } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const { broken, lacking } = ofParts(app, [manifest(), manifest()])
  app.tag(broken, tag)
  app.delete(lacking)
  github.faults.on(deleteOf(broken), { kind: 'first', run: () => app.push(lacking.shape, { at: ago(80) }) })
  github.faults.on(deleteOf(broken), { kind: 'then', run: () => kill(scene, cache) })
  const inputs = { 'delete-broken': 'ghost, partial, orphaned' }
  expect((await past(scene, cache, inputs)).code).toBe(1)
  revive(scene, cache)
  if (tag === 'latest') app.push(image(), { tags: ['v2', 'latest'] })
  const { code } = await past(scene, cache, inputs)
  expect([code, app.version(broken.digest)?.id, world.pullable('acme/app', 'sha-1')]).toEqual([
    0,
    broken.id,
    []
  ])
  if (tag === 'latest') expect(app.tags()['latest']).toBe(app.tags()['v2'])
})

/** What goes wrong in the run that should make whole what is half back, and what that says. */
const FAILURES = {
  'GitHub lists nothing as deleted': [
    { query: /state=deleted/ },
    { status: 200, body: [] },
    /^::error::app: sha-1, v2 lacks sha256:\w{12}, which is gone, though not by this run: `mode: restore` with `restore: sha256:\w{64}`/
  ],
  'a restore is confirmed in vain': [
    { method: 'POST', path: /restore$/ },
    { status: 204 },
    /restore: sha256:/
  ],
  'a restore fails': [
    { method: 'POST', path: /restore$/ },
    { status: 500 },
    /^::error::app: 1 change failed\. .*is needed, was deleted, and could not be restored: .*tries it again\.$/
  ]
} as const

it.concurrent.each(
  Object.entries(FAILURES).flatMap(([name, failure]) =>
    (['hours', 'days'] as const).map(apart => [name, apart, failure] as const)
  )
)(
  'law 3: what is half back stays open where %s (runs are %s apart)',
  async (_name, apart, [target, answer, said]) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { github, world } = scene
    await killedHalfway(scene, cache)
    if (apart === 'days') age(cache, 1)
    github.faults.on(target, { kind: 'answer', answer })
    const failing = await past(scene, cache, { 'delete-broken': 'partial' })
    expect([failing.code, (failing.stdout.match(/^::error::.*/gm) ?? []).join()]).toEqual([
      1,
      expect.stringMatching(said)
    ])
    github.faults.clear()
    if (apart === 'days') age(cache, 1)
    const { code } = await past(scene, cache, { 'delete-broken': 'partial' })
    expect([code, world.pullable('acme/app', 'v2')]).toEqual([0, []])
  }
)

it.concurrent('what a killed run did not reach goes with the next one, though others have deleted a part of it', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  const [first, second] = layDown(scene, 'dev-2')
  const before = app.push(manifest(), { tags: ['sha-0'], at: ago(85) })
  github.faults.on(deleteOf(before), { kind: 'then', run: () => kill(scene, cache) })
  expect((await past(scene, cache, OLD)).code).toBe(1)
  revive(scene, cache)
  clear(scene, second)
  const { code, outputs } = await scene.run(OLD, { env: cache.env })
  expect([code, outputs['restored-count'], app.version(first.digest)]).toEqual([0, '0', undefined])
})

it.concurrent('law 6: what is made whole behind a killed run is left alone from then on', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, world } = scene
  const first = await killedHalfway(scene, cache)
  expect((await past(scene, cache, OLD)).outputs['restored-count']).toBe('1')
  expect(world.pullable('acme/app', 'v2')).toEqual([])
  app.delete(first.children[0] as Pushed)
  const { code, outputs } = await past(scene, cache, OLD)
  expect([code, outputs['restored-count']]).toEqual([0, '0'])
})
