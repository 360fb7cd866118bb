import type { Digest } from '../model/digest.ts'
import type { Manifest } from '../model/manifest.ts'
import type { Inventory } from '../model/package.ts'
import type { ReadCounts } from '../model/run.ts'

/**
 * Says what the reads of a package were for.
 *
 * @param fetched what was read from the registry in this run
 * @param remembered what was known before
 */
export function countReads(
  { versions, contents }: Inventory,
  fetched: ReadonlySet<Digest>,
  remembered: ReadonlyMap<Digest, Manifest>
): ReadCounts {
  const tags = new Map(versions.map(version => [version.digest, version.tags.length]))
  const isNamed = namedIn(contents)
  const counts = { tagged: 0, named: 0, untagged: 0 }
  for (const digest of fetched) {
    if ((tags.get(digest) ?? 0) > 0) counts.tagged++
    else if (isNamed.has(digest) || !tags.has(digest)) counts.named++
    else counts.untagged++
  }
  const spared = versions.filter(({ digest }) => contents.get(digest)?.state === 'named').length
  return { ...counts, remembered: remembered.size, spared }
}

function namedIn(contents: Inventory['contents']): Set<Digest> {
  const named = new Set<Digest>()
  for (const content of contents.values()) {
    if (content.state !== 'read') continue
    for (const child of content.manifest.children) named.add(child.digest)
  }
  return named
}
