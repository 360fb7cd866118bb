import { statSync } from 'node:fs'
import type { Test } from '@jest/reporters'

/**
 * What waits longest, mostly runs of the bundle in real time: it begins first, so that nothing is left over in the end, and
 * beside files that compute.
 */
const LONG = [
  'scripts/local',
  'scripts/live',
  'modes/servers',
  'modes/recipes',
  'campaign',
  'retain/left-to-next',
  '__tests__/main',
  'retain/second-look',
  'modes/undo',
  'retain/failures',
  'recipes-retain',
  'modes/round-trip',
  'retain/limits',
  'retain/late-tags',
  'scripts/emulator',
  'modes/moved-back',
  'check/check',
  'late-answers',
  'late-restores',
  'foreign-steps',
  'retain/untag-pushes',
  'retain/elsewhere',
  'retain/echo',
  '__tests__/index'
]

/** Orders test files the same on a fresh clone as anywhere: the long ones, then by size. */
export default class Order {
  sort(tests: readonly Test[]): Test[] {
    const rank = ({ path }: Test): number => {
      const place = LONG.findIndex(name => path.endsWith(`${name}.test.ts`))
      return place < 0 ? LONG.length : place
    }
    const ranked = tests.map(test => ({ test, rank: rank(test), size: statSync(test.path).size }))
    return ranked.sort((a, b) => a.rank - b.rank || b.size - a.size).map(({ test }) => test)
  }

  allFailedTests(tests: readonly Test[]): readonly Test[] {
    return tests
  }

  cacheResults(): void {}
}
