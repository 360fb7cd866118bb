import type { Clock } from '../../model/clock.ts'
import { HOUR } from '../../util/format.ts'
import type { Headers, Limit } from './answers.ts'
import type { Room } from './aside.ts'
import { MARGIN } from './hold.ts'
import type { Kind } from './points.ts'
import { createQueue } from './queue.ts'
import { createLimits, ruling } from './ruling.ts'
import { createTraffic } from './traffic.ts'

/** Leave for one attempt at one request. Exactly one of its functions is called, once. */
export interface Permit {
  /** GitHub answered, with whatever status but a rate limit or a server error. */
  answered(headers: Headers): void
  /** No answer, or a server error: GitHub may have counted it. */
  lost(headers?: Headers): void
  /** GitHub turned it away by a limit. */
  limited(limit: Limit, headers: Headers): void
  /** It was not sent. */
  refund(): void
}

/** What a run can send from its start to its deadline. */
export interface Capacity {
  /** Requests an hour, without the reserve; undefined while GitHub has not told. */
  readonly perHour: number | undefined
  /** How many hours' quotas it can use: only one where a run does not wait for the next. */
  readonly hours: number
}

export type Governor = ReturnType<typeof createGovernor>

/**
 * Sees to it that GitHub's limits are never crossed, and that one that was met is waited out by everybody.
 *
 * @param reserve requests of the hourly quota that are left for others
 * @param deadline no request is admitted from here on (milliseconds since 1970)
 * @param patience how long a limit is waited for, all waits in a row together (milliseconds)
 */
export function createGovernor(reserve: number, deadline: number, patience: number, clock: Clock) {
  const limits = createLimits(reserve, deadline, patience, clock)
  const { quota, held, aside } = limits
  const traffic = createTraffic(limits, clock)
  const { pump, add } = createQueue<Permit>(
    (kind, now, urgent) => ruling(kind, urgent, now, limits, traffic.underWay),
    permit,
    clock
  )
  const hours = patience + MARGIN < HOUR ? 1 : 1 + Math.floor((deadline - clock.now()) / HOUR)

  function permit(kind: Kind): Permit {
    const mine = held.generation
    traffic.started(kind)
    return {
      answered(headers) {
        traffic.ended(kind, headers)
        held.passed(mine)
        pump()
      },
      lost(headers) {
        traffic.ended(kind, headers)
        pump()
      },
      limited(limit, headers) {
        traffic.ended(kind, headers)
        held.extend(held.met(limit, mine))
        pump()
      },
      refund() {
        traffic.refunded(kind)
        pump()
      }
    }
  }

  return {
    /**
     * Resolves when one more request may be sent: first come, first served, but reads before writes.
     * @param urgent whether it may use what was set aside
     * @throws BudgetError when there is no room, or too little patience; ExpectedError when `reserve` takes every hour whole
     */
    admit: (kind: Kind, urgent = false): Promise<Permit> => add(kind, urgent),
    /**
     * Keeps room that only urgent requests may use, until what it gives is called.
     * @param room asked whenever a request wants to go out
     */
    setAside(room: () => Room): () => void {
      const giveBack = aside.add(room)
      return () => {
        giveBack()
        pump()
      }
    },
    stats: traffic.stats,
    capacity: (): Capacity => ({ perHour: quota.perHour(), hours })
  }
}
