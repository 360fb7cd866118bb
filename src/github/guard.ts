import type { Octokit } from '@octokit/core'
import { RequestError } from '@octokit/request-error'
import { ExpectedError, RateLimitError, StaleError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { apiMessage } from './failure.ts'
import { type Limit, limitOf } from './rate-limit/answers.ts'
import type { Governor, Permit } from './rate-limit/governor.ts'

const API_VERSION = '2022-11-28'

export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

/**
 * The innermost hook, run for every attempt: gives it a time limit, and makes two answers errors that Octokit
 * would pass off as an empty list: a body that broke off, and 409 on a GET (facts: octokit.paginate takes it
 * for the end). An empty repository's 409 to a request for refs stays what it is: there the empty list may be true.
 *
 * @param timeLimit makes the signal that ends one attempt
 */
export function guard(timeLimit: () => AbortSignal) {
  return (octokit: Octokit) => {
    const callers = new WeakMap<object, AbortSignal | undefined>()
    octokit.hook.wrap('request', async (request, options) => {
      // All hooks of a call share this object, attempt after attempt: the caller's own signal is kept apart.
      if (!callers.has(options)) callers.set(options, options.request.signal)
      const caller = callers.get(options)
      const signal = caller === undefined ? timeLimit() : AbortSignal.any([caller, timeLimit()])
      options.request = { ...options.request, signal }
      try {
        const response = await request(options)
        if (options.method === 'GET' && response.status === 200 && !isDocument(response.data)) {
          const parsed = octokit.request.endpoint(options)
          throw new RequestError('the answer broke off or was no JSON', 500, { request: parsed })
        }
        return response
      } catch (error) {
        if (options.method === 'GET' && error instanceof RequestError && isSwallowed(error)) {
          throw renamed(error, error.message, 503)
        }
        throw error
      }
    })
    return {}
  }
}

function isDocument(data: unknown): boolean {
  return typeof data === 'object' && data !== null && !(data instanceof ArrayBuffer)
}

function isSwallowed(error: RequestError): boolean {
  if (error.status !== 409) return false
  const isOfRefs = /\/(?:git\/matching-refs\/|tags(?:\?|$))/.test(error.request.url)
  return !(isOfRefs && /repository is empty/i.test(apiMessage(error)))
}

/** The same failure under the name that the plugins further out act on; the answer stays as it was. */
function renamed(error: RequestError, message: string, status: number): RequestError {
  const { request, response } = error
  return new RequestError(message, status, response === undefined ? { request } : { request, response })
}

/**
 * Around the guard, run for every attempt: waits for leave from the governor, asks a request's
 * `precondition` at the last moment, and tells the governor what came of it. A write that met a limit ends
 * here as a RateLimitError; a read goes on to the plugins, which send it again when the governor lets it.
 */
export function govern(governor: Governor, clock: Clock) {
  return (octokit: Octokit) => {
    const failures = new WeakMap<object, number>()
    octokit.hook.wrap('request', async (request, options) => {
      const read = isRead(options.method)
      const failed = failures.get(options) ?? 0
      // The plugins' own waits are switched off: this clock is ours, and 1, 4, 9 seconds are theirs.
      if (failed > 0) await clock.sleep(failed ** 2 * 1000)
      const permit = await governor.admit(read ? 'read' : 'write', options.request['urgent'] === true)
      askPrecondition(options.request['precondition'], permit)
      try {
        const response = await request(options)
        permit.answered(response.headers)
        return response
      } catch (error) {
        if (!(error instanceof RequestError)) {
          permit.lost()
          throw error
        }
        const limit = settle(permit, error)
        if (limit === undefined) {
          if (error.status >= 500) failures.set(options, failed + 1)
          throw error
        }
        if (read) throw limit.kind === 'secondary' ? secondary(error) : error
        throw new RateLimitError(`GitHub's rate limit turned it away: ${apiMessage(error)}`)
      }
    })
    return {}
  }
}

/** @throws StaleError when the precondition does not hold any more */
function askPrecondition(precondition: unknown, permit: Permit): void {
  let holds = false
  try {
    holds = typeof precondition !== 'function' || precondition() === true
  } finally {
    if (!holds) permit.refund()
  }
  if (!holds) throw new StaleError('what is known is too old to act on')
}

/** Tells the governor how an attempt failed; gives the limit that it met, if it met one. */
function settle(permit: Permit, error: RequestError): Limit | undefined {
  const headers = error.response?.headers
  if (headers === undefined || error.status >= 500) {
    permit.lost(headers)
    return undefined
  }
  const limit = limitOf(error.status, headers, apiMessage(error))
  if (limit === undefined) permit.answered(headers)
  else permit.limited(limit, headers)
  return limit
}

/** The throttling plugin knows a secondary limit by its wording only; a bare 429 is one too. */
function secondary(error: RequestError): RequestError {
  return /\bsecondary rate\b/i.test(error.message)
    ? error
    : renamed(error, `secondary rate limit: ${error.message}`, error.status)
}

/** How many redirects of one read are followed. */
const HOPS = 3

/**
 * The outermost hook, run once a call: a `request` object of its own for each (Octokit shares one between all
 * calls, and the plugins count their retries in it), one attempt only for what changes something, and no
 * request, with the token on it, to any host but the API's. A read's redirect is followed on that host, by a request
 * of its own, so that it is metered like any other; a write's is not: what it would change there was never asked for.
 */
export function isolate(baseUrl: string, log: Octokit['log']) {
  return (octokit: Octokit) => {
    octokit.hook.wrap('request', async (request, options) => {
      const once = isRead(options.method) ? {} : { retries: 0 }
      options.request = { ...options.request, log, ...once, redirect: 'manual' }
      options.headers = { ...options.headers, 'x-github-api-version': API_VERSION }
      const asked = octokit.request.endpoint(options)
      // What is no address by itself is joined to the API's; of one of another kind nothing useful would become.
      refuseForeign(URL.parse(options.url) ?? new URL(asked.url), baseUrl)
      const response = await request(options)
      const target = redirectOf(response, asked.url)
      if (target === undefined) return { ...response, headers: absoluteLinks(response.headers, asked.url) }
      const hops = Number(options.request['hops'] ?? 0) + 1
      if (!isRead(options.method) || hops > HOPS) throw notFollowed(response, asked, target)
      refuseForeign(target, baseUrl)
      return octokit.request({
        method: options.method,
        url: target.href,
        request: { ...options.request, hops }
      })
    })
    return {}
  }
}

/** @throws ExpectedError when this is not on the API's own host */
function refuseForeign({ protocol, host }: URL, baseUrl: string): void {
  // Not by its origin, which is the one inside of a `blob:` address, and no other kind has any.
  const home = new URL(baseUrl).origin
  const there = host === '' ? protocol : `${protocol}//${host}`
  if (there === home) return
  throw new ExpectedError(
    `GitHub's answer leads to ${there}, but only ${home} may have the token: ` +
      'set `api-url` to the address that the server uses for itself.'
  )
}

type AnyResponse = Awaited<ReturnType<Octokit['request']>>

/** Where a redirect leads, which may be said relative to what was asked. */
function redirectOf({ status, headers }: AnyResponse, asked: string): URL | undefined {
  const isRedirect = status >= 300 && status < 400 && status !== 304
  return isRedirect && headers.location !== undefined && URL.canParse(headers.location, asked)
    ? new URL(headers.location, asked)
    : undefined
}

function notFollowed(
  response: AnyResponse,
  request: ReturnType<Octokit['request']['endpoint']>,
  target: URL
): RequestError {
  const message = `redirected to ${target.origin}${target.pathname}, which is not followed: give the name that it has now`
  return new RequestError(message, response.status, { request, response: { ...response, data: { message } } })
}

/** A server may say the pages of a list relative to the page that was asked for; whoever pages wants addresses. */
function absoluteLinks(headers: AnyResponse['headers'], asked: string): AnyResponse['headers'] {
  if (headers.link === undefined) return headers
  const link = headers.link.replace(/<([^<>]*)>/g, (_, target: string) => {
    // Without it the list would seem to end here.
    if (!URL.canParse(target, asked))
      throw new ExpectedError(`GitHub's answer leads to "${target}", which is no address.`)
    return `<${new URL(target, asked).href}>`
  })
  return { ...headers, link }
}
