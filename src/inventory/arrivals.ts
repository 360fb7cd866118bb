import { type Digest, digestsNamedIn, shortDigest } from '../model/digest.ts'
import { leadsNowhere, type Manifest } from '../model/manifest.ts'
import type { Content, PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'

/** Reads one manifest; what it throws ends the reading. */
export type Read = (digest: Digest) => Promise<Content>

/** How many reads are asked for at once; the registry's client sends fewer. */
export const AT_ONCE = 64

/** So many of what new versions lead to are read, because one of 4 MiB can name 24,000; a next run knows them from the list. */
const MOST_LEADS = 2_000

/** What versions need that are new in a package; `unread` names one that could not be read: it may need anything. */
export interface Needs {
  /** Digests and referrer tags' keys. */
  readonly needed: ReadonlySet<string>
  readonly unread?: string
}

/**
 * Reads versions that appeared since the listing, and what they lead to.
 * @returns `unread` also where they lead to more than anybody reads; every digest that they name at any depth, what they describe, and whose referrers' tags they carry
 */
export async function readArrivals(
  arrivals: readonly Pick<PackageVersion, 'digest' | 'tags'>[],
  read: Read
): Promise<Needs> {
  const needed = new Set<string>(arrivals.flatMap(arrival => arrival.tags.flatMap(digestsNamedIn)))
  const own = new Set(arrivals.map(arrival => arrival.digest))
  const claimed = new Set(own)
  let unread: Digest | undefined
  for (let level: readonly Digest[] = [...own]; level.length > 0; ) {
    const manifests = await eachOf(level, AT_ONCE, async digest => {
      const content = await read(digest)
      if (content.state === 'read') return content.manifest
      // A registry that does not have yet what is already listed says "missing", and that will change.
      if (content.state === 'unread' || own.has(digest)) unread ??= digest
      return undefined
    })
    const next = new Set<Digest>()
    for (const manifest of manifests.filter(one => one !== undefined)) {
      for (const digest of mentionedBy(manifest)) needed.add(digest)
      for (const child of manifest.children) {
        needed.add(child.digest)
        if (!leadsNowhere(child) && !claimed.has(child.digest)) next.add(child.digest)
      }
    }
    for (const digest of next) claimed.add(digest)
    const isTooMuch = claimed.size > own.size + MOST_LEADS
    if (isTooMuch) unread ??= [...next][0]
    level = isTooMuch ? [] : [...next]
  }
  return unread === undefined ? { needed } : { needed, unread: shortDigest(unread) }
}

/** What a manifest describes, or says that its children describe. */
export function mentionedBy(manifest: Manifest): Digest[] {
  return [manifest.subject, ...manifest.children.map(child => child.describes)].filter(
    digest => digest !== undefined
  )
}
