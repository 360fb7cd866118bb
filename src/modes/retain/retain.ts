import { live } from '../../apply/applier.ts'
import { type Candidate, carryOut, dismiss } from '../../apply/apply.ts'
import { lookBack } from '../../apply/verify.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Rulebook } from '../../config/policies.ts'
import type { Services } from '../../context.ts'
import { choosePackages, SIDE_BY_SIDE } from '../../inventory/load.ts'
import type { RunResult } from '../../model/run.ts'
import { some } from '../../report/phrases.ts'
import { worldAsker } from '../../usage/ask.ts'
import { eachOf } from '../../util/concurrency.ts'
import { readApproval } from './approval.ts'
import { consider } from './plan-package.ts'

/**
 * The main road: read every package, decide on each once, then delete. Nothing is deleted anywhere before
 * everything is decided everywhere, and nothing is decided while deleting.
 */
export async function retain(inputs: Inputs, services: Services, rulebook: Rulebook): Promise<RunResult> {
  const started = services.clock.now()
  const { policyOf } = rulebook
  const { explain } = inputs
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
      ? await consider(pkg, policy, { askWorld, explain, approved: approval?.get(pkg.name) }, services)
      : dismiss(pkg, problem)
  )
  const untouched = chosen.map(({ pkg }) => pkg.name).filter(name => policyOf(name) === undefined)
  return carryOut(
    candidates,
    {
      mode: 'retain',
      dryRun: inputs.dryRun,
      started,
      warnings: [
        ...rulebook.warnings,
        ...ungoverned(untouched, inputs),
        ...(explain === undefined ? [] : unexplained(explain, candidates))
      ],
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

function unexplained(name: string, candidates: readonly Candidate[]): string[] {
  if (candidates.some(({ run: { explanations = [] } }) => explanations.length > 0)) return []
  return [
    `There is nothing to explain: no version in the packages of this run has the tag or digest ${name}.`
  ]
}
