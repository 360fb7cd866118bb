import type { Clock } from '../model/clock.ts'

/** A request that failed in a way that passes: worth another try after `pause` milliseconds or more. */
export class TransientError extends Error {
  override readonly name = 'TransientError'
  readonly pause: number

  constructor(cause: string, pause = 0, options?: ErrorOptions) {
    super(cause, options)
    this.pause = pause
  }
}

/** What did not pass. The message is a phrase for people. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

const TRIES = 3
/** GHCR's own figures are fractions of a millisecond; a second is the least that helps anybody. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 60_000

/**
 * Tries up to three times, with growing pauses, as long as `attempt` throws `TransientError`.
 *
 * @param until no other try begins from here on (milliseconds since 1970)
 * @throws Unavailable after the last try; whatever else `attempt` throws, at once, and TransientError after `until`
 */
export async function retry<T>(
  clock: Clock,
  attempt: () => Promise<T>,
  until = Number.POSITIVE_INFINITY
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      if (tried === TRIES) throw new Unavailable(`${error.message} (${TRIES} tries)`, { cause: error })
      const pause = Math.min(Math.max(FIRST_PAUSE * 2 ** (tried - 1), error.pause), LONGEST_PAUSE)
      if (clock.now() + pause >= until) throw error
      await clock.sleep(pause)
    }
  }
}
