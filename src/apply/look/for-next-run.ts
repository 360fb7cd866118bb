import type { Outcome } from '../../model/decision.ts'
import type { PackageVersion } from '../../model/package.ts'
import { type Done, deletedBy, versionsOf } from '../done.ts'
import type { Earlier } from './earlier.ts'
import { deletionsOf } from './leave-to-next.ts'
import type { SecondLook } from './second-look.ts'

/** What a run leaves to the next one. */
interface Left {
  /** What that has to look at, with all of its images. */
  readonly open: readonly Earlier[]
  /** What it only has to know. */
  readonly checked: readonly Earlier[]
}

/** What came of a look. */
interface Looked {
  readonly seen: SecondLook
  /** True where nobody can tell what needs what was deleted. */
  readonly isUnclear: boolean
  /** What earlier runs left to this one. */
  readonly earlier: readonly Earlier[]
  /** What this run tried to restore. */
  readonly restored: readonly Outcome[]
  /** Ids of what of that GitHub shows. */
  readonly back: ReadonlySet<number>
}

/** What the next run has to know, now that this one has looked; `now` in milliseconds since 1970. */
export function forNextRun(
  { plan, loaded, outcomes }: Pick<Done, 'plan' | 'loaded' | 'outcomes'>,
  { seen, isUnclear, earlier, restored, back }: Looked,
  now: number
): Left {
  const unlisted = idsOf(seen.unlisted)
  const isUnseen = ({ id }: PackageVersion): boolean => isUnclear || unlisted.has(id)
  // GitHub may go on denying what it said is restored, or a restore have failed: of an earlier run's it stays as it was.
  const denied = idsOf(restored.map(({ step }) => step.version)).difference(back)
  const past = earlier.filter(({ version: { id } }) => !denied.has(id) && !back.has(id))
  // Not for ever: what two looks do not show is said twice.
  const again = new Set(past.filter(one => !one.looked && isUnseen(one.version)))

  const all = ownDeletions({ plan, loaded, outcomes }, now)
  const own = all.filter(({ version }) => !back.has(version.id))
  // What is back tells that what failed to come back behind it is needed.
  const failing = [...all, ...earlier].filter(({ version }) => denied.has(version.id))
  const behind = new Set(failing.flatMap(({ after }) => after))
  const awaiting = [...all, ...earlier].filter(
    ({ version }) => back.has(version.id) && behind.has(version.digest)
  )
  const deleted = idsOf(deletedBy(outcomes))
  // What is still there may go later, with what is put on it by then.
  const failed = idsOf(versionsOf(outcomes, ['failed']))
  const isOpen = ({ version }: Earlier): boolean =>
    failed.has(version.id) || denied.has(version.id) || (deleted.has(version.id) && isUnseen(version))
  const roots = new Set(own.filter(isOpen).map(({ root }) => root))
  const gone = idsOf(seen.gone)
  const left = own.filter(({ version, root }) => roots.has(root) || gone.has(version.id))
  return {
    open: [...left.filter(({ root }) => roots.has(root)), ...again].map(one => ({ ...one, looked: true })),
    checked: [
      ...left.filter(({ root }) => !roots.has(root)),
      ...past.filter(one => !again.has(one)),
      ...awaiting
    ]
  }
}

/** What this run deleted or was going to; what others deleted before is none of its business. */
export function ownDeletions(
  { plan, loaded, outcomes }: Pick<Done, 'plan' | 'loaded' | 'outcomes'>,
  now: number
): readonly Earlier[] {
  const before = idsOf(versionsOf(outcomes, ['already']))
  return deletionsOf(plan, loaded, now).filter(({ version }) => !before.has(version.id))
}

const idsOf = (versions: readonly PackageVersion[]): ReadonlySet<number> =>
  new Set(versions.map(({ id }) => id))
