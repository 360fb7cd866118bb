import { expect, it } from '@jest/globals'
import { deletions } from '../../../src/apply/applier.ts'
import type { ApplyContext } from '../../../src/apply/apply.ts'
import { batchAfter, looksAt } from '../../../src/apply/drift/looks.ts'
import type { Room } from '../../../src/github/rate-limit/aside.ts'
import type { LoadedPackage } from '../../../src/inventory/load.ts'
import { emptyPlan, type Step } from '../../../src/model/decision.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'
import { digestOf, somePackage, version } from '../../helpers/make.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => version(name)) as [
  ReturnType<typeof version>,
  ReturnType<typeof version>,
  ReturnType<typeof version>,
  ReturnType<typeof version>
]

it.each([
  ['nothing is asked for', [], [], { pages: [], singles: [] }],
  ['one version is read by itself', [a], [3], { pages: [], singles: [a] }],
  ['two of a page take that page', [a, b], [3, 3], { pages: [3], singles: [] }],
  ['a lonely one beside them is read by itself', [a, b, c], [3, 3, 4], { pages: [3], singles: [c] }],
  ['scattered ones take a request each', [a, b, c, d], [1, 2, 3, 4], { pages: [], singles: [a, b, c, d] }],
  ['nobody knows the page', [a, b], [undefined, undefined], { pages: [], singles: [a, b] }]
])('chooses the fewest requests: %s', (_, versions, places, expected) => {
  expect(looksAt(versions, one => places[versions.indexOf(one)])).toEqual(expected)
})

it('reads any number of versions by themselves whose page nobody knows', () => {
  expect(looksAt(Array(300_000).fill(a), () => undefined).singles).toHaveLength(300_000)
})

it.each([
  [0, 8],
  [8, 8],
  [21, 21],
  [400, 30]
])('after %d versions were asked about, a look covers %d', (asked, covered) => {
  expect(batchAfter(asked)).toBe(covered)
})

it.each([
  ['nothing', 0, 6],
  ['60,000 versions', 60_000, 10]
])(
  'law 11 sets room aside for the look at 150,000 deleted images, behind a run that deleted %s',
  (_, past, requests) => {
    const steps = Array.from({ length: 150_000 }, (_, id): Step => {
      const one = version('a', { id })
      return { action: 'delete', version: one, after: [], root: digestOf(String(id)) }
    })
    const checked = Array.from({ length: past }, (_, id) => ({ id: 200_000 + id, at: 1 }))
    const recollection = { deletions: { unchecked: [], checked } }
    const loaded = { inventory: { versions: [] }, listing: { versions: [], pageOf: new Map() }, recollection }
    let room: ((deleted: number) => Room) | undefined
    const setAside = (wanted: () => Room) => {
      room = wanted
      return () => {}
    }
    const context = { setAside, packages: {}, registry: {}, clock: fakeClock() }
    const scope = { pkg: somePackage, journal: {}, context } as unknown as ApplyContext
    deletions({ ...emptyPlan(somePackage), steps }, loaded as unknown as LoadedPackage)(scope)
    expect(room?.(0).requests).toBe(requests)
  }
)
