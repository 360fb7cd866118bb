import { expect, test } from '@jest/globals'
import { registryError } from '../emulator/registry-auth.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { ago, openScene, type Scene } from './retain/runs.ts'

/** What a purge does with names of which GitHub's list or the registry says that they are nowhere. */

const DENIAL = { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') } as const
const purge = { mode: 'purge', confirm: 'app' }

function layDown({ app }: Scene) {
  app.push(image(), { tags: ['v1'], at: ago(90) })
  return app.push(manifest(), { tags: ['v2'], at: ago(9) })
}

/** A version that GitHub's list and count do not show yet. */
function hide({ app }: Scene) {
  const leak = app.push(manifest(), { at: ago(1) })
  app.lie({ kind: 'drop', id: leak.id })
  app.lie({ kind: 'count', value: app.row.order.length - 1 })
  return leak
}

test('law 3: a version id that may be absent is asked for before it is called absent', async () => {
  await using scene = await openScene()
  layDown(scene)
  const leak = hide(scene)
  const run = await scene.run({ ...purge, purge: `${leak.id}?` })
  expect(run.code).toBe(1)
  expect(run.errors.join()).toMatch(
    `"${leak.id}" is there, but GitHub's list does not show it yet: run again`
  )
})

test('law 3: one denial of a version id is not believed', async () => {
  await using scene = await openScene()
  layDown(scene)
  const leak = hide(scene)
  scene.github.faults.on(
    { method: 'GET', path: new RegExp(`/versions/${leak.id}$`), times: 1 },
    { kind: 'answer', answer: { status: 404, body: { message: 'Package version not found.' } } }
  )
  const run = await scene.run({ ...purge, purge: `${leak.id}?` })
  expect(run.errors.join()).toMatch(/GitHub's list does not show it yet/)
})

test('law 3: a version id that nobody can ask for is unknown', async () => {
  await using scene = await openScene()
  layDown(scene)
  const leak = hide(scene)
  scene.github.faults.on(
    { method: 'GET', path: new RegExp(`/versions/${leak.id}$`) },
    { kind: 'answer', answer: { status: 403, body: { message: 'Forbidden' } } }
  )
  const run = await scene.run({ ...purge, purge: `${leak.id}?` })
  expect(run.errors.join()).toMatch(`Whether "${leak.id}" is there is unknown`)
})

test('a version id that is gone is absent, and the run green', async () => {
  await using scene = await openScene()
  const gone = layDown(scene)
  scene.app.delete(gone)
  const run = await scene.run({ ...purge, purge: `${gone.id}?` })
  expect(run).toMatchObject({ code: 0, errors: [] })
  expect(run.warnings.join() + run.summary).toMatch(`"${gone.id}" is not there`)
})

test('law 3: a short digest that no list shows cannot be asked for: it is unknown, and the full one is not', async () => {
  await using scene = await openScene()
  layDown(scene)
  const leak = hide(scene)
  const short = leak.digest.slice(0, 19)
  const run = await scene.run({ ...purge, purge: `${short}?` })
  expect(run.errors.join()).toMatch(`Whether "${short}" is there is unknown: `)
  expect(run.errors.join()).toMatch(/give the full digest/)
  const gone = `sha256:${'0'.repeat(64)}`
  expect(await scene.run({ ...purge, purge: `${gone}?` })).toMatchObject({ code: 0, errors: [] })
})

test('law 3: a short digest of what only the registry shows is there', async () => {
  await using scene = await openScene()
  layDown(scene)
  scene.app.lie({ kind: 'lag', changes: 2 })
  const late = scene.app.push(manifest(), { tags: ['late'] })
  const run = await scene.run({ ...purge, purge: `${late.digest.slice(0, 19)}?` })
  expect(run.errors.join()).toMatch(/is in the registry, but GitHub does not list its version yet/)
})

/** A tag that moved from an image that should stay to a leak, which GitHub's list does not show yet. */
function moved({ app }: Scene) {
  const leak = app.push(manifest(), { at: ago(5) })
  const innocent = app.push(manifest(), { tags: ['v3', 'leak'], at: ago(3) })
  app.lie({ kind: 'lag', changes: 1 })
  app.tag(leak, 'leak')
  return { leak, innocent }
}

test('law 3: one denial of a named tag is not believed', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const { innocent } = moved(scene)
  // The HEAD, and the GET that tells why it failed.
  github.faults.on({ host: 'registry', path: /manifests\/leak$/, times: 2 }, DENIAL)
  const result = await run({ ...purge, purge: 'leak' })
  expect(github.writes).toEqual([])
  expect(result.errors.join()).toMatch(/"leak" means 2 versions, so it is left alone. Write one of sha256:/)
  expect(app.digests()).toContain(innocent.digest)
})

test('law 3: a named tag that still stands behind the purge turns the run red, and the way out is said', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  const { leak } = moved(scene)
  const { faults } = github
  faults.on({ host: 'registry', path: /manifests\/leak$/ }, DENIAL)
  faults.on(
    { host: 'registry', method: 'GET', path: /tags\/list$/ },
    { kind: 'answer', answer: { status: 200, body: { name: 'acme/app', tags: ['v1', 'v2', 'v3'] } } }
  )
  faults.on({ method: 'DELETE', times: 1 }, { kind: 'then', run: () => faults.clear() })
  const result = await run({ ...purge, purge: 'leak' })
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(`The tag leak still stands, on ${leak.digest}. Purge that digest`)
})

test('law 3: a named tag that somebody pushes again amid the purge turns the run red', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const bad = layDown(scene)
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/versions/${bad.id}$`), times: 1 },
    { kind: 'first', run: () => app.push(manifest(), { tags: ['v2'] }) }
  )
  const result = await run({ ...purge, purge: 'ghcr.io/acme/app:v2' })
  expect(result.errors.join()).toMatch(/The tag v2 still stands, on sha256:\w+\./)
})

test('law 3: whether a named tag is gone is unknown where nobody answers behind the purge', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  github.faults.on(
    { method: 'DELETE', times: 1 },
    {
      kind: 'then',
      run: () =>
        github.faults.on(
          { host: 'registry', path: /manifests\/v2$/ },
          { kind: 'answer', answer: { status: 500 } }
        )
    }
  )
  const result = await run({ ...purge, purge: 'v2' })
  expect(result.errors.join()).toMatch(/Whether the tag v2 is gone is unknown/)
})
