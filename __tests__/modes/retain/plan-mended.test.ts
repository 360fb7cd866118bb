import { expect, test } from '@jest/globals'
import type { Builder, Pushed } from '../../emulator/builder.ts'
import { cosign, cosignTag, image, index, manifest } from '../../emulator/shapes.ts'
import { type Broken, build, CASES, KINDS, ofParts } from './broken-kinds.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** Days pass until a plan is approved: what it deletes only because it is broken may be whole by then. */

const INPUTS = { 'delete-broken': 'ghost, partial, orphaned' }

/** A scene with something broken, and the plan of a dry run on it. */
async function planned(layDown: (app: Builder) => Broken, inputs: Readonly<Record<string, string>> = INPUTS) {
  const scene = await openScene()
  scene.app.push(image(), { tags: ['v1'], at: ago(90) })
  const { broken, lacking } = layDown(scene.app)
  scene.app.delete(lacking)
  const dry = await scene.run({ ...inputs, 'dry-run': 'true' })
  return { scene, broken, lacking, plan: dry.outputs['report'] ?? '' }
}

const SKIPPED =
  /skipped: \S+ .*: it was broken \(\w+\) when the plan was made, and (?:is whole|belongs to \S+) now/

test.concurrent.each(CASES)(
  'law 5: of a plan, %s stays when that is %s before it is applied',
  async (_kind, _how, layDown, mend) => {
    const { scene, broken, lacking, plan } = await planned(layDown)
    await using it = scene
    await mend(scene, lacking)
    const before = it.app.digests()
    const { code, stdout } = await it.run({ plan })
    expect([code, it.app.digests(), it.github.writes]).toEqual([0, before, []])
    expect(before).toContain(broken.digest)
    expect(stdout).toMatch(SKIPPED)
  }
)

test.concurrent.each(Object.entries(KINDS))(
  'of a plan, %s goes when nothing has changed',
  async (_, layDown) => {
    const { scene, broken, plan } = await planned(layDown)
    await using it = scene
    expect((await it.run({ plan })).code).toBe(0)
    expect(it.app.version(broken.digest)).toBeUndefined()
  }
)

// Before the plan, and when it is applied: which of two parts are there.
test.concurrent.each([
  [
    'partial',
    [true, false],
    [false, false],
    /broken \(partial\) when .* made, and lacks everything that it names now/
  ],
  [
    'ghost',
    [false, false],
    [false, true],
    /broken \(ghost\) when .* made, and lacks only some of what it names now/
  ]
])('law 5: what was approved as %s is not approved for another state', async (_, before, now, sentence) => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const broken = build(app, [manifest(), manifest()])
  const set = async (states: readonly boolean[]) => {
    for (const [at, part] of broken.children.entries()) {
      const isThere = app.version(part.digest) !== undefined
      if (states[at] === true && !isThere) await world.store.restore(app.row, part.id)
      if (states[at] === false && isThere) app.delete(part)
    }
  }
  await set(before)
  const dry = await run({ ...INPUTS, 'dry-run': 'true' })
  await set(now)
  const { code, stdout } = await run({ plan: dry.outputs['report'] ?? '' })
  expect([code, github.writes, app.version(broken.digest)?.tags]).toEqual([0, [], ['sha-1']])
  expect(stdout).toMatch(sentence)
})

test.concurrent('law 3: of a plan, what was broken stays when nobody can read whether it is so still', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const inner = app.push(index([{ shape: manifest() }]), { at: ago(85) })
  const broken = build(app, [inner.shape, manifest()])
  app.delete(inner.children[0] as Pushed)
  const dry = await run({ ...INPUTS, 'dry-run': 'true' })
  const read = { host: 'registry', path: new RegExp(`manifests/${inner.digest}$`) } as const
  github.faults.on(read, { kind: 'answer', answer: { status: 500 } })
  const { stdout } = await run({ plan: dry.outputs['report'] ?? '' })
  expect([github.writes, app.version(broken.digest)?.tags]).toEqual([[], ['sha-1']])
  expect(stdout).toMatch(/made, and what it lacks now is unknown: sha256:\w{12} could not be read/)
})

test.concurrent('of a plan, what was due for another reason as well goes though it is whole by then', async () => {
  const { scene, broken, lacking, plan } = await planned(app => ofParts(app, [manifest(), manifest()]), {
    ...INPUTS,
    'delete-tags': 'sha-*'
  })
  await using it = scene
  it.app.push(lacking.shape, { at: ago(80) })
  expect((await it.run({ plan })).code).toBe(0)
  expect(it.app.version(broken.digest)).toBeUndefined()
})

/** What may become of the part that an image lacks, which was approved for its tag. */
const FATES: Readonly<Record<string, (scene: Scene, lacking: Pushed) => unknown>> = {
  'is there again': ({ app }, { shape }) => app.push(shape, { at: ago(80) }),
  'cannot be asked for': ({ github }, { digest }) =>
    github.faults.on(
      { host: 'registry', method: 'HEAD', path: new RegExp(`manifests/${digest}$`) },
      { kind: 'answer', answer: { status: 500 } }
    )
}

test.concurrent.each(
  Object.entries(FATES).flatMap(([fate, befall]) =>
    (['before', 'behind'] as const).map(when => [fate, when, befall] as const)
  )
)('of a plan, what goes for its tag goes though what it lacks %s, %s its DELETE', async (_, when, befall) => {
  const layDown = (app: Builder): Broken => ofParts(app, [manifest(), manifest()])
  const { scene, broken, lacking, plan } = await planned(layDown, { 'delete-tags': 'sha-*' })
  await using it = scene
  // The tags are asked for between what is read and the first DELETE.
  const moment =
    when === 'before'
      ? ({ host: 'registry', method: 'HEAD', path: /manifests\/sha-1$/ } as const)
      : ({ host: 'api', method: 'DELETE' } as const)
  it.github.faults.on({ ...moment, times: 1 }, { kind: 'first', run: () => befall(it, lacking) })
  const { code, errors, outputs } = await it.run({ plan })
  expect([code, errors, outputs['deleted-count'], outputs['restored-count']]).toEqual([0, [], '2', '0'])
  expect(it.app.version(broken.digest)).toBeUndefined()
})

const STRIPPING = `
version: 1
packages:
  - match: app
    rules:
      - { name: broken, action: delete, match: { tags: sha-*, state: partial }, untag: true }`

test.concurrent.each(['is mended', 'cannot be asked for'])(
  'law 5: an image keeps the tag that was to be stripped because it is broken where a part of it %s by then',
  async how => {
    await using scene = await openScene()
    const { app, github, run } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const part = build(app, [manifest(), manifest()], ['sha-1', 'v2']).children[1] as Pushed
    app.delete(part)
    const look = { host: 'registry', path: new RegExp(`/manifests/${part.digest}$`) } as const
    const moment = { host: 'registry', method: 'HEAD', path: /manifests\/sha-1$/, times: 1 } as const
    const befall = () =>
      how === 'is mended'
        ? app.push(part.shape, { at: ago(80) })
        : github.faults.on(look, { kind: 'answer', answer: { status: 500 } })
    github.faults.on(moment, { kind: 'first', run: async () => void befall() })
    const { code, outputs, stdout } = await run({ policy: STRIPPING })
    expect([code, outputs['untagged-count'], github.writes]).toEqual([0, '0', []])
    expect(stdout).toMatch(
      /skipped: .*sha256:\w{12}, which was gone, is there|whether sha256:\w{12} is gone is unknown/
    )
  }
)

test.concurrent('law 5: of a plan, a mended image keeps the tag that was to be stripped while it was broken', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const [mended, broken] = [
    ['sha-1', 'v2'],
    ['sha-2', 'v3']
  ].map(tags => build(app, [manifest(), manifest()], tags))
  const parts = [mended, broken].map(one => one?.children[1] as Pushed)
  for (const part of parts) app.delete(part)
  const dry = await run({ policy: STRIPPING, 'dry-run': 'true' })
  expect(dry.stdout).toMatch(/sha-1/)
  app.push(parts[0]!.shape, { at: ago(80) })
  const { code, outputs } = await run({ plan: dry.outputs['report'] ?? '' })
  expect([code, outputs['untagged-count'], github.contractViolations]).toEqual([0, '1', []])
  expect(Object.keys(app.tags()).toSorted()).toEqual(['sha-1', 'v1', 'v2', 'v3'])
})

test.concurrent('E-11: of a plan, a signature stays when what it describes is in another package by then', async () => {
  await using scene = await openScene()
  const { app, world } = scene
  const store = world.package('acme/app-signatures', { repository: 'acme/app' })
  store.push(manifest(), { tags: ['readme'], at: ago(90) })
  const subject = manifest()
  const [signature, other] = [subject, manifest()].map(of =>
    store.push(cosign('sig'), { tags: [cosignTag(of, 'sig')], at: ago(70) })
  )
  const inputs = { packages: 'app-signatures', token: world.classic('olivia') }
  const dry = await scene.run({ ...inputs, ...INPUTS, 'dry-run': 'true' })
  app.push(subject, { tags: ['v1'], at: ago(80) })
  const { code, stdout } = await scene.run({ ...inputs, plan: dry.outputs['report'] ?? '' })
  expect([code, store.version(signature!.digest) !== undefined, store.version(other!.digest)]).toEqual([
    0,
    true,
    undefined
  ])
  expect(stdout).toMatch(/describes sha256:\w+ in acme\/app$/m)
})
