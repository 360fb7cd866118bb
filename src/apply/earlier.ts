import { type LoadedPackage, namedIn } from '../inventory/load.ts'
import type { Digest } from '../model/digest.ts'
import type { Inventory, PackageVersion } from '../model/package.ts'
import { type DeleteStep, isReferrer } from '../policy/order.ts'
import type { Done } from './done.ts'

/** One as it is remembered. */
type PastDeletion = LoadedPackage['recollection']['deletions']['checked'][number]

/** A deletion of the last run that has to be looked at. */
export interface Earlier extends DeleteStep {
  readonly describes: boolean
  /** When it was left to the next run, in milliseconds since 1970. */
  readonly at: number
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

/** For so long a deletion is remembered that nothing needed, in milliseconds: lists may lag behind more than one run. */
const DAY = 86_400_000

/** Deletions of this run, as the next one has to know them. */
export function deletionsOf(
  { plan, outcomes }: Done,
  versions: readonly PackageVersion[],
  now: number
): readonly Earlier[] {
  const describing = new Set(plan.decisions.filter(isReferrer).map(({ version }) => version.digest))
  const ids = new Set(versions.map(({ id }) => id))
  return outcomes.flatMap(({ step }) =>
    step.action === 'delete' && ids.has(step.version.id)
      ? [{ ...step, describes: describing.has(step.version.digest), at: now }]
      : []
  )
}

/**
 * Leaves deletions to the next run. What does not show there either is not looked at for ever: that run is red for it,
 * too, and says the way back.
 *
 * @param unchecked those that were not looked at, or not enough
 * @param checked those that nothing needed, as the look showed
 */
export function leaveToNext(
  { loaded: { recollection } }: Done,
  unchecked: readonly Earlier[],
  checked: readonly Earlier[],
  now: number
): void {
  const { deletions } = recollection
  const ids = new Set([...unchecked, ...checked].map(({ version }) => version.id))
  // What a list still shows as there may be gone all the same.
  const past = [...deletions.unchecked, ...deletions.checked]
  const young = past.filter(({ id, at }) => !ids.has(id) && at <= now && now - at < DAY)
  if (ids.size + deletions.unchecked.length === 0 && young.length === past.length) return
  const left = { unchecked: unchecked.map(written), checked: [...checked.map(written), ...young] }
  recollection.leaveDeletions(left, now)
}

function written({ version: { id, digest, tags }, root, after, describes, at }: Earlier): PastDeletion {
  return { id, digest, tags: [...tags], root, after: [...after], describes, at }
}
