import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, parseDigest } from '../../src/model/digest.ts'

/** The manifests and tags of one repository, from the files of docker-registry's filesystem storage. */
export interface StoredRepository {
  /** Each manifest with the time at which its link was written, in milliseconds since 1970. */
  readonly manifests: ReadonlyMap<Digest, number>
  readonly tags: ReadonlyMap<string, Digest>
}

/**
 * Reads `docker/registry/v2/repositories/<name>/_manifests/{revisions,tags}` below `storage`
 * (distribution, registry/storage/paths.go). A repository without any manifest is an empty one.
 */
export async function readStored(storage: string, repository: string): Promise<StoredRepository> {
  const place = join(storage, 'docker/registry/v2/repositories', repository, '_manifests')
  const manifests = new Map<Digest, number>()
  for (const hex of await entries(join(place, 'revisions/sha256'))) {
    const digest = parseDigest(`sha256:${hex}`)
    // The directory of a deleted manifest stays, without its link.
    const written = await unlessGone(stat(join(place, 'revisions/sha256', hex, 'link')))
    if (digest !== undefined && written !== undefined) manifests.set(digest, written.mtimeMs)
  }
  const tags = new Map<string, Digest>()
  for (const tag of await entries(join(place, 'tags'))) {
    const link = await unlessGone(readFile(join(place, 'tags', tag, 'current/link'), 'utf8'))
    const digest = parseDigest(link?.trim() ?? '')
    if (digest !== undefined) tags.set(tag, digest)
  }
  return { manifests, tags }
}

const entries = async (directory: string): Promise<string[]> =>
  ((await unlessGone(readdir(directory))) ?? []).sort()

async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
