import type { Digest } from '../../model/digest.ts'
import type { Inventory } from '../../model/package.ts'
import type { Registry } from '../../registry/client.ts'
import { eachOf } from '../../util/concurrency.ts'

/** How many new tags are asked for at one look. */
const MOST_NEW = 500
/** How many of them at once. */
const AT_ONCE = 16

/** By digest, one of the tags that nobody knew; and why there may be more: a phrase, undefined where all were asked for. */
export interface NewTags {
  readonly found: ReadonlyMap<Digest, string>
  readonly unread: string | undefined
  /** Whether it was the registry's list of tags that could not be read, so that nothing is known of new tags. */
  readonly isUnlisted: boolean
}

/**
 * Gives the function that tells where tags stand that nobody knew when the plan was made: by digest, one of them.
 * GitHub's list may lag, and where it hides the tags of what is deleted, nothing shows such a tag afterwards.
 */
export function newTagsReader(
  { versions, unlisted }: Pick<Inventory, 'versions' | 'unlisted'>,
  registry: Pick<Registry, 'listTags' | 'headTag'>,
  repository: string
): () => Promise<NewTags> {
  /** At which look each was asked for last. */
  const asked = new Map<string, number>()
  let look = 0
  const known = new Set([...versions.flatMap(({ tags }) => tags), ...[...(unlisted?.values() ?? [])].flat()])
  return async () => {
    const found = new Map<Digest, string>()
    let unread: string | undefined
    const list = await registry.listTags(repository)
    // A token that may not read it will not read it later either.
    if (list.state === 'unread' && list.refused !== true)
      return { found, unread: list.cause, isUnlisted: true }
    const tags = list.state === 'read' ? list.tags.filter(tag => !known.has(tag)) : []
    look++
    // Those first that were never asked for: on a busy package there are more and more of them.
    const next = tags.toSorted((a, b) => (asked.get(a) ?? 0) - (asked.get(b) ?? 0)).slice(0, MOST_NEW)
    await eachOf(next, AT_ONCE, async tag => {
      asked.set(tag, look)
      const head = await registry.headTag(repository, tag)
      if (head.state === 'found') found.set(head.digest, tag)
      if (head.state === 'unread') unread ??= head.cause
    })
    return {
      found,
      unread: unread ?? (next.length < tags.length ? 'there are too many new tags' : undefined),
      isUnlisted: false
    }
  }
}
