import { BudgetError } from '../../errors.ts'
import type { Clock } from '../../model/clock.ts'
import { formatDuration, utcSecond } from '../../util/format.ts'
import type { Limit } from './answers.ts'

/** How long to wait after the moment that GitHub names, in milliseconds. */
export const MARGIN = 1_000
/** A secondary limit that names no time asks for at least this, and for longer every time (rate-limits page). */
const SECONDARY_PAUSE = 60_000

/** The limits that were met, and how long they hold everybody up. */
export interface Hold {
  /** Nobody sends before (milliseconds since 1970). */
  readonly until: number
  /** True until a request has found out that the last limit has passed. */
  readonly isDoubtful: boolean
  /** How many limits were met: answers to requests from before the last one say nothing new. */
  readonly generation: number
  /**
   * Lets nobody send before `until`.
   * @returns how much longer the run waits for that, none where it gives up; undefined where it was to wait so long anyway
   */
  extend(until: number): number | undefined
  /** A request of this generation met a limit. @returns the moment for which that asks */
  met(limit: Limit, generation: number): number
  /** A request of this generation met none. */
  passed(generation: number): void
  /** Why the run cannot wait so long; undefined where it can. */
  refusal(now: number): BudgetError | undefined
}

/**
 * Remembers the limits that GitHub's answers told of.
 *
 * @param deadline no request is sent from here on (milliseconds since 1970)
 * @param patience how long all waits in a row together may be (milliseconds)
 */
export function createHold(deadline: number, patience: number, clock: Clock): Hold {
  let until = 0
  /** Limits met in a row. */
  let hits = 0
  let firstHit = 0
  let generation = 0

  function pauseFor(limit: Limit): number {
    const growth = 2 ** Math.max(0, hits - 1)
    if (limit.kind === 'primary') return Math.max(limit.reset - clock.now(), 0) + MARGIN * growth
    return Math.max(limit.retryAfter ?? SECONDARY_PAUSE * growth, MARGIN * growth)
  }

  function refusal(now: number): BudgetError | undefined {
    const since = hits > 0 ? firstHit : now
    if (until - since <= patience + MARGIN && until < deadline) return undefined
    const bound =
      until < deadline
        ? `longer than the ${formatDuration(patience)} that \`patience\``
        : 'later than `time-limit`'
    return new BudgetError(
      `GitHub asks this run to send no request before ${utcSecond(until)}, which is ${bound} allows.`
    )
  }

  return {
    get until() {
      return until
    },
    get isDoubtful() {
      return hits > 0
    },
    get generation() {
      return generation
    },
    extend(later) {
      const from = Math.max(until, clock.now())
      if (later <= from) return undefined
      until = later
      return refusal(clock.now()) === undefined ? later - from : 0
    },
    met(limit, of) {
      if (of === generation) {
        if (hits === 0) firstHit = clock.now()
        hits++
        generation++
      }
      return clock.now() + pauseFor(limit)
    },
    passed(of) {
      if (of === generation) hits = 0
    },
    refusal
  }
}
