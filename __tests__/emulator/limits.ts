import type { Account } from './accounts.ts'
import { type Answer, problem } from './http.ts'

/** GitHub's limits as published (docs, rate limits for the REST API), and a record of everybody who overstepped them. */
export interface Limits {
  /** Points a window: a read is 1, a write 5. */
  readonly points: number
  readonly windowMs: number
  /** Requests at the same time. */
  readonly concurrent: number
  /** Requests an hour, by kind of token. */
  readonly quotas: Readonly<Record<Account['kind'] | 'anonymous', number>>
  readonly quotaWindowMs: number
  /** How a secondary limit is answered. */
  readonly refusal: 403 | 429
  /** Seconds in `retry-after` of a secondary refusal; without it there is no such header. */
  readonly retryAfter: number | undefined
  /** GitHub leaves the `x-ratelimit-*` headers out for some tokens. */
  readonly headers: 'shown' | 'hidden'
}

export const PUBLISHED: Limits = {
  points: 900,
  windowMs: 60_000,
  concurrent: 100,
  quotas: { classic: 5_000, 'fine-grained': 5_000, app: 5_000, 'github-token': 1_000, anonymous: 60 },
  quotaWindowMs: 3_600_000,
  refusal: 403,
  retryAfter: 60,
  headers: 'shown'
}

export interface Violation {
  readonly kind: 'points' | 'concurrency' | 'quota' | 'impatience'
  readonly at: number
  readonly detail: string
}

interface Caller {
  readonly limit: number
  used: number
  reset: number
  readonly spent: { readonly at: number; readonly points: number }[]
  /** The first entry of `spent` that is still inside the window, and what stands there and after. */
  head: number
  points: number
  flying: number
  blockedUntil: number
}

export interface Limiter {
  readonly violations: Violation[]
  /** Counts a request in; an answer when it is refused. `leave` has to follow in both cases. */
  enter(account: Account | undefined, points: number, free: boolean): Answer | undefined
  leave(account: Account | undefined): void
  headers(account: Account | undefined): Record<string, string>
  /** What another job has left of the quota that this caller shares. */
  leaveQuota(account: Account | undefined, remaining: number, resetInMs: number): void
  quota(account: Account | undefined): { limit: number; used: number; remaining: number; reset: number }
}

/** Whose quota it is: GITHUB_TOKEN's belongs to the repository, a person's tokens share one. */
function keyOf(account: Account | undefined): string {
  if (account === undefined) return 'anonymous'
  return account.kind === 'github-token' ? `repository ${account.repository}` : `user ${account.login}`
}

export function createLimiter(limits: Limits, now: () => number): Limiter {
  const callers = new Map<string, Caller>()
  const violations: Violation[] = []

  function callerOf(account: Account | undefined): Caller {
    const key = keyOf(account)
    const limit = limits.quotas[account?.kind ?? 'anonymous']
    const fresh = { limit, used: 0, reset: 0, spent: [], head: 0, points: 0, flying: 0, blockedUntil: 0 }
    const caller = callers.get(key) ?? fresh
    callers.set(key, caller)
    if (caller.reset <= now()) {
      caller.used = 0
      caller.reset = now() + limits.quotaWindowMs
    }
    return caller
  }

  /** Points in the window that ends now. */
  function recent(caller: Caller): number {
    for (let first = caller.spent[caller.head]; first !== undefined; first = caller.spent[caller.head]) {
      if (first.at > now() - limits.windowMs) break
      caller.points -= first.points
      caller.head += 1
    }
    if (caller.head > 1_000) {
      caller.spent.splice(0, caller.head)
      caller.head = 0
    }
    return caller.points
  }

  function secondary(caller: Caller, kind: Violation['kind'], detail: string): Answer {
    violations.push({ kind, at: now(), detail })
    const waitMs = limits.retryAfter === undefined ? limits.windowMs : limits.retryAfter * 1_000
    caller.blockedUntil = Math.max(caller.blockedUntil, now() + waitMs)
    return secondaryRefusal(limits.refusal, limits.retryAfter)
  }

  return {
    violations,
    enter: (account, points, free) => {
      const caller = callerOf(account)
      caller.flying += 1
      if (now() < caller.blockedUntil) {
        violations.push({ kind: 'impatience', at: now(), detail: 'a request before retry-after was over' })
        return secondaryRefusal(limits.refusal, Math.ceil((caller.blockedUntil - now()) / 1_000))
      }
      if (caller.flying > limits.concurrent) {
        return secondary(caller, 'concurrency', `${caller.flying} requests at once`)
      }
      if (!free && caller.used >= caller.limit) {
        violations.push({ kind: 'quota', at: now(), detail: `more than ${caller.limit} requests` })
        return primaryRefusal(limits.refusal)
      }
      if (!free) caller.used += 1
      caller.spent.push({ at: now(), points })
      caller.points += points
      const sum = recent(caller)
      return sum > limits.points ? secondary(caller, 'points', `${sum} points in a window`) : undefined
    },
    leave: account => {
      callerOf(account).flying -= 1
    },
    headers: account => {
      if (limits.headers === 'hidden') return {}
      const { limit, used, reset } = callerOf(account)
      return {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-used': String(used),
        'x-ratelimit-remaining': String(Math.max(0, limit - used)),
        'x-ratelimit-reset': String(Math.ceil(reset / 1_000)),
        'x-ratelimit-resource': 'core'
      }
    },
    leaveQuota: (account, remaining, resetInMs) => {
      const caller = callerOf(account)
      caller.used = caller.limit - remaining
      caller.reset = now() + resetInMs
    },
    quota: account => {
      const { limit, used, reset } = callerOf(account)
      return { limit, used, remaining: Math.max(0, limit - used), reset: Math.ceil(reset / 1_000) }
    }
  }
}

/** The answer to who oversteps a secondary limit, as seen in the wild. */
export function secondaryRefusal(status: 403 | 429, retryAfter: number | undefined): Answer {
  const answer = problem(
    status,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID 0001:2AB3.',
    'free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits'
  )
  return retryAfter === undefined ? answer : { ...answer, headers: { 'retry-after': String(retryAfter) } }
}

/** The answer to who has used up the hour's requests. */
export function primaryRefusal(status: 403 | 429): Answer {
  return problem(
    status,
    'API rate limit exceeded for installation ID 1. If you reach out to GitHub Support for help, please include the request ID 0001:2AB3.',
    'rest/overview/rate-limits-for-the-rest-api'
  )
}
