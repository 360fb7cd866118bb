import { type Digest, digestLike, parseDigest } from '../model/digest.ts'
import { checked, urlOf } from './address.ts'
import type { Connection } from './connection.ts'
import { answered, saysMissing, saysNotAccepted, settled } from './failure.ts'
import { ACCEPT } from './manifest.ts'
import { type BlobRead, BROKEN, type BytesRead, type ManifestRead, type TagHead, understand } from './read.ts'
import { TransientError } from './retry.ts'
import { readTagList, type TagList } from './tag-list.ts'
import { type Answer, headerOf, type Request } from './transport.ts'

/** Reads manifests, one attempt each, and counts those that were handed out. What may pass is a TransientError. */
export function manifestReads(connection: Connection) {
  const { base, follow } = connection
  let reads = 0

  function ask(
    method: 'GET' | 'HEAD',
    repository: string,
    reference: string,
    accept = ACCEPT
  ): Promise<Answer> {
    return pull(connection, repository, {
      method,
      url: urlOf(base, repository, reference),
      headers: { accept }
    })
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

  async function bytes(repository: string, digest: Digest): Promise<BytesRead> {
    const answer = await ask('GET', repository, digest)
    if (answer.status !== 200) return { state: 'unread', cause: answered(answer) }
    reads++
    const understood = understand(answer, digest)
    const mediaType = headerOf(answer, 'content-type') ?? ''
    return understood.state === 'read' ? { state: 'bytes', bytes: answer.body, mediaType } : understood
  }

  return {
    get reads() {
      return reads
    },
    get,
    head,
    bytes
  }
}

/** Reads a blob once. What may pass is a TransientError. */
export async function readBlob(
  connection: Connection,
  repository: string,
  digest: Digest
): Promise<BlobRead> {
  const url = urlOf(connection.base, repository, digest, 'blobs')
  const first = await pull(connection, repository, { method: 'GET', url, headers: {} })
  const answer = settled(await connection.follow(first, url))
  if (answer.status !== 200) return { state: 'unread', cause: answered(answer) }
  if (digestLike(digest, answer.body) !== digest) throw new TransientError(BROKEN)
  return { state: 'read', bytes: answer.body }
}

/** Reads every tag. @param proceed told before each page; throws where no time is left */
export function listTags(connection: Connection, repository: string, proceed: () => void): Promise<TagList> {
  return readTagList(new URL(`v2/${checked(repository)}/tags/list`, connection.base), async url => {
    // A thousand slow pages take hours.
    proceed()
    return pull(connection, repository, { method: 'GET', url, headers: {} })
  })
}

async function pull(connection: Connection, repository: string, request: Request): Promise<Answer> {
  return settled(await connection.send({ repository: repository.toLowerCase(), actions: 'pull' }, request))
}
