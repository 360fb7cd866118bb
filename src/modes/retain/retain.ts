import { apply, notPlanned, type PackageTask } from '../../apply/apply.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Policies } from '../../config/policies.ts'
import type { Context } from '../../context.ts'
import { unprovenRights } from '../../github/token.ts'
import { SIDE_BY_SIDE } from '../../inventory/select-packages.ts'
import { siblingsIn } from '../../inventory/subjects.ts'
import { annotate } from '../../log.ts'
import type { RunResult } from '../../model/run.ts'
import { usageReader } from '../../usage/ask.ts'
import { eachOf } from '../../util/concurrency.ts'
import { chooseGoverned } from '../choose.ts'
import { readApproval } from './approval.ts'
import { forewarn } from './forewarn.ts'
import { planPackage } from './plan-package.ts'

/**
 * The main mode: read every package, decide on each once, then delete. Nothing is deleted anywhere before
 * everything is decided everywhere, and nothing is decided while deleting.
 */
export async function retain(inputs: Inputs, context: Context, policies: Policies): Promise<RunResult> {
  const { repository, openRepository, clock } = context
  const started = clock.now()
  const { explain } = inputs
  const approval = policies.earlierRun && readApproval(policies.earlierRun, inputs, policies)
  const readUsage = usageReader({ ...inputs, ...policies }, repository, openRepository, clock)
  const approved = approval && { ...policies.packages, names: [...approval.packages.keys()], patterns: [] }
  const { chosen, absent, unmatched, all, why } = await chooseGoverned(inputs, context, policies, approved)
  const siblings = siblingsIn(all, context)
  const planned = await eachOf(chosen, SIDE_BY_SIDE, async ({ pkg, policy, problem }) => ({
    policy,
    task:
      problem === undefined
        ? await planPackage(
            pkg,
            policy,
            { readUsage, siblings, explain, approved: approval?.packages.get(pkg.name), sizes: inputs.sizes },
            context
          )
        : notPlanned(pkg, problem)
  }))
  const { held, warnings } = forewarn(planned, approval !== undefined)
  annotate(context.log.warning, warnings)
  const tasks = held.map(({ task }) => task)
  if (inputs.dryRun) tellUnproven(tasks, context)
  const run = await apply(
    tasks,
    {
      mode: 'retain',
      dryRun: inputs.dryRun,
      started,
      absent,
      warnings: [
        ...policies.warnings,
        ...(approval?.warnings ?? []),
        ...unmatched,
        ...(explain === undefined ? [] : unexplained(explain, tasks))
      ]
    },
    context
  )
  return { ...run, ...why }
}

/** @throws ExpectedError when the plan that is to be applied does not fit, which takes no request to find out */
export function checkPlan(inputs: Inputs, policies: Policies): void {
  if (policies.earlierRun !== undefined) readApproval(policies.earlierRun, inputs, policies)
}

function unexplained(name: string, tasks: readonly PackageTask[]): string[] {
  if (tasks.some(({ run: { explanations = [] } }) => explanations.length > 0)) return []
  return [
    `There is nothing to explain: no version in the packages of this run has the tag, digest or id ${name}.`
  ]
}

/** The first package that something would be deleted from stands for all of them. */
function tellUnproven(tasks: readonly PackageTask[], { tokenKind, log }: Context): void {
  const first = tasks.find(({ run }) => (run.plan?.steps.length ?? 0) > 0)
  const sentence = first === undefined ? undefined : unprovenRights(tokenKind, first.run.package)
  if (sentence !== undefined) log.info(sentence)
}
