import type { Ref } from '../model/decision.ts'
import { type Digest, isUserTag, shortDigest } from '../model/digest.ts'
import { isPlaceholder, type Kind } from '../model/manifest.ts'
import type { Content, Inventory, PackageVersion } from '../model/package.ts'

/** A manifest that is known to exist, or not known not to: listed by GitHub, or only named by an index. */
export interface Node {
  readonly digest: Digest
  /** Undefined for a manifest that GitHub does not list: it cannot be deleted, so it always stays. */
  readonly version: PackageVersion | undefined
  readonly content: Content
  /** All tags, as far as GitHub or the registry tells. */
  readonly tags: readonly string[]
  /** Those that a person or a build chose, and that stand on something. */
  readonly userTags: readonly string[]
}

/** The name that a person knows it by: its first user tag, else its short digest. */
export function refOf({ digest, userTags }: Node): Ref {
  return userTags[0] ?? shortDigest(digest)
}

/** True for our own placeholder that was left behind. */
export function isLeftover({ content, tags }: Pick<Node, 'content' | 'tags'>): boolean {
  return content.state === 'read' && isPlaceholder(content.manifest, tags)
}

/** A manifest that was not read is a platform of an image, or gone. */
export function kindOf({ content }: Node): Kind {
  return content.state === 'read' ? content.manifest.kind : 'image'
}

/** What GitHub lists, in the order of the inventory, then what only the registry or an index knows. */
export function nodesOf({ versions, contents, unlisted }: Inventory): Node[] {
  const listed = new Set(versions.map(({ digest }) => digest))
  const nodes: Node[] = versions.map(version => ({
    digest: version.digest,
    version,
    content: contents.get(version.digest) ?? { state: 'unread', cause: 'it was not read' },
    ...tagsOf(version.tags, contents.get(version.digest))
  }))
  for (const [digest, content] of contents) {
    if (listed.has(digest) || content.state === 'missing') continue
    nodes.push({ digest, version: undefined, content, ...tagsOf(unlisted?.get(digest) ?? NONE) })
  }
  return nodes
}

function tagsOf(tags: readonly string[], content?: Content): Pick<Node, 'tags' | 'userTags'> {
  if (content !== undefined && isLeftover({ content, tags })) return { tags, userTags: NONE }
  return { tags, userTags: tags.every(isUserTag) ? tags : tags.filter(isUserTag) }
}

// Most of 100,000 nodes have no edge of most kinds, and nothing that is stripped: they share this.
export const NONE: readonly never[] = []

/** What an index names, itself aside. */
export function childDigests({ content, digest }: Node): readonly Digest[] {
  if (content.state !== 'read' || content.manifest.children.length === 0) return NONE
  return content.manifest.children.map(child => child.digest).filter(child => child !== digest)
}
