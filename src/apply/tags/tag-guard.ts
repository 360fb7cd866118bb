import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { ApplyContext } from '../apply.ts'
import type { TagLooks } from '../restore/restore.ts'
import { aroundNow, type Known, looksAround, noteRestored } from './around-restores.ts'
import { holdersAsker } from './ask-holders.ts'
import { suspectsAmong } from './deleted-holders.ts'
import { contradicted, giveBackTags, type Looked } from './give-back.ts'
import { tagPutter } from './put-tag.ts'
import type { TagHolders } from './tag-claims.ts'
import { type Row, tagHolders } from './tag-holders.ts'
import { givenBack, listedOn, notAllAsked, unseen, wrongSentences } from './tag-sentences.ts'

/** What must be told: sentences, of which the alarms make the run red. */
export interface Told {
  readonly warnings: readonly string[]
  readonly alarms: readonly string[]
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
  const before = await tagHolders(scope.pkg, versions, tags, scope.context)
  const ours = new Set<Digest>()
  const putter = tagPutter(scope, ours)
  const known: Known = {
    before,
    restored: new Map(),
    ours,
    back: new Set(),
    had: new Set(),
    hidden: new Set(),
    moved: new Set(),
    stood: new Set(),
    returned: new Set(),
    given: new Map(),
    putter
  }
  const ask = holdersAsker(scope)
  const said = new Set<string>()
  const tellOnce = (sentence: string): void => {
    if (!said.has(sentence)) scope.context.log.info(sentence)
    said.add(sentence)
  }
  let last: Looked | undefined
  const giveBack = async (): Promise<void> => {
    if (known.restored.size > 0) last = await giveBackTags(aroundNow(known), scope)
  }
  return {
    get before() {
      return known.before
    },
    around: coming => looksAround(coming, known, ask, tellOnce, scope),
    async note(versions) {
      await noteRestored(versions, known, deleted, scope)
      last = undefined
    },
    giveBack,
    isStill(tag, holder) {
      if (known.restored.size === 0) return true
      const head = last?.heads.get(tag)
      const at = head?.state === 'found' ? head.digest : undefined
      return holder === undefined ? at === undefined || !known.back.has(at) : at === holder
    },
    async told(listed = []) {
      if (last === undefined) await giveBack()
      return last === undefined ? { warnings: [], alarms: [] } : tell(last, known, listed, scope)
    }
  }
}

async function tell(
  { claims, heads, wrong, unasked }: Looked,
  known: Known,
  listed: readonly PackageVersion[],
  scope: ApplyContext
): Promise<Told> {
  const { back, given, putter } = known
  const isBack = ([tag, holder]: readonly [string, Digest]): boolean => {
    const head = heads.get(tag)
    return head?.state === 'found' && head.digest === holder
  }
  const returned = new Map([...given].filter(isBack))
  const told = new Set([...returned.keys(), ...wrong.map(({ tag }) => tag)])
  const open = new Map([...claims].filter(([tag]) => !told.has(tag) && heads.get(tag)?.state === 'found'))
  const rows = listed.filter(({ digest }) => back.has(digest))
  const isDenied = (tag: string): boolean => heads.get(tag)?.state === 'missing'
  const suspects = await suspectsAmong(new Map([...claims].filter(([tag]) => isDenied(tag))), known, scope)
  const suspected = new Map([...claims].filter(([tag]) => !isDenied(tag) || suspects.has(tag)))
  return {
    warnings: givenBack(returned),
    alarms: [
      ...wrongSentences(wrong),
      ...(await putter.lookBehind()),
      ...unseen(suspected, heads),
      ...(unasked === undefined ? [] : [notAllAsked(unasked)]),
      ...[...(await contradicted(rows, open, scope))].map(([tag, digest]) => listedOn(tag, digest))
    ]
  }
}
