import { expect, it } from '@jest/globals'
import { isPlaceholder } from '../../../src/model/manifest.ts'
import { parseManifest } from '../../../src/registry/manifest.ts'
import type { Builder, Pushed } from '../../emulator/builder.ts'
import { startCacheService } from '../../emulator/cache-service.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { bundle, image, index, manifest } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** The PUT of a placeholder takes a tag from whoever has it at that moment: who was that? */

const UNTAG = { 'delete-tags': 'nightly', 'keep-tags': 'v2', untag: 'true' }

/** A release with a tag to strip, and a build that stays. */
function layDown({ app }: Scene): { old: Pushed; build: Pushed } {
  const old = app.push(image(), { tags: ['v1', 'nightly'], at: ago(90) })
  return { old, build: app.push(image(), { tags: ['v2'], at: ago(80) }) }
}

/** Lets something happen right before the PUT is carried out. */
function rightBefore({ github }: Scene, run: () => unknown): void {
  github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'first', run })
}

/** Lets somebody push an image as `nightly` right before the PUT, and gives what gives its digest. */
function pushRightBefore(scene: Scene): () => string {
  let pushed = ''
  rightBefore(scene, () => {
    pushed = scene.app.push(manifest(), { tags: ['nightly'] }).digest
  })
  return () => pushed
}

const placeholdersIn = (app: Builder): number =>
  app.row.order.filter(({ bytes, mediaType }) => isPlaceholder(parseManifest(bytes, mediaType), [])).length

it('law 3: believes no single HEAD that a tag is still on the image that is to lose it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { old, build } = layDown(scene)
  const second = {
    host: 'registry',
    path: /manifests\/nightly$/,
    method: 'HEAD',
    after: 1,
    times: 1
  } as const
  github.faults.on(second, {
    kind: 'first',
    run: () => {
      app.lie({ kind: 'lag', changes: 1 })
      app.tag(build, 'nightly')
    }
  })
  const headers = { 'docker-content-digest': old.digest }
  github.faults.on(second, { kind: 'answer', answer: { status: 200, headers, body: '' } })
  const result = await run(UNTAG)
  expect(result).toMatchObject({ code: 0, outputs: { 'untagged-count': '0' } })
  expect(result.stdout).toMatch(`the tag has moved to ${build.digest} since the listing`)
  expect(app.tags()['nightly']).toBe(build.digest)
})

it.each([
  ['on another version as well', /GitHub shows it on sha256:\w+ as well, so it may have moved/],
  ['no longer on it', /the tag is no longer on it/]
])(
  'law 3: leaves a tag alone that GitHub shows %s, whatever the registry goes on saying',
  async (what, why) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { old, build } = layDown(scene)
    const asked = { host: 'registry', path: /manifests\/nightly$/, method: 'HEAD', after: 1 } as const
    github.faults.on({ ...asked, times: 1 }, { kind: 'first', run: () => app.tag(build, 'nightly') })
    const headers = { 'docker-content-digest': old.digest }
    github.faults.on(asked, { kind: 'answer', answer: { status: 200, headers, body: '' } })
    if (what.startsWith('no')) app.lie({ kind: 'drop', id: build.id })
    const result = await run(UNTAG)
    expect(result).toMatchObject({ code: 0, outputs: { 'untagged-count': '0' } })
    expect(result.stdout).toMatch(why)
    expect(app.tags()['nightly']).toBe(build.digest)
  }
)

it('law 3: is red where a push may have had the tag besides others, and puts it nowhere', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  const shape = image()
  rightBefore(scene, () => app.push(shape, { tags: ['v3', 'nightly'] }))
  const result = await run(UNTAG)
  expect(result).toMatchObject({ code: 1, outputs: { 'untagged-count': '0', 'failed-count': '1' } })
  expect(result.errors.join()).toMatch(
    new RegExp(`Whether v3 .*docker buildx imagetools create -t <image>:nightly <image>@${shape.digest}`)
  )
  expect(app.tags()).toMatchObject({ v3: shape.digest })
  expect({ nightly: app.tags()['nightly'], placeholders: placeholdersIn(app) }).toEqual({ placeholders: 0 })
  expect(await run(UNTAG)).toMatchObject({ code: 0 })
})

it('law 3: is red where one of two pushes may have had the tag', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  rightBefore(scene, () => {
    app.push(image(), { tags: ['v3'] })
    app.push(image(), { tags: ['nightly'] })
  })
  const result = await run(UNTAG)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(/the tag is off the image, and nothing has it now/)
  expect({ nightly: app.tags()['nightly'], placeholders: placeholdersIn(app) }).toEqual({ placeholders: 0 })
})

it('law 11: only says so where the tag is that of a commit, which no push moves', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const old = app.push(image(), { tags: ['v1', 'sha-abc1234'], at: ago(90) })
  rightBefore(scene, () => app.push(image(), { tags: ['v3'] }))
  const result = await run({ 'delete-tags': 'sha-*', untag: 'true' })
  expect(result).toMatchObject({ code: 0, outputs: { 'untagged-count': '1' } })
  expect(app.tags()).toMatchObject({ v1: old.digest })
  expect(JSON.stringify(result.report)).toMatch(/docker buildx imagetools create -t <image>:sha-abc1234/)
})

it('law 11: a push that comes after the placeholder had no tag to lose', async () => {
  await using scene = await openScene()
  const { app, github, clock, run } = scene
  layDown(scene)
  github.faults.on(
    { host: 'registry', method: 'PUT', times: 1 },
    {
      kind: 'then',
      run: async () => {
        await clock.sleep(2_000)
        app.push(image(), { tags: ['v3'] })
        app.push(image())
      }
    }
  )
  expect(await run(UNTAG)).toMatchObject({ code: 0, outputs: { 'untagged-count': '1' } })
  expect(Object.keys(app.tags()).sort()).toEqual(['v1', 'v2', 'v3'])
})

it('law 3: gives the tag back to an older image on which GitHub shows it behind the PUT', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const { build } = layDown(scene)
  rightBefore(scene, () => {
    app.tag(build, 'nightly')
    app.lie({ kind: 'tag', id: build.id, tag: 'nightly' })
  })
  const result = await run(UNTAG)
  expect(result).toMatchObject({ code: 0, outputs: { 'untagged-count': '0' } })
  expect(JSON.stringify(result.report)).toMatch(/it was moved meanwhile.*it is back on/)
  expect({ nightly: app.tags()['nightly'], placeholders: placeholdersIn(app) }).toEqual({
    nightly: build.digest,
    placeholders: 0
  })
})

it.each([3, 4])(
  'law 3: takes the tag from nobody who has it by the time that it is to be given back (look %i)',
  async after => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { build } = layDown(scene)
    rightBefore(scene, () => app.push(image(), { tags: ['nightly'] }))
    const look = { host: 'registry', path: /manifests\/nightly$/, method: 'HEAD', after, times: 1 } as const
    github.faults.on(look, { kind: 'first', run: () => app.tag(build, 'nightly') })
    const result = await run(UNTAG)
    expect(result.code).toBe(0)
    expect({ nightly: app.tags()['nightly'], placeholders: placeholdersIn(app) }).toEqual({
      nightly: build.digest,
      placeholders: 0
    })
  }
)

it('says which tag is lost, and how to put it back, where the registry does not take it again', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const shape = image()
  rightBefore(scene, () => app.push(shape, { tags: ['nightly'] }))
  const body = { errors: [{ code: 'DENIED', message: 'permission_denied: write_package' }] }
  github.faults.on({ method: 'PUT', after: 1 }, { kind: 'answer', answer: { status: 403, body } })
  const result = await run(UNTAG)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(
    new RegExp(
      `took the tag from .*docker buildx imagetools create -t <image>:nightly <image>@${shape.digest}`
    )
  )
  expect({ nightly: app.tags()['nightly'], placeholders: placeholdersIn(app) }).toEqual({ placeholders: 0 })
})

it('loses a tag that is moved between two older versions at that moment, which nobody can see', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const { build } = layDown(scene)
  rightBefore(scene, () => app.tag(build, 'nightly'))
  expect(await run(UNTAG)).toMatchObject({ code: 0, outputs: { 'untagged-count': '1' } })
  expect(app.tags()['nightly']).toBeUndefined()
})

it.each<[string, 'first' | 'then']>([
  ['before', 'first'],
  ['behind', 'then']
])('gives the tag to no part of an image whose index comes last, %s the PUT', async (_, kind) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const shape = image(['linux/amd64'])
  const push = () => shape.children.map(child => app.push(child))
  github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind, run: push })
  const listed = { host: 'api', method: 'GET', path: /\/versions$/, after: 2, times: 1 } as const
  github.faults.on(listed, {
    kind: 'then',
    run: () => app.push(shape, { tags: ['pr-7'], at: Date.now() + 9_000 })
  })
  expect(await run(UNTAG)).toMatchObject({ code: 0, outputs: { 'untagged-count': '1' } })
  expect(app.tags()['nightly']).toBeUndefined()
})

it.each([
  ['the page before it is empty once', false],
  ['newer ones are deleted, so that rows of page 2 come up', true]
])('takes no older version for a push: %s', async (_, isLarge) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  for (let n = 0; n < (isLarge ? 60 : 1); n++) app.push(manifest(), { at: ago(70) + n * 1_000 })
  const builds = Array.from({ length: isLarge ? 60 : 1 }, () =>
    app.push(manifest(), { tags: ['v3'], at: ago(9) })
  )
  const drop = () => builds.slice(-3).map(app.delete)
  if (isLarge) github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'then', run: drop })
  else
    github.faults.on(
      { host: 'api', method: 'GET', path: /\/versions$/, after: 1, times: 1 },
      { kind: 'answer', answer: { status: 200, body: [] } }
    )
  expect(await run(UNTAG)).toMatchObject({ code: 0, outputs: { 'untagged-count': '1' } })
  expect(app.tags()['nightly']).toBeUndefined()
})

it.each<[string, (scene: Scene, old: Pushed) => unknown]>([
  ['an attestation, whose list is not there yet', ({ app }, old) => app.push(bundle(old))],
  ['a signature', ({ app }, old) => app.sign(old, 'sig')],
  [
    "another run's placeholder",
    ({ app }) => app.push(index([], { annotations: { 'io.github.ghcr-steward.untagged': 'rc-1' } }))
  ]
])('gives the tag to nothing that is no image: %s', async (_, push) => {
  await using scene = await openScene()
  const { app, run } = scene
  const { old } = layDown(scene)
  rightBefore(scene, () => push(scene, old))
  expect(await run(UNTAG)).toMatchObject({ code: 0, outputs: { 'untagged-count': '1' } })
  expect(app.tags()['nightly']).toBeUndefined()
})

it('asks GitHub nothing more on a quiet package than what finds and deletes the placeholder', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  await run(UNTAG)
  const asked = github.requests.filter(({ host, path }) => host === 'api' && path.includes('/versions'))
  // The listing, the row of the image, the newest versions before the PUT and behind it, and the placeholder's row; in the
  // end the newest versions once more, which show the tags that went with the placeholder.
  expect(asked.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'GET', 'GET', 'DELETE', 'GET'])
})

it.each(['cannot be read', 'is denied once'] as const)(
  'law 3: no tag stays on the placeholder without a word because a push beside it %s',
  async how => {
    await using scene = await openScene()
    const { app, github, clock, run } = scene
    layDown(scene)
    const push = () => {
      const { digest } = app.push(manifest(), { tags: ['v3'] })
      const asked = { host: 'registry', method: 'GET', path: new RegExp(`manifests/${digest}$`) } as const
      if (how === 'cannot be read')
        github.faults.on(asked, { kind: 'answer', answer: { status: 500, body: 'out of order' } })
      else {
        const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
        github.faults.on({ ...asked, times: 1 }, { kind: 'answer', answer })
      }
    }
    const second = {
      host: 'registry',
      method: 'HEAD',
      path: /manifests\/nightly$/,
      after: 1,
      times: 1
    } as const
    github.faults.on(second, { kind: 'then', run: push })
    // So long that what is known of the package is too old.
    github.faults.on(
      { host: 'registry', method: 'PUT', times: 1 },
      { kind: 'then', run: () => clock.sleep(8_000) }
    )
    const { code } = await run(UNTAG)
    expect([code === 1 || app.tags()['nightly'] === undefined, placeholdersIn(app)]).toEqual([true, 0])
  }
)

it.each([[['nightly']], [['v3', 'nightly']]])(
  'law 3: a push of %j that is attested at once gets its tag back, or the loss is red',
  async tags => {
    await using scene = await openScene()
    const { app, github, run } = scene
    layDown(scene)
    let pushed: Pushed | undefined
    rightBefore(scene, () => {
      pushed = app.push(image(), { tags })
    })
    const attest = () => {
      if (pushed !== undefined) app.attest(pushed)
    }
    github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'then', run: attest })
    const { code } = await run(UNTAG)
    expect(pushed).toBeDefined()
    expect(code === 1 || app.tags()['nightly'] === pushed?.digest).toBe(true)
  }
)

it('law 3: leaves a tag alone that has moved, though the registry lags and the image is none of the newest', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { old, build } = layDown(scene)
  for (let n = 0; n < 35; n++) app.push(image(), { tags: [`r${n}`], at: ago(70) + n * 10_000 })
  const asked = { host: 'registry', method: 'HEAD', path: /manifests\/nightly$/, after: 1 } as const
  github.faults.on({ ...asked, times: 1 }, { kind: 'first', run: () => app.tag(build, 'nightly') })
  const headers = { 'docker-content-digest': old.digest }
  const answer = { status: 200, headers, body: '' }
  github.faults.on({ ...asked, times: 2 }, { kind: 'answer', answer })
  await run({ ...UNTAG, 'keep-tags': 'v2 r*' })
  expect(app.tags()['nightly']).toBe(build.digest)
})

it.each([2, 15])(
  'law 3: a push that takes the tag while the last HEAD is on its way for %i s does not lose it',
  async seconds => {
    await using scene = await openScene()
    const { app, github, run, clock } = scene
    layDown(scene)
    let pushed = ''
    const wait = async () => {
      pushed = app.push(manifest(), { tags: ['nightly'] }).digest
      await clock.sleep(seconds * 1_000)
    }
    // Of the plan, before the pause, behind it.
    const last = {
      host: 'registry',
      method: 'HEAD',
      path: /manifests\/nightly$/,
      after: 2,
      times: 1
    } as const
    github.faults.on(last, { kind: 'then', run: wait })
    const { code } = await run(UNTAG)
    expect(pushed).not.toBe('')
    expect(app.tags()['nightly'] === pushed || code === 1).toBe(true)
  }
)

it.each(['lost-502', 'lost-reset'] as const)(
  'law 3: a PUT that is carried out and answered %s is looked behind like any other',
  async kind => {
    await using scene = await openScene()
    const { app, github, run } = scene
    layDown(scene)
    const pushed = pushRightBefore(scene)
    github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind })
    const { code } = await run(UNTAG)
    expect(app.tags()['nightly'] === pushed() || code === 1).toBe(true)
    expect({ pushed: app.tags()['nightly'], placeholders: placeholdersIn(app) }).toEqual({
      pushed: pushed(),
      placeholders: 0
    })
  }
)

const LATE = ['one HEAD', 'each HEAD', 'GitHub', 'nobody'] as const

it.each(
  LATE.flatMap(late => (['lost-502', 'lost-reset', 'answered'] as const).map(kind => [late, kind] as const))
)(
  'law 3: a PUT that is carried out takes the tag of a push to no placeholder that stays, with %s late and the PUT %s',
  async (late, kind) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    layDown(scene)
    const pushed = pushRightBefore(scene)
    const heads = { host: 'registry', method: 'HEAD', path: /manifests\/nightly$/ } as const
    const lag = () => {
      const headers = { 'docker-content-digest': pushed() }
      const times = late === 'one HEAD' ? { times: 1 } : late === 'each HEAD' ? {} : { times: 0 }
      github.faults.on({ ...heads, ...times }, { kind: 'answer', answer: { status: 200, headers, body: '' } })
      if (late !== 'GitHub') return
      app.lie({ kind: 'lag', changes: 1 })
      github.faults.on(
        { method: 'GET', path: /\/versions$/, after: 2, times: 1 },
        { kind: 'first', run: () => app.truth() }
      )
    }
    const put = { host: 'registry', method: 'PUT', times: 1 } as const
    github.faults.on(put, { kind: 'then', run: lag })
    if (kind !== 'answered') github.faults.on(put, { kind })
    const { code } = await run(UNTAG)
    expect({
      code,
      nightly: app.row.byTag.get('nightly')?.digest,
      placeholders: placeholdersIn(app)
    }).toEqual({
      code: 0,
      nightly: pushed(),
      placeholders: 0
    })
  }
)

it('law 3: names the placeholder of which nobody knows whether it was stored', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  github.faults.on({ host: 'registry', method: 'PUT' }, { kind: 'answer', answer: { status: 502 } })
  const result = await run(UNTAG)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(
    /Writing .*app:nightly failed, or its answer was lost.*the tag is on the placeholder sha256:[0-9a-f]{64}/
  )
  expect(app.tags()).toHaveProperty('nightly')
})

it.each([10, 130])(
  'finds the placeholder, and who lost the tag to it, behind %i versions in a list that runs oldest first',
  async more => {
    await using scene = await openScene()
    const { app, world, run } = scene
    world.listOrder = 'oldest first'
    for (let n = 0; n < more; n++) app.push(manifest(), { tags: [`r-${n}`], at: ago(180) + n * 60_000 })
    layDown(scene)
    const pushed = pushRightBefore(scene)
    const { code } = await run(UNTAG)
    expect({ code, nightly: app.tags()['nightly'], placeholders: placeholdersIn(app) }).toEqual({
      code: 0,
      nightly: pushed(),
      placeholders: 0
    })
  }
)

/** Somebody copies the tag while it is on the placeholder. */
function promote({ app, github }: Scene, tag: string): void {
  const copy = () => {
    const placeholder = app.row.byTag.get('nightly')
    if (placeholder !== undefined) app.tag(placeholder, tag)
  }
  github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'then', run: copy })
}

it('law 3: gives a tag back to its image that somebody put on the placeholder, and is red', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const { build } = layDown(scene)
  app.tag(build, 'prod')
  promote(scene, 'prod')
  const inputs = { ...UNTAG, 'keep-tags': 'v2 prod', 'delete-untagged': 'true' }
  const result = await run(inputs)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(
    /Somebody put the tag prod on the placeholder.* It was on sha256:\w+ when this run listed the package, and is back there/
  )
  expect({ tags: app.tags(), placeholders: placeholdersIn(app) }).toMatchObject({
    tags: { prod: build.digest, v2: build.digest },
    placeholders: 0
  })
  expect(await run(inputs)).toMatchObject({ code: 0, outputs: { 'deleted-count': '0' } })
})

it('law 3: gives a tag back that somebody put on the placeholder, though the registry still shows it where it was', async () => {
  await using scene = await openScene()
  const { app, github, world, clock, run } = scene
  const { build } = layDown(scene)
  app.tag(build, 'prod')
  world.remember(app.row)
  await clock.sleep(60_000)
  promote(scene, 'prod')
  for (const method of ['HEAD', 'GET'])
    github.faults.on({ host: 'registry', method, path: /manifests\/prod$/ }, { kind: 'late', ms: 30_000 })
  const result = await run({ ...UNTAG, 'keep-tags': 'v2 prod' })
  expect([result.code, app.tags()['prod']]).toEqual([1, build.digest])
  expect(result.errors.join()).toMatch(/Somebody put the tag prod on the placeholder/)
})

it('law 3: gives a tag back that somebody put on the placeholder while that gave the tag of a push back', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { build } = layDown(scene)
  app.tag(build, 'prod')
  const pushed = pushRightBefore(scene)
  github.faults.on(
    { host: 'registry', method: 'PUT', after: 1, times: 1 },
    {
      kind: 'first',
      run: () => {
        const placeholder = app.row.byTag.get('nightly')
        if (placeholder !== undefined) app.tag(placeholder, 'prod')
      }
    }
  )
  const result = await run(UNTAG)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(/Somebody put the tag prod on the placeholder.*and is back there/)
  expect({ ...app.tags(), placeholders: placeholdersIn(app) }).toMatchObject({
    nightly: pushed(),
    prod: build.digest,
    placeholders: 0
  })
})

it('law 3: gives a tag back that somebody put on the placeholder right before the last look at it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { build } = layDown(scene)
  app.tag(build, 'prod')
  const copy = (): void => {
    const placeholder = app.row.byTag.get('nightly')
    if (placeholder !== undefined && placeholdersIn(app) > 0) app.tag(placeholder, 'prod')
  }
  // Behind the PUT the only version that is read by its id is the placeholder's.
  github.faults.on(
    { host: 'registry', method: 'PUT', times: 1 },
    {
      kind: 'then',
      run: () =>
        github.faults.on({ host: 'api', path: /\/versions\/\d+$/, times: 1 }, { kind: 'first', run: copy })
    }
  )
  const result = await run(UNTAG)
  expect(result.errors.join()).toMatch(/Somebody put the tag prod on the placeholder.*and is back there/)
  expect({ ...app.tags(), placeholders: placeholdersIn(app) }).toMatchObject({
    prod: build.digest,
    placeholders: 0
  })
  expect(app.tags()).not.toHaveProperty('nightly')
})

it.each(['nobody had', 'the registry does not take back'])(
  'law 3: says which tag somebody put on the placeholder that %s, and promises no removal of it',
  async why => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { build } = layDown(scene)
    if (why !== 'nobody had') app.tag(build, 'prod')
    promote(scene, 'prod')
    const body = { errors: [{ code: 'DENIED', message: 'permission_denied: write_package' }] }
    github.faults.on({ method: 'PUT', after: 1 }, { kind: 'answer', answer: { status: 403, body } })
    const result = await run(UNTAG)
    expect(result.code).toBe(1)
    expect(result.errors.join()).toMatch(/Somebody put the tag prod on the placeholder/)
    expect(result.errors.join()).toMatch(
      /docker buildx imagetools create.*No run removes the placeholder before/
    )
    expect(result.errors.join()).not.toMatch(/the next run removes it/)
    expect(app.digests()).toContain(build.digest)
  }
)

it('law 3: is red in each later run for a kept tag on a placeholder, which takes no place of an image', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run } = scene
  app.push(image(), { tags: ['rc-0'], at: ago(70) })
  const old = app.push(image(), { tags: ['rc-1'], at: ago(60) })
  const left = app.push(index([], { annotations: { 'io.github.ghcr-steward.untagged': 'nightly' } }), {
    tags: ['rc-2', 'nightly'],
    at: ago(20)
  })
  const inputs = { 'delete-tags': 'rc-* nightly', 'keep-at-least': '1', 'keep-tags': 'prod' }
  app.tag(left, 'prod')
  // The second deletes nothing, and so reads nothing anew.
  for (const deleted of ['3', '0']) {
    const { code, errors, warnings, outputs } = await run(inputs, { env: cache.env })
    expect(outputs['deleted-count']).toBe(deleted)
    expect([code, app.tags()]).toMatchObject([1, { 'rc-1': old.digest, prod: left.digest }])
    expect(errors.join()).toMatch(
      /The tag prod is on a placeholder that `untag` left \(version \d+, sha256:\w{12}\).*imagetools create/
    )
    // The policy deletes this one.
    expect(warnings.join()).toMatch(/The tag rc-2 is on a placeholder that `untag` left.*imagetools create/)
  }
  for (const tag of ['rc-2', 'prod']) app.tag(old, tag)
  const last = await run({ ...inputs, 'keep-at-least': '0' })
  expect([last.code, last.warnings, app.tags()['nightly'], placeholdersIn(app)]).toEqual([
    0,
    [],
    undefined,
    0
  ])
})

it('law 11: a tag on a placeholder does not keep it in the place of an image', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const old = app.push(image(), { tags: ['rc-1'], at: ago(60) })
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(index([], { annotations: { 'io.github.ghcr-steward.untagged': 'nightly' } }), {
    tags: ['rc-2', 'nightly'],
    at: ago(20)
  })
  await run({ 'delete-tags': 'rc-* nightly', 'keep-at-least': '1' })
  expect(app.tags()['rc-1']).toBe(old.digest)
})

it('law 5: is red where a tag goes with the placeholder that somebody put on it, also where nothing is deleted', async () => {
  await using scene = await openScene()
  const { app, github, clock, token } = scene
  layDown(scene)
  app.push(manifest(), { tags: ['prod'], at: ago(70) })
  const promote = () => {
    const bare = app.row.order.at(-1)
    if (bare !== undefined) app.tag(bare, 'prod')
  }
  github.faults.on(
    { host: 'api', method: 'DELETE', path: /\/versions\/\d+$/, times: 1 },
    { kind: 'first', run: promote }
  )
  // Past the laws: the tag is lost.
  await using result = await runInside(github, { ...UNTAG, token }, clock)
  expect(app.tags()['prod']).toBeUndefined()
  expect(result.code).toBe(1)
  expect(result.stdout).toMatch(
    /^::error::.*tag prod \(of sha256:\w{12}\) stands on nothing now: .*imagetools create -t <image>:prod <image>@sha256:\w{64}/m
  )
})

it.each(
  [2, 120].flatMap(newer =>
    ['prod', 'v1.2.3'].flatMap(tag =>
      [0, 2].flatMap(late => [false, true].map(beside => [newer, tag, late, beside] as const))
    )
  )
)(
  'law 5: says how the tag comes back that went with a placeholder, behind %i newer ones: %s, the list of tags late %i times, a deletion beside: %s',
  async (newer, tag, late, beside) => {
    await using scene = await openScene()
    const { app, github, clock, token } = scene
    layDown(scene)
    const holder = app.push(manifest(), { tags: [tag, 'v3'], at: ago(79) })
    const gone = beside ? app.push(manifest(), { tags: ['sha-1'], at: ago(95) }) : undefined
    for (let n = 0; n < newer; n++)
      app.push(manifest(), { tags: [`r${n}-1234567`], at: ago(70) + n * 10_000 })
    const ids = new Set(app.row.order.map(({ id }) => id))
    const promote = () => {
      const placeholder = app.row.byTag.get('nightly')
      const isLast = gone === undefined || !app.row.byId.has(gone.id)
      if (placeholder === undefined || ids.has(placeholder.id) || !isLast) return
      const body = { name: 'acme/app', tags: [...app.row.byTag.keys()] }
      app.tag(placeholder, tag)
      github.faults.on(
        { host: 'registry', path: /tags\/list$/, times: late },
        { kind: 'answer', answer: { status: 200, body } }
      )
    }
    github.faults.on(
      { host: 'api', method: 'DELETE', path: /\/versions\/\d+$/ },
      { kind: 'first', run: promote }
    )
    const inputs = { 'delete-tags': 'nightly sha-*', untag: 'true', token }
    // Past the laws: the tag is lost.
    await using result = await runInside(github, inputs, clock)
    expect(app.tags()[tag]).toBeUndefined()
    expect(result.code).toBe(1)
    expect(result.stdout).toMatch(`imagetools create -t <image>:${tag} <image>@${holder.digest}`)
  }
)

it.each([2, 120])(
  'law 5: names the tag that went with a placeholder where the registry goes on showing it, behind %i newer ones',
  async newer => {
    await using scene = await openScene()
    const { app, github, clock, token } = scene
    layDown(scene)
    const holder = app.push(manifest(), { tags: ['prod'], at: ago(79) })
    for (let n = 0; n < newer; n++)
      app.push(manifest(), { tags: [`r${n}-1234567`], at: ago(70) + n * 10_000 })
    github.faults.on(
      { host: 'api', method: 'DELETE', path: /\/versions\/\d+$/, times: 1 },
      {
        kind: 'first',
        run: () => {
          const placeholder = app.row.order.at(-1)
          if (placeholder !== undefined) app.tag(placeholder, 'prod')
          const headers = { 'docker-content-digest': holder.digest }
          github.faults.on(
            { host: 'registry', method: 'HEAD', path: /manifests\/prod$/ },
            { kind: 'answer', answer: { status: 200, headers, body: '' } }
          )
        }
      }
    )
    await using result = await runInside(github, { ...UNTAG, token }, clock)
    // Past the laws: the tag is lost.
    expect([result.code, app.tags()['prod']]).toEqual([1, undefined])
    expect(result.stdout).toMatch(/^::error::.*\bprod\b.*placeholder/m)
  }
)

it('law 5: is red where nobody can tell what went with the placeholder', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  const fail = () =>
    github.faults.on({ host: 'registry', path: /tags\/list$/ }, { kind: 'answer', answer: { status: 503 } })
  github.faults.on({ method: 'DELETE', times: 1 }, { kind: 'then', run: fail })
  const result = await run(UNTAG)
  expect(result).toMatchObject({ code: 1, outputs: { 'untagged-count': '1' } })
  expect(result.errors.join()).toMatch(
    /The tags of the registry could not be read after the untagging \(.*503/
  )
})

it('law 5: where the registry gives no token for pushing, the rest is done and looked at all the same', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  layDown(scene)
  const build = app.push(image(), { tags: ['sha-1'], at: ago(70) })
  world.deletedTags = 'shown'
  github.faults.on(
    { host: 'registry', path: /^\/token/, query: /push/ },
    { kind: 'answer', answer: { status: 500 } }
  )
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 },
    { kind: 'first', run: () => app.tag(build, 'v3') }
  )
  const result = await run({ ...UNTAG, 'delete-tags': 'nightly sha-*' })
  expect([result.code, result.outputs['untagged-count'], app.tags()['v3']]).toEqual([1, '0', build.digest])
  expect(result.errors.join()).toMatch(/Nothing can be written to acme\/app: .* HTTP 500 \(3 tries\)/)
})

it('law 3: a tag that is given back to a push is red where the registry confirms that and does nothing', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  const pushed = pushRightBefore(scene)
  github.faults.on(
    { host: 'registry', method: 'PUT', after: 1 },
    { kind: 'answer', answer: { status: 201, headers: {}, body: '' } }
  )
  const result = await run(UNTAG)
  expect(result.code).toBe(1)
  expect(result.stdout).toMatch(
    new RegExp(`took the tag from ${pushed()}, .* nobody shows it there.* Put it back: `)
  )
})

it('the way back of a run that deletes and strips tags is told for both', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  app.push(image(), { tags: ['sha-1'], at: ago(70) })
  github.faults.on({ query: /state=deleted/ }, { kind: 'answer', answer: { status: 500 } })
  const result = await run({ ...UNTAG, 'delete-tags': 'nightly sha-*' })
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(
    /`mode: restore` with the report of this run restores it\. A tag may have gone/
  )
})

it('law 3: a second push that loses the tag while it is given back to the first one is named', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const pushed: string[] = []
  const push = (): void => void pushed.push(app.push(image(), { tags: ['nightly'] }).digest)
  github.faults.on(
    { host: 'registry', method: 'PUT', path: /nightly$/, times: 2 },
    { kind: 'first', run: push }
  )
  const { code, errors } = await run(UNTAG)
  expect([code, app.tags()['nightly']]).toEqual([1, pushed[0]])
  expect(errors.join()).toMatch(new RegExp(`${pushed[1]}\\) was pushed.*imagetools create`))
})

it.each([1, 2, 99])(
  'law 3: a push that the first list behind the PUT shows gets its tag back, though the next %i answers are from before',
  async times => {
    await using scene = await openScene()
    const { app, github, world, clock, run } = scene
    world.remember(app.row)
    layDown(scene)
    await clock.sleep(60_000)
    const pushed = pushRightBefore(scene)
    const list = { host: 'api', path: /\/versions$/, query: /^(?!.*deleted)/ } as const
    const late = () => github.faults.on({ ...list, times }, { kind: 'late', ms: 15_000 })
    const put = { host: 'registry', method: 'PUT', times: 1 } as const
    github.faults.on(put, {
      kind: 'then',
      run: () => github.faults.on({ ...list, times: 1 }, { kind: 'then', run: late })
    })
    const { code } = await run(UNTAG)
    expect([code, app.tags()['nightly']]).toEqual([0, pushed()])
  }
)
