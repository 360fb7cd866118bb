import { execute, pretend } from '../execute.ts'
import type { Inputs } from '../inputs.ts'
import { live } from '../live.ts'
import type { Outcome, Plan } from '../model/decision.ts'
import type { Package } from '../model/package.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { narrator } from '../narrate.ts'
import { decide, emptyWorld } from '../policy/plan.ts'
import type { Policy } from '../policy/rule.ts'
import { policyFromInputs } from '../policy/sugar.ts'
import { eachOf } from '../pool.ts'
import type { Journal } from '../report/journal.ts'
import { outcomeEntry } from '../report/record-build.ts'
import type { Services } from '../services.ts'
import { choosePackages, orProblem, SIDE_BY_SIDE, type Surveyed, survey, type Unsurveyed } from '../survey.ts'

/** One package on its way through the run; without `surveyed` nothing was decided on it. */
interface Candidate {
  readonly run: PackageRun
  readonly surveyed?: Surveyed
  /** True when there was no room to look at it. */
  readonly left: boolean
}

/**
 * The main road: read every package, decide on each once, then delete. Nothing is deleted anywhere before
 * everything is decided everywhere, and nothing is decided while deleting.
 */
export async function retain(inputs: Inputs, services: Services): Promise<RunResult> {
  const { clock } = services
  const started = clock.now()
  const result = (candidates: readonly Candidate[]): RunResult => {
    const incomplete = whyIncomplete(candidates)
    return {
      mode: 'retain',
      dryRun: inputs.dryRun,
      owner: services.owner.login,
      packages: candidates.map(candidate => candidate.run),
      warnings: [],
      ...(incomplete === undefined ? {} : { incomplete }),
      requests: services.counts(),
      durationMs: clock.now() - started,
      started
    }
  }
  const policy = policyFromInputs(inputs)
  const chosen = await choosePackages(inputs.packages, services)
  const candidates = await eachOf(chosen, SIDE_BY_SIDE, async ({ pkg, problem }) =>
    problem === undefined ? await consider(pkg, policy, services) : dismiss(pkg, problem)
  )
  const journal = services.openJournal(result(candidates))
  const finished: Candidate[] = []
  for (const candidate of candidates)
    finished.push(await carryOut(candidate, inputs.dryRun, services, journal))
  const run = result(finished)
  journal.finish(run, clock.now())
  return run
}

/** Reads one package and decides on it. */
async function consider(pkg: Package, policy: Policy, services: Services): Promise<Candidate> {
  const surveyed = await orProblem(() => survey(pkg, services))
  if ('problem' in surveyed) return dismiss(pkg, surveyed)
  const plan = decide(surveyed.inventory, policy, emptyWorld, services.clock.now())
  return { run: { package: pkg, plan, outcomes: [], warnings: [] }, surveyed, left: false }
}

function dismiss(pkg: Package, { problem, sentence }: Unsurveyed): Candidate {
  const left = problem === 'left'
  const run = { package: pkg, plan: undefined, outcomes: [] }
  return left
    ? { run: { ...run, warnings: [`Nothing was decided: ${sentence}`] }, left }
    : { run: { ...run, error: sentence, warnings: [] }, left }
}

async function carryOut(
  candidate: Candidate,
  dryRun: boolean,
  services: Services,
  journal: Journal
): Promise<Candidate> {
  const { run, surveyed } = candidate
  const tell = narrator(run, services.log)
  return tell.group(async () => {
    if (run.plan === undefined || surveyed === undefined) return candidate
    const record = (outcome: Outcome): void => {
      journal.append(outcomeEntry(run.package.name, outcome, services.clock.now()))
      tell.outcome(outcome)
    }
    const perform = dryRun ? pretend : live(run.plan, surveyed, services, journal)
    return { ...candidate, run: { ...run, outcomes: await execute(run.plan, perform, record) } }
  })
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
