import type { LoadedPackage } from '../inventory/load.ts'
import type { Clock } from '../model/clock.ts'
import type { Outcome, Plan } from '../model/decision.ts'
import type { PackageVersion } from '../model/package.ts'
import { type DeleteStep, isReferrer } from '../policy/order.ts'

/** What a run did to one package. */
export interface Done {
  readonly plan: Plan
  readonly loaded: LoadedPackage
  readonly outcomes: readonly Outcome[]
  /** What the looks before the deletions showed that new versions need or describe. */
  readonly adopted: ReadonlySet<string>
}

/** A deletion of an earlier run, which that run could not look at once more. */
export interface Earlier extends DeleteStep {
  readonly describes: boolean
}

/** Those of this package, except what somebody brought back or pushed once more. */
export function earlierOf({ listing, recollection }: LoadedPackage): readonly Earlier[] {
  const there = new Set(listing.versions.map(({ digest }) => digest))
  return recollection.unchecked
    .filter(({ digest }) => !there.has(digest))
    .map(({ id, digest, tags, ...rest }) => ({
      version: { id, digest, tags, created: undefined, updated: undefined },
      ...rest
    }))
}

/**
 * Leaves a look that this run could not take to the next one. What does not show there either is not tried for ever:
 * that run is red for it, too, and says the way back.
 */
export function leaveToNext(
  { plan, outcomes, loaded }: Done,
  earlier: readonly Earlier[],
  unseen: readonly PackageVersion[],
  clock: Clock
): void {
  const { recollection } = loaded
  const ids = new Set(unseen.map(({ id }) => id))
  const describing = new Set(plan.decisions.filter(isReferrer).map(({ version }) => version.digest))
  const own = outcomes.flatMap(({ step }) =>
    step.action === 'delete' && ids.has(step.version.id)
      ? [{ ...step, describes: describing.has(step.version.digest) }]
      : []
  )
  if (earlier.length + own.length + recollection.unchecked.length === 0) return
  const left = [...earlier, ...own].map(({ version: { id, digest, tags }, root, after, describes }) => ({
    id,
    digest,
    tags: [...tags],
    root,
    after: [...after],
    describes
  }))
  recollection.leaveUnchecked(left, clock.now())
}
