import { ExpectedError, messageOf } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { type Digest, digestLike, parseDigest, sha256Of } from '../model/digest.ts'
import type { Manifest } from '../model/manifest.ts'
import { isTag } from '../model/tag.ts'
import { createSecrets, type Secrets } from '../util/secrets.ts'
import { createTokens, refusal, type Scope } from './auth.ts'
import { isPassing, phraseOf, retryAfter, saysMissing, saysNotAccepted } from './failure.ts'
import { ACCEPT, isSchema1, mentionsOf, parseManifest } from './manifest.ts'
import { retry, TransientError, Unavailable } from './retry.ts'
import { createLimiter } from './slots.ts'
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
  /** Told every secret that is made of the token, before it is used, so that it can be masked. */
  readonly onSecret: (secret: string) => void
  /** How many requests are under way at once; 16 unless told. */
  readonly concurrent?: number
  /** How requests are sent; through the runner's proxy with a deadline of 30 s unless told. */
  readonly send?: Send
}

/** `missing` only when the registry says so in so many words. A `cause` is a phrase for people. */
type Lacking = { readonly state: 'missing' } | { readonly state: 'unread'; readonly cause: string }
export type ManifestRead =
  | {
      readonly state: 'read'
      readonly digest: Digest
      readonly manifest: Manifest
      readonly bytes: Uint8Array
    }
  | Lacking
export type BlobRead =
  | { readonly state: 'read'; readonly bytes: Uint8Array }
  | { readonly state: 'unread'; readonly cause: string }
export type TagHead = { readonly state: 'found'; readonly digest: Digest } | Lacking

/** The part of the OCI distribution API that GHCR has and this program needs. Repositories are `owner/name`. */
export interface Registry {
  /** Manifests that the registry handed out so far; GHCR counts each as a download. */
  readonly reads: number
  /**
   * Reads a manifest by digest or tag and checks its bytes against the digest.
   * @throws ExpectedError when the token may not read the repository at all
   */
  readManifest(repository: string, reference: Digest | string): Promise<ManifestRead>
  /**
   * Reads a blob such as an image's config, 5 MiB at most, and checks its bytes against the digest.
   * @throws ExpectedError as `readManifest`
   */
  readBlob(repository: string, digest: Digest): Promise<BlobRead>
  /** What a tag points to at this moment. @throws ExpectedError as `readManifest` */
  headTag(repository: string, tag: string): Promise<TagHead>
  /** Every tag of the repository, as the registry itself has them. @throws ExpectedError as `readManifest` */
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
   * @throws ExpectedError when the manifest cannot be read, or as `putManifest`
   */
  tagManifest(repository: string, digest: Digest, tag: string): Promise<void>
}

/** Talks to one registry with one token, a bounded number of requests at a time. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, token, concurrent = 16 } = options
  const { scrub } = options.secrets
  const made = createSecrets()
  const scrubFailure = (text: string) => made.scrub(scrub(text))
  const connection = options.send ?? createSend()
  const send = scrubbed(connection, scrub, scrubFailure)
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`)
  const server = new URL(options.serverUrl)
  const tokens = createTokens({
    registry: base,
    server,
    token,
    clock,
    // The token that is answered may be made of the one that was given.
    send: scrubbed(connection, text => text, scrubFailure),
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
    const scope: Scope = { repository: repository.toLowerCase(), actions: 'pull' }
    const url = urlOf(base, scope.repository, reference)
    const answer = await authorized(scope, { method, url, headers: { accept } })
    if (isPassing(answer.status)) throw new TransientError(answered(answer), retryAfter(answer))
    return answer
  }

  async function get(repository: string, reference: string): Promise<ManifestRead> {
    const first = await ask('GET', repository, reference)
    // Something is there, of a type that nobody has heard of.
    const here = saysNotAccepted(first) ? await ask('GET', repository, reference, `${ACCEPT}, */*`) : first
    // What another host says is proved by a digest only: its bytes are believed, never its word that there are none.
    const proved = parseDigest(reference) !== undefined
    const answer = proved ? await follow(here, urlOf(base, repository.toLowerCase(), reference)) : here
    if (isPassing(answer.status)) throw new TransientError(answered(answer), retryAfter(answer))
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
    if (answer.status === 200 && digest !== undefined) return { state: 'found', digest }
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
    const scope: Scope = { repository: repository.toLowerCase(), actions: 'pull' }
    const url = urlOf(base, scope.repository, digest, 'blobs')
    const answer = await follow(await authorized(scope, { method: 'GET', url, headers: {} }), url)
    if (isPassing(answer.status)) throw new TransientError(answered(answer), retryAfter(answer))
    if (answer.status !== 200) return { state: 'unread', cause: answered(answer) }
    if (digestLike(digest, answer.body) !== digest) {
      throw new TransientError(BROKEN)
    }
    return { state: 'read', bytes: answer.body }
  }

  async function list(repository: string): Promise<TagList> {
    const scope: Scope = { repository: repository.toLowerCase(), actions: 'pull' }
    const url = new URL(`v2/${checked(scope.repository)}/tags/list`, base)
    return readTagList(url, async page => {
      const answer = await authorized(scope, { method: 'GET', url: page, headers: {} })
      if (isPassing(answer.status)) throw new TransientError(answered(answer), retryAfter(answer))
      return answer
    })
  }

  const patiently = <T>(attempt: () => Promise<T>) =>
    inSlot(() => retry(clock, attempt).catch((error: unknown) => unread(error)))

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
    const read = await patiently(async () => {
      const answer = await ask('GET', repository, digest)
      if (answer.status !== 200) return { state: 'unread' as const, cause: answered(answer) }
      reads++
      const understood = understand(answer, digest)
      return understood.state === 'read' ? { state: 'bytes' as const, answer } : understood
    })
    if (read.state !== 'bytes') throw failed(read.state === 'missing' ? 'it is not there' : read.cause)
    const scope: Scope = { repository: repository.toLowerCase(), actions: 'pull,push' }
    const mediaType = headerOf(read.answer, 'content-type') ?? ''
    const stored = await inSlot(() => put(scope, tag, read.answer.body, mediaType))
    if (stored !== digest) throw failed(`the registry stored ${stored}`)
  }

  return {
    get reads() {
      return reads
    },
    readManifest: (repository, reference) => patiently(() => get(repository, reference)),
    readBlob: (repository, digest) => patiently(() => blob(repository, digest)),
    headTag: (repository, tag) => patiently(() => head(repository, tag)),
    listTags: repository => patiently(() => list(repository)),
    prepareToPut: async repository => {
      await tokens.header({ repository: repository.toLowerCase(), actions: 'pull,push' })
    },
    putManifest: (repository, tag, bytes, mediaType) =>
      inSlot(() =>
        put({ repository: repository.toLowerCase(), actions: 'pull,push' }, tag, bytes, mediaType)
      ),
    tagManifest: copy
  }
}

function answered(answer: Answer): string {
  const hint =
    answer.status === 403 ? ' (does the token have `packages: read` and a role on the package?)' : ''
  return `the registry answered ${phraseOf(answer)}${hint}`
}

function signed(request: Request, authorization: string | undefined): Request {
  return authorization === undefined
    ? request
    : { ...request, headers: { ...request.headers, authorization } }
}

const REDIRECTS = [301, 302, 303, 307, 308]
const MOST_HOPS = 3

const NAME = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)+$/

/** Nested names keep their slashes. What is no name would end up at another address (`..`, `?`, `#`). */
function urlOf(
  base: URL,
  repository: string,
  reference: string,
  kind: 'manifests' | 'blobs' = 'manifests'
): URL {
  if (parseDigest(reference) === undefined && !isTag(reference)) {
    throw new ExpectedError(
      `"${reference}" is neither a tag nor a digest. A tag has letters, digits, "_", "." and "-" only, 128 at most.`
    )
  }
  return new URL(`v2/${checked(repository)}/${kind}/${reference}`, base)
}

function checked(repository: string): string {
  if (NAME.test(repository)) return repository
  throw new ExpectedError(`"${repository}" is no name of a package in a registry. Give owner and package.`)
}

function unread(error: unknown): { state: 'unread'; cause: string } {
  if (error instanceof Unavailable) return { state: 'unread', cause: error.message }
  throw error
}

/**
 * Checks and reads the bytes of a manifest.
 *
 * @param wanted the digest that was asked for; undefined for a tag
 * @throws Passing when the bytes are not those of the digest
 */
function understand(answer: Answer, wanted: Digest | undefined): ManifestRead {
  const said = parseDigest(headerOf(answer, 'docker-content-digest') ?? '')
  const expected = wanted ?? said
  const actual = digestLike(expected, answer.body)
  const intact = expected === undefined || expected === actual
  let manifest: Manifest
  try {
    manifest = parseManifest(answer.body, headerOf(answer, 'content-type'))
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    if (!intact) throw new TransientError(BROKEN)
    // What a tag leads to has no digest to be held against: it may be any page.
    if (expected === undefined) return { state: 'unread', cause: messageOf(error) }
    manifest = mentionsOf(answer.body, headerOf(answer, 'content-type'), messageOf(error))
  }
  if (intact) return { state: 'read', digest: actual, manifest, bytes: answer.body }
  // The digest of a signed schema 1 manifest is not that of its bytes: the registry's word has to do.
  if (isSchema1(manifest) && said === expected)
    return { state: 'read', digest: expected, manifest, bytes: answer.body }
  throw new TransientError(BROKEN)
}

const BROKEN = 'the bytes received are not those of the digest'
