import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Brake, PatternHits } from '../../src/model/brake.ts'
import type { OutcomeStatus } from '../../src/model/decision.ts'
import { patternHits, tally, total, unmatched } from '../../src/report/tally.ts'
import { somePackage, version } from '../helpers/make.ts'
import { drop, keep, packageRun } from './runs.ts'

const STATUSES: readonly OutcomeStatus[] = [
  'done',
  'already',
  'planned',
  'refused',
  'skipped',
  'left',
  'failed'
]
const brake: Brake = { input: 'max-deletions', limit: 1, value: 2 }

test('every version is counted exactly once, whatever became of it', () => {
  const fates = fc.array(
    fc.constantFrom<OutcomeStatus | 'kept' | 'not reached'>(...STATUSES, 'kept', 'not reached')
  )
  fc.assert(
    fc.property(fates, fc.boolean(), (all, braked) => {
      const versions = all.map((fate, index) => ({ fate, version: version(`v${index}`) }))
      const fateOf = new Map(versions.map(one => [one.version.id, one.fate]))
      const decisions = versions.map(one => (one.fate === 'kept' ? keep : drop)(one.version))
      const run = packageRun(decisions, one => [fateOf.get(one.id) as OutcomeStatus, ''], {
        brakes: braked ? [brake] : []
      })
      const reached = run.outcomes.filter(({ status }) => STATUSES.includes(status))
      const sums = tally({ ...run, outcomes: reached })
      const { versions: count, untagged, untagPlanned, ...parts } = sums
      expect(count).toBe(all.length)
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(count)
      expect([untagged, untagPlanned]).toEqual([0, 0])
    })
  )
})

test('deletions that a brake holds back are not said to be left for the next run', () => {
  const run = {
    ...packageRun([drop(version('a')), drop(version('b'))], undefined, { brakes: [brake] }),
    outcomes: []
  }
  expect(tally(run)).toMatchObject({ versions: 2, held: 2, left: 0, deleted: 0 })
  expect(total([run, packageRun([drop(version('c'))])])).toMatchObject({ versions: 3, held: 2, deleted: 1 })
})

test('a package on which nothing was decided counts nothing', () => {
  const run = { package: somePackage, plan: undefined, outcomes: [], warnings: [] }
  expect(Object.values(tally(run)).every(value => value === 0)).toBe(true)
})

describe('T-25f: patterns that matched nothing', () => {
  const pattern = (name: string, hits: number, action: 'keep' | 'delete' = 'keep'): PatternHits => ({
    rule: 'r',
    action,
    pattern: name,
    hits
  })
  const found = (...packages: PatternHits[][]) =>
    unmatched(packages.map(hits => packageRun([], undefined, { hits }))).map(one => one.pattern)

  test.each([
    [[[pattern('a', 0)], [pattern('a', 1)]], []],
    [[[pattern('a', 1)], [pattern('a', 0)]], []],
    [[[pattern('a', 0)], [pattern('a', 0)]], ['a']],
    [[[pattern('d', 0, 'delete'), pattern('k', 0)]], ['k', 'd']],
    [[[pattern('a', 1), pattern('a', 0, 'delete')]], ['a']]
  ])('%j', (packages, expected) => {
    expect(found(...packages)).toEqual(expected)
  })

  test('hits are summed over packages, keep patterns first and the least matched in front', () => {
    const runs = [[pattern('d', 0, 'delete'), pattern('a', 2), pattern('b', 1)], [pattern('a', 3)]].map(
      hits => packageRun([], undefined, { hits })
    )
    expect(patternHits(runs).map(one => [one.pattern, one.hits])).toEqual([
      ['b', 1],
      ['a', 5],
      ['d', 0]
    ])
  })
})
