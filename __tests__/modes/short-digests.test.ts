import { expect, test } from '@jest/globals'
import { planOfNames } from '../../src/modes/restore/restore-plan.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { version } from '../helpers/make.ts'
import { ago, openScene } from './retain/runs.ts'

/** What the log and the summary show of a digest can be written wherever a version is named. */

async function openShop() {
  const scene = await openScene()
  const named = scene.app.push(image(), { tags: ['v1'], at: ago(90) })
  scene.app.push(manifest(), { tags: ['latest'], at: ago(80) })
  return { scene, named, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

const FORMS: readonly (readonly [form: string, of: (digest: string) => string])[] = [
  ['with its algorithm', digest => digest.slice(0, 19)],
  ['without it', digest => digest.slice(7, 19)],
  ['with more digits', digest => digest.slice(7, 47)]
]

test.each(FORMS)('explain takes a short digest %s, and shows the whole one', async (_, short) => {
  await using shop = await openShop()
  const { scene, named } = shop
  const dry = await scene.run({ 'delete-tags': 'x', 'dry-run': 'true', explain: short(named.digest) })
  expect(dry.errors).toEqual([])
  expect(dry.warnings).toEqual([])
  expect(dry.stdout).toContain(`v1 (${named.digest}): kept: `)
})

test('explain takes the id of a version', async () => {
  await using shop = await openShop()
  const { scene, named } = shop
  const all = await scene.run({ 'dry-run': 'true', 'delete-tags': 'x' })
  const id = all.record?.packages[0]?.versions.find(({ digest }) => digest === named.digest)?.id
  const dry = await scene.run({ 'delete-tags': 'x', 'dry-run': 'true', explain: String(id) })
  expect(dry.stdout).toContain(`v1 (${named.digest}): kept: `)
})

test.each(FORMS)('purge and restore take a short digest %s', async (_, short) => {
  await using shop = await openShop()
  const { scene, named } = shop
  const what = short(named.digest)
  const gone = await scene.run({ mode: 'purge', purge: what, confirm: 'app' })
  expect([gone.errors, scene.app.digests().has(named.digest)]).toEqual([[], false])
  const back = await scene.run({ mode: 'restore', restore: what })
  expect([back.errors, scene.app.digests().has(named.digest)]).toEqual([[], true])
})

test('of a short digest that may be absent no more is said than that GitHub lists none', async () => {
  await using shop = await openShop()
  const run = await shop.scene.run({ mode: 'purge', purge: '0123456789ab?', confirm: 'app' })
  expect([run.code, run.errors]).toEqual([0, []])
  expect(run.stdout).toContain('No tag "0123456789ab" is there, and GitHub lists no digest that begins so.')
})

test('a tag of that name is meant before a digest that begins so', async () => {
  await using shop = await openShop()
  const { scene, named } = shop
  const tag = named.digest.slice(7, 19)
  const tagged = scene.app.push(manifest(), { tags: [tag], at: ago(70) })
  const gone = await scene.run({ mode: 'purge', purge: tag, confirm: 'app' })
  expect(gone.errors).toEqual([])
  const there = scene.app.digests()
  expect([there.has(named.digest), there.has(tagged.digest)]).toEqual([true, false])
})

test.each(['keep-tags', 'delete-tags'])(
  '%s says in one sentence how to get the whole digest',
  async input => {
    await using scene = await openScene()
    const { errors } = await scene.run({ 'delete-tags': 'x', [input]: 'sha256:0123456789ab' })
    expect(errors).toEqual([
      `Input \`${input}\`: "sha256:0123456789ab" is a short digest, and here a whole one is needed. A dry run with \`explain: sha256:0123456789ab\` shows it.`
    ])
    expect(scene.github.requests).toEqual([])
  }
)

test('digests of a policy say the same', async () => {
  await using scene = await openScene()
  const policy =
    "version: 1\npackages:\n  - match: app\n    rules:\n      - { action: keep, match: { digests: 'sha256:0123456789ab' } }"
  const { errors } = await scene.run({ policy })
  expect(errors).toEqual([expect.stringContaining('`explain: sha256:0123456789ab` shows it')])
})

test('a keep pattern that looks like a short digest and matches no tag is told with the whole one', async () => {
  await using shop = await openShop()
  const { scene, named } = shop
  const keep = named.digest.slice(7, 19)
  const { warnings } = await scene.run({ 'delete-tags': 'x', 'keep-tags': keep, 'dry-run': 'true' })
  expect(warnings.join()).toContain(`Did you mean \`${named.digest}\`?`)
})

test('a short digest that two deleted versions have is told with the whole ones', () => {
  const twin = (end: string) =>
    version(end, { digest: `sha256:${'0'.repeat(60)}${end.padEnd(4, end)}` as never })
  const twins = ['a', 'b'].map(twin)
  const plan = planOfNames(['000000000000'], {
    active: [],
    deleted: twins.map(one => ({ ...one, deleted: 1 }))
  })
  expect(plan.ambiguous).toEqual(new Map([['000000000000', twins.map(({ digest }) => digest)]]))
})
