import type { Limit } from '../model/brake.ts'
import type { Group } from './order.ts'
import type { Policy } from './rule.ts'

/** The totals of a finished plan. */
export interface Totals {
  readonly deletions: number
  /** All listed versions. */
  readonly versions: number
  /** Tagged images and artifacts that go; those of which nothing is left are not counted. */
  readonly imagesGoing: number
  /** Those that remain and are whole; what belongs to another image is not counted. */
  readonly imagesRemaining: number
}

/**
 * The limits that a plan crosses; reaching one is not crossing it. A plan that lets no tagged image go does not
 * cross `min-remaining`, however few there are.
 */
export function brakesOn(totals: Totals, policy: Policy): Limit[] {
  const { minRemaining, maxDeletions, maxDeletionPercent } = policy
  const percent = totals.versions === 0 ? 0 : (100 * totals.deletions) / totals.versions
  const brakes: Limit[] = []
  if (minRemaining !== undefined && totals.imagesGoing > 0 && totals.imagesRemaining < minRemaining) {
    brakes.push({ input: 'min-remaining', limit: minRemaining, value: totals.imagesRemaining })
  }
  if (maxDeletions !== undefined && totals.deletions > maxDeletions) {
    brakes.push({ input: 'max-deletions', limit: maxDeletions, value: totals.deletions })
  }
  if (maxDeletionPercent !== undefined && percent > maxDeletionPercent) {
    brakes.push({ input: 'max-deletion-percent', limit: maxDeletionPercent, value: percent })
  }
  return brakes
}

/**
 * As many whole groups, from the first on, as the budget has room for. One that alone is more than the budget is passed
 * over, with all that must come after it: smaller ones behind it are taken.
 */
export function withinBudget(groups: readonly Group[], budget: number | undefined): readonly Group[] {
  if (budget === undefined) return groups
  const taken: Group[] = []
  const places = new Set<number>()
  let room = budget
  for (const group of groups) {
    const own = new Set(group.deletions.map(({ place }) => place))
    const isFree = group.deletions.every(({ after }) =>
      after.every(place => own.has(place) || places.has(place))
    )
    if (!isFree || own.size > budget) continue
    room -= own.size
    if (room < 0) break
    taken.push(group)
    for (const place of own) places.add(place)
  }
  return taken
}

/** The first group that no run can take, because it alone is more than the budget. */
export function beyondBudget(groups: readonly Group[], budget: number | undefined): Group | undefined {
  return groups.find(({ deletions }) => deletions.length > (budget ?? Number.POSITIVE_INFINITY))
}
