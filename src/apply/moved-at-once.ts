import { orFailure } from '../errors.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import type { ApplyContext } from './apply.ts'
import { type Claim, claimOn, headsOf, type TagHolders } from './tag-holders.ts'

/** How many versions are asked for at once. */
const AT_ONCE = 16

/**
 * Finds the tags that a restore may have moved, right behind its last request: what comes to it later somebody puts
 * there. Where GitHub shows the tags of deleted versions, a version takes none that it was not shown with.
 *
 * @param restored what may have come back, with the tags that it is known to have had
 * @param deleted what GitHub listed as deleted
 * @returns each with the digest that it stands on, or may come to stand on
 */
export async function movedAtOnce(
  before: TagHolders,
  restored: readonly PackageVersion[],
  deleted: readonly PackageVersion[],
  scope: ApplyContext
): Promise<ReadonlySet<string>> {
  const ids = new Set(restored.map(({ id }) => id))
  const rows = deleted.filter(({ id }) => ids.has(id))
  const moved = new Set(
    [...restored, ...rows].flatMap(({ digest, tags }) => tags.map(tag => on(digest, tag)))
  )
  const isShown = deleted.some(({ tags }) => tags.length > 0)
  const shown = new Set(isShown ? rows.map(({ id }) => id) : [])
  const hidden = new Set(restored.flatMap(({ id, digest }) => (shown.has(id) ? [] : [digest])))
  if (hidden.size === 0) return moved
  const claims = claimsIn(before, [...before.heads.keys()], new Set(restored.map(({ digest }) => digest)))
  await addUnasked(claims, before, restored, scope)
  for (const [tag, head] of await headsOf(scope.pkg, [...claims.keys()], scope.context))
    if (head.state === 'found' && hidden.has(head.digest)) moved.add(on(head.digest, tag))
  return moved
}

/** Names a tag on a version. */
export const on = (digest: Digest, tag: string): string => `${digest} ${tag}`

/** Who had each of these tags before a restore, where anybody had. */
export function claimsIn(
  before: TagHolders,
  tags: readonly string[],
  back: ReadonlySet<Digest>
): Map<string, Claim> {
  return new Map(
    tags.flatMap(tag => {
      const claim = claimOn(tag, before, back)
      return claim === undefined ? [] : [[tag, claim] as const]
    })
  )
}

/**
 * Where not all tags could be asked for before, GitHub says which of them came back.
 *
 * @returns why it did not say so of all: a sentence; undefined when it did
 */
export async function addUnasked(
  claims: Map<string, Claim>,
  before: TagHolders,
  restored: readonly PackageVersion[],
  { pkg, context: { packages } }: ApplyContext
): Promise<string | undefined> {
  const { heads, rows, gap } = before
  if (gap === undefined && [...rows.keys()].every(tag => heads.has(tag))) return undefined
  const looks = await eachOf(restored, AT_ONCE, ({ id }) => orFailure(() => packages.version(pkg, id)))
  const seen = looks.map(look => ('seen' in look ? (look.seen?.tags ?? []) : []))
  const back = new Set(restored.map(({ digest }) => digest))
  for (const tag of seen.flat()) {
    if (heads.has(tag)) continue
    const claim =
      claimOn(tag, before, back) ?? (gap === undefined ? undefined : { holder: undefined, doubt: gap })
    if (claim !== undefined) claims.set(tag, claim)
  }
  const failure = looks.find(look => 'problem' in look)
  return failure === undefined ? undefined : failure.sentence
}
