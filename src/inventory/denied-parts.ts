import type { Clock } from '../model/clock.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { Inventory } from '../model/package.ts'
import type { Registry } from '../registry/client.ts'
import { findTags } from './evidence.ts'

/** How many parts are asked for: a HEAD each, which costs nothing of GitHub's quota. */
const MOST_PARTS = 2_000

/** A part of an image that GitHub lists and the registry does not give. */
export interface DeniedPart {
  readonly part: Digest
  readonly image: Digest
  /** Why it is unknown whether it is there: a phrase; undefined where the registry denies it. */
  readonly cause?: string
}

/**
 * Parts of these images, at any depth, that GitHub lists and the registry does not give: a list may lag behind a deletion.
 */
export async function deniedParts(
  ranked: readonly Digest[],
  contents: Inventory['contents'],
  registry: Pick<Registry, 'headTag' | 'listTags'>,
  repository: string,
  clock: Clock
): Promise<DeniedPart[]> {
  const parts = ranked.flatMap(image => partsOf(image, contents).map(part => ({ part, image })))
  const stateOf = ({ part }: Pick<DeniedPart, 'part'>) => contents.get(part)?.state
  const asked = parts.filter(one => stateOf(one) === 'named').slice(0, MOST_PARTS)
  const heads = await findTags(registry, repository, [...new Set(asked.map(({ part }) => part))], clock)
  const denied = asked.flatMap((one): DeniedPart[] => {
    const head = heads.get(one.part)
    if (head === undefined || head.state === 'found') return []
    return [head.state === 'missing' ? one : { ...one, cause: head.cause }]
  })
  return [...denied, ...parts.filter(one => stateOf(one) === 'unread')]
}

function partsOf(image: Digest, contents: Inventory['contents']): Digest[] {
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

/** Such an image is broken, or GitHub's list is right: so it stays, and takes no place of another one. */
export function disputeOn({ part, image }: DeniedPart): readonly [Digest, string] {
  return [image, `GitHub lists its part ${shortDigest(part)}, which the registry does not give`]
}
