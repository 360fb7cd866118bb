import type { LoadedPackage } from '../inventory/load.ts'
import type { Outcome, OutcomeStatus, Plan } from '../model/decision.ts'
import type { PackageVersion } from '../model/package.ts'

/** What a run did to one package. */
export interface Done {
  readonly plan: Plan
  readonly loaded: LoadedPackage
  readonly outcomes: readonly Outcome[]
  /** What the looks before the deletions showed that new versions need or describe. */
  readonly adopted: ReadonlySet<string>
}

/** What this run deleted, or may have. */
export function deletedBy(outcomes: readonly Outcome[]): readonly PackageVersion[] {
  return versionsOf(outcomes, ['done', 'failed'])
}

/** The versions whose deletion came to one of these outcomes. */
export function versionsOf(outcomes: readonly Outcome[], wanted: readonly OutcomeStatus[]): PackageVersion[] {
  return outcomes.flatMap(({ step, status }) =>
    step.action === 'delete' && wanted.includes(status) ? [step.version] : []
  )
}
