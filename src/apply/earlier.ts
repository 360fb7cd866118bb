import { type LoadedPackage, namedIn } from '../inventory/load.ts'
import type { Clock } from '../model/clock.ts'
import type { Outcome, Plan } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { Inventory, PackageVersion } from '../model/package.ts'
import { type DeleteStep, isReferrer } from '../policy/order.ts'

/** What a run did to one package. */
export interface Done {
  readonly plan: Plan
  readonly loaded: LoadedPackage
  readonly outcomes: readonly Outcome[]
  /** What the looks before the deletions showed that new versions need or describe. */
  readonly adopted: ReadonlySet<string>
}

/** One as it is remembered. */
type PastDeletion = LoadedPackage['recollection']['deletions']['checked'][number]

/** A deletion of the last run that has to be looked at. */
export interface Earlier extends DeleteStep {
  readonly describes: boolean
}

/**
 * Those of this package that the last run could not look at once more, and those that an index needs which no list
 * showed it: one pushed right before the deletion. Not what somebody brought back or pushed once more.
 */
export function earlierOf({ listing, inventory, recollection }: LoadedPackage): readonly Earlier[] {
  const there = new Set(listing.versions.map(({ digest }) => digest))
  const { unchecked, checked } = recollection.deletions
  return [...unchecked, ...neededOf(checked, knownParts(inventory))]
    .filter(({ digest }) => !there.has(digest))
    .map(({ id, digest, tags, ...rest }) => ({
      version: { id, digest, tags, created: undefined, updated: undefined },
      ...rest
    }))
}

/** What is named, and what went behind it: its parts, and what describes it. */
function neededOf(deletions: readonly PastDeletion[], named: ReadonlySet<Digest>): readonly PastDeletion[] {
  const needed = new Set(deletions.map(({ digest }) => digest).filter(digest => named.has(digest)))
  const behind = new Map<Digest, Digest[]>()
  for (const { digest, after } of deletions) {
    for (const first of after) behind.set(first, [...(behind.get(first) ?? []), digest])
  }
  for (const digest of needed) for (const next of behind.get(digest) ?? []) needed.add(next)
  return deletions.filter(({ digest }) => needed.has(digest))
}

/** A mention in a manifest of unknown kind holds nothing that an image which went had for a part. */
function knownParts({ contents }: Inventory): ReadonlySet<Digest> {
  const known = [...contents].filter(
    ([, content]) => content.state === 'read' && content.manifest.unknown === undefined
  )
  return namedIn(new Map(known))
}

/**
 * Leaves a look that this run could not take to the next one. What does not show there either is not tried for ever:
 * that run is red for it, too, and says the way back.
 *
 * @param unseen deletions of this run that were not looked at, or not enough
 * @param checked those that nothing needed, as the look showed
 */
export function leaveToNext(
  { plan, outcomes, loaded: { recollection } }: Done,
  earlier: readonly Earlier[],
  unseen: readonly PackageVersion[],
  checked: readonly PackageVersion[],
  clock: Clock
): void {
  const describing = new Set(plan.decisions.filter(isReferrer).map(({ version }) => version.digest))
  const own = (versions: readonly PackageVersion[]): Earlier[] => {
    const ids = new Set(versions.map(({ id }) => id))
    return outcomes.flatMap(({ step }) =>
      step.action === 'delete' && ids.has(step.version.id)
        ? [{ ...step, describes: describing.has(step.version.digest) }]
        : []
    )
  }
  const left = { unchecked: [...earlier, ...own(unseen)].map(written), checked: own(checked).map(written) }
  const { deletions } = recollection
  if ([left, deletions].every(one => one.unchecked.length + one.checked.length === 0)) return
  recollection.leaveDeletions(left, clock.now())
}

function written({ version: { id, digest, tags }, root, after, describes }: Earlier): PastDeletion {
  return { id, digest, tags: [...tags], root, after: [...after], describes }
}
