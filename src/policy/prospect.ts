import type { Content, Package, PackageVersion } from '../model/package.ts'
import { decide } from './plan.ts'
import type { Policy, Rule } from './rule.ts'
import type { World } from './world.ts'

/**
 * Whether a policy could change anything in a package, whatever the manifests say that nobody has read yet. False
 * only where that is certain: then they need not be read.
 *
 * It decides as if no version needed or described another. Each would then stand for itself and take a slot, so
 * what a rule keeps of the others can only be less and what it lets go more; and nothing goes with a version that
 * stays.
 *
 * @param world what was asked elsewhere; what is not known of untagged versions counts as long untagged
 */
export function couldChange(
  pkg: Package,
  versions: readonly PackageVersion[],
  policy: Policy,
  world: World,
  now: number
): boolean {
  if (!policy.rules.some(({ action }) => action === 'delete')) return false
  if (policy.rules.some(rule => asksManifests(rule) || stripsTags(rule))) return true
  const inventory = {
    package: pkg,
    versions,
    contents: new Map(versions.map(({ digest }) => [digest, ALONE] as const))
  }
  const untaggedSince = new Map(versions.map(({ digest }) => [digest, 0]))
  const { decisions } = decide(inventory, policy, { ...world, untaggedSince }, now)
  return decisions.some(({ verdict }) => verdict !== 'keep')
}

const ALONE: Content = { state: 'named' }

/** True for a rule whose match depends on what is in a manifest. */
function asksManifests({ match }: Rule): boolean {
  return match.states !== undefined || match.labels !== undefined || match.kinds !== undefined
}

/** A tag may go where a version stays as the part of another: standing for itself it could have had a slot. */
function stripsTags(rule: Rule): boolean {
  return rule.action === 'delete' && rule.untag
}
