import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { lastDeletedOf } from '../../inventory/deleted-since.ts'
import { gitHubDenies, registryDenies } from '../../inventory/gone.ts'
import type { Digest } from '../../model/digest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { ApplyContext } from '../apply.ts'
import { type Behind, type Claim, on, type TagHolders } from './tag-claims.ts'

/** How many holders are asked for at once. */
const AT_ONCE = 16

/** What is known of the restores. */
interface Restores extends Pick<Behind, 'back' | 'moved' | 'had'> {
  readonly before: Pick<TagHolders, 'ids'>
  /** What came back and of which GitHub did not show which tags it had. */
  readonly hidden: ReadonlySet<Digest>
}

/**
 * Of tags that somebody had and that the registry denies, those that restores may have taken. A restore takes only tags
 * that GitHub showed on what came back; and a tag whose holder somebody deleted meanwhile went with that holder.
 *
 * @param denied who had them
 */
export async function suspectsAmong(
  denied: ReadonlyMap<string, Claim>,
  { back, moved, had, hidden, before }: Restores,
  { pkg, context }: ApplyContext
): Promise<Map<string, Claim>> {
  const mayHave = (tag: string): boolean =>
    hidden.size > 0 || [...back].some(digest => moved.has(on(digest, tag)) || had.has(on(digest, tag)))
  const suspects = new Map([...denied].filter(([tag]) => mayHave(tag)))
  const held = [...suspects].flatMap(([tag, { holder }]) => {
    const id = holder === undefined ? undefined : before.ids.get(holder)
    return holder === undefined || id === undefined ? [] : [{ tag, holder, id }]
  })
  const holders = Map.groupBy(held, ({ id }) => id)
  const found = await orFailure(async () => ({
    rows: await lastDeletedOf(pkg, context, [...holders.keys()])
  }))
  const rows = 'problem' in found ? [] : found.rows
  await eachOf([...holders.values()], AT_ONCE, async ones => {
    const isGone = await goneWith(ones[0] as Held, rows, pkg, context)
    for (const { tag } of ones) if (isGone(tag)) suspects.delete(tag)
  })
  return suspects
}

interface Held {
  readonly id: number
  readonly holder: Digest
}

/** The tags that went with their holder: those on its row; where GitHub hides tags, all if both witnesses deny the holder. */
async function goneWith(
  { id, holder }: Held,
  rows: readonly PackageVersion[],
  pkg: Package,
  context: Context
): Promise<(tag: string) => boolean> {
  const row = rows.find(one => one.id === id)
  if (row !== undefined && rows.some(({ tags }) => tags.length > 0)) return tag => row.tags.includes(tag)
  const looked = await orFailure(async () => ({
    isGone: (await registryDenies(pkg, holder, context)) && (await gitHubDenies(pkg, id, context))
  }))
  return () => !('problem' in looked) && looked.isGone
}
