import { expect, it } from '@jest/globals'
import { batchAfter, looksAt } from '../../src/apply/drift.ts'
import { version } from '../helpers/make.ts'

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

it.each([
  [0, 8],
  [8, 8],
  [21, 21],
  [400, 30]
])('after %d versions were asked about, a look covers %d', (asked, covered) => {
  expect(batchAfter(asked)).toBe(covered)
})
