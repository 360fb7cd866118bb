import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { CASES, ofParts, PLATFORMS } from './broken-kinds.ts'
import { ago, openScene } from './runs.ts'

/** Law 5: what is broken when it is read may be whole again when its DELETE is due, and shows that in none of its rows. */

/** When it becomes whole. */
const MOMENTS = ['before its DELETE', 'right behind the last look'] as const

it.concurrent.each(
  CASES.flatMap(([kind, how, layDown, mend]) =>
    MOMENTS.map(when => [kind, how, when, layDown, mend] as const)
  )
)('law 5: %s stays where that is %s %s', async (_kind, _how, when, layDown, mend) => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const { broken, lacking } = layDown(app)
  app.delete(lacking)
  const before = app.version(broken.digest)?.tags
  const isEarly = when === 'before its DELETE'
  const look = { host: 'registry', method: 'HEAD', path: new RegExp(`manifests/${lacking.digest}$`) } as const
  const send = { host: 'api', method: 'DELETE' } as const
  github.faults.on(
    { ...(isEarly ? look : send), times: 1 },
    { kind: 'first', run: () => mend(scene, lacking) }
  )
  const { code, stdout } = await run({ 'delete-broken': 'ghost, partial, orphaned' })
  expect([code, app.version(broken.digest)?.tags]).toEqual([0, before])
  expect(world.broken()).toEqual([])
  const sent = github.writes.map(({ method, path }) => `${method} ${path.replace(/^.*versions\//, '')}`)
  if (isEarly) expect(sent).toEqual([])
  else expect(sent).toEqual(expect.arrayContaining([`DELETE ${broken.id}`, `POST ${broken.id}/restore`]))
  expect(stdout).toMatch(
    new RegExp(
      `${isEarly ? 'skipped: .*' : 'restored at once'}: sha256:\\w{12}, which was gone, is there again`
    )
  )
})

it.concurrent.each(
  (['a signature', 'an attestation'] as const).flatMap(what =>
    (['a policy', 'an approved plan'] as const).map(by => [what, by] as const)
  )
)('law 5: %s comes back where its image is pushed again while both are deleted by %s', async (what, by) => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const built = app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const when = { at: ago(79) }
  const describing = what === 'a signature' ? app.sign(built, 'sig', when) : app.attest(built, when)
  const inputs = { 'delete-tags': 'sha-*' }
  const plan = by === 'a policy' ? undefined : await run({ ...inputs, 'dry-run': 'true' })
  const path = new RegExp(`/versions/${describing.id}$`)
  const again = () => app.push(built.shape, { tags: ['v3'] })
  github.faults.on({ host: 'api', method: 'DELETE', path, times: 1 }, { kind: 'first', run: again })
  const { code, stdout } = await run(plan === undefined ? inputs : { plan: plan.outputs['report'] ?? '' })
  expect([code, app.version(describing.digest)?.id]).toEqual([0, describing.id])
  expect(world.pullable('acme/app', 'v3')).toEqual([])
  expect(stdout).toMatch(/sha256:\w{12}, which it describes, is there again/)
  // Why it went is not why it came back.
  expect(stdout).not.toMatch(/^restored: .*(?:describes|which goes|approved)/m)
})

it.concurrent('an image does not come back for a part of it that another image brings once more', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const shape = image(['linux/amd64'], { attest: 'old' })
  const built = app.push(shape, { tags: ['sha-1'], at: ago(80) })
  const [part] = built.children as [Pushed, ...Pushed[]]
  const entries = [part.shape, manifest()].map((one, at) => ({
    shape: one,
    platform: PLATFORMS[at] as string
  }))
  const path = new RegExp(`/versions/${built.children.at(-1)?.id}$`)
  const again = () => app.push(index(entries), { tags: ['v3'] })
  github.faults.on({ host: 'api', method: 'DELETE', path, times: 1 }, { kind: 'then', run: again })
  expect((await run({ 'delete-tags': 'sha-*' })).code).toBe(0)
  expect(app.version(built.digest)).toBeUndefined()
})

/** When one part of many is restored, and how many newer versions there are: of more than a page a look reads the newest only. */
it.concurrent.each([
  ['before the first look at it', 'HEAD', 0],
  ['right before its DELETE', 'DELETE', 0],
  ['right before its DELETE', 'DELETE', 120]
] as const)(
  'law 5: what lacks everything stays where a part in the middle is restored %s (%s, %i newer)',
  async (_when, method, newer) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const entries = Array.from({ length: 8 }, (_, at) => ({ shape: manifest(), platform: `linux/p${at}` }))
    const built = app.push(index(entries), { tags: ['sha-1'], at: ago(80) })
    for (let nth = 0; nth < newer; nth++)
      app.push(manifest(), { tags: [`r-${nth}`], at: ago(3) + nth * 1_000 })
    for (const part of built.children) app.delete(part)
    const part = built.children[3] as Pushed
    const target = { method, path: new RegExp(`/${method === 'DELETE' ? built.id : part.digest}$`) }
    const mend = () => world.store.restore(app.row, part.id)
    // The first answers are those of the reading.
    const after = method === 'HEAD' ? 1 : 0
    github.faults.on(
      { ...target, after, times: 1 },
      { kind: method === 'HEAD' ? 'then' : 'first', run: mend }
    )
    const { code } = await run({ 'delete-broken': 'ghost' })
    expect([code, app.version(built.digest)?.tags]).toEqual([0, ['sha-1']])
  }
)

/** A build that lacks a part, and a registry that does not say whether that is there again. */
async function silentScene(when: 'before' | 'behind') {
  const scene = await openScene()
  const { app, github } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const { broken, lacking } = ofParts(app, [manifest(), manifest()])
  app.delete(lacking)
  const look = { host: 'registry', method: 'HEAD', path: new RegExp(`manifests/${lacking.digest}$`) } as const
  const answer = { kind: 'answer', answer: { status: 500 } } as const
  if (when === 'before') github.faults.on(look, answer)
  else
    github.faults.on(
      { method: 'DELETE', times: 1 },
      { kind: 'then', run: () => github.faults.on(look, answer) }
    )
  return { scene, broken }
}

it.concurrent('law 3: what is broken stays where nobody can tell whether it is so still', async () => {
  const { scene, broken } = await silentScene('before')
  await using it = scene
  const { code, stdout } = await it.run({ 'delete-broken': 'partial' })
  expect([code, it.app.version(broken.digest)?.tags]).toEqual([0, ['sha-1']])
  expect(stdout).toMatch(/whether sha256:\w{12} is gone is unknown: /)
})

it.concurrent('law 5: a run is red where nobody can tell whether what was deleted was broken', async () => {
  const { scene, broken } = await silentScene('behind')
  await using it = scene
  const { code, errors } = await it.run({ 'delete-broken': 'partial' })
  expect([code, it.app.version(broken.digest)]).toEqual([1, undefined])
  expect(errors.join()).toMatch(
    new RegExp(`sha-1 was deleted because it was broken, and whether .*restore: ${broken.digest}`)
  )
})

it.concurrent('law 5: an approved plan does not delete what was mended since', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const { broken, lacking } = ofParts(app, [manifest(), manifest()])
  app.delete(lacking)
  const inputs = { 'delete-broken': 'partial' }
  const dry = await run({ ...inputs, 'dry-run': 'true' })
  const look = { host: 'registry', method: 'HEAD', path: new RegExp(`manifests/${lacking.digest}$`) } as const
  github.faults.on(
    { ...look, times: 1 },
    { kind: 'first', run: () => app.push(lacking.shape, { at: ago(80) }) }
  )
  const { code, outputs } = await run({ plan: dry.outputs['report'] ?? '' })
  expect([code, outputs['deleted-count'], github.writes]).toEqual([0, '0', []])
  expect(app.version(broken.digest)?.tags).toEqual(['sha-1'])
})

it.concurrent.each([
  ['answers slowly', 30, 700],
  ['takes for ever', 1, 12_000]
] as const)('law 11: a registry that %s holds nothing else back', async (_, parts, ms) => {
  await using scene = await openScene({ busy: 0.05 })
  const { app, github, clock, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const builds = Array.from({ length: 8 }, (_, nth) => {
    const entries = Array.from({ length: parts }, () => ({ shape: manifest(), platform: 'linux/amd64' }))
    return app.push(index(entries), { tags: [`x-${nth}`], at: ago(80) + nth })
  })
  for (const { children } of builds) for (const part of children) app.delete(part)
  const other = app.push(image(), { tags: ['sha-1'], at: ago(70) })
  const head = { host: 'registry', method: 'HEAD', path: /manifests\/sha256:/ } as const
  github.faults.on(head, { kind: 'first', run: () => clock.sleep(ms) })
  const { code, stdout } = await run({ 'delete-broken': 'ghost', 'delete-tags': 'sha-*' })
  expect([code, app.version(other.digest)]).toEqual([0, undefined])
  expect(builds.filter(({ digest }) => app.version(digest) !== undefined)).toHaveLength(parts > 1 ? 0 : 8)
  if (parts === 1)
    expect(stdout).toMatch(/takes longer than 5 seconds to say whether what it lacks is gone still/)
})
