import type { Clock } from '../model/clock.ts'

/** Does work that asks nobody, as long as there is time for such work. @throws when there is none left */
export type Allowance = <T>(work: () => T) => T

/** So many milliseconds for all work together that is done through it; a piece of work is never interrupted. */
export function createAllowance(clock: Clock, ms: number): Allowance {
  let left = ms
  return work => {
    if (left <= 0) throw new Error('the time for reading what is remembered is over')
    const start = clock.now()
    try {
      return work()
    } finally {
      left -= clock.now() - start
    }
  }
}
