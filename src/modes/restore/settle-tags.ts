import type { ApplyContext } from '../../apply/apply.ts'
import { sentIn } from '../../apply/restore/restore.ts'
import { tagPutter } from '../../apply/tags/put-tag.ts'
import { claimOn, type TagHolders } from '../../apply/tags/tag-claims.ts'
import { guardTags, type TagGuard, type Told } from '../../apply/tags/tag-guard.ts'
import { ownershipOf } from '../../apply/tags/tag-holders.ts'
import { orRefusal } from '../../errors.ts'
import { findTags } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Outcome } from '../../model/decision.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { TagHead } from '../../registry/read.ts'
import { once } from '../../util/concurrency.ts'
import { some } from '../../util/format.ts'
import type { RestorePlan } from './restore-plan.ts'

/** What was there right before a restore. */
export interface Standing {
  readonly active: readonly PackageVersion[]
  readonly guard: TagGuard
}

/** GitHub may move tags with the first restore, so what they stand on is looked up when this is first called, and once. */
export type Before = () => Promise<Standing>

/**
 * @param list gives what GitHub lists
 * @param deleted what it lists as deleted, where that was read
 */
export function beforeRestore(
  { tags }: RestorePlan,
  list: () => readonly PackageVersion[] | Promise<readonly PackageVersion[]>,
  scope: ApplyContext,
  deleted: readonly PackageVersion[] = []
): Before {
  return once(async () => {
    const active = await list()
    return { active, guard: await guardTags(active, [...tags.keys()], deleted, scope) }
  })
}

/** What is known of what came back. */
export interface Back {
  readonly roots: readonly PackageVersion[]
  /** Our own placeholders among it. */
  readonly placeholders: readonly PackageVersion[]
  /** What GitHub lists behind the restores. */
  readonly listed: readonly PackageVersion[]
}

/**
 * Gives tags back that a restore took from others, which the guard tells, and puts every tag of what came back where it
 * belongs.
 *
 * @param tried the restores that were tried
 */
export async function tagsBack(
  plan: RestorePlan,
  tried: readonly Outcome[],
  { roots, placeholders, listed }: Back,
  { active, guard }: Standing,
  scope: ApplyContext
): Promise<Told> {
  const { tags } = plan
  await guard.giveBack()
  const theirs = new Set(placeholders.map(({ digest }) => digest))
  const there = new Map([...active, ...roots].map(version => [version.digest, version]))
  const targets = [...tags].flatMap(([tag, { digest }]) => {
    const target = theirs.has(digest) ? undefined : there.get(digest)
    return target === undefined ? [] : [[tag, target] as const]
  })
  const came = new Set(sentIn(tried).map(({ digest }) => digest))
  const meant = new Set([...tags.values()].map(({ digest }) => digest))
  const put = await putWhereFree(
    new Map(targets),
    { before: guard.before, came, meant, active, listed },
    scope
  )
  const hidden = await hiddenHolders(plan, there, scope)
  return { warnings: put.warnings, alarms: [...put.alarms, ...hidden] }
}

/**
 * Puts every tag where it belongs that did not come back, and leaves those alone that others have.
 *
 * @param targets where each tag belongs
 * @returns sentences on those that somebody took meanwhile, or of which that failed
 */
async function putWhereFree(
  targets: ReadonlyMap<string, PackageVersion>,
  known: Known,
  scope: ApplyContext
): Promise<Told> {
  const { free, doubts, moved } = await freeTags(targets, known, scope)
  const alarms = [...Map.groupBy(doubts, ([, cause]) => cause)].map(([cause, ones]) => {
    const tags = ones.map(([tag]) => tag)
    return `Whether the tag ${some(tags, 5)} is restored is unknown: ${cause}. It is left where it is: run it again later.`
  })
  const warnings = [...moved].map(([tag, digest]) => leftThere(tag, digest))
  const putter = tagPutter(scope, new Set([...known.came, ...known.meant]))
  for (const [tag, { target, on }] of free) {
    const isTheirs = (holder: Digest): boolean => holder !== on && holder !== target.digest
    const put = await orRefusal(async () => ({ on: await putter.put(target, tag, isTheirs) }))
    if ('problem' in put) alarms.push(put.sentence)
    else if (put.on !== undefined) warnings.push(leftThere(tag, put.on))
  }
  alarms.push(...(await putter.lookBehind()))
  return { warnings, alarms }
}

const leftThere = (tag: string, digest: Digest): string =>
  `The tag ${tag} is on ${shortDigest(digest)} by now, so it is left there.`

/** Sentences on tags that an undone run took off what no list shows, though the registry has it. */
async function hiddenHolders(
  { tags, steps }: RestorePlan,
  there: ReadonlyMap<Digest, PackageVersion>,
  { pkg, context: { registry } }: ApplyContext
): Promise<string[]> {
  const tried = new Set(steps.map(({ version }) => version.digest))
  const hidden = [...tags].filter(([, { digest }]) => !there.has(digest) && !tried.has(digest))
  const sentences: string[] = []
  for (const [digest, ones] of Map.groupBy(hidden, ([, version]) => version.digest)) {
    if ((await registry.headTag(repositoryOf(pkg), digest)).state === 'missing') continue
    const names = some(
      ones.map(([tag]) => tag),
      5
    )
    sentences.push(
      `The tag ${names} could not be put back, because GitHub does not list ${shortDigest(digest)}, which had it: run it again later.`
    )
  }
  return sentences
}

/** What is known of tags behind a restore. */
interface Known {
  /** What tags stood on before it. */
  readonly before: TagHolders
  /** What may have come back, and had tags earlier that others of it had later. */
  readonly came: ReadonlySet<Digest>
  /** What has any of the tags to have. */
  readonly meant: ReadonlySet<Digest>
  /** What GitHub listed before it. */
  readonly active: readonly PackageVersion[]
  /** What it lists behind it. */
  readonly listed: readonly PackageVersion[]
}

/** Tags that are not where they belong. */
interface Astray {
  /** What each tag that nobody has is to be put on, and what it is on now, if anything, which is nobody's. */
  readonly free: Map<string, { readonly target: PackageVersion; readonly on: Digest | undefined }>
  /** Why it is unknown whether others are free: phrases. */
  readonly doubts: Map<string, string>
  /** What somebody put a tag on meanwhile. */
  readonly moved: Map<string, Digest>
}

/**
 * Finds the tags that are not where they belong and that nobody has. A tag is free only where neither GitHub nor the
 * registry knows of a holder, before the restore or now: either may lag.
 *
 * @param targets where each tag belongs
 */
async function freeTags(
  targets: ReadonlyMap<string, PackageVersion>,
  known: Known,
  scope: ApplyContext
): Promise<Astray> {
  const { registry, clock } = scope.context
  const astray: Astray = { free: new Map(), doubts: new Map(), moved: new Map() }
  const rows = new Map(known.listed.map(({ digest, tags }) => [digest, tags]))
  const heads = await findTags(registry, repositoryOf(scope.pkg), [...targets.keys()], clock)
  for (const [tag, target] of targets) {
    const head = heads.get(tag)
    const isLacking = rows.get(target.digest)?.includes(tag) === false
    // The registry may show it where it was; to put it there once more does no harm.
    if (head?.state === 'found' && head.digest === target.digest && !isLacking) continue
    await addAstray(astray, tag, target, head, known, scope)
  }
  if (astray.free.size > 0) await withoutPushed(astray, known, scope)
  return astray
}

async function addAstray(
  astray: Astray,
  tag: string,
  target: PackageVersion,
  head: TagHead | undefined,
  { before, came, meant, active }: Known,
  scope: ApplyContext
): Promise<void> {
  const { free, doubts, moved } = astray
  const on = head?.state === 'found' ? head.digest : undefined
  const claim = claimOn(tag, before, meant)
  const holders = new Set([claim?.holder, on !== undefined && came.has(on) ? undefined : on])
  const others = [...holders].filter(one => one !== undefined && one !== target.digest) as Digest[]
  if (await isTheirs(tag, others, doubts, scope)) {
    const wasListed = active.some(row => row.digest === on && row.tags.includes(tag))
    if (on !== undefined && !wasListed && !doubts.has(tag)) moved.set(tag, on)
    return
  }
  const doubt = claim !== undefined && claim.holder === undefined ? claim.doubt : undefined
  const unread = head?.state === 'unread' ? head.cause : undefined
  if (doubt === undefined && unread === undefined) free.set(tag, { target, on })
  else doubts.set(tag, doubt ?? unread ?? '')
}

/** Somebody may have pushed a free tag meanwhile, which the registry may not know yet: then it is in doubt. */
async function withoutPushed({ free, doubts }: Astray, { came }: Known, scope: ApplyContext): Promise<void> {
  for (const { digest, tags } of (await scope.context.packages.listVersions(scope.pkg)).versions) {
    for (const tag of tags) {
      const target = free.get(tag)?.target
      if (target === undefined || digest === target.digest || came.has(digest)) continue
      if (!(await isTheirs(tag, [digest], doubts, scope))) continue
      free.delete(tag)
      doubts.set(tag, doubts.get(tag) ?? `GitHub lists it on ${digest}, and the registry does not`)
    }
  }
}

/** Whether somebody has a tag: our own placeholder is nobody, and what cannot be read may be anybody, which `doubts` say. */
async function isTheirs(
  tag: string,
  holders: readonly Digest[],
  doubts: Map<string, string>,
  { pkg, context }: ApplyContext
): Promise<boolean> {
  for (const holder of holders) {
    const { isPlaceholder, doubt } = await ownershipOf(pkg, [tag], holder, context)
    if (doubt !== undefined) doubts.set(tag, doubt)
    if (!isPlaceholder) return true
  }
  return false
}
