import { expect, test } from '@jest/globals'
import { caller, registryCaller } from '../emulator/client.ts'
import { image, index, manifest, oddIndex } from '../emulator/shapes.ts'
import { ago, digestsOf, openScene, type Scene } from './retain/runs.ts'

/** "Nobody can pull the image anymore once the run is green." */

const purge = { mode: 'purge', purge: 'bad', confirm: 'app' }

function layDown({ app }: Scene) {
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const bad = app.push(image(['linux/amd64'], { attest: 'new' }), { tags: ['bad', 'sha-1'], at: ago(1) })
  const signature = app.sign(bad, 'sig', { at: ago(1) })
  return { bad, signature }
}

test.concurrent('a green purge leaves nothing of the image to pull, by tag or digest, and all of the others', async () => {
  await using scene = await openScene()
  const { bad, signature } = layDown(scene)
  const ask = await registryCaller(scene.github, 'acme/app', 'pull', scene.world.classic('olivia'))
  const pull = async (name: string) => (await ask(`GET manifests/${name}`)).status
  expect(await pull('bad')).toBe(200)
  expect((await scene.run(purge)).errors).toEqual([])
  const gone = ['bad', 'sha-1', ...digestsOf(bad, signature)]
  expect(await Promise.all(gone.map(pull))).toEqual(gone.map(() => 404))
  expect(await pull('v1')).toBe(200)
})

test.concurrent('law 3: an image that comes back while it is purged turns the run red', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const bad = scene.app.push(image(), { tags: ['bad'], at: ago(1) })
  scene.github.faults.on(
    { method: 'DELETE', path: new RegExp(`/versions/${bad.id}$`), times: 1 },
    { kind: 'then', run: () => scene.app.push(bad.shape, { tags: ['bad'] }) }
  )
  const run = await scene.run(purge)
  expect(run.code).toBe(1)
  expect(run.errors.join()).toMatch(/can still be pulled/)
})

test.concurrent('law 3: a purge is not green where the named version came back because a tag was put on it meanwhile', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.deletedTags = 'shown'
  const { bad } = layDown(scene)
  const land = { kind: 'first', run: () => app.tag(bad, 'latest') } as const
  github.faults.on({ method: 'DELETE', path: new RegExp(`/versions/${bad.id}$`), times: 1 }, land)
  const result = await run(purge)
  expect(app.tags()['latest']).toBe(bad.digest)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(/1 version that should be purged is still there.*restored at once/)
})

test.concurrent('law 3: a purge of a tag that has moved, which the list does not show yet, deletes nothing and says why', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const next = app.push(manifest(), { tags: ['next'], at: ago(1) })
  app.lie({ kind: 'lag', changes: 1 })
  app.tag(next, 'bad')
  const result = await run(purge)
  expect(github.writes).toEqual([])
  expect(result.errors.join()).toMatch(/"bad" means 2 versions, so it is left alone. Write one of sha256:/)
})

test.concurrent('law 3: a purge leaves a platform to which a tag has moved, which the list does not show yet', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const { bad } = layDown(scene)
  app.push(manifest(), { tags: ['prod'], at: ago(3) })
  const [platform] = bad.children
  if (platform === undefined) throw new Error('it has no platform')
  app.lie({ kind: 'lag', changes: 1 })
  app.tag(platform, 'prod')
  const result = await run({ ...purge, purge: bad.digest })
  expect(app.tags()).toMatchObject({ prod: platform.digest })
  expect(result.outputs['restored-count']).toBe('0')
  expect(result.code).toBe(0)
})

test.concurrent('law 3: a deletion that changes nothing in the registry turns the run red', async () => {
  await using scene = await openScene()
  const { bad } = layDown(scene)
  scene.github.faults.on(
    { host: 'registry', method: 'HEAD', path: new RegExp(`manifests/${bad.digest}$`) },
    { kind: 'answer', answer: { status: 200, headers: { 'docker-content-digest': bad.digest } } }
  )
  const run = await scene.run(purge)
  expect(run.errors.join()).toMatch(/can still be pulled/)
})

test.concurrent('law 5: a platform comes back when an index without a tag names it that GitHub only counted at first', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const shared = manifest()
  const index1 = index([{ shape: shared, platform: 'linux/amd64' }])
  const bad = app.push(index1, { tags: ['bad'], at: ago(2) })
  const other = app.push(index([{ shape: shared, platform: 'linux/amd64' }], { note: 'built anew' }), {
    at: ago(1)
  })
  app.lie({ kind: 'drop', id: other.id })
  github.faults.on({ method: 'DELETE', times: 1 }, { kind: 'then', run: () => app.truth() })
  const { outputs, errors } = await run(purge)
  expect(errors).toEqual([])
  expect(outputs).toMatchObject({ 'restored-count': '1' })
  expect(app.version(bad.digest)).toBeUndefined()
  expect(app.digests()).toContain(other.digest)
  for (const { digest } of other.shape.children) expect(app.digests()).toContain(digest)
})

test.concurrent('law 3: a name that may be absent is not taken for absent while the registry has it', async () => {
  await using scene = await openScene()
  const { app, run, github } = scene
  layDown(scene)
  app.lie({ kind: 'lag', changes: 2 })
  app.push(manifest(), { tags: ['late'] })
  const hidden = await run({ ...purge, purge: 'late?' })
  expect(hidden.code).toBe(1)
  expect(hidden.errors.join()).toMatch(/"late".*registry.*GitHub does not list/)
  expect(github.writes).toEqual([])
})

test.concurrent('law 3: a package that may be absent is not taken for absent while the registry has it', async () => {
  await using scene = await openScene()
  layDown(scene)
  scene.github.faults.on(
    { host: 'api', method: 'GET', path: /container\/app$/ },
    { kind: 'answer', answer: { status: 404, body: { message: 'Package not found.' } } }
  )
  const run = await scene.run({ mode: 'purge', purge: 'package', packages: 'app?', confirm: 'app' })
  expect(run.code).toBe(1)
  expect(run.stdout).not.toMatch(/::notice::/)
})

test.concurrent('what cannot be read and has nothing to do with the purge holds nothing back, and is said', async () => {
  await using scene = await openScene()
  const old = scene.app.push(manifest(), { tags: ['old'], at: ago(99) })
  const { bad, signature } = layDown(scene)
  scene.github.faults.on(
    { host: 'registry', path: new RegExp(`manifests/(?:old|${old.digest})$`), method: 'GET' },
    { kind: 'answer', answer: { status: 403 } }
  )
  const result = await scene.run(purge)
  expect(result).toMatchObject({ code: 0, errors: [] })
  expect(result.summary).toContain('old could not be read')
  expect(scene.app.digests().has(bad.digest)).toBe(false)
  expect(scene.app.digests().has(signature.digest)).toBe(false)
})

test.concurrent('E-04: a package whose deletion was confirmed and not carried out turns the run red', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  github.faults.on({ method: 'DELETE', path: /container\/app$/ }, { kind: 'answer', answer: { status: 204 } })
  const result = await run({ mode: 'purge', purge: 'package', confirm: 'app' })
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '0' } })
  expect(result.errors.join()).toMatch(/still there/)
  expect(app.tags()).toHaveProperty(['bad'])
})

test.concurrent('law 3: a package is not known to be gone when nobody answers after its deletion', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  const broken = { kind: 'answer', answer: { status: 500 } } as const
  github.faults.on(
    { method: 'DELETE', path: /container\/app$/ },
    {
      kind: 'then',
      run: () => {
        github.faults.on({ host: 'api', method: 'GET', path: /container\/app$/ }, broken)
        github.faults.on({ host: 'registry', path: /tags\/list/ }, broken)
      }
    }
  )
  const result = await run({ mode: 'purge', purge: 'package', confirm: 'app' })
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '0' } })
  expect(result.errors.join()).toMatch(/this could not be verified/)
})

test.concurrent('E-03: a package that GitHub shows for a moment after its deletion is gone all the same', async () => {
  await using scene = await openScene()
  const { github, run, world } = scene
  layDown(scene)
  const row = { kind: 'answer', answer: { status: 200, body: await seen(scene), lie: true } } as const
  github.faults.on(
    { method: 'DELETE', path: /container\/app$/, times: 1 },
    {
      kind: 'then',
      run: () => github.faults.on({ host: 'api', method: 'GET', path: /container\/app$/, times: 2 }, row)
    }
  )
  const result = await run({ mode: 'purge', purge: 'package', confirm: 'app' })
  expect(result.errors).toEqual([])
  expect(world.packages(world.owner('acme')!, 'active')).toEqual([])
})

const OF_APP = { host: 'api', path: /packages\/container\/app$/ } as const

test.concurrent.each([
  ['answered 502', { kind: 'lost-502' }, 0],
  ['not answered', { kind: 'lost-reset' }, 0],
  ['answered 502, and shown for a moment longer', { kind: 'lost-502' }, 3]
] as const)('E-03: a package whose deletion was carried out and %s is gone', async (_, trouble, shown) => {
  await using scene = await openScene()
  const { github, run, world } = scene
  layDown(scene)
  const row = { kind: 'answer', answer: { status: 200, body: await seen(scene), lie: true } } as const
  const show = () => shown > 0 && github.faults.on({ ...OF_APP, method: 'GET', times: shown }, row)
  github.faults.on({ ...OF_APP, method: 'DELETE', times: 1 }, { kind: 'first', run: show })
  github.faults.on({ ...OF_APP, method: 'DELETE', times: 1 }, trouble)
  const result = await run({ mode: 'purge', purge: 'package', confirm: 'app' })
  expect([result.errors, result.outputs['failed-count']]).toEqual([[], '0'])
  expect(world.packages(world.owner('acme')!, 'active')).toEqual([])
})

test.concurrent('law 3: a package that GitHub denies behind a DELETE whose answer was lost is not gone while the registry has it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const unseen = { kind: 'answer', answer: { status: 404, body: { message: 'Package not found.' } } } as const
  github.faults.on(
    { ...OF_APP, method: 'DELETE', times: 1 },
    { kind: 'first', run: () => github.faults.on(OF_APP, unseen) }
  )
  github.faults.on({ ...OF_APP, method: 'DELETE', times: 1 }, { kind: 'answer', answer: { status: 502 } })
  const { code, outputs, errors } = await run({ mode: 'purge', purge: 'package', confirm: 'app' })
  expect([code, outputs['deleted-count'], app.digests().size > 0]).toEqual([1, '0', true])
  // Rights were not lacking when the package was listed, so nothing is said of them.
  expect(errors.join()).toMatch(
    /it was sent, and what became of it is unknown \(.*502.*\): .*"Package not found\."/
  )
  expect(errors.join()).not.toMatch(/Admin/)
})

/** The package as GitHub shows it. */
async function seen({ github, world }: Scene): Promise<unknown> {
  const call = caller(github, world.classic('olivia'))
  return (await call('GET /orgs/acme/packages/container/app')).body
}

test.concurrent('what a manifest of unknown kind mentions may be no part of it: it stays, and the run names it', async () => {
  await using scene = await openScene()
  const { bad } = layDown(scene)
  const mentioned = scene.app.push(manifest(), { at: ago(2) })
  scene.app.push(oddIndex([mentioned.shape]), { tags: ['odd'], at: ago(1) })
  const run = await scene.run({ ...purge, purge: 'odd' })
  expect(run.why(mentioned)).toMatch(/^kept: odd mentions it/)
  expect(run.errors.join()).toContain(
    `odd is of an unknown kind and mentions ${mentioned.digest}, which stays`
  )
  expect(scene.app.tags()).not.toHaveProperty('odd')
  const again = await scene.run({ ...purge, purge: mentioned.digest })
  expect(again.errors).toEqual([])
  expect(scene.app.digests()).not.toContain(mentioned.digest)
  expect(scene.app.digests()).toContain(bad.digest)
})
