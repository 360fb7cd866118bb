import type { Context } from '../context.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { Inventory } from '../model/package.ts'
import { some } from '../util/format.ts'
import { deletedSince } from './deleted-since.ts'
import { findTags } from './evidence.ts'
import { repositoryOf } from './load.ts'
import { partsOf } from './parts.ts'

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
 *
 * @returns `gone` is what GitHub denies by now as well; it is not in `denied`
 */
export async function deniedParts(
  ranked: readonly Digest[],
  { package: pkg, versions, contents }: Inventory,
  context: Context
): Promise<{ readonly denied: readonly DeniedPart[]; readonly gone: ReadonlySet<Digest> }> {
  const parts = ranked.flatMap(image => partsOf(image, contents).map(part => ({ part, image })))
  const stateOf = ({ part }: Pick<DeniedPart, 'part'>) => contents.get(part)?.state
  const asked = parts.filter(one => stateOf(one) === 'named').slice(0, MOST_PARTS)
  const digests = [...new Set(asked.map(({ part }) => part))]
  const heads = await findTags(context.registry, repositoryOf(pkg), digests, context.clock)
  const missing = versions.filter(({ digest }) => heads.get(digest)?.state === 'missing')
  const gone = await deletedSince(pkg, context)(missing)
  const denied = asked.flatMap((one): DeniedPart[] => {
    const head = heads.get(one.part)
    if (head === undefined || head.state === 'found' || gone.has(one.part)) return []
    return [head.state === 'missing' ? one : { ...one, cause: head.cause }]
  })
  return { denied: [...denied, ...parts.filter(one => stateOf(one) === 'unread')], gone }
}

/** Why such images are disputed, by digest: they are broken, or GitHub's list is right, so they stay and take no place. */
export function disputesOf(denied: readonly DeniedPart[]): ReadonlyMap<Digest, string> {
  const partsBy = Map.groupBy(denied, ({ image }) => image)
  return new Map(
    [...partsBy].map(([image, parts]) => {
      const names = [...new Set(parts.map(({ part }) => shortDigest(part)))]
      const what = names.length === 1 ? 'its part' : 'its parts'
      return [image, `GitHub lists ${what} ${some(names, 5)}, which the registry does not give`]
    })
  )
}
