import type { Clock } from '../../src/model/clock.ts'

export interface SimClock extends Clock {
  /** Runs until nobody sleeps any more, or until this moment. */
  run(until?: number): Promise<void>
}

/** A clock that jumps to the next sleeper whenever everybody has done what they can: exact and instant. */
export function simClock(start = 0): SimClock {
  let now = start
  const sleepers: { at: number; wake: () => void }[] = []
  const settled = () => new Promise(resolve => setImmediate(resolve))

  return {
    now: () => now,
    sleep: ms =>
      new Promise(wake => {
        const at = now + ms
        const index = sleepers.findLastIndex(sleeper => sleeper.at <= at)
        sleepers.splice(index + 1, 0, { at, wake })
      }),
    async run(until = Number.POSITIVE_INFINITY) {
      for (;;) {
        await settled()
        const next = sleepers[0]
        if (next === undefined || next.at > until) return
        now = Math.max(now, next.at)
        while (sleepers[0] !== undefined && sleepers[0].at <= now) sleepers.shift()?.wake()
      }
    }
  }
}
