import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, test } from '@jest/globals'
import { createRepositories } from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { manifest } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { fastClock } from '../helpers/inside.ts'
import { reportOf } from '../helpers/saved-report.ts'
import { ago, openScene, type Run, type Scene } from './retain/runs.ts'

/** `packages: app?`: a package that may be absent. */

const notices = ({ stdout }: { stdout: string }) => stdout.match(/^::notice::.*$/gm) ?? []
const allowed = expect.stringMatching(/^::notice::GitHub finds no package gone of acme, .*`gone\?` allows/)

test.concurrent.each([
  ['retain', { 'delete-tags': 'sha-*' }],
  ['check', { mode: 'check', 'git-tags': '!*', 'required-tags': 'v1' }],
  ['purge', { mode: 'purge', purge: 'package', confirm: 'gone' }]
])('%s: green with a notice where it is not there, alone and beside another', async (_, inputs) => {
  const world = createWorld(fastClock(100).now)
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  repositories.add('acme/app')
  await using scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  scene.app.push(manifest(), { tags: ['v1'], at: ago(9) })
  const alone = await scene.run({ ...inputs, packages: 'gone?' })
  expect(alone).toMatchObject({ code: 0, errors: [], warnings: [] })
  expect(notices(alone)).toEqual([allowed])
  expect(alone.summary).toContain('gone')
  expect(alone.outputs['packages']).toBe('[]')
  if ('purge' in inputs) return
  scene.app.push(manifest(), { tags: ['sha-1'], at: ago(9) })
  const beside = await scene.run({ ...inputs, packages: 'gone?, app' })
  expect(beside).toMatchObject({ code: 0, outputs: { packages: '["app"]' } })
  expect(notices(beside)).toEqual([allowed])
})

test.concurrent('a package that may be absent and is there is like any other', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(9) })
  scene.app.push(manifest(), { tags: ['sha-1'], at: ago(9) })
  const run = await scene.run({ packages: 'app?', 'delete-tags': 'sha-*' })
  expect(run).toMatchObject({ code: 0, outputs: { 'deleted-count': '1' } })
  expect(notices(run)).toEqual([])
})

test.concurrent.each([
  ['cannot be asked', { path: /tags\/list$/ }, { status: 503 }],
  [
    'is another one',
    { path: /tags\/list$/ },
    { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://elsewhere.test/token"' } }
  ]
])('GitHub alone is not believed: where the registry %s it is red, not absent', async (_, where, answer) => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(9) })
  scene.github.faults.on(
    { host: 'api', method: 'GET', path: /container\/app$/ },
    { kind: 'answer', answer: { status: 404, body: { message: 'Package not found.' } } }
  )
  scene.github.faults.on({ host: 'registry', ...where }, { kind: 'answer', answer })
  const run = await scene.run({ packages: 'app?', 'delete-tags': 'sha-*' })
  expect(run.code).toBe(1)
  expect(notices(run)).toEqual([])
})

test.concurrent('what fails otherwise is red all the same', async () => {
  await using scene = await openScene()
  scene.github.faults.on({ path: /container\/app$/ }, { kind: 'answer', answer: { status: 410 } })
  const run = await scene.run({ packages: 'app?', 'delete-tags': 'sha-*' })
  expect(run.code).toBe(1)
})

test.concurrent.each([
  ['beside patterns', { packages: 'gone?, app*', 'delete-tags': 'sha-*' }],
  ['in a policy', { packages: '', policy: 'version: 1\npackages:\n  - { match: [gone?, app], rules: [] }' }]
])('%s', async (_, inputs) => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(9) })
  const run = await scene.run({ ...inputs, token: scene.world.classic('olivia') })
  expect(run).toMatchObject({ code: 0, outputs: { packages: '["app"]' } })
  expect(notices(run)).toEqual([allowed])
})

const LOST = { 'dry-run': 'true', packages: 'ap' }
const REAL = { packages: '' }
test.concurrent.each<[string, Record<string, string>]>([
  ['retain', { ...REAL, 'delete-broken': 'ghost' }],
  ['check', { ...REAL, mode: 'check', 'git-tags': '!*', 'required-tags': 'v1' }],
  ['purge', { ...REAL, mode: 'purge', purge: 'v1', confirm: 'shop' }],
  ['restore by time', { ...REAL, mode: 'restore', restore: 'since 3h' }],
  ['restore by id', { ...REAL, mode: 'restore', restore: '12345' }],
  ['restore of it all', { ...REAL, mode: 'restore', restore: 'package' }],
  ['a dry run of a restore by time', { ...LOST, packages: '', mode: 'restore', restore: 'since 3h' }]
])('%s: red where the name of the repository was taken, and is no package', async (_, inputs) => {
  const world = createWorld(fastClock(100).now)
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  repositories.add('acme/shop')
  await using scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  const token = world.githubToken('acme/shop')
  const run = await scene.run({ token, ...inputs }, { repository: 'acme/shop' })
  expect(run.errors.join()).toMatch(/`packages` is empty, so .*the repository's name, `shop`/)
})

test.concurrent.each(['since 3h', '12345', 'v1'])(
  'a dry run of `restore: %s` is red where no package is',
  async what => {
    await using scene = await openScene()
    const run = await scene.run({ ...LOST, mode: 'restore', restore: what })
    expect(run.errors.join()).toMatch(/"ap" of acme failed: .*does not exist.*`packages`.*`restore: package`/)
  }
)

test.concurrent('a dry run of `restore: package` says that it cannot see whether there was such a package', async () => {
  await using scene = await openScene()
  const run = await scene.run({ ...LOST, mode: 'restore', restore: 'package' })
  expect(run.warnings.join()).toMatch(/whether it was ever there/)
})

test.concurrent('what a report did not touch is not restored as a package that went since', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(9) })
  const other = scene.world.package('acme/other', { repository: 'acme/app' })
  other.push(manifest(), { tags: ['v1', 'sha-1'], at: ago(9) })
  other.push(manifest(), { tags: ['sha-2'], at: ago(9) })
  const first = await scene.run({ packages: 'app other', 'delete-tags': 'sha-2' })
  const earlier = join(first.temp, 'earlier.json')
  writeFileSync(earlier, JSON.stringify(first.report))
  await scene.run({ mode: 'purge', packages: 'app', purge: 'package', confirm: 'app' })
  const back = await scene.run({ mode: 'restore', packages: '', restore: earlier })
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
  expect(scene.world.find(scene.world.owner('acme')!, 'app')).toBeUndefined()
})

/** GitHub may drop a package with its last version. */

const UNTAGGED = { 'delete-untagged': 'true' }

async function emptied() {
  const scene = await openScene()
  const { app, world } = scene
  world.emptyPackage = 'goes'
  world.deletedTags = 'shown'
  const digests = [90, 80, 70].map(days => app.push(manifest(), { at: ago(days) }).digest)
  return { scene, digests, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

const isThere = ({ world }: Scene) => world.find(world.owner('acme')!, 'app') !== undefined

it.concurrent('E-30 says that the package went with its last version, what that means, and how it comes back', async () => {
  await using here = await emptied()
  const run = await here.scene.run(UNTAGGED)
  expect(isThere(here.scene)).toBe(false)
  expect(run.outputs).toMatchObject({ 'deleted-count': '3', 'failed-count': '0' })
  expect(run.errors.join()).toMatch(/GitHub dropped the package with its last version.*mode: restore/s)
  expect(run.stdout).not.toMatch(/role Admin/)
})

it.concurrent('E-30 counts the last version as deleted when the answer to its DELETE was lost', async () => {
  await using here = await emptied()
  here.scene.github.faults.on({ method: 'DELETE' }, { kind: 'lost-502' })
  const run = await here.scene.run(UNTAGGED)
  expect(run.outputs).toMatchObject({ 'deleted-count': '3', 'failed-count': '0' })
  expect(run.errors.join()).toMatch(/GitHub dropped the package with its last version/)
})

it.concurrent.each<[string, (run: Run, digests: readonly string[]) => string]>([
  ['the report', run => reportOf(run)],
  ['digests', (_, digests) => digests.join(' ')],
  ['a time', () => 'since 3h']
])('E-30 restores the package and then its versions by %s', async (_, what) => {
  await using here = await emptied()
  const { scene, digests } = here
  const first = await scene.run(UNTAGGED)
  const back = await scene.run({ mode: 'restore', packages: 'app', restore: what(first, digests) })
  expect(back.errors).toEqual([])
  expect(back.outputs['restored-count']).toBe('3')
  expect(scene.app.digests()).toEqual(new Set(digests))
})

it.concurrent('E-30 restores nothing in a dry run', async () => {
  await using here = await emptied()
  const first = await here.scene.run(UNTAGGED)
  const writes = here.scene.github.writes.length
  const dry = await here.scene.run({ mode: 'restore', restore: reportOf(first), 'dry-run': 'true' })
  expect(dry.errors).toEqual([])
  expect(dry.warnings.join()).toMatch(/package.*restored first/)
  expect(here.scene.github.writes).toHaveLength(writes)
})

it.concurrent('E-30 tells a run that does not find the package that its last version may have taken it', async () => {
  await using here = await emptied()
  await here.scene.run(UNTAGGED)
  const next = await here.scene.run(UNTAGGED)
  expect(next.errors.join()).toMatch(/if it was deleted.*mode: restore/s)
})
