import type { Signature } from '../model/check.ts'
import type { Visibility } from '../model/package.ts'
import type { ExpectRules } from '../policy/expected-tags.ts'
import type { Inputs } from './inputs.ts'

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

/** What the policy file expects of the packages of one entry. */
export type EntryExpectations = Partial<
  Pick<PackageExpectations, 'gitTags' | 'imageTags' | 'platforms' | 'signed' | 'visibility'>
>

/**
 * What holds for a package: what its entry in the policy file says, and the inputs where that is silent.
 *
 * @param entry undefined where there is no policy file, or none of its entries matches
 */
export function expectationsOf(
  inputs: Inputs,
  entry: { readonly expect: EntryExpectations; readonly repository: string | undefined } | undefined
): PackageExpectations {
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
    repository: entry?.repository ?? inputs.tagsRepository
  }
}
