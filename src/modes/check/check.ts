import type { Inputs } from '../../config/inputs.ts'
import type { Policies } from '../../config/policies.ts'
import type { Context } from '../../context.ts'
import { ExpectedError, type Failure, orFailure } from '../../errors.ts'
import { listTwice } from '../../github/lists.ts'
import { SIDE_BY_SIDE } from '../../inventory/select-packages.ts'
import { readTreeSizes } from '../../inventory/sizes.ts'
import type { RunResult } from '../../model/run.ts'
import type { Expectations } from '../../policy/expected-tags.ts'
import { eachOf } from '../../util/concurrency.ts'
import { type Choice, chooseGoverned } from '../choose.ts'
import { type Inspected, inspect, lacks, withLatecomers } from './inspect.ts'
import { areNameless, planRebuilds } from './plan-rebuilds.ts'
import { narrateChecks } from './progress-log.ts'
import { type RebuildPlan, type RebuildResult, rebuild } from './rebuild.ts'
import { readRequirements, type Wanted } from './requirements.ts'

/**
 * Mode `check`: find out what should have an image, look whether it has one that can be pulled, and have the
 * missing ones built. All states are known before anything is started.
 */
export async function check(inputs: Inputs, context: Context, policies: Policies): Promise<RunResult> {
  const { clock, log } = context
  const started = clock.now()
  const choice = await chooseGoverned(inputs, context, policies)
  const names = choice.chosen.map(({ pkg }) => pkg.name)
  const wanted = await readRequirements(names, inputs, policies, context)
  const starts = await canStart(context)
  const inspected = await eachOf(choice.chosen, SIDE_BY_SIDE, async one => {
    const seen = await inspect(one, wanted.of(one.pkg.name), context)
    return inputs.sizes ? withSizes(seen, context) : seen
  })
  const orders = await plan(inspected, wanted.all, starts, inputs, context)
  const asFound = { inspected: orders.inspected, dispatches: [], errors: [], warnings: [] }
  const asked = { started, choice, wanted, orders }
  const found = resultOf(asked, asFound, inputs, context)
  await narrateChecks(found.packages, log)
  const journal = context.openJournal(found)
  const after = await rebuild(orders, asFound, wanted.all, inputs, context, journal)
  const run = resultOf(asked, after, inputs, context)
  journal.finish(run, clock.now())
  return run
}

/** What a check looked for, and what it is about to start. */
interface Asked {
  /** Milliseconds since 1970. */
  readonly started: number
  readonly choice: Choice
  readonly wanted: Wanted
  readonly orders: RebuildPlan
}

function resultOf(
  { started, choice, wanted, orders }: Asked,
  after: RebuildResult,
  { dryRun, failOnMissing }: Inputs,
  context: Context
): RunResult {
  const { expected, unmapped } = wanted.all
  const incomplete = whyIncomplete(after)
  return {
    mode: 'check',
    dryRun,
    owner: context.owner.login,
    packages: after.inspected.map(({ run }) => run),
    absent: choice.absent,
    ...choice.why,
    warnings: [
      ...choice.unmatched,
      ...wanted.warnings,
      ...namelessWarning(orders, wanted.all),
      ...after.warnings
    ],
    check: {
      expected: expected.map(({ name }) => name),
      dispatches: after.dispatches,
      unmapped,
      failOnMissing,
      errors: [
        ...wanted.errors,
        ...(orders.trouble === undefined ? [] : [orders.trouble]),
        ...after.inspected.flatMap(({ faults }) => faults),
        ...after.errors
      ]
    },
    ...(incomplete === undefined ? {} : { incomplete }),
    requests: context.counts(),
    durationMs: context.clock.now() - started,
    started
  }
}

/**
 * Looks early whether the workflow can be started at all, so that a slip in its name is told before the day when an image
 * is missing. A look that fails is taken again when it matters.
 */
async function canStart({
  dispatcher
}: Context): Promise<{ readonly refusal?: string | undefined } | Failure> {
  return orFailure(async () => ({ refusal: await dispatcher?.workflows.examine() }))
}

/** Decides what to start, knowing every run that is under way. */
async function plan(
  inspected: readonly Inspected[],
  { expected, others }: Expectations,
  starts: Awaited<ReturnType<typeof canStart>>,
  inputs: Inputs,
  context: Context
): Promise<RebuildPlan> {
  const { dispatcher } = context
  const nothing = { inspected, rebuilds: [], runs: { active: [], dispatched: [] }, ref: '' }
  const missingIn = (some: readonly Inspected[]) =>
    expected.filter(({ name }) => some.some(({ run }) => lacks(run, name)))
  const missing = missingIn(inspected)
  const refusal = 'problem' in starts ? undefined : starts.refusal
  if (dispatcher === undefined || missing.length === 0)
    return refusal === undefined ? nothing : { ...nothing, trouble: refusal }
  const { workflows, repository } = dispatcher
  const read = await orFailure(async () => {
    const why = 'problem' in starts ? await workflows.examine() : refusal
    if (why !== undefined) throw new ExpectedError(why)
    const ref = inputs.dispatchRef ?? (await repository.defaultBranch())
    const active = await listTwice(workflows.active, context.clock)
    return { runs: { active, dispatched: await listTwice(workflows.history, context.clock) }, ref }
  })
  if (!('problem' in read)) {
    const now = await withLatecomers(inspected, context)
    const known = [...expected, ...others]
    const rebuilds = planRebuilds(missingIn(now), known, read.runs, inputs.maxDispatches)
    return { inspected: now, rebuilds, runs: read.runs, ref: read.ref, dispatcher }
  }
  if (read.problem === 'failed') return { ...nothing, trouble: `Nothing was started. ${read.sentence}` }
  const left = missing.map(one => ({ expected: one, status: 'left' as const, detail: read.sentence }))
  return { ...nothing, rebuilds: left, dispatcher }
}

function namelessWarning({ runs, dispatcher }: RebuildPlan, { expected, others }: Expectations): string[] {
  if (dispatcher === undefined || !areNameless(runs.dispatched, [...expected, ...others])) return []
  return [
    `The runs of ${dispatcher.workflows.workflow} do not say for which tag they are, so a tag whose build always fails ` +
      'is tried again and again. Put the tag into its `run-name`.'
  ]
}

function whyIncomplete({ inspected, dispatches, stopped }: RebuildResult): string | undefined {
  const unseen = inspected.find(({ run }) => run.left !== undefined)?.run.warnings[0]
  return unseen ?? stopped ?? dispatches.find(({ status }) => status === 'left')?.detail
}

/** The same package with the sizes of the images that were found in it. */
async function withSizes(inspected: Inspected, { registry }: Context): Promise<Inspected> {
  const { run, versions } = inspected
  const found = (run.checks ?? []).filter(({ state }) => state === 'present')
  const tags = new Set(found.flatMap(({ images }) => images))
  const roots = versions.filter(version => version.tags.some(tag => tags.has(tag)))
  const read = await orFailure(() =>
    readTreeSizes(
      run.package,
      roots.map(({ digest }) => digest),
      registry
    )
  )
  if ('problem' in read) {
    const warnings = [...run.warnings, `Sizes are unknown: ${read.sentence}`]
    return { ...inspected, run: { ...run, warnings } }
  }
  return { ...inspected, run: { ...run, blobs: read } }
}
