import type { Clock } from '../../model/clock.ts'
import type { Headers } from './answers.ts'
import { type Kind, POINTS } from './points.ts'
import { createSharedUsage } from './quota.ts'
import type { Limits } from './ruling.ts'

/** Counts the requests of a run, and tells the limits that count them, too. */
export function createTraffic({ pointWindow, quota }: Limits, clock: Clock) {
  const sharedUsage = createSharedUsage()
  const underWay: Record<Kind, number> = { read: 0, write: 0 }
  const stats = { requests: 0, writes: 0, points: 0 }

  function record(kind: Kind, by: 1 | -1): void {
    stats.requests += by
    stats.points += by * POINTS[kind]
    if (kind === 'write') stats.writes += by
  }

  return {
    underWay: underWay as Readonly<typeof underWay>,
    /** What was sent so far. */
    stats: () => ({ ...stats }),
    started(kind: Kind): void {
      underWay[kind]++
      pointWindow.started(kind)
      record(kind, 1)
    },
    /** @param headers of the answer; undefined where there is none */
    ended(kind: Kind, headers: Headers | undefined): void {
      underWay[kind]--
      pointWindow.answered(kind, clock.now())
      quota.ended(headers, clock.now())
      const answered = stats.requests - underWay.read - underWay.write
      if (headers !== undefined)
        pointWindow.shared(sharedUsage.heard(headers, stats.requests, answered), clock.now())
    },
    /** It was not sent after all. */
    refunded(kind: Kind): void {
      underWay[kind]--
      pointWindow.refunded(kind)
      record(kind, -1)
    }
  }
}
