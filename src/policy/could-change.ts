import { isUserTag } from '../model/digest.ts'
import { NAMED, type Package, type PackageVersion } from '../model/package.ts'
import type { Usage } from '../model/usage.ts'
import { evaluate } from './plan.ts'
import { type KeepClauses, keepsShare, type Policy, type Rule } from './rule.ts'
import { speaksOfTags } from './tags.ts'

/**
 * Whether a policy could change anything in a package, whatever the manifests say that nobody has read yet. False
 * only where that is certain: then they need not be read.
 *
 * It decides as if no version needed or described another. Each would then stand for itself and take a slot, so
 * a rule can only keep fewer of the others and delete more of them; and nothing is deleted with a version that stays.
 * Only untagged build caches take no slot and can be deleted, so where one could be, there are no slots at all. If this
 * is wrong after all, too little is deleted: the plan is made of the same versions, and then touches none of them.
 *
 * @param usage what was asked elsewhere, the same as for the decision
 */
export function couldChange(
  pkg: Package,
  versions: readonly PackageVersion[],
  policy: Policy,
  usage: Usage,
  now: number
): boolean {
  if (!policy.rules.some(({ action }) => action === 'delete')) return false
  if (policy.rules.some(rule => asksManifests(rule) || stripsTags(rule))) return true
  const inventory = {
    package: pkg,
    versions: versions.map(withUserTagsOnly),
    contents: new Map(versions.map(({ digest }) => [digest, NAMED] as const))
  }
  const rules = policy.rules.map(withoutDoubtfulSlots)
  const { deleted, lastTagged } = evaluate(inventory, { ...policy, rules }, usage, now).resolution
  // Which version is the last with a tag depends on what goes with others.
  return deleted.size > 0 || lastTagged !== undefined
}

function withUserTagsOnly(version: PackageVersion): PackageVersion {
  return version.tags.every(isUserTag) ? version : { ...version, tags: version.tags.filter(isUserTag) }
}

function withoutDoubtfulSlots<R extends Rule>(rule: R): R {
  const { keep, match } = rule
  if (speaksOfTags(match)) return rule
  // A rule that has a clause keeps a share, if it be none.
  const none: KeepClauses = { ...keep, ...(keepsShare(rule) ? { atLeast: 0 } : {}), periods: new Map() }
  return { ...rule, keep: none }
}

/** True for a rule whose match depends on what is in a manifest. */
function asksManifests({ match }: Rule): boolean {
  return match.states !== undefined || match.labels !== undefined || match.kinds !== undefined
}

/** A tag may go where a version stays as the part of another: standing for itself it could have had a slot. */
function stripsTags(rule: Rule): boolean {
  return rule.action === 'delete' && rule.untag
}
