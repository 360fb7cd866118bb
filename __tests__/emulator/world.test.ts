import { expect, it } from '@jest/globals'
import { referrerTag } from '../../src/model/digest.ts'
import { contractViolations } from './contract.ts'
import type { Lie } from './lies.ts'
import { cosignTag, image, index, manifest } from './shapes.ts'
import { createWorld } from './world.ts'

const row = (page: { rows: readonly { id: number }[] }) => page.rows.map(({ id }) => id)

it('tells which tags cannot be pulled, and what they lack at any depth', () => {
  const world = createWorld()
  const app = world.package('acme/app')
  const leaf = manifest()
  const outer = app.push(index([{ shape: index([{ shape: leaf, platform: 'linux/amd64' }]) }]), {
    tags: ['v1', 'latest']
  })
  expect(world.broken()).toEqual([])
  app.delete(leaf)
  expect(world.pullable('acme/app', 'v1')).toEqual([`acme/app:v1 lacks ${leaf.digest}`])
  expect(world.broken()).toHaveLength(2)
  app.delete(outer)
  expect(world.broken()).toEqual([])
  expect(world.pullable('acme/app', 'v1')).toEqual(['acme/app:v1 does not exist'])
})

it('attests as GitHub does: every new bundle pushes the fallback index anew and strands the last one', () => {
  const world = createWorld()
  const app = world.package('acme/app')
  const subject = app.push(image(), { tags: ['v1'] })
  const before = app.digests().size
  const first = app.attest(subject)
  const second = world.package('acme/app').attest(subject)
  expect(app.digests().size).toBe(before + 4)
  const holder = app.version(app.tags()[referrerTag(subject.digest)] ?? subject.digest)
  const names = JSON.parse(holder?.bytes.toString() ?? '').manifests.map(
    (each: { digest: string }) => each.digest
  )
  expect(names).toEqual([first.digest, second.digest])
  app.sign(subject)
  expect(app.tags()).toHaveProperty([cosignTag(subject, 'sig')])
})

it.each<[string, (ids: readonly number[]) => Lie, (ids: readonly number[]) => number[]]>([
  ['repeats', ids => ({ kind: 'repeat', id: ids[1]!, gap: 2 }), ([a, b, c]) => [a!, b!, c!, b!]],
  ['drops', ids => ({ kind: 'drop', id: ids[1]! }), ([a, , c]) => [a!, c!]],
  ['keeps rows that are', ids => ({ kind: 'undated', id: ids[0]! }), ([a, b, c]) => [a!, b!, c!]]
])('a lie %s in the listing alone', async (_, lie, expected) => {
  const world = createWorld()
  const app = world.package('acme/app')
  for (let n = 0; n < 3; n++) app.push(manifest(), { at: 1.7e12 + n * 1_000 })
  const ids = row(await world.store.page(app.row, 'active', 0, 100))
  app.lie(lie(ids))
  expect(row(await world.store.page(app.row, 'active', 0, 100))).toEqual(expected(ids))
  expect(await world.store.count(app.row)).toBe(3)
  app.truth()
  expect(row(await world.store.page(app.row, 'active', 0, 100))).toEqual(ids)
})

it.each([0, 1, 2, 9])('a listing that lags shows the world before the last %i changes', async changes => {
  const world = createWorld()
  const app = world.package('acme/app')
  const old = app.push(manifest(), { tags: ['latest'], at: 1.7e12 })
  app.lie({ kind: 'lag', changes })
  const young = app.push(manifest(), { at: 1.71e12 })
  app.tag(young, 'latest')
  app.delete(old)
  const { rows } = await world.store.page(app.row, 'active', 0, 100)
  const seen = rows.map(each => [each.id, each.tags.join()])
  const [o, y] = [old.id, young.id]
  const history = [
    [[o, 'latest']],
    [
      [y, ''],
      [o, 'latest']
    ],
    [
      [y, 'latest'],
      [o, '']
    ],
    [[y, 'latest']]
  ]
  expect(seen).toEqual(history[Math.max(0, 3 - changes)])
})

it.each([
  ['GET', '/user/packages/container/a/versions', 200, [{ id: 'x' }], /must be integer/],
  [
    'GET',
    '/organizations/7/packages/container/a%2Fb/versions',
    200,
    [{}],
    /must have required property 'name'/
  ],
  ['DELETE', '/orgs/acme/packages/container/a/versions/1', 204, {}, /no body/],
  ['DELETE', '/orgs/acme/packages/container/a/versions/1', 422, {}, /not a documented answer/],
  ['DELETE', '/orgs/acme/packages/container/a/versions/1', 400, { message: 1 }, /must be string/],
  ['GET', '/orgs/acme/nonsense', 200, {}, /no operation/]
])('the contract finds what is wrong with %s %s %i', (method, path, status, body, problem) => {
  expect(contractViolations(method, path, status, body).join('\n')).toMatch(problem)
})

it('the contract has nothing against what GitHub answers', () => {
  const place = '/orgs/acme/packages/container/app/versions/1'
  expect(contractViolations('DELETE', place, 204, undefined)).toEqual([])
  expect(contractViolations('DELETE', place, 400, { message: 'no', status: '400' })).toEqual([])
  expect(contractViolations('GET', '/repos/a/b/git/matching-refs/tags/v1/x', 200, [])).toEqual([])
})
