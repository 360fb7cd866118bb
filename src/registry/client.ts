import { ExpectedError, timeIsOver } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { type Digest, digestLike, parseDigest, sha256Of } from '../model/digest.ts'
import { createLimiter } from '../util/concurrency.ts'
import { createSecrets, type Secrets } from '../util/secrets.ts'
import { checked, urlOf } from './address.ts'
import { createTokens, refusal, type Scope } from './auth.ts'
import { isTransient, phraseOf, retryAfter, saysMissing, saysNotAccepted } from './failure.ts'
import { ACCEPT } from './manifest.ts'
import { type BlobRead, BROKEN, type ManifestRead, type TagHead, understand } from './read.ts'
import { retry, TransientError, Unavailable } from './retry.ts'
import { readTagList, type TagList } from './tag-list.ts'
import { type Answer, createSend, headerOf, type Request, type Send, scrubbed } from './transport.ts'

export interface RegistryOptions {
  /** `https://ghcr.io`, say. */
  readonly url: string
  /** The GitHub server, `https://github.com`, say: its own hosts may give out the registry's tokens. */
  readonly serverUrl: string
  readonly token: string
  /** The token, and whatever else no answer may repeat. */
  readonly secrets: Secrets
  readonly clock: Clock
  /**
   * Nothing is read for a decision from here on (milliseconds since 1970); a tag is looked at and given back for ten
   * seconds more, and then nobody waits for an answer any more.
   */
  readonly deadline?: number
  /** Told every secret that is made of the token, before it is used, so that it can be masked. */
  readonly onSecret: (secret: string) => void
  /** How many requests are under way at once; 16 unless told. */
  readonly concurrent?: number
  /** How requests are sent; through the runner's proxy with a deadline of 30 s unless told. */
  readonly send?: Send
}

/** The part of the OCI distribution API that GHCR has and this program needs. Repositories are `owner/name`. */
export interface Registry {
  /** Manifests that the registry handed out so far; GHCR counts each as a download. */
  readonly reads: number
  /**
   * Reads a manifest by digest or tag and checks its bytes against the digest.
   * @throws ExpectedError when the token may not read the repository at all, and BudgetError after the deadline
   */
  readManifest(repository: string, reference: Digest | string): Promise<ManifestRead>
  /**
   * Reads a blob such as an image's config, 5 MiB at most, and checks its bytes against the digest.
   * @throws ExpectedError as `readManifest`
   */
  readBlob(repository: string, digest: Digest): Promise<BlobRead>
  /** What a tag points to at this moment. @throws as `readManifest`, but BudgetError only ten seconds later */
  headTag(repository: string, tag: string): Promise<TagHead>
  /** Every tag of the repository, as the registry itself has them. @throws as `readManifest` */
  listTags(repository: string): Promise<TagList>
  /** Gets ready to put manifests, so that nothing comes between a look and the put that follows it. */
  prepareToPut(repository: string): Promise<void>
  /**
   * Puts a manifest under a tag and gives its digest. Sent once: a second try could overwrite somebody's push.
   * @throws ExpectedError when the registry refuses, saying what is lacking, or does not answer
   */
  putManifest(repository: string, tag: string, bytes: Uint8Array, mediaType: string): Promise<Digest>
  /**
   * Puts one more tag on a manifest that is there, taking it off whatever has it.
   * @throws ExpectedError when the manifest cannot be read, or as `putManifest`, and BudgetError as `headTag`
   */
  tagManifest(repository: string, digest: Digest, tag: string): Promise<void>
}

/** Talks to one registry with one token, a bounded number of requests at a time. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, token, concurrent = 16, deadline = Number.POSITIVE_INFINITY } = options
  const { scrub } = options.secrets
  const made = createSecrets()
  const scrubAll = (text: string) => made.scrub(scrub(text))
  const unbounded = options.send ?? createSend()
  const connection: Send = request =>
    unbounded({ ...request, within: Math.max(LEAST, deadline + GRACE - clock.now()) })
  const send = scrubbed(connection, scrubAll)
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`)
  const server = new URL(options.serverUrl)
  const tokens = createTokens({
    registry: base,
    server,
    token,
    clock,
    deadline,
    grace: GRACE,
    // The token that is answered may be made of the one that was given.
    send: scrubbed(connection, scrubAll, text => text),
    onSecret: secret => {
      made.add(secret)
      options.onSecret(secret)
    }
  })
  const inSlot = createLimiter(concurrent)
  let reads = 0

  /** One request, and the same again with a fresh token when the registry does not take the one it has. */
  async function authorized(scope: Scope, request: Request): Promise<Answer> {
    const used = await tokens.header(scope)
    const first = await send(signed(request, used))
    if (first.status !== 401) return first
    return send(signed(request, await tokens.renew(scope, used, headerOf(first, 'www-authenticate'))))
  }

  async function ask(
    method: 'GET' | 'HEAD',
    repository: string,
    reference: string,
    accept = ACCEPT
  ): Promise<Answer> {
    const url = urlOf(base, repository, reference)
    return settled(await authorized(pulling(repository), { method, url, headers: { accept } }))
  }

  async function get(repository: string, reference: string): Promise<ManifestRead> {
    const first = await ask('GET', repository, reference)
    // Something is there, of a type that nobody has heard of.
    const here = saysNotAccepted(first) ? await ask('GET', repository, reference, `${ACCEPT}, */*`) : first
    // What another host says is proved by a digest only: its bytes are believed, never its word that there are none.
    const proved = parseDigest(reference) !== undefined
    const answer = settled(proved ? await follow(here, urlOf(base, repository, reference)) : here)
    if (answer !== here && answer.status !== 200) return { state: 'unread', cause: answered(answer) }
    if (answer.status === 200) {
      reads++
      return understand(answer, parseDigest(reference))
    }
    return saysMissing(answer) ? { state: 'missing' } : { state: 'unread', cause: answered(answer) }
  }

  async function head(repository: string, tag: string): Promise<TagHead> {
    const answer = await ask('HEAD', repository, tag)
    const digest = parseDigest(headerOf(answer, 'docker-content-digest') ?? '')
    // What is asked for by its digest can be nothing else.
    const isFitting = digest !== undefined && (parseDigest(tag) ?? digest) === digest
    if (answer.status === 200 && isFitting) return { state: 'found', digest }
    // The answer to a HEAD has no body, so only a GET can tell why there is no digest in it.
    const read = await get(repository, tag)
    return read.state === 'read' ? { state: 'found', digest: read.digest } : read
  }

  /**
   * Where content is kept on another host, the registry redirects to a signed address that needs, and gets, no
   * token. What comes from there is believed only because its bytes are checked.
   *
   * @returns the answer at the end; the redirect itself where it leads nowhere
   */
  async function follow(answer: Answer, from: URL): Promise<Answer> {
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
  }

  async function blob(repository: string, digest: Digest): Promise<BlobRead> {
    const url = urlOf(base, repository, digest, 'blobs')
    const first = await authorized(pulling(repository), { method: 'GET', url, headers: {} })
    const answer = settled(await follow(first, url))
    if (answer.status !== 200) return { state: 'unread', cause: answered(answer) }
    if (digestLike(digest, answer.body) !== digest) throw new TransientError(BROKEN)
    return { state: 'read', bytes: answer.body }
  }

  async function list(repository: string): Promise<TagList> {
    const url = new URL(`v2/${checked(repository)}/tags/list`, base)
    return readTagList(url, async page => {
      // A thousand slow pages take hours.
      checkTime()
      return settled(await authorized(pulling(repository), { method: 'GET', url: page, headers: {} }))
    })
  }

  const checkTime = (grace = 0) => {
    if (clock.now() >= deadline + grace) throw timeIsOver()
  }

  const inTime = <T>(attempt: () => Promise<T>, grace = 0) => {
    const bounded = (): Promise<T> => {
      checkTime(grace)
      return attempt()
    }
    return inSlot(() => retry(clock, bounded, deadline + grace).catch((error: unknown) => unread(error)))
  }

  async function put(scope: Scope, tag: string, body: Uint8Array, mediaType: string): Promise<Digest> {
    const place = `${base.host}/${scope.repository}:${tag}`
    const url = urlOf(base, scope.repository, tag)
    let answer: Answer
    try {
      answer = await authorized(scope, { method: 'PUT', url, headers: { 'content-type': mediaType }, body })
    } catch (error) {
      if (!(error instanceof TransientError || error instanceof Unavailable)) throw error
      throw new ExpectedError(`Writing ${place} failed, or its answer was lost: ${error.message}.`, {
        cause: error
      })
    }
    if (answer.status === 401 || answer.status === 403) {
      throw new ExpectedError(refusal(scope, base, phraseOf(answer)))
    }
    if (answer.status < 200 || answer.status > 299) {
      throw new ExpectedError(`The registry did not store ${place}: ${phraseOf(answer)}.`)
    }
    return parseDigest(headerOf(answer, 'docker-content-digest') ?? '') ?? sha256Of(body)
  }

  async function copy(repository: string, digest: Digest, tag: string): Promise<void> {
    const failed = (cause: string) =>
      new ExpectedError(`The tag ${tag} could not be put on ${digest}: ${cause}.`)
    const read = await inTime(async () => {
      const answer = await ask('GET', repository, digest)
      if (answer.status !== 200) return { state: 'unread' as const, cause: answered(answer) }
      reads++
      const understood = understand(answer, digest)
      return understood.state === 'read' ? { state: 'bytes' as const, answer } : understood
    }, GRACE)
    if (read.state !== 'bytes') throw failed(read.state === 'missing' ? 'it is not there' : read.cause)
    const mediaType = headerOf(read.answer, 'content-type') ?? ''
    const stored = await inSlot(() => put(pushing(repository), tag, read.answer.body, mediaType))
    if (stored !== digest) throw failed(`the registry stored ${stored}`)
  }

  return {
    get reads() {
      return reads
    },
    readManifest: (repository, reference) => inTime(() => get(repository, reference)),
    readBlob: (repository, digest) => inTime(() => blob(repository, digest)),
    headTag: (repository, tag) => inTime(() => head(repository, tag), GRACE),
    listTags: repository => inTime(() => list(repository)),
    prepareToPut: async repository => {
      await tokens.header(pushing(repository))
    },
    putManifest: (repository, tag, bytes, mediaType) =>
      inSlot(() => put(pushing(repository), tag, bytes, mediaType)),
    tagManifest: copy
  }
}

function answered(answer: Answer): string {
  const hint =
    answer.status === 403 ? ' (does the token have `packages: read` and a role on the package?)' : ''
  return `the registry answered ${phraseOf(answer)}${hint}`
}

const pulling = (repository: string): Scope => ({ repository: repository.toLowerCase(), actions: 'pull' })
const pushing = (repository: string): Scope => ({
  repository: repository.toLowerCase(),
  actions: 'pull,push'
})

/** @throws TransientError for an answer that another try may better */
function settled(answer: Answer): Answer {
  if (isTransient(answer.status)) throw new TransientError(answered(answer), retryAfter(answer))
  return answer
}

function signed(request: Request, authorization: string | undefined): Request {
  return authorization === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization } }
}

/** How much longer a tag is looked at and given back, in milliseconds: a change that has begun should end well. */
const GRACE = 10_000
/** What every request may take, in milliseconds: an answer that comes at once is heard even then. */
const LEAST = 1_000

const REDIRECTS = [301, 302, 303, 307, 308]
const MOST_HOPS = 3

function unread(error: unknown): { state: 'unread'; cause: string } {
  if (error instanceof Unavailable) return { state: 'unread', cause: error.message }
  // It was worth another try, for which there is no time.
  throw error instanceof TransientError ? timeIsOver() : error
}
