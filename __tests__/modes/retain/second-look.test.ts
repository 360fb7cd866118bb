import { expect, it } from '@jest/globals'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

/** What the run finds out about its own deletions when lists and answers do not tell the truth. */

const BUILDS = { 'delete-tags': 'sha-*' }

function layDown({ app, world }: Scene) {
  world.deletedTags = 'shown'
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  return { v1, build: app.push(image(), { tags: ['sha-1'], at: ago(80) }) }
}

const deleteOf = ({ id }: { id: number }) => ({ method: 'DELETE', path: new RegExp(`/versions/${id}$`) })
const isRestore = ({ method, path }: { method: string; path: string }) =>
  method === 'POST' && path.endsWith('/restore')

it('E-03 brings back nothing when deleted rows still stand in the list and in the count', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  github.faults.on(
    { ...deleteOf(build), times: 1 },
    { kind: 'first', run: () => app.lie({ kind: 'linger' }) }
  )
  const result = await run(BUILDS)
  expect(github.writes.filter(isRestore)).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3', 'restored-count': '0' } })
})

it('E-03 needs nothing for what is gone when the list of deleted versions lags as well', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  const lag = () => {
    app.lie({ kind: 'linger' })
    app.lie({ kind: 'unlisted' })
  }
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: lag })
  github.faults.on({ query: /state=deleted/, after: 2, times: 1 }, { kind: 'first', run: () => app.truth() })
  const result = await run(BUILDS)
  expect(github.writes.filter(isRestore)).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3', incomplete: 'false' } })
})

it('E-04 calls a deletion failed that GitHub confirmed and did not carry out', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const stubborn = app.push(manifest(), { tags: ['sha-2'], at: ago(70) })
  github.faults.on(deleteOf(stubborn), { kind: 'answer', answer: { status: 204 } })
  const result = await run(BUILDS)
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '3', 'failed-count': '1' } })
  expect(result.errors.join()).toMatch(/sha-2.*still there/)
  expect(app.version(stubborn.digest)).toBeDefined()
})

it('E-04 deletes no platform of an index whose deletion was confirmed and not carried out', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  github.faults.on(deleteOf(build), { kind: 'answer', answer: { status: 204 } })
  const result = await run(BUILDS)
  expect(result).toMatchObject({ code: 1, outputs: { 'deleted-count': '0', 'failed-count': '1' } })
  expect(github.writes.map(({ path }) => path)).toEqual([expect.stringMatching(`/versions/${build.id}$`)])
  expect(app.digests()).toEqual(digestsOf(v1, build))
})

it('E-05 finds a late tag although the list of deleted versions lags for ten seconds', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const { build } = layDown(scene)
  const late = () => {
    app.tag(build, 'v2')
    app.lie({ kind: 'unlisted' })
  }
  github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: late })
  github.faults.on({ query: /state=deleted/, after: 3, times: 1 }, { kind: 'first', run: () => app.truth() })
  const result = await run(BUILDS)
  expect(world.pullable('acme/app', 'v2')).toEqual([])
  expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '3', 'deleted-count': '0' } })
})

it('E-05 is red when GitHub never lists what was deleted, so that a late tag would not show', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, build } = layDown(scene)
  github.faults.on(
    { ...deleteOf(build), times: 1 },
    { kind: 'first', run: () => app.lie({ kind: 'unlisted' }) }
  )
  const result = await run(BUILDS)
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(/does not list 3 deleted versions.*mode: restore/s)
})

it.each([27, 29, 31, 35, 60])(
  'E-05 has requests left for the second look and the restores with %d requests above the reserve',
  async remaining => {
    await using scene = await openScene()
    const { app, github, world, token, run } = scene
    const { build } = layDown(scene)
    for (let number = 0; number < 20; number++)
      app.push(manifest(), { tags: [`sha-x${number}`], at: ago(60 - number) })
    github.faults.on({ ...deleteOf(build), times: 1 }, { kind: 'first', run: () => app.tag(build, 'v2') })
    github.faults.on(
      { path: /\/versions$/, times: 1 },
      { kind: 'first', run: () => github.limiter.leaveQuota(world.account(token), 50 + remaining, 3_000_000) }
    )
    const result = await run(BUILDS)
    if (result.outputs['deleted-count'] !== '0' || !app.version(build.digest))
      expect(app.tags()['v2']).toBe(build.digest)
    expect(github.limiter.quota(world.account(token)).remaining).toBeGreaterThanOrEqual(50)
    if (result.code === 0 && result.outputs['deleted-count'] !== '20')
      expect(result.outputs['incomplete']).toBe('true')
  }
)
