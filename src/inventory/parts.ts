import type { Digest } from '../model/digest.ts'
import type { Inventory } from '../model/package.ts'

/** What an image names at any depth. */
export function partsOf(image: Digest, contents: Inventory['contents']): Digest[] {
  // A set that grows while it is walked.
  const found = new Set([image])
  for (const digest of found) {
    const content = contents.get(digest)
    if (content?.state !== 'read') continue
    for (const child of content.manifest.children) found.add(child.digest)
  }
  found.delete(image)
  return [...found]
}

/** What the manifests name as their children. */
export function namedIn(contents: Inventory['contents']): Set<Digest> {
  const named = new Set<Digest>()
  for (const content of contents.values()) {
    if (content.state !== 'read') continue
    for (const child of content.manifest.children) named.add(child.digest)
  }
  return named
}
