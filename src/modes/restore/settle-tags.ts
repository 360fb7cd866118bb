import type { ApplyContext } from '../../apply/apply.ts'
import { giveBackTags, type Told } from '../../apply/give-back.ts'
import { putTag } from '../../apply/restore.ts'
import { type TagHolders, tagHolders } from '../../apply/tag-holders.ts'
import { orRefusal } from '../../errors.ts'
import type { Outcome } from '../../model/decision.ts'
import type { PackageVersion } from '../../model/package.ts'
import { once } from '../../util/concurrency.ts'
import { some } from '../../util/format.ts'
import { freeTags, type Known } from './free-tags.ts'
import type { RestorePlan } from './restore-plan.ts'

/** What was there right before a restore. */
interface Standing {
  readonly active: readonly PackageVersion[]
  readonly holders: TagHolders
}

/** GitHub may move tags with the first restore, so what they stand on is looked up when this is first called, and once. */
export type Before = () => Promise<Standing>

/** @param list gives what GitHub lists */
export function beforeRestore(
  { tags }: RestorePlan,
  list: () => readonly PackageVersion[] | Promise<readonly PackageVersion[]>,
  { pkg, context }: ApplyContext
): Before {
  return once(async () => {
    const active = await list()
    return { active, holders: await tagHolders(pkg, active, [...tags.keys()], context) }
  })
}

/** What is known of what came back. */
interface Back {
  readonly roots: readonly PackageVersion[]
  /** Our own placeholders among it. */
  readonly placeholders: readonly PackageVersion[]
  /** What GitHub lists behind the restores. */
  readonly listed: readonly PackageVersion[]
}

/**
 * Gives tags back that a restore took from others, and puts every tag of what came back where it belongs.
 *
 * @param tried the restores that were tried
 */
export async function tagsBack(
  { tags }: RestorePlan,
  tried: readonly Outcome[],
  { roots, placeholders, listed }: Back,
  before: Before,
  scope: ApplyContext
): Promise<Told> {
  const { active, holders } = await before()
  const sent = tried.filter(({ status }) => status === 'done' || status === 'failed')
  const restored = sent.map(({ step }) => step.version)
  const { warnings, alarms } = await giveBackTags(holders, restored, () => false, scope, listed)
  const theirs = new Set(placeholders.map(({ digest }) => digest))
  const there = new Map([...active, ...roots].map(version => [version.digest, version]))
  const targets = [...tags].flatMap(([tag, { digest }]) => {
    const target = theirs.has(digest) ? undefined : there.get(digest)
    return target === undefined ? [] : [[tag, target] as const]
  })
  const came = new Set(restored.map(({ digest }) => digest))
  const meant = new Set([...tags.values()].map(({ digest }) => digest))
  const lost = await putWhereFree(new Map(targets), { before: holders, came, meant }, scope)
  return { warnings, alarms: [...alarms, ...lost] }
}

/**
 * Puts every tag where it belongs that did not come back, and leaves those alone that others have.
 *
 * @param targets where each tag belongs
 * @returns sentences on those of which that failed
 */
async function putWhereFree(
  targets: ReadonlyMap<string, PackageVersion>,
  known: Known,
  scope: ApplyContext
): Promise<string[]> {
  const { free, doubts } = await freeTags(targets, known, scope.pkg, scope.context)
  const alarms = [...Map.groupBy(doubts, ([, cause]) => cause)].map(([cause, ones]) => {
    const tags = ones.map(([tag]) => tag)
    return `Whether the tag ${some(tags, 5)} is restored is unknown: ${cause}. It is left where it is: run it again later.`
  })
  for (const [tag, target] of free) {
    const put = await orRefusal(async () => ({ done: await putTag(target, tag, scope) }))
    if ('problem' in put) alarms.push(put.sentence)
  }
  return alarms
}
