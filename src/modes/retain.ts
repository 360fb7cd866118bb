import { type Candidate, carryOut, dismiss } from '../candidate.ts'
import { askWorld } from '../in-use.ts'
import type { Inputs } from '../inputs.ts'
import { live } from '../live.ts'
import { lookBack } from '../look-back.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import type { RunResult } from '../model/run.ts'
import { policyHash } from '../policy/hash.ts'
import { decide } from '../policy/plan.ts'
import { couldChange } from '../policy/prospect.ts'
import type { Policy } from '../policy/rule.ts'
import { policyFromInputs } from '../policy/sugar.ts'
import type { World } from '../policy/world.ts'
import { eachOf } from '../pool.ts'
import type { Services } from '../services.ts'
import { choosePackages, orProblem, SIDE_BY_SIDE, survey } from '../survey.ts'

/**
 * The main road: read every package, decide on each once, then delete. Nothing is deleted anywhere before
 * everything is decided everywhere, and nothing is decided while deleting.
 */
export async function retain(inputs: Inputs, services: Services): Promise<RunResult> {
  const started = services.clock.now()
  const policy = policyFromInputs(inputs)
  const world = await askWorld(inputs, services.repository)
  const chosen = await choosePackages(inputs.packages, services)
  const candidates = await eachOf(chosen, SIDE_BY_SIDE, async ({ pkg, problem }) =>
    problem === undefined ? await consider(pkg, policy, world, services) : dismiss(pkg, problem)
  )
  return carryOut(
    candidates,
    {
      mode: 'retain',
      dryRun: inputs.dryRun,
      started,
      hands: (candidate, journal) => live(candidate, services, journal),
      afterwards: (candidate, journal, report) => lookBack(candidate, services, journal, report)
    },
    services
  )
}

/** Reads one package and decides on it. */
async function consider(pkg: Package, policy: Policy, world: World, services: Services): Promise<Candidate> {
  // One moment for both decisions: nothing may come of age between them.
  const now = services.clock.now()
  const matters = (versions: readonly PackageVersion[]): boolean =>
    couldChange(pkg, versions, policy, world, now)
  const surveyed = await orProblem(() => survey(pkg, services, matters))
  if ('problem' in surveyed) return dismiss(pkg, surveyed)
  const { inventory, untaggedSince, reads } = surveyed
  const plan = decide(inventory, policy, { ...world, untaggedSince }, now)
  const run = { package: pkg, plan, outcomes: [], policy: policyHash(policy), reads, warnings: [] }
  return { run, surveyed, left: false }
}
