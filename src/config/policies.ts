import { ExpectedError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { Policy } from '../policy/rule.ts'
import { formatDuration } from '../util/format.ts'
import { inTime } from '../util/in-time.ts'
import { idleRules } from './advice.ts'
import { readEarlierRun } from './earlier-run.ts'
import { readFilesInUse } from './files-in-use.ts'
import { entryOf, expectationsOf, policyFor, policyFromInputs } from './for-package.ts'
import type { Inputs } from './inputs.ts'
import { type PackageSelection, selectPackages, withMore } from './package-selection.ts'
import { readPolicy } from './policy-file.ts'
import { runPolicyTests } from './policy-tests.ts'
import type { PolicyFile } from './schema/policy-schema.ts'

/** All that is said about packages before anything is requested: by the inputs, the policy file and the workspace. */
export type Policies = ReturnType<typeof openPolicies>

/**
 * Reads the policy, holds it to its own tests, and reads the files that say what is in use, and the earlier run that
 * is applied or undone.
 *
 * @param workspace the folder that paths start from
 * @throws InputError with all that is wrong with the policy, ExpectedError for a file that cannot be read, and when
 *   `time-limit` does not suffice for what they name
 */
export function openPolicies(inputs: Inputs, workspace: string, clock: Clock) {
  const until = clock.now() + inputs.timeLimit
  /** Does work on what files say, which could take however long. @throws ExpectedError when `time-limit` is over */
  const inLimit = <T>(work: () => T): T =>
    inTime(Math.max(LEAST, until - clock.now()), work, () => takesTooLong(inputs))
  return { ...inLimit(() => readPolicies(inputs, workspace)), inLimit }
}

/** In milliseconds: a run that is out of time ends at its next request, and not because of this. */
const LEAST = 1_000

/** A search that is given up has not found what is in use, so the run ends red, and not as one that a later run completes. */
function takesTooLong({ timeLimit }: Inputs): ExpectedError {
  return new ExpectedError(
    `Searching the files that the inputs and the policy name took longer than the ${formatDuration(timeLimit)} of ` +
      '`time-limit`, so it is unknown what is in use, and nothing is deleted. Name fewer or smaller files.'
  )
}

function readPolicies(inputs: Inputs, workspace: string) {
  const plain = policyFromInputs(inputs)
  const file = inputs.policy === undefined ? undefined : readPolicy(inputs.policy, workspace)
  if (file !== undefined) runPolicyTests(file)
  const rules = [...plain.rules, ...(file?.packages ?? []).flatMap(entry => entry.rules)]
  return {
    packages: file === undefined || inputs.packagesGiven ? inputs.packages : packagesOf(file),
    /** What holds for a package; undefined for one that nothing is said about: it is not touched. */
    policyOf: (packageName: string): Policy | undefined =>
      file === undefined ? plain : policyFor(file, packageName, plain),
    /** What a check expects of a package, and retention protects. */
    expectationsOf: (packageName: string) => expectationsOf(inputs, file && entryOf(file, packageName)),
    /** What the repositories name stays. */
    protect: [...new Set([...inputs.protect, ...(file?.protect.git ?? [])])],
    ...readFilesInUse(inputs, file, workspace),
    /** The report that `plan` or `restore` names. */
    earlierRun: readEarlierRun(inputs, workspace),
    /** True when some rule strips tags, which takes another right than deleting. */
    stripsTags: rules.some(rule => rule.action === 'delete' && rule.untag),
    /** Sentences about the policy alone, to be told before anything is requested. */
    advice: file === undefined ? [] : adviceOn(file, inputs, plain)
  }
}

const NO_DELETE_RULE = 'The policy has no rule with `action: delete`, so nothing is deleted.'

/** Sentences about the policy alone, each with its place in the file if it has one. */
function adviceOn(
  file: PolicyFile,
  { owner, registryUrl, mode, grace, plan }: Inputs,
  plain: Policy
): string[] {
  const names = file.packages.flatMap(({ match }, entry) =>
    withMore(match.sources, owner, registryUrl).map(
      sentence => `${file.at(['packages', entry, 'match'])}: ${sentence}`
    )
  )
  if (mode !== 'retain') return names
  const rules = [...plain.rules, ...file.packages.flatMap(entry => entry.rules)]
  return [
    ...names,
    // What a plan deletes needs no rule.
    ...(plan !== undefined || rules.some(({ action }) => action === 'delete') ? [] : [NO_DELETE_RULE]),
    ...idleRules(file, grace, plain.rules)
  ]
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
