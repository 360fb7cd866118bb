import type {
  Decision,
  DeleteReason,
  KeepReason,
  Outcome,
  OutcomeStatus,
  Plan
} from '../../src/model/decision.ts'
import type { PackageVersion } from '../../src/model/package.ts'
import type { PackageRun, RunResult } from '../../src/model/run.ts'
import { deletion, planOf, somePackage } from '../helpers/make.ts'

/** Runs for the tests of the report: every fact by hand, so that each number can be checked by eye. */

export const DAY = 86_400_000

export const keep = (version: PackageVersion, reason: KeepReason = { code: 'no-rule' }): Decision => ({
  verdict: 'keep',
  version,
  reasons: [reason],
  untag: []
})

export const drop = (
  version: PackageVersion,
  reason: DeleteReason = { code: 'untagged', rule: 'delete-untagged', age: 41 * DAY }
): Decision => ({ verdict: 'delete', version, reasons: [reason] })

/** One step for every deletion among the decisions, each with an outcome. */
export function packageRun(
  decisions: readonly Decision[],
  outcome: (version: PackageVersion) => readonly [OutcomeStatus, string] = () => ['done', ''],
  facts: Partial<Plan> = {}
): PackageRun {
  const deletable = decisions.filter(decision => decision.verdict === 'delete')
  const steps = deletable.map(decision => deletion(decision.version))
  const outcomes: Outcome[] = steps.map(step => {
    const [status, detail] = outcome(step.version)
    return { step, status, detail }
  })
  return { package: somePackage, plan: { ...planOf(steps), decisions, ...facts }, outcomes, warnings: [] }
}

export const runOf = (packages: readonly PackageRun[], facts: Partial<RunResult> = {}): RunResult => ({
  mode: 'retain',
  dryRun: false,
  owner: 'acme',
  packages,
  warnings: [],
  requests: { api: 1_234, points: 5_678, writes: 900, reads: 77 },
  durationMs: 200_000,
  started: Date.parse('2026-03-01T04:05:06Z'),
  ...facts
})
