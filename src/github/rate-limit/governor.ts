import { BudgetError, ExpectedError, timeIsOver } from '../../errors.ts'
import type { Clock } from '../../model/clock.ts'
import { count, HOUR, utcSecond } from '../../util/format.ts'
import type { Headers, Limit } from './answers.ts'
import { createAside, type Room } from './aside.ts'
import { createHold, MARGIN } from './hold.ts'
import { createPointWindow, type Kind, POINTS } from './points.ts'
import { createQuota, createSharedUsage } from './quota.ts'

/** Requests under way at once; GitHub's own bound is 100. Writes leave some of them to reads. */
const AT_ONCE = 20
const WRITES_AT_ONCE = 16
/** Reads go before writes, but a write that has been the next one for so long has its turn. */
const WRITE_TURN = 1_000
/** No more than this part of the time is set aside. */
const MOST_ASIDE = 1 / 4
/** The longest sleep in one piece, so that nothing of it outlives the run for long. */
const NAP = 1_000

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

interface Waiting {
  readonly urgent: boolean
  readonly resolve: (permit: Permit) => void
  readonly reject: (error: ExpectedError) => void
}

type Ruling = 'go' | ExpectedError | { readonly until: number; readonly passable: boolean }

const NO_ROOM: Room = { requests: 0, ms: 0 }

/** An answer will let the queue move; no time will. */
const UNTIL_ANSWERED = { until: Number.POSITIVE_INFINITY, passable: false }

/**
 * Sees to it that GitHub's limits are never crossed, and that one that was met is waited out by everybody.
 *
 * @param reserve requests of the hourly quota that are left for others
 * @param deadline no request is admitted from here on (milliseconds since 1970)
 * @param patience how long a limit is waited for, all waits in a row together (milliseconds)
 */
export function createGovernor(reserve: number, deadline: number, patience: number, clock: Clock) {
  const pointWindow = createPointWindow()
  const quota = createQuota(reserve)
  const sharedUsage = createSharedUsage()
  const held = createHold(deadline, patience, clock)
  const hours = patience + MARGIN < HOUR ? 1 : 1 + Math.floor((deadline - clock.now()) / HOUR)
  const aside = createAside((deadline - clock.now()) * MOST_ASIDE)
  const queues: Record<Kind, Waiting[]> = { read: [], write: [] }
  const underWay = { read: 0, write: 0 }
  const stats = { requests: 0, writes: 0, points: 0 }
  let writeNextSince = 0
  let wakes = Number.POSITIVE_INFINITY

  /** What holds for every kind of request. */
  function common(now: number, urgent: boolean): Ruling {
    const kept = urgent ? NO_ROOM : aside.kept()
    if (now >= deadline - kept.ms) return timeIsOver()
    const busy = underWay.read + underWay.write
    if (now >= held.until) {
      const left = quota.ruling(busy, now, kept.requests)
      if (left === 'wait-for-answers') return UNTIL_ANSWERED
      if (left !== 'go') {
        if (left.reset - now > patience + MARGIN || left.reset + MARGIN >= deadline)
          return quota.perHour() === 0 ? allReserved(reserve) : spent(left, reserve)
        hold(left.reset + MARGIN)
      }
    }
    if (now < held.until) return held.refusal(now) ?? { until: held.until, passable: false }
    // After a limit, one request finds out whether it has passed before the others follow.
    return busy < (held.isDoubtful ? 1 : AT_ONCE) ? 'go' : UNTIL_ANSWERED
  }

  function ruling(kind: Kind, now: number, urgent: boolean): Ruling {
    const everyone = common(now, urgent)
    if (everyone !== 'go') return everyone
    if (kind === 'write' && underWay.write >= WRITES_AT_ONCE) return { ...UNTIL_ANSWERED, passable: true }
    return pointWindow.ruling(kind, now)
  }

  function order(now: number): readonly Kind[] {
    return now - writeNextSince > WRITE_TURN ? ['write', 'read'] : ['read', 'write']
  }

  /** Lets in whoever may go now; false when nobody may. */
  function admitNext(now: number): boolean {
    for (const kind of order(now)) {
      const next = queues[kind][0]
      if (next === undefined) continue
      const verdict = ruling(kind, now, next.urgent)
      if (verdict === 'go' || verdict instanceof ExpectedError) {
        queues[kind].shift()
        if (kind === 'write') writeNextSince = now
        if (verdict === 'go') next.resolve(start(kind))
        else next.reject(verdict)
        return true
      }
      wakeAt(verdict.until, now)
      if (!verdict.passable) return false
    }
    return false
  }

  function pump(): void {
    while (admitNext(clock.now())) {
      // Everything happens in admitNext.
    }
  }

  function wakeAt(until: number, now: number): void {
    const at = Math.min(until, now + NAP)
    if (until === Number.POSITIVE_INFINITY || wakes <= at) return
    wakes = at
    void clock.sleep(Math.max(1, at - now)).then(() => {
      if (wakes === at) wakes = Number.POSITIVE_INFINITY
      pump()
    })
  }

  function start(kind: Kind): Permit {
    const mine = held.generation
    underWay[kind]++
    pointWindow.started(kind)
    record(kind, 1)
    const end = (headers?: Headers): void => {
      underWay[kind]--
      pointWindow.answered(kind, clock.now())
      quota.ended(headers, clock.now())
      const answered = stats.requests - underWay.read - underWay.write
      if (headers !== undefined)
        pointWindow.shared(sharedUsage.heard(headers, stats.requests, answered), clock.now())
    }
    return {
      answered(headers) {
        end(headers)
        held.passed(mine)
        pump()
      },
      lost(headers) {
        end(headers)
        pump()
      },
      limited(limit, headers) {
        end(headers)
        hold(held.met(limit, mine))
        pump()
      },
      refund() {
        underWay[kind]--
        pointWindow.refunded(kind)
        record(kind, -1)
        pump()
      }
    }
  }

  function record(kind: Kind, by: 1 | -1): void {
    stats.requests += by
    stats.points += by * POINTS[kind]
    if (kind === 'write') stats.writes += by
  }

  function hold(until: number): void {
    if (held.extend(until)) pointWindow.pause()
  }

  return {
    /**
     * Resolves when one more request may be sent: first come, first served, but reads before writes.
     * @param urgent whether it may use what was set aside
     * @throws BudgetError when there is no room, or too little patience; ExpectedError when `reserve` takes every hour whole
     */
    admit(kind: Kind, urgent = false): Promise<Permit> {
      return new Promise((resolve, reject) => {
        if (kind === 'write' && queues.write.length === 0) writeNextSince = clock.now()
        queues[kind].push({ urgent, resolve, reject })
        pump()
      })
    },
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
    /** What was sent so far. */
    stats: () => ({ ...stats }),
    capacity: (): Capacity => ({ perHour: quota.perHour(), hours })
  }
}

/** No later run gets further either. */
function allReserved(reserve: number): ExpectedError {
  return new ExpectedError(
    `\`reserve-requests\` keeps ${reserve} requests an hour for others, and this token has no more than that, so no run could do ` +
      'anything: set a lower number, or give a classic token, which has 5,000.'
  )
}

function spent(left: { remaining: number; reset: number }, reserve: number): BudgetError {
  return new BudgetError(
    `GitHub allows this token ${count(left.remaining, 'more API request')} before ${utcSecond(left.reset)}, and ` +
      `\`reserve-requests\` keeps ${reserve} of them for others. \`patience\` and \`time-limit\` do not let this run wait that long.`
  )
}
