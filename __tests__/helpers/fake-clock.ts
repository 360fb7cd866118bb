import type { Clock } from '../../src/model/clock.ts'

export interface FakeClock extends Clock {
  advance(ms: number): void
}

/** A clock whose sleepers wake at once while its time jumps ahead: no test waits. */
export function fakeClock(start = Date.parse('2026-06-30T00:00:00Z')): FakeClock {
  let now = start
  return {
    now: () => now,
    sleep: async ms => {
      now += ms
    },
    advance: ms => {
      now += ms
    }
  }
}
