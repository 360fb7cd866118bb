import { expect, test } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { startCacheService } from '../../emulator/cache-service.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** Brakes hold the plan that a run applies, as far as it still holds; what else is said beside it is not ignored. */

const BUILDS = { 'delete-tags': 'sha-*' }

/** Four releases and three builds, of three versions each. */
function layDown({ app }: Scene) {
  const releases = [1, 2, 3, 4].map(n => app.push(image(), { tags: [`v${n}`], at: ago(90 - n) }))
  const builds = [1, 2, 3].map(n => app.push(image(), { tags: [`sha-${n}`], at: ago(50 - n) }))
  return { releases, builds }
}

function lose({ app }: Scene, images: readonly Pushed[]): void {
  for (const one of images) {
    app.delete(one)
    for (const child of one.children) app.delete(child)
  }
}

test.concurrent.each<[string, Readonly<Record<string, string>>]>([
  ['the policy is repeated', BUILDS],
  ['the policy is left out', {}]
])(
  'min-remaining holds a plan beside which others deleted what was to remain, where %s',
  async (_, inputs) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { releases } = layDown(scene)
    const dry = await run({ ...BUILDS, 'min-remaining': '4', 'dry-run': 'true' })
    expect(dry).toMatchObject({ code: 0, outputs: { 'planned-count': '9' } })
    lose(scene, releases.slice(0, 3))
    const { code, errors, outputs } = await run({ ...inputs, 'min-remaining': '4', plan: reportOf(dry) })
    expect([code, outputs['deleted-count'], github.writes]).toEqual([1, '0', []])
    expect(errors.join('\n')).toMatch(
      /^app: The plan would leave 1 tagged image, and `min-remaining` asks for 4: nothing was deleted\./
    )
    expect(Object.keys(app.tags()).sort()).toEqual(['sha-1', 'sha-2', 'sha-3', 'v4'])
  }
)

test.concurrent.each([
  ['min-remaining', '5', /The plan would leave 4 tagged images, and `min-remaining` asks for 5/],
  ['max-deletions', '8', /The plan has 9 deletions, and `max-deletions` allows 8/],
  [
    'max-deletion-percent',
    '40',
    /would delete 42\.9 % of the versions, and `max-deletion-percent` allows 40 %/
  ]
])('%s holds a plan beside which it stands alone', async (input, limit, sentence) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const plan = reportOf(await run({ ...BUILDS, 'dry-run': 'true' }))
  for (const dryRun of ['true', 'false']) {
    const { code, errors } = await run({ plan, [input]: limit, 'dry-run': dryRun })
    expect([code, github.writes, Object.keys(app.tags()).length]).toEqual([1, [], 7])
    expect(errors.join('\n')).toMatch(sentence)
  }
})

test.concurrent.each<[string, Readonly<Record<string, string>>]>([
  ['repeated with the policy', BUILDS],
  ['alone', {}]
])('a plan within its brakes is applied (%s)', async (_, inputs) => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  const brakes = { 'min-remaining': '4', 'max-deletions': '9', 'max-deletion-percent': '45' }
  const dry = await run({ ...BUILDS, ...brakes, 'dry-run': 'true' })
  const { code, outputs } = await run({ ...inputs, ...brakes, plan: reportOf(dry) })
  expect([code, outputs['deleted-count']]).toEqual([0, '9'])
  expect(Object.keys(app.tags()).sort()).toEqual(['v1', 'v2', 'v3', 'v4'])
})

test.concurrent('brakes of the dry run are not in its plan, which is applied as it was approved without them', async () => {
  await using scene = await openScene()
  const { run } = scene
  const { releases } = layDown(scene)
  const dry = await run({ ...BUILDS, 'min-remaining': '4', 'dry-run': 'true' })
  lose(scene, releases.slice(0, 3))
  const { code, outputs } = await run({ plan: reportOf(dry) })
  expect([code, outputs['deleted-count']]).toEqual([0, '9'])
})

test.concurrent('brakes count what is left of a plan, and what is skipped is listed all the same', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { builds } = layDown(scene)
  const plan = reportOf(await run({ ...BUILDS, 'dry-run': 'true' }))
  app.tag(builds[0] as Pushed, 'prod')
  const held = await run({ plan, 'max-deletions': '5' })
  expect([held.code, github.writes]).toEqual([1, []])
  expect(held.errors.join('\n')).toMatch(/The plan has 6 deletions, and `max-deletions` allows 5/)
  expect(held.summary).toMatch(/tag prod was put on it since the plan was made/)
  const done = await run({ plan, 'max-deletions': '6' })
  expect([done.code, done.outputs['deleted-count']]).toEqual([0, '6'])
})

test.concurrent('a brake holds the tags that a plan strips as well', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const both = app.push(image(), { tags: ['v5', 'nightly'], at: ago(60) })
  const inputs = { 'delete-tags': 'nightly sha-*', untag: 'true' }
  const dry = await run({ ...inputs, 'dry-run': 'true' })
  expect(dry.record?.packages[0]?.steps.map(({ action }) => action)).toContain('untag')
  const { code, outputs } = await run({ plan: reportOf(dry), 'max-deletions': '8' })
  expect([code, outputs['untagged-count'], github.writes]).toEqual([1, '0', []])
  expect(app.tags()['nightly']).toBe(both.digest)
})

test.concurrent('a policy file with brakes alone holds a plan', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  const plan = reportOf(await run({ ...BUILDS, 'dry-run': 'true' }))
  const policy = 'version: 1\npackages:\n  - match: app\n    max-deletions: 8\n    rules: []\n'
  const { code, errors, warnings } = await run({ plan, policy })
  expect([code, github.writes, warnings]).toEqual([1, [], []])
  expect(errors.join('\n')).toMatch(/The plan has 9 deletions, and `max-deletions` allows 8/)
})

test.concurrent('law 3: min-remaining counts no image of which parts are deleted, still listed, and remembered, for a plan either', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const others = [70, 60].map(days => app.push(image(), { tags: [`v${days}`], at: ago(days) }))
  for (const n of [1, 2, 3]) app.push(manifest(), { tags: [`sha-${n}`], at: ago(20 - n) })
  const dry = await run({ ...BUILDS, 'dry-run': 'true' })
  app.push(manifest(), { tags: ['old'], at: ago(95) })
  await run({ 'delete-tags': 'old' }, { env: cache.env })
  const before = github.writes.length
  app.row.deleted.clear()
  app.lie({ kind: 'linger' })
  for (const part of others.flatMap(({ children }) => children)) app.delete(part)
  const { code, errors } = await run({ plan: reportOf(dry), 'min-remaining': '2' }, { env: cache.env })
  expect([code, github.writes.length]).toEqual([1, before])
  expect(errors.join('\n')).toMatch(/The plan would leave 1 tagged image, and `min-remaining` asks for 2/)
})

test.concurrent.each([
  ['grace', '90d'],
  ['age-from', 'created'],
  ['keep-at-least', '3'],
  ['keep-untagged', '3'],
  ['older-than', '60d'],
  ['rank-by', 'updated'],
  ['untag', 'true'],
  ['deletions-per-run', '3']
])(
  '`%s` beside a plan, which it would not change, is refused before the first request',
  async (input, value) => {
    await using scene = await openScene()
    const { github, run } = scene
    layDown(scene)
    const plan = reportOf(await run({ ...BUILDS, 'dry-run': 'true' }))
    const before = github.requests.length
    const { code, errors } = await run({ plan, [input]: value, 'min-remaining': '1' })
    expect([code, github.requests.length]).toEqual([1, before])
    expect(errors).toEqual([
      `The policy for app has changed since the plan was made. Make a new plan, or leave out \`${input}\` to apply the plan as it is.`
    ])
  }
)

test.concurrent('a plan is applied with the budget and the grace of its dry run, where the policy is repeated', async () => {
  await using scene = await openScene()
  const { run } = scene
  layDown(scene)
  const inputs = { ...BUILDS, 'deletions-per-run': '3', grace: '2d', 'keep-untagged': '2' }
  const dry = await run({ ...inputs, 'dry-run': 'true' })
  const { code, outputs } = await run({ ...inputs, plan: reportOf(dry) })
  expect([code, outputs['deleted-count']]).toEqual([0, '3'])
})
