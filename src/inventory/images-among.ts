import { type Digest, isUserTag } from '../model/digest.ts'
import { isPlaceholder } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import { AT_ONCE, type Needs, type Read } from './arrivals.ts'

/**
 * New versions that are images by themselves: no part of another one, nothing that describes another, and no
 * placeholder of this or another run. What cannot be read may be one.
 *
 * @param needs tells what versions name or describe
 */
export async function imagesAmong(
  versions: readonly PackageVersion[],
  needs: (versions: readonly PackageVersion[]) => Promise<Needs>,
  read: Read
): Promise<readonly PackageVersion[]> {
  const named = versions.filter(({ tags }) => tags.length === 0 || tags.some(isUserTag))
  if (named.length === 0) return []
  const { needed } = await needs(versions)
  const roots = named.filter(({ digest }) => !needed.has(digest))
  const describes = async (digest: Digest): Promise<boolean> => {
    const content = await read(digest)
    return content.state === 'read' && content.manifest.subject !== undefined
  }
  const isOther = await eachOf(roots, AT_ONCE, async ({ digest, tags }) => {
    const content = await read(digest)
    if (content.state !== 'read') return false
    const { manifest } = content
    if (manifest.subject !== undefined || isPlaceholder(manifest, tags)) return true
    // An older list of referrers has lost its tag to the next one.
    const { children } = manifest
    const isList = children.length > 0 && children.every(({ platform }) => platform === undefined)
    return isList && (await eachOf(children, AT_ONCE, child => describes(child.digest))).every(Boolean)
  })
  return roots.filter((_, place) => isOther[place] !== true)
}
