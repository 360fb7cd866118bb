import { expect, it } from '@jest/globals'
import { referrerTag } from '../../../src/model/digest.ts'
import type { Pushed } from '../../emulator/builder.ts'
import { type CacheService, startCacheService } from '../../emulator/cache-service.ts'
import { bundle, fallback, image, index, manifest } from '../../emulator/shapes.ts'
import { age, rewrite } from './remembered.ts'
import { ago, openScene, type Scene } from './runs.ts'
import { clear, deleteOf, kill, layDown, past, restoreOf, revive } from './two-builds.ts'

/** An image of an earlier run comes back: is it whole in the same run, though that has deleted what it needs? */

const OUT = { kind: 'answer', answer: { status: 500 } } as const

/** How the first run ends right behind the DELETE of the first build, on which `v2` was put. */
const ENDS: Readonly<Record<string, (scene: Scene, cache: CacheService) => void>> = {
  'is killed': kill,
  'cannot look': ({ github }) => {
    github.faults.on({ query: /state=deleted/ }, OUT)
    github.faults.on({ method: 'DELETE' }, OUT)
  }
}

it.concurrent.each(Object.keys(ENDS).flatMap(end => (['0', '1'] as const).map(kept => [end, kept] as const)))(
  'law 2: an image comes back with a part that another one shares, and that this run deletes: the run before %s (keep-at-least %s)',
  async (end, kept) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    const [first] = layDown(scene)
    const inputs = { 'delete-tags': 'sha-*', 'delete-untagged': 'true', 'keep-at-least': kept }
    github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
    github.faults.on(deleteOf(first), { kind: 'then', run: () => ENDS[end]?.(scene, cache) })
    expect((await past(scene, cache, inputs)).code).toBe(1)
    revive(scene, cache)
    if (kept === '1') app.push(image(), { tags: ['sha-3'], at: ago(5) })
    const second = await scene.run(inputs, { env: cache.env })
    expect([second.code, world.pullable('acme/app', 'v2'), world.broken()]).toEqual([0, [], []])
    if (kept === '1')
      expect(second.stdout).toMatch(/restored at once: it belongs to sha-1, which came back\./)
    expect(app.version(first.digest)).toBeDefined()
  }
)

/** What becomes of a part that two builds share, which nothing remembers. */
const MEANWHILE = {
  'somebody deleted it': 'comes back',
  'somebody deleted it, and GitHub does not list that': 'is told of',
  'somebody deleted it 31 days ago': 'is told of',
  'somebody deletes it behind the list of this run': 'comes back',
  'the list lacks it': 'was never gone'
} as const

it.concurrent.each(
  Object.keys(ENDS).flatMap(end =>
    Object.entries(MEANWHILE).map(([what, follows]) => [end, what, follows] as const)
  )
)(
  'law 2: an image comes back with a part of which nobody knows: the run before %s, %s, so it %s',
  async (end, what, follows) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    const [first, second] = layDown(scene)
    const inputs = { 'delete-tags': 'sha-1', 'delete-untagged': 'true' }
    github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
    github.faults.on(deleteOf(first), { kind: 'then', run: () => ENDS[end]?.(scene, cache) })
    expect((await past(scene, cache, inputs)).code).toBe(1)
    revive(scene, cache)
    const remove = () => {
      for (const { digest } of [second, ...second.children]) {
        const version = app.version(digest)
        if (version === undefined) continue
        app.delete(version)
        const row = app.row.deleted.get(version.id)
        if (what.endsWith('31 days ago')) (row as NonNullable<typeof row>).deleted = ago(31)
        else if (follows === 'is told of') app.row.deleted.delete(version.id)
      }
    }
    const list = {
      host: 'api',
      method: 'GET',
      path: /\/versions$/,
      query: /^(?!.*deleted)/,
      after: 1,
      times: 1
    } as const
    if (what.startsWith('somebody deleted')) remove()
    else if (follows === 'comes back') github.faults.on(list, { kind: 'first', run: remove })
    else {
      const shared = second.children[0] as Pushed
      app.lie({ kind: 'drop', id: app.version(shared.digest)?.id ?? 0 })
    }
    // Past the laws: the part is lost.
    const { code, stdout } = await past(scene, cache, inputs)
    app.truth()
    if (follows !== 'is told of') {
      expect([code, world.pullable('acme/app', 'v2'), world.broken()]).toEqual([0, [], []])
      expect(stdout).not.toContain('not whole')
    } else {
      expect(code).toBe(1)
      const told = `^::error::.*came back, but not whole: sha256:\\w{12} is gone.*restore: ${first.digest}`
      expect(stdout).toMatch(new RegExp(told, 'm'))
    }
  }
)

it.concurrent('what was never whole, and did not go, has not come back without its parts', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const shapes = [manifest(), manifest()] as const
  const build = app.push(index(shapes.map(shape => ({ shape, platform: 'linux/amd64' }))), {
    tags: ['sha-1'],
    at: ago(80)
  })
  const child = build.children[0] as Pushed
  app.delete(child)
  app.row.deleted.delete(child.id)
  github.faults.on(deleteOf(build), { kind: 'answer', answer: { status: 204 } })
  const { code, stdout } = await past(scene, cache, { 'delete-tags': 'sha-*', 'delete-broken': 'partial' })
  expect([code, app.version(build.digest)?.id]).toEqual([1, build.id])
  expect(stdout).not.toContain('not whole')
})

it.concurrent('law 2: the same where GitHub shows the tag only behind the run that deleted the image', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, world } = scene
  const [first] = layDown(scene)
  const signature = app.sign(first, 'sig', { at: ago(79) })
  const inputs = { 'delete-tags': 'sha-*', 'keep-at-least': '1' }
  expect((await past(scene, cache, inputs)).code).toBe(0)
  const row = app.row.deleted.get(first.id)
  app.row.deleted.set(first.id, { ...row, tags: ['sha-1', 'v2'] } as NonNullable<typeof row>)
  app.push(image(), { tags: ['sha-3'], at: ago(5) })
  const second = await scene.run(inputs, { env: cache.env })
  expect([second.code, world.pullable('acme/app', 'v2'), world.broken()]).toEqual([0, [], []])
  expect(app.version(signature.digest)).toBeDefined()
})

it.concurrent('law 3: where nobody can read what came back, the run is red', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  const [first] = layDown(scene)
  const inputs = { 'delete-tags': 'sha-*', 'keep-at-least': '1' }
  github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
  github.faults.on(deleteOf(first), { kind: 'then', run: () => ENDS['cannot look']?.(scene, cache) })
  expect((await past(scene, cache, inputs)).code).toBe(1)
  github.faults.clear()
  app.push(image(), { tags: ['sha-3'], at: ago(5) })
  const read = { host: 'registry', method: 'GET', path: new RegExp(`manifests/${first.digest}$`) } as const
  github.faults.on(read, OUT)
  const { code, stdout } = await past(scene, cache, inputs)
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/::error.*Whether what came back is whole is unknown/)
  ])
})

/** The first run is killed right behind the DELETE of the first build, on which `v2` was put, or of what is `last`. */
async function killBehindFirst(
  scene: Scene,
  cache: CacheService,
  inputs: Record<string, string>,
  last = ([first]: readonly [Pushed, Pushed]) => first
) {
  const { app, github } = scene
  const builds = layDown(scene)
  const [first] = builds
  github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
  github.faults.on(deleteOf(last(builds)), { kind: 'then', run: () => ENDS['is killed']?.(scene, cache) })
  expect((await past(scene, cache, inputs)).code).toBe(1)
  revive(scene, cache)
  return builds
}

it.concurrent('law 5: a part that another image shares is not deleted before a run has looked at what was left open', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const inputs = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }
  const [, second] = await killBehindFirst(scene, cache, inputs)
  const deleted: string[] = []
  const see = ({ path }: { path: string }): void => void deleted.push(path)
  for (const part of second.children)
    scene.github.faults.on(deleteOf(part), { kind: 'first', run: () => see({ path: part.digest }) })
  await past(scene, cache, inputs)
  expect(deleted).toEqual([second.children[1]?.digest])
})

it.concurrent('law 2: an image that was left open comes back with a part that nobody left open', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, world } = scene
  const inputs = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }
  const [first] = await killBehindFirst(scene, cache, inputs)
  const shared = first.children[0] as Pushed
  // As if its own look, of another image, had been taken.
  app.delete(shared)
  rewrite(cache, heading => ({
    ...heading,
    unchecked: heading.unchecked.filter(({ id }) => id !== shared.id),
    checked: heading.unchecked.filter(({ id }) => id === shared.id)
  }))
  await past(scene, cache, inputs)
  expect(world.pullable('acme/app', 'v2')).toEqual([])
})

it.concurrent('law 2: what describes an image that comes back comes with it, also where it was deleted by this run', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app } = scene
  const [first] = layDown(scene)
  const inputs = { 'delete-tags': 'sha-*', 'keep-at-least': '1', 'delete-broken': 'orphaned' }
  expect((await past(scene, cache, inputs)).code).toBe(0)
  const row = app.row.deleted.get(first.id)
  app.row.deleted.set(first.id, { ...row, tags: ['sha-1', 'v2'] } as NonNullable<typeof row>)
  const signature = app.sign(first, 'sig', { at: ago(60) })
  const { code, stdout } = await past(scene, cache, inputs)
  expect([code, stdout]).toEqual([0, expect.stringContaining('restored at once')])
  expect([app.version(first.digest), app.version(signature.digest)]).not.toContain(undefined)
})

it.concurrent('law 2: an image whose restore failed comes back whole later, with a part that the run in between deleted', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github, world } = scene
  const inputs = { 'delete-tags': 'sha-*', 'keep-at-least': '1' }
  await killBehindFirst(scene, cache, inputs)
  app.push(image(), { tags: ['sha-3'], at: ago(5) })
  github.faults.on({ method: 'POST', path: /restore$/ }, OUT)
  expect((await past(scene, cache, inputs)).code).toBe(1)
  github.faults.clear()
  expect((await past(scene, cache, inputs)).code).toBe(0)
  expect(world.pullable('acme/app', 'v2')).toEqual([])
})

it.concurrent.each(['an image', 'a manifest'])(
  'law 2: what a person brings back gets what went with it from the next run: %s',
  async kind => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, world } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(kind === 'an image' ? image() : manifest(), { tags: ['sha-1'], at: ago(80) })
    const signature = app.sign(build, 'sig', { at: ago(79) })
    expect((await past(scene, cache, { 'delete-tags': 'sha-*' })).code).toBe(0)
    await world.store.restore(app.row, build.id)
    const { code } = await past(scene, cache, { 'delete-tags': 'pr-*' })
    expect([code, world.broken(), app.version(signature.digest)?.id]).toEqual([0, [], signature.id])
  }
)

it.concurrent.each([
  ['restored', 'delete-broken'],
  ['pushed again', 'delete-broken'],
  ['restored', 'delete-untagged']
])(
  'law 2: what went because its image was gone is named with its way back once that is %s (%s)',
  async (how, also) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, world } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(), { tags: ['v2'], at: ago(80) })
    const describing = [app.sign(build, 'sig', { at: ago(79) }), app.attest(build, { at: ago(78) })]
    app.delete({ digest: build.digest })
    const inputs = {
      'delete-broken': 'ghost, orphaned',
      ...(also === 'delete-untagged' ? { [also]: 'true' } : {})
    }
    expect((await past(scene, cache, inputs)).code).toBe(0)
    expect(describing.map(({ digest }) => app.version(digest))).toEqual([undefined, undefined])
    age(cache, 1)
    if (how === 'restored') await world.store.restore(app.row, build.id)
    else app.push(build.shape, { tags: ['v2'] })
    const second = await scene.run(inputs, { env: cache.env })
    expect([second.code, world.broken(), world.pullable('acme/app', 'v2')]).toEqual([0, [], []])
    const said =
      /^::warning::app: v2 is back, but not its signatures or attestations, which .* `mode: restore` with `restore: ([\w: ]+)`/m
    const [, restore = ''] = said.exec(second.stdout) ?? []
    expect((await past(scene, cache, { mode: 'restore', restore })).code).toBe(0)
    expect(describing.map(({ digest }) => app.version(digest)?.id)).toEqual(describing.map(({ id }) => id))
    const third = await scene.run(inputs, { env: cache.env })
    expect([third.code, third.outputs['deleted-count'], third.warnings]).toEqual([0, '0', []])
  }
)

it.concurrent('only an image whose signature is still away is named', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, world, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const builds = ['v2', 'v3'].map(tag => app.push(image(), { tags: [tag], at: ago(80) }))
  const [first] = builds.map(build => app.sign(build, 'sig', { at: ago(79) })) as [Pushed, Pushed]
  for (const { digest } of builds) app.delete({ digest })
  const inputs = { 'delete-broken': 'ghost, orphaned' }
  expect((await past(scene, cache, inputs)).code).toBe(0)
  for (const { id } of [...builds, first]) await world.store.restore(app.row, id)
  const { warnings } = await run(inputs, { env: cache.env })
  const sentence =
    /^app: v3 is back, but not its signatures or attestations, which an earlier run deleted \(1 version\) while it was gone\./
  expect(warnings).toEqual([expect.stringMatching(sentence)])
})

it.concurrent.each(['looked at', 'left open by a run that was killed'])(
  'law 6: what described an image stays away where that has a new signature: %s',
  async how => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(), { tags: ['v2'], at: ago(80) })
    const old = [app.sign(build, 'sig', { at: ago(79) }), app.attest(build, { at: ago(78) })]
    app.delete({ digest: build.digest })
    const inputs = { 'delete-broken': 'ghost, orphaned' }
    if (how !== 'looked at')
      github.faults.on(deleteOf(old[0] as Pushed), { kind: 'then', run: () => kill(scene, cache) })
    await past(scene, cache, inputs)
    revive(scene, cache)
    await world.store.restore(app.row, build.id)
    app.tag(build, 'v2')
    const news = [app.sign(build, 'sig'), app.attest(build)]
    const since = github.requests.length
    const { code, stdout } = await scene.run(inputs, { env: cache.env })
    expect([code, stdout]).toEqual([0, expect.not.stringMatching(/restored at once|is back, but not/)])
    const looks = github.requests.slice(since).filter(({ query }) => query.includes('state=deleted'))
    if (how === 'looked at') expect(looks).toEqual([])
    expect(news.map(({ digest }) => app.version(digest)?.id)).toEqual(news.map(({ id }) => id))
  }
)

it.concurrent('law 2: provenance is named once its image is back, though a new list of referrers names a new report alone', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, world } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['v2'], at: ago(80) })
  const tags = [referrerTag(build.digest)]
  const [provenance] = app.push(fallback([bundle(build)]), { tags, at: ago(79) }).children as [Pushed]
  app.delete({ digest: build.digest })
  const inputs = { 'delete-broken': 'ghost, orphaned' }
  expect((await past(scene, cache, inputs)).code).toBe(0)
  expect(app.version(provenance.digest)).toBeUndefined()
  await world.store.restore(app.row, build.id)
  app.tag(build, 'v2')
  const list = app.push(fallback([bundle(build)]), { tags })
  const { code, warnings } = await scene.run(inputs, { env: cache.env })
  expect([code, warnings.join()]).toEqual([0, expect.stringContaining(`restore: ${provenance.digest}`)])
  expect(app.tags()[tags[0] as string]).toBe(list.digest)
})

it.concurrent('law 6: what described an image stays away when that is back only to be deleted', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, world } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const signature = app.sign(build, 'sig', { at: ago(79) })
  app.delete({ digest: build.digest })
  const inputs = { 'delete-broken': 'ghost, orphaned', 'delete-tags': 'sha-*' }
  expect((await past(scene, cache, inputs)).code).toBe(0)
  await world.store.restore(app.row, build.id)
  app.tag(build, 'sha-1')
  const second = await scene.run(inputs, { env: cache.env })
  expect([second.code, second.outputs['restored-count'], app.version(signature.digest)]).toEqual([
    0,
    '0',
    undefined
  ])
  expect(second.stdout).not.toContain('is back, but not')
})

it.concurrent.each(['is looked at', 'is not looked at, as its run is killed'])(
  'law 6: a broken image that went, which %s, does not come back for a part that is pushed with another one a day later',
  async how => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(['linux/amd64', 'linux/arm64'], { attest: 'old' }), {
      tags: ['sha-1'],
      at: ago(80)
    })
    const part = build.children[0] as Pushed
    app.delete(part)
    const inputs = { 'delete-broken': 'partial', 'delete-untagged': 'true' }
    if (how.startsWith('is not'))
      github.faults.on(deleteOf(build), { kind: 'then', run: () => kill(scene, cache) })
    await past(scene, cache, inputs)
    revive(scene, cache)
    expect(app.version(build.digest)).toBeUndefined()
    age(cache, 1)
    app.push(index([{ shape: part.shape, platform: 'linux/amd64' }]), { tags: ['sha-2'] })
    const second = await scene.run(inputs, { env: cache.env })
    expect([second.code, second.outputs['restored-count'], app.version(build.digest)]).toEqual([
      0,
      '0',
      undefined
    ])
  }
)

it.concurrent('law 6: an image does not come back for a signature of it that is there', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const signature = app.attest(build, { at: ago(79) })
  github.faults.on(deleteOf(signature), { kind: 'answer', answer: { status: 204 } })
  const { code, outputs } = await past(scene, cache, { 'delete-tags': 'sha-*' })
  expect([code, outputs['restored-count'], app.version(build.digest)]).toEqual([1, '0', undefined])
})

it.concurrent.each(['in the same run', 'in the next run'])(
  'law 2: a signature whose restore failed %s comes back with the run after that',
  async when => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    world.deletedTags = 'shown'
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    const signature = app.sign(build, 'sig', { at: ago(79) })
    const inputs = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }
    github.faults.on(deleteOf(build), { kind: 'first', run: () => app.tag(build, 'v2') })
    if (when === 'in the next run') github.faults.on({ query: /state=deleted/ }, OUT)
    const fail = () =>
      github.faults.on({ method: 'POST', path: new RegExp(`/${signature.id}/restore$`) }, OUT)
    if (when === 'in the same run') fail()
    expect((await past(scene, cache, inputs)).code).toBe(1)
    github.faults.clear()
    if (when === 'in the next run') {
      fail()
      expect((await past(scene, cache, inputs)).code).toBe(1)
      github.faults.clear()
    }
    expect([app.tags()['v2'], app.version(signature.digest)]).toEqual([build.digest, undefined])
    const { code } = await scene.run(inputs, { env: cache.env })
    expect([code, app.version(signature.digest)?.id]).toEqual([0, signature.id])
  }
)

it.concurrent('an image that is pushed again while it is deleted has its own tags from nobody', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(index([{ shape: manifest(), platform: 'linux/amd64' }]), {
    tags: ['sha-1'],
    at: ago(80)
  })
  const part = build.children[0] as Pushed
  github.faults.on(deleteOf(part), { kind: 'first', run: () => app.push(build.shape) })
  const { code, errors } = await run({ 'delete-tags': 'sha-*', 'delete-untagged': 'true' })
  expect([code, errors, app.version(part.digest)?.id]).toEqual([0, [], part.id])
})

it.concurrent('law 2: a purge that brings an image back says which part of it stays away, because that was named', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const [, second] = await killBehindFirst(scene, cache, {
    'delete-tags': 'sha-1',
    'delete-untagged': 'true'
  })
  const shared = second.children[0] as Pushed
  // Past the laws: what is named goes.
  const purge = { mode: 'purge', purge: `${second.digest} ${shared.digest}`, confirm: 'app' }
  const { stdout } = await past(scene, cache, purge)
  expect([scene.app.tags()['v2'] !== undefined, scene.app.version(shared.digest)]).toEqual([true, undefined])
  expect(stdout).toMatch(
    /^::warning::.*was not restored although it belongs to sha-1.*: it was purged by name/m
  )
})

it.concurrent('law 2: what was purged by name and brought back since comes back with its image like anything else', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github, world, clock } = scene
  const builds = layDown(scene)
  const [first, second] = builds
  const names = [...builds, second.children[0] as Pushed].map(({ digest }) => digest).join(' ')
  expect((await past(scene, cache, { mode: 'purge', purge: names, confirm: 'app' })).code).toBe(0)
  await clock.sleep(60_000)
  expect((await past(scene, cache, { mode: 'restore', restore: names })).code).toBe(0)
  age(cache, 1)
  const inputs = { 'delete-tags': 'sha-1', 'delete-untagged': 'true' }
  github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
  github.faults.on(deleteOf(first), { kind: 'then', run: () => ENDS['is killed']?.(scene, cache) })
  expect((await past(scene, cache, inputs)).code).toBe(1)
  revive(scene, cache)
  const { code } = await past(scene, cache, { ...inputs, 'delete-tags': 'sha-*' })
  expect([code, world.pullable('acme/app', 'v2'), world.broken()]).toEqual([0, [], []])
})

it.concurrent('law 3: whether what came back is whole is unknown where the registry is silent about a part that GitHub does not list', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  const inputs = { 'delete-tags': 'sha-1', 'delete-untagged': 'true' }
  const [first, second] = await killBehindFirst(scene, cache, inputs)
  const shared = app.version((second.children[0] as Pushed).digest)
  app.lie({ kind: 'drop', id: shared?.id ?? 0 })
  const asked = { host: 'registry', path: new RegExp(`manifests/${shared?.digest}$`) } as const
  // It is read as a part of the other image before.
  const behind = { host: 'api', method: 'POST', path: new RegExp(`/${first.id}/restore$`), times: 1 } as const
  github.faults.on(behind, { kind: 'then', run: () => github.faults.on(asked, OUT) })
  const { code, stdout } = await past(scene, cache, inputs)
  expect([code, app.tags()['v2']]).toEqual([1, first.digest])
  expect(stdout).toMatch(/^::error::.*Whether what came back is whole is unknown: /m)
})

it.concurrent.each(Object.keys(ENDS))(
  'law 2: an image comes back with what a part of it needs, which went as well: the run before %s',
  async end => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    world.deletedTags = 'shown'
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const inner = index([{ shape: manifest(), platform: 'linux/amd64' }])
    const [first, second] = (['sha-1', 'dev-2'] as const).map((tag, nth) =>
      app.push(index([{ shape: inner }, { shape: manifest(), platform: 'linux/arm64' }]), {
        tags: [tag],
        at: ago(80 - nth)
      })
    ) as [Pushed, Pushed]
    const inputs = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }
    github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
    github.faults.on(deleteOf(first), { kind: 'then', run: () => ENDS[end]?.(scene, cache) })
    expect((await past(scene, cache, inputs)).code).toBe(1)
    revive(scene, cache)
    clear(scene, second)
    const { code } = await past(scene, cache, inputs)
    expect([code, world.pullable('acme/app', 'v2'), world.broken()]).toEqual([0, [], []])
  }
)

/** When somebody deletes an image that shares a part with one that the run deletes and restores at once. */
const MOMENTS = {
  'right before its DELETE': [deleteOf, 'first'],
  'right behind its DELETE': [deleteOf, 'then'],
  'behind the look at what is deleted': [() => ({ query: /state=deleted/, times: 1 }), 'then'],
  'while it is restored': [restoreOf, 'first'],
  'right behind its restore': [restoreOf, 'then']
} as const

it.concurrent.each(
  (Object.keys(MOMENTS) as (keyof typeof MOMENTS)[]).flatMap(when =>
    (['the other image', 'the part alone'] as const).map(what => [what, when] as const)
  )
)(
  'law 2: what a run restores at once comes back whole, though somebody deletes %s %s',
  async (what, when) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    const [first, second] = layDown(scene)
    const [target, kind] = MOMENTS[when]
    const act = () =>
      what === 'the other image' ? clear(scene, second) : app.delete(second.children[0] as Pushed)
    github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
    github.faults.on(target(first), { kind, run: act })
    const { code, stdout } = await past(scene, cache, { 'delete-tags': 'sha-1', 'delete-untagged': 'true' })
    app.truth()
    expect(world.pullable('acme/app', 'v2')).toEqual([])
    expect([code, stdout.match(/^::error::.*/gm)]).toEqual([0, null])
  }
)

it.concurrent('law 2: a part that somebody deletes comes back though every list shows it still', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, world } = scene
  const inputs = { 'delete-tags': 'sha-1', 'delete-untagged': 'true' }
  const [, second] = await killBehindFirst(scene, cache, inputs)
  app.lie({ kind: 'lag', changes: 1 })
  app.delete(second.children[0] as Pushed)
  await past(scene, cache, inputs)
  app.truth()
  expect(world.pullable('acme/app', 'v2')).toEqual([])
})

it.concurrent('law 3: where nobody can read what came back, the way out that is told makes it whole', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { github, world } = scene
  const inputs = { 'delete-tags': 'sha-1', 'delete-untagged': 'true' }
  const [first, second] = await killBehindFirst(scene, cache, inputs)
  clear(scene, second)
  github.faults.on({ host: 'registry', method: 'GET', path: new RegExp(`manifests/${first.digest}$`) }, OUT)
  const { code, stdout } = await past(scene, cache, inputs)
  github.faults.clear()
  const way = /whole is unknown: .*`mode: restore` with `restore: (sha256:\w{64})/.exec(stdout)?.[1]
  expect([code, way]).toEqual([1, first.digest])
  expect((await past(scene, cache, { mode: 'restore', restore: way ?? '' })).code).toBe(0)
  expect(world.pullable('acme/app', 'v2')).toEqual([])
})

/** What a purge names beside a run that would bring it back. */
it.concurrent.each([
  ['the part of an image that comes back, before it is known to be needed', 'list'],
  ['another image with the part, right before the DELETE of that', 'DELETE']
])('law 2: a job says what stays away because it is purged by name: %s', async (_, at) => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github } = scene
  const inputs = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }
  const [first, second] =
    at === 'list'
      ? await killBehindFirst(scene, cache, inputs, ([, other]) => other.children[0] as Pushed)
      : await killBehindFirst(scene, cache, { ...inputs, 'delete-tags': 'sha-1' })
  const part = second.children[0] as Pushed
  const names = at === 'list' ? `${part.digest}?` : `${second.digest} ${part.digest}`
  const purge = async () => {
    github.faults.on({ query: /state=deleted/ }, OUT)
    await past(scene, cache, { mode: 'purge', purge: names, confirm: 'app' })
    github.faults.clear()
  }
  const listed = {
    host: 'api',
    method: 'GET',
    path: /\/versions$/,
    query: /^(?!.*deleted)/,
    times: 1
  } as const
  github.faults.on(at === 'list' ? listed : deleteOf(second), {
    kind: at === 'list' ? 'then' : 'first',
    run: purge
  })
  const { stdout } = await past(scene, cache, inputs)
  app.truth()
  expect([app.version(part.digest), app.version(first.digest)?.tags.includes('v2')]).toEqual([
    undefined,
    true
  ])
  expect(stdout).toMatch(/::warning::.* was not restored although .*purged by name/)
})

it.concurrent('law 3: a part that GitHub goes on showing and the registry denies leaves it unknown whether the image is whole', async () => {
  await using scene = await openScene({ busy: 0.05 })
  await using cache = await startCacheService()
  const { app, github, world } = scene
  const [first, second] = layDown(scene)
  const part = second.children[0] as Pushed
  world.remember(app.row)
  await scene.clock.sleep(60_000)
  github.faults.on(deleteOf(first), { kind: 'first', run: () => app.tag(first, 'v2') })
  const restore = {
    host: 'api',
    method: 'POST',
    path: new RegExp(`/versions/${first.id}/restore$`),
    times: 1
  } as const
  // GitHub's answers are late from here on.
  const remove = () => {
    app.delete(part)
    github.faults.on({ host: 'api', method: 'GET' }, { kind: 'late', ms: 50_000 })
  }
  github.faults.on(restore, { kind: 'then', run: remove })
  const { code, stdout } = await past(scene, cache, { 'delete-tags': 'sha-1', 'delete-untagged': 'true' })
  expect(code).toBe(1)
  expect(stdout).toMatch(
    new RegExp(
      `whole is unknown: GitHub shows \\S+, and the registry denies it\\. .*restore: ${first.digest}`
    )
  )
})
