import { ExpectedError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { createSecrets, type Secrets } from '../util/secrets.ts'
import { createTokens, type Scope } from './auth.ts'
import { ACCEPT } from './manifest.ts'
import { type Answer, createSend, headerOf, type Request, type Send, scrubbed } from './transport.ts'

export interface ConnectionOptions {
  /** `https://ghcr.io`, say. */
  readonly url: string
  /** The GitHub server, `https://github.com`, say: its own hosts may give out the registry's tokens. */
  readonly serverUrl: string
  readonly token: string
  /** The token, and whatever else no answer may repeat. */
  readonly secrets: Secrets
  /** Where the registry's own tokens are added, for other clients to know. */
  readonly made?: Secrets
  readonly clock: Clock
  /**
   * Nothing is read for a decision from here on (milliseconds since 1970); a tag is looked at and given back for ten
   * seconds more, and then nobody waits for an answer any more.
   */
  readonly deadline?: number
  /** Told every secret that is made of the token, before it is used, so that it can be masked. */
  readonly onSecret: (secret: string) => void
  /** How requests are sent; through the runner's proxy with a deadline of 30 s unless told. */
  readonly send?: Send
}

/** Sends requests to one registry with the token that it wants, and says no secret again. */
export interface Connection {
  /** Where the registry is; its path ends with a slash. */
  readonly base: URL
  /**
   * One request, and the same again with a fresh token when the registry does not take the one it has.
   * @throws ExpectedError for a token that is refused, TransientError or Unavailable when nobody answers
   */
  send(scope: Scope, request: Request): Promise<Answer>
  /**
   * Where content is kept on another host, the registry redirects to a signed address that needs, and gets, no
   * token. What comes from there is believed only because its bytes are checked.
   *
   * @returns the answer at the end; the redirect itself where it leads nowhere
   */
  follow(answer: Answer, from: URL): Promise<Answer>
  /** Gets a token for a scope ahead of a request. @throws as `send` */
  prepare(scope: Scope): Promise<void>
}

/** How much longer a tag is looked at and given back, in milliseconds: a change that has begun should end well. */
export const GRACE = 10_000
/** What every request may take, in milliseconds: an answer that comes at once is heard even then. */
const LEAST = 1_000

/** So long after it was first sent a write may be sent again, in milliseconds: it rests on a look right before. */
const FRESH = 2_000

const REDIRECTS = [301, 302, 303, 307, 308]
const MOST_HOPS = 3

export function createConnection(options: ConnectionOptions): Connection {
  const { clock, deadline = Number.POSITIVE_INFINITY, made = createSecrets() } = options
  const { scrub } = options.secrets
  const scrubAll = (text: string) => made.scrub(scrub(text))
  const unbounded = options.send ?? createSend()
  const bounded: Send = request =>
    unbounded({ ...request, within: Math.max(LEAST, deadline + GRACE - clock.now()) })
  const send = scrubbed(bounded, scrubAll)
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`)
  const tokens = createTokens({
    registry: base,
    server: new URL(options.serverUrl),
    token: options.token,
    clock,
    deadline,
    grace: GRACE,
    // The token that is answered may be made of the one that was given.
    send: scrubbed(bounded, scrubAll, text => text),
    onSecret: secret => {
      made.add(secret)
      options.onSecret(secret)
    }
  })

  return {
    base,
    async send(scope, request) {
      const used = await tokens.header(scope)
      const asked = clock.now()
      const first = await send(signed(request, used))
      if (first.status !== 401) return first
      const renewed = await tokens.renew(scope, used, headerOf(first, 'www-authenticate'))
      if (request.method === 'PUT' && clock.now() - asked > FRESH)
        throw new ExpectedError(
          `Nothing was written to ${scope.repository}: the token for it had expired, and a new one came so late that ` +
            'somebody may have pushed meanwhile. Run it again.'
        )
      return send(signed(request, renewed))
    },
    async follow(answer, from) {
      let current = answer
      let url = from
      for (let hops = 0; REDIRECTS.includes(current.status) && hops < MOST_HOPS; hops++) {
        const next = URL.parse(headerOf(current, 'location') ?? '', url.href)
        if (next?.protocol !== base.protocol) return current
        url = next
        const { headers, ...rest } = await send({ method: 'GET', url: next, headers: { accept: ACCEPT } })
        // Its word for a digest is not the registry's.
        current = { ...rest, headers: { ...headers, 'docker-content-digest': undefined } }
      }
      return current
    },
    async prepare(scope) {
      await tokens.header(scope)
    }
  }
}

function signed(request: Request, authorization: string | undefined): Request {
  return authorization === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization } }
}
