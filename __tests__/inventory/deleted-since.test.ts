import { expect, test } from '@jest/globals'
import type { Context } from '../../src/context.ts'
import { deletedSince } from '../../src/inventory/deleted-since.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { digestOf, somePackage, version } from '../helpers/make.ts'

test('law 3: of a digest that GitHub lists twice, either row vouches', async () => {
  const [first, second, other] = [1, 2, 3].map(id => version(id === 3 ? 'other' : 'twin', { id }))
  const rows = [first, second, other].filter(row => row !== undefined)
  const packages = {
    listDeleted: async () => rows,
    version: async (_: unknown, id: number) => ({ seen: rows.find(row => row.id === id && id === 2) })
  }
  const ask = deletedSince(somePackage, { packages, clock: fakeClock() } as unknown as Context)
  expect(await ask(rows)).toEqual(new Set([digestOf('other')]))
})

test('law 3: what GitHub does not find and does not list as deleted is not gone', async () => {
  const [row, deleted] = [version('row', { id: 1 }), version('deleted', { id: 2 })]
  const packages = { listDeleted: async () => [deleted], version: async () => ({ seen: undefined }) }
  const ask = deletedSince(somePackage, { packages, clock: fakeClock() } as unknown as Context)
  expect(await ask([row, deleted])).toEqual(new Set([digestOf('deleted')]))
})
