import type { Clock } from '../model/clock.ts'

/** Time that several pieces of work share; each says when it begins, and then, as often as it can, that it goes on. */
export type Allowance = () => GoesOn

/** Counts the time since it was asked last. @throws when there is none left */
export type GoesOn = () => void

/** So many milliseconds; what is done side by side counts for each. */
export function createAllowance(clock: Clock, ms: number): Allowance {
  let left = ms
  return () => {
    let last = clock.now()
    return () => {
      const now = clock.now()
      left -= now - last
      last = now
      if (left <= 0) throw new Error('the time for reading what is remembered is over')
    }
  }
}
