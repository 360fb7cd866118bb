import { expect, it } from '@jest/globals'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene } from './runs.ts'

const UNTAG = { 'delete-tags': 'rc-*, pr-*', untag: 'true' }

it('strips matching tags from a version that another tag holds, and leaves everything else as it was', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'rc-1', 'rc-2'], at: ago(90) })
  const signature = app.sign(v1, 'sig', { at: ago(80) })
  app.push(image(), { tags: ['pr-1'], at: ago(70) })
  const before = app.tags()
  const dry = await run({ ...UNTAG, 'dry-run': 'true' })
  expect(app.tags()).toEqual(before)
  expect(github.writes).toEqual([])
  expect(dry.stdout).toMatch('would be stripped: tag rc-1')
  const result = await run(UNTAG)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1, signature))
  expect(Object.keys(app.tags())).toEqual(expect.arrayContaining(['v1']))
  expect(app.tags()).not.toHaveProperty('rc-1')
  expect(app.tags()).not.toHaveProperty('rc-2')
  expect(result.outputs).toMatchObject({ 'untagged-count': '2', 'deleted-count': '3', 'failed-count': '0' })
  expect(result.summary).toMatch('Stripped: 2 tags')
})

it('finds its placeholder by digest while a stale list still has the tag on the image', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  app.lie({ kind: 'lag', changes: 2 })
  const listed = { host: 'api', method: 'GET', path: /\/versions$/ } as const
  github.faults.on(
    { method: 'PUT', times: 1 },
    {
      kind: 'then',
      run: () =>
        github.faults.on({ ...listed, after: 1, times: 1 }, { kind: 'first', run: () => app.truth() })
    }
  )
  const result = await run(UNTAG)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(app.tags()).toEqual({ v1: v1.digest })
  expect(result.outputs['untagged-count']).toBe('1')
  expect(github.writes.map(({ method }) => method)).toEqual(['PUT', 'DELETE'])
})

it('never deletes the image, however stale the list is, and says which placeholder stays', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  github.faults.on(
    { host: 'registry', method: 'PUT', times: 1 },
    { kind: 'first', run: () => app.lie({ kind: 'lag', changes: 1 }) }
  )
  const result = await run(UNTAG)
  expect(result.errors.join()).toMatch(
    /the placeholder sha256:[0-9a-f]{64} stays: GitHub does not list it .* put it on that image: `docker/
  )
  expect(app.digests()).toEqual(new Set([...digestsOf(v1), app.row.byTag.get('rc-1')?.digest]))
  expect(github.writes.map(({ method }) => method)).toEqual(['PUT'])
})

it('says that a tag was gone before which somebody took off meanwhile, and gives every placeholder a digest of its own', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  const stored = new Set<unknown>()
  const see = () => stored.add(app.row.byTag.get('rc-1')?.digest)
  github.faults.on({ host: 'registry', method: 'PUT' }, { kind: 'then', run: see })
  for (const [time] of ['once', 'again'].entries()) {
    if (time > 0) app.tag(v1, 'rc-1')
    expect((await run(UNTAG)).outputs['untagged-count']).toBe('1')
  }
  expect(stored.size).toBe(2)
  app.tag(v1, 'rc-1')
  const heads = { host: 'registry', method: 'HEAD', path: /manifests\/rc-1$/, after: 1 } as const
  github.faults.on({ ...heads, times: 1 }, { kind: 'first', run: () => app.row.byTag.delete('rc-1') })
  expect((await run(UNTAG)).stdout).toMatch(/the tag was gone before this run reached it/)
})

it('E-04 calls a tag not stripped whose placeholder was deleted in vain, because the tag still stands on it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  github.faults.on({ method: 'DELETE', times: 1 }, { kind: 'answer', answer: { status: 204 } })
  const result = await run(UNTAG)
  expect(result).toMatchObject({ code: 1, outputs: { 'untagged-count': '0', 'failed-count': '1' } })
  expect(result.errors.join()).toMatch(/the placeholder sha256:\w+ stays: .*still there/)
  expect((await run(UNTAG)).code).toBe(0)
  expect(Object.keys(app.tags())).toEqual(['v1'])
})

it('T-18: never takes the last tag off a platform of a kept index, nor deletes it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const shape = image()
  app.push(shape.children[0]!, { tags: ['pr-amd64'], at: ago(91) })
  const release = app.push(shape, { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { tags: ['rc-1'] })
  const result = await run(UNTAG)
  expect(result.errors).toEqual([])
  expect(app.tags()).toMatchObject({ 'pr-amd64': shape.children[0]!.digest, v1: release.digest })
  expect(github.writes).toEqual([])
})

it.each<[string, RegExp]>([
  ['moved to another version', /moved|no longer on it|taken off/],
  ['became the only one', /no other tag points to it/]
])('leaves a tag alone that %s since the listing', async (what, why) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  github.faults.on(
    { method: 'GET', path: /\/versions\/\d+$/, times: 1 },
    { kind: 'first', run: () => app.push(manifest(), { tags: [what.startsWith('moved') ? 'rc-1' : 'v1'] }) }
  )
  const result = await run(UNTAG)
  expect(result.errors).toEqual([])
  expect(result.stdout).toMatch(why)
  expect(app.digests()).toContain(v1.digest)
  expect(github.writes).toEqual([])
})

it('is red, and tells what to do, when the registry does not take the placeholder', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(index([{ shape: manifest() }]), { tags: ['v1', 'rc-1'], at: ago(90) })
  github.faults.on(
    { method: 'PUT' },
    {
      kind: 'answer',
      answer: {
        status: 403,
        body: { errors: [{ code: 'DENIED', message: 'permission_denied: write_package' }] }
      }
    }
  )
  const result = await run(UNTAG)
  expect(result.errors).toEqual([
    expect.stringMatching(/does not let the token write .*acme\/app .*`permissions: packages: write`/)
  ])
  expect(app.tags()).toEqual({ v1: v1.digest, 'rc-1': v1.digest })
})

it('needs the right to push: a classic token without it stops before anything is written', async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  const token = world.classic('olivia', ['read:packages', 'delete:packages'])
  const result = await run({ token, ...UNTAG })
  expect(result.errors).toEqual([expect.stringMatching(/lacks the scope `write:packages`/)])
  expect(github.writes).toEqual([])
})

it('E-06 gives the tag back to an image that was pushed between the look at the tag and the put', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  const shape = image()
  github.faults.on(
    { host: 'registry', method: 'PUT', times: 1 },
    { kind: 'first', run: () => app.push(shape, { tags: ['rc-1'] }) }
  )
  const result = await run(UNTAG)
  expect(app.tags()).toEqual({ v1: v1.digest, 'rc-1': shape.digest })
  expect(app.digests()).toEqual(
    new Set([...digestsOf(v1), shape.digest, ...shape.children.map(({ digest }) => digest)])
  )
  expect(result).toMatchObject({ code: 0, outputs: { 'untagged-count': '0' } })
  expect(JSON.stringify(result.report)).toMatch(/a push took the tag meanwhile/)
})

it('E-06 gives a tag to no image, nor its platforms, that is pushed beside and may not have had it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  const shape = image()
  github.faults.on(
    { host: 'registry', method: 'PUT', times: 1 },
    { kind: 'first', run: () => app.push(shape, { tags: ['v2'] }) }
  )
  // Whether that push had the tag as well, nobody can tell.
  expect(await run(UNTAG)).toMatchObject({ code: 1, outputs: { 'untagged-count': '0' } })
  expect(app.tags()).toEqual({ v1: v1.digest, v2: shape.digest })
})

it('E-06 asks for the token before it looks at the tag, and puts right after', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  await run(UNTAG)
  const asked = github.requests.filter(({ host }) => host === 'registry')
  const put = asked.findIndex(({ method }) => method === 'PUT')
  expect(asked[put - 1]).toMatchObject({ method: 'HEAD', path: expect.stringMatching('rc-1') })
})

it('law 5: is red when the requests end between the PUT and the look behind it, because a push may have lost the tag', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const token = world.classic('olivia', ['read:packages', 'delete:packages', 'write:packages'])
  app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  github.faults.on(
    { path: /\/versions$/, after: 1, times: 1 },
    { kind: 'first', run: () => github.limiter.leaveQuota(world.account(token), 50, 3_000_000) }
  )
  github.faults.on(
    { host: 'registry', method: 'PUT', times: 1 },
    { kind: 'first', run: () => app.push(manifest(), { tags: ['rc-1'] }) }
  )
  const result = await run({ ...UNTAG, token })
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(/it was sent, and what became of it is unknown/)
})

it('law 5: puts no placeholder where the requests do not suffice for what follows it', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const token = world.classic('olivia', ['read:packages', 'delete:packages', 'write:packages'])
  app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  const before = app.tags()
  const account = world.account(token)
  github.faults.on(
    { path: /\/versions$/, times: 1 },
    { kind: 'first', run: () => github.limiter.leaveQuota(account, 54, 3_000_000) }
  )
  const result = await run({ ...UNTAG, token })
  expect(result).toMatchObject({ code: 0, outputs: { incomplete: 'true', 'untagged-count': '0' } })
  expect(app.tags()).toEqual(before)
  expect(github.writes).toEqual([])
})

it.each([55, 56, 57, 58])(
  'law 5: what is put aside suffices behind a PUT, though the answer to the deletion is lost (%i requests left)',
  async left => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    const token = world.classic('olivia', ['read:packages', 'delete:packages', 'write:packages'])
    app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
    const account = world.account(token)
    github.faults.on(
      { path: /\/versions$/, times: 1 },
      { kind: 'first', run: () => github.limiter.leaveQuota(account, left, 3_000_000) }
    )
    github.faults.on({ method: 'DELETE', times: 1 }, { kind: 'lost-502' })
    const result = await run({ ...UNTAG, token })
    const wasPut = github.writes.length > 0
    expect(result).toMatchObject({ code: 0, outputs: { 'untagged-count': wasPut ? '1' : '0' } })
    expect(Object.keys(app.tags())).toEqual(wasPut ? ['v1'] : ['v1', 'rc-1'])
  }
)
