import type { Digest } from '../model/digest.ts'
import { AWAITED, type Inventory, type PackageVersion } from '../model/package.ts'

/**
 * Marks the versions that lack a part which an earlier run of ours deleted, at any depth: this run is about to bring
 * it back. Until then they neither go for being broken nor take the place of another.
 *
 * @param deleted what the last runs deleted
 */
export function withAwaited(
  { versions, contents }: Inventory,
  deleted: readonly { readonly digest: Digest }[]
): readonly PackageVersion[] {
  const lacking = new Set(
    deleted.map(({ digest }) => digest).filter(digest => contents.get(digest)?.state === 'missing')
  )
  if (lacking.size === 0) return versions
  for (let size = 0; size < lacking.size; ) {
    size = lacking.size
    for (const [digest, content] of contents) {
      // A manifest of unknown kind only mentions.
      if (content.state !== 'read' || content.manifest.unknown !== undefined) continue
      if (content.manifest.children.some(child => lacking.has(child.digest))) lacking.add(digest)
    }
  }
  return versions.map(version => (lacking.has(version.digest) ? { ...version, disputed: AWAITED } : version))
}
