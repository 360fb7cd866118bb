import type { OutcomeStatus, PatternHits } from '../model/decision.ts'
import type { PackageRun } from '../model/run.ts'

/**
 * What happened to one package's versions, in numbers. `versions` is the sum of `kept`, `deleted`, `already`,
 * `planned`, `refused`, `skipped`, `failed`, `left` and `held`; tags stripped are counted apart.
 */
export interface Tally {
  readonly versions: number
  /** Versions that the policy keeps. */
  readonly kept: number
  readonly deleted: number
  readonly already: number
  readonly planned: number
  readonly refused: number
  readonly skipped: number
  readonly failed: number
  /** Deletions that are due and were not come to: beyond the budget, a limit, or the end of the run. */
  readonly left: number
  /** Deletions that a brake holds back. */
  readonly held: number
  /** Tags stripped. */
  readonly untagged: number
  /** Tags that a dry run would strip. */
  readonly untagPlanned: number
}

/** Counts one package; all zeros when nothing was decided. */
export function tally(run: PackageRun): Tally {
  const decisions = run.plan?.decisions ?? []
  const kept = decisions.reduce((sum, decision) => sum + (decision.verdict === 'keep' ? 1 : 0), 0)
  const deletions = countByStatus(run, 'delete')
  const untags = countByStatus(run, 'untag')
  const settled =
    deletions.done +
    deletions.already +
    deletions.planned +
    deletions.refused +
    deletions.skipped +
    deletions.failed
  const due = decisions.length - kept - settled
  const braked = (run.plan?.brakes.length ?? 0) > 0
  return {
    versions: decisions.length,
    kept,
    deleted: deletions.done,
    already: deletions.already,
    planned: deletions.planned,
    refused: deletions.refused,
    skipped: deletions.skipped,
    failed: deletions.failed,
    left: braked ? 0 : due,
    held: braked ? due : 0,
    untagged: untags.done,
    untagPlanned: untags.planned
  }
}

/** The sum of several packages' tallies. */
export function total(runs: readonly PackageRun[]): Tally {
  return runs.map(tally).reduce(add, ZERO)
}

/** Patterns that matched no tag in any package of the run, each rule's once; keep patterns first. */
export function unmatched(runs: readonly PackageRun[]): PatternHits[] {
  const sums = new Map<string, PatternHits>()
  for (const hits of runs.flatMap(run => run.plan?.hits ?? [])) {
    const key = JSON.stringify([hits.rule, hits.action, hits.pattern])
    sums.set(key, { ...hits, hits: hits.hits + (sums.get(key)?.hits ?? 0) })
  }
  const silent = [...sums.values()].filter(hits => hits.hits === 0)
  return [
    ...silent.filter(hits => hits.action === 'keep'),
    ...silent.filter(hits => hits.action === 'delete')
  ]
}

/** Counts one more of `key`. */
export function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const ZERO: Tally = {
  versions: 0,
  kept: 0,
  deleted: 0,
  already: 0,
  planned: 0,
  refused: 0,
  skipped: 0,
  failed: 0,
  left: 0,
  held: 0,
  untagged: 0,
  untagPlanned: 0
}

function countByStatus(run: PackageRun, action: 'delete' | 'untag'): Record<OutcomeStatus, number> {
  const counts = { done: 0, already: 0, planned: 0, refused: 0, skipped: 0, left: 0, failed: 0 }
  for (const outcome of run.outcomes) if (outcome.step.action === action) counts[outcome.status]++
  return counts
}

function add(a: Tally, b: Tally): Tally {
  const keys = Object.keys(a) as (keyof Tally)[]
  return Object.fromEntries(keys.map(key => [key, a[key] + b[key]])) as unknown as Tally
}
