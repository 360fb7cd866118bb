import type { ApplyContext } from '../../apply/apply.ts'
import { giveBackTags, type Told } from '../../apply/give-back.ts'
import { putTag } from '../../apply/restore.ts'
import { claimOn, ownershipOf, type TagHolders, tagHolders } from '../../apply/tag-holders.ts'
import { orRefusal } from '../../errors.ts'
import { findTags } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Outcome } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { once } from '../../util/concurrency.ts'
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

/**
 * Gives tags back that a restore took from others, and puts every tag of what came back where it belongs.
 *
 * @param tried the restores that were tried
 */
export async function tagsBack(
  { tags }: RestorePlan,
  tried: readonly Outcome[],
  {
    roots,
    placeholders
  }: { readonly roots: readonly PackageVersion[]; readonly placeholders: readonly PackageVersion[] },
  before: Before,
  scope: ApplyContext
): Promise<Told> {
  const { active, holders } = await before()
  const sent = tried.filter(({ status }) => status === 'done' || status === 'failed')
  const restored = sent.map(({ step }) => step.version)
  const { warnings, alarms } = await giveBackTags(holders, restored, () => false, scope)
  const theirs = new Set(placeholders.map(({ digest }) => digest))
  const tagsOfImages = [...tags].filter(([, { digest }]) => !theirs.has(digest))
  const lost = await settleTags(new Map(tagsOfImages), holders, [...active, ...roots], scope)
  return { warnings, alarms: [...alarms, ...lost] }
}

/**
 * Puts every tag where it belongs that did not come back, and leaves those alone that others have.
 *
 * @param before what tags stood on before the restore
 * @param there what is there by now
 * @returns sentences on those of which that failed
 */
async function settleTags(
  tags: RestorePlan['tags'],
  before: TagHolders,
  there: readonly PackageVersion[],
  scope: ApplyContext
): Promise<string[]> {
  const { pkg, context } = scope
  const byDigest = new Map(there.map(version => [version.digest, version]))
  const back = new Set([...tags.values()].map(({ digest }) => digest))
  const alarms: string[] = []
  /** Whether a tag may be put where it belongs; where that is unknown it is said. */
  const isFree = async (tag: string, holder: Digest): Promise<boolean> => {
    const { isPlaceholder, doubt } = await ownershipOf(pkg, [tag], holder, context)
    if (doubt !== undefined) alarms.push(unsure(tag, doubt))
    return isPlaceholder
  }
  const free = new Map<string, PackageVersion>()
  for (const [tag, { digest }] of tags) {
    const holder = claimOn(tag, before, back)?.holder ?? digest
    const target = byDigest.get(digest)
    if (target !== undefined && (holder === digest || (await isFree(tag, holder)))) free.set(tag, target)
  }
  const heads = await findTags(context.registry, repositoryOf(pkg), [...free.keys()], context.clock)
  for (const [tag, target] of free) {
    const head = heads.get(tag)
    if (head?.state === 'unread') alarms.push(unsure(tag, head.cause))
    if (head === undefined || head.state === 'unread') continue
    const on = head.state === 'found' ? head.digest : undefined
    // Where else it is somebody has put it meanwhile, unless that came back as well and had it earlier.
    if (on === target.digest || (on !== undefined && !back.has(on) && !(await isFree(tag, on)))) continue
    const put = await orRefusal(async () => ({ done: await putTag(target, tag, scope) }))
    if ('problem' in put) alarms.push(put.sentence)
  }
  return alarms
}

const unsure = (tag: string, cause: string): string =>
  `Whether the tag ${tag} is restored is unknown: ${cause}.`
