import type { Plan } from '../../model/decision.ts'
import type { Inventory, PackageVersion } from '../../model/package.ts'
import type { Usage } from '../../model/usage.ts'
import { keptOf, placedTags } from '../../policy/placed-tags.ts'
import type { Policy } from '../../policy/rule.ts'
import type { Approved } from '../../policy/saved-plan.ts'
import { keptOnPlaceholder, onPlaceholder } from '../../report/placeholder-phrases.ts'

/** What must be said: sentences, of which the alarms make the run red. */
export interface PlacedTold {
  readonly alarms: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Tells of tags that somebody put on an empty index of ours while it had another one's place. Those that the policy
 * keeps are lost to whoever pulls them, so each run is red until they are on an image again.
 *
 * @param approved what goes because somebody approved it; without rules nothing tells what else is to stay
 * @throws ExpectedError when a regular expression of the policy takes too long
 */
export function tellPlaced(
  inventory: Inventory,
  { decisions }: Plan,
  policy: Policy,
  approved: Approved | undefined,
  usage: Usage,
  now: number
): PlacedTold {
  const placed = placedTags(inventory)
  if (placed.length === 0) return { alarms: [], warnings: [] }
  const going = new Set(decisions.flatMap(one => (one.verdict === 'delete' ? [one.version.id] : [])))
  const isUnknown = approved !== undefined && policy.rules.length === 0
  const kept = isUnknown ? new Set() : keptOf(placed, inventory, policy, usage, now)
  // Of one that is said to be elsewhere as well somebody may just have put it right.
  const mayBeLost = ({ id, disputed }: PackageVersion): boolean =>
    disputed === undefined && !going.has(id) && approved?.deletions.has(id) !== true
  const alarms: string[] = []
  const warnings: string[] = []
  for (const { version, tags } of placed) {
    const lost = mayBeLost(version) ? tags.filter(tag => kept.has(tag)) : []
    const others = tags.filter(tag => !lost.includes(tag))
    if (lost.length > 0) alarms.push(keptOnPlaceholder(lost, version))
    if (others.length > 0) warnings.push(onPlaceholder(others, version))
  }
  return { alarms, warnings }
}
