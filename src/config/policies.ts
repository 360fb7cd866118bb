import { ExpectedError, InputError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { ProtectSource } from '../model/decision.ts'
import type { Policy } from '../policy/rule.ts'
import type { RunRecord } from '../report/record.ts'
import { type MatchedFiles, readMatchingFiles, readTextFile } from '../usage/files.ts'
import { imagesNamedIn, type NamedImage } from '../usage/named-images.ts'
import { type CheckTime, findReferences, type Reference, type TextFile } from '../usage/references.ts'
import { formatDuration, some } from '../util/format.ts'
import { readEarlierRun } from './earlier-run.ts'
import { expectationsOf, type PackageExpectations } from './expectations.ts'
import { idleRules } from './idle-rules.ts'
import type { Inputs } from './inputs.ts'
import { type PackageSelection, selectPackages } from './package-selection.ts'
import { entryOf, parsePolicyFile, policyFor } from './policy-file.ts'
import type { PolicyFile } from './policy-schema.ts'
import { runPolicyTests } from './policy-tests.ts'
import { policyFromInputs } from './rules-from-inputs.ts'

/** All that is said of packages before anything is requested: by the inputs, the policy file and the workspace. */
export interface Policies {
  readonly packages: PackageSelection
  /** What holds for a package; undefined for one that nothing is said of: it is not touched. */
  readonly policyOf: (packageName: string) => Policy | undefined
  /** What a check expects of a package, and retention protects. */
  readonly expectationsOf: (packageName: string) => PackageExpectations
  /** What the repositories name stays. */
  readonly protect: readonly ProtectSource[]
  /** What files use of the owner's images: that stays. */
  readonly references: readonly Reference[]
  /** What the same files name in full: a check wants it to be there. */
  readonly named: readonly NamedImage[]
  /** Throws once `time-limit` is over: for work on files that could take however long. */
  readonly checkTime: CheckTime
  /** True when some rule strips tags, which takes another right than deleting. */
  readonly stripsTags: boolean
  /** The report that `plan` or `restore` names. */
  readonly earlierRun: RunRecord | undefined
  /** Sentences. */
  readonly warnings: readonly string[]
  /** Sentences about the policy alone, to be told before anything is requested. */
  readonly advice: readonly string[]
}

/**
 * Reads the policy, holds it to its own tests, and reads the files that say what is in use, and the earlier run that
 * is applied or undone.
 *
 * @param workspace the folder that paths start from
 * @throws InputError with all that is wrong with the policy, ExpectedError for a file that cannot be read, and when
 *   `time-limit` does not suffice for what they name
 */
export function openPolicies(inputs: Inputs, workspace: string, clock: Clock): Policies {
  const checkTime = timeCheck(inputs, clock)
  const plain = policyFromInputs(inputs)
  const file = inputs.policy === undefined ? undefined : readPolicy(inputs.policy, workspace)
  if (file !== undefined) runPolicyTests(file)
  const { references, named, warnings } = readFiles(inputs, file, workspace, checkTime)
  const rules = [...plain.rules, ...(file?.packages ?? []).flatMap(entry => entry.rules)]
  return {
    packages: file === undefined || inputs.packagesGiven ? inputs.packages : packagesOf(file),
    policyOf: file === undefined ? () => plain : name => policyFor(file, name, plain),
    expectationsOf: name => {
      const entry = file && entryOf(file, name)
      return expectationsOf(inputs, entry && { expect: entry.expect, repository: entry.settings.repository })
    },
    protect: [...new Set([...inputs.protect, ...(file?.protect.git ?? [])])],
    references,
    named,
    checkTime,
    earlierRun: readEarlierRun(inputs, workspace),
    stripsTags: rules.some(rule => rule.action === 'delete' && rule.untag),
    warnings,
    advice: file === undefined || inputs.mode !== 'retain' ? [] : idleRules(file, inputs.grace)
  }
}

/**
 * A warning about packages that the input `packages` selects and no entry of the policy: nothing is done with them.
 *
 * @param selected their names
 */
export function leftOutByPolicy(
  selected: readonly string[],
  { policyOf }: Policies,
  { packagesGiven }: Inputs
): string[] {
  const names = selected.filter(name => policyOf(name) === undefined)
  // The patterns of the policy itself mean no more than they match.
  if (names.length === 0 || !packagesGiven) return []
  return [
    `No entry of the policy matches ${some(names, 10)}, so ${names.length === 1 ? 'it is' : 'they are'} left alone. ` +
      'Add an entry for what this run is about, or take it out of `packages`.'
  ]
}

/** A search that is given up has not found what is in use, so the run ends red, and not as one that a later run completes. */
function timeCheck({ timeLimit }: Inputs, clock: Clock): CheckTime {
  const until = clock.now() + timeLimit
  return () => {
    if (clock.now() <= until) return
    throw new ExpectedError(
      `Searching the files that \`protect-files\`, \`protect.files\` and \`protect.list\` name was not done within the ` +
        `${formatDuration(timeLimit)} of \`time-limit\`, so what is in use is not known and nothing is deleted. Name fewer or smaller files.`
    )
  }
}

/** Only what is about to be deleted can be in use, and only a check looks whether it is there. */
function readFiles(
  inputs: Inputs,
  file: PolicyFile | undefined,
  workspace: string,
  checkTime: CheckTime
): Pick<Policies, 'references' | 'named' | 'warnings'> {
  const nothing = { references: [], named: [], warnings: [] }
  if (inputs.mode !== 'retain' && inputs.mode !== 'check') return nothing
  const patterns = [...inputs.protectFiles, ...(file?.protect.files ?? [])]
  const matched =
    patterns.length === 0
      ? { files: [], idle: [], unsearched: [] }
      : readMatchingFiles(workspace, patterns, checkTime)
  if (inputs.mode === 'retain')
    return { ...nothing, ...readReferences(inputs, file, matched, workspace, checkTime) }
  const { host } = new URL(inputs.registryUrl)
  return {
    ...nothing,
    named: imagesNamedIn(matched.files, host, inputs.owner, checkTime),
    warnings: unsearchedWarnings(matched)
  }
}

/**
 * Reads a policy from where the input `policy` says it is.
 *
 * @param given a path, or YAML
 * @throws InputError, see `parsePolicyFile`
 */
export function readPolicy(given: string, workspace: string): PolicyFile {
  if (isYaml(given)) return parsePolicyFile(given, 'policy')
  try {
    return parsePolicyFile(readTextFile(workspace, given, 'The policy file'), given)
  } catch (error) {
    if (error instanceof InputError || !(error instanceof ExpectedError)) throw error
    throw new InputError([`Input \`policy\`: ${error.message}`])
  }
}

/** Paths have one line, and no key of a policy in front. */
function isYaml(given: string): boolean {
  return given.includes('\n') || /^(?:\{|(?:version|defaults|protect|packages|tests) *:)/.test(given)
}

/** The packages that a policy is about: those that it names must exist. */
function packagesOf({ packages }: PolicyFile): PackageSelection {
  const wanted = packages.flatMap(({ match: { sources }, optional }) => {
    const positive = sources
      .filter(source => !source.startsWith('!'))
      .map(source => (optional.includes(source) ? `${source}?` : source))
    return positive.length > 0 ? positive : ['**']
  })
  return selectPackages([...new Set(wanted)])
}

function readReferences(
  inputs: Inputs,
  file: PolicyFile | undefined,
  matched: MatchedFiles,
  workspace: string,
  checkTime: CheckTime
): Pick<Policies, 'references' | 'warnings'> {
  const { found, unresolved } = findReferences(matched.files, inputs.owner, inputs.repository, checkTime)
  const list = file?.protect.list
  const listed = list === undefined ? [] : readList(list, inputs.owner, workspace, checkTime)
  return {
    references: [...found, ...listed],
    warnings: [
      ...unsearchedWarnings(matched),
      ...unresolved.map(
        place =>
          `${place} names an image by a variable that no protected file sets, so every tag that it could mean is kept. ` +
          'Add the file that sets it to those that are protected, and only what it means is kept.'
      )
    ]
  }
}

function unsearchedWarnings({ idle, unsearched }: MatchedFiles): string[] {
  return [
    ...idle.map(
      pattern =>
        `The file pattern \`${pattern}\` matches no file, so it protects nothing: check its spelling, and that the ` +
        'repository is checked out before this step. A folder is written as `folder/**`.'
    ),
    ...unsearched.map(clause => `What is in use was not looked for in a file that matches: ${clause}.`)
  ]
}

/** A list that was to be made by a command that failed is empty; that says nothing of what is in use. */
function readList(
  path: string,
  owner: string,
  workspace: string,
  checkTime: CheckTime
): readonly Reference[] {
  const file: TextFile = { path, text: readTextFile(workspace, path, 'The list of what is in use,') }
  if (!/[:@/]/.test(file.text)) {
    throw new ExpectedError(
      `The list \`${path}\` names no image at all, as if what should have filled it had failed. If nothing is in use, ` +
        'remove `protect.list` from the policy.'
    )
  }
  return findReferences([file], owner, '', checkTime).found
}
