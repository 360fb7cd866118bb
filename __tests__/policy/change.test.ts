import { expect, test } from '@jest/globals'
import { sha256Of } from '../../src/model/digest.ts'
import { changeOf } from '../../src/policy/change.ts'
import { inBounds } from '../helpers/in-bounds.ts'

test('E-42 what happened to a version with 250,000 tags is found in one pass', () => {
  const tagged = (from: number) => ({
    id: 1,
    digest: sha256Of(''),
    tags: Array.from({ length: 250_000 }, (_, at) => `pr-${from + at}`),
    created: 0,
    updated: 0
  })
  const change = (from: number) => inBounds(() => changeOf(tagged(100_000), tagged(from), 'since'))
  expect(change(100_000)).toBe(undefined)
  expect(change(100_001)).toBe('tag pr-350000 was put on it since')
})
