import { InputError } from '../errors.ts'
import { trialPhrases } from '../report/policy-test-phrases.ts'
import type { PolicyFile } from './policy-file.ts'
import { type Fault, tryPolicyTests } from './policy-tests.ts'

/**
 * Runs the cases that a policy brings along.
 *
 * @returns the names of all cases
 * @throws InputError with a sentence for each thing that is not as a case expects
 */
export function runPolicyTests(file: PolicyFile): string[] {
  const trials = tryPolicyTests(file)
  const problems = trials.flatMap(({ name, faults }) =>
    faults.map(fault => `Policy test "${name}": ${sentenceOf(fault)}`)
  )
  if (problems.length > 0) throw new InputError(problems)
  return trials.map(({ name }) => name)
}

function sentenceOf(fault: Fault): string {
  switch (fault.kind) {
    case 'verdict':
      return trialPhrases.verdict(fault.version, fault.expected, fault.decision)
    case 'untag':
      return trialPhrases.untag(fault.version, fault.expected, fault.actual)
    case 'stop':
      return trialPhrases.stop(fault.expected, fault.brakes)
    case 'apply':
      return trialPhrases.apply(fault.expected, fault.actual)
    case 'no-package':
      return trialPhrases.noPackage(fault.package)
    case 'no-version':
      return trialPhrases.noVersion(fault.version)
  }
}
