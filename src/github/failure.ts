import { RequestError } from '@octokit/request-error'
import type * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import { readme } from '../util/links.ts'
import { firstIssue, parseForeign } from '../util/parse-foreign.ts'

/** The `message` of the body, without the link that Octokit appends to an error's own; else the error's. */
export function apiMessage(error: RequestError): string {
  const data: unknown = error.response?.data
  if (typeof data === 'object' && data !== null && 'message' in data && typeof data.message === 'string') {
    return shortened(data.message)
  }
  return error.message === '' ? 'no message' : shortened(error.message)
}

/** GitHub's messages are sentences. A longer one would be in the report of every change. */
const LONGEST = 1_000

function shortened(message: string): string {
  return message.length <= LONGEST ? message : `${message.slice(0, LONGEST).toWellFormed()}…`
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

/** Does what asks GitHub; what fails of it is explained. @see explain */
export async function explaining<T>(
  what: string,
  remedies: Readonly<Partial<Record<number, string>>>,
  work: () => Promise<T>,
  otherwise?: string
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(error, what, remedies, otherwise)
  }
}

/** What to do about a refusal: what GitHub says about it counts more than what the status suggests. */
export function remedyOf(
  error: RequestError,
  remedies: Readonly<Partial<Record<number, string>>> = {}
): string | undefined {
  const status = statusOf(error)
  if (status === undefined) return undefined
  return statedRemedy(error, apiMessage(error)) ?? { 401: BAD_TOKEN, ...remedies }[status]
}

const BAD_TOKEN = `The \`token\` is wrong, expired or revoked: give a valid one. GITHUB_TOKEN expires when its job ends. See ${readme('tokens-and-permissions')}`
const TRY_AGAIN = 'Run it again; if this continues, see https://www.githubstatus.com.'

/**
 * What to do about a refusal whose reason GitHub tells, which is worth more than what the status alone suggests.
 *
 * @param message what GitHub says
 * @returns a sentence; undefined where GitHub gives no such reason
 */
export function statedRemedy(error: RequestError, message: string): string | undefined {
  const sso = ssoAddress(error)
  if (sso !== undefined) return `The organization asks for SAML single sign-on: authorize the token at ${sso}`
  return STATED.find(([pattern]) => pattern.test(message))?.[1]
}

const STATED: readonly (readonly [RegExp, string])[] = [
  [
    /SAML enforcement/i,
    'The organization asks for SAML single sign-on: at https://github.com/settings/tokens choose "Configure SSO" next to the token, and authorize it.'
  ],
  [
    /IP allow list/i,
    'The organization only allows listed IP addresses, and the address of this runner is not one of them: run the job on a runner whose ' +
      'address is on its IP allow list, or have an owner add it.'
  ],
  [
    /forbids access via a (?:fine-grained )?personal access token/i,
    `The organization does not accept personal access tokens: leave \`token\` out to use GITHUB_TOKEN. See ${readme('tokens-and-permissions')}`
  ],
  [
    /\b(?:account|access|repository)\b.*\b(?:suspended|blocked|disabled)\b|\bblocked\b/i,
    'GitHub has blocked this account or repository, and only its support can change that: https://support.github.com'
  ]
]

/**
 * The address in the header `x-github-sso`: `required; url=https://github.com/orgs/octo/sso?authorization_request=…`.
 * Only GitHub's own page is passed on, since the text comes from outside.
 */
function ssoAddress({ response }: RequestError): string | undefined {
  const header = response?.headers['x-github-sso']
  const [, address] =
    /\burl=(https:\/\/[\w.-]+\/(?:orgs|enterprises)\/[\w-]+\/sso\?[\w=&%.-]+)/.exec(String(header)) ?? []
  return address
}

/**
 * Holds an answer to what the API promises.
 *
 * @param what names it in the message
 * @throws ExpectedError that says where it is something else
 */
export function parseAnswer<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  return promised(schema, data, `GitHub's answer about ${what} is`)
}

/** @throws ExpectedError when the answer is not of the form that GitHub describes */
export function understood<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  return promised(schema, data, `${what} failed: GitHub's answer is`)
}

function promised<T>(schema: z.ZodType<T>, data: unknown, subject: string): T {
  const parsed = parseForeign(schema, data)
  if ('data' in parsed) return parsed.data
  throw new ExpectedError(`${subject} not what its API promises${firstIssue(parsed.issues)}.`)
}
