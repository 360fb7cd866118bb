import { timeIsOver } from '../errors.ts'
import type { Digest } from '../model/digest.ts'
import { createLimiter } from '../util/concurrency.ts'
import { type ConnectionOptions, createConnection, GRACE } from './connection.ts'
import { listTags, manifestReads, readBlob } from './pull.ts'
import { prepareToPut, putManifest } from './put.ts'
import type { BlobRead, BytesRead, ManifestRead, TagHead } from './read.ts'
import { retry, TransientError, Unavailable } from './retry.ts'
import type { TagList } from './tag-list.ts'

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
  const manifests = manifestReads(connection)
  const inSlot = createLimiter(concurrent)

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

  return {
    get reads() {
      return manifests.reads
    },
    readManifest: (repository, reference) => inTime(() => manifests.get(repository, reference)),
    readBlob: (repository, digest) => inTime(() => readBlob(connection, repository, digest)),
    headTag: (repository, tag) => inTime(() => manifests.head(repository, tag), GRACE),
    listTags: repository => inTime(() => listTags(connection, repository, checkTime)),
    readBytes: (repository, digest) => inTime(() => manifests.bytes(repository, digest), GRACE),
    prepareToPut: repository => prepareToPut(connection, repository),
    putManifest: (repository, tag, body, mediaType) =>
      inSlot(() => putManifest(connection, repository, tag, body, mediaType))
  }
}

function unread(error: unknown): { state: 'unread'; cause: string } {
  if (error instanceof Unavailable) return { state: 'unread', cause: error.message }
  // It was worth another try, for which there is no time.
  throw error instanceof TransientError ? timeIsOver() : error
}
