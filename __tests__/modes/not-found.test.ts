import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { manifest } from '../emulator/shapes.ts'
import { ago, openScene } from './retain/runs.ts'

/** What is not there, or not what the run is about, in a few plain words. */

async function openShop() {
  const scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(90) })
  scene.world
    .package('acme/shop/web', { repository: 'acme/app' })
    .push(manifest(), { tags: ['v1'], at: ago(9) })
  return scene
}

const LOST = { 'delete-tags': 'sha-*' }
const LISTED: readonly (readonly [written: string, meant: string])[] = [
  ['ap', 'app'],
  ['web', 'shop/web'],
  ['shop-web', 'shop/web'],
  ['shop/wbe', 'shop/web']
]
test.each(LISTED)('%s is not found: did you mean %s?', async (packages, meant) => {
  await using scene = await openShop()
  const { errors } = await scene.run({ ...LOST, packages, token: scene.world.classic('olivia') })
  expect(errors).toEqual([expect.stringContaining(`did you mean \`${meant}\` in \`packages\`? If`)])
})

test.each(['nothing-like-it', 'ap'])('%s is told in three sentences with a way out', async packages => {
  await using scene = await openShop()
  for (const token of [scene.token, scene.world.classic('olivia')]) {
    const { errors } = await scene.run({ ...LOST, packages, token })
    const [sentence = ''] = errors
    expect(sentence.split(/\.\)?\.? (?=[A-Z])/).length).toBeLessThanOrEqual(3)
    expect(sentence).toContain(`\`${packages}?\``)
    expect(sentence).toContain('docs/troubleshooting.md#a-package-is-not-found')
    expect(sentence.length).toBeLessThan(620)
  }
})

test('a token that may not list is asked for no list', async () => {
  await using scene = await openShop()
  await scene.run({ ...LOST, packages: 'ap' })
  expect(scene.github.requests.filter(({ path }) => /\/packages(?:\?|$)/.test(path))).toEqual([])
})

test('a list that fails changes nothing about the message', async () => {
  await using scene = await openShop()
  scene.github.faults.on({ path: /\/packages(?:\?|$)/ }, { kind: 'answer', answer: { status: 403 } })
  const { errors } = await scene.run({ ...LOST, packages: 'ap', token: scene.world.classic('olivia') })
  expect(errors).toEqual([expect.stringMatching(/"ap" of acme failed: .*does not exist/)])
  expect(errors[0]).not.toMatch(/did you mean/i)
})

test.each([
  [{ packages: 'shop/*' }, 'The pattern `shop/*` in `packages` needs'],
  [{ packages: 'linked' }, '`packages: linked` needs'],
  [
    { packages: '', policy: "version: 1\npackages:\n  - { match: 'shop/*', rules: [] }" },
    'The pattern `shop/*` under `match` in the policy needs'
  ],
  [
    { packages: '', policy: "version: 1\npackages:\n  - { match: ['!shop/*'], rules: [] }" },
    'A pattern under `match` in the policy needs'
  ]
])('patterns without the right to list are named as they were written: %j', async (slip, words) => {
  await using scene = await openShop()
  const { errors } = await scene.run({ 'delete-tags': 'sha-*', ...slip })
  expect(errors).toEqual([expect.stringContaining(words)])
})

test('a plan for other packages is told with what it covers, what was asked, and what to do', async () => {
  await using scene = await openShop()
  const plans = [
    [
      'app, shop/web',
      'app',
      'The plan covers app, shop/web, and this run is about app only. Write the same `packages` as'
    ],
    [
      'app',
      'app, shop/web',
      'The plan covers only app, and this run is about app, shop/web. Leave shop/web out of'
    ],
    ['app', 'shop/web', 'The plan covers app, and this run is about shop/web. Write the same `packages` as']
  ] as const
  for (const [planned, asked, words] of plans) {
    const dry = await scene.run({ ...LOST, 'dry-run': 'true', packages: planned })
    const plan = join(dry.temp, 'plan.json')
    writeFileSync(plan, JSON.stringify(dry.report))
    const requests = scene.github.requests.length
    const { errors } = await scene.run({ ...LOST, plan, packages: asked })
    expect(errors).toEqual([expect.stringContaining(words)])
    expect(scene.github.requests).toHaveLength(requests)
  }
})
