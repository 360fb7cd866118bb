import type { Octokit } from '@octokit/core'
import { RequestError } from '@octokit/request-error'
import { ExpectedError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { formatAge, utcSecond } from '../util/format.ts'

/** How far the clocks may be apart, in milliseconds: drift is seconds, a wrong clock is hours. */
const TOLERANCE = 5 * 60_000
/** `Date` counts whole seconds. */
const RESOLUTION = 1_000

/**
 * Compares the runner's clock with the `Date` of GitHub's answers. Ages are counted by the clock of the runner, so one
 * that is wrong switches `grace` and `older-than` off.
 */
export function createServerClock(clock: Clock) {
  let last: { readonly github: number; readonly here: number } | undefined

  function hear(date: string | undefined, sent: number): void {
    const github = Date.parse(date ?? '')
    // The answer was made at some moment of the request, and the one nearest to it counts.
    const here = Math.min(Math.max(github, sent - RESOLUTION), clock.now())
    if (!Number.isNaN(github)) last = { github, here }
  }

  return {
    /** Octokit's plugin: hears every answer, whatever its status. */
    listen(octokit: Octokit) {
      octokit.hook.wrap('request', async (request, options) => {
        const sent = clock.now()
        try {
          const response = await request(options)
          hear(response.headers.date, sent)
          return response
        } catch (error) {
          if (error instanceof RequestError) hear(error.response?.headers.date, sent)
          throw error
        }
      })
      return {}
    },
    /** The time of GitHub's clock, to the second, when the runner's says this: milliseconds since 1970. */
    gitHubTime: (here: number): number => (last === undefined ? here : here + last.github - last.here),
    /** @throws ExpectedError when the runner's clock and that of the last answer are minutes apart */
    check(): void {
      if (last === undefined || Math.abs(last.here - last.github) <= TOLERANCE) return
      const { github, here } = last
      throw new ExpectedError(
        `Nothing is done, because the clock of this runner is wrong: it says ${utcSecond(here)}, and GitHub says ` +
          `${utcSecond(github)}. Every age would be off by ${formatAge(Math.abs(here - github))}. Set the clock of the ` +
          'machine (on Linux: `timedatectl set-ntp true`) and run again.'
      )
    }
  }
}
