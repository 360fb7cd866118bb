import { statSync } from 'node:fs'
import type { Test } from '@jest/reporters'

/** What waits longest: runs of the bundle, in real time. They begin first, so that none is left over in the end. */
const LONG = ['scripts/live', 'campaign', 'retain/failures', 'modes/servers', 'recipes-retain', 'round-trip']

/** Orders test files the same on a fresh clone as anywhere: the long ones, then by size. */
export default class Order {
  sort(tests: readonly Test[]): Test[] {
    const weight = ({ path }: Test): number =>
      LONG.some(name => path.endsWith(`${name}.test.ts`)) ? Number.POSITIVE_INFINITY : statSync(path).size
    const weighed = tests.map(test => ({ test, weight: weight(test) }))
    return weighed.sort((a, b) => (a.weight === b.weight ? 0 : b.weight - a.weight)).map(({ test }) => test)
  }

  allFailedTests(tests: readonly Test[]): readonly Test[] {
    return tests
  }

  cacheResults(): void {}
}
