import { ExpectedError, timeIsOver } from '../errors.ts'
import { type Digest, digestLike, parseDigest } from '../model/digest.ts'
import { createLimiter } from '../util/concurrency.ts'
import { checked, urlOf } from './address.ts'
import { type ConnectionOptions, createConnection, GRACE } from './connection.ts'
import { answered, saysMissing, saysNotAccepted, settled } from './failure.ts'
import { ACCEPT } from './manifest.ts'
import { pushing, putManifest } from './put.ts'
import { type BlobRead, BROKEN, type BytesRead, type ManifestRead, type TagHead, understand } from './read.ts'
import { retry, TransientError, Unavailable } from './retry.ts'
import { readTagList, type TagList } from './tag-list.ts'
import { type Answer, headerOf, type Request } from './transport.ts'

export interface RegistryOptions extends ConnectionOptions {
  /** How many requests are under way at once; 16 unless told. */
  readonly concurrent?: number
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
  /**
   * Gets ready to put manifests, so that nothing comes between a look and the put that follows it.
   * @throws ExpectedError when the registry gives no token for that, and BudgetError after the deadline
   */
  prepareToPut(repository: string): Promise<void>
  /**
   * Puts a manifest under a tag and gives its digest. Sent once: a second try could overwrite somebody's push.
   * @throws ExpectedError when the registry refuses, saying what is lacking, or does not answer
   */
  putManifest(repository: string, tag: string, bytes: Uint8Array, mediaType: string): Promise<Digest>
  /** A manifest as it is stored, to put it under one more tag. @throws as `headTag` */
  readBytes(repository: string, digest: Digest): Promise<BytesRead>
}

/** Talks to one registry with one token, a bounded number of requests at a time. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, concurrent = 16, deadline = Number.POSITIVE_INFINITY } = options
  const connection = createConnection(options)
  const { base, follow } = connection
  const inSlot = createLimiter(concurrent)
  let reads = 0

  async function pull(repository: string, request: Request): Promise<Answer> {
    return settled(await connection.send({ repository: repository.toLowerCase(), actions: 'pull' }, request))
  }

  function ask(
    method: 'GET' | 'HEAD',
    repository: string,
    reference: string,
    accept = ACCEPT
  ): Promise<Answer> {
    return pull(repository, { method, url: urlOf(base, repository, reference), headers: { accept } })
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

  async function blob(repository: string, digest: Digest): Promise<BlobRead> {
    const url = urlOf(base, repository, digest, 'blobs')
    const answer = settled(await follow(await pull(repository, { method: 'GET', url, headers: {} }), url))
    if (answer.status !== 200) return { state: 'unread', cause: answered(answer) }
    if (digestLike(digest, answer.body) !== digest) throw new TransientError(BROKEN)
    return { state: 'read', bytes: answer.body }
  }

  async function list(repository: string): Promise<TagList> {
    const url = new URL(`v2/${checked(repository)}/tags/list`, base)
    return readTagList(url, async page => {
      // A thousand slow pages take hours.
      checkTime()
      return pull(repository, { method: 'GET', url: page, headers: {} })
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

  async function bytes(repository: string, digest: Digest): Promise<BytesRead> {
    const answer = await ask('GET', repository, digest)
    if (answer.status !== 200) return { state: 'unread', cause: answered(answer) }
    reads++
    const understood = understand(answer, digest)
    const mediaType = headerOf(answer, 'content-type') ?? ''
    return understood.state === 'read' ? { state: 'bytes', bytes: answer.body, mediaType } : understood
  }

  async function prepare(repository: string): Promise<void> {
    try {
      await connection.prepare(pushing(repository))
    } catch (error) {
      if (error instanceof TransientError) throw timeIsOver()
      if (!(error instanceof Unavailable)) throw error
      throw new ExpectedError(`Nothing can be written to ${repository}: ${error.message}.`, { cause: error })
    }
  }

  return {
    get reads() {
      return reads
    },
    readManifest: (repository, reference) => inTime(() => get(repository, reference)),
    readBlob: (repository, digest) => inTime(() => blob(repository, digest)),
    headTag: (repository, tag) => inTime(() => head(repository, tag), GRACE),
    listTags: repository => inTime(() => list(repository)),
    readBytes: (repository, digest) => inTime(() => bytes(repository, digest), GRACE),
    prepareToPut: prepare,
    putManifest: (repository, tag, body, mediaType) =>
      inSlot(() => putManifest(connection, repository, tag, body, mediaType))
  }
}

function unread(error: unknown): { state: 'unread'; cause: string } {
  if (error instanceof Unavailable) return { state: 'unread', cause: error.message }
  // It was worth another try, for which there is no time.
  throw error instanceof TransientError ? timeIsOver() : error
}
