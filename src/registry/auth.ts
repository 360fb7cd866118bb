import * as z from 'zod'
import { ExpectedError, RefusedError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { jsonOf } from '../util/parse-foreign.ts'
import { phraseOf, settled } from './failure.ts'
import { retry, TransientError, Unavailable } from './retry.ts'
import type { Send } from './transport.ts'

/** What a token of the registry is good for; GHCR gives one for one repository only. */
export interface Scope {
  readonly repository: string
  readonly actions: 'pull' | 'pull,push'
}

export interface TokenOptions {
  readonly registry: URL
  /** The GitHub server that the registry belongs to. */
  readonly server: URL
  /** The GitHub token that is exchanged. */
  readonly token: string
  readonly send: Send
  readonly clock: Clock
  /** What was begun before asks for a token to read with no longer than this (milliseconds since 1970). */
  readonly deadline: number
  /** How much longer others ask, in milliseconds. */
  readonly grace: number
  /** Told every secret that is made of the token, before it is used. */
  readonly onSecret: (secret: string) => void
}

/** After a failed exchange nobody asks again for this long: thousands of manifests may be waiting. */
const REST = 60_000

/** What can stand in a header; servers take no longer ones. A shorter one would be masked wherever the log has a word like it. */
const headerToken = z.string().regex(/^[\x21-\x7e]{8,8000}$/)

/** Some services name it the way of OAuth. */
const answered = z.union([
  z.object({ token: headerToken }).transform(body => body.token),
  z.object({ access_token: headerToken }).transform(body => body.access_token)
])

/**
 * Exchanges the GitHub token for the registry's own, once per scope and again when it has expired
 * (distribution's token authentication specification; GHCR takes GET only and gives no lifetime).
 * Its functions throw ExpectedError for a token or a realm that is refused, Unavailable when nobody answers.
 */
export function createTokens(options: TokenOptions) {
  const { registry, server, send, clock, deadline, grace } = options
  const basic = Buffer.from(`ghcr-steward:${options.token}`).toString('base64')
  options.onSecret(basic)
  const headers = new Map<string, Promise<string>>()
  const resting = new Map<string, number>()
  let challenge: Challenge | undefined

  async function exchange(scope: Scope, { realm, service }: Challenge): Promise<string> {
    const url = new URL(realm)
    if (service !== undefined) url.searchParams.set('service', service)
    url.searchParams.set('scope', keyOf(scope))
    // Whoever may go on then asks again, and what gives a tag back does not end in the middle.
    const isBound = scope.actions === 'pull' && clock.now() < deadline
    const attempt = async () => {
      const request = { method: 'GET', url, headers: { authorization: `Basic ${basic}` } } as const
      const answer = settled(await send(request), phraseOf)
      if (answer.status !== 200) throw new RefusedError(refusal(scope, registry, phraseOf(answer)))
      const token = jsonOf(answered, answer.body)
      // A proxy's page.
      if (token === undefined) throw new TransientError('an answer without a token in it')
      options.onSecret(token)
      return `Bearer ${token}`
    }
    return retry(clock, attempt, isBound ? deadline : deadline + grace)
  }

  function begin(scope: Scope, where: Challenge): Promise<string> {
    const key = keyOf(scope)
    const header = exchange(scope, where).catch((error: unknown) => {
      if (error instanceof TransientError) headers.delete(key)
      if (!(error instanceof Unavailable)) throw error
      resting.set(key, clock.now() + REST)
      throw new Unavailable(`${registry.host} did not give a token: ${error.message}`, { cause: error })
    })
    resting.delete(key)
    headers.set(key, header)
    return header
  }

  /** The exchange that was made last, unless it failed so long ago that it is worth another. */
  function latest(scope: Scope): Promise<string> | undefined {
    const rest = resting.get(keyOf(scope))
    return rest !== undefined && rest <= clock.now() ? undefined : headers.get(keyOf(scope))
  }

  return {
    /** The `Authorization` header for a scope; undefined while the registry has not said where to get one. */
    async header(scope: Scope): Promise<string | undefined> {
      return latest(scope) ?? (challenge === undefined ? undefined : begin(scope, challenge))
    },
    /**
     * A header better than `used`, which was answered with 401 and this challenge. However many requests ask
     * for it at once, one exchange is made.
     */
    async renew(scope: Scope, used: string | undefined, text: string | undefined): Promise<string> {
      // Where the token goes is settled once; no later answer can send it elsewhere.
      challenge ??= readChallenge(text, registry, server)
      const known = latest(scope)
      if (known !== undefined && (await known) !== used) return known
      // Others who were refused with the same header may have begun while this one looked.
      const now = latest(scope)
      return now === known || now === undefined ? begin(scope, challenge) : now
    }
  }
}

const keyOf = ({ repository, actions }: Scope): string => `repository:${repository}:${actions}`

/** Which right is lacking, in the words of the pages where it is given. */
export function refusal({ repository, actions }: Scope, registry: URL, phrase: string): string {
  const right = actions === 'pull' ? 'read' : 'write'
  return (
    `The registry does not let the token ${right} ${registry.host}/${repository} (${phrase}). ` +
    `GITHUB_TOKEN needs \`permissions: packages: ${right}\`, and the repository needs a role on the package ` +
    `(package settings, Manage Actions access); a classic token needs the scope \`${right}:packages\`. ` +
    'Other kinds of tokens do not work. The registry gives the same answer for a package that does not exist.'
  )
}

/** Where a registry sends its clients for a token (distribution's token authentication specification). */
export interface Challenge {
  readonly realm: URL
  readonly service: string | undefined
}

/**
 * Reads a `WWW-Authenticate` header and checks that the token may be shown to the place that it names.
 *
 * @param header undefined where the answer had none
 * @param server the configured GitHub server, whose own hosts may send to each other
 * @throws ExpectedError for another kind of authentication, and for a realm off the registry's site
 */
export function readChallenge(header: string | undefined, registry: URL, server: URL): Challenge {
  const bearer = /(?:^|,)\s*bearer\s+(.*)$/is.exec(header ?? '')?.[1]
  const field = (name: string) =>
    new RegExp(`(?:^|,)\\s*${name}\\s*=\\s*"([^"]*)"`, 'i').exec(bearer ?? '')?.[1]
  const realm = field('realm')
  if (realm === undefined || !URL.canParse(realm)) {
    throw new ExpectedError(
      `The registry ${registry.host} refused an anonymous request without saying where to get a token. Is \`registry-url\` right?`
    )
  }
  const url = new URL(realm)
  if (!mayFollow(url, registry, server)) {
    throw new ExpectedError(
      `The registry ${registry.host} asks for the token to be sent to ${url.protocol}//${url.host}, which is not its own site. Nothing was sent there. Is \`registry-url\` right?`
    )
  }
  return { realm: url, service: field('service') }
}

/** GHES and ghe.com keep the registry on `containers.HOST` and may give out tokens on `HOST`. */
function mayFollow(realm: URL, registry: URL, server: URL): boolean {
  if (realm.protocol !== 'https:' && realm.protocol !== registry.protocol) return false
  if (realm.username !== '' || realm.password !== '') return false
  if (realm.host === registry.host) return true
  return isOn(realm, server) && isOn(registry, server)
}

function isOn(url: URL, server: URL): boolean {
  if (url.port !== server.port) return false
  return url.hostname === server.hostname || url.hostname.endsWith(`.${server.hostname}`)
}
