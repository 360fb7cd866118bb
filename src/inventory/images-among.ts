import { type Digest, isUserTag } from '../model/digest.ts'
import { type Descriptor, isPlaceholder } from '../model/manifest.ts'
import type { Content, PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import { AT_ONCE, type Read } from './arrivals.ts'

/**
 * New versions that are images by themselves: no part of another one, nothing that describes another, and no
 * placeholder of this or another run. What cannot be read may be one.
 */
export async function imagesAmong(
  versions: readonly PackageVersion[],
  read: Read
): Promise<readonly PackageVersion[]> {
  const named = versions.filter(({ tags }) => tags.length === 0 || tags.some(isUserTag))
  if (named.length === 0) return []
  const contents = new Map(
    await eachOf(versions, AT_ONCE, async ({ digest }) => [digest, await read(digest)] as const)
  )
  const parts = new Set([...contents.values()].flatMap(childrenOf).map(({ digest }) => digest))
  const describes = async (digest: Digest): Promise<boolean> => {
    const content = await read(digest)
    return content.state === 'read' && content.manifest.subject !== undefined
  }
  const isImage = async ({ digest, tags }: PackageVersion): Promise<boolean> => {
    const content = contents.get(digest)
    if (content?.state !== 'read') return true
    if (content.manifest.subject !== undefined || isPlaceholder(content.manifest, tags)) return false
    // An older list of referrers has lost its tag to the next one.
    const children = childrenOf(content)
    const isList = children.length > 0 && children.every(({ platform }) => platform === undefined)
    return !isList || !(await eachOf(children, AT_ONCE, child => describes(child.digest))).every(Boolean)
  }
  const roots = named.filter(({ digest }) => !parts.has(digest))
  const images = await eachOf(roots, AT_ONCE, isImage)
  return roots.filter((_, place) => images[place])
}

const childrenOf = (content: Content): readonly Descriptor[] =>
  content.state === 'read' ? content.manifest.children : []
