import { BudgetError, ExpectedError, timeIsOver } from '../../errors.ts'
import type { Clock } from '../../model/clock.ts'
import { count, utcSecond } from '../../util/format.ts'
import { createAside, type Room } from './aside.ts'
import { createHold, MARGIN } from './hold.ts'
import { createPointWindow, type Kind } from './points.ts'
import { createQuota } from './quota.ts'

/** Requests under way at once; GitHub's own bound is 100. Writes leave some of them to reads. */
const AT_ONCE = 20
const WRITES_AT_ONCE = 16
/** No more than this part of the time is set aside. */
const MOST_ASIDE = 1 / 4
/** `passable`: one of the other kind may go before it. */
export type Ruling = 'go' | ExpectedError | { readonly until: number; readonly passable: boolean }

const NO_ROOM: Room = { requests: 0, ms: 0 }

/** An answer will let the queue move; no time will. */
const UNTIL_ANSWERED = { until: Number.POSITIVE_INFINITY, passable: false }

/** What is known of each limit. */
export type Limits = ReturnType<typeof createLimits>

/** The limits of a run, before anything is known of them. @see createGovernor */
export function createLimits(reserve: number, deadline: number, patience: number, clock: Clock) {
  const pointWindow = createPointWindow()
  return {
    reserve,
    deadline,
    patience,
    pointWindow,
    quota: createQuota(reserve),
    held: createHold(deadline, patience, pointWindow.pause, clock),
    aside: createAside((deadline - clock.now()) * MOST_ASIDE)
  }
}

/** Whether a request may be sent now; else the error, or when to ask again. @param underWay what is under way now */
export function ruling(
  kind: Kind,
  urgent: boolean,
  now: number,
  limits: Limits,
  underWay: Readonly<Record<Kind, number>>
): Ruling {
  const everyone = common(urgent, now, limits, underWay.read + underWay.write)
  if (everyone !== 'go') return everyone
  if (kind === 'write' && underWay.write >= WRITES_AT_ONCE) return { ...UNTIL_ANSWERED, passable: true }
  return limits.pointWindow.ruling(kind, now)
}

/** What holds for every kind of request. */
function common(urgent: boolean, now: number, limits: Limits, busy: number): Ruling {
  const { reserve, deadline, patience, quota, held, aside } = limits
  const kept = urgent ? NO_ROOM : aside.kept()
  if (now >= deadline - kept.ms) return timeIsOver()
  if (now >= held.until) {
    const left = quota.ruling(busy, now, kept.requests)
    if (left === 'wait-for-answers') return UNTIL_ANSWERED
    if (left !== 'go') {
      if (left.reset - now > patience + MARGIN || left.reset + MARGIN >= deadline)
        return quota.perHour() === 0 ? allReserved(reserve) : spent(left, reserve)
      held.extend(left.reset + MARGIN)
    }
  }
  if (now < held.until) return held.refusal(now) ?? { until: held.until, passable: false }
  // After a limit, one request finds out whether it has passed before the others follow.
  return busy < (held.isDoubtful ? 1 : AT_ONCE) ? 'go' : UNTIL_ANSWERED
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
