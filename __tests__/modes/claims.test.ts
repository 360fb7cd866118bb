import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createRepositories } from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { artifact, image, manifest } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { fastClock } from '../helpers/inside.ts'
import { checkout } from '../helpers/workspace.ts'
import { ago, openScene } from './retain/runs.ts'

/** Sentences of the README and of docs/, each named as it stands there, that no other test holds. */

async function open() {
  const world = createWorld(fastClock(100).now)
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  const repository = repositories.add('acme/app')
  const scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  return { ...scene, repository, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

test('README: an image with five tags counts once; build caches, signatures and platforms take no slot', async () => {
  await using scene = await open()
  const { app, run } = scene
  for (let build = 4; build >= 1; build--) {
    const pushed = app.push(image(['linux/amd64', 'linux/arm64'], { attest: 'new' }), {
      tags: Array.from({ length: 5 }, (_, nth) => `b${build}-${nth}`),
      at: ago(10 + build)
    })
    app.sign(pushed, 'sig', { at: ago(10 + build) })
  }
  const result = await run({ 'delete-tags': 'b*', 'keep-at-least': '2' })
  expect(result.code).toBe(0)
  const builds = Object.keys(app.tags())
    .filter(tag => tag.startsWith('b'))
    .map(tag => tag.slice(0, 2))
  expect(new Set(builds)).toEqual(new Set(['b1', 'b2']))
})

test('README: patterns and `linked` need a classic token', async () => {
  await using scene = await open()
  for (const packages of ['app*', 'linked']) {
    const result = await scene.run({ packages, 'delete-tags': 'x' })
    expect(result.errors.join()).toMatch(/needs a token that may list packages.*\(classic\).*`read:packages`/)
  }
  expect(scene.github.writes).toEqual([])
})

test('approval-and-undo: restoring in the second look needs `write:packages`, and the run says so', async () => {
  await using scene = await open()
  const { app, github, world, run } = scene
  world.deletedTags = 'shown'
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const build = app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const late = { kind: 'first', run: () => app.tag(build, 'v2') } as const
  github.faults.on({ method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 }, late)
  const token = world.classic('olivia', ['read:packages', 'delete:packages'])
  const result = await run({ 'delete-tags': 'sha-*', token })
  expect(result.code).toBe(1)
  // The remedy once, and what it is needed for.
  expect(result.errors).toEqual([
    expect.stringMatching(/1 change failed\..*its scopes must include .*`write:packages`/),
    expect.stringMatching(/sha-1 is needed, was deleted, and could not be restored/)
  ])
})

test('approval-and-undo: a package is restored as long as nobody has taken its name', async () => {
  await using scene = await open()
  const { app, world, run, token } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const purge = { mode: 'purge', purge: 'package', confirm: 'app', token }
  const purged = await run(purge)
  expect(purged.errors).toEqual([])
  const again = world.package('acme/app', { repository: 'acme/app' })
  again.push(manifest(), { tags: ['other'], at: ago(1) })
  const result = await run({ mode: 'restore', restore: 'package', token })
  expect(result.warnings).toEqual([expect.stringMatching(/A package app is there.*created it again/)])
  const undone = await run({ mode: 'restore', restore: purged.outputs['report'] ?? '', token })
  expect(undone).toMatchObject({ code: 1, outputs: { 'restored-count': '0' } })
  expect(undone.warnings).toEqual([expect.stringMatching(/A package app is there/)])
  expect(Object.keys(again.tags())).toEqual(['other'])
})

test('recipes: to deprecate a release, delete its git tag and purge its image; then the check is green', async () => {
  await using scene = await open()
  const { app, run, repository } = scene
  for (const tag of ['v1.1.0', 'v1.2.0']) {
    app.push(manifest(), { tags: [tag, `sha-${tag}`], at: ago(90) })
    repository.tag(tag)
  }
  const check = { mode: 'check', 'fail-on-missing': 'true' }
  expect((await run({ mode: 'purge', purge: 'v1.2.0', confirm: 'app' })).errors).toEqual([])
  expect((await run(check)).code).toBe(1)
  repository.row.tags.delete('v1.2.0')
  expect((await run(check)).code).toBe(0)
})

test('missing-images: platforms are asked of images only; what is no index counts for the one in `platforms`', async () => {
  await using scene = await open()
  const { app, run, repository } = scene
  app.push(manifest(), { tags: ['v1.0.0'], at: ago(90) })
  app.push(artifact('application/vnd.cncf.helm.config.v1+json', undefined), { tags: ['v1.1.0'], at: ago(90) })
  app.push(image(['linux/amd64']), { tags: ['v1.2.0'], at: ago(90) })
  repository.tag('v1.0.0', 'v1.1.0', 'v1.2.0')
  const one = await run({ mode: 'check', platforms: 'linux/arm64' })
  expect(one.outputs['missing-tags']).toBe('v1.2.0')
})

test('policies: in `mode: check` a policy says which packages are looked at, and what is expected of each', async () => {
  await using scene = await open()
  const { app, run, world, repository } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  for (const pkg of [app, web]) pkg.push(manifest(), { tags: ['1.0.0-alpine'], at: ago(90) })
  repository.tag('web-1.0.0', 'v1.0.0')
  const policy = `version: 1
packages:
  - match: app
    expect: { image-tags: '{version}-alpine' }
    rules: []
`
  const result = await run({ mode: 'check', packages: '', policy })
  expect(result).toMatchObject({ code: 0, outputs: { packages: '["app"]', 'missing-tags': '' } })
})

test('policies: the first entry that matches decides, whatever capitals its regular expression has', async () => {
  await using scene = await open()
  const { run, world } = scene
  const meta = world.package('acme/app-meta', { repository: 'acme/app' })
  meta.push(manifest(), { tags: ['v1'], at: ago(90) })
  meta.push(manifest(), { tags: ['sha-1'], at: ago(90) })
  const policy = `version: 1
packages:
  - match: '/^App-Meta$/'
    rules: []
  - match: '**'
    rules: [{ action: delete, match: { tags: 'sha-*' } }]
`
  const token = world.classic('olivia')
  for (const packages of ['/^APP-/', 'App-Meta', '/app-meta/i']) {
    const result = await run({ packages, policy, token })
    expect(result).toMatchObject({ code: 0, outputs: { packages: '["app-meta"]', 'deleted-count': '0' } })
  }
})

test('policies: of two budgets the stricter holds, whichever it is', async () => {
  for (const [policy, input] of [
    [1, '2'],
    [2, '1']
  ] as const) {
    await using scene = await open()
    scene.app.push(manifest(), { tags: ['v1'], at: ago(90) })
    for (const build of [1, 2, 3]) scene.app.push(manifest(), { tags: [`sha-${build}`], at: ago(90 - build) })
    const text = `version: 1
defaults: { deletions-per-run: ${policy} }
packages:
  - match: app
    rules: [{ action: delete, match: { tags: 'sha-*' } }]
`
    const result = await scene.run({ policy: text, 'deletions-per-run': input })
    expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '1', incomplete: 'true' } })
  }
})

test('large-organizations: one job works on several packages side by side', async () => {
  await using scene = await open()
  const { app, world, run, github } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  for (const pkg of [app, web]) {
    pkg.push(manifest(), { tags: ['v1'], at: ago(90) })
    for (let build = 1; build <= 5; build++)
      pkg.push(manifest(), { tags: [`sha-${build}`], at: ago(90 - build) })
  }
  expect((await run({ packages: 'app, web', 'delete-tags': 'sha-*' })).errors).toEqual([])
  const of = (name: string) => github.requests.map(({ path }) => path.includes(`/container/${name}/versions`))
  expect(of('web').indexOf(true)).toBeLessThan(of('app').lastIndexOf(true))
  expect(of('app').indexOf(true)).toBeLessThan(of('web').lastIndexOf(true))
})

test('inputs: `page-file` writes the page, and without it there is none', async () => {
  await using scene = await open()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(90) })
  using plain = checkout({})
  await scene.run({ 'delete-tags': 'x' }, plain.circumstances)
  expect(globSync('**/*.html', { cwd: plain.root })).toEqual([])
  using asked = checkout({})
  const result = await scene.run({ 'delete-tags': 'x', 'page-file': 'out/page.html' }, asked.circumstances)
  expect(result.errors).toEqual([])
  expect(readFileSync(join(asked.root, 'out/page.html'), 'utf8')).toContain('v1')
})

test('troubleshooting: what `keep-tags` keeps is no longer listed as refused', async () => {
  await using scene = await open()
  const web = scene.world.package('acme/web', { visibility: 'public', repository: 'acme/app' })
  web.push(manifest(), { tags: ['v1'], at: ago(90) })
  web.downloaded(web.push(manifest(), { tags: ['pr-1'], at: ago(80) }), 5_001)
  const inputs = { packages: 'web', 'delete-tags': 'pr-*' }
  expect((await scene.run(inputs)).summary).toContain('Refused by GitHub')
  expect((await scene.run({ ...inputs, 'keep-tags': 'pr-1' })).summary).not.toContain('Refused by GitHub')
})

test('policies: newest is by semver where the rule matches by it, else by the date of the push', async () => {
  for (const [match, kept] of [
    ["semver: '*'", 'v2.0.0'],
    ["tags: 'v*'", 'v1.0.1']
  ]) {
    await using scene = await open()
    scene.app.push(manifest(), { tags: ['latest'], at: ago(90) })
    for (const [age, tag] of [
      [80, 'v1.0.0'],
      [70, 'v2.0.0'],
      [60, 'v1.0.1']
    ] as const)
      scene.app.push(manifest(), { tags: [tag], at: ago(age) })
    const policy = `version: 1
packages:
  - match: app
    rules: [{ action: delete, match: { ${match} }, keep-at-least: 1 }]
`
    expect((await scene.run({ policy })).errors).toEqual([])
    expect(Object.keys(scene.app.tags()).toSorted()).toEqual(['latest', kept])
  }
})

test('policies: a rule that keeps builds of all branches keeps those of a deleted one, too', async () => {
  const deleted = `version: 1
packages:
  - match: app
    rules:
      - { action: delete, match: { tags: '/^(?<branch>.+)-[0-9a-f]{7}$/', branch: deleted } }
`
  const all =
    "      - { action: delete, match: { tags: '/^(?<branch>.+)-[0-9a-f]{7}$/' }, group-by: branch, keep-at-least: 5 }\n"
  for (const [policy, left] of [
    [deleted, 0],
    [deleted + all, 5]
  ] as const) {
    await using scene = await open()
    scene.repository.branch('main')
    scene.app.push(manifest(), { tags: ['latest'], at: ago(90) })
    for (let build = 1; build <= 6; build++)
      scene.app.push(manifest(), { tags: [`gone-000000${build}`], at: ago(80 - build) })
    expect((await scene.run({ policy })).errors).toEqual([])
    expect(Object.keys(scene.app.tags()).filter(tag => tag.startsWith('gone'))).toHaveLength(left)
  }
})
