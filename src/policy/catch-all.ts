import type { Policy, Rule } from './rule.ts'

/** Tags that nobody pushes: patterns that match them all match any tag. */
const PROBES = ['0', 'Zq.unheard-of_7', 'no-such-tag']

/** The delete rules that are about whatever is tagged, such as `delete-tags: '*'`; what they keep of it aside. */
export function catchAllRules({ rules }: Policy): Rule[] {
  return rules.filter(isCatchAll)
}

function isCatchAll({ action, match }: Rule): boolean {
  const { tags, semver, pullRequest, branchDeleted, gitTagDeleted } = match
  const { untagged, untaggedFor, states, digests, labels } = match
  const narrow = [
    semver,
    pullRequest,
    branchDeleted,
    gitTagDeleted,
    untagged,
    untaggedFor,
    states,
    digests,
    labels
  ]
  if (action === 'keep' || narrow.some(field => field !== undefined)) return false
  return tags === undefined || tags.scan(PROBES).size === PROBES.length
}
