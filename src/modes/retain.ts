import { applyTo, readApproval } from '../approval.ts'
import { type Candidate, carryOut, dismiss } from '../candidate.ts'
import { type Asked, type AskWorld, worldAsker } from '../in-use.ts'
import type { Inputs } from '../inputs.ts'
import { readLabels } from '../labels.ts'
import { live } from '../live.ts'
import { lookBack } from '../look-back.ts'
import type { Package } from '../model/package.ts'
import type { RunResult } from '../model/run.ts'
import type { Approved } from '../policy/approved.ts'
import { policyHash } from '../policy/hash.ts'
import { wantedLabels } from '../policy/labels.ts'
import { decide } from '../policy/plan.ts'
import { couldChange } from '../policy/prospect.ts'
import type { Policy } from '../policy/rule.ts'
import { emptyWorld } from '../policy/world.ts'
import { eachOf } from '../pool.ts'
import { some } from '../report/phrases.ts'
import type { Rulebook } from '../rulebook.ts'
import type { Services } from '../services.ts'
import { choosePackages, type Matters, orProblem, SIDE_BY_SIDE, survey } from '../survey.ts'

/**
 * The main road: read every package, decide on each once, then delete. Nothing is deleted anywhere before
 * everything is decided everywhere, and nothing is decided while deleting.
 */
export async function retain(inputs: Inputs, services: Services, rulebook: Rulebook): Promise<RunResult> {
  const started = services.clock.now()
  const { policyOf } = rulebook
  const approval = inputs.plan === undefined ? undefined : readApproval(inputs.plan, inputs, rulebook)
  const askWorld = worldAsker({ ...inputs, ...rulebook }, services.repository, services.openRepository)
  const selection = approval === undefined ? rulebook.packages : { names: [...approval.keys()], patterns: [] }
  const chosen = await choosePackages(selection, services)
  const governed = chosen.flatMap(one => {
    const policy = policyOf(one.pkg.name)
    return policy === undefined ? [] : [{ ...one, policy }]
  })
  const candidates = await eachOf(governed, SIDE_BY_SIDE, async ({ pkg, policy, problem }) =>
    problem === undefined
      ? await consider(pkg, policy, askWorld, services, approval?.get(pkg.name))
      : dismiss(pkg, problem)
  )
  const untouched = chosen.map(({ pkg }) => pkg.name).filter(name => policyOf(name) === undefined)
  return carryOut(
    candidates,
    {
      mode: 'retain',
      dryRun: inputs.dryRun,
      started,
      warnings: [...rulebook.warnings, ...ungoverned(untouched, inputs)],
      hands: (candidate, journal) => live(candidate, services, journal),
      afterwards: (candidate, journal, report) => lookBack(candidate, services, journal, report)
    },
    services
  )
}

/** A policy that is about patterns leaves out what it does not mean; what the inputs ask for is another matter. */
function ungoverned(names: readonly string[], { packagesGiven }: Inputs): string[] {
  if (names.length === 0 || !packagesGiven) return []
  return [
    `No entry of the policy matches ${some(names, 10)}, so nothing of ${names.length === 1 ? 'it' : 'them'} is touched.`
  ]
}

/** Reads one package and decides on it, or finds what of an approved plan still holds. */
async function consider(
  pkg: Package,
  policy: Policy,
  askWorld: AskWorld,
  services: Services,
  approved: Approved | undefined
): Promise<Candidate> {
  // One moment for both decisions: nothing may come of age between them.
  const now = services.clock.now()
  let asked: Asked = { world: emptyWorld, troubles: [] }
  const matters: Matters = async (versions, untaggedSince) => {
    asked = await askWorld(pkg, policy, versions)
    if (approved !== undefined) return approved.deletions.size > 0
    return couldChange(pkg, versions, policy, { ...asked.world, untaggedSince }, now)
  }
  const surveyed = await orProblem(() => survey(pkg, services, matters))
  if ('problem' in surveyed) return dismiss(pkg, surveyed)
  const { inventory, untaggedSince, reads } = surveyed
  const known = { ...asked.world, untaggedSince }
  const labelled = await orProblem(() =>
    readLabels(pkg, wantedLabels(inventory, policy, known, now), inventory, services.registry)
  )
  if ('problem' in labelled) return dismiss(pkg, labelled)
  const plan = decide(inventory, policy, { ...known, labels: labelled.labels }, now)
  const alarms = [...asked.troubles, ...labelled.troubles]
  if (approved !== undefined) {
    const applied = applyTo(surveyed, approved, plan, policy)
    return { ...applied, run: { ...applied.run, alarms } }
  }
  const run = {
    package: pkg,
    plan,
    outcomes: [],
    policy: policyHash(policy),
    reads,
    alarms,
    warnings: []
  }
  return { run, surveyed, left: false }
}
