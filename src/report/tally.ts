import type { Outcome, OutcomeStatus, PatternHits, Step } from '../model/decision.ts'
import type { PackageRun } from '../model/run.ts'

/**
 * What happened to one package's versions, in numbers. `versions` is the sum of `kept`, `deleted`, `restored`,
 * `already`, `planned`, `refused`, `skipped`, `failed`, `left` and `held`; tags stripped are counted apart.
 */
export interface Tally {
  readonly versions: number
  /** Versions that the policy keeps. */
  readonly kept: number
  /** Deleted, and not restored by the same run. */
  readonly deleted: number
  readonly restored: number
  readonly already: number
  readonly planned: number
  readonly refused: number
  readonly skipped: number
  readonly failed: number
  /** Deletions that are due and were not reached: beyond the budget, a limit, or the end of the run. */
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
  const undoes = decisions.some(decision => decision.verdict === 'restore')
  const changes = countByStatus(run, undoes ? 'restore' : 'delete')
  const atOnce = undoes ? changes.done : restoredAtOnce(run)
  const earlier = undoes ? 0 : restoredOfEarlier(run)
  const untags = countByStatus(run, 'untag')
  const settled =
    changes.done + changes.already + changes.planned + changes.refused + changes.skipped + changes.failed
  const due = decisions.length - kept - settled
  const braked = (run.plan?.brakes.length ?? 0) > 0
  return {
    versions: decisions.length + earlier,
    kept,
    deleted: changes.done - atOnce,
    restored: atOnce + earlier,
    already: changes.already,
    planned: changes.planned,
    refused: changes.refused,
    skipped: changes.skipped,
    failed: changes.failed,
    left: braked ? 0 : due,
    held: braked ? due : 0,
    untagged: untags.done,
    untagPlanned: untags.planned
  }
}

/** Images, and what stands for itself, in one package or several: what belongs to another image is not counted. */
export interface ImageTally {
  /** Deleted, or gone before. */
  readonly gone: number
  readonly planned: number
  readonly kept: number
}

/** Counts the images of several packages. */
export function imageTally(runs: readonly PackageRun[]): ImageTally {
  const sum = { gone: 0, planned: 0, kept: 0 }
  for (const { plan, outcomes } of runs) {
    const back = broughtBack(outcomes)
    for (const { step, status } of outcomes) {
      if (step.action !== 'delete' || step.root !== step.version.digest || back.has(step.version.id)) continue
      if (status === 'done' || status === 'already') sum.gone++
      if (status === 'planned') sum.planned++
    }
    for (const { verdict, reasons } of plan?.decisions ?? []) {
      const isPart = reasons[0].code === 'child' || reasons[0].code === 'referrer'
      if (verdict === 'keep' && !isPart) sum.kept++
    }
  }
  return sum
}

/** The sum of several packages' tallies. */
export function total(runs: readonly PackageRun[]): Tally {
  return runs.map(tally).reduce(add, ZERO)
}

/**
 * How many tags each pattern matched in all packages of the run, each rule's once: entries of a policy may share
 * rules, and what matches somewhere is not misspelt. Keep patterns first, and of these the ones that matched least.
 */
export function patternHits(runs: readonly PackageRun[]): PatternHits[] {
  const sums = new Map<string, PatternHits>()
  for (const hits of runs.flatMap(run => run.plan?.hits ?? [])) {
    const key = JSON.stringify([hits.rule, hits.action, hits.pattern])
    sums.set(key, { ...hits, hits: hits.hits + (sums.get(key)?.hits ?? 0) })
  }
  const sorted = [...sums.values()].sort((a, b) => a.hits - b.hits)
  return [
    ...sorted.filter(hits => hits.action === 'keep'),
    ...sorted.filter(hits => hits.action === 'delete')
  ]
}

/** Patterns that matched no tag in any package of the run; keep patterns first. */
export function unmatched(runs: readonly PackageRun[]): PatternHits[] {
  return patternHits(runs).filter(({ hits }) => hits === 0)
}

/** Counts one more of `key`. */
export function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const ZERO: Tally = {
  versions: 0,
  kept: 0,
  deleted: 0,
  restored: 0,
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

/** How many versions this run deleted and brought back. */
function restoredAtOnce({ outcomes }: PackageRun): number {
  const back = broughtBack(outcomes)
  return outcomes.filter(
    ({ step, status }) => step.action === 'delete' && status === 'done' && back.has(step.version.id)
  ).length
}

/** How many versions it brought back that an earlier run deleted and could not look at once more. */
function restoredOfEarlier({ outcomes, plan }: PackageRun): number {
  const own = new Set(plan?.decisions.map(({ version }) => version.id))
  return [...broughtBack(outcomes)].filter(id => !own.has(id)).length
}

/** Ids of the versions that a run restored. */
export function broughtBack(outcomes: readonly Outcome[]): ReadonlySet<number> {
  return new Set(
    outcomes
      .filter(({ step, status }) => step.action === 'restore' && status === 'done')
      .map(({ step }) => step.version.id)
  )
}

function countByStatus(run: PackageRun, action: Step['action']): Record<OutcomeStatus, number> {
  const counts = { done: 0, already: 0, planned: 0, refused: 0, skipped: 0, left: 0, failed: 0 }
  for (const outcome of run.outcomes) if (outcome.step.action === action) counts[outcome.status]++
  return counts
}

function add(a: Tally, b: Tally): Tally {
  const keys = Object.keys(a) as (keyof Tally)[]
  return Object.fromEntries(keys.map(key => [key, a[key] + b[key]])) as unknown as Tally
}
