import type { Context } from '../context.ts'
import type { Failure } from '../errors.ts'
import { SIDE_BY_SIDE } from '../inventory/select-packages.ts'
import { gathered, takeTurns } from '../log.ts'
import type { Outcome, Plan } from '../model/decision.ts'
import type { Package } from '../model/package.ts'
import type { Mode, PackageRun, RunResult } from '../model/run.ts'
import type { Journal } from '../report/journal.ts'
import { outcomeEntry } from '../report/record-build.ts'
import { eachOf } from '../util/concurrency.ts'
import { execute, type Perform, type Performed, pretend } from './execute.ts'
import { lackingSentences } from './look/earlier.ts'
import { progressLog } from './progress-log.ts'
import { wayBackOnce } from './way-back.ts'

/** One package on its way through the run. */
export interface PackageTask {
  readonly run: PackageRun
  /** How a real run changes the package; absent when nothing was decided on it. */
  readonly changes?: (scope: ApplyContext) => Changes
  /** True when there was no room to look at it. */
  readonly deferred: boolean
  /** What was done and could not be verified: a sentence. */
  readonly unverified?: string
  /** What is clear without a request, by version id: these steps are not tried. */
  readonly settled?: ReadonlyMap<number, Performed>
  /** Sentences that concern this package and must not be missed. */
  readonly warnings?: readonly string[]
}

/** What applying changes to one package takes. */
export interface ApplyContext {
  readonly pkg: Package
  readonly context: Context
  /** Each request goes in here before it is sent. */
  readonly journal: Journal
  /** Takes outcomes as they happen. */
  readonly report: (outcome: Outcome) => void
}

/** The same, with requests that may use what was put aside. */
export function urgently(scope: ApplyContext): ApplyContext {
  return { ...scope, context: { ...scope.context, packages: scope.context.urgentPackages } }
}

/** What a real run does to one package. */
export interface Changes {
  /** Carries out one step of the plan. */
  readonly perform: Perform
  /**
   * What follows when the steps are done.
   *
   * @param outcomes one for each step
   */
  afterwards(outcomes: readonly Outcome[]): Promise<Verification>
}

/** What was found and done behind the steps of a plan. */
export interface Verification {
  /** What turned out to be due only when the steps were done; in place of the plan. */
  readonly plan?: Plan
  /** All outcomes of the package, those of the steps first. */
  readonly outcomes: readonly Outcome[]
  /** Sentences; each makes the run red. */
  readonly alarms?: readonly string[]
  /** Sentences that must not be missed. */
  readonly warnings?: readonly string[]
  /** What there was no room to verify: a sentence. */
  readonly unverified?: string
}

/** What concerns the run and no single package. */
export interface RunFacts {
  readonly mode: Mode
  readonly dryRun: boolean
  /** Milliseconds since 1970. */
  readonly started: number
  /** Sentences. */
  readonly warnings?: readonly string[]
  /** As in `RunResult`. */
  readonly absent?: readonly string[]
  readonly confirm?: string
}

/** A package on which nothing was decided, and why. */
export function notPlanned(pkg: Package, { problem, sentence }: Failure): PackageTask {
  const deferred = problem === 'left'
  const run = { package: pkg, plan: undefined, outcomes: [] }
  return deferred
    ? { run: { ...run, left: sentence, warnings: [`Nothing was done: ${sentence}`] }, deferred }
    : { run: { ...run, error: sentence, warnings: [] }, deferred }
}

/**
 * Puts everything that is decided into the journal, and then does it, several packages side by side: the looks and
 * waits of one hide behind the deletions of the others, and all of them share one governor.
 *
 * @throws ExpectedError when the runner's clock is wrong; nothing was changed then
 */
export async function apply(
  tasks: readonly PackageTask[],
  facts: RunFacts,
  context: Context
): Promise<RunResult> {
  // Ages were counted by a clock that may have been set since the run began.
  context.checkClock()
  const journal = context.openJournal(resultOf(tasks, facts, context))
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
    return tell.group(async () =>
      plan === undefined
        ? task
        : applyOne(task, plan, facts.dryRun, { pkg: task.run.package, context, journal, report })
    )
  })
  const run = resultOf(finished, facts, context)
  journal.finish(run, context.clock.now())
  return run
}

async function applyOne(
  task: PackageTask,
  plan: Plan,
  dryRun: boolean,
  scope: ApplyContext
): Promise<PackageTask> {
  const { run, settled, changes, warnings = [] } = task
  const real = dryRun ? undefined : changes?.(scope)
  const perform = real?.perform ?? pretend
  const outcomes = await execute(
    plan,
    async step => settled?.get(step.version.id) ?? perform(step),
    scope.report
  )
  if (real === undefined)
    return { ...task, run: { ...run, outcomes }, warnings: [...warnings, ...lackingSentences(plan)] }
  const after = await real.afterwards(outcomes)
  return {
    ...task,
    run: {
      ...run,
      plan: after.plan ?? plan,
      outcomes: after.outcomes,
      alarms: [...(run.alarms ?? []), ...(after.alarms ?? [])]
    },
    warnings: [
      ...warnings,
      ...(after.warnings ?? []),
      ...(after.unverified === undefined ? [] : [after.unverified])
    ],
    ...(after.unverified === undefined ? {} : { unverified: after.unverified })
  }
}

function resultOf(all: readonly PackageTask[], facts: RunFacts, context: Context): RunResult {
  const tasks = wayBackOnce(all)
  return {
    mode: facts.mode,
    dryRun: facts.dryRun,
    owner: context.owner.login,
    packages: tasks.map(task => task.run),
    absent: facts.absent ?? [],
    ...(facts.confirm === undefined ? {} : { confirm: facts.confirm }),
    warnings: [
      ...(facts.warnings ?? []),
      ...tasks.flatMap(({ run, warnings = [] }) => warnings.map(text => `${run.package.name}: ${text}`))
    ],
    ...whyIncomplete(tasks),
    requests: context.counts(),
    durationMs: context.clock.now() - facts.started,
    started: facts.started
  }
}

/** Why the run ends before all that is due was done: the first reason that a package gives. */
function whyIncomplete(tasks: readonly PackageTask[]): Pick<RunResult, 'incomplete' | 'goesOn'> {
  for (const { run, deferred, unverified } of tasks) {
    if (deferred) return because(run.warnings[0])
    const unreached = run.outcomes.find(outcome => outcome.status === 'left')
    if (unreached !== undefined) return because(unreached.detail)
    // A warning of the package says why, and what becomes of it.
    if (unverified !== undefined) {
      const incomplete = `Not all that it deleted in ${run.package.name} could be checked again.`
      return { incomplete, goesOn: false }
    }
    if (run.plan !== undefined && beyondBudget(run.plan)) {
      return because(
        `The input \`deletions-per-run\` leaves ${run.plan.left} deletions of ${run.package.name} to the next run.`
      )
    }
  }
  return {}
}

function because(incomplete: string | undefined): Pick<RunResult, 'incomplete'> {
  return incomplete === undefined ? {} : { incomplete }
}

function beyondBudget(plan: Plan): boolean {
  return plan.left > 0 && plan.brakes.length === 0
}
