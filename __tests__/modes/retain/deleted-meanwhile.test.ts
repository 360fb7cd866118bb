import { expect, test } from '@jest/globals'
import { shortDigest } from '../../../src/model/digest.ts'
import type { Pushed } from '../../emulator/builder.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import type { Emulator } from '../../emulator/server.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** What another job, or a person, deletes between the listing and the reading is gone when both witnesses say so. */

const SINGLE = /\/versions\/\d+$/
const singles = ({ requests }: Emulator) =>
  requests.filter(({ method, path }) => method === 'GET' && SINGLE.test(path))

/** Runs at the first read of a manifest: everything is listed by then. */
function afterListing({ github }: Scene, act: () => void): void {
  github.faults.on(
    { host: 'registry', path: /\/manifests\//, times: 1 },
    { kind: 'first', run: async () => act() }
  )
}

function layDown({ app }: Scene) {
  const kept = app.push(image(), { tags: ['v1'], at: ago(95) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(90) })
  return { kept, build }
}

test.concurrent.each([
  ['tagged', 'delete-tags'],
  ['untagged', 'delete-untagged']
])('law 3: a %s image that somebody deletes behind the listing holds nothing', async kind => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { kept, build } = layDown(scene)
  const theirs = app.push(image(), { tags: kind === 'tagged' ? ['pr-1'] : [], at: ago(80) })
  afterListing(scene, () => {
    for (const one of [theirs, ...theirs.children]) app.delete(one)
  })
  const result = await run({ 'delete-tags': 'sha-*', 'delete-untagged': 'true' })
  expect(result).toMatchObject({ code: 0, errors: [], outputs: { 'deleted-count': '3' } })
  expect(app.digests()).toEqual(new Set([kept, ...kept.children].map(({ digest }) => digest)))
  expect(app.version(build.digest)).toBeUndefined()
  expect(JSON.stringify(result.report)).not.toContain(theirs.digest)
  // Twice when the registry has denied it, and once behind the deletions: somebody may have restored it.
  expect(singles(github).filter(({ path }) => path.endsWith(`/${theirs.id}`))).toHaveLength(3)
})

test.concurrent.each([
  ['read', 'late'],
  ['read', 'late for long'],
  ['only named', 'late'],
  ['only named', 'late for long']
])(
  'law 3: an image whose part, which is %s, somebody deleted takes no place, and holds nothing, though the list is %s',
  async (how, late) => {
    await using scene = await openScene()
    const { app, run, world } = scene
    const { build } = layDown(scene)
    app.push(image(), { tags: ['sha-0'], at: ago(93) })
    const broken = app.push(image(), { tags: ['sha-2'], at: ago(80) })
    const [part] = broken.children
    if (part === undefined) throw new Error('it has no part')
    // What has a tag is read; of what has none the index tells.
    if (how === 'read') app.tag(part, 'amd64-2')
    app.lie({ kind: 'lag', changes: 1 })
    app.delete(part)
    if (late === 'late') afterListing(scene, () => app.truth())
    const result = await run({ 'delete-tags': 'sha-*', 'keep-at-least': '1' })
    // It was whole in the list, and the next list shows that it is not.
    const way = `restore: ${part.digest}`
    const lacks = `app: sha-2 lacks ${shortDigest(part.digest)}, which is gone, though not by this run: \`mode: restore\` with \`${way}\` `
    expect(result.errors).toEqual([expect.stringContaining(lacks)])
    expect(app.tags()).toMatchObject({ 'sha-1': build.digest, 'sha-2': broken.digest })
    expect(app.tags()).not.toHaveProperty('sha-0')
    app.truth()
    const back = await run({ mode: 'restore', restore: part.digest })
    expect([back.code, world.pullable('acme/app', 'sha-2')]).toEqual([0, []])
  }
)

const EXPIRED = { status: 403, body: { message: 'out of order' } }
const UNKNOWN = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')

test.concurrent.each([
  ['finds', 0],
  ['finds at the second look', 1],
  ['cannot be asked for', 0],
  ['cannot be asked for at the second look', 1]
])('law 3: what the registry denies and GitHub %s is unknown', async (says, at) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const theirs = app.push(manifest(), { tags: ['pr-1'], at: ago(80) })
  const denied = new RegExp(`/manifests/(?:pr-1|${theirs.digest})$`)
  github.faults.on({ host: 'registry', path: denied }, { kind: 'answer', answer: UNKNOWN })
  const single = { host: 'api', method: 'GET', path: new RegExp(`/versions/${theirs.id}$`) } as const
  const notFound = { status: 404, body: { message: 'Package version not found.' } }
  if (at > 0) github.faults.on({ ...single, times: at }, { kind: 'answer', answer: notFound })
  if (says.startsWith('cannot'))
    github.faults.on({ ...single, after: at }, { kind: 'answer', answer: EXPIRED })
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(result.errors.join()).toMatch(
    /GitHub lists it, but the registry says that there is no such manifest/
  )
  expect(github.writes).toEqual([])
})

test.concurrent.each([
  [100, true],
  [101, false]
])('of %i versions that the registry denies GitHub is asked once more: %s', async (many, isAsked) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const theirs = Array.from({ length: many }, (_, n) =>
    app.push(manifest(), { tags: [`pr-${n}`], at: ago(80) })
  )
  afterListing(scene, () => theirs.forEach(app.delete))
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(result.code).toBe(isAsked ? 0 : 1)
  expect(singles(github).length > 0).toBe(isAsked)
})

test.concurrent('where the registry denies nothing, GitHub is asked for no version once more', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  await run({ 'delete-tags': 'sha-*', 'dry-run': 'true' })
  expect(singles(github)).toEqual([])
})

/** Which witness goes on denying what was restored. */
const DENIALS: Readonly<Record<string, (scene: Scene, version: Pushed) => void>> = {
  nobody: () => {},
  'GitHub, by its id': ({ github }, { id }) =>
    github.faults.on(
      { host: 'api', method: 'GET', path: new RegExp(`/versions/${id}$`) },
      { kind: 'answer', answer: { status: 404, body: { message: 'Package version not found.' } } }
    ),
  'the registry': ({ github }, { digest }) =>
    github.faults.on(
      { host: 'registry', method: 'HEAD', path: new RegExp(`/manifests/${digest}$`) },
      { kind: 'answer', answer: UNKNOWN }
    )
}

test.concurrent.each(
  [0, 120].flatMap(newer => Object.entries(DENIALS).map(([who, deny]) => [newer, who, deny] as const))
)(
  'law 5: what somebody deletes behind the listing and restores comes back whole (%i newer, %s denies it)',
  async (newer, _who, deny) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    layDown(scene)
    const index = app.push(image(), { at: ago(85) })
    for (let nth = 0; nth < newer; nth++)
      app.push(manifest(), { tags: [`r-${nth}`], at: ago(3) + nth * 1_000 })
    afterListing(scene, () => app.delete(index))
    github.faults.on(
      { host: 'api', method: 'DELETE', times: 1 },
      {
        kind: 'first',
        async run() {
          await world.store.restore(app.row, index.id)
          deny(scene, index)
        }
      }
    )
    const inputs = { 'delete-tags': 'sha-*', 'delete-untagged': 'true', 'keep-tags': index.digest }
    const result = await run(inputs)
    expect([result.code, result.errors, app.version(index.digest)?.id]).toEqual([0, [], index.id])
    expect(index.children.filter(({ digest }) => app.version(digest) === undefined)).toEqual([])
  }
)
