import { expect, test } from '@jest/globals'
import { startCacheService } from '../../emulator/cache-service.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** What a run must say of a package it says as well where it applies a plan. */

const BUILDS = { 'delete-tags': 'sha-*' }

/** What happens to a package between the dry run and the run, and what must be said then. */
const TOLD: Readonly<Record<string, readonly [RegExp, (scene: Scene) => unknown]>> = {
  'versions that GitHub counts and does not list': [
    /^app: GitHub counts 1 version more than the \d+ that it lists/,
    ({ app }) => app.lie({ kind: 'drop', id: app.push(manifest(), { at: ago(60) }).id })
  ],
  'a tag on a placeholder': [
    /^app: The tag prod is on a placeholder that `untag` left/,
    ({ app }) => {
      const left = app.push(index([], { annotations: { 'io.github.ghcr-steward.untagged': 'nightly' } }))
      app.tag(left, 'prod')
    }
  ]
}

test.concurrent.each(Object.entries(TOLD))(
  'a run that applies a plan tells of %s, once',
  async (_, [sentence, befall]) => {
    await using scene = await openScene()
    const { app, run } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    app.push(image(), { tags: ['sha-1'], at: ago(50) })
    const dry = await run({ ...BUILDS, 'dry-run': 'true' })
    befall(scene)
    const { code, warnings, outputs } = await run({ plan: reportOf(dry) })
    expect([code, outputs['deleted-count']]).toEqual([0, '3'])
    expect(warnings.filter(warning => sentence.test(warning))).toHaveLength(1)
  }
)

/** v1 is deleted, a run deletes its signature, and v1 is there again. */
async function bringBack({ app, world, run }: Scene, env: Readonly<Record<string, string>>) {
  app.push(image(), { tags: ['v0'], at: ago(90) })
  const v1 = app.push(manifest(), { tags: ['v1'], at: ago(80) })
  app.sign(v1, 'sig', { at: ago(79) })
  app.delete(v1)
  await run({ 'delete-broken': 'orphaned' }, { env })
  await world.store.restore(app.row, v1.id)
  return v1
}

const BACK = /^app: v1 is back, but not its signatures or attestations/

test.concurrent('a run that applies a plan tells of signatures whose image is back', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run } = scene
  const { env } = cache
  await bringBack(scene, env)
  app.push(image(), { tags: ['sha-1'], at: ago(50) })
  const dry = await run({ ...BUILDS, 'dry-run': 'true' }, { env })
  const { code, warnings } = await run({ plan: reportOf(dry) }, { env })
  expect([code, warnings.filter(warning => BACK.test(warning))]).toEqual([0, [expect.anything()]])
})

test.concurrent.each<[string, boolean, Readonly<Record<string, string>>]>([
  ['goes by the plan: no', false, {}],
  ['is left alone, because it changed: yes', true, {}],
  ['is held by a brake: yes', true, { 'max-deletions': '0' }]
])('whether signatures are told of whose image %s', async (_, isTold, inputs) => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run } = scene
  const { env } = cache
  const v1 = await bringBack(scene, env)
  const dry = await run({ 'delete-tags': 'v1', 'dry-run': 'true' }, { env })
  if (isTold && inputs['max-deletions'] === undefined) app.tag(v1, 'prod')
  const { warnings } = await run({ plan: reportOf(dry), ...inputs }, { env })
  expect(warnings.some(warning => /is back, but not/.test(warning))).toBe(isTold)
})

test.concurrent('a run that applies a plan tells of signatures of which nobody knows whose they are', async () => {
  await using scene = await openScene()
  const { app, run, world } = scene
  app.push(image(), { tags: ['v0'], at: ago(90) })
  const v1 = app.push(manifest(), { tags: ['v1'], at: ago(80) })
  app.sign(v1, 'sig', { at: ago(79) })
  app.delete(v1)
  const dry = await run({ 'delete-broken': 'orphaned', 'dry-run': 'true' })
  expect(dry.outputs['planned-count']).toBe('1')
  // Whether it was ever here GitHub does not tell any more, nor may this token see other packages.
  app.row.deleted.clear()
  const { warnings } = await run({ plan: reportOf(dry) })
  expect(
    warnings.filter(warning => /^app: Signatures and the like of 1 image are kept/.test(warning))
  ).toHaveLength(1)
  expect(world.broken()).toEqual([])
})

test.concurrent('a run that applies a plan does not tell what is beyond the budget of another one', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(50) })
  const inputs = { ...BUILDS, 'deletions-per-run': '1' }
  const dry = await run({ ...inputs, 'dry-run': 'true' })
  app.push(manifest(), { tags: ['sha-2'], at: ago(45) })
  app.push(image(), { tags: ['sha-3'], at: ago(40) })
  const { code, outputs, stdout } = await run({ ...inputs, plan: reportOf(dry) })
  expect([code, outputs['deleted-count'], outputs['incomplete']]).toEqual([0, '1', 'false'])
  expect(stdout).not.toContain('deletions-per-run')
})
