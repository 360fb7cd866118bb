import type { PackageVersion } from '../model/package.ts'
import type { ApplyContext } from './apply.ts'
import { giveBackTags, type Told } from './give-back.ts'
import { addUnasked, claimsIn, headsOf, on, type Row, type TagHolders, tagHolders } from './tag-holders.ts'

/** What restores do to the tags of a package. */
export interface TagGuard {
  /** What they stood on right before. */
  readonly before: TagHolders
  /**
   * Notes right behind restores which tags they may have moved: what comes to them later somebody puts there.
   *
   * @param restored what may have come back, with the tags that it is known to have had
   */
  note(restored: readonly PackageVersion[]): Promise<void>
  /**
   * Looks what tags stand on, and gives back those that the restores took from others. What they did not move somebody
   * put there, which is said.
   *
   * @param listed what GitHub listed behind the restores, where that was read: the registry may lag
   */
  giveBack(listed?: readonly PackageVersion[]): Promise<Told>
}

/**
 * Looks what the tags of a package stand on before restores, because GitHub may move any of them.
 *
 * @param versions as GitHub lists them, without those that are gone
 * @param tags that are asked for in any case
 * @param deleted what GitHub lists as deleted
 * @param late tags that were put on what comes back right before its deletion
 */
export async function guardTags(
  versions: readonly Row[],
  tags: readonly string[],
  deleted: readonly PackageVersion[],
  scope: ApplyContext,
  late: ReadonlySet<string> = new Set()
): Promise<TagGuard> {
  const before = { ...(await tagHolders(scope.pkg, versions, tags, scope.context)), late }
  const moved = new Set<string>()
  const restored = new Map<number, PackageVersion>()
  return {
    before,
    async note(versions) {
      for (const version of versions) restored.set(version.id, version)
      for (const one of await movedBy(versions, before, deleted, scope)) moved.add(one)
    },
    giveBack: (listed = []) =>
      giveBackTags({ before, moved, restored: [...restored.values()] }, listed, scope)
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
  const claims = claimsIn(before, new Set(restored.map(({ digest }) => digest)))
  await addUnasked(claims, before, restored, pkg, context)
  for (const [tag, head] of await headsOf(pkg, [...claims.keys()], context))
    if (head.state === 'found' && hidden.has(head.digest)) moved.add(on(head.digest, tag))
  return moved
}
