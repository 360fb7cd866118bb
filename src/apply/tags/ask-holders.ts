import { orFailure } from '../../errors.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { TagHead } from '../../registry/read.ts'
import type { ApplyContext } from '../apply.ts'
import { agreed } from './agreed-holders.ts'
import type { TagHolders } from './tag-claims.ts'
import { headsOf } from './tag-heads.ts'

/** For so long what GitHub showed is not asked for again, where many versions come back, in milliseconds. */
const FRESH = 1_000

/**
 * What is known of some tags by now, to be added to what was known before a restore.
 *
 * @param isOwn whether what may come back had a tag at its deletion, so that the tag on it is no news; any other tag on it
 *   somebody has put there since
 * @param back what may be back by now
 */
export type AskHolders = (
  before: TagHolders,
  tags: readonly string[],
  isOwn: (digest: Digest, tag: string) => boolean,
  back: ReadonlySet<Digest>
) => Promise<(before: TagHolders) => TagHolders>

/** Restores may take minutes, and what they bring back may be pushed anew meanwhile. Throws nothing that was foreseen. */
export function holdersAsker({ pkg, context }: ApplyContext): AskHolders {
  const { packages, clock } = context
  let newest: readonly PackageVersion[] = []
  let at = Number.NEGATIVE_INFINITY
  let isBlind = false
  const unsettled = new Set<string>()
  return async (before, tags, isOwn, back) => {
    if (clock.now() - at > FRESH) {
      at = clock.now()
      const page = await orFailure(() => packages.page(pkg, 1))
      isBlind = 'problem' in page
      newest = 'problem' in page ? [] : page.seen
    }
    const ids = new Map([...before.ids, ...newest.map(({ digest, id }) => [digest, id] as const)])
    const looks = await headsOf(pkg, tags, context)
    const [heads, rows] = [new Map<string, TagHead>(), new Map<string, Digest>()]
    for (const tag of tags) {
      const look = looks.get(tag)
      const known = before.heads.get(tag)
      const isNews = look?.state === 'found' && !isOwn(look.digest, tag)
      // Where neither answers, somebody may have it by now.
      const isUnknown = look?.state === 'unread' && isBlind && known?.state !== 'found'
      const head = isNews || isUnknown ? look : known
      const row = newest.find(one => one.tags.includes(tag) && !isOwn(one.digest, tag))?.digest
      const listed = row ?? before.rows.get(tag)
      // What somebody has put on what is back the registry may not know yet.
      const isLate = row !== undefined && back.has(row) && head?.state !== 'found'
      const holder: TagHead | undefined = isLate ? { state: 'found', digest: row } : head
      if (holder !== undefined) heads.set(tag, holder)
      if (listed !== undefined) rows.set(tag, listed)
    }
    const now = await agreed(pkg, { heads, rows, ids }, context, unsettled)
    return last => {
      const others = [...last.rows].filter(([tag]) => !tags.includes(tag))
      return {
        ...last,
        heads: new Map([...last.heads, ...now.heads]),
        rows: new Map([...others, ...now.rows]),
        ids: new Map([...last.ids, ...ids])
      }
    }
  }
}
