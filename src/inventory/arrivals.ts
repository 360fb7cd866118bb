import type { Clock } from '../model/clock.ts'
import { type Digest, digestsNamedIn, shortDigest } from '../model/digest.ts'
import { leadsNowhere, type Manifest } from '../model/manifest.ts'
import type { Content, PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import { PAUSES } from './evidence.ts'

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
 *
 * @param again reads what was denied and is there or leads further: a new version, or an index as another one says
 * @returns `unread` also where they lead to more than anybody reads; every digest that they name at any depth, what they describe, and whose referrers' tags they carry
 */
export async function readArrivals(
  arrivals: readonly Pick<PackageVersion, 'digest' | 'tags'>[],
  read: Read,
  again: Read = read
): Promise<Needs> {
  const needed = new Set<string>(arrivals.flatMap(arrival => arrival.tags.flatMap(digestsNamedIn)))
  const own = new Set(arrivals.map(arrival => arrival.digest))
  const claimed = new Set(own)
  /** What leads further, as its index says. */
  const leads = new Set<Digest>()
  let unread: Digest | undefined
  for (let level: readonly Digest[] = [...own]; level.length > 0; ) {
    const manifests = await eachOf(level, AT_ONCE, async digest => {
      const first = await read(digest)
      const isDenied = first.state === 'missing' && (leads.has(digest) || own.has(digest))
      const content = isDenied ? await again(digest) : first
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
        if (child.index) leads.add(child.digest)
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

/**
 * Gives the function that tells what new versions in a package need. What is known of the package already is not read:
 * of what was deleted meanwhile nobody else can tell.
 */
export function arrivalsReader(contents: ReadonlyMap<Digest, Content>, read: Read, clock: Clock) {
  const first: Read = async digest => {
    const known = contents.get(digest)
    return known?.state === 'read' ? known : read(digest)
  }
  const again: Read = async digest => {
    let content: Content = { state: 'missing' }
    for (const pause of PAUSES) {
      await clock.sleep(pause)
      content = await read(digest)
      if (content.state !== 'missing') return content
    }
    return content
  }
  return (arrivals: readonly Pick<PackageVersion, 'digest' | 'tags'>[]) =>
    readArrivals(arrivals, first, again)
}

/** What a manifest describes, or says that its children describe. */
export function mentionedBy(manifest: Manifest): Digest[] {
  return [manifest.subject, ...manifest.children.map(child => child.describes)].filter(
    digest => digest !== undefined
  )
}
