import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { type CacheService, startCacheService } from '../../emulator/cache-service.ts'
import { versionNotFound } from '../../emulator/rights.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { createWorld } from '../../emulator/world.ts'
import { fastClock, runInside } from '../../helpers/inside.ts'
import { runAction } from '../../helpers/run-action.ts'
import { age, headingOf, reserve, rewrite } from './remembered.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

/** What a run leaves to the next one by way of the memory, and for how long. */

const DAY = 86_400_000
const BUILDS = { 'delete-tags': 'sha-*' }

function layDown({ app, world }: Scene) {
  world.deletedTags = 'shown'
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  return { v1, build: app.push(image(), { tags: ['sha-1'], at: ago(80) }) }
}

const deleteOf = ({ id }: { id: number }) => ({
  host: 'api' as const,
  method: 'DELETE',
  path: new RegExp(`/versions/${id}$`)
})

const OUT = { kind: 'answer', answer: { status: 500 } } as const

/** A run in which something may be lost until the next one, so that the laws of a scene do not hold behind it. */
const past = (
  { github, clock, token }: Scene,
  cache: CacheService,
  inputs: Record<string, string> = BUILDS
) => runInside(github, { packages: 'app', token, ...inputs }, clock, { env: cache.env })

/** Lets a run delete a build on which `v2` is put right before, so that its look fails and is left to the next one. */
async function leaveOpen(scene: Scene, cache: CacheService): Promise<Pushed> {
  const { app, github } = scene
  const { build } = layDown(scene)
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
  github.faults.on({ query: /state=deleted/ }, OUT)
  expect((await past(scene, cache)).code).toBe(1)
  github.faults.clear()
  return build
}

/** An index that names one platform of a build, and one of its own. */
const adopterOf = (part: Pushed) =>
  index([
    { shape: part.shape, platform: 'linux/amd64' },
    { shape: manifest(), platform: 'linux/arm64' }
  ])

/** That index is pushed without a tag right before the DELETE of the platform, and no list shows it. */
function adopt({ app, github }: Scene, part: Pushed): () => Pushed {
  let adopter: Pushed | undefined
  const push = (): void => {
    adopter = app.push(adopterOf(part))
    app.lie({ kind: 'drop', id: adopter.id })
  }
  github.faults.on({ ...deleteOf(part), times: 1 }, { kind: 'first', run: push })
  return () => adopter as Pushed
}

it.concurrent.each(['a tag was put on it', 'a tagged index was pushed that needs it'])(
  'law 5: a run that is killed behind a DELETE leaves its look to the next one: %s right before',
  async what => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world, token } = scene
    const { build } = layDown(scene)
    const part = build.children[0] as Pushed
    const isTag = what.startsWith('a tag was')
    const land = () => (isTag ? app.tag(build, 'v2') : app.push(adopterOf(part), { tags: ['v2'] }))
    const kill = new AbortController()
    const target = { ...deleteOf(isTag ? build : part), times: 1 }
    github.faults.on(target, { kind: 'first', run: land })
    github.faults.on(target, { kind: 'then', run: () => kill.abort() })
    const inputs = { ...BUILDS, packages: 'app', token }
    await using first = await runAction(github, inputs, { env: cache.env, kill: kill.signal })
    expect([first.code, world.pullable('acme/app', 'v2')]).not.toEqual([null, []])
    const second = await scene.run(BUILDS, { env: cache.env })
    expect(second.warnings.join()).toContain('restored at once')
    expect(world.pullable('acme/app', 'v2')).toEqual([])
  }
)

/** From now on a run gets nothing done: its work ends here, as if it was killed, and so does that of the cache or not. */
function endHere({ github }: Scene, cache?: CacheService): void {
  github.faults.on({ host: 'api' }, OUT)
  github.faults.on({ host: 'registry' }, OUT)
  if (cache !== undefined) cache.broken = { status: 503, body: {} }
}

it.concurrent.each([true, false])(
  'law 5: what is left of an image stays until its deleted part has been looked at: the run before was killed: %s',
  async isKilled => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    const { build } = layDown(scene)
    const signature = app.sign(build, 'sig', { at: ago(79) })
    const inputs = { ...BUILDS, 'keep-tags': 'v*', 'delete-untagged': 'true', 'delete-broken': 'orphaned' }
    const target = { ...deleteOf(build), times: 1 }
    github.faults.on(target, { kind: 'first', run: () => app.tag(build, 'v2') })
    github.faults.on(target, { kind: 'then', run: () => endHere(scene, isKilled ? cache : undefined) })
    expect((await past(scene, cache, inputs)).code).toBe(1)
    expect(app.version(signature.digest)).toBeDefined()
    github.faults.clear()
    cache.broken = undefined
    const second = await scene.run(inputs, { env: cache.env })
    expect(second).toMatchObject({ code: 0, outputs: { 'deleted-count': '0', 'restored-count': '1' } })
    expect([world.pullable('acme/app', 'v2'), world.broken()]).toEqual([[], []])
    expect(app.version(signature.digest)).toBeDefined()
  }
)

it.concurrent.each([
  ['list', 6],
  ['list', 60],
  ['list of deleted versions', 100]
] as const)(
  'law 5: what a killed run left of an image stays though the %s is late by %i s in the next one',
  async (witness, seconds) => {
    // What a busy machine takes must not outlast the lag.
    await using scene = await openScene({ busy: 0.05 })
    await using cache = await startCacheService()
    const { app, github, world, clock } = scene
    const { build } = layDown(scene)
    const signature = app.sign(build, 'sig', { at: ago(79) })
    world.remember(app.row)
    await clock.sleep(110_000)
    const inputs = { ...BUILDS, 'keep-tags': 'v*', 'delete-untagged': 'true', 'delete-broken': 'orphaned' }
    const target = { ...deleteOf(build), times: 1 }
    github.faults.on(target, { kind: 'first', run: () => app.tag(build, 'v2') })
    github.faults.on(target, { kind: 'then', run: () => endHere(scene, cache) })
    expect((await past(scene, cache, inputs)).code).toBe(1)
    github.faults.clear()
    cache.broken = undefined
    const query = witness === 'list' ? /^(?!.*deleted)/ : /deleted/
    github.faults.on({ path: /\/versions$/, query }, { kind: 'late', ms: seconds * 1_000 })
    const second = await past(scene, cache, inputs)
    expect([second.code, second.outputs['deleted-count']]).toEqual([witness === 'list' ? 0 : 1, '0'])
    // What was about to be deleted, and is gone, is looked at by the same run.
    if (witness === 'list') expect(world.pullable('acme/app', 'v2')).toEqual([])
    github.faults.clear()
    await clock.sleep(50_000)
    const third = await past(scene, cache, inputs)
    expect([third.code, world.pullable('acme/app', 'v2'), world.broken()]).toEqual([0, [], []])
    expect(app.version(signature.digest)).toBeDefined()
  }
)

it.concurrent('what is left of an image goes once its deleted part was looked at', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  const { v1, build } = layDown(scene)
  for (const part of build.children) github.faults.on(deleteOf(part), OUT)
  github.faults.on({ query: /state=deleted/ }, OUT)
  const inputs = { ...BUILDS, 'delete-untagged': 'true', 'keep-tags': 'v*' }
  expect((await past(scene, cache, inputs)).code).toBe(1)
  github.faults.clear()
  const second = await scene.run(inputs, { env: cache.env })
  expect(second.outputs['deleted-count']).toBe('0')
  expect((await scene.run(inputs, { env: cache.env })).outputs['deleted-count']).toBe('2')
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.concurrent('law 5: what a run is going to delete is stored before its first DELETE, with what it read, and once more behind the look', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { build } = layDown(scene)
  const before: unknown[] = []
  const note = () => before.push([cache.entries.length, headingOf(cache)])
  scene.github.faults.on({ method: 'DELETE', times: 1 }, { kind: 'first', run: note })
  await scene.run(BUILDS, { env: cache.env })
  const ids = [build.id, ...build.children.map(({ id }) => id)].map(id => expect.objectContaining({ id }))
  expect(before).toEqual([[1, expect.objectContaining({ unchecked: ids, checked: [] })]])
  expect(cache.entries).toHaveLength(2)
  expect(headingOf(cache)).toMatchObject({ unchecked: [], checked: ids })
})

it.concurrent.each([
  [BUILDS, 0],
  [{ 'delete-tags': 'pr-*' }, 0],
  [{ 'delete-tags': 'none' }, 0],
  [BUILDS, 6 / 24],
  // The clock of its runner was ahead.
  [BUILDS, -2 / 1_440]
])(
  'law 5: what was left unchecked is so while the list still shows it, whatever the policy, and as long as a job may last: %j, %d days',
  async (inputs, days) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app } = scene
    const build = await leaveOpen(scene, cache)
    app.lie({ kind: 'linger' })
    age(cache, days)
    await past(scene, cache, inputs)
    expect(app.tags()).not.toHaveProperty('v2')
    app.truth()
    const third = await scene.run(inputs, { env: cache.env })
    expect(third).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()['v2']).toBe(build.digest)
  }
)

/** A scene at noon, so that no day ends in it, or at another time of the day. */
async function sceneAtNoon(hours = 12) {
  const { now, sleep } = fastClock(100, 0.05)
  const started = now()
  let ahead = Math.floor(started / DAY) * DAY + hours * 3_600_000 - started
  const clock = { now: () => now() + ahead, sleep }
  const scene = await openScene({ world: createWorld(clock.now), now: clock.now })
  const skip = (ms: number): void => {
    ahead += ms
  }
  return { ...scene, clock, skip, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

it.concurrent.each([1, 2])(
  'law 5: what was left is not hidden by a run to which the cache does not show the newest entries: %d of 2',
  async unseen => {
    await using scene = await sceneAtNoon()
    await using cache = await startCacheService()
    const { app } = scene
    const build = await leaveOpen(scene, cache)
    // Before its first DELETE it left all of it: what hides both entries hides the look.
    expect(cache.entries).toHaveLength(2)
    cache.unseen = unseen
    app.push(image(), { tags: ['v3'], at: ago(9) })
    await past(scene, cache)
    cache.unseen = 0
    await past(scene, cache)
    expect(app.tags()['v2']).toBe(build.digest)
  }
)

it.concurrent.each([
  ['on the same day', 12],
  ['behind midnight', 24 - 90 / 3_600]
])(
  'law 5: what a job left is not hidden by another one that began before and stores later: %s',
  async (_, hours) => {
    await using scene = await sceneAtNoon(hours)
    await using cache = await startCacheService()
    const { app, github, skip, world } = scene
    const { build } = layDown(scene)
    app.push(image(), { tags: ['pr-1'], at: ago(70) })
    await past(scene, cache, { 'delete-tags': 'none' })
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
    const first = async () => {
      github.faults.on({ host: 'api', method: 'GET', query: /state=deleted/, times: 12 }, OUT)
      expect((await past(scene, cache)).code).toBe(1)
      skip(100_000)
    }
    // The second one has listed and recalled everything by then.
    github.faults.on({ host: 'registry', path: /tags\/list/, times: 1 }, { kind: 'first', run: first })
    await past(scene, cache, { 'delete-tags': 'pr-*' })
    github.faults.clear()
    expect(world.pullable('acme/app', 'v2')).not.toEqual([])
    await past(scene, cache)
    expect(world.pullable('acme/app', 'v2')).toEqual([])
  }
)

it.concurrent.each([
  ['goes on storing', true, true],
  ['goes on storing', true, false],
  ['has died', false, true],
  ['has died', false, false]
])(
  'law 5: a run leaves what it deletes to the next one though a job took its place and %s; the run is ended: %#',
  async (_, goesOn, isKilled) => {
    await using scene = await sceneAtNoon()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    const { build } = layDown(scene)
    await past(scene, cache, { 'delete-tags': 'none' })
    const finish = await reserve(cache)
    const target = { ...deleteOf(build), times: 1 }
    github.faults.on(target, { kind: 'first', run: () => app.tag(build, 'v2') })
    if (isKilled) github.faults.on(target, { kind: 'then', run: () => endHere(scene, cache) })
    else github.faults.on({ query: /state=deleted/ }, OUT)
    expect((await past(scene, cache)).code).toBe(1)
    github.faults.clear()
    cache.broken = undefined
    if (goesOn) await finish()
    await past(scene, cache)
    expect(world.pullable('acme/app', 'v2')).toEqual([])
  }
)

it.concurrent.each(['purge by tag', 'purge by tag, not listed yet', 'purge by digest', 'no purge'])(
  'law 5: a purge of a tag forgets no other image that had it before, and that something needs: %s',
  async how => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    const { build } = layDown(scene)
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
    github.faults.on({ query: /state=deleted/ }, OUT)
    expect((await past(scene, cache)).code).toBe(1)
    github.faults.clear()
    if (how.endsWith('yet')) app.lie({ kind: 'lag', changes: 2 })
    const leak = app.push(image(), { tags: ['sha-1'] })
    const name = how === 'purge by digest' ? leak.digest : 'sha-1'
    if (how !== 'no purge') {
      const run = await past(scene, cache, { mode: 'purge', purge: name, confirm: 'app' })
      expect(run.stdout).toMatch(/::warning.* was restored at once: tag v2 was put on it/)
      if (how === 'purge by tag') {
        const stands = `The tag sha-1 still stands, on ${build.digest}`
        expect([run.code, run.stdout]).toEqual([1, expect.stringContaining(stands)])
      }
    }
    app.truth()
    await past(scene, cache, { 'delete-tags': 'none' })
    expect(world.pullable('acme/app', 'v2')).toEqual([])
    expect(app.version(leak.digest) === undefined).toBe(/by (?:tag|digest)$/.test(how))
  }
)

it.concurrent('a purge of a tag that is on nothing brings no image back that had it', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const build = await leaveOpen(scene, cache)
  const run = await past(scene, cache, { mode: 'purge', purge: 'sha-1?', confirm: 'app' })
  await past(scene, cache, { 'delete-tags': 'none' })
  expect([run.code, scene.app.version(build.digest)]).toEqual([0, undefined])
})

it.concurrent.each([
  ['a day', 'cannot be read', 1.1],
  ['a week', 'is denied', 7],
  ['a week', 'is in no list', 7],
  ['three weeks', 'is in no list', 21]
])(
  'law 5: %s later an index that no list showed gets its part back, though it %s in that run',
  async (_, trouble, days) => {
    await using scene = await openScene({ contract: 'off' })
    await using cache = await startCacheService()
    const { app, github } = scene
    const { build } = layDown(scene)
    const adopter = adopt(scene, build.children[0] as Pushed)
    expect((await past(scene, cache)).code).toBe(0)
    age(cache, days)
    if (trouble !== 'is in no list') {
      app.truth()
      const status = trouble === 'is denied' ? 404 : 500
      const body = { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }
      const path = new RegExp(`manifests/${adopter().digest}$`)
      github.faults.on({ host: 'registry', path }, { kind: 'answer', answer: { status, body } })
    }
    await past(scene, cache)
    github.faults.clear()
    app.truth()
    age(cache, days / 3)
    const third = await scene.run(BUILDS, { env: cache.env })
    expect(third).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
    expect(scene.world.broken()).toEqual([])
  }
)

it.concurrent('what a cancelled run did not delete, and is there when its job is over, is nothing that comes back when somebody deletes it', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, clock } = scene
  const { build } = layDown(scene)
  const none = { 'delete-tags': 'none' }
  await scene.run(none, { env: cache.env })
  const { id, digest } = build
  const planned = { id, digest, tags: ['sha-1'], root: digest, after: [], describes: false, at: clock.now() }
  rewrite(cache, heading => ({ ...heading, unchecked: [planned] }))
  age(cache, 0.3)
  await scene.run(none, { env: cache.env })
  app.tag(build, 'v2')
  app.delete(build)
  const { outputs, code } = await past(scene, cache, none)
  expect([code, outputs['restored-count'], app.version(digest)]).toEqual([0, '0', undefined])
})

it.concurrent.each([
  ['eight days where everything could be read', 8.1, false],
  ['30 days, since GitHub has nothing to restore then,', 30.1, true]
])('what was deleted is remembered for %s, and no longer', async (_, days, isOff) => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  layDown(scene)
  await scene.run(BUILDS, { env: cache.env })
  if (isOff) scene.app.lie({ kind: 'count', value: 9 })
  age(cache, days - 0.2)
  await scene.run(BUILDS, { env: cache.env })
  expect(headingOf(cache).checked).toHaveLength(3)
  age(cache, 0.2)
  await scene.run(BUILDS, { env: cache.env })
  expect(headingOf(cache).checked).toEqual([])
})

it.concurrent.each([BUILDS, { 'delete-tags': 'pr-*' }])(
  'nothing comes back for an image that a run deleted and only the registry still shows: $delete-tags',
  async inputs => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app } = scene
    const { v1 } = layDown(scene)
    await scene.run(BUILDS, { env: cache.env })
    const tags = ['v1', 'sha-1']
    scene.github.faults.on(
      { host: 'registry', method: 'GET', path: /tags\/list$/ },
      { kind: 'answer', answer: { status: 200, body: { name: 'acme/app', tags } } }
    )
    app.lie({ kind: 'served' })
    const second = await past(scene, cache, inputs)
    expect(second.outputs['restored-count']).toBe('0')
    expect(app.digests()).toEqual(digestsOf(v1))
  }
)

/** GitHub's list of deleted versions shows one more tag on it by now. */
function showLate({ app }: Scene, { id }: Pushed, tag: string): void {
  const row = app.row.deleted.get(id)
  if (row === undefined) throw new Error('it is not deleted')
  app.row.deleted.set(id, { ...row, tags: [...row.tags, tag] })
}

it.concurrent.each([0, 120])(
  'law 5: a tag that the list of deleted versions shows later than its row is found by the next run that looks there, behind %i others',
  async others => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, world } = scene
    const { v1, build } = layDown(scene)
    for (let nth = 0; nth < others; nth++)
      app.push(manifest(), { tags: [`sha-1.${nth}`], at: ago(79) + nth * 1_000 })
    await scene.run(BUILDS, { env: cache.env })
    showLate(scene, build, 'v2')
    const other = app.push(image(), { tags: ['sha-2'], at: ago(70) })
    const second = await scene.run(BUILDS, { env: cache.env })
    expect(second).toMatchObject({ code: 0, outputs: { 'restored-count': '3', 'deleted-count': '3' } })
    expect(second.warnings.join()).toMatch(/restored at once: tag v2 was put on it right before its deletion/)
    expect(world.pullable('acme/app', 'v2')).toEqual([])
    expect(app.digests()).toEqual(digestsOf(v1, build))
    expect(app.digests().isDisjointFrom(digestsOf(other))).toBe(true)
  }
)

it.concurrent.each<[string, (scene: Scene, cache: CacheService) => unknown]>([
  ['which stands on something else', ({ app }) => app.push(image(), { tags: ['v2'] })],
  ['which somebody deleted with the version later', (_, cache) => age(cache, 0.1)]
])('a version does not come back for a tag %s', async (_, change) => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app } = scene
  const { build } = layDown(scene)
  await scene.run(BUILDS, { env: cache.env })
  showLate(scene, build, 'v2')
  change(scene, cache)
  app.push(image(), { tags: ['sha-2'], at: ago(70) })
  const second = await scene.run(BUILDS, { env: cache.env })
  expect(second).toMatchObject({ code: 0, outputs: { 'restored-count': '0', 'deleted-count': '3' } })
})

it.concurrent.each(['checked', 'unchecked'])(
  'a dry run says that a real one restores what is lacking, and a purge brings nothing back that it is told to purge: %s',
  async how => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app } = scene
    const { build } = layDown(scene)
    const part = build.children[0] as Pushed
    const adopter = adopt(scene, part)
    await past(scene, cache)
    app.truth()
    app.tag(adopter(), 'v5')
    if (how === 'unchecked')
      rewrite(cache, heading => ({ ...heading, unchecked: heading.checked, checked: [] }))
    const dry = await past(scene, cache, { ...BUILDS, 'delete-broken': 'partial', 'dry-run': 'true' })
    expect(dry.stdout).toMatch(/::warning.*app: v5 lacks what an earlier run deleted: a real run restores it/)
    expect(dry.stdout).not.toContain('which this one restores')
    const purge = { mode: 'purge', purge: `${part.digest}?`, confirm: 'app' }
    const purged = await past(scene, cache, purge)
    expect([purged.code, purged.outputs['restored-count'], app.version(part.digest)]).toEqual([
      0,
      '0',
      undefined
    ])
    expect(purged.stdout).toMatch(
      /::warning.*sha256:\w+ is deleted, and v5 is broken without it: purge that, too/
    )
    // Nor does any later run.
    const third = await past(scene, cache)
    expect([third.outputs['restored-count'], app.version(part.digest)]).toEqual(['0', undefined])
  }
)

it.concurrent.each(['cannot be read', 'does not show it'])(
  'law 5: the way back of what an earlier run deleted names it, where the list of deleted versions %s',
  async how => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    const build = await leaveOpen(scene, cache)
    if (how === 'cannot be read') github.faults.on({ query: /state=deleted/ }, OUT)
    else app.lie({ kind: 'unlisted' })
    const second = await past(scene, cache)
    expect(second.code).toBe(1)
    expect(second.stdout).not.toContain('with the report of this run')
    const restore =
      /an earlier run deleted something, `mode: restore` with `restore: ([^`]+)`/.exec(second.stdout)?.[1] ??
      ''
    github.faults.clear()
    app.truth()
    cache.entries.length = 0
    await using back = await past(scene, cache, { mode: 'restore', restore })
    expect([back.code, app.tags()['v2']]).toEqual([0, build.digest])
  }
)

it.concurrent.each(['this run', 'the next run'])(
  'what %s brought back does not come back once more when somebody deletes it then',
  async who => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    if (who === 'the next run') await leaveOpen(scene, cache)
    else {
      const { build } = layDown(scene)
      github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
    }
    await past(scene, cache)
    const back = app.row.byTag.get('v2')
    if (back === undefined) throw new Error('it did not come back')
    age(cache, 0.1)
    app.delete(back)
    const { code, outputs } = await past(scene, cache)
    expect([code, outputs['restored-count'], app.tags()['v2']]).toEqual([0, '0', undefined])
  }
)

it.concurrent('what somebody else deleted is left to nobody', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  const { build } = layDown(scene)
  const other = app.push(image(), { tags: ['sha-2'], at: ago(70) })
  const remove = (): void => {
    app.tag(other, 'v2')
    app.delete(other)
  }
  github.faults.on({ ...deleteOf(other), times: 1 }, { kind: 'first', run: remove })
  github.faults.on({ query: /state=deleted/ }, OUT)
  await past(scene, cache)
  const left = headingOf(cache).unchecked.map(({ digest }) => digest)
  expect([left.includes(build.digest), left.includes(other.digest)]).toEqual([true, false])
})

it.concurrent('law 5: a tag that went with what was left is told of though the same image was pushed again meanwhile', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app } = scene
  const build = await leaveOpen(scene, cache)
  app.push(build.shape, { tags: ['v9'] })
  const second = await past(scene, cache)
  expect([second.code, second.outputs['restored-count']]).toEqual([1, '0'])
  expect(second.stdout).toMatch(/::error.*The tag v2 was put on sha256:\w+ .* Put it back: /)
  expect((await past(scene, cache)).code).toBe(0)
})

it.concurrent.each([
  ['a tag was put on it', 90_000, BUILDS],
  ['a tag was put on it', 40_000, BUILDS],
  ['a tag was put on it', 40_000, { 'delete-tags': 'pr-*' }],
  ['a tagged index was pushed that needs it', 40_000, BUILDS]
])(
  'law 5: what a confirmed DELETE takes away after the run is looked at by the next one: %s, %i ms',
  async (what, ms, inputs) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, clock, world } = scene
    const { build } = layDown(scene)
    const isTag = what.startsWith('a tag was')
    const late = isTag ? build : (build.children[0] as Pushed)
    let until = 0
    const land = (): void => {
      until = clock.now() + ms
      if (isTag) app.tag(build, 'v2')
      else app.push(adopterOf(late), { tags: ['v2'] })
    }
    github.faults.on({ ...deleteOf(late), times: 1 }, { kind: 'first', run: land })
    github.faults.on({ ...deleteOf(late), times: 1 }, { kind: 'answer', answer: { status: 204 } })
    const first = await past(scene, cache)
    expect(first.code).toBe(1)
    await clock.sleep(until - clock.now())
    await world.store.remove(app.row, late.id)
    expect(world.pullable('acme/app', 'v2')).not.toEqual([])
    age(cache, 1)
    const second = await past(scene, cache, inputs)
    expect([second.code, world.pullable('acme/app', 'v2')]).toEqual([0, []])
  }
)

it.concurrent.each([
  [500, false],
  [404, false],
  [500, true],
  [204, true]
])(
  'law 5: what this run could not bring back for an earlier one (%i) is left to the next one again; the way out works: %s',
  async (status, isNamed) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, clock } = scene
    const { build } = layDown(scene)
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
    github.faults.on({ host: 'api', method: 'GET', query: /state=deleted/, times: 12 }, OUT)
    const restore = {
      host: 'api',
      method: 'POST',
      path: new RegExp(`/versions/${build.id}/restore$`)
    } as const
    const answer = status === 404 ? versionNotFound() : { status }
    github.faults.on(restore, { kind: 'answer', answer })
    let said = ''
    for (const time of [1, 2]) {
      await using run = await past(scene, cache)
      expect([time, run.code, app.tags()['v2']]).toEqual([time, 1, undefined])
      said = run.stdout
      await clock.sleep(60_000)
    }
    github.faults.clear()
    const inputs = isNamed ? { mode: 'restore', restore: /`restore: (\S+)`/.exec(said)?.[1] ?? '' } : BUILDS
    await using run = await past(scene, cache, inputs)
    expect([run.code, app.tags()['v2']]).toEqual([0, build.digest])
  }
)

it.concurrent('law 5: what GitHub lists nowhere is said twice, and not for ever', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, clock } = scene
  layDown(scene)
  app.lie({ kind: 'unlisted' })
  const codes: unknown[] = []
  for (let run = 0; run < 3; run++) {
    codes.push((await past(scene, cache)).code)
    await clock.sleep(60_000)
  }
  expect(codes).toEqual([1, 1, 0])
})

it.concurrent('law 5: what a run deleted and could not bring back is looked at by the next one', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github, clock } = scene
  const { build } = layDown(scene)
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
  github.faults.on({ method: 'POST', path: /restore$/ }, OUT)
  expect((await past(scene, cache)).code).toBe(1)
  github.faults.clear()
  await clock.sleep(60_000)
  expect([(await past(scene, cache)).code, app.tags()['v2']]).toEqual([0, build.digest])
})

/** A run deletes a part that `v2` needs from that moment on, and is killed right behind it. */
async function partAdopted(scene: Scene, cache: CacheService, pushed = () => {}): Promise<Pushed> {
  const { app, github } = scene
  const { build } = layDown(scene)
  app.push(manifest(), { tags: ['pr-9'], at: ago(70) })
  const part = build.children[0] as Pushed
  const target = { ...deleteOf(part), times: 1 }
  const adopt = () => {
    app.push(adopterOf(part), { tags: ['v2'] })
    pushed()
  }
  github.faults.on(target, { kind: 'first', run: adopt })
  github.faults.on(target, { kind: 'then', run: () => endHere(scene, cache) })
  expect((await past(scene, cache)).code).toBe(1)
  github.faults.clear()
  cache.broken = undefined
  return part
}

it.concurrent('law 5: what lacks a part that an earlier run deleted gets it back, and does not go as broken, though the list still shows that part', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run, world } = scene
  await partAdopted(scene, cache, () => app.lie({ kind: 'lag', changes: 1 }))
  const inputs = { 'delete-tags': 'pr-*', 'delete-broken': 'partial', 'min-remaining': '1', grace: '0h' }
  const second = await run(inputs, { env: cache.env })
  expect(second).toMatchObject({ code: 0, errors: [], outputs: { 'deleted-count': '1' } })
  expect(second.warnings.join()).toContain('was restored at once')
  expect(world.pullable('acme/app', 'v2')).toEqual([])
})

it.concurrent('law 5: the same where it was pushed again since, and somebody has deleted that behind the list', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run, world } = scene
  const part = await partAdopted(scene, cache)
  const again = app.push(part.shape)
  app.lie({ kind: 'lag', changes: 1 })
  app.delete(again)
  const second = await run({ 'delete-tags': 'pr-*', 'min-remaining': '1', grace: '0h' }, { env: cache.env })
  expect([second.code, second.errors, world.pullable('acme/app', 'v2')]).toEqual([0, [], []])
})
