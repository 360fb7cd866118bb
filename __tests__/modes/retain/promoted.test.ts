import { expect, it } from '@jest/globals'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** What comes back at once may be promoted meanwhile: a restore takes back only what it may have taken. */

const CAME = /The tag prod came to sha256:\w+ with the restore or after it, and was on sha256:\w+ before/

const WORLDS = (['stay', 'move back'] as const).flatMap(restored =>
  (['a tag', 'an index'] as const).flatMap(why =>
    ([1, 2] as const).map(looks => [restored, why, looks] as const)
  )
)

it.concurrent.each(WORLDS)(
  'law 5: a tag that somebody moves to what came back at once stays there, and the run is red (tags %s; needed by %s; look %i)',
  async (restored, why, looks) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.restoredTags = restored
    const { build } = layDown(scene, why, 'shown')
    // Behind the restore the tag is looked for again and again: by then it has been seen where it was.
    const promote = () => {
      const head = {
        host: 'registry',
        method: 'HEAD',
        path: /manifests\/prod$/,
        times: 1,
        after: looks
      } as const
      github.faults.on(head, { kind: 'first', run: () => app.tag(build, 'prod') })
    }
    github.faults.on(restoring(build.id), { kind: 'then', run: promote })
    const result = await run({ 'delete-tags': 'sha-*' })
    expect(app.tags()['prod']).toBe(build.digest)
    expect(result.code).toBe(1)
    expect(result.errors.join()).toMatch(CAME)
    expect(result.warnings.join()).not.toMatch(/had taken the tag prod/)
  }
)

/** A build that is deleted and comes back at once, since it gets the tag `v2`, or an index needs it, at that moment. */
function layDown({ app, github, world }: Scene, why: 'a tag' | 'an index', deleted: 'shown' | 'hidden') {
  world.deletedTags = deleted
  const old = app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const claim = () => {
    if (why === 'a tag') app.tag(build, 'v2')
    else
      app.push(index([{ shape: build.shape }, { shape: manifest(), platform: 'linux/arm64' }]), {
        tags: ['x']
      })
  }
  const removal = { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 } as const
  github.faults.on(removal, { kind: 'first', run: claim })
  return { old, build }
}

const restoring = (id: number) =>
  ({ method: 'POST', path: new RegExp(`/versions/${id}/restore$`), times: 1 }) as const

it.concurrent.each(
  (['stay', 'move back'] as const).flatMap(restored =>
    (['a tag', 'an index'] as const).map(why => [restored, why] as const)
  )
)(
  'law 5: a tag that comes right behind the restore stays, where GitHub shows that the version did not have it (tags %s; needed by %s)',
  async (restored, why) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.restoredTags = restored
    const { build } = layDown(scene, why, 'shown')
    github.faults.on(restoring(build.id), { kind: 'then', run: () => app.tag(build, 'prod') })
    const result = await run({ 'delete-tags': 'sha-*' })
    expect(app.tags()['prod']).toBe(build.digest)
    expect(result.code).toBe(1)
    expect(result.errors.join()).toMatch(CAME)
    expect(result.warnings.join()).not.toMatch(/had taken the tag prod/)
  }
)

it.concurrent.each(['stay', 'move back'] as const)(
  'law 5: a tag that comes while what was restored does not show yet stays, though tags of deleted versions are hidden (tags %s)',
  async restored => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.restoredTags = restored
    const { build } = layDown(scene, 'an index', 'hidden')
    const look = { host: 'api', method: 'GET', path: new RegExp(`/versions/${build.id}$`), times: 1 } as const
    const promote = () => github.faults.on(look, { kind: 'then', run: () => app.tag(build, 'prod') })
    github.faults.on(restoring(build.id), { kind: 'then', run: promote })
    const result = await run({ 'delete-tags': 'sha-*' })
    expect(app.tags()['prod']).toBe(build.digest)
    expect(result.code).toBe(1)
    expect(result.errors.join()).toMatch(CAME)
  }
)

it.concurrent.each(
  (['stay', 'move back'] as const).flatMap(restored =>
    (['shown', 'hidden'] as const).map(deleted => [restored, deleted] as const)
  )
)(
  'law 5: what is restored and promoted at once keeps the tag, and the run is red (tags %s, %s)',
  async (restored, deleted) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.restoredTags = restored
    world.deletedTags = deleted
    app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    const report = reportOf(await run({ 'delete-tags': 'sha-*' }))
    // What was restored is listed before it is made whole, and only then come the looks at tags.
    const list = { host: 'api', method: 'GET', path: /\/versions$/, times: 1 } as const
    const promote = () => github.faults.on(list, { kind: 'then', run: () => app.tag(build, 'prod') })
    github.faults.on(restoring(build.id), { kind: 'then', run: promote })
    const back = await run({ mode: 'restore', restore: report })
    expect(app.tags()['prod']).toBe(build.digest)
    expect(back.code).toBe(1)
    expect(back.errors.join()).toMatch(CAME)
  }
)

it.concurrent('law 5: a restore that takes a tag says so, though the answer to the request that gives it back is lost', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.restoredTags = 'move back'
  const build = app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
  app.delete(build)
  const newer = app.push(image(), { tags: ['v2', 'prod'], at: ago(80) })
  github.faults.on({ host: 'registry', method: 'PUT' }, { kind: 'lost-502' })
  const back = await run({ mode: 'restore', packages: 'app', restore: build.digest })
  expect(app.tags()['prod']).toBe(newer.digest)
  expect(back.warnings.join()).toMatch(/had taken the tag prod from sha256:\w+: it is back there/)
})
