import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { startCacheService } from '../../emulator/cache-service.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { renderVersion } from '../../emulator/render.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** One witness is wrong, more than once or at the worst moment, while another one tells the truth. */

const BUILDS = { 'delete-tags': 'sha-*' }

function layDown({ app, world }: Scene): Pushed {
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
  return app.push(image(), { tags: ['sha-1'], at: ago(80) })
}

const at = ({ id }: Pushed): RegExp => new RegExp(`/versions/${id}$`)

/** What GitHub answers about a version at this moment, or once more later. */
function said({ app, github }: Scene, { digest }: Pushed): object {
  const row = app.version(digest)
  if (row === undefined) throw new Error('it is not there')
  return renderVersion(app.row, { ...row }, github.apiUrl, 'shown')
}

it.concurrent.each(['lost-502', 'lost-reset'] as const)(
  'law 5: a late tag comes back from a DELETE whose answer was lost (%s), though one GET still shows the version',
  async kind => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const build = layDown(scene)
    const before = said(scene, build)
    const path = at(build)
    const late = () => {
      app.tag(build, 'stable')
      github.faults.on(
        { method: 'GET', path, times: 1 },
        { kind: 'answer', answer: { status: 200, body: before } }
      )
    }
    github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: late })
    github.faults.on({ method: 'DELETE', path, times: 1 }, { kind })
    const result = await run(BUILDS)
    expect(app.tags()['stable']).toBe(build.digest)
    expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
  }
)

it.concurrent('law 5: what was deleted by a DELETE without an answer is no deletion of somebody else', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  const build = layDown(scene)
  const before = said(scene, build)
  const path = at(build)
  const lag = () =>
    github.faults.on(
      { method: 'GET', path, times: 1 },
      { kind: 'answer', answer: { status: 200, body: before } }
    )
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: lag })
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'lost-502' })
  expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'deleted-count': '3' } })
})

it.concurrent('law 5: a DELETE whose answer was lost was not skipped, though GitHub shows a late tag on the version before the next', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, clock, run } = scene
  const build = layDown(scene)
  const path = at(build)
  const late = () => {
    app.tag(build, 'stable')
    const version = said(scene, build)
    const rows = app.row.order.toReversed().map(row => renderVersion(app.row, row, github.apiUrl, 'shown'))
    github.faults.on({ method: 'GET', path, times: 1 }, { kind: 'first', run: () => clock.sleep(9_000) })
    github.faults.on(
      { method: 'GET', path, times: 1 },
      { kind: 'answer', answer: { status: 200, body: version } }
    )
    github.faults.on(
      { method: 'GET', path: /\/versions$/, times: 1 },
      { kind: 'answer', answer: { status: 200, body: rows } }
    )
  }
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: late })
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'lost-502' })
  await run(BUILDS)
  expect(github.requests.filter(one => one.method === 'DELETE' && path.test(one.path))).toHaveLength(1)
  expect(app.tags()['stable']).toBe(build.digest)
})

const DENIAL = { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') } as const
const manifestOf = ({ digest }: Pushed) =>
  ({ host: 'registry', path: new RegExp(`/manifests/${digest}$`) }) as const

it.concurrent.each([
  ['for good', Number.POSITIVE_INFINITY, 1],
  ['at that look', 3, 0]
])(
  'law 3: what the look after the deletions shows is new still when the next look does not show it; it cannot be read %s',
  async (_, times, code) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const build = layDown(scene)
    const adopt = () => {
      const adopter = app.push(index(build.children))
      const broken = { kind: 'answer', answer: { status: 500 } } as const
      github.faults.on({ ...manifestOf(adopter), times }, broken)
      const hide = () => app.lie({ kind: 'drop', id: adopter.id })
      github.faults.on({ path: /tags\/list$/, times: 1 }, { kind: 'then', run: hide })
    }
    github.faults.on({ method: 'DELETE', after: 2 }, { kind: 'first', run: adopt })
    const result = await run(BUILDS)
    expect(result.code).toBe(code)
    expect(result.outputs['restored-count']).toBe(code === 0 ? '1' : '0')
  }
)

it.concurrent('law 3: a version of which GitHub and the registry say for a moment that it was gone before keeps its platforms', async () => {
  await using scene = await openScene()
  const { github, world, run } = scene
  const build = layDown(scene)
  const path = at(build)
  const deny = () => github.faults.on({ ...manifestOf(build), times: 4 }, DENIAL)
  const gone = {
    kind: 'answer',
    answer: { status: 404, body: { message: 'Package version not found.' } }
  } as const
  github.faults.on({ method: 'DELETE', path }, { kind: 'first', run: deny })
  github.faults.on({ method: 'DELETE', path }, gone)
  github.faults.on({ method: 'GET', path, times: 1 }, gone)
  const result = await run(BUILDS)
  expect(world.pullable('acme/app', 'sha-1')).toEqual([])
  expect(result).toMatchObject({ code: 1, outputs: { 'restored-count': '2', 'failed-count': '1' } })
})

it.concurrent('law 3: a late tag comes back, though the registry goes on saying that it is where it was', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene)
  const headers = { 'docker-content-digest': String(app.tags()['prod']) }
  const late = () => {
    app.tag(build, 'prod')
    const old = { kind: 'answer', answer: { status: 200, headers, body: '' } } as const
    github.faults.on({ host: 'registry', path: /manifests\/prod$/, times: 3 }, old)
  }
  github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: late })
  expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
  expect(app.tags()['prod']).toBe(build.digest)
})

it.concurrent('law 3: a late tag that was moved back meanwhile stays there, as GitHub says, too', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene)
  const v1 = String(app.tags()['prod'])
  const path = at(build)
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: () => app.tag(build, 'prod') })
  const back = () => app.tag({ digest: v1 as Pushed['digest'] }, 'prod')
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'then', run: back })
  expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'restored-count': '0' } })
  expect(app.tags()['prod']).toBe(v1)
})

it.concurrent('law 3: min-remaining counts no image that is deleted, still listed, and remembered', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run } = scene
  const build = layDown(scene)
  const others = [70, 60].map(days => app.push(manifest(), { tags: [`v${days}`], at: ago(days) }))
  app.push(manifest(), { tags: ['sha-2'], at: ago(50) })
  await run({ 'delete-tags': 'sha-2' }, { env: cache.env })
  app.row.deleted.clear()
  app.lie({ kind: 'linger' })
  for (const one of others) app.delete(one)
  const result = await run({ ...BUILDS, 'min-remaining': '2' }, { env: cache.env })
  expect(app.tags()['sha-1']).toBe(build.digest)
  expect(result.code).toBe(1)
})

it.concurrent.each(['stay', 'move back'] as const)(
  'law 5: what comes back at once takes no tag from a push that has it by then (tags %s)',
  async tags => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.restoredTags = tags
    const build = layDown(scene)
    const path = at(build)
    const pushed = { digest: '' }
    const push = () => {
      pushed.digest = app.push(manifest(), { tags: ['sha-1'] }).digest
    }
    github.faults.on(
      { method: 'DELETE', path, times: 1 },
      { kind: 'first', run: () => app.tag(build, 'stable') }
    )
    github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'then', run: push })
    expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()).toMatchObject({ stable: build.digest, 'sha-1': pushed.digest })
  }
)

it.concurrent('law 5: is red where a restore at once was confirmed in vain, though the registry serves the version for a while', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, clock, token } = scene
  const build = layDown(scene)
  github.faults.on(
    { method: 'DELETE', path: at(build), times: 1 },
    { kind: 'first', run: () => app.tag(build, 'stable') }
  )
  const serve = () => app.lie({ kind: 'served' })
  github.faults.on({ method: 'POST', path: /restore$/, times: 1 }, { kind: 'first', run: serve })
  github.faults.on({ method: 'POST', path: /restore$/ }, { kind: 'answer', answer: { status: 204 } })
  github.faults.on(
    { method: 'GET', path: /\/versions\/\d+$/, after: 1, times: 1 },
    { kind: 'first', run: () => app.truth() }
  )
  // Past the laws: what GitHub does not bring back is lost.
  await using result = await runInside(github, { ...BUILDS, token }, clock)
  expect(result.code).toBe(1)
  expect(result.stdout).toContain(
    'GitHub answered that it is restored, but it is not there. `mode: restore` with `restore: sha256:'
  )
})

it.concurrent.each([1, 1_000])(
  'law 5: a restore at once that was confirmed in vain %i times is tried again, by the next run too',
  async times => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, clock, token, world, run } = scene
    const build = layDown(scene)
    github.faults.on(
      { method: 'DELETE', path: at(build), times: 1 },
      { kind: 'first', run: () => app.tag(build, 'stable') }
    )
    const restore = { method: 'POST', path: new RegExp(`/versions/${build.id}/restore$`) }
    github.faults.on({ ...restore, times }, { kind: 'answer', answer: { status: 204 } })
    // Past the laws: until the next run the tag is lost.
    await using first = await runInside(github, { ...BUILDS, token }, clock, { env: cache.env })
    expect(first.code).toBe(times === 1 ? 0 : 1)
    github.faults.clear()
    const second = await run(BUILDS, { env: cache.env })
    expect(second.code).toBe(0)
    expect(world.pullable('acme/app', 'stable')).toEqual([])
  }
)

it.concurrent('law 5: is red where what comes back takes a tag that cannot be given back', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.restoredTags = 'move back'
  const build = layDown(scene)
  const path = at(build)
  github.faults.on(
    { method: 'DELETE', path, times: 1 },
    { kind: 'first', run: () => app.tag(build, 'stable') }
  )
  const push = () => app.push(manifest(), { tags: ['sha-1'] })
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'then', run: push })
  github.faults.on({ host: 'registry', method: 'PUT' }, { kind: 'answer', answer: { status: 500 } })
  const result = await run(BUILDS)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(
    /The restore took the tag sha-1 from sha256:\w+, and it is not back there/
  )
})

it.concurrent('law 5: is red where nobody can tell whether what comes back takes a tag from a push', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.restoredTags = 'move back'
  const build = layDown(scene)
  const path = at(build)
  github.faults.on(
    { method: 'DELETE', path, times: 1 },
    { kind: 'first', run: () => app.tag(build, 'stable') }
  )
  const push = () => {
    app.push(manifest(), { tags: ['sha-1'] })
    github.faults.on(
      { host: 'registry', path: /manifests\/sha-1$/ },
      { kind: 'answer', answer: { status: 500 } }
    )
  }
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'then', run: push })
  const result = await run(BUILDS)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(
    /The restore may have taken the tag sha-1 from sha256:\w+ .*: if it is not there, put it back: `docker/
  )
})

it.concurrent.each([1, 2])(
  'law 3: what an index inside of a new index needs comes back, though the registry denies that index at %d looks',
  async times => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    const build = layDown(scene)
    const adopt = () => {
      const outer = app.push(index([{ shape: index(build.children) }]), { tags: ['v9'] })
      for (const one of [outer, ...outer.children]) app.lie({ kind: 'drop', id: one.id })
      github.faults.on({ ...manifestOf(outer.children[0] as Pushed), times }, DENIAL)
    }
    github.faults.on({ method: 'DELETE', after: 2 }, { kind: 'first', run: adopt })
    expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
    expect(world.pullable('acme/app', 'v9')).toEqual([])
  }
)

it.concurrent('law 3: a new index that needs an index which was just deleted brings it back with its platforms', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const build = layDown(scene)
  const adopt = () => app.push(index([{ shape: build.shape }]), { tags: ['v9'] })
  github.faults.on({ method: 'DELETE', path: at(build) }, { kind: 'first', run: adopt })
  expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
  expect(world.pullable('acme/app', 'v9')).toEqual([])
})

it.concurrent('law 5: a release that is pushed once more meanwhile brings back what it needs, though the list does not show it yet', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const build = layDown(scene)
  app.push(manifest(), { tags: ['v1.2.3'], at: ago(60) })
  const adopt = () => app.lie({ kind: 'drop', id: app.push(index(build.children), { tags: ['v1.2.3'] }).id })
  github.faults.on({ method: 'DELETE', after: 2 }, { kind: 'first', run: adopt })
  expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
  expect(world.pullable('acme/app', 'v1.2.3')).toEqual([])
})

it.concurrent.each([
  ['v1.2.3', 'the list lags behind it'],
  ['prod', 'right before the deletion']
])(
  'law 3: is red where the tag %s moved to what is deleted, %s, and GitHub hides the tags of that',
  async (tag, when) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    const build = layDown(scene)
    world.deletedTags = 'hidden'
    app.push(manifest(), { tags: ['v1.2.3'], at: ago(60) })
    const move = () => app.tag(build, tag)
    if (when === 'right before the deletion')
      github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
    else {
      app.lie({ kind: 'lag', changes: 1 })
      move()
    }
    const result = await run(BUILDS)
    expect(result.errors.join()).toContain(`The tag ${tag} stood on what stays, and stands on nothing now`)
    app.truth()
    const back = await run({ mode: 'restore', restore: result.outputs['report'] ?? '', packages: 'app' })
    expect([back.code, app.tags()[tag]]).toEqual([0, build.digest])
  }
)

it.concurrent('law 3: is red where the list of tags, which shows what stands on nothing any more, cannot be read at last', async () => {
  await using scene = await openScene()
  const { github, run } = scene
  layDown(scene)
  github.faults.on(
    { host: 'registry', path: /tags\/list$/, after: 3 },
    { kind: 'answer', answer: { status: 500 } }
  )
  const result = await run(BUILDS)
  expect(result.code).toBe(1)
  expect(result.errors.join()).toContain('The tags of the registry could not be read after the deletions')
})

it.concurrent('law 11: is not red where what stays was deleted by somebody else meanwhile, with its tags', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene)
  const other = app.push(manifest(), { tags: ['v1.2.3'], at: ago(60) })
  github.faults.on({ method: 'DELETE', path: at(build) }, { kind: 'first', run: () => app.delete(other) })
  expect(await run(BUILDS)).toMatchObject({ code: 0, outputs: { 'deleted-count': '3' } })
})
