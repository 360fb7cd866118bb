import { apply, notPlanned, type PackageTask } from '../../apply/apply.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Policies } from '../../config/policies.ts'
import type { Context } from '../../context.ts'
import { type Failure, orFailure } from '../../errors.ts'
import { nameOnly, SIDE_BY_SIDE } from '../../inventory/select-packages.ts'
import type { Package } from '../../model/package.ts'
import type { PackageRun, RunResult } from '../../model/run.ts'
import { eachOf } from '../../util/concurrency.ts'
import { some } from '../../util/format.ts'
import { toldTogether } from '../choose.ts'
import { decided, packageBack, packageThenNamed, undatedIn, versionsBack } from './changes.ts'
import { isEmpty, isSlip, type Order, ordersOf } from './orders.ts'
import { hiddenTags, readState, tagsElsewhere } from './package-state.ts'
import { settledSteps, unknownPhrase } from './restore-plan.ts'

/**
 * Undoes an earlier run, or brings back what is named: children before the index that names them, then a look
 * whether the images are whole and the tags where they belong.
 */
export async function restore(
  inputs: Inputs,
  context: Context,
  { earlierRun }: Policies
): Promise<RunResult> {
  const started = context.clock.now()
  const orders = ordersOf(inputs, earlierRun, started)
  const warnings = earlierRun !== undefined && orders.every(isEmpty) ? [NOTHING_WENT] : []
  const found = await eachOf(orders, SIDE_BY_SIDE, order => findOrdered(order, inputs, context))
  const told = await toldTogether(found, context)
  const tasks = await eachOf(told, SIDE_BY_SIDE, one => planRestore(one, inputs, context))
  const quiet = told.flatMap(({ order }, at) => (isQuiet(order, tasks[at]?.run) ? [order.name] : []))
  warnings.push(...(quiet.length === 0 ? [] : [`${some(quiet, 5)}: ${NOTHING_LISTED}`]))
  return apply(tasks, { mode: 'restore', dryRun: inputs.dryRun, started, warnings }, context)
}

/** Whether nothing at all is known to have been deleted in the time that is asked for. */
function isQuiet({ source }: Order, run: PackageRun | undefined): boolean {
  return source === 'since' && run?.plan?.steps.length === 0 && run.alarms?.length === 0
}

const NOTHING_WENT =
  'The report in `restore` is of a run that deleted nothing of these packages, so there is nothing to restore. If something is ' +
  'missing, give the report of the run that deleted it, or `restore: since 3h` or its tags.'

const NOTHING_LISTED =
  'GitHub lists no version that was deleted in that time. If something is missing, give its tags or the report of the run that deleted it.'

/** @throws ExpectedError when the report that is to be undone does not fit, which takes no request to find out */
export function checkRestore(inputs: Inputs, { earlierRun }: Policies): void {
  ordersOf(inputs, earlierRun, 0)
}

/** An order with its package. */
interface Ordered {
  readonly order: Order
  readonly pkg: Package
  /** Why the package cannot be worked on; absent for one that is to come back itself. */
  readonly problem?: Failure
  readonly isGone: boolean
}

async function findOrdered(order: Order, inputs: Inputs, context: Context): Promise<Ordered> {
  const slip = isSlip(order, inputs)
  const found = await findPackage(order.name, slip ? [] : PAUSES, context)
  if (!('problem' in found)) return { order, pkg: found, isGone: false }
  const pkg = nameOnly(context.owner, order.name)
  const isGone = found.problem === 'absent' && !slip
  return { order, pkg, isGone, ...(isGone ? {} : { problem: found }) }
}

/** Finds out what of an order is gone, and what comes back. */
async function planRestore(
  { order, pkg: found, problem, isGone }: Ordered,
  inputs: Inputs,
  context: Context
): Promise<PackageTask> {
  const { clock } = context
  if (problem !== undefined) return notPlanned(found, problem)
  if (isGone) return planPackageBack(order, inputs, context)
  const read = await orFailure(() => readState(found, order, context))
  if ('problem' in read) return notPlanned(found, read)
  const { plan, state } = read
  if (plan.unknown.length > 0) {
    const sentence = `Nothing was restored, because ${unknownPhrase(plan, state)}`
    return notPlanned(found, { problem: 'failed', sentence })
  }
  const elsewhere = await tagsElsewhere(found, plan, state, context)
  return {
    run: { package: found, plan: decided(found, plan), outcomes: [], alarms: undatedIn(plan), warnings: [] },
    changes: versionsBack(plan, state, elsewhere),
    deferred: false,
    settled: settledSteps(plan, state, clock.now()),
    warnings: [
      ...(order.wholePackage ? [isThere(found)] : []),
      ...hiddenTags(plan, state),
      // A real run says so behind the restores, which may move tags.
      ...(inputs.dryRun ? elsewhere.map(({ sentence }) => sentence) : [])
    ]
  }
}

/** Pauses before looks at a package that GitHub does not find, in milliseconds: one answer may be from before. */
const PAUSES = [2_000, 8_000]

/** A package that is not found at any look is restored, which does no harm to one that is there. */
async function findPackage(
  name: string,
  pauses: readonly number[],
  { packages, clock }: Context
): Promise<Package | Failure> {
  const look = () => orFailure(() => packages.get(name))
  let found = await look()
  for (const pause of pauses) {
    if (!('problem' in found) || found.problem !== 'absent') return found
    await clock.sleep(pause)
    found = await look()
  }
  return found
}

/** GitHub does not list deleted packages, so nobody can tell whether this is the one that is meant. */
function isThere({ name }: Package): string {
  return (
    `A package ${name} is there, so it is not restored as a whole. If somebody created it again, the deleted one can only be ` +
    'restored after that one is deleted.'
  )
}

/** A package that GitHub does not find went as a whole, or with its last version. */
function planPackageBack(order: Order, { dryRun }: Inputs, context: Context): PackageTask {
  const pkg = nameOnly(context.owner, order.name)
  const plan = order.planFor({ active: [], deleted: [] })
  const run = { package: pkg, plan: decided(pkg, plan), outcomes: [], warnings: [] }
  // What the report's run did not delete somebody deleted since.
  if (order.source === 'report' && !order.wholePackage && plan.steps.length === 0)
    return { run, deferred: false, warnings: [LEFT_GONE] }
  return {
    run,
    changes: plan.steps.length > 0 ? packageBack(plan) : packageThenNamed(order),
    deferred: false,
    warnings: [
      order.wholePackage
        ? `The whole package is gone: it is restored with all its versions.${plan.steps.length > 0 ? '' : dryRun ? UNSEEN : UNCOUNTED}`
        : 'GitHub does not find the package, which may have gone with its last version: it is restored first, and then its versions.'
    ]
  }
}

const LEFT_GONE =
  'GitHub does not find the package. The run of the report deleted no version of it, so it is left alone.'

const UNCOUNTED =
  ' GitHub does not list them before, so the number of restored versions does not include them.'

const UNSEEN = ' GitHub does not list what is deleted, so a dry run cannot show whether it was ever there.'
