import { type Digest, parseDigest } from '../model/digest.ts'
import { parsePatterns } from '../policy/pattern.ts'
import type { DeleteRule, KeepClauses, KeepRule, Match, Policy, Rule } from '../policy/rule.ts'
import { present } from '../util/present.ts'
import type { DeclaredInputs } from './input-table.ts'

/** The plain inputs that a policy is made of. */
export type PolicyInputs = Pick<
  DeclaredInputs,
  | 'deleteTags'
  | 'keepTags'
  | 'keepAtLeast'
  | 'deleteUntagged'
  | 'keepUntagged'
  | 'olderThan'
  | 'deleteBroken'
  | 'untag'
  | 'rankBy'
  | 'grace'
  | 'ageFrom'
  | keyof Limits
>

type Limits = Pick<Policy, 'minRemaining' | 'maxDeletions' | 'maxDeletionPercent' | 'deletionsPerRun'>

/** The policy that the plain inputs alone make. @throws ExpectedError for a bad pattern */
export function policyFromInputs(inputs: PolicyInputs): Policy {
  const { grace, ageFrom, minRemaining, maxDeletions, maxDeletionPercent, deletionsPerRun } = inputs
  const limits = { minRemaining, maxDeletions, maxDeletionPercent, deletionsPerRun }
  return { rules: rulesFromInputs(inputs), grace, ageFrom, ...present<Limits>(limits) }
}

/**
 * The rules that the plain inputs stand for, each called like its input. `older-than` is `keep-within`: what is
 * younger stays, and counts towards the keeps.
 *
 * @throws ExpectedError for a bad pattern
 */
export function rulesFromInputs(inputs: PolicyInputs): Rule[] {
  const { keepAtLeast, keepUntagged, deleteBroken, untag, rankBy } = inputs
  const kept = sort(inputs.keepTags)
  const deleted = sort(inputs.deleteTags)
  const young = present<KeepClauses>({ within: inputs.olderThan, periods: NO_PERIODS })
  const rules: Rule[] = []
  if (kept.patterns.length > 0) rules.push(keepRule({ tags: parsePatterns(kept.patterns) }))
  if (kept.digests.size > 0) rules.push(keepRule({ digests: kept.digests }))
  if (deleted.patterns.length > 0) {
    const match = { tags: parsePatterns(deleted.patterns, 'named') }
    rules.push({ ...deleteRule('delete-tags', match, { ...young, atLeast: keepAtLeast }), untag, rankBy })
  }
  // Versions named by digest are no series whose newest somebody could want to keep.
  if (deleted.digests.size > 0) rules.push(deleteRule('delete-tags', { digests: deleted.digests }, young))
  if (inputs.deleteUntagged) {
    rules.push({
      ...deleteRule('delete-untagged', { untagged: true }, { ...young, atLeast: keepUntagged }),
      rankBy
    })
  }
  if (deleteBroken.length > 0) {
    rules.push(deleteRule('delete-broken', { states: new Set(deleteBroken) }, young))
  }
  return rules
}

const NO_PERIODS: KeepClauses['periods'] = new Map()

function sort(list: readonly string[]): { patterns: string[]; digests: Set<Digest> } {
  const digests = list.map(parseDigest).filter(digest => digest !== undefined)
  return { patterns: list.filter(entry => parseDigest(entry) === undefined), digests: new Set(digests) }
}

function keepRule(match: Match): KeepRule {
  return { name: 'keep-tags', action: 'keep', match, keep: { periods: NO_PERIODS }, rankBy: 'created' }
}

function deleteRule(name: string, match: Match, keep: KeepClauses): DeleteRule {
  return { name, action: 'delete', match, keep, rankBy: 'created', tagMatch: 'all', untag: false }
}
