import type { Digest } from '../../model/digest.ts'
import type { TagHead } from '../../registry/read.ts'

/** What was known of a package's tags before a restore. */
export interface TagHolders {
  /** What the registry said; nobody had tags that are in neither. */
  readonly heads: ReadonlyMap<string, TagHead>
  /** What GitHub's list shows. */
  readonly rows: ReadonlyMap<string, Digest>
  readonly ids: ReadonlyMap<Digest, number>
  /** Why there may be tags of which nothing is known: a phrase. */
  readonly gap: string | undefined
}

/** Who had a tag before a restore. */
export interface Claim {
  /** Undefined where nobody can tell. */
  readonly holder: Digest | undefined
  /** Why nobody can tell: a phrase. */
  readonly doubt: string
}

/** Names a tag on a version. */
export const on = (digest: Digest, tag: string): string => `${digest} ${tag}`

/**
 * Says who had a tag: undefined when nobody had it. A list and a registry that contradict each other leave that open,
 * but what has just been restored may have been served from before its deletion.
 */
export function claimOn(
  tag: string,
  { heads, rows, ids }: TagHolders,
  restored: ReadonlySet<Digest>
): Claim | undefined {
  const head = heads.get(tag)
  const row = rows.get(tag)
  const isRow = row !== undefined && !restored.has(row)
  const isFound = head?.state === 'found'
  // The registry may be late as well: GitHub lists that version, and the tag on none.
  if (isFound && !isRow && !restored.has(head.digest) && ids.has(head.digest))
    return { holder: undefined, doubt: `the registry had it on ${head.digest}, and GitHub lists it on none` }
  if (isFound && (!restored.has(head.digest) || !isRow)) return { holder: head.digest, doubt: '' }
  if (isRow && (head === undefined || head.state === 'unread')) return { holder: row, doubt: '' }
  if (isRow) return { holder: undefined, doubt: `GitHub lists it on ${row}, and the registry does not` }
  return head?.state === 'unread' ? { holder: undefined, doubt: head.cause } : undefined
}

/**
 * Who had tags before a restore, where anybody had: of those that were asked for then, and of these more.
 *
 * @param more tags of which nothing but GitHub's list may be known
 */
export function claimsIn(
  before: TagHolders,
  restored: ReadonlySet<Digest>,
  more: readonly string[] = []
): Map<string, Claim> {
  const { gap } = before
  const claims = new Map<string, Claim>()
  for (const tag of [...before.heads.keys(), ...more]) {
    const claim = claimOn(tag, before, restored)
    if (claim !== undefined) claims.set(tag, claim)
    else if (gap !== undefined && !before.heads.has(tag)) claims.set(tag, { holder: undefined, doubt: gap })
  }
  return claims
}

/** Which of these tags somebody is known to have had. */
export function claimsOn(
  tags: readonly string[],
  before: TagHolders,
  restored: ReadonlySet<Digest>
): Map<string, Claim & { readonly holder: Digest }> {
  const claims = new Map<string, Claim & { readonly holder: Digest }>()
  for (const tag of tags) {
    const { holder, doubt } = claimOn(tag, before, restored) ?? NOBODY
    if (holder !== undefined && doubt === '') claims.set(tag, { holder, doubt })
  }
  return claims
}

const NOBODY: Claim = { holder: undefined, doubt: '' }

/** What is known of tags behind restores. */
export interface Behind {
  /** What may have come back. */
  readonly back: ReadonlySet<Digest>
  /** Tags that the restores may have moved, each with what came back, as `on` names it. */
  readonly moved: ReadonlySet<string>
  /** Tags that what came back is known to have had, named so as well. */
  readonly had: ReadonlySet<string>
  /** Tags that were seen on something else behind the restores. */
  readonly stood: ReadonlySet<string>
  /** Tags that were put back and seen there. */
  readonly returned: ReadonlySet<string>
}

/**
 * What became of a tag that somebody had. One that `came` to what is back was perhaps put there by somebody: the restore
 * did not move it, or it was seen elsewhere since, unless it is back where it was before the deletion; or
 * it was put back, as a restore moves it once.
 */
export type Fate =
  | { readonly state: 'unseen'; readonly cause: string }
  | { readonly state: 'kept' }
  | { readonly state: 'taken' | 'came'; readonly on: Digest }

export function fateOf(
  tag: string,
  { holder }: Claim,
  head: TagHead | undefined,
  { back, moved, had, stood, returned }: Behind
): Fate {
  if (head?.state !== 'found')
    return { state: 'unseen', cause: head?.state === 'unread' ? head.cause : 'the registry denies it' }
  if (head.digest === holder || !back.has(head.digest)) return { state: 'kept' }
  const name = on(head.digest, tag)
  const isLate = !moved.has(name) || returned.has(tag) || (stood.has(tag) && !had.has(name))
  return { state: isLate ? 'came' : 'taken', on: head.digest }
}
