import { halfBackOf } from '../../inventory/awaited-parts.ts'
import type { LoadedPackage } from '../../inventory/load.ts'
import type { Plan } from '../../model/decision.ts'
import type { PackageVersion } from '../../model/package.ts'
import { isReferrer } from '../../policy/order.ts'
import { DAY } from '../../util/format.ts'
import { absentIn, isForLack, isOrphan, subjectsOf } from '../drift/absences.ts'
import { CLOCKS, type Earlier, idsListed, type PastDeletion } from './earlier.ts'

/**
 * The deletions of a plan, as the next run has to know them, whether or not they were carried out.
 *
 * @param now in milliseconds since 1970
 */
export function deletionsOf(
  { decisions, steps }: Plan,
  { listing, inventory }: Pick<LoadedPackage, 'listing' | 'inventory'>,
  now: number
): readonly Earlier[] {
  const listed = Math.floor(listing.asOf)
  const broken = new Set(decisions.filter(isForLack).map(({ version }) => version.id))
  const orphaned = new Set(decisions.filter(isOrphan).map(({ version }) => version.id))
  const describing = new Set(
    decisions.flatMap(one => (isReferrer(one) || isOrphan(one) ? [one.version.digest] : []))
  )
  const absentFrom = absentIn(inventory)
  const lackOf = (version: PackageVersion): Pick<Earlier, 'lacks' | 'forLack'> => {
    const absent = absentFrom(version)
    const subjects = new Set(subjectsOf(version, inventory.contents))
    const counted = orphaned.has(version.id) ? absent.filter(digest => subjects.has(digest)) : absent
    const [first, ...rest] = counted
    return first === undefined ? {} : { lacks: [first, ...rest.slice(-1)], forLack: broken.has(version.id) }
  }
  return steps.flatMap(step => {
    if (step.action !== 'delete') return []
    const { version, root, after } = step
    const describes = describing.has(version.digest)
    return [{ version, root, after, ...lackOf(version), describes, at: now, listed, looked: false }]
  })
}

/** For so long a deletion is remembered: a run each week sees it twice. */
const WEEK = 8 * DAY
/** The same while something cannot be read or seen that may need it; GitHub has nothing to restore after that. */
const MONTH = 30 * DAY
/** So long after its first DELETE a run may still send some, in milliseconds: GitHub ends a job after six hours. */
export const MOST_OF_A_JOB = 7 * 3_600_000
/** More of them in one entry could not be read: what a run deletes in five hours fits. */
const MOST = 60_000

/**
 * Leaves deletions to the next run: these, and those of earlier runs. What does not show there either is not looked at
 * for ever: that run is red for it, too, and says the way back.
 *
 * @param unchecked those that nobody looked at, or not enough; before the first DELETE all that are planned, because a
 *   run that is cancelled takes no look
 * @param checked those that nothing needed, as the look showed
 * @param back ids of what is there again, and whole: somebody who deletes that then means it
 */
export function leaveToNext(
  loaded: LoadedPackage,
  unchecked: readonly Earlier[],
  checked: readonly Earlier[],
  now: number,
  back: ReadonlySet<number> = new Set()
): void {
  const { inventory, listing, recollection } = loaded
  const { deletions } = recollection
  const ids = new Set([...unchecked, ...checked].map(({ version }) => version.id)).union(back)
  const isUnclear =
    listing.unseen > 0 ||
    (inventory.unresolved ?? []).length > 0 ||
    [...inventory.contents.values()].some(({ state }) => state === 'unread')
  const isLeft = ({ id, at }: PastDeletion): boolean =>
    !ids.has(id) && at <= now + CLOCKS && now - at < (isUnclear ? MONTH : WEEK)
  const isListed = idsListed(loaded)
  const halves = halfBackOf(inventory, deletions)
  // What a list still shows may be gone all the same; later somebody may delete it who means it.
  const isSettled = ({ id, at }: PastDeletion): boolean =>
    isListed(id) && !halves.has(id) && now - at >= MOST_OF_A_JOB
  const open = [
    ...unchecked.map(written),
    ...deletions.unchecked.filter(one => isLeft(one) && !isSettled(one))
  ].slice(0, MOST)
  const clear = [...checked.map(written), ...deletions.checked.filter(isLeft)].slice(0, MOST - open.length)
  recollection.leaveDeletions({ unchecked: open, checked: clear }, now)
}

const written = ({ version: { id, digest, tags }, after, ...rest }: Earlier): PastDeletion => ({
  ...rest,
  id,
  digest,
  tags: [...tags],
  after: [...after]
})
