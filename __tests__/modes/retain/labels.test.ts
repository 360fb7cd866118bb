import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, it } from '@jest/globals'
import { startCacheService } from '../../emulator/cache-service.ts'
import { image, index, labelled, manifest, oddIndex } from '../../emulator/shapes.ts'
import { recipe } from '../../helpers/recipes.ts'
import { ago, openScene, type Scene } from './runs.ts'

const policyOf = (...rules: string[]): string =>
  `version: 1\npackages:\n- match: app\n  rules:\n${rules.map(rule => `  - ${rule}\n`).join('')}`

const THROW_AWAY =
  "{ name: throw-away, action: delete, match: { tags: 'b-*', labels: { acme.keep: 'no*' } } }"
const blobsRead = ({ github }: Scene): number =>
  github.requests.filter(({ path }) => path.includes('/blobs/')).length

it('what a label says decides, and only the configs that matter are read', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(labelled({ 'acme.keep': 'no, thanks' }), { tags: ['b-1'], at: ago(30) })
  app.push(labelled({ 'acme.keep': 'yes' }), { tags: ['b-2'], at: ago(29) })
  app.push(labelled({}), { tags: ['b-3'], at: ago(28) })
  app.push(labelled({ 'acme.keep': 'no' }), { tags: ['v1'], at: ago(27) })
  app.push(index([{ shape: labelled({ 'acme.keep': 'no' }), platform: 'linux/amd64' }]), {
    tags: ['b-4'],
    at: ago(26)
  })
  app.push(
    index([{ shape: manifest(), platform: 'linux/amd64' }], { annotations: { 'acme.keep': 'none' } }),
    {
      tags: ['b-5'],
      at: ago(25)
    }
  )
  const result = await run({ policy: policyOf(THROW_AWAY) })
  expect(result.errors).toEqual([])
  expect(Object.keys(app.tags()).sort()).toEqual(['b-2', 'b-3', 'v1'])
  expect(blobsRead(scene)).toBe(4)
})

it('of an index the labels of its first platform decide', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const keeps = ['no', 'yes']
  for (const order of [keeps, keeps.toReversed()]) {
    const platforms = order.map((keep, at) => ({
      shape: labelled({ 'acme.keep': keep }),
      platform: ['linux/amd64', 'linux/arm64'][at] ?? ''
    }))
    app.push(index(platforms), { tags: [`b-${order.join('-')}`], at: ago(30) })
  }
  app.push(manifest(), { tags: ['v1'], at: ago(27) })
  expect((await run({ policy: policyOf(THROW_AWAY) })).errors).toEqual([])
  expect(Object.keys(app.tags()).sort()).toEqual(['b-yes-no', 'v1'])
})

it('law 3: labels that cannot be read delete nothing and keep what they might keep; the run is red', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(labelled({ 'acme.keep': 'no' }), { tags: ['b-1'], at: ago(30) })
  app.push(labelled({ 'acme.keep': 'yes' }), { tags: ['c-1'], at: ago(30) })
  app.push(manifest(), { tags: ['v1'], at: ago(30) })
  github.faults.on({ path: /\/blobs\// }, { kind: 'answer', answer: { status: 404, body: {} } })
  const keep = "{ name: precious, action: keep, match: { tags: 'c-*', labels: { acme.keep: 'yes' } } }"
  const rest = "{ name: rest, action: delete, match: { tags: 'c-*' } }"
  const result = await run({ policy: policyOf(THROW_AWAY, keep, rest) })
  expect(result.errors).toEqual([expect.stringMatching(/^app: The labels of 2 versions could not be read/)])
  expect(Object.keys(app.tags()).sort()).toEqual(['b-1', 'c-1', 'v1'])
})

it('E-42 labels and annotations beyond any measure are not held: unknown, so they delete nothing and keep what they might keep', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const long = 'x'.repeat(65_536)
  const noted = (annotations: object) =>
    index([{ shape: labelled({}), platform: 'linux/amd64' }], { annotations })
  app.push(labelled({ 'acme.keep': 'no', long }), { tags: ['b-1'], at: ago(30) })
  app.push(noted({ 'acme.keep': 'no', long }), { tags: ['b-2'], at: ago(30) })
  app.push(labelled({ 'acme.keep': 'no' }), { tags: ['b-3'], at: ago(30) })
  app.push(noted({ 'acme.keep': 'yes', long }), { tags: ['c-1'], at: ago(30) })
  app.push(labelled({ 'acme.keep': 'yes', long }), { tags: ['c-2'], at: ago(30) })
  app.push(oddIndex([]), { tags: ['c-3'], at: ago(30) })
  app.push(labelled({ long: long.slice(99) }), { tags: ['c-4'], at: ago(30) })
  app.push(manifest(), { tags: ['v1'], at: ago(30) })
  const keep = "{ name: precious, action: keep, match: { tags: 'c-*', labels: { acme.keep: 'yes' } } }"
  const rest = "{ name: rest, action: delete, match: { tags: 'c-*' } }"
  const result = await run({ policy: policyOf(THROW_AWAY, keep, rest) })
  expect(result.errors).toEqual([])
  expect(Object.keys(app.tags()).sort()).toEqual(['b-1', 'b-2', 'c-1', 'c-2', 'c-3', 'v1'])
})

it('bytes of another digest are never believed to be a config', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(labelled({ 'acme.keep': 'no thanks' }), { tags: ['b-1'], at: ago(30) })
  app.push(image(), { tags: ['b-2'], at: ago(30) })
  github.faults.on(
    { path: /\/blobs\// },
    { kind: 'answer', answer: { status: 200, body: Buffer.from('{"config":{"Labels":{"acme.keep":"no"}}}') } }
  )
  const result = await run({ policy: policyOf(THROW_AWAY) })
  expect(result.errors).toEqual([expect.stringMatching(/could not be read/)])
  expect(Object.keys(app.tags()).sort()).toEqual(['b-1', 'b-2'])
})

it('E-44 a rule about a label that is called as what all objects have is about images that carry it', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(labelled({ 'acme.keep': 'yes' }), { tags: ['v1'], at: ago(90) })
  const policy = `version: 1
packages:
  - match: app
    rules:
      - action: delete
        match: { tags: 'v*', labels: { constructor: '*' } }
`
  const result = await run({ policy })
  expect([result.errors, result.outputs['deleted-count']]).toEqual([[], '0'])
})

it('a star in the glob of a label stands for slashes, too, as in the address of a repository', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const source = 'org.opencontainers.image.source'
  app.push(labelled({ [source]: 'https://github.com/acme/shop' }), { tags: ['v1'], at: ago(30) })
  app.push(labelled({ [source]: 'https://github.com/acme/shop/web' }), { tags: ['v2'], at: ago(29) })
  app.push(labelled({ [source]: 'https://github.com/acme/other' }), { tags: ['v3'], at: ago(28) })
  app.push(labelled({ [source]: 'https://github.com/acme/other' }), { tags: ['w1'], at: ago(28) })
  const keep = `{ name: shop, action: keep, match: { labels: { ${source}: '*shop*' } } }`
  const result = await run({
    policy: policyOf(keep, "{ name: rest, action: delete, match: { tags: 'v*' } }")
  })
  expect(result.errors).toEqual([])
  expect(Object.keys(app.tags()).sort()).toEqual(['v1', 'v2', 'w1'])
})

/** What was read of the registry, manifests and blobs, but for the looks after a deletion. */
const readsOf = ({ github }: Scene): number =>
  github.requests.filter(
    ({ host, method, path }) =>
      host === 'registry' && method === 'GET' && /\/(?:blobs|manifests)\//.test(path)
  ).length

it('labels are remembered from run to run as manifests are: a warm run reads only what is new', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run } = scene
  const circumstances = { env: cache.env }
  app.push(labelled({ 'acme.keep': 'yes' }), { tags: ['b-1'], at: ago(30) })
  app.push(labelled({}), { tags: ['b-2'], at: ago(29) })
  app.push(index([{ shape: labelled({ 'acme.keep': 'yes' }), platform: 'linux/amd64' }]), {
    tags: ['b-3'],
    at: ago(28)
  })
  app.push(manifest(), { tags: ['v1'], at: ago(27) })
  const cold = await run({ policy: policyOf(THROW_AWAY) }, circumstances)
  expect([cold.errors, blobsRead(scene), cache.entries.length]).toEqual([[], 3, 1])
  const before = readsOf(scene)
  const warm = await run({ policy: policyOf(THROW_AWAY) }, circumstances)
  expect([warm.errors, readsOf(scene) - before, cache.entries.length]).toEqual([[], 0, 1])
  app.push(labelled({ 'acme.keep': 'no' }), { tags: ['b-4'], at: ago(26) })
  const third = await run({ policy: policyOf(THROW_AWAY) }, circumstances)
  expect([third.errors, blobsRead(scene)]).toEqual([[], 4])
  expect(Object.keys(app.tags()).sort()).toEqual(['b-1', 'b-2', 'b-3', 'v1'])
})

it('a label that somebody wrote into the memory is not that of the image: its config is read again', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run } = scene
  const circumstances = { env: cache.env }
  app.push(labelled({ 'acme.keep': 'yes' }), { tags: ['b-1'], at: ago(30) })
  app.push(manifest(), { tags: ['v1'], at: ago(27) })
  await run({ policy: policyOf(THROW_AWAY) }, circumstances)
  const [entry] = cache.entries
  if (entry === undefined) throw new Error('nothing was stored')
  const text = gunzipSync(entry.bytes).toString('utf8')
  const forged = text.replace(/(acme\.keep\W+)yes/, '$1no')
  expect(forged).not.toBe(text)
  cache.entries.push({ ...entry, key: `${entry.key}9`, bytes: gzipSync(forged) })
  const result = await run({ policy: policyOf(THROW_AWAY) }, circumstances)
  expect([result.errors, Object.keys(app.tags()).sort()]).toEqual([[], ['b-1', 'v1']])
  expect(blobsRead(scene)).toBe(2)
})

it('the recipe for labels deletes what says so, and remembers labels from run to run', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const previews = scene.world.package('acme/shop/previews', { repository: 'acme/app' })
  const preview = { 'com.acme.preview': 'true' }
  previews.push(labelled(preview), { tags: ['old'], at: ago(30) })
  previews.push(labelled(preview), { tags: ['young'], at: ago(3) })
  previews.push(labelled({ 'com.acme.preview': 'false' }), { tags: ['kept'], at: ago(30) })
  previews.push(labelled({}), { tags: ['plain'], at: ago(30) })
  const policy = recipe('docs/policies.md', 'Labels of an image')
  for (const blobs of [3, 3]) {
    const result = await scene.run({ policy, packages: '' }, { env: cache.env })
    expect([result.errors, Object.keys(previews.tags()).sort()]).toEqual([[], ['kept', 'plain', 'young']])
    expect(blobsRead(scene)).toBe(blobs)
  }
})
