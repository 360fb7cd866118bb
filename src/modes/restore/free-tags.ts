import { claimOn, ownershipOf, type TagHolders } from '../../apply/tag-holders.ts'
import type { Context } from '../../context.ts'
import { findTags } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Digest } from '../../model/digest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'

/** What is known of tags behind a restore. */
export interface Known {
  /** What tags stood on before it. */
  readonly before: TagHolders
  /** What may have come back, and had tags earlier that others of it had later. */
  readonly came: ReadonlySet<Digest>
  /** What has any of the tags to have. */
  readonly meant: ReadonlySet<Digest>
  /** What GitHub listed before it. */
  readonly active: readonly PackageVersion[]
}

/** Where a tag belongs that nobody has. */
interface Free {
  readonly target: PackageVersion
  /** What it is on, which is nobody's; undefined where it is on nothing. */
  readonly on: Digest | undefined
}

/**
 * Finds the tags that are not where they belong and that nobody has. A tag is free only where neither GitHub nor the
 * registry knows of a holder, before the restore or now: either may lag.
 *
 * @param targets where each tag belongs
 * @returns what each free tag is to be put on, and what it is on now, which is nobody's; of others why it is unknown
 *   whether they are free: phrases; and what somebody put a tag on meanwhile
 */
export async function freeTags(
  targets: ReadonlyMap<string, PackageVersion>,
  { before, came, meant, active }: Known,
  pkg: Package,
  context: Context
): Promise<{
  readonly free: ReadonlyMap<string, Free>
  readonly doubts: ReadonlyMap<string, string>
  readonly moved: ReadonlyMap<string, Digest>
}> {
  const { registry, packages, clock } = context
  const free = new Map<string, Free>()
  const doubts = new Map<string, string>()
  const moved = new Map<string, Digest>()
  /** Whether somebody has a tag: our own placeholder is nobody, and what cannot be read may be anybody. */
  const isTheirs = async (tag: string, holders: Iterable<Digest>): Promise<boolean> => {
    for (const holder of holders) {
      const { isPlaceholder, doubt } = await ownershipOf(pkg, [tag], holder, context)
      if (doubt !== undefined) doubts.set(tag, doubt)
      if (!isPlaceholder) return true
    }
    return false
  }
  const wasListed = (tag: string, digest: Digest): boolean =>
    active.some(row => row.digest === digest && row.tags.includes(tag))
  const heads = await findTags(registry, repositoryOf(pkg), [...targets.keys()], clock)
  for (const [tag, target] of targets) {
    const head = heads.get(tag)
    const on = head?.state === 'found' ? head.digest : undefined
    if (on === target.digest) continue
    const claim = claimOn(tag, before, meant)
    const holders = new Set([claim?.holder, on !== undefined && came.has(on) ? undefined : on])
    if (
      await isTheirs(tag, [...holders].filter(one => one !== undefined && one !== target.digest) as Digest[])
    ) {
      if (on !== undefined && !wasListed(tag, on) && !doubts.has(tag)) moved.set(tag, on)
      continue
    }
    const doubt = claim !== undefined && claim.holder === undefined ? claim.doubt : undefined
    const unread = head?.state === 'unread' ? head.cause : undefined
    if (doubt === undefined && unread === undefined) free.set(tag, { target, on })
    else doubts.set(tag, doubt ?? unread ?? '')
  }
  if (free.size === 0) return { free, doubts, moved }
  // Somebody may have pushed it meanwhile, which the registry may not know yet.
  for (const { digest, tags } of (await packages.listVersions(pkg)).versions) {
    for (const tag of tags) {
      const target = free.get(tag)?.target
      if (target === undefined || digest === target.digest || came.has(digest)) continue
      if (!(await isTheirs(tag, [digest]))) continue
      free.delete(tag)
      doubts.set(tag, doubts.get(tag) ?? `GitHub lists it on ${digest}, and the registry does not`)
    }
  }
  return { free, doubts, moved }
}
