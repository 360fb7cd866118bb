import type { Services } from '../context.ts'
import { SIDE_BY_SIDE, type Surveyed, type Unsurveyed } from '../inventory/load.ts'
import { gathered, takeTurns } from '../log.ts'
import type { Outcome, Plan } from '../model/decision.ts'
import type { Package } from '../model/package.ts'
import type { Mode, PackageRun, RunResult } from '../model/run.ts'
import type { Journal } from '../report/journal.ts'
import { outcomeEntry } from '../report/record-build.ts'
import { eachOf } from '../util/concurrency.ts'
import { execute, type Perform, type Performed, pretend } from './execute.ts'
import { narrator } from './progress-log.ts'

/** One package on its way through the run. */
export interface Candidate {
  readonly run: PackageRun
  /** Undefined when nothing was decided on it. */
  readonly surveyed?: Surveyed
  /** True when there was no room to look at it. */
  readonly left: boolean
  /** What is clear without a request, by version id: these steps are not tried. */
  readonly settled?: ReadonlyMap<number, Performed>
  /** Sentences that concern this package and must not be missed. */
  readonly loud?: readonly string[]
}

/** A candidate on which something was decided. */
export interface Decided extends Candidate {
  readonly run: PackageRun & { readonly plan: Plan }
}

/** What is known of a package that is about to be changed. */
export function surveyedOf({ surveyed }: Decided): Surveyed {
  if (surveyed === undefined) throw new Error('a package that was not surveyed is about to be changed')
  return surveyed
}

/** What a mode does with a package once everything is decided everywhere. */
export interface Road {
  readonly mode: Mode
  readonly dryRun: boolean
  /** Milliseconds since 1970. */
  readonly started: number
  /** Sentences that concern no single package. */
  readonly warnings?: readonly string[]
  /** The hands of a real run for one package. */
  hands(candidate: Decided, journal: Journal): Perform
  /** What follows in a real run when the steps of a package are done; `report` takes further outcomes. */
  afterwards(candidate: Decided, journal: Journal, report: (outcome: Outcome) => void): Promise<Candidate>
}

/** A package on which nothing was decided, and why. */
export function dismiss(pkg: Package, { problem, sentence }: Unsurveyed): Candidate {
  const left = problem === 'left'
  const run = { package: pkg, plan: undefined, outcomes: [] }
  return left
    ? { run: { ...run, warnings: [`Nothing was decided: ${sentence}`] }, left }
    : { run: { ...run, error: sentence, warnings: [] }, left }
}

/**
 * Puts everything that is decided into the journal, and then does it, several packages side by side: the looks and
 * waits of one hide behind the deletions of the others, and all of them share one governor.
 */
export async function carryOut(
  candidates: readonly Candidate[],
  road: Road,
  services: Services
): Promise<RunResult> {
  const journal = services.openJournal(resultOf(candidates, road, services))
  const inTurn = takeTurns()
  const finished = await eachOf(candidates, SIDE_BY_SIDE, async candidate => {
    const { plan } = candidate.run
    // Lines of several packages would mingle; those of one are best read while it happens.
    const log = candidates.length === 1 ? services.log : gathered(services.log, inTurn)
    const tell = narrator(candidate.run, log)
    const report = (outcome: Outcome): void => {
      journal.append(outcomeEntry(candidate.run.package.name, outcome, services.clock.now()))
      tell.outcome(outcome)
    }
    const decided = plan === undefined ? undefined : { ...candidate, run: { ...candidate.run, plan } }
    return tell.group(async () =>
      decided === undefined ? candidate : await carryOutOne(decided, road, journal, report)
    )
  })
  const run = resultOf(finished, road, services)
  journal.finish(run, services.clock.now())
  return run
}

async function carryOutOne(
  candidate: Decided,
  road: Road,
  journal: Journal,
  report: (outcome: Outcome) => void
): Promise<Candidate> {
  const { run, settled } = candidate
  const hands = road.dryRun ? pretend : road.hands(candidate, journal)
  const perform: Perform = async step => settled?.get(step.version.id) ?? hands(step)
  const outcomes = await execute(run.plan, perform, report)
  const done = { ...candidate, run: { ...run, outcomes } }
  return road.dryRun ? done : road.afterwards(done, journal, report)
}

function resultOf(candidates: readonly Candidate[], road: Road, services: Services): RunResult {
  const incomplete = whyIncomplete(candidates)
  return {
    mode: road.mode,
    dryRun: road.dryRun,
    owner: services.owner.login,
    packages: candidates.map(candidate => candidate.run),
    warnings: [
      ...(road.warnings ?? []),
      ...candidates.flatMap(({ run, loud = [] }) => loud.map(text => `${run.package.name}: ${text}`))
    ],
    ...(incomplete === undefined ? {} : { incomplete }),
    requests: services.counts(),
    durationMs: services.clock.now() - road.started,
    started: road.started
  }
}

/** Why the run ends before all that is due was done: the first reason that a package gives. */
function whyIncomplete(candidates: readonly Candidate[]): string | undefined {
  for (const { run, left } of candidates) {
    if (left) return run.warnings[0]
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
