import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { ApplyContext } from '../apply.ts'
import type { TagLooks } from '../restore/restore.ts'
import type { AskHolders } from './ask-holders.ts'
import { type Around, giveBackAtOnce, namesOf } from './give-back.ts'
import { claimsIn, claimsOn, on, type TagHolders } from './tag-claims.ts'
import { headsOf } from './tag-heads.ts'
import { unaskedTags } from './tag-holders.ts'
import { mayTake } from './tag-sentences.ts'

/** For so long a look at tags may be acted on, in milliseconds: several restores wait for their turns side by side. */
const FRESH = 4_000
/** No more looks for one restore: those that wait for their turns must not make each other wait for ever. */
const MOST_LOOKS = 10

/** What a guard knows, which grows with each look and restore. */
export interface Known extends Omit<Around, 'before' | 'restored' | 'back' | 'moved' | 'had'> {
  before: TagHolders
  readonly restored: Map<number, PackageVersion>
  readonly ours: Set<Digest>
  readonly back: Set<Digest>
  readonly moved: Set<string>
  readonly had: Set<string>
  /** What came back and of which GitHub did not show which tags it had. */
  readonly hidden: Set<Digest>
}

/** The looks around restores of what is coming. @param tell told what a restore may take, right before it */
export function looksAround(
  coming: readonly PackageVersion[],
  known: Known,
  ask: AskHolders,
  tell: (sentence: string) => void,
  scope: ApplyContext
): TagLooks {
  const { clock } = scope.context
  const tagged = new Map(coming.flatMap(one => (one.tags.length > 0 ? [[one.id, one] as const] : [])))
  const looks = new Map<number, { readonly at: number; readonly count: number }>()
  for (const version of coming) noteOurs(version, known)
  return {
    async before({ id }) {
      const version = tagged.get(id)
      if (version === undefined) return
      // What was answered first is as old as the whole look.
      const at = clock.now()
      const isOwn = (digest: Digest, tag: string): boolean => known.had.has(on(digest, tag))
      const more = await ask(known.before, version.tags, isOwn, known.back)
      known.before = more(known.before)
      looks.set(id, { at, count: (looks.get(id)?.count ?? 0) + 1 })
      announced(version, known.before, known.ours).forEach(tell)
    },
    isFresh({ id }) {
      const look = looks.get(id)
      const isOld = look !== undefined && clock.now() - look.at > FRESH
      return !tagged.has(id) || !isOld || (look?.count ?? 0) >= MOST_LOOKS
    },
    async behind({ id, digest }) {
      known.back.add(digest)
      const version = tagged.get(id)
      if (version !== undefined) await giveBackAtOnce(version, aroundNow(known), scope)
    }
  }
}

/** Notes right behind restores what may be back, and which tags that may have moved. @see TagGuard.note */
export async function noteRestored(
  versions: readonly PackageVersion[],
  known: Known,
  deleted: readonly PackageVersion[],
  scope: ApplyContext
): Promise<void> {
  const { before, restored, back, moved, hidden, stood, returned } = known
  for (const version of versions) {
    restored.set(version.id, version)
    back.add(version.digest)
    noteOurs(version, known)
  }
  const unshown = hiddenAmong(versions, deleted)
  for (const digest of unshown) hidden.add(digest)
  const names = await movedBy(versions, unshown, before, deleted, scope)
  for (const name of names) moved.add(name)
  // Where such a tag was seen before these restores tells nothing any more.
  for (const tag of stood.union(returned)) {
    if (!versions.some(({ digest }) => names.has(on(digest, tag)))) continue
    stood.delete(tag)
    returned.delete(tag)
  }
}

function noteOurs({ digest, tags }: PackageVersion, { ours, had }: Known): void {
  ours.add(digest)
  for (const name of namesOf(digest, tags)) had.add(name)
}

/** What is known at this moment, for one look behind restores: what comes back meanwhile is for the next. */
export const aroundNow = (known: Known): Around => ({ ...known, restored: [...known.restored.values()] })

/** In the log of a run that ends before it can give a tag back, this is all that tells of it: a sentence for each holder. */
function announced(version: PackageVersion, before: TagHolders, coming: ReadonlySet<Digest>): string[] {
  const claims = claimsOn(version.tags, before, coming)
  return [...Map.groupBy(claims, ([, claim]) => claim.holder)].map(([holder, ones]) => {
    const tags = ones.map(([tag]) => tag)
    return mayTake(tags, holder, version)
  })
}

/** Those of which GitHub did not show which tags they had at their deletion. */
function hiddenAmong(
  restored: readonly PackageVersion[],
  deleted: readonly PackageVersion[]
): ReadonlySet<Digest> {
  const isShown = deleted.some(({ tags }) => tags.length > 0)
  const shown = new Set(isShown ? deleted.map(({ id }) => id) : [])
  return new Set(restored.flatMap(({ id, digest }) => (shown.has(id) ? [] : [digest])))
}

/**
 * The tags that restores may have moved, each with the digest that it stands on, or may come to stand on. Where GitHub
 * shows the tags of deleted versions, a version takes none that it was not shown with.
 *
 * @param hidden those of which it does not
 */
async function movedBy(
  restored: readonly PackageVersion[],
  hidden: ReadonlySet<Digest>,
  before: TagHolders,
  deleted: readonly PackageVersion[],
  { pkg, context }: ApplyContext
): Promise<ReadonlySet<string>> {
  const ids = new Set(restored.map(({ id }) => id))
  const rows = deleted.filter(({ id }) => ids.has(id))
  const moved = new Set(
    [...restored, ...rows].flatMap(({ digest, tags }) => tags.map(tag => on(digest, tag)))
  )
  if (hidden.size === 0) return moved
  const { tags } = await unaskedTags(before, restored, pkg, context)
  const claims = claimsIn(before, new Set(restored.map(({ digest }) => digest)), tags)
  for (const [tag, head] of await headsOf(pkg, [...claims.keys()], context))
    if (head.state === 'found' && hidden.has(head.digest)) moved.add(on(head.digest, tag))
  return moved
}
