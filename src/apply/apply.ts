import type { Context } from '../context.ts'
import { type LoadedPackage, type LoadFailure, SIDE_BY_SIDE } from '../inventory/load.ts'
import { gathered, takeTurns } from '../log.ts'
import type { Outcome, Plan } from '../model/decision.ts'
import type { Package } from '../model/package.ts'
import type { Mode, PackageRun, RunResult } from '../model/run.ts'
import type { Journal } from '../report/journal.ts'
import { outcomeEntry } from '../report/record-build.ts'
import { eachOf } from '../util/concurrency.ts'
import { execute, type Perform, type Performed, pretend } from './execute.ts'
import { progressLog } from './progress-log.ts'

/** One package on its way through the run. */
export interface PackageTask {
  readonly run: PackageRun
  /** Undefined when nothing was decided on it. */
  readonly loaded?: LoadedPackage
  /** True when there was no room to look at it. */
  readonly deferred: boolean
  /** What is clear without a request, by version id: these steps are not tried. */
  readonly settled?: ReadonlyMap<number, Performed>
  /** Sentences that concern this package and must not be missed. */
  readonly warnings?: readonly string[]
}

/** A candidate on which something was decided. */
export interface PlannedTask extends PackageTask {
  readonly run: PackageRun & { readonly plan: Plan }
}

/** What is known of a package that is about to be changed. */
export function loadedOf({ loaded }: PlannedTask): LoadedPackage {
  if (loaded === undefined) throw new Error('a package that was not surveyed is about to be changed')
  return loaded
}

/** What a mode does with a package once everything is decided everywhere. */
export interface Operations {
  readonly mode: Mode
  readonly dryRun: boolean
  /** Milliseconds since 1970. */
  readonly started: number
  /** Sentences that concern no single package. */
  readonly warnings?: readonly string[]
  /** The hands of a real run for one package. */
  operations(task: PlannedTask, journal: Journal): Perform
  /** What follows in a real run when the steps of a package are done; `report` takes further outcomes. */
  afterwards(task: PlannedTask, journal: Journal, report: (outcome: Outcome) => void): Promise<PackageTask>
}

/** A package on which nothing was decided, and why. */
export function notPlanned(pkg: Package, { problem, sentence }: LoadFailure): PackageTask {
  const deferred = problem === 'left'
  const run = { package: pkg, plan: undefined, outcomes: [] }
  return deferred
    ? { run: { ...run, warnings: [`Nothing was decided: ${sentence}`] }, deferred }
    : { run: { ...run, error: sentence, warnings: [] }, deferred }
}

/**
 * Puts everything that is decided into the journal, and then does it, several packages side by side: the looks and
 * waits of one hide behind the deletions of the others, and all of them share one governor.
 */
export async function apply(
  tasks: readonly PackageTask[],
  mode: Operations,
  context: Context
): Promise<RunResult> {
  const journal = context.openJournal(resultOf(tasks, mode, context))
  const inTurn = takeTurns()
  const finished = await eachOf(tasks, SIDE_BY_SIDE, async task => {
    const { plan } = task.run
    // Lines of several packages would mingle; those of one are best read while it happens.
    const log = tasks.length === 1 ? context.log : gathered(context.log, inTurn)
    const tell = progressLog(task.run, log)
    const report = (outcome: Outcome): void => {
      journal.append(outcomeEntry(task.run.package.name, outcome, context.clock.now()))
      tell.outcome(outcome)
    }
    const decided = plan === undefined ? undefined : { ...task, run: { ...task.run, plan } }
    return tell.group(async () =>
      decided === undefined ? task : await applyOne(decided, mode, journal, report)
    )
  })
  const run = resultOf(finished, mode, context)
  journal.finish(run, context.clock.now())
  return run
}

async function applyOne(
  task: PlannedTask,
  mode: Operations,
  journal: Journal,
  report: (outcome: Outcome) => void
): Promise<PackageTask> {
  const { run, settled } = task
  const hands = mode.dryRun ? pretend : mode.operations(task, journal)
  const perform: Perform = async step => settled?.get(step.version.id) ?? hands(step)
  const outcomes = await execute(run.plan, perform, report)
  const done = { ...task, run: { ...run, outcomes } }
  return mode.dryRun ? done : mode.afterwards(done, journal, report)
}

function resultOf(tasks: readonly PackageTask[], mode: Operations, context: Context): RunResult {
  const incomplete = whyIncomplete(tasks)
  return {
    mode: mode.mode,
    dryRun: mode.dryRun,
    owner: context.owner.login,
    packages: tasks.map(task => task.run),
    warnings: [
      ...(mode.warnings ?? []),
      ...tasks.flatMap(({ run, warnings = [] }) => warnings.map(text => `${run.package.name}: ${text}`))
    ],
    ...(incomplete === undefined ? {} : { incomplete }),
    requests: context.counts(),
    durationMs: context.clock.now() - mode.started,
    started: mode.started
  }
}

/** Why the run ends before all that is due was done: the first reason that a package gives. */
function whyIncomplete(tasks: readonly PackageTask[]): string | undefined {
  for (const { run, deferred } of tasks) {
    if (deferred) return run.warnings[0]
    const unreached = run.outcomes.find(outcome => outcome.status === 'left')
    if (unreached !== undefined) return unreached.detail
    if (run.plan !== undefined && beyondBudget(run.plan)) {
      return `The input \`deletions-per-run\` leaves ${run.plan.left} deletions of ${run.package.name} to the next run.`
    }
  }
  return undefined
}

function beyondBudget(plan: Plan): boolean {
  return plan.left > 0 && plan.brakes.length === 0
}
