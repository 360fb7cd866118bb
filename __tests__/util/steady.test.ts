import { expect, it } from '@jest/globals'
import { steady } from '../../src/util/steady.ts'

it('goes on where the clock of the machine is set back, and follows it everywhere else', () => {
  let machine = 100_000
  const now = steady(() => machine)
  const after = (passes: number): number => {
    machine += passes
    return now()
  }
  expect([after(0), after(1_000), after(-60_000), after(1_000), after(-5), after(90_000)]).toEqual([
    100_000, 101_000, 101_000, 102_000, 102_000, 192_000
  ])
})
