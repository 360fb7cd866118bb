import type { Octokit } from '@octokit/core'
import { RequestError } from '@octokit/request-error'
import { statusOf } from './failure.ts'

/** Answers whoever has a good token, counts against no quota, and is 404 where limits are switched off. */
const PROBE = '/rate_limit'

/**
 * GitHub under load answers 401 to good tokens now and then. So the token is asked once more, and when it is good
 * the request is sent again; once it is known to be dead, nothing more is sent with it.
 */
export function recheckToken(octokit: Octokit): object {
  let dead: RequestError | undefined
  let asking: Promise<boolean> | undefined

  function isGood(): Promise<boolean> {
    asking ??= octokit
      .request(`GET ${PROBE}`)
      .then(() => true)
      .catch(error => statusOf(error) !== 401)
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  octokit.hook.wrap('request', async (request, options) => {
    if (dead !== undefined) throw dead
    try {
      return await request(options)
    } catch (error) {
      if (!(error instanceof RequestError) || statusOf(error) !== 401 || options.url === PROBE) throw error
      if (await isGood()) return request(options)
      dead = error
      throw error
    }
  })
  return {}
}
