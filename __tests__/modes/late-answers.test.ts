import { expect, it } from '@jest/globals'
import type { Pushed } from '../emulator/builder.ts'
import { registryError } from '../emulator/registry-auth.ts'
import { renderVersion } from '../emulator/render.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { reportOf } from '../helpers/saved-report.ts'
import { ago, openScene, type Scene } from './retain/runs.ts'

/** One list of GitHub's is late where another witness is not: nothing is taken for back, gone or unchanged by its word. */

const BUILDS = { 'delete-tags': 'sha-*' }

function layDown({ app, world }: Scene): Pushed {
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
  return app.push(image(), { tags: ['sha-1'], at: ago(80) })
}

const restore = ({ run }: Scene, what: string) => run({ mode: 'restore', restore: what, packages: 'app' })

it.concurrent.each([
  ['a report', reportOf],
  ['its tag', () => 'sha-1'],
  ['a time', () => 'since 3h']
])(
  'law 3: a version that still stands in the list is restored by %s: it is listed as deleted, too',
  async (_, what) => {
    await using scene = await openScene()
    const { app, github } = scene
    const build = layDown(scene)
    const first = await scene.run(BUILDS)
    app.lie({ kind: 'linger' })
    github.faults.on({ query: /state=deleted/, times: 1 }, { kind: 'then', run: () => app.truth() })
    const back = await restore(scene, what(first))
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()['sha-1']).toBe(build.digest)
  }
)

it.concurrent('law 3: a restore of what only late answers show as there is red, also where the list of deleted versions is late', async () => {
  await using scene = await openScene()
  const { app, github } = scene
  layDown(scene)
  const first = await scene.run(BUILDS)
  for (const row of app.row.deleted.values()) {
    const { deleted_at: _, ...body } = renderVersion(app.row, row, github.apiUrl, 'shown')
    const look = { method: 'GET', path: new RegExp(`/versions/${row.id}$`), times: 1 } as const
    github.faults.on(look, { kind: 'answer', answer: { status: 200, body } })
  }
  app.lie({ kind: 'linger' })
  app.lie({ kind: 'unlisted' })
  github.faults.on({ query: /state=deleted/, times: 1 }, { kind: 'then', run: () => app.truth() })
  const back = await restore(scene, reportOf(first))
  expect(back.code).toBe(1)
  expect(back.errors.join()).toMatch(/GitHub listed it as there, but it is not: run it again/)
})

it.concurrent.each(['stay', 'move back'] as const)(
  'law 3: a restore leaves a tag where the registry has it, though the list shows it where it was before (tags %s)',
  async tags => {
    await using scene = await openScene()
    const { app, github, world } = scene
    world.restoredTags = tags
    layDown(scene)
    const first = await scene.run(BUILDS)
    app.push(manifest(), { tags: ['sha-1'], at: ago(2) })
    const newer = app.push(manifest(), { at: ago(1) })
    app.lie({ kind: 'lag', changes: 1 })
    app.tag(newer, 'sha-1')
    const list = { method: 'POST', path: /restore$/, times: 1 } as const
    github.faults.on(list, { kind: 'then', run: () => app.truth() })
    expect((await restore(scene, reportOf(first))).code).toBe(0)
    expect(app.tags()['sha-1']).toBe(newer.digest)
  }
)

it.concurrent('law 3: a restore gives a tag back to its holder, though the registry says once that it is still on what is deleted', async () => {
  await using scene = await openScene()
  const { app, github, world } = scene
  world.restoredTags = 'move back'
  const build = layDown(scene)
  const first = await scene.run(BUILDS)
  const newer = app.push(manifest(), { tags: ['sha-1'], at: ago(2) })
  const headers = { 'docker-content-digest': build.digest }
  github.faults.on(
    { host: 'registry', path: /manifests\/sha-1$/, times: 1 },
    { kind: 'answer', answer: { status: 200, headers, body: '' } }
  )
  expect((await restore(scene, reportOf(first))).code).toBe(0)
  expect(app.tags()['sha-1']).toBe(newer.digest)
})

it.concurrent('law 3: a restore is red where the registry does not say who had a tag before, and the list lags', async () => {
  await using scene = await openScene()
  const { app, github, world } = scene
  world.restoredTags = 'move back'
  const { id } = layDown(scene)
  const first = await scene.run(BUILDS)
  const newer = app.push(manifest(), { at: ago(1) })
  // The two parts that come back before it count as well.
  app.lie({ kind: 'lag', changes: 3 })
  app.tag(newer, 'sha-1')
  const head = { host: 'registry', path: /manifests\/sha-1$/ } as const
  github.faults.on(head, { kind: 'answer', answer: { status: 500 } })
  const heal = () => {
    app.truth()
    github.faults.clear()
  }
  const root = { method: 'POST', path: new RegExp(`${id}/restore$`), times: 1 } as const
  github.faults.on(root, { kind: 'first', run: heal })
  const back = await restore(scene, reportOf(first))
  expect(back.code).toBe(1)
  expect(back.errors.join()).toMatch(
    /Whether another version had the tag sha-1 before the restore is unknown/
  )
})

it.concurrent('law 3: a restore right after the deletion is sent, though every list and the registry lag', async () => {
  await using scene = await openScene()
  const { app } = scene
  const build = layDown(scene)
  const first = await scene.run(BUILDS)
  for (const kind of ['linger', 'unlisted', 'served'] as const) app.lie({ kind })
  const back = await restore(scene, reportOf(first))
  app.truth()
  expect(app.tags()['sha-1']).toBe(build.digest)
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
})

it.concurrent.each(['all', 'some'])(
  'law 3: a time is red where GitHub does not say of %s versions when they were deleted',
  async which => {
    await using scene = await openScene()
    const { app } = scene
    const build = layDown(scene)
    const other = app.push(manifest(), { tags: ['sha-2'], at: ago(70) })
    await scene.run(BUILDS)
    const rows = [...app.row.deleted.values()].reverse().map(row => {
      const { deleted_at, ...undated } = renderVersion(app.row, row, scene.github.apiUrl, 'shown')
      return which === 'all' || row.digest === build.digest ? undated : { ...undated, deleted_at }
    })
    const list = { method: 'GET', query: /state=deleted/, times: 2 } as const
    scene.github.faults.on(list, { kind: 'answer', answer: { status: 200, body: rows } })
    const back = await restore(scene, 'since 3h')
    expect(back.code).toBe(1)
    expect(back.errors.join()).toMatch(
      /GitHub does not say when \d deleted versions? went, .*The first is sha256:/
    )
    expect(app.version(other.digest) !== undefined).toBe(which === 'some')
  }
)

it.concurrent('law 3: what came back is made whole, though GitHub does not list it yet', async () => {
  await using scene = await openScene()
  const { app, github, world } = scene
  layDown(scene)
  await scene.run(BUILDS)
  const lag = () => app.lie({ kind: 'lag', changes: 9 })
  github.faults.on({ method: 'POST', path: /restore$/, times: 1 }, { kind: 'first', run: lag })
  expect(await restore(scene, 'sha-1')).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
  expect(world.pullable('acme/app', 'sha-1')).toEqual([])
})

it.concurrent.each([1, 2])(
  'law 3: what came back is made whole, though GitHub does not list it yet and the registry denies it at %d looks',
  async looks => {
    await using scene = await openScene()
    const { app, github, world } = scene
    const build = layDown(scene)
    await scene.run(BUILDS)
    const lag = () => {
      app.lie({ kind: 'lag', changes: 9 })
      // A HEAD has no body that tells why, so the GET behind it is denied as well.
      github.faults.on(
        { host: 'registry', path: new RegExp(`manifests/${build.digest}`), times: 2 * looks },
        { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') }
      )
    }
    github.faults.on({ method: 'POST', path: /restore$/, times: 1 }, { kind: 'first', run: lag })
    expect(await restore(scene, 'sha-1')).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(world.pullable('acme/app', 'sha-1')).toEqual([])
  }
)

it.concurrent.each([
  ['its digest', ({ digest }: Pushed) => digest],
  ['its tag', () => 'sha-1']
])(
  'law 3: what came back by %s is made whole, though the registry still serves its platforms',
  async (_, what) => {
    await using scene = await openScene()
    const { app, world } = scene
    const build = layDown(scene)
    await scene.run(BUILDS)
    app.lie({ kind: 'served' })
    const back = await restore(scene, what(build))
    app.truth()
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(world.pullable('acme/app', 'sha-1')).toEqual([])
  }
)

it.concurrent('law 11: platforms that are pushed again amid a restore are there, whatever the list said before', async () => {
  await using scene = await openScene()
  const { app, github, world } = scene
  const build = layDown(scene)
  await scene.run(BUILDS)
  const push = () => build.children.map(({ shape }) => app.push(shape))
  // The list of versions has been read by then.
  github.faults.on({ query: /state=deleted/, after: 2, times: 1 }, { kind: 'first', run: push })
  app.lie({ kind: 'served' })
  const back = await restore(scene, build.digest)
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '1', 'failed-count': '0' } })
  expect(world.pullable('acme/app', 'sha-1')).toEqual([])
})

it.concurrent.each(['since 3h', 'sha-1 sha-2'])(
  'law 11: a digest that was deleted twice comes back once, with all its tags, by %s',
  async what => {
    await using scene = await openScene()
    const { app } = scene
    layDown(scene)
    const one = app.push(manifest(), { tags: ['sha-1'], at: ago(8) })
    app.delete(one)
    app.delete(app.push(one.shape, { tags: ['sha-2'] }))
    const back = await restore(scene, what)
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '1', 'failed-count': '0' } })
    expect(app.tags()).toMatchObject({ 'sha-1': one.digest, 'sha-2': one.digest })
  }
)

it.concurrent('law 3: a time is red, too, where the package has to come back first', async () => {
  await using scene = await openScene()
  const { app, github, world } = scene
  const build = layDown(scene)
  await scene.run(BUILDS)
  const rows = [...app.row.deleted.values()].reverse().map(row => {
    const { deleted_at: _, ...undated } = renderVersion(app.row, row, github.apiUrl, 'shown')
    return undated
  })
  world.removePackage(app.row)
  const list = { method: 'GET', query: /state=deleted/ } as const
  github.faults.on({ ...list, times: 2 }, { kind: 'answer', answer: { status: 200, body: rows } })
  const back = await restore(scene, 'since 3h')
  expect(app.version(build.digest)).toBeUndefined()
  expect(back.errors.join()).toMatch(/GitHub does not say when 3 deleted versions went/)
})

it.concurrent('law 3: a restore that was confirmed in vain is red, though the registry serves the version for a while', async () => {
  await using scene = await openScene()
  const { app, github } = scene
  const build = layDown(scene)
  const first = await scene.run(BUILDS)
  app.lie({ kind: 'served' })
  const path = new RegExp(`/versions/${build.id}/restore$`)
  github.faults.on({ method: 'POST', path }, { kind: 'answer', answer: { status: 204 } })
  github.faults.on(
    { method: 'GET', path: new RegExp(`/versions/${build.id}$`), after: 1, times: 1 },
    { kind: 'first', run: () => app.truth() }
  )
  const back = await restore(scene, reportOf(first))
  expect(app.version(build.digest)).toBeUndefined()
  expect(back.errors.join()).toMatch(/GitHub answered that it is restored, but it is not there/)
})

it.concurrent('law 3: a tag that was deleted twice comes back as it was last, though that deletion does not show at first', async () => {
  await using scene = await openScene()
  const { app, github } = scene
  layDown(scene)
  const deleted = (days: number): Pushed => {
    const one = app.push(manifest(), { tags: ['v2'], at: ago(days + 1) })
    app.delete(one)
    const row = app.row.deleted.get(one.id)
    if (row !== undefined) row.deleted = ago(days)
    return one
  }
  deleted(9)
  const last = deleted(1)
  const row = app.row.deleted.get(last.id)
  if (row === undefined) throw new Error('it is not deleted')
  app.row.deleted.delete(last.id)
  github.faults.on(
    { query: /state=deleted/, times: 1 },
    { kind: 'then', run: () => app.row.deleted.set(last.id, row) }
  )
  expect((await restore(scene, 'v2')).code).toBe(0)
  expect(app.tags()['v2']).toBe(last.digest)
})

it.concurrent('law 3: a purge of what may be absent is red where the registry has it, whatever GitHub lists', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  const leak = app.push(manifest(), { at: ago(1) })
  app.lie({ kind: 'drop', id: leak.id })
  app.lie({ kind: 'count', value: 6 })
  const purged = await run({ mode: 'purge', purge: `${leak.digest}?`, confirm: 'app', packages: 'app' })
  expect(purged.code).toBe(1)
  expect(purged.errors.join()).toMatch(/is in the registry, but GitHub does not list its version yet/)
  expect(purged.summary).not.toContain('is not there')
})

it.concurrent('law 3: an approved plan that is applied without a policy takes no tag that moved, though the list lags', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene)
  const plan = reportOf(await run({ ...BUILDS, 'dry-run': 'true' }))
  app.lie({ kind: 'lag', changes: 1 })
  app.tag(build, 'prod')
  const applied = await run({ plan })
  expect(github.writes).toEqual([])
  expect(applied.outputs['deleted-count']).toBe('0')
  expect(app.tags()['prod']).toBe(build.digest)
})

it.concurrent.each([1, 2, 3])(
  'law 3: a purge is red when what it deleted was pushed again, though the registry denies it once (after %d)',
  async after => {
    await using scene = await openScene()
    const { app, github, run } = scene
    layDown(scene)
    const shape = manifest()
    const leak = app.push(shape, { tags: ['leak'], at: ago(1) })
    const pushAgain = () => {
      app.push(shape, { tags: ['leak'] })
      // A HEAD has no body that tells why, so the GET behind it is denied as well.
      github.faults.on(
        { host: 'registry', path: new RegExp(`manifests/${leak.digest}`), times: 2, after },
        { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') }
      )
    }
    const path = new RegExp(`/versions/${leak.id}$`)
    github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'then', run: pushAgain })
    const purged = await run({ mode: 'purge', purge: 'leak', confirm: 'app', packages: 'app' })
    expect(purged.errors.join()).toMatch(/can still be pulled by digest/)
  }
)

it.concurrent('law 3: a late tag comes back, though the registry says once that it is still where it was', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene)
  const headers = { 'docker-content-digest': String(app.tags()['prod']) }
  const move = () => {
    app.tag(build, 'prod')
    github.faults.on(
      { host: 'registry', path: /manifests\/prod$/, times: 1 },
      { kind: 'answer', answer: { status: 200, headers, body: '' } }
    )
  }
  const path = new RegExp(`/versions/${build.id}$`)
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: move })
  expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
  expect(app.tags()['prod']).toBe(build.digest)
})
