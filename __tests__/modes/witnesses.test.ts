import { expect, test } from '@jest/globals'
import { startCacheService } from '../emulator/cache-service.ts'
import { registryError } from '../emulator/registry-auth.ts'
import { image, index, manifest } from '../emulator/shapes.ts'
import { scene } from '../helpers/check-run.ts'
import { ago, openScene } from './retain/runs.ts'

/** One witness denies once, or cannot be asked: nothing negative follows, whichever mode asks. */

const DENIAL = { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') } as const
const NOT_FOUND = { kind: 'answer', answer: { status: 404, body: { message: 'Not Found' } } } as const
const BROKEN = { kind: 'answer', answer: { status: 500, body: 'out of order' } } as const
const of = (name: string) => new RegExp(`/manifests/${name}$`)

test.concurrent('E-01 a version that GitHub does not find once keeps its platforms while the registry has it', async () => {
  await using scene = await openScene()
  const { app, github, clock, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(95) })
  const platform = manifest()
  app.push(platform, { at: ago(90) })
  // The index is alone on a page that nobody looks at for new ones, so it is looked at by its id.
  const others = (days: number) => {
    for (let n = 0; n < 100; n++) app.push(manifest(), { at: ago(days) })
  }
  others(85)
  const build = app.push(index([{ shape: platform, platform: 'linux/amd64' }]), {
    tags: ['sha-1'],
    at: ago(80)
  })
  others(75)
  github.faults.on(
    { host: 'registry', path: of('sha256:\\w+'), times: 1 },
    { kind: 'first', run: () => clock.sleep(20_000) }
  )
  const look = { host: 'api', method: 'GET', path: new RegExp(`/versions/${build.id}$`) } as const
  github.faults.on({ ...look, times: 1 }, NOT_FOUND)
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(github.requests.find(one => one.method === 'GET' && look.path.test(one.path))?.status).toBe(404)
  expect(github.writes).toEqual([])
  expect(result.errors.join()).toMatch(/GitHub does not find it, but the registry has it/)
  expect((await run({ 'delete-tags': 'sha-*' })).outputs['deleted-count']).toBe('2')
})

test.concurrent('E-06 a tag that the registry denies once is stripped all the same', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1', 'rc-1'], at: ago(90) })
  // A HEAD has no body that tells why, so the GET behind it is denied as well.
  github.faults.on({ host: 'registry', path: of('rc-1'), after: 1, times: 2 }, DENIAL)
  const result = await run({ 'delete-tags': 'rc-*', untag: 'true' })
  expect(result).toMatchObject({ code: 0, outputs: { 'untagged-count': '1' } })
  expect(app.tags()).not.toHaveProperty('rc-1')
})

test.concurrent('E-06 a restore takes no tag from what is pushed while it runs, though the list lags and the registry denies it once', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const first = await run({ 'delete-tags': 'sha-*' })
  const pushed = { digest: '' }
  const push = () => {
    const newer = app.push(manifest(), { tags: ['sha-1'] })
    pushed.digest = newer.digest
    app.lie({ kind: 'drop', id: newer.id })
    github.faults.on({ host: 'registry', path: of('sha-1'), times: 2 }, DENIAL)
  }
  github.faults.on({ method: 'POST', path: /\/restore$/ }, { kind: 'then', run: push })
  await run({ mode: 'restore', restore: first.outputs['report'] ?? '', packages: 'app' })
  expect(app.tags()['sha-1']).toBe(pushed.digest)
})

test.concurrent('E-06 a restore gives a tag back to nobody when a push has it by now', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(manifest(), { tags: ['sha-1', 'sha-2'], at: ago(80) })
  const first = await run({ 'delete-tags': 'sha-*' })
  app.push(manifest(), { tags: ['sha-1'] })
  const pushed = { digest: '' }
  github.faults.on(
    { method: 'POST', path: /\/restore$/ },
    {
      kind: 'then',
      run: () => {
        app.tag(build, 'sha-1')
        pushed.digest = app.push(manifest(), { tags: ['sha-1'] }).digest
      }
    }
  )
  await run({ mode: 'restore', restore: first.outputs['report'] ?? '', packages: 'app' })
  expect(app.tags()['sha-1']).toBe(pushed.digest)
})

test.concurrent('E-04 a package whose deletion was confirmed and not carried out is not gone because GitHub fails once', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const path = /\/packages\/container\/app$/
  const trouble = { kind: 'answer', answer: { status: 403, body: { message: 'out of order' } } } as const
  const fail = () => github.faults.on({ method: 'GET', path, times: 1 }, trouble)
  github.faults.on({ method: 'DELETE', path }, { kind: 'first', run: fail })
  github.faults.on({ method: 'DELETE', path }, { kind: 'answer', answer: { status: 204 } })
  const inputs = { mode: 'purge', purge: 'package', confirm: 'app', packages: 'app' }
  const result = await run({ ...inputs, token: world.classic('olivia') })
  expect(result.errors.join()).toMatch(/still there/)
})

test.concurrent('a purged package of which GitHub cannot be asked any more is gone where the registry denies it', async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const path = /\/packages\/container\/app$/
  const trouble = { kind: 'answer', answer: { status: 403, body: { message: 'out of order' } } } as const
  const fail = () => github.faults.on({ method: 'GET', path }, trouble)
  github.faults.on({ method: 'DELETE', path }, { kind: 'first', run: fail })
  const inputs = { mode: 'purge', purge: 'package', confirm: 'app', packages: 'app' }
  const result = await run({ ...inputs, token: world.classic('olivia') })
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '1' } })
})

test.concurrent('law 3: a package that the token may not see any more at its DELETE is not called deleted', async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const path = /\/packages\/container\/app$/
  const unseen = { kind: 'answer', answer: { status: 404, body: { message: 'Package not found.' } } } as const
  const hide = () => github.faults.on({ method: 'GET', path }, unseen)
  github.faults.on({ method: 'DELETE', path }, { kind: 'first', run: hide })
  github.faults.on({ method: 'DELETE', path }, unseen)
  const inputs = { mode: 'purge', purge: 'package', confirm: 'app', packages: 'app' }
  const result = await run({ ...inputs, token: world.classic('olivia') })
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '0' } })
  expect(result.errors.join()).toMatch(/check whether app is there/)
})

test.concurrent('law 3: a purge is not green where nobody says that the image cannot be pulled any more', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const bad = app.push(manifest(), { tags: ['bad'], at: ago(1) })
  github.faults.on(
    { method: 'DELETE', times: 1 },
    { kind: 'then', run: () => github.faults.on({ host: 'registry', path: of(bad.digest) }, BROKEN) }
  )
  const result = await run({ mode: 'purge', purge: 'bad', confirm: 'app' })
  expect(app.version(bad.digest)).toBeUndefined()
  expect(result.errors.join()).toMatch(/Whether 1 deleted version can still be pulled by digest is unknown/)
})

test.concurrent('E-08 a package of one’s own is not absent while the registry has it: nothing is built', async () => {
  await using own = await scene()
  const { github, world, run } = own
  world.user('olivia')
  world.package('olivia/tool', { repository: 'olivia/tool' }).push(image(), { tags: ['v1'], at: ago(90) })
  github.faults.on({ host: 'api', path: /\/packages\/container\/tool$/ }, NOT_FOUND)
  github.faults.on(
    { host: 'api', path: /\/packages$/ },
    { kind: 'answer', answer: { status: 200, body: [] } }
  )
  const inputs = { owner: 'olivia', packages: 'tool', 'required-tags': 'v1' }
  const result = await run(inputs, world.classic('olivia'))
  expect(result).toMatchObject({ code: 1, outputs: { 'missing-tags': '' } })
  expect(result.stdout).toMatch(/It does not exist, or this token may not see it/)
})

const LISTED = 'GitHub lists it, but the registry says that there is no such manifest'

test.concurrent.each([
  ['tagged', 'is deleted and still listed', ''],
  ['daily', 'is deleted and still listed', ''],
  ['untagged', 'is deleted and still listed', ''],
  ['tagged', 'the registry denies', LISTED],
  ['daily', 'the registry denies', LISTED],
  ['untagged', 'the registry denies', LISTED],
  ['tagged', 'is deleted, still listed, and the registry does not tell of', 'HTTP 500']
])('E-03 a %s version that %s takes no place of one that is there', async (kind, how, error) => {
  await using scene = await openScene({ contract: 'off' })
  await using cache = await startCacheService()
  const { app, run, world } = scene
  world.deletedTags = 'shown'
  const push = (days: number) => {
    const tags = kind === 'untagged' ? [] : [`sha-${days}`]
    return { ...app.push(manifest(), { at: ago(days), tags }), tags }
  }
  app.push(manifest(), { tags: ['v1'], at: ago(95) })
  push(90)
  const newest = push(80)
  const ghosts = [push(70), push(60)]
  const rule = (keep: number): string =>
    `{ name: builds, action: delete, match: { tags: sha-* }, keep-daily: ${keep} }`
  const policy = (keep: number): Record<string, string> =>
    ({
      tagged: { 'delete-tags': 'sha-*', 'keep-at-least': `${keep}` },
      untagged: { 'delete-untagged': 'true', 'keep-untagged': `${keep}` },
      daily: { policy: `{ version: 1, packages: [{ match: app, rules: [${rule(keep)}] }] }` }
    })[kind] ?? {}
  // What the manifests are is remembered from here on. Something goes, or none would be read.
  push(100)
  await run(policy(4), { env: cache.env })
  app.row.deleted.clear()
  app.lie({ kind: 'linger' })
  for (const ghost of ghosts) {
    if (how !== 'the registry denies') app.delete(ghost)
    const names = how === 'the registry denies' ? [ghost.digest, ...ghost.tags] : [ghost.digest]
    const trouble = how === 'the registry denies' ? DENIAL : BROKEN
    if (error !== '')
      scene.github.faults.on({ host: 'registry', path: of(`(?:${names.join('|')})`) }, trouble)
  }
  const result = await run(policy(1), { env: cache.env })
  expect(app.version(newest.digest)).toBeDefined()
  expect(result.errors.join()).toMatch(error === '' ? /^$/ : error)
})

test.concurrent('law 3: a pattern finds a package that the list lacks once', async () => {
  await using scene = await openScene()
  const { app, github, run, world } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const list = { host: 'api', path: /\/orgs\/acme\/packages$/, times: 1 } as const
  github.faults.on(list, { kind: 'answer', answer: { status: 200, body: [] } })
  const result = await run({ 'delete-tags': 'sha-*', packages: 'a*', token: world.classic('olivia') })
  expect(result).toMatchObject({ code: 0, outputs: { packages: '["app"]', 'deleted-count': '1' } })
})
