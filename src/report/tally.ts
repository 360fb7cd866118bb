import type { PatternHits } from '../model/brake.ts'
import type { TagState } from '../model/check.ts'
import { type Outcome, type OutcomeStatus, type Reason, type Step, WHOLE_PACKAGE } from '../model/decision.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { count } from '../util/format.ts'
import { isPart } from './phrases.ts'

/**
 * What happened to one package's versions, in numbers. `versions` is the sum of `kept`, `deleted`, `restored`,
 * `already`, `planned`, `refused`, `skipped`, `failed`, `left` and `held`; tags stripped are counted apart.
 */
export type Tally = Readonly<typeof ZERO>

const ZERO = {
  versions: 0,
  /** Versions that the policy keeps. */
  kept: 0,
  /** Deleted, and not restored by the same run. */
  deleted: 0,
  restored: 0,
  already: 0,
  planned: 0,
  refused: 0,
  skipped: 0,
  failed: 0,
  /** Deletions that are due and were not reached: beyond the budget, a limit, or the end of the run. */
  left: 0,
  /** Deletions that a brake holds back. */
  held: 0,
  /** Tags stripped, and those that a dry run would strip. */
  untagged: 0,
  untagPlanned: 0
}

/** Counts one package; all zeros when nothing was decided. */
export function tally(run: PackageRun): Tally {
  const decisions = run.plan?.decisions ?? []
  const kept = decisions.reduce((sum, decision) => sum + (decision.verdict === 'keep' ? 1 : 0), 0)
  const undoes = decisions.some(decision => decision.verdict === 'restore')
  const { done, left, ...others } = countByStatus(run, undoes ? 'restore' : 'delete')
  const atOnce = undoes ? done : done - deletionsIn(run.outcomes, ['done']).length
  const earlier = undoes ? 0 : restoredOfEarlier(run)
  const untags = countByStatus(run, 'untag')
  const reached = Object.values(others).reduce((sum, one) => sum + one, done)
  const due = decisions.length - kept - reached
  const braked = (run.plan?.brakes.length ?? 0) > 0
  return {
    versions: decisions.length + earlier,
    kept,
    deleted: done - atOnce,
    restored: atOnce + earlier,
    ...others,
    left: braked ? 0 : due,
    held: braked ? due : 0,
    untagged: untags.done,
    untagPlanned: untags.planned
  }
}

/** The deletions among some outcomes that ended in one of these ways, without what the same run restored. */
export function deletionsIn(outcomes: readonly Outcome[], statuses: readonly OutcomeStatus[]): Deletion[] {
  const back = new Set(
    outcomes.flatMap(({ step, status }) => (isBack(step, status) ? [step.version.id] : []))
  )
  return outcomes.filter(
    (outcome): outcome is Deletion =>
      outcome.step.action === 'delete' &&
      statuses.includes(outcome.status) &&
      !back.has(outcome.step.version.id)
  )
}

export type Deletion = Outcome & { readonly step: { readonly action: 'delete' } }

/** Outcomes after which a version is there as before, and nothing failed. */
export const UNDONE: readonly OutcomeStatus[] = ['refused', 'skipped', 'left']

/** Outcomes after which a version is gone, or would be. */
export const GONE: readonly OutcomeStatus[] = ['done', 'already', 'planned']

/**
 * Counts images, and other roots, in several packages. What belongs to another image is not counted, and neither is
 * what goes or comes back without anybody having read its manifest.
 */
export function imageTally(runs: readonly PackageRun[]) {
  const sum = {
    /** Deleted, or gone before. */
    gone: 0,
    planned: 0,
    /** All that is there afterwards, also after what a dry run would do: kept, or due and not deleted. */
    remaining: 0,
    /** Restored, or would be, if only in part. */
    restored: 0,
    /** Asked for and already there, if only in part. */
    there: 0
  }
  for (const { plan, outcomes } of runs) {
    const decisions = plan?.decisions.filter(({ reasons }) => !hidesImages(reasons[0])) ?? []
    const known = new Set(decisions.map(({ version }) => version.id))
    const away = new Set<number>()
    for (const { step, status } of deletionsIn(outcomes, GONE)) {
      away.add(step.version.id)
      if (step.root === step.version.digest && known.has(step.version.id))
        sum[status === 'planned' ? 'planned' : 'gone']++
    }
    for (const { verdict, version, reasons } of decisions) {
      if (verdict === 'restore' || reasons[0].code === 'owned' || isPart(reasons[0])) continue
      if (!away.has(version.id)) sum.remaining++
    }
    const restored = (...statuses: OutcomeStatus[]): number =>
      new Set(
        outcomes.flatMap(({ step, status }) =>
          step.action === 'restore' && statuses.includes(status) && known.has(step.version.id)
            ? [step.root]
            : []
        )
      ).size
    sum.restored += restored('done', 'planned')
    sum.there += restored('already')
  }
  return sum
}

/** True where a version goes because its package goes. */
export function goesWithPackage(reason: Reason): boolean {
  return reason.code === 'purged' && reason.by === WHOLE_PACKAGE
}

/** True where nobody knows what is an image and what a part: a whole package, or what `restore` names without a report. */
export function hidesImages(reason: Reason): boolean {
  return goesWithPackage(reason) || reason.code === 'asked-for' || (reason.code === 'undo' && reason.whole)
}

/**
 * `2 images deleted (6 versions)`, or the versions alone where no image is known.
 *
 * @param what what became of them, or nothing
 */
export function imagesPhrase(images: number, what: string, versions: number): string {
  const all = count(versions, 'version')
  const became = what === '' ? '' : ` ${what}`
  return images === 0 ? `${all}${became}` : `${count(images, 'image')}${became} (${all})`
}

/** `2 images stay (6 versions)`: all that is there afterwards. */
export function stayPhrase(runs: readonly PackageRun[]): string {
  const images = imageTally(runs).remaining
  const { versions: all, deleted, already, planned } = total(runs)
  const versions = all - deleted - already - planned
  if (versions === 0) return 'nothing stays'
  return imagesPhrase(images, (images || versions) === 1 ? 'stays' : 'stay', versions)
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
    const before = sums.get(key)
    sums.set(key, { ...before, ...hits, hits: hits.hits + (before?.hits ?? 0) })
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

/** How many versions this run brought back that an earlier run deleted and could not look at once more. */
function restoredOfEarlier({ outcomes, plan }: PackageRun): number {
  const own = new Set(plan?.decisions.map(({ version }) => version.id))
  return outcomes.filter(({ step, status }) => isBack(step, status) && !own.has(step.version.id)).length
}

function isBack({ action }: Step, status: OutcomeStatus): boolean {
  return action === 'restore' && status === 'done'
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

/** How many tags stand how, in some packages together. */
export function countStates(runs: readonly PackageRun[]): Record<TagState, number> {
  const counts = { present: 0, absent: 0, incomplete: 0, unreadable: 0 }
  for (const { state } of runs.flatMap(({ checks = [] }) => checks)) counts[state]++
  return counts
}

/** Every missing image, package by package, newest tags first. */
export function missingImages(runs: readonly PackageRun[]) {
  return runs.flatMap(run =>
    (run.checks ?? [])
      .filter(({ state }) => state === 'absent' || state === 'incomplete')
      .map(check => ({ run, check }))
  )
}

/** Tags that at least one package lacks, each once, newest first. */
export function missingTags({ packages, check }: Pick<RunResult, 'packages' | 'check'>): string[] {
  const missing = new Set(missingImages(packages).map(lacking => lacking.check.tag))
  return (check?.expected ?? []).filter(tag => missing.has(tag))
}
