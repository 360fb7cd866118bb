import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { ApplyContext } from '../apply.ts'
import type { TagLooks } from '../restore/restore.ts'
import { holdersAsker } from './ask-holders.ts'
import { type Around, contradicted, giveBackAtOnce, giveBackTags, type Looked, namesOf } from './give-back.ts'
import { tagPutter } from './put-tag.ts'
import { claimsIn, claimsOn, on, type TagHolders } from './tag-claims.ts'
import { headsOf } from './tag-heads.ts'
import { type Row, tagHolders, unaskedTags } from './tag-holders.ts'
import { givenBack, listedOn, mayTake, notAllAsked, unseen, wrongSentences } from './tag-sentences.ts'

/** What must be told: sentences, of which the alarms make the run red. */
export interface Told {
  readonly warnings: string[]
  readonly alarms: string[]
}

/** What restores do to the tags of a package. Behind a restore none of it throws what was foreseen. */
export interface TagGuard {
  /** What they stood on right before. */
  readonly before: TagHolders
  /**
   * Gives the looks around restores: who has got a tag meanwhile gets it back at once.
   *
   * @param coming all that may come back, with the tags that it is known to have had
   */
  around(coming: readonly PackageVersion[]): TagLooks
  /**
   * Notes right behind restores which tags they may have moved: what comes to them later somebody puts there.
   *
   * @param restored what may have come back, with the tags that it is known to have had
   */
  note(restored: readonly PackageVersion[]): Promise<void>
  /** Looks what tags stand on, and gives back those that the restores took from others; as often as something may move. */
  giveBack(): Promise<void>
  /** Whether a tag was seen on its holder behind the restores, or at least not on what came back. */
  isStill(tag: string, holder: Digest | undefined): boolean
  /**
   * What became of the tags as they were seen last: what the restores did not move somebody put there, which is said.
   *
   * @param listed what GitHub listed behind the restores, where that was read: the registry may lag
   */
  told(listed?: readonly PackageVersion[]): Promise<Told>
}

/**
 * Looks what the tags of a package stand on before restores, because GitHub may move any of them.
 *
 * @param versions as GitHub lists them, without those that are gone
 * @param tags that are asked for in any case
 * @param deleted what GitHub lists as deleted
 */
export async function guardTags(
  versions: readonly Row[],
  tags: readonly string[],
  deleted: readonly PackageVersion[],
  scope: ApplyContext
): Promise<TagGuard> {
  let before = await tagHolders(scope.pkg, versions, tags, scope.context)
  const ask = holdersAsker(scope)
  const moved = new Set<string>()
  const stood = new Set<string>()
  const returned = new Set<string>()
  const given = new Map<string, Digest>()
  const said = new Set<string>()
  const ours = new Set<Digest>()
  const back = new Set<Digest>()
  const had = new Set<string>()
  const putter = tagPutter(scope, ours)
  const restored = new Map<number, PackageVersion>()
  let last: Looked | undefined
  const around = (): Around => {
    return { before, restored: [...restored.values()], back, moved, had, stood, returned, given, putter }
  }
  const giveBack = async (): Promise<void> => {
    if (restored.size > 0) last = await giveBackTags(around(), scope)
  }
  return {
    get before() {
      return before
    },
    around(coming) {
      const tagged = new Map(coming.flatMap(one => (one.tags.length > 0 ? [[one.id, one] as const] : [])))
      const looks = new Map<number, { readonly at: number; readonly count: number }>()
      for (const { digest, tags } of coming) {
        ours.add(digest)
        for (const name of namesOf(digest, tags)) had.add(name)
      }
      return {
        async before({ id }) {
          const version = tagged.get(id)
          if (version === undefined) return
          // What was answered first is as old as the whole look.
          const at = scope.context.clock.now()
          const isOwn = (digest: Digest, tag: string): boolean => had.has(on(digest, tag))
          const more = await ask(before, version.tags, isOwn, back)
          before = more(before)
          looks.set(id, { at, count: (looks.get(id)?.count ?? 0) + 1 })
          for (const sentence of announced(version, before, ours)) {
            if (!said.has(sentence)) scope.context.log.info(sentence)
            said.add(sentence)
          }
        },
        isFresh({ id }) {
          const look = looks.get(id)
          const isOld = look !== undefined && scope.context.clock.now() - look.at > FRESH
          return !tagged.has(id) || !isOld || (look?.count ?? 0) >= MOST_LOOKS
        },
        async behind({ id, digest }) {
          back.add(digest)
          const version = tagged.get(id)
          if (version !== undefined) await giveBackAtOnce(version, around(), scope)
        }
      }
    },
    async note(versions) {
      for (const version of versions) {
        const { digest, tags } = version
        restored.set(version.id, version)
        ours.add(digest)
        back.add(digest)
        for (const name of namesOf(digest, tags)) had.add(name)
      }
      const names = await movedBy(versions, before, deleted, scope)
      for (const name of names) moved.add(name)
      // Where such a tag was seen before these restores tells nothing any more.
      for (const tag of stood.union(returned)) {
        if (!versions.some(({ digest }) => names.has(on(digest, tag)))) continue
        stood.delete(tag)
        returned.delete(tag)
      }
      last = undefined
    },
    giveBack,
    isStill(tag, holder) {
      if (restored.size === 0) return true
      const head = last?.heads.get(tag)
      const at = head?.state === 'found' ? head.digest : undefined
      return holder === undefined ? at === undefined || !back.has(at) : at === holder
    },
    async told(listed = []) {
      if (last === undefined) await giveBack()
      return last === undefined ? { warnings: [], alarms: [] } : tell(last, around(), listed, scope)
    }
  }
}

/** For so long a look at tags may be acted on, in milliseconds: several restores wait for their turns side by side. */
const FRESH = 4_000
/** No more looks for one restore: those that wait for their turns must not make each other wait for ever. */
const MOST_LOOKS = 10

/** In the log of a run that ends before it can give a tag back, this is all that tells of it: a sentence for each holder. */
function announced(version: PackageVersion, before: TagHolders, coming: ReadonlySet<Digest>): string[] {
  const claims = claimsOn(version.tags, before, coming)
  return [...Map.groupBy(claims, ([, claim]) => claim.holder)].map(([holder, ones]) => {
    const tags = ones.map(([tag]) => tag)
    return mayTake(tags, holder, version)
  })
}

async function tell(
  { claims, heads, wrong, unasked }: Looked,
  { back, given, putter }: Around,
  listed: readonly PackageVersion[],
  scope: ApplyContext
): Promise<Told> {
  const isBack = ([tag, holder]: readonly [string, Digest]): boolean => {
    const head = heads.get(tag)
    return head?.state === 'found' && head.digest === holder
  }
  const returned = new Map([...given].filter(isBack))
  const told = new Set([...returned.keys(), ...wrong.map(({ tag }) => tag)])
  const open = new Map([...claims].filter(([tag]) => !told.has(tag) && heads.get(tag)?.state === 'found'))
  const rows = listed.filter(({ digest }) => back.has(digest))
  return {
    warnings: givenBack(returned),
    alarms: [
      ...wrongSentences(wrong),
      ...(await putter.lookBehind()),
      ...unseen(claims, heads),
      ...(unasked === undefined ? [] : [notAllAsked(unasked)]),
      ...[...(await contradicted(rows, open, scope))].map(([tag, digest]) => listedOn(tag, digest))
    ]
  }
}

/**
 * The tags that restores may have moved, each with the digest that it stands on, or may come to stand on. Where GitHub
 * shows the tags of deleted versions, a version takes none that it was not shown with.
 */
async function movedBy(
  restored: readonly PackageVersion[],
  before: TagHolders,
  deleted: readonly PackageVersion[],
  { pkg, context }: ApplyContext
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
  const { tags } = await unaskedTags(before, restored, pkg, context)
  const claims = claimsIn(before, new Set(restored.map(({ digest }) => digest)), tags)
  for (const [tag, head] of await headsOf(pkg, [...claims.keys()], context))
    if (head.state === 'found' && hidden.has(head.digest)) moved.add(on(head.digest, tag))
  return moved
}
