import { type Digest, sha256Of, shortDigest } from '../model/digest.ts'
import { leadsNowhere } from '../model/manifest.ts'
import type { Content } from '../model/package.ts'
import { count, formatNumber } from '../util/format.ts'

/** Of what one index names and GitHub does not list, so many are asked for, because 4 MiB can name 24,000 that nobody has. */
const MOST_OF_ONE = 2_000
/** Of a package, so many, and so many more for each version that it has: images have fewer parts. */
const MOST_IN_ALL = 20_000
const MOST_PER_VERSION = 16

/** Sees to it that manifests of a package do not lead to any number of digests that nobody has. */
export interface Bounds {
  /**
   * Has one child stand for those of an index that nobody is asked for. It is unread: it may be there and need anything,
   * where one of them may, so that no index is called gone because of them.
   */
  withParts(content: Content, index: Digest): Content
  /** Those of some digests that may be asked for; the others become unread. */
  askable(digests: readonly Digest[]): Digest[]
}

/**
 * @param listed what GitHub lists, which is read in any case
 * @param contents gets what stands for what is not asked for
 */
export function boundsOf(listed: ReadonlySet<Digest>, contents: Map<Digest, Content>): Bounds {
  const most = MOST_IN_ALL + MOST_PER_VERSION * listed.size
  const asked = new Set<Digest>()
  const inAll = `that GitHub does not list than the ${formatNumber(most)} that are asked for in a package of ${count(listed.size, 'version')}`

  const ask = (digest: Digest): boolean => {
    if (listed.has(digest) || asked.has(digest)) return true
    if (asked.size >= most) return false
    asked.add(digest)
    return true
  }

  return {
    withParts(content, index) {
      if (content.state !== 'read') return content
      const { children } = content.manifest
      let here = 0
      const beyond = children.filter(
        ({ digest }) => !listed.has(digest) && (++here > MOST_OF_ONE || !ask(digest))
      )
      const one = beyond.find(child => !leadsNowhere(child)) ?? beyond[0]
      if (one === undefined) return content
      const digest = sha256Of(Buffer.from(`parts of ${index}`))
      const named = `${shortDigest(index)} names ${count(beyond.length, 'manifest')} more`
      const isOwn = beyond.length === here - MOST_OF_ONE
      const cause = isOwn
        ? `${named} that GitHub does not list than the ${formatNumber(MOST_OF_ONE)} that are asked for`
        : `${named} ${inAll}`
      contents.set(digest, { state: 'unread', cause })
      const unasked = new Set(beyond)
      const kept = children.filter(child => !unasked.has(child))
      return { state: 'read', manifest: { ...content.manifest, children: [...kept, { ...one, digest }] } }
    },
    askable: digests =>
      digests.filter(digest => {
        const may = ask(digest)
        if (!may && !contents.has(digest))
          contents.set(digest, { state: 'unread', cause: `it is one more ${inAll}` })
        return may
      })
  }
}
