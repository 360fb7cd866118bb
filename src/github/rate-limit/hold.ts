import { BudgetError } from '../../errors.ts'
import type { Clock } from '../../model/clock.ts'
import { formatDuration, utcSecond } from '../../util/format.ts'
import type { Limit } from './answers.ts'

/** How long to wait after the moment that GitHub names, in milliseconds. */
export const MARGIN = 1_000
/** A secondary limit that names no time asks for at least this, and for longer every time (rate-limits page). */
const SECONDARY_PAUSE = 60_000

/**
 * Remembers the limits that GitHub's answers told of, and how long they hold everybody up.
 *
 * @param deadline no request is sent from here on (milliseconds since 1970)
 * @param patience how long all waits in a row together may be (milliseconds)
 * @param onHold told when everybody is held up for longer than before
 */
export function createHold(deadline: number, patience: number, onHold: () => void, clock: Clock) {
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

  /** Why the run cannot wait so long; undefined where it can. */
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
    /** Nobody sends before (milliseconds since 1970). */
    get until() {
      return until
    },
    /** True until a request has found out that the last limit has passed. */
    get isDoubtful() {
      return hits > 0
    },
    /** How many limits were met: answers to requests from before the last one say nothing new. */
    get generation() {
      return generation
    },
    /** Lets nobody send before `later`. */
    extend(later: number): void {
      if (later <= Math.max(until, clock.now())) return
      until = later
      onHold()
    },
    /** A request of this generation met a limit. @returns the moment for which that asks */
    met(limit: Limit, of: number): number {
      if (of === generation) {
        if (hits === 0) firstHit = clock.now()
        hits++
        generation++
      }
      return clock.now() + pauseFor(limit)
    },
    /** A request of this generation met none. */
    passed(of: number): void {
      if (of === generation) hits = 0
    },
    refusal
  }
}
