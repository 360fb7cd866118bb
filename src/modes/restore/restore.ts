import { type ApplyContext, apply, type Changes, notPlanned, type PackageTask } from '../../apply/apply.ts'
import { restoreVersions, versionRestorer } from '../../apply/restore.ts'
import { packageRestorer } from '../../apply/whole-package.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Policies } from '../../config/policies.ts'
import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { nameOnly, repositoryOf, SIDE_BY_SIDE } from '../../inventory/load.ts'
import { emptyPlan, type Plan } from '../../model/decision.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { Package } from '../../model/package.ts'
import type { RunResult } from '../../model/run.ts'
import { parseAge } from '../../policy/time.ts'
import { causeOf, nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { count, formatDuration, some } from '../../util/format.ts'
import { isEmpty, isSlip, type Order, ordersOf } from './orders.ts'
import { type PackageState, type RestorePlan, settledSteps } from './restore-plan.ts'
import { isOwnPlaceholder } from './settle-tags.ts'
import { verifyRestore } from './verify-restore.ts'

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
  const tasks = await eachOf(orders, SIDE_BY_SIDE, order => planRestore(order, inputs, context))
  return apply(tasks, { mode: 'restore', dryRun: inputs.dryRun, started, warnings }, context)
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

/** How versions of a package that is there come back. */
function versionsBack(plan: RestorePlan, before: PackageState) {
  return (scope: ApplyContext): Changes => ({
    perform: versionRestorer(scope),
    afterwards: outcomes => verifyRestore(plan, outcomes, before, scope)
  })
}

/** A package brings back the versions that it had; those that were deleted before it are restored one by one. */
function packageBack(plan: RestorePlan) {
  return (scope: ApplyContext): Changes => {
    const restorePackage = packageRestorer(scope)
    const restoreVersion = versionRestorer(scope)
    return {
      async perform(step) {
        const performed = await restorePackage()
        if (performed.status !== 'done') return { ...performed, status: 'failed' }
        const { seen } = await scope.context.packages.version(scope.pkg, step.version.id)
        return seen === undefined ? restoreVersion(step) : performed
      },
      async afterwards(outcomes) {
        const { status, detail } = await restorePackage()
        if (status !== 'done') return { outcomes, alarms: [causeOf(detail)] }
        return verifyRestore(plan, outcomes, { active: [] }, scope)
      }
    }
  }
}

/** Nobody can tell what a deleted package had, so it is restored first, and then what is named. */
function packageThenNamed(order: Order) {
  return (scope: ApplyContext): Changes => {
    const { pkg, context } = scope
    const restorePackage = packageRestorer(scope)
    return {
      perform: restorePackage,
      async afterwards() {
        const { status, detail } = await restorePackage()
        if (status !== 'done') return { outcomes: [], alarms: [detail] }
        const state = await orFailure(() => stateOf(pkg, order, context))
        if ('problem' in state) return { outcomes: [], alarms: [state.sentence] }
        const plan = order.planFor(state)
        if (plan.unknown.length > 0) {
          const alarm = `The package is restored, but nothing of what was named, because ${unknownPhrase(plan)}`
          return { outcomes: [], alarms: [alarm] }
        }
        const settled = settledSteps(plan, state, context.clock.now())
        const due = { ...plan, steps: plan.steps.filter(({ version }) => !settled.has(version.id)) }
        const outcomes = await restoreVersions(due.steps, scope)
        return { ...(await verifyRestore(plan, outcomes, state, scope)), plan: decided(pkg, due) }
      }
    }
  }
}

/** Finds out what of an order is gone, and what comes back. */
async function planRestore(order: Order, inputs: Inputs, context: Context): Promise<PackageTask> {
  const { name, planFor } = order
  const { packages, owner, clock } = context
  const found = await orFailure(() => packages.get(name))
  if ('problem' in found) {
    return found.problem === 'absent' && !isSlip(order, inputs)
      ? planPackageBack(order, inputs, context)
      : notPlanned(nameOnly(owner, name), found)
  }
  const listed = await orFailure(() => stateOf(found, order, context))
  if ('problem' in listed) return notPlanned(found, listed)
  const plan = planFor(listed)
  if (plan.unknown.length > 0) {
    return notPlanned(found, {
      problem: 'failed',
      sentence: `Nothing was restored, because ${unknownPhrase(plan)}`
    })
  }
  const state = await orFailure(async () => ({
    ...(await withoutLingering(found, plan, listed, context)),
    holders: await holdersOf(found, plan, context)
  }))
  if ('problem' in state) return notPlanned(found, state)
  return {
    run: { package: found, plan: decided(found, plan), outcomes: [], alarms: undatedIn(plan), warnings: [] },
    changes: versionsBack(plan, state),
    deferred: false,
    settled: settledSteps(plan, state, clock.now()),
    warnings: [
      ...(order.wholePackage ? [isThere(found)] : []),
      ...(order.source === 'since' && plan.steps.length + plan.undated.length === 0 ? [NOTHING_LISTED] : []),
      ...(await tagsElsewhere(found, plan, state, context))
    ]
  }
}

/** What may have been deleted in the time that is asked for, and nobody knows: a sentence. */
function undatedIn({ undated }: RestorePlan): string[] {
  const [first] = undated
  if (first === undefined) return []
  return [
    `GitHub does not say when ${count(undated.length, 'deleted version')} went, so a time does not tell whether to restore ` +
      `${undated.length === 1 ? 'it' : 'them'}: give tags, digests or ids, or the report of the run. The first is ${first.digest}.`
  ]
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

function unknownPhrase({ unknown, hidesTags }: RestorePlan): string {
  const age = [unknown.join(' '), ...unknown].find(text => parseAge(text) !== undefined)
  const names = some(unknown, 5)
  if (hidesTags && age === undefined) {
    return (
      `${names} is not there, and GitHub lists no deleted version with a tag, because it may hide their tags. Write \`since 3h\` for everything ` +
      'deleted in that time, or the id or digest that the log of that run shows, or the path of its report.'
    )
  }
  const meant = age === undefined ? '' : ` For everything deleted in that time, write \`since ${age}\`.`
  return `${names} is neither there nor among the deleted versions, which GitHub keeps for 30 days.${meant}`
}

function decided(pkg: Package, { steps, reason }: RestorePlan): Plan {
  const decisions = steps.map(({ version }) => ({
    verdict: 'restore' as const,
    version,
    reasons: [reason] as const
  }))
  return { ...emptyPlan(pkg), decisions, steps }
}

/** What was deleted shows in GitHub's list with a delay of so many milliseconds. */
const SHOWS_AFTER = 20_000

/** One look at the list of deleted versions may show too little, an older holder of a tag for one: only a report needs no second. */
async function stateOf(
  pkg: Package,
  { source }: Order,
  { packages, clock, log }: Context
): Promise<PackageState> {
  const { versions } = await packages.listVersions(pkg)
  const deleted = await packages.listDeleted(pkg, () => false)
  if (source === 'report') return { active: versions, deleted }
  log.info(
    `${pkg.name}: reading the list of deleted versions again in ${formatDuration(SHOWS_AFTER)}, because it may lag.`
  )
  await clock.sleep(SHOWS_AFTER)
  const again = await packages.listDeleted(pkg, () => false)
  return {
    active: versions,
    deleted: [...new Map([...deleted, ...again].map(row => [row.id, row])).values()]
  }
}

/** How many versions are asked for at once. */
const AT_ONCE = 8

/**
 * What was deleted may stand in the list and be served for a while, and not be listed as deleted yet. So of what need not
 * come back because it is there each is asked for: one denial is enough to send what does no harm to what is there.
 */
async function withoutLingering(
  pkg: Package,
  { steps }: RestorePlan,
  state: PackageState,
  { packages }: Context
): Promise<PackageState> {
  const wanted = new Set(steps.map(({ version }) => version.digest))
  const there = state.active.filter(({ digest }) => wanted.has(digest))
  const gone = await eachOf(there, AT_ONCE, async ({ id }) =>
    (await packages.version(pkg, id)).seen === undefined ? [id] : []
  )
  const lingering = new Set(gone.flat())
  return { ...state, active: state.active.filter(({ id }) => !lingering.has(id)) }
}

/** Where the registry has the tags that are to come back: a list may show them where they were before. */
async function holdersOf(
  pkg: Package,
  { tags }: RestorePlan,
  { registry }: Context
): Promise<ReadonlyMap<string, Digest>> {
  const heads = await eachOf([...tags], AT_ONCE, async ([tag, { digest }]) => {
    // What cannot be asked now is asked again when the tags are settled, and said there.
    const head = await orFailure(() => registry.headTag(repositoryOf(pkg), tag))
    // What is deleted may be served for a while.
    const isElsewhere = 'state' in head && head.state === 'found' && head.digest !== digest
    return isElsewhere ? [[tag, head.digest] as const] : []
  })
  return new Map(heads.flat())
}

/** Tags that somebody else has by now: they are not taken away. Our own placeholder is nobody. */
async function tagsElsewhere(
  pkg: Package,
  { tags }: RestorePlan,
  { active, holders }: PackageState,
  context: Context
): Promise<string[]> {
  const sentences: string[] = []
  for (const holder of active) {
    const taken = holder.tags.filter(
      tag =>
        (tags.get(tag)?.digest ?? holder.digest) !== holder.digest &&
        (holders?.get(tag) ?? holder.digest) === holder.digest
    )
    if (taken.length === 0 || (await isOwnPlaceholder(pkg, holder.digest, context))) continue
    for (const tag of taken) {
      sentences.push(
        `The tag ${tag} stays on ${nameOf(holder)} (${shortDigest(holder.digest)}), where somebody put it after the deletion.`
      )
    }
  }
  return sentences
}
