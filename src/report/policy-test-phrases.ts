import type { Decision } from '../model/decision.ts'
import { some } from '../util/format.ts'
import { brakePhrase } from './brake-phrases.ts'
import { VERDICT, verdictPhrase } from './phrases.ts'

/** What a policy test expected and did not get: clauses. */
export const mismatch = {
  verdict: (version: string, expected: Decision['verdict'], decision: Decision): string =>
    `\`${version}\` should be ${VERDICT[expected]}, and is ${verdictPhrase(decision)}.`,
  untag: (version: string, expected: readonly string[], actual: readonly string[]): string =>
    `of \`${version}\`, ${tags(expected)} should be stripped, and ${tags(actual)} would be.`,
  stop: (expected: boolean, brakes: readonly Parameters<typeof brakePhrase>[0][]): string =>
    expected
      ? 'a brake should stop the run, but none does.'
      : `no brake should stop the run, but one does. ${brakes.map(brakePhrase).join(' ')}`,
  apply: (expected: readonly string[], actual: readonly string[]): string =>
    `this run should delete ${names(expected)}, in this order, and would delete ${names(actual)}.`,
  noPackage: (name: string): string => `no entry of the policy matches the package \`${name}\`.`,
  noVersion: (version: string): string => `it has no version \`${version}\`, which it expects something of.`
}

function tags(list: readonly string[]): string {
  return list.length === 0 ? 'no tag' : some(list, 10)
}

function names(list: readonly string[]): string {
  return list.length === 0 ? 'nothing' : some(list, 20)
}
