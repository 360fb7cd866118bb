import type { Octokit } from '@octokit/core'
import { RequestError } from '@octokit/request-error'
import { orUndefined } from '../util/or-undefined.ts'
import type { Scrub } from '../util/secrets.ts'

/**
 * The innermost hook: the one place where the API's text enters. Every string of an answer, its headers
 * among them, and every message of a failure loses the secrets that it repeats. What cannot be searched for them, such as
 * JSON that is nested beyond all measure, is no answer.
 *
 * @param refuse finds what another server has chosen. What repeats that is no answer either: with the gaps that somebody
 * else wants, a list would say that nobody keeps what it names
 */
export function scrubAnswers(scrub: Scrub, refuse: Scrub = text => text) {
  return (octokit: Octokit) => {
    octokit.hook.wrap('request', async (request, options) => {
      try {
        const response = await request(options)
        const clean = cleaned(scrub, { headers: response.headers, data: response.data as unknown })
        if (cleaned(refuse, clean) !== clean) {
          const parsed = octokit.request.endpoint(options)
          throw new RequestError("the answer repeats the registry's token", 500, { request: parsed })
        }
        return { ...response, ...clean }
      } catch (error) {
        if (error instanceof RequestError) throw cleanedError(text => refuse(scrub(text)), error)
        if (!(error instanceof RangeError || error instanceof TypeError)) throw error
        const parsed = octokit.request.endpoint(options)
        throw new RequestError('the answer cannot be read', 500, { request: parsed, cause: error })
      }
    })
    return {}
  }
}

function cleanedError(scrub: Scrub, error: RequestError): RequestError {
  const { request, response, status } = error
  const { headers = {}, data } = response ?? {}
  const parts = orUndefined(() => cleaned(scrub, { headers, data }))
  const clean = response && { ...response, ...(parts ?? { headers: cleaned(scrub, headers), data: '' }) }
  return new RequestError(scrub(error.message), status, { request, ...(clean && { response: clean }) })
}

/** The same value where nothing is found, which is nearly always; as text it is searched at once. */
function cleaned<T extends object>(scrub: Scrub, value: T): T {
  const text = JSON.stringify(value)
  return scrub(text) === text ? value : (inside(scrub, value) as T)
}

function inside(scrub: Scrub, value: unknown): unknown {
  if (typeof value === 'string') return scrub(value)
  if (Array.isArray(value)) return value.map(one => inside(scrub, one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [scrub(key), inside(scrub, one)]))
}
