import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { grouped } from '../util/grouped.ts'
import type { Heading } from './file.ts'

/**
 * A version that has a tag by now starts again when it loses it. What is remembered counts only as far as the version's
 * own dates allow: anybody who may write the cache could have put a 0 there.
 */
export function firstSeen(
  versions: readonly PackageVersion[],
  seen: ReadonlyMap<number, number>,
  now: number
): Map<Digest, number> {
  const untagged = versions.filter(({ tags }) => tags.length === 0)
  return new Map(
    untagged.map(({ id, digest, created, updated }) => [
      digest,
      // Whole milliseconds: an entry with others is of no use.
      Math.floor(Math.min(Math.max(seen.get(id) ?? now, created ?? now, updated ?? now), now))
    ])
  )
}

/** Each time, and the ids of the versions that were first seen then. */
export function byTime(
  untagged: readonly PackageVersion[],
  since: ReadonlyMap<Digest, number>
): Heading['untagged'] {
  return [...grouped(untagged.map(({ id, digest }) => [since.get(digest) as number, id] as const))]
}
