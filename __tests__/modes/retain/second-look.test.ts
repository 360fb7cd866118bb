import { describe, expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { type CacheService, startCacheService } from '../../emulator/cache-service.ts'
import type { Target } from '../../emulator/faults.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { forge, headingOf, rewrite } from './remembered.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

/** What the run finds out about its own deletions when lists and answers do not tell the truth. */

const BUILDS = { 'delete-tags': 'sha-*' }

function layDown({ app, world }: Scene) {
  world.deletedTags = 'shown'
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  return { v1, build: app.push(image(), { tags: ['sha-1'], at: ago(80) }) }
}

/** An index without a tag that needs parts of a build is pushed right before the build's DELETE, and no list shows it. */
function adopt({ app, github }: Scene, build: Pushed, age = 0): () => Pushed {
  let adopter: Pushed | undefined
  const push = (): void => {
    adopter = app.push(index(build.children), { at: ago(age) })
    app.lie({ kind: 'drop', id: adopter.id })
  }
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: push })
  return () => adopter as Pushed
}

const deleteOf = ({ id }: { id: number }) => ({ method: 'DELETE', path: new RegExp(`/versions/${id}$`) })
const isRestore = ({ method, path }: { method: string; path: string }) =>
  method === 'POST' && path.endsWith('/restore')

it.concurrent('E-03 brings back nothing when deleted rows still stand in the list and in the count', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  github.faults.on(
    { ...deleteOf(build), times: 1 },
    { kind: 'first', run: () => app.lie({ kind: 'linger' }) }
  )
  const result = await run(BUILDS)
  expect(github.writes.filter(isRestore)).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3', 'restored-count': '0' } })
})

it.concurrent('E-03 needs nothing for what is gone when the list of deleted versions lags as well', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  const lag = () => {
    app.lie({ kind: 'linger' })
    app.lie({ kind: 'unlisted' })
  }
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: lag })
  github.faults.on({ query: /state=deleted/, after: 2, times: 1 }, { kind: 'first', run: () => app.truth() })
  const result = await run(BUILDS)
  expect(github.writes.filter(isRestore)).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3', incomplete: 'false' } })
})

it.concurrent('E-04 calls a deletion failed that GitHub confirmed and did not carry out', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const stubborn = app.push(manifest(), { tags: ['sha-2'], at: ago(70) })
  github.faults.on(deleteOf(stubborn), { kind: 'answer', answer: { status: 204 } })
  const result = await run(BUILDS)
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '3', 'failed-count': '1' } })
  expect(result.errors.join()).toMatch(/sha-2.*still there/)
  expect(app.version(stubborn.digest)).toBeDefined()
})

it.concurrent('E-04 deletes no platform of an index whose deletion was confirmed and not carried out', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  github.faults.on(deleteOf(build), { kind: 'answer', answer: { status: 204 } })
  const result = await run(BUILDS)
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '0', 'failed-count': '1' } })
  expect(github.writes.map(({ path }) => path)).toEqual([expect.stringMatching(`/versions/${build.id}$`)])
  expect(app.digests()).toEqual(digestsOf(v1, build))
})

it.concurrent.each<[string, Target]>([
  ['the registry denies', { host: 'registry', path: /\/manifests\/sha256:/, times: 2 }],
  ['GitHub does not find', { host: 'api', method: 'GET', path: /\/versions\/\d+$/, times: 1 }]
])('E-04 deletes no platform when a DELETE was in vain and %s the index once', async (_, fault) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  const deny = () => github.faults.on(fault, { kind: 'answer', answer: { status: 404, body: NOBODY } })
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: deny })
  github.faults.on(deleteOf(build), { kind: 'answer', answer: { status: 204 } })
  const result = await run(BUILDS)
  expect(github.requests.filter(({ status }) => status === 404)).not.toEqual([])
  expect(github.writes).toHaveLength(1)
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '0', 'failed-count': '1' } })
  expect(app.digests()).toEqual(digestsOf(v1, build))
})

it.concurrent.each([
  ['', 0],
  [' and GitHub once', 1]
])(
  'E-04 calls a deletion failed that was in vain, though the registry denies the version for good%s',
  async (_, times) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    layDown(scene)
    const stubborn = app.push(manifest(), { tags: ['sha-2'], at: ago(70) })
    const path = new RegExp(`/manifests/${stubborn.digest}$`)
    const answer = { status: 404, body: NOBODY }
    const deny = () => {
      github.faults.on({ host: 'registry', path }, { kind: 'answer', answer })
      const look = { method: 'GET', path: new RegExp(`/versions/${stubborn.id}$`) }
      if (times > 0) github.faults.on({ ...look, times }, { kind: 'answer', answer })
    }
    github.faults.on({ ...deleteOf(stubborn), times: 1 }, { kind: 'first', run: deny })
    github.faults.on(deleteOf(stubborn), { kind: 'answer', answer: { status: 204 } })
    const result = await run(BUILDS)
    expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '3', 'failed-count': '1' } })
    expect(result.errors.join()).toMatch(/sha-2.*still there/)
  }
)

/** What both GitHub and a registry understand as "not there". */
const NOBODY = { message: 'Not Found', errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }

it.concurrent('E-05 finds a late tag although the list of deleted versions lags for ten seconds', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const { build } = layDown(scene)
  const late = () => {
    app.tag(build, 'v2')
    app.lie({ kind: 'unlisted' })
  }
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: late })
  github.faults.on({ query: /state=deleted/, after: 3, times: 1 }, { kind: 'first', run: () => app.truth() })
  const result = await run(BUILDS)
  expect(world.pullable('acme/app', 'v2')).toEqual([])
  expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '3', 'deleted-count': '0' } })
})

it.concurrent('E-05 finds a late tag although the registry goes on serving what was deleted', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const { build } = layDown(scene)
  const late = () => {
    app.tag(build, 'v2')
    app.lie({ kind: 'served' })
  }
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: late })
  const result = await run(BUILDS)
  app.truth()
  expect(world.pullable('acme/app', 'v2')).toEqual([])
  expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
})

it.concurrent('E-05 is red when GitHub never lists what was deleted, so that a late tag would not show', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  github.faults.on(
    { ...deleteOf(build), times: 1 },
    { kind: 'first', run: () => app.lie({ kind: 'unlisted' }) }
  )
  const result = await run(BUILDS)
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(/does not list 3 deleted versions.*mode: restore/s)
})

it.concurrent.each(['until the next change', 'all the time'])(
  "law 5 restores what a new tag needs that only the registry tells of: GitHub's list lags %s",
  async lag => {
    await using scene = await openScene()
    const { app, world, github, run } = scene
    const { build } = layDown(scene)
    github.faults.on(
      { ...deleteOf(build), times: 1 },
      {
        kind: 'first',
        run: () => {
          const pushed = app.push(index(build.children), { tags: ['v9'] })
          if (lag === 'all the time') app.lie({ kind: 'drop', id: pushed.id })
          else world.listLag = 'one second'
        }
      }
    )
    const result = await run(BUILDS)
    expect(world.pullable('acme/app', 'v9')).toEqual([])
    expect(result.warnings.join()).toMatch(/restored at once: a version that was pushed meanwhile needs it/)
  }
)

it.concurrent('law 3: brings back what a late tag needs although GitHub denies it once', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const { build } = layDown(scene)
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
  const restores = { method: 'POST', path: /\/restore$/, times: 1 }
  github.faults.on(restores, { kind: 'answer', answer: { status: 404, body: NOBODY } })
  const result = await run(BUILDS)
  expect(world.pullable('acme/app', 'v2')).toEqual([])
  expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
})

it.concurrent.each<[string, Target, number]>([
  ['the list of deleted versions is not found', { host: 'api', query: /state=deleted/ }, 404],
  ['the newest versions are not found', { host: 'api', query: /&page=1$/ }, 404],
  ['the tags are nowhere', { host: 'registry', path: /tags\/list$/ }, 204],
  ['what is new is not found', { host: 'registry', path: /manifests\/sha256/ }, 404]
])('law 3: brings back what something new needs although once %s', async (_, target, status) => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, world, run } = scene
  const { build } = layDown(scene)
  const adopt = (): void => {
    const { id } = app.push(index(build.children), { tags: ['v9'] })
    // GitHub's list shows it, or the registry's tags alone do.
    if (status === 204) app.lie({ kind: 'drop', id })
  }
  // The last DELETE: what follows is the look.
  github.faults.on({ method: 'DELETE', after: 2 }, { kind: 'first', run: adopt })
  const answer = { status, ...(status === 404 ? { body: NOBODY } : {}) }
  github.faults.on(
    { method: 'DELETE', after: 2 },
    {
      kind: 'then',
      run: () => github.faults.on({ method: 'GET', ...target, times: 1 }, { kind: 'answer', answer })
    }
  )
  const result = await run(BUILDS)
  expect(world.pullable('acme/app', 'v9')).toEqual([])
  expect(result.code).toBe(0)
})

it.concurrent.each<[string, string, 0 | 1, (scene: Scene, build: Pushed) => Pushed]>([
  // Or the tag was put on it right before its deletion, and the registry lags: nobody can tell, so it is red.
  ['what was just deleted', 'v9', 1, ({ app }, { shape }) => app.push(shape, { tags: ['v9'] })],
  [
    'a tag that moves',
    'latest',
    0,
    ({ app }, { children }) => app.push(index(children), { tags: ['latest'] })
  ]
])(
  'law 3: brings back what is needed by %s, pushed where GitHub does not list it yet',
  async (_, tag, code, push) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    const { v1, build } = layDown(scene)
    app.tag(v1, 'latest')
    const arrive = () => app.lie({ kind: 'drop', id: push(scene, build).id })
    github.faults.on({ method: 'DELETE', after: 1, times: 1 }, { kind: 'first', run: arrive })
    const result = await run(BUILDS)
    expect(world.pullable('acme/app', tag)).toEqual([])
    expect(result).toMatchObject({ code, outputs: { 'restored-count': '2' } })
    if (code === 1)
      expect(result.errors.join()).toMatch(/sha-1 is needed, was deleted, and could not be restored/)
  }
)

it.concurrent('law 3: brings back what is needed by what was just deleted, pushed again under its own tag', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const { build } = layDown(scene)
  const arrive = (): void => {
    app.lie({ kind: 'drop', id: app.push(build.shape, { tags: ['sha-1'] }).id })
    // GitHub lists it by the next look.
    github.faults.on({ path: /tags\/list$/, times: 1 }, { kind: 'then', run: () => app.truth() })
  }
  github.faults.on({ method: 'DELETE', after: 1, times: 1 }, { kind: 'first', run: arrive })
  const result = await run(BUILDS)
  expect(world.pullable('acme/app', 'sha-1')).toEqual([])
  expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '2' } })
})

it.concurrent('law 5: is red where the registry shows tags of what was deleted, and no further look can be taken', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, clock, token } = scene
  const { build } = layDown(scene)
  const out = { kind: 'answer', answer: { status: 500, body: 'out of order' } } as const
  const endLooks = (): void => github.faults.on({ method: 'GET', query: /state=deleted/ }, out)
  const arrive = (): void => {
    app.lie({ kind: 'drop', id: app.push(build.shape, { tags: ['sha-1'] }).id })
    github.faults.on({ path: /tags\/list$/, times: 1 }, { kind: 'then', run: endLooks })
  }
  github.faults.on({ method: 'DELETE', after: 1, times: 1 }, { kind: 'first', run: arrive })
  // Past the laws: what nobody tells cannot be brought back.
  await using result = await runInside(github, { ...BUILDS, token }, clock)
  expect(result.code).toBe(1)
  expect(result.stdout).toContain('What was taken away could not be checked again: ')
})

it.concurrent('law 5: is red where a late tag is lost, though its digest was pushed again under another', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { build } = layDown(scene)
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'stable') })
  github.faults.on(
    { method: 'DELETE', after: 1, times: 1 },
    { kind: 'first', run: () => app.push(build.shape, { tags: ['v9'] }) }
  )
  const result = await run(BUILDS)
  expect([result.code, scene.world.pullable('acme/app', 'v9')]).toEqual([1, []])
  expect(result.errors.join()).toMatch(
    /The tag stable was put on sha256:\w+ .* Put it back: `docker buildx imagetools create -t \S+:stable \S+@sha256:\w+`/
  )
})

it.concurrent('law 3: is red where a tag that it deleted may be new, and nobody can read it', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, clock, token } = scene
  const { build } = layDown(scene)
  const arrive = (): void => {
    app.lie({ kind: 'drop', id: app.push(index(build.children), { tags: ['sha-1'] }).id })
    github.faults.on({ path: /manifests\/sha-1$/ }, { kind: 'answer', answer: { status: 500 } })
  }
  github.faults.on({ method: 'DELETE', after: 1, times: 1 }, { kind: 'first', run: arrive })
  // Past the laws: what nobody tells cannot be brought back.
  await using result = await runInside(github, { ...BUILDS, token }, clock)
  expect(result.code).toBe(1)
  expect(result.stdout).toContain('The tags of the registry could not be read after the deletions')
})

it.concurrent.each([
  ['failed', 1],
  ['shows less', 0]
])(
  'law 3: brings back what the first look found needed, though that was unclear and the second look %s',
  async (second, code) => {
    await using scene = await openScene({ contract: 'off' })
    const { app, github, world, run } = scene
    const { build } = layDown(scene)
    let adopter = 0
    const adopt = (): void => {
      adopter = app.push(index(build.children), { tags: ['v9'] }).id
    }
    const fail = (): void => {
      const tags = { host: 'registry', method: 'GET', path: /tags\/list$/ } as const
      const again = { host: 'api', method: 'GET', query: /&page=1$/, after: 1 } as const
      if (second === 'failed') {
        github.faults.on(tags, { kind: 'answer', answer: { status: 204 } })
        github.faults.on(again, { kind: 'answer', answer: { status: 404 } })
      } else {
        github.faults.on({ ...tags, times: 1 }, { kind: 'answer', answer: { status: 204 } })
        const old = { name: 'acme/app', tags: ['v1'] }
        github.faults.on({ ...tags, after: 1 }, { kind: 'answer', answer: { status: 200, body: old } })
        github.faults.on(again, { kind: 'first', run: () => app.lie({ kind: 'drop', id: adopter }) })
      }
    }
    github.faults.on({ method: 'DELETE', after: 2 }, { kind: 'first', run: adopt })
    github.faults.on({ method: 'DELETE', after: 2 }, { kind: 'then', run: fail })
    const result = await run(BUILDS)
    app.truth()
    expect(world.pullable('acme/app', 'v9')).toEqual([])
    expect(result.code).toBe(code)
  }
)

describe('E-05 a look that saw too little, or did not happen', () => {
  const late = ({ app, github }: Scene, build: Pushed, more: () => void = () => {}): void => {
    const land = (): void => {
      app.tag(build, 'v2')
      more()
    }
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: land })
  }

  it.concurrent.each<[string, (scene: Scene) => { hide: () => void; show: () => void }]>([
    [
      'as GitHub does not list what is deleted',
      ({ app }) => ({ hide: () => app.lie({ kind: 'unlisted' }), show: () => app.truth() })
    ],
    [
      'as GitHub does not answer',
      ({ github }) => ({
        hide: () => github.faults.on({ query: /state=deleted/ }, { kind: 'answer', answer: { status: 500 } }),
        show: () => github.faults.clear()
      })
    ]
  ])('%s, is taken by the next run, once', async (_, make) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { v1, build } = layDown(scene)
    const { hide, show } = make(scene)
    late(scene, build, hide)
    const first = await scene.run(BUILDS, { env: cache.env })
    expect([first.code, scene.app.digests()]).toEqual([1, digestsOf(v1)])
    show()
    const second = await scene.run(BUILDS, { env: cache.env })
    expect(scene.world.pullable('acme/app', 'v2')).toEqual([])
    expect(second).toMatchObject({ code: 0, outputs: { 'restored-count': '3', 'deleted-count': '0' } })
    expect(second.warnings.join()).toMatch(/restored at once: tag v2 was put on it right before its deletion/)
    const third = await scene.run({ ...BUILDS, 'keep-tags': 'v*' }, { env: cache.env })
    expect(third).toMatchObject({ code: 0, outputs: { 'restored-count': '0' } })
    expect(third.warnings).toEqual([])
  })

  it.concurrent('brings back what an index of the time between needs', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    const { v1, build } = layDown(scene)
    const signature = app.sign(build, 'sig', { at: ago(79) })
    const other = app.push(image(), { tags: ['sha-other'], at: ago(78) })
    github.faults.on({ query: /state=deleted/ }, { kind: 'answer', answer: { status: 500 } })
    await scene.run(BUILDS, { env: cache.env })
    expect(app.digests()).toEqual(digestsOf(v1))
    github.faults.clear()
    // Another client took them for there, and pushed the index alone.
    for (const child of app.push(index(build.children), { tags: ['v2'] }).children) app.delete(child)
    const second = await scene.run(BUILDS, { env: cache.env })
    expect(scene.world.pullable('acme/app', 'v2')).toEqual([])
    expect(second.warnings.join()).toMatch(/restored at once: a version that stays needs it/)
    // The image comes back with what describes it, which is there first; the other image stays gone.
    const back = github.requests.flatMap(({ path }) => /versions\/(\d+)\/restore$/.exec(path)?.[1] ?? [])
    expect(back.indexOf(`${signature.id}`)).toBeLessThan(back.indexOf(`${build.id}`))
    expect(back).toContain(`${signature.id}`)
    expect(digestsOf(other).isDisjointFrom(app.digests())).toBe(true)
  })

  it.concurrent('brings back what an index of the time between needs that only the registry shows', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    const { build } = layDown(scene)
    github.faults.on({ query: /state=deleted/ }, { kind: 'answer', answer: { status: 500 } })
    await scene.run(BUILDS, { env: cache.env })
    github.faults.clear()
    const v2 = app.push(index(build.children), { tags: ['v2'] })
    for (const child of v2.children) app.delete(child)
    app.lie({ kind: 'drop', id: v2.id })
    const second = await scene.run(BUILDS, { env: cache.env })
    expect(scene.world.pullable('acme/app', 'v2')).toEqual([])
    expect(second.warnings.join()).toMatch(/restored at once: a version that stays needs it/)
  })

  it.concurrent.each<[string, number, (cache: CacheService) => void]>([
    [
      'fails once',
      1,
      cache => {
        cache.unreadable = 1
      }
    ],
    [
      'fails twice',
      2,
      cache => {
        cache.unreadable = 2
      }
    ],
    [
      'shows the entry cut off',
      2,
      cache => {
        const [entry] = cache.entries.splice(-1)
        if (entry === undefined) throw new Error('nothing was stored')
        cache.entries.push({ ...entry, bytes: entry.bytes.subarray(0, 40) })
      }
    ]
  ])('is not lost when the cache %s: run %d behind it takes it', async (_, taken, fail) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    const { build } = layDown(scene)
    late(scene, build, () =>
      github.faults.on({ query: /state=deleted/ }, { kind: 'answer', answer: { status: 500 } })
    )
    expect((await scene.run(BUILDS, { env: cache.env })).code).toBe(1)
    github.faults.clear()
    const stored = [...cache.entries]
    fail(cache)
    const codes: unknown[] = []
    for (let number = 0; number < taken; number++) {
      const { code, outputs } = await scene.run(BUILDS, { env: cache.env })
      codes.push([code, outputs['restored-count']])
      if (number < taken - 1) {
        expect(cache.entries).toHaveLength(stored.length)
        cache.entries.splice(0, cache.entries.length, ...stored)
      }
    }
    expect(codes).toEqual([...Array.from({ length: taken - 1 }, () => [0, '0']), [0, '3']])
    expect(app.tags()['v2']).toBe(build.digest)
  })

  it.concurrent('is red and taken by the next run when nobody told of new tags', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    const { build } = layDown(scene)
    github.faults.on(
      { ...deleteOf(build), times: 1 },
      {
        kind: 'first',
        run: () => {
          app.lie({ kind: 'drop', id: app.push(index(build.children), { tags: ['v9'] }).id })
          github.faults.on(
            { host: 'registry', path: /tags\/list/ },
            { kind: 'answer', answer: { status: 503 } }
          )
        }
      }
    )
    // With both witnesses silent the tag lacks something until the next run, so the laws of a scene do not hold in between.
    const inputs = { ...BUILDS, packages: 'app', token: scene.token }
    await using first = await runInside(scene.github, inputs, scene.clock, { env: cache.env })
    expect(first.code).toBe(1)
    expect(first.stdout).toMatch(/::error::.*tags of the registry could not be read after the deletions/)
    expect(headingOf(cache)).toMatchObject({ unchecked: [{}, {}, {}], checked: [] })
    github.faults.clear()
    app.truth()
    const second = await scene.run(BUILDS, { env: cache.env })
    expect(scene.world.pullable('acme/app', 'v9')).toEqual([])
    expect(second.warnings.join()).toMatch(/restored at once: a version that stays needs it/)
  })

  it.concurrent('brings back in the next run what an untagged index needs that no list showed this one', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    const { v1, build } = layDown(scene)
    const adopter = adopt(scene, build)
    // Nobody knows of it until the next run, so the laws of a scene do not hold in between.
    const inputs = { ...BUILDS, packages: 'app', token: scene.token }
    await using first = await runInside(github, inputs, scene.clock, { env: cache.env })
    expect([first.code, first.outputs['deleted-count']]).toEqual([0, '3'])
    app.truth()
    const second = await scene.run(BUILDS, { env: cache.env })
    expect(second).toMatchObject({ code: 0, outputs: { 'restored-count': '2', 'deleted-count': '0' } })
    expect(second.warnings.join()).toMatch(/restored at once: a version that stays needs it/)
    expect(app.digests()).toEqual(digestsOf(v1, adopter()))
    const third = await scene.run(BUILDS, { env: cache.env })
    expect(third).toMatchObject({ code: 0, outputs: { 'restored-count': '0', 'deleted-count': '0' } })
  })

  it.concurrent('costs quiet runs no request of the API, and is forgotten after eight days', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { github } = scene
    layDown(scene)
    const costOf = async (): Promise<number> => {
      const before = github.requests.length
      expect((await scene.run(BUILDS, { env: cache.env })).code).toBe(0)
      return github.requests.slice(before).filter(({ host }) => host === 'api').length
    }
    await costOf()
    expect(headingOf(cache).checked).toHaveLength(3)
    const cost = await costOf()
    expect(headingOf(cache).checked).toHaveLength(3)
    rewrite(cache, heading => ({ ...heading, checked: heading.checked.map(one => ({ ...one, at: 1 })) }))
    expect(await costOf()).toBe(cost)
    expect(headingOf(cache).checked).toEqual([])
    expect(await costOf()).toBe(cost)
  })

  it.concurrent.each(['is late', 'cannot be read'])(
    'brings back what an untagged index needs also where it %s in the next run as well',
    async trouble => {
      await using scene = await openScene()
      await using cache = await startCacheService()
      const { app, github } = scene
      const { v1, build } = layDown(scene)
      const adopter = adopt(scene, build)
      const inputs = { ...BUILDS, packages: 'app', token: scene.token }
      const past = () => runInside(github, inputs, scene.clock, { env: cache.env })
      await using first = await past()
      expect([first.code, first.outputs['deleted-count']]).toEqual([0, '3'])
      if (trouble === 'cannot be read') {
        app.truth()
        const path = new RegExp(`manifests/${adopter().digest}$`)
        github.faults.on({ host: 'registry', path }, { kind: 'answer', answer: { status: 500 } })
      }
      await using second = await past()
      expect(second.outputs['restored-count']).toBe('0')
      github.faults.clear()
      app.truth()
      const third = await scene.run(BUILDS, { env: cache.env })
      expect(third).toMatchObject({ code: 0, outputs: { 'restored-count': '2' } })
      expect(app.digests()).toEqual(digestsOf(v1, adopter()))
    }
  )

  it.concurrent.each([
    ['comes back', true],
    ['is not to be had', false]
  ])(
    'takes no image for broken, and for whole neither, before a part that the last run deleted %s',
    async (_, isBack) => {
      await using scene = await openScene()
      await using cache = await startCacheService()
      const { app, github, world, clock } = scene
      const { build } = layDown(scene)
      const old = app.push(image(), { tags: ['rc-1'], at: ago(60) })
      const adopter = adopt(scene, build, 20)
      const inputs = { ...BUILDS, packages: 'app', token: scene.token }
      await using first = await runInside(github, inputs, clock, { env: cache.env })
      expect(first.outputs['deleted-count']).toBe('3')
      app.truth()
      app.tag(adopter(), 'rc-2')
      if (!isBack) github.faults.on({ path: /restore$/ }, { kind: 'answer', answer: { status: 404 } })
      const policy = {
        'delete-tags': 'rc-*',
        'keep-at-least': '1',
        'delete-broken': 'ghost, partial',
        grace: '0h'
      }
      await using second = await runInside(github, { ...inputs, ...policy }, clock, { env: cache.env })
      expect(second.outputs).toMatchObject({ 'deleted-count': '0', 'restored-count': isBack ? '2' : '0' })
      expect(second.code).toBe(isBack ? 0 : 1)
      expect(world.pullable('acme/app', 'rc-1')).toEqual([])
      expect(app.tags()).toMatchObject({ 'rc-1': old.digest, 'rc-2': adopter().digest })
      if (isBack) {
        expect(world.pullable('acme/app', 'rc-2')).toEqual([])
        expect(second.summary).not.toContain('Found broken')
        expect(second.stdout).toContain('Nothing was deleted, 2 versions restored at once.')
        expect(second.stdout).not.toMatch(/of 0 changes/)
      }
    }
  )

  it.concurrent('is not tried for ever: what does not show in the next run either is told there, and then forgotten', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { build } = layDown(scene)
    late(scene, build, () => scene.app.lie({ kind: 'unlisted' }))
    const codes: (number | null)[] = []
    for (let number = 0; number < 3; number++) codes.push((await scene.run(BUILDS, { env: cache.env })).code)
    expect(codes).toEqual([1, 1, 0])
  })

  it.concurrent('needs no word that is not true: what somebody wrote into the memory deletes nothing', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app } = scene
    const { v1, build } = layDown(scene)
    late(scene, build, () => app.lie({ kind: 'unlisted' }))
    await scene.run(BUILDS, { env: cache.env })
    forge(cache, ({ unchecked }) =>
      unchecked.map(one => ({ ...one, id: v1.id, digest: v1.digest, root: v1.digest }))
    )
    app.truth()
    const second = await scene.run(BUILDS, { env: cache.env })
    expect([second.code, second.outputs['deleted-count'], app.digests()]).toEqual([0, '0', digestsOf(v1)])
  })

  it.concurrent('E-42 ends at time-limit, and is called incomplete, when somebody wrote 30,000 of them', async () => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github } = scene
    layDown(scene)
    app.push(image(), { tags: ['sha-2'], at: ago(70) })
    await scene.run(BUILDS, { env: cache.env })
    app.push(image(), { tags: ['sha-3'], at: ago(70) })
    forge(cache, () =>
      Array.from({ length: 30_000 }, (_, at) => {
        const digest = `sha256:${String(at).padStart(64, '0')}`
        return { id: 900_000_000 + at, digest, tags: [], root: digest, after: [], describes: false }
      })
    )
    const before = github.requests.length
    const second = await scene.run({ ...BUILDS, 'time-limit': '1min' }, { env: cache.env })
    expect(second.outputs).toMatchObject({ 'deleted-count': '3', incomplete: 'true' })
    expect(second.stdout).toContain('What was taken away could not be checked again: The time')
    expect(github.requests.length - before).toBeLessThan(20_000)
  })
})

it.concurrent.each([27, 29, 31, 35, 60])(
  'E-05 has requests left for the second look and the restores with %d requests above the reserve',
  async remaining => {
    await using scene = await openScene()
    const { app, github, world, token, run } = scene
    const { build } = layDown(scene)
    for (let number = 0; number < 20; number++)
      app.push(manifest(), { tags: [`sha-x${number}`], at: ago(60 - number) })
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
    github.faults.on(
      { path: /\/versions$/, times: 1 },
      { kind: 'first', run: () => github.limiter.leaveQuota(world.account(token), 50 + remaining, 3_000_000) }
    )
    const result = await run(BUILDS)
    if (result.outputs['deleted-count'] !== '0' || !app.version(build.digest))
      expect(app.tags()['v2']).toBe(build.digest)
    expect(github.limiter.quota(world.account(token)).remaining).toBeGreaterThanOrEqual(50)
    if (result.code === 0 && result.outputs['deleted-count'] !== '20')
      expect(result.outputs['incomplete']).toBe('true')
  }
)

it.concurrent.each([12, 13])(
  'law 5: looks at a DELETE whose answer was lost with the last of %d requests above the reserve',
  async remaining => {
    await using scene = await openScene()
    const { app, github, world, token, run } = scene
    const { build } = layDown(scene)
    for (let number = 0; number < 3; number++)
      app.push(manifest(), { tags: [`sha-x${number}`], at: ago(60 - number) })
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'lost-502' })
    github.faults.on(
      { path: /\/versions$/, times: 1 },
      { kind: 'first', run: () => github.limiter.leaveQuota(world.account(token), 50 + remaining, 3_000_000) }
    )
    const result = await run(BUILDS)
    expect(app.tags()['v2']).toBe(build.digest)
    expect(result.code).toBe(1)
  }
)

/** The registry goes on showing the tag of what was deleted. */
function serveTag({ github }: Scene, build: Pushed): void {
  const headers = { 'docker-content-digest': build.digest }
  github.faults.on(
    { host: 'registry', method: 'HEAD', path: /app\/manifests\/sha-1$/ },
    { kind: 'answer', answer: { status: 200, headers, body: '' } }
  )
  const body = { name: 'acme/app', tags: ['v1', 'sha-1'] }
  github.faults.on(
    { host: 'registry', method: 'GET', path: /app\/tags\/list$/ },
    { kind: 'answer', answer: { status: 200, body } }
  )
}

it.concurrent.each([
  ['kept', {}, {}, true],
  ['turned off', { memory: 'false' }, {}, false],
  ['only read', {}, { ACTIONS_CACHE_MODE: 'read' }, false],
  ['only written', {}, { ACTIONS_CACHE_MODE: 'write-only' }, false]
])(
  'law 8: says that the next run checks only where it may be remembered (memory: %s)',
  async (_, inputs, env, isKept) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    serveTag(scene, layDown(scene).build)
    const result = await scene.run({ ...BUILDS, ...inputs }, { env: { ...cache.env, ...env } })
    expect(result.outputs['incomplete']).toBe('true')
    const said = [
      'If what this run remembers can be stored, the next run checks whether what was pushed needs',
      'Nothing is remembered for the next run'
    ].map(sentence => result.stdout.includes(sentence))
    expect([...said, cache.entries.length > 0]).toEqual([isKept, !isKept, isKept])
    expect(result.stdout).toContain(
      'If a tag is missing that was set right before the deletion, `mode: restore`'
    )
    // Nothing is left to do, and whether the next run looks again is said already.
    expect(result.stdout).toContain(
      'The run ended early. Not all that it deleted in app could be checked again.'
    )
    expect(result.stdout).not.toContain('The next run goes on.')
  }
)

it.concurrent.each(['true', 'false'])(
  'law 8: says the way back once, whatever it could not check in two packages (memory: %s)',
  async memory => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, world, run } = scene
    serveTag(scene, layDown(scene).build)
    const web = world.package('acme/web', { repository: 'acme/app' })
    web.push(image(), { tags: ['v1'], at: ago(90) })
    web.push(image(), { tags: ['sha-1'], at: ago(80) })
    for (const one of [app, web]) one.lie({ kind: 'unlisted' })
    const result = await run({ ...BUILDS, packages: 'app\nweb', memory }, { env: cache.env })
    expect(result.errors.filter(text => text.includes('does not list 3 deleted versions'))).toHaveLength(2)
    expect(result.stdout.split('`mode: restore` with the report of this run')).toHaveLength(2)
  }
)
