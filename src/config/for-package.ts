import type { Signature } from '../model/check.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import type { Visibility } from '../model/package.ts'
import type { ExpectRules } from '../policy/expected-tags.ts'
import { parsePatterns } from '../policy/pattern.ts'
import type { DeleteRule, KeepClauses, KeepRule, Match, Policy, Rule } from '../policy/rule.ts'
import { present } from '../util/present.ts'
import type { DeclaredInputs } from './input-table.ts'
import type { PackageEntry, PolicyFile } from './schema/policy-schema.ts'

/** What holds for one package, of what the policy file and the plain inputs say. */

/** The first entry of a policy file that matches the name of a package. */
export function entryOf({ packages }: PolicyFile, packageName: string): PackageEntry | undefined {
  return packages.find(({ match }) => match.scan([packageName]).has(packageName))
}

/** Settings where nobody says anything. */
const DEFAULTS: Policy = { rules: [], grace: 24 * 3_600_000, ageFrom: 'newest' }

/**
 * The policy for one package: that of the first entry that matches its name.
 *
 * @param inputs what the plain inputs say: their rules hold too, and their brakes and budget, of two the stricter;
 *   their grace and `age-from` where the file is silent
 * @returns undefined when no entry matches: then the package is not touched
 */
export function policyFor(
  file: PolicyFile,
  packageName: string,
  inputs: Policy = DEFAULTS
): Policy | undefined {
  const entry = entryOf(file, packageName)
  return entry && policyOf(entry, inputs)
}

/** The policy of one entry, and of the plain inputs. */
export function policyOf({ rules, settings }: PackageEntry, inputs: Policy = DEFAULTS): Policy {
  const limits = STRICTER.flatMap(([limit, choose]) => {
    const set = [settings[limit], inputs[limit]].filter(one => one !== undefined)
    return set.length === 0 ? [] : [[limit, choose(...set)] as const]
  })
  return { ...inputs, ...settings, ...Object.fromEntries(limits), rules: [...rules, ...inputs.rules] }
}

/** Limits, and which of two numbers is the stricter. */
const STRICTER = [
  ['minRemaining', Math.max],
  ['maxDeletions', Math.min],
  ['maxDeletionPercent', Math.min],
  ['deletionsPerRun', Math.min]
] as const

/** What a check expects of one package. */
export interface PackageExpectations extends ExpectRules {
  /** `owner/name` of the repository whose git tags count; undefined for the one whose workflow runs. */
  readonly repository: string | undefined
  readonly platforms: readonly string[]
  /** Templates of image tags that must stand on the newest release that they name. */
  readonly newestTags: readonly string[]
  readonly signed: Signature | undefined
  readonly visibility: Visibility | undefined
}

/**
 * What a check expects of a package: what its entry in the policy file says, and the inputs where that is silent.
 *
 * @param entry undefined where there is no policy file, or none of its entries matches
 */
export function expectationsOf(inputs: DeclaredInputs, entry: PackageEntry | undefined): PackageExpectations {
  const { skipTags, requiredTags, newestTags } = inputs
  return {
    gitTags: inputs.gitTags,
    imageTags: inputs.imageTags,
    platforms: inputs.platforms,
    signed: inputs.expectSigned,
    visibility: inputs.expectVisibility,
    ...entry?.expect,
    skipTags,
    requiredTags,
    newestTags,
    repository: entry?.settings.repository ?? inputs.tagsRepository
  }
}

type Limits = Pick<Policy, 'minRemaining' | 'maxDeletions' | 'maxDeletionPercent' | 'deletionsPerRun'>

/** The policy that the plain inputs alone make. @throws ExpectedError for a bad pattern */
export function policyFromInputs(inputs: DeclaredInputs): Policy {
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
export function rulesFromInputs(inputs: DeclaredInputs): Rule[] {
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
