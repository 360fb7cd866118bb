import { expect, it, test } from '@jest/globals'
import { parsePolicyFile } from '../../../src/config/policy-file.ts'
import type { Builder } from '../../emulator/builder.ts'
import { createRepositories } from '../../emulator/repositories.ts'
import { repositoryRoutes } from '../../emulator/repository-api.ts'
import { artifact, cacheManifest, image, manifest } from '../../emulator/shapes.ts'
import { createWorld } from '../../emulator/world.ts'
import { DOCUMENTS, policiesIn, recipe } from '../../helpers/recipes.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

/** The documents' recipes, as they stand there, on organizations that look like those that they are for. */

test.each(DOCUMENTS)('every policy in %s is one', path => {
  const policies = policiesIn(path)
  expect(policies.length).toBeGreaterThanOrEqual(3)
  for (const policy of policies) expect(() => parsePolicyFile(policy, path)).not.toThrow()
})

const buildx = () => image(['linux/amd64', 'linux/arm64'], { attest: 'new' })
const commit = (seed: number): string => ((seed * 2_654_435_761) % 0xfffffff).toString(16).padStart(7, '0')
const tagsOf = (app: Builder): string[] => Object.keys(app.tags()).sort()

/**
 * A dry run, whose plan is then carried out in the world at once: GitHub would let through 180 deletions a minute.
 * That a real run does the same, and in an order that may end anywhere, is tested elsewhere.
 */
async function follow({ world, run }: Scene, inputs: Readonly<Record<string, string>>) {
  const before = world.broken()
  const result = await run({ 'dry-run': 'true', ...inputs })
  expect(result.errors).toEqual([])
  for (const { name, steps } of result.record?.packages ?? []) {
    const owner = world.owner('acme')
    const pkg = owner && world.find(owner, name)
    for (const { action, digest } of steps) {
      const version = pkg?.byDigest.get(digest)
      if (action === 'delete' && pkg !== undefined && version !== undefined) world.drop(pkg, version)
    }
  }
  expect(world.broken().filter(sentence => !before.includes(sentence))).toEqual([])
  return result
}

it('seed 001: thirty builds that carry nothing but sha-… stay, and every release, whole and signed', async () => {
  await using scene = await openScene()
  const { world } = scene
  const app = world.package('acme/api-gateway', { repository: 'acme/app' })
  const builds = Array.from({ length: 60 }, (_, index) => {
    const release = index % 10 === 0 ? [`v1.${6 - index / 10}.0`] : []
    const pushed = app.push(buildx(), { tags: [`sha-${commit(index)}`, ...release], at: ago(2 + index * 3) })
    if (release.length > 0) app.attest(pushed, { at: ago(2 + index * 3) })
    return { pushed, released: release.length > 0 }
  })
  app.push(buildx(), { at: ago(40) })
  await follow(scene, { policy: recipe('docs/recipes.md', 'Thirty builds that are not releases') })
  const plain = builds.filter(({ released }) => !released)
  for (const { pushed } of [...plain.slice(0, 30), ...builds.filter(({ released }) => released)]) {
    expect(app.version(pushed.digest)).toBeDefined()
  }
  const gone = plain.slice(30).map(({ pushed }) => pushed)
  expect([...digestsOf(...gone)].filter(digest => app.version(digest) !== undefined)).toEqual([])
  expect(tagsOf(app).filter(tag => /^v1/.test(tag))).toHaveLength(6)
})

it('seed 002: the last three builds of every version stay, in packages with nested names', async () => {
  await using scene = await openScene()
  const { world } = scene
  const facts = { repository: 'acme/app' }
  const [python, alpine, trial] = ['python-alpine', 'alpine', 'test'].map(name =>
    world.package(`acme/regtech/sbl/${name}`, facts)
  ) as [Builder, Builder, Builder]
  for (const [minor, app] of [python, alpine, python].map((app, index) => [index, app] as const)) {
    for (let build = 1; build <= 6; build++) {
      const version = `v3.${minor}.0`
      const newest = build === 6 ? [version, 'latest'] : []
      app.push(buildx(), { tags: [`${version}_${build}`, ...newest], at: ago(400 - 100 * minor - 7 * build) })
    }
  }
  trial.push(manifest(), { tags: ['do_not_use'], at: ago(100) })
  const token = world.classic('olivia', ['read:packages', 'delete:packages'])
  await follow(scene, { policy: recipe('docs/recipes.md', 'The last builds of every version'), token })
  expect(tagsOf(python)).toEqual(
    ['latest', ...['v3.0.0', 'v3.2.0'].flatMap(v => [v, ...[4, 5, 6].map(build => `${v}_${build}`)])].sort()
  )
  expect(tagsOf(alpine)).toEqual(['latest', 'v3.1.0', 'v3.1.0_4', 'v3.1.0_5', 'v3.1.0_6'])
  expect(tagsOf(trial)).toEqual(['do_not_use'])
})

it('seed 003: another number for each package, moving tags on the builds, attestations and artifacts', async () => {
  await using scene = await openScene()
  const { world } = scene
  const facts = { repository: 'acme/app', visibility: 'public' } as const
  const names = ['containai', 'containai-proxy', 'containai-payload', 'containai-metadata']
  const [main, proxy, payload, metadata] = names.map(name => world.package(`acme/${name}`, facts)) as [
    Builder,
    Builder,
    Builder,
    Builder
  ]
  for (const app of [main, proxy]) {
    for (let build = 30; build >= 1; build--) {
      const moving = build === 25 ? ['prod'] : build === 1 ? ['dev', 'nightly'] : []
      const pushed = app.push(buildx(), { tags: [`sha-${commit(build)}`, ...moving], at: ago(build + 1) })
      app.attest(pushed, { at: ago(build + 1) })
    }
  }
  for (let build = 20; build >= 1; build--) {
    payload.push(artifact('application/vnd.containai.payload', undefined), {
      tags: [`1.0.${20 - build}`],
      at: ago(build + 1)
    })
    metadata.push(artifact('application/vnd.containai.metadata', undefined), {
      tags: ['dev', 'channels'],
      at: ago(build + 1)
    })
  }
  const token = world.classic('olivia', ['read:packages', 'delete:packages'])
  const result = await follow(scene, { policy: recipe('docs/recipes.md', 'Fifteen, ten and ten'), token })
  const builds = (app: Builder) =>
    tagsOf(app).filter(tag => tag.startsWith('sha-') && !tag.startsWith('sha256-'))
  // The document counts builds with moving tags among the fifteen; `prod`, the 25th, stays beside them.
  expect(builds(main)).toHaveLength(15 + 1)
  expect(builds(proxy)).toHaveLength(10 + 1)
  expect(main.tags()).toMatchObject({
    prod: expect.anything(),
    dev: expect.anything(),
    nightly: expect.anything()
  })
  // The fallback tag of each attestation that is left describes an image that is left.
  expect(tagsOf(main).filter(tag => tag.startsWith('sha256-'))).toHaveLength(16)
  expect(tagsOf(payload)).toHaveLength(10)
  expect(metadata.digests().size).toBe(1 + 10)
  expect(metadata.tags()).toMatchObject({ dev: expect.anything(), channels: expect.anything() })
  expect(result.warnings).toEqual([])
})

it('previews go with their pull request or branch', async () => {
  const world = createWorld()
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  const repository = repositories.add('acme/app')
  await using scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  const app = world.package('acme/shop/preview', { repository: 'acme/app' })
  repository.pull(1, { closed: ago(10) })
  repository.pull(2)
  repository.branch('feature/x')
  for (const tag of ['pr-1', 'pr-1-abc', 'pr-2', 'feature-y-abcdef0', 'feature-x-abcdef0', 'latest']) {
    app.push(manifest(), { tags: [tag], at: ago(20) })
  }
  for (let build = 1; build <= 8; build++)
    app.push(manifest(), { tags: [`main-000000${build}`], at: ago(30 - build) })
  await follow(scene, {
    policy: recipe('docs/policies.md', 'Everything follows its pull request, branch or release')
  })
  expect(tagsOf(app)).toEqual([
    'feature-x-abcdef0',
    'latest',
    ...[4, 5, 6, 7, 8].map(build => `main-000000${build}`),
    'pr-2'
  ])
})

it('two patches of every minor release stay, and nightlies fade', async () => {
  await using scene = await openScene()
  const app = scene.world.package('acme/shop/runtime', { repository: 'acme/app' })
  const releases = ['1.0.0', '1.0.1', '1.0.2', '1.1.0', '2.0.0-rc.1']
  releases.forEach((version, index) => {
    const aliases = version === '1.1.0' ? ['1.1', '1', 'latest'] : []
    app.push(buildx(), { tags: [version, ...aliases], at: ago(300 - index) })
    app.push(buildx(), { tags: [`${version}-alpine`], at: ago(300 - index) })
  })
  for (let night = 400; night >= 1; night -= 1) {
    const day = new Date(ago(night)).toISOString().slice(0, 10)
    app.push(manifest(), { tags: [`nightly-${day}`], at: ago(night) })
  }
  await follow(scene, {
    policy: recipe('docs/policies.md', 'Newest patches and fading nightlies')
  })
  const kept = tagsOf(app)
  expect(kept.filter(tag => !tag.startsWith('nightly'))).toEqual([
    '1',
    '1.0.1',
    '1.0.1-alpine',
    '1.0.2',
    '1.0.2-alpine',
    '1.1',
    '1.1.0',
    '1.1.0-alpine',
    'latest'
  ])
  const nights = kept.filter(tag => tag.startsWith('nightly'))
  expect(nights.length).toBeGreaterThanOrEqual(7 + 2)
  expect(nights.length).toBeLessThanOrEqual(7 + 4 + 6)
})

it('leftovers go: untagged images, orphans, ghosts and old build caches', async () => {
  await using scene = await openScene()
  const app = scene.world.package('acme/shop/leftovers', { repository: 'acme/app' })
  const release = app.push(buildx(), { tags: ['v1'], at: ago(90) })
  app.sign(release, 'sig', { at: ago(90) })
  const untagged = Array.from({ length: 5 }, (_, index) => app.push(buildx(), { at: ago(60 - index) }))
  const ghost = app.push(image(['linux/amd64']), { tags: ['ghost'], at: ago(80) })
  for (const child of ghost.children) app.delete(child)
  const signed = app.push(manifest(), { at: ago(70) })
  const orphan = app.sign(signed, 'sig', { at: ago(70) })
  app.delete(signed)
  for (const [tag, days] of [
    ['cache-old', 50],
    ['cache-new', 5],
    ['buildcache', 50]
  ] as const) {
    app.push(cacheManifest(), { tags: [tag], at: ago(days) })
  }
  await follow(scene, { policy: recipe('docs/policies.md', 'Leftovers') })
  expect(tagsOf(app).filter(tag => !tag.startsWith('sha256-'))).toEqual(['buildcache', 'cache-new', 'v1'])
  expect(app.version(orphan.digest)).toBeUndefined()
  const left = untagged.filter(({ digest }) => app.version(digest) !== undefined)
  expect(left).toEqual(untagged.slice(2))
})
