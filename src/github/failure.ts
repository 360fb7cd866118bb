import { RequestError } from '@octokit/request-error'
import { ExpectedError } from '../errors.ts'
import { readme } from '../util/links.ts'
import { statedRemedy } from './refusal.ts'

/** The `message` of the body, without the link that Octokit appends to an error's own; else the error's. */
export function apiMessage(error: RequestError): string {
  const data: unknown = error.response?.data
  if (typeof data === 'object' && data !== null && 'message' in data && typeof data.message === 'string') {
    return data.message
  }
  return error.message === '' ? 'no message' : error.message
}

/** The answer's status; undefined for a request that got no answer, and for other things thrown. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof RequestError && error.response !== undefined ? error.response.status : undefined
}

/** What GitHub answered, for a sentence: its message with the status, or why there was no answer. */
export function answerOf(error: RequestError): string {
  const status = statusOf(error)
  return status === undefined ? `no answer (${error.message})` : `HTTP ${status} (${apiMessage(error)})`
}

/**
 * Makes a failed request a failure that the program foresaw. What is no failed request comes back unchanged.
 *
 * @param what the work that failed, as the start of a sentence: `Listing the versions of app`
 * @param remedies sentences for statuses that say something of their own here
 * @param otherwise the sentence for every other status, and for no answer
 */
export function explain(
  error: unknown,
  what: string,
  remedies: Readonly<Partial<Record<number, string>>> = {},
  otherwise = TRY_AGAIN
): unknown {
  if (!(error instanceof RequestError)) return error
  const remedy = remedyOf(error, remedies) ?? otherwise
  return new ExpectedError(`${what} failed: GitHub gave ${answerOf(error)}. ${remedy}`, { cause: error })
}

/** What to do about a refusal: what GitHub says of it counts more than what the status suggests. */
export function remedyOf(
  error: RequestError,
  remedies: Readonly<Partial<Record<number, string>>> = {}
): string | undefined {
  const status = statusOf(error)
  if (status === undefined) return undefined
  return statedRemedy(error, apiMessage(error)) ?? { 401: BAD_TOKEN, ...remedies }[status]
}

const BAD_TOKEN = `The \`token\` is wrong, expired or revoked: give a valid one. GITHUB_TOKEN expires when its job ends. See ${readme('tokens-and-permissions')}`
const TRY_AGAIN = 'Nothing was concluded from it; if it lasts, see https://www.githubstatus.com.'
