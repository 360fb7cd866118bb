import type { Octokit } from '@octokit/core'
import { RequestError } from '@octokit/request-error'
import type { Scrub } from '../util/secrets.ts'

/**
 * The innermost hook: the one place where the API's text enters. Every string of an answer, its headers among them,
 * and every message of a failure loses the secrets that it repeats.
 */
export function scrubAnswers(scrub: Scrub) {
  return (octokit: Octokit) => {
    octokit.hook.wrap('request', async (request, options) => {
      try {
        const response = await request(options)
        return {
          ...response,
          ...cleaned(scrub, { headers: response.headers, data: response.data as unknown })
        }
      } catch (error) {
        throw error instanceof RequestError ? cleanedError(scrub, error) : error
      }
    })
    return {}
  }
}

function cleanedError(scrub: Scrub, error: RequestError): RequestError {
  const { request, response, status } = error
  const clean = response && {
    ...response,
    ...cleaned(scrub, { headers: response.headers, data: response.data })
  }
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
