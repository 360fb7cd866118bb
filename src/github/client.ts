import { getOctokit } from '@actions/github'
import { defaults } from '@actions/github/lib/utils'
import { getProxyUrl } from '@actions/http-client/lib/proxy'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import Bottleneck from 'bottleneck/light.js'
import type { Clock } from '../model/clock.ts'
import type { Secrets } from '../util/secrets.ts'
import { VERSION } from '../util/version.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { govern, guard, isolate, isRead } from './guard.ts'
import { createGovernor } from './rate-limit/governor.ts'
import { recheckToken } from './recheck.ts'
import { scrubAnswers } from './scrub-answers.ts'
import { createServerClock } from './server-clock.ts'

export type Octokit = ReturnType<typeof getOctokit>

export interface GitHubOptions {
  readonly token: string
  /** The token, and whatever else no answer may repeat. */
  readonly secrets: Secrets
  /** What another server made of them, if any. */
  readonly made?: Secrets
  /** The API's address, a path such as `/api/v3` included. */
  readonly baseUrl: string
  /** Requests of the hourly quota that are left for others. */
  readonly reserve: number
  /** No request is sent from here on (milliseconds since 1970). */
  readonly deadline: number
  /** How long a limit is waited for, in milliseconds. */
  readonly patience: number
  readonly clock: Clock
}

export type GitHub = ReturnType<typeof createGitHub>

/** How long one attempt may take. */
const ATTEMPT_MS = 30_000

/** What a 4xx says does not change by asking again; limits (403, 429) are the governor's. */
const FINAL = Array.from({ length: 100 }, (_, index) => 400 + index)

const isProxied = (address: string): boolean => getProxyUrl(new URL(address)) !== undefined
const runnersApi = (): string => process.env['GITHUB_API_URL'] || 'https://api.github.com'

/** Octokit asks for GITHUB_API_URL alone, and a token in the clear must pass no proxy on its way to this machine. */
const fetchFor = (baseUrl: string): typeof globalThis.fetch =>
  isProxied(runnersApi()) && !isProxied(baseUrl)
    ? globalThis.fetch
    : (defaults.request?.['fetch'] ?? globalThis.fetch)

/** Octokit's own messages are for nobody. */
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * The REST API's client. Reads are sent again after server errors and limits; what changes something is sent
 * exactly once. A request may carry `request: { precondition }`, asked right before it is sent: when it gives
 * false, nothing is sent.
 *
 * Its requests throw RequestError as Octokit's do, BudgetError when there is no room for them, StaleError
 * when their precondition failed, and RateLimitError when a limit turned a write away.
 */
export function createGitHub(options: GitHubOptions) {
  const { token, clock } = options
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  const governor = createGovernor(options.reserve, options.deadline, options.patience, clock)
  const serverClock = createServerClock(clock)
  const octokit = getOctokit(
    token,
    {
      baseUrl,
      log: silent,
      userAgent: `ghcr-steward/${VERSION}`,
      // Here and not in a hook: Octokit's innermost one, which adds the token, drops what those around it hand over.
      request: { fetch: boundedFetch(fetchFor(baseUrl)) },
      throttle: {
        ...unmetered(),
        // The governor waits; the plugins only send again.
        retryAfterBaseValue: 0,
        onRateLimit: (_after, attempt) => isRead(attempt.method),
        onSecondaryRateLimit: (_after, attempt) => isRead(attempt.method)
      },
      retry: { retries: 3, retryAfterBaseValue: 0, doNotRetry: FINAL }
    },
    // The first is innermost: nothing that comes from outside gets past it. The time limit of an attempt must not run while it waits for leave.
    scrubAnswers(options.secrets.scrub, options.made?.scrub),
    guard(() => AbortSignal.timeout(ATTEMPT_MS)),
    serverClock.listen,
    govern(governor, clock),
    recheckToken,
    throttling,
    retry,
    isolate(baseUrl, silent)
  )
  return { octokit, governor, serverClock }
}

/** The same client, whose requests may use what the governor has set aside. */
export function urgent(octokit: Octokit): Octokit {
  return { ...octokit, request: octokit.request.defaults({ request: { urgent: true } }) }
}

/**
 * Groups of this client alone that let everything through. The governor meters in their place: they know requests, and
 * one write a second for all clients, where GitHub's ceiling is points a minute, others' use of the quota included, and
 * room that is set aside. What the plugins still do is what they are called: they meet a limit or a failure, and retry.
 */
function unmetered() {
  const free = new Bottleneck.Group()
  return { global: free, auth: free, write: free, search: free, notifications: free }
}
