import { expect, it } from '@jest/globals'
import { cosignTag, image, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene, planOf } from './runs.ts'

it('T-40: what an interrupted run has left of its images is collected by the next one', async () => {
  await using scene = await openScene({ where: 'bundle' })
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  for (const n of [1, 2]) app.push(image(undefined, { attest: 'new' }), { tags: [`pr-${n}`], at: ago(80) })
  const rule = { 'delete-tags': 'pr-*', 'delete-untagged': 'true', 'delete-broken': 'orphaned' }
  const kill = new AbortController()
  github.faults.on({ method: 'DELETE', after: 2, times: 1 }, { kind: 'first', run: () => kill.abort() })
  expect((await run(rule, { kill: kill.signal })).code).toBeNull()
  // How much is left depends on when the kill arrives.
  expect(app.digests().size).toBeGreaterThan(digestsOf(v1).size)
  expect((await run(rule)).errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
})

it('T-41: signatures and attestations go with the image that they describe, their tags too', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v2 = app.push(image(), { tags: ['v2'], at: ago(80) })
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const kept = [app.sign(v2, 'sig', { at: ago(70) })]
  for (const subject of [v1, ...v1.children]) {
    app.sign(subject, 'sig', { at: ago(70) })
    app.sign(subject, 'att', { at: ago(70) })
    app.attest(subject, { at: ago(70) })
  }
  const result = await run({ 'delete-tags': 'v*', 'keep-at-least': '1' })
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v2, ...kept))
  expect(Object.keys(app.tags()).sort()).toEqual([cosignTag(v2, 'sig'), 'v2'].sort())
})

it('T-42: a digest that comes back after its deletion is decided on by what is listed now', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const shape = image()
  app.push(shape, { tags: ['pr-1'], at: ago(80) })
  const rule = { 'delete-tags': 'pr-*', 'delete-untagged': 'true' }
  await run(rule)
  expect(app.digests()).toEqual(digestsOf(v1))
  const again = app.push(shape, { tags: ['v2'], at: ago(70) })
  await run(rule)
  expect(app.digests()).toEqual(digestsOf(v1, again))
})

it('T-25j: a dry run makes the plan of the real one and sends no write; a second real run finds nothing to do', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(undefined, { attest: 'old' }), { tags: ['v1', 'rc-9'], at: ago(90) })
  for (let n = 0; n < 4; n++) app.sign(app.push(image(), { tags: [`rc-${n}`], at: ago(80 - n) }))
  app.push(manifest(), { at: ago(60) })
  const inputs = {
    'delete-tags': 'rc-*',
    'keep-at-least': '2',
    'delete-untagged': 'true',
    untag: 'true',
    'max-deletions': '50'
  }
  const before = app.digests()
  const dry = await run({ ...inputs, 'dry-run': 'true' })
  expect(github.writes).toEqual([])
  expect(app.digests()).toEqual(before)
  expect(dry.outputs).toMatchObject({ 'deleted-count': '0', deleted: '[]', 'untagged-count': '0' })
  expect(Number(dry.outputs['planned-count'])).toBeGreaterThan(0)
  expect(dry.summary).toMatch('Nothing was deleted')
  const real = await run(inputs)
  expect(planOf(real)).toEqual(planOf(dry))
  expect(real.outputs['deleted-count']).toBe(dry.outputs['planned-count'])
  const sent = github.writes.length
  const second = await run(inputs)
  expect(second.errors).toEqual([])
  expect(second.outputs).toMatchObject({ 'deleted-count': '0', 'planned-count': '0' })
  expect(github.writes).toHaveLength(sent)
})
