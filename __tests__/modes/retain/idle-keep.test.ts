import { expect, it } from '@jest/globals'
import { chart, image, labelled } from '../../emulator/shapes.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** Two releases, a chart under a tag of its own, and two builds; all of them old. */
async function openShop(): Promise<Scene> {
  const scene = await openScene()
  scene.app.push(labelled({ team: 'api' }), { tags: ['v1.0.0'], at: ago(120) })
  scene.app.push(labelled({ team: 'api' }), { tags: ['v1.1.0'], at: ago(100) })
  scene.app.push(chart(), { tags: ['chart'], at: ago(95) })
  scene.app.push(labelled({ team: 'api' }), { tags: ['sha-1'], at: ago(90) })
  scene.app.push(labelled({ team: 'api' }), { tags: ['sha-2'], at: ago(80) })
  return scene
}

const policy = (keep: string, rest = "{ name: old, action: delete, match: { tags: '*' } }"): string =>
  `version: 1\npackages:\n  - match: app\n    rules:\n      - { name: releases, action: keep, ${keep} }\n      - ${rest}\n`

/** Each keeps nothing, though some of what it says fits something. */
const EMPTY: readonly (readonly [rule: string, why: string])[] = [
  ["match: { tags: 'v*', kind: artifact }", 'no version that its tags name has its `kind`'],
  ["match: { semver: '*', labels: { team: web } }", 'no version that its tags name has its `labels`'],
  ["match: { tags: '/^sha-/', semver: '*' }", 'no tag matches both its `tags` and its `semver`'],
  ["match: { tags: ['v*', '!v1*'] }", 'its `!` patterns take out every tag that the others match'],
  [
    "match: { tags: '/0$|chart/', semver: '1.x', newer-than: 30d }",
    'no version that its tags name is as young as `newer-than` says'
  ],
  [`match: { digests: 'sha256:${'a'.repeat(64)}' }`, 'no tagged version has its `digests`'],
  ["match: { tags: 'v*', older-than: 1y }", 'no version that its tags name is as old as `older-than` says'],
  [
    "match: { tags: 'v*' }, keep-within: 30d",
    'no version that its tags name is as young as `keep-within` says'
  ]
]

it.each(EMPTY)(
  'a keep rule that its other fields empty holds a run that deletes whatever is tagged: %s',
  async (rule, why) => {
    await using scene = await openShop()
    const dry = await scene.run({ policy: policy(rule), 'dry-run': 'true' })
    const real = await scene.run({ policy: policy(rule) })
    for (const { errors } of [dry, real]) {
      expect(errors).toEqual([
        expect.stringContaining(
          `app: The rule "releases" keeps nothing, because ${why}, and another rule deletes all tagged images: nothing was deleted.`
        )
      ])
    }
    expect(scene.github.writes).toEqual([])
    expect(dry.outputs['planned-count']).toBe('0')
  }
)

it('beside a delete rule for some tags only, it is told before the first DELETE, and once', async () => {
  await using scene = await openShop()
  const rest = "{ name: old, action: delete, match: { tags: 'v*' } }"
  const result = await scene.run({ policy: policy("match: { tags: 'v*', kind: artifact }", rest) })
  const sentence =
    'app: The rule "releases" keeps nothing, because no version that its tags name has its `kind`, so v1.0.0 and 1 more are deleted: check what the rule says.'
  expect(result.warnings).toEqual([sentence])
  expect(result.errors).toEqual([])
  expect(result.stdout.indexOf(sentence)).toBeLessThan(
    result.stdout.search(/\bdeleted\b.*v1\.0\.0|v1\.0\.0.*\bdeleted\b(?!: check)/)
  )
})

it('a rule that is idle for its time is not told, and holds nothing, as long as what it names stays', async () => {
  await using scene = await openShop()
  const keep = "match: { tags: 'v*', newer-than: 30d }"
  const some = await scene.run({
    policy: policy(keep, "{ name: old, action: delete, match: { tags: '*', older-than: 110d } }")
  })
  expect(some.errors).toEqual([])
  expect(some.warnings).toEqual([expect.stringContaining('so v1.0.0 is deleted')])
  expect(scene.app.tags()).not.toHaveProperty('v1.0.0')
  const none = await scene.run({
    policy: policy(keep, "{ name: old, action: delete, match: { tags: '*', older-than: 110d } }")
  })
  expect([...none.errors, ...none.warnings]).toEqual([])
})

it.each([
  'match: { untagged: true }',
  'match: { state: partial }',
  'match: { untagged: true, newer-than: 3d }',
  "match: { tags: '*', kind: artifact }"
])('what has nothing to keep yet, or keeps something, holds nothing: %s', async keep => {
  await using scene = await openShop()
  const result = await scene.run({ policy: policy(keep) })
  expect(result.errors).toEqual([])
  expect(scene.app.tags()).not.toHaveProperty('sha-1')
})

it('what a rule keeps in one package of the run it need not keep in another', async () => {
  await using scene = await openShop()
  const charts = scene.world.package('acme/chart', { repository: 'acme/app' })
  charts.push(chart(), { tags: ['v7'], at: ago(90) })
  charts.push(image(), { tags: ['x'], at: ago(80) })
  const text = policy("match: { tags: 'v*', kind: artifact }").replace('match: app', 'match: [app, chart]')
  const result = await scene.run({ policy: text })
  expect(result.errors).toEqual([])
  expect(charts.tags()).toHaveProperty('v7')
  expect(scene.app.tags()).not.toHaveProperty('v1.0.0')
})

it('the way out that a held run names works: the newest of the same tags stays', async () => {
  await using scene = await openShop()
  const newest = "- { name: newest, action: keep, match: { tags: 'v*' }, keep-at-least: 1 }"
  const text = policy("match: { tags: 'v*', newer-than: 30d }").replace('rules:', `rules:\n      ${newest}`)
  const result = await scene.run({ policy: text })
  expect(result.errors).toEqual([])
  expect(Object.keys(scene.app.tags())).toEqual(['v1.1.0'])
})

/** Everything tagged, and nothing that keeps any of it. */
const ALL: readonly Readonly<Record<string, string>>[] = [
  { 'delete-tags': '*' },
  { 'delete-tags': '*', 'keep-tags': '', 'keep-at-least': '', 'older-than': '', grace: '' },
  { 'delete-tags': '*', 'delete-untagged': 'true', grace: '0' },
  {
    policy:
      "version: 1\npackages: [{ match: app, rules: [{ name: delete-tags, action: delete, match: { tags: '*' } }] }]"
  }
]

it.each(ALL)(
  'a run that would delete all tagged images, and that nothing limits, is held: %j',
  async inputs => {
    await using scene = await openShop()
    const dry = await scene.run({ ...inputs, 'dry-run': 'true' })
    const real = await scene.run(inputs)
    for (const { errors } of [dry, real]) {
      expect(errors).toEqual([
        expect.stringMatching(
          /^app: The rule "delete-tags" would delete all tagged images .*: nothing was deleted\. .*`max-deletion-percent: 100`/
        )
      ])
    }
    expect(scene.github.writes).toEqual([])
  }
)

it.each([
  { 'max-deletion-percent': '100' },
  { 'older-than': '3d' },
  { 'keep-at-least': '1' },
  { 'keep-tags': 'chart' },
  { grace: '7d' },
  { 'deletions-per-run': '50' },
  { 'delete-tags': '* !chart' }
])('with %j it is not', async more => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': '*', ...more })
  expect(result.errors).toEqual([])
  expect(scene.app.tags()).not.toHaveProperty('sha-1')
})

it('nor where one that is not the last stays', async () => {
  await using scene = await openShop()
  scene.app.push(image(), { tags: ['keep', 'v9'], at: ago(70) })
  const result = await scene.run({
    policy:
      "version: 1\npackages: [{ match: app, rules: [{ action: delete, match: { tags: '*', kind: artifact } }] }]"
  })
  expect(result.errors).toEqual([])
  expect(scene.app.tags()).not.toHaveProperty('chart')
})
