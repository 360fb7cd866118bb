import { MINUTE } from '../../util/format.ts'

/** What one request costs: GitHub's points. */
export const POINTS = { read: 1, write: 5 } as const
export type Kind = keyof typeof POINTS

/** GitHub's secondary limit: so many points in any minute. */
const POINTS_A_MINUTE = 900
/** Writes leave this much of it to reads, so that a look before a DELETE never waits for the minute to pass. */
const KEPT_FOR_READS = 25
/** The most that requests of others count for: a quarter is always ours, as much as four jobs have each. */
const MOST_OF_OTHERS = 675
/** Room for what others send at the same moment, while there are any. */
const KEPT_FOR_OTHERS = 50

/** Writes go one by one at 180 a minute, after a first few at once. */
const BURST = 30
const WRITES_A_MS = 3 / 1000

/** `passable`: a read may go before this write. */
export type PointRuling = 'go' | { readonly until: number; readonly passable: boolean }

/**
 * Keeps GitHub's 900 points a minute, as GitHub counts them. When a request arrives there is not known, only
 * that it lies between its sending and its answer; so its points count from the one until a minute after the
 * other. Then no minute at GitHub holds more than was counted here when its last request was sent.
 * (docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, secondary rate limits)
 */
export function createPointWindow() {
  const points = { read: 0, write: 0, others: 0 }
  /** What counts for a minute more, since when, the oldest first. */
  const counted: { readonly of: keyof typeof points; readonly points: number; readonly at: number }[] = []
  let tokens = BURST
  let filled = Number.NEGATIVE_INFINITY
  let paused = false

  function forget(now: number): void {
    let old = 0
    for (let one = counted[old]; one !== undefined && now - one.at > MINUTE; one = counted[old]) {
      points[one.of] -= one.points
      old++
    }
    counted.splice(0, old)
  }

  function fill(now: number): void {
    tokens = Math.min(BURST, tokens + Math.max(0, now - filled) * WRITES_A_MS)
    filled = now
    // What gathered while something else held the writes back would only run into the limit again.
    if (paused) tokens = Math.min(tokens, 1)
    paused = false
  }

  return {
    ruling(kind: Kind, now: number): PointRuling {
      forget(now)
      const until = (counted[0]?.at ?? now) + MINUTE + 1
      const sharedUsage = points.others === 0 ? 0 : Math.min(points.others, MOST_OF_OTHERS) + KEPT_FOR_OTHERS
      const full = points.read + points.write + POINTS[kind] + sharedUsage > POINTS_A_MINUTE
      if (kind === 'read') return full ? { until, passable: false } : 'go'
      fill(now)
      if (tokens < 1) return { until: now + Math.ceil((1 - tokens) / WRITES_A_MS), passable: true }
      const share = points.write + POINTS.write + sharedUsage > POINTS_A_MINUTE - KEPT_FOR_READS
      if (!full && !share) return 'go'
      paused = true
      return { until, passable: !full }
    },
    started(kind: Kind): void {
      points[kind] += POINTS[kind]
      if (kind === 'write') tokens -= 1
    },
    answered(kind: Kind, now: number): void {
      counted.push({ of: kind, points: POINTS[kind], at: now })
    },
    /** It was not sent after all. */
    refunded(kind: Kind): void {
      points[kind] -= POINTS[kind]
      if (kind === 'write') tokens += 1
    },
    /** Others on the same quota sent so many requests just now. What they were is not known: each counts as a write. */
    shared(requests: number, now: number): void {
      if (requests === 0) return
      counted.push({ of: 'others', points: requests * POINTS.write, at: now })
      points.others += requests * POINTS.write
    },
    /** Nothing goes out for a while: no burst afterwards. */
    pause(): void {
      paused = true
    }
  }
}
