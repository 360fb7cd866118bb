import { type Headers, isCore, wholeNumber } from './answers.ts'

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
