import type { Signature } from '../model/check.ts'
import type { Visibility } from '../model/package.ts'
import type { ExpectRules } from '../policy/expected-tags.ts'
import type { Policy } from '../policy/rule.ts'
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
