import { type Headers, isCore, wholeNumber } from './answers.ts'

/** What the quota says about one more request. */
export type QuotaRuling =
  | 'go'
  /** The requests under way may use up what is left: wait for their answers. */
  | 'wait-for-answers'
  /** Only the reserve is left. */
  | Readonly<Told>

/** Requests that are left until `reset` (milliseconds since 1970). */
interface Told {
  remaining: number
  reset: number
}

/**
 * Follows GitHub's primary limit, requests per hour, as its answers tell it. Nothing is known before the
 * first answer, after a reset, and on servers that send no headers: then nothing is refused.
 *
 * @param reserve requests that are left for others
 */
export function createQuota(reserve: number) {
  let known: Told | undefined
  let limit: number | undefined

  return {
    /** A request was answered, or given up as lost (no headers). */
    ended(headers: Headers | undefined, now: number): void {
      limit = limitIn(headers) ?? limit
      const told = headers === undefined ? undefined : quotaIn(headers, now)
      if (told !== undefined && (known === undefined || isNews(told, known))) {
        known = told
      } else if (known !== undefined) {
        // Counted here too: answers overtake each other, and a lost one counts at GitHub all the same. That
        // errs on the safe side, by no more than are under way.
        known.remaining = Math.max(0, Math.min(known.remaining - 1, told?.remaining ?? known.remaining))
      }
    },
    /** Requests an hour beyond the reserve; undefined while nobody has told. */
    perHour: (): number | undefined => (limit === undefined ? undefined : Math.max(0, limit - reserve)),
    /** @param aside requests that are kept for later, besides the reserve */
    ruling(underWay: number, now: number, aside: number): QuotaRuling {
      const floor = reserve + aside
      if (known !== undefined && known.reset <= now) known = undefined
      if (known === undefined || known.remaining - underWay > floor) return 'go'
      return known.remaining > floor ? 'wait-for-answers' : known
    }
  }
}

/** Another hour, or one that ends earlier and has less left: either holds until its own reset. */
function isNews(told: Told, known: Told): boolean {
  return told.reset > known.reset || (told.reset < known.reset && told.remaining < known.remaining)
}

/** What one answer tells; undefined where it tells nothing that still holds, or of another resource. */
function quotaIn(headers: Headers, now: number): Told | undefined {
  const remaining = wholeNumber(headers['x-ratelimit-remaining'])
  const reset = (wholeNumber(headers['x-ratelimit-reset']) ?? 0) * 1000
  return isCore(headers) && remaining !== undefined && reset > now ? { remaining, reset } : undefined
}

function limitIn(headers: Headers | undefined): number | undefined {
  return headers === undefined || !isCore(headers) ? undefined : wholeNumber(headers['x-ratelimit-limit'])
}

/**
 * Notices what others send on the same quota, jobs of the same matrix for instance: `x-ratelimit-used` counts
 * everybody's. Silent where there is no such header.
 */
export function createSharedUsage() {
  let hour = 0
  let theirs = 0

  return {
    /**
     * Takes note of an answer.
     * @param sent requests that this client has sent so far, and `answered` those of them that were answered
     * @returns how many requests others have sent since the last note: never too many
     */
    heard(headers: Headers, sent: number, answered: number): number {
      const used = wholeNumber(headers['x-ratelimit-used'])
      const reset = wholeNumber(headers['x-ratelimit-reset'])
      // An answer of the hour before says nothing any more.
      if (!isCore(headers) || used === undefined || reset === undefined || reset < hour) return 0
      if (reset > hour) {
        hour = reset
        // Nobody knows whether requests under way are counted yet, so all of it might be theirs here.
        theirs = used - answered
        return 0
      }
      const more = Math.max(0, used - sent - theirs)
      theirs += more
      return more
    }
  }
}
