import type { Inputs } from '../../config/inputs.ts'
import type { Context, Dispatcher } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { SIDE_BY_SIDE } from '../../inventory/select-packages.ts'
import type { Dispatch, TagCheck, WorkflowRun } from '../../model/check.ts'
import type { PackageRun } from '../../model/run.ts'
import type { Expectations, Expected } from '../../policy/expected-tags.ts'
import type { Journal } from '../../report/journal.ts'
import { eachOf } from '../../util/concurrency.ts'
import { faultsOf } from './faults.ts'
import { follow } from './follow.ts'
import { checkImagesNow, updated } from './images.ts'
import { type Inspected, lacks, untold } from './inspect.ts'
import { movedTags } from './moved.ts'
import { judge, type KnownRuns, type Rebuild } from './plan-rebuilds.ts'
import { narrateDispatches } from './progress-log.ts'
import type { Doubts } from './requirements.ts'
import { liveStart, startBuilds } from './start-builds.ts'

/** What is to be started, and on what; no `dispatcher` where nothing is to be started. */
export interface RebuildPlan {
  /** The packages, as they were seen last. */
  readonly inspected: readonly Inspected[]
  readonly rebuilds: readonly Rebuild[]
  readonly runs: KnownRuns
  readonly ref: string
  readonly dispatcher?: Dispatcher
  /** Why nothing can be started: a sentence. */
  readonly trouble?: string
}

/** What became of the rebuilds. */
export interface RebuildResult extends Doubts {
  readonly runs: readonly PackageRun[]
  readonly dispatches: readonly Dispatch[]
  /** What is wrong with packages besides what is missing: sentences. */
  readonly faults: readonly string[]
  readonly stopped?: string
}

/** Starts what is planned, and follows it to its image where that is asked for. */
export async function rebuild(
  orders: RebuildPlan,
  asFound: RebuildResult,
  wanted: Expectations,
  inputs: Inputs,
  context: Context,
  journal: Journal
): Promise<RebuildResult> {
  const { clock, log } = context
  const { inspected, dispatcher, rebuilds, ref } = orders
  if (dispatcher === undefined) return asFound
  const { workflows } = dispatcher
  const start = liveStart(workflows, { ref, inputs: inputs.dispatchInputs }, journal, clock)
  const builds = inputs.dryRun ? rebuilds : await startBuilds(rebuilds, start)
  const dispatches = dispatchesOf(builds, workflows)
  narrateDispatches(dispatches, log)
  const waiting = builds.filter(({ status }) => status === 'dispatched')
  if (inputs.wait === undefined || waiting.length === 0) return { ...asFound, dispatches }
  const ids = new Set([...orders.runs.active, ...orders.runs.dispatched].map(run => run.id))
  const until = clock.now() + inputs.wait
  const followed = await follow(waiting, ids, workflows, until, clock, (expected, run) =>
    log.info(`${expected.name}: its run ended with ${run.conclusion}: ${run.url}`)
  )
  const checks = await verify(
    inspected,
    waiting.map(({ expected }) => expected),
    context
  )
  const settle = (build: Rebuild): Rebuild =>
    waiting.includes(build) ? settled(build, followed.runs, [...checks.values()].flat()) : build
  const ended = dispatchesOf(builds.map(settle), workflows)
  narrateDispatches(ended, log)
  const moved = await movements(inspected, builds, wanted, inputs, context)
  const runs = asFound.runs.map(run => ({
    ...run,
    ...(run.checks && { checks: updated(run.checks, checks.get(run.package.name) ?? []) })
  }))
  return {
    ...moved,
    runs,
    dispatches: ended,
    faults: await faultsNow(inspected, runs, context),
    ...(followed.stopped === undefined ? {} : { stopped: followed.stopped })
  }
}

function dispatchesOf(
  rebuilds: readonly Rebuild[],
  { workflow, repository }: Dispatcher['workflows']
): Dispatch[] {
  return rebuilds.map(({ expected, runId: _, ...rebuild }) => ({
    tag: expected.name,
    workflow,
    repository,
    ...rebuild
  }))
}

/** What became of a build that was followed: the colour of its run says nothing of the image. */
function settled(
  build: Rebuild,
  runs: ReadonlyMap<string, WorkflowRun>,
  checks: readonly TagCheck[]
): Rebuild {
  const { name } = build.expected
  const run = runs.get(name)
  const found = checks.filter(({ tag }) => tag === name)
  return { ...build, ...judge(run, found), ...(run === undefined ? {} : { url: run.url }) }
}

/** Reads the images of some tags again, in every package that lacked them. */
async function verify(
  inspected: readonly Inspected[],
  tags: readonly Expected[],
  context: Context
): Promise<ReadonlyMap<string, readonly TagCheck[]>> {
  const entries = await eachOf(inspected, SIDE_BY_SIDE, async ({ run, required, versions }) => {
    const { expected, platforms } = required
    const due = expected.filter(one => tags.includes(one) && lacks(run, one.name))
    const seen = await orFailure(() =>
      checkImagesNow({ expected: due, platforms }, { ...context, pkg: run.package, versions })
    )
    if (!('problem' in seen)) return [run.package.name, seen] as const
    const cause = seen.sentence.replace(/\.$/, '')
    return [run.package.name, due.map(one => ({ ...untold(one, 'unreadable'), cause }))] as const
  })
  return new Map(entries)
}

/** What the builds have put right, and what they have brought: an image without its signature, for one. */
async function faultsNow(
  inspected: readonly Inspected[],
  runs: readonly PackageRun[],
  context: Context
): Promise<string[]> {
  const byName = new Map(runs.map(run => [run.package.name, run.checks ?? []]))
  const faults = await eachOf(
    inspected,
    SIDE_BY_SIDE,
    async ({ run, required, versions: before, faults }) => {
      const { package: pkg, error = run.left } = run
      const { newest, named, signed } = required
      // How a package looks that did not exist before the builds was not asked.
      const unseenVisibility = before.length === 0 ? { visibility: undefined } : {}
      if (error !== undefined || (newest.length + named.length === 0 && signed === undefined)) return faults
      const seen = await orFailure(async () => {
        const { versions } = await context.packages.listVersions(pkg)
        const lookup = { ...context, pkg, versions }
        return await faultsOf({ ...required, ...unseenVisibility }, byName.get(pkg.name) ?? [], lookup)
      })
      if (!('problem' in seen)) return seen
      return [...faults, `${pkg.name} was not checked again after the builds. ${seen.sentence}`]
    }
  )
  return faults.flat()
}

/** Looks at the tags that a rebuild must not have moved. */
async function movements(
  inspected: readonly Inspected[],
  builds: readonly Rebuild[],
  wanted: Expectations,
  inputs: Inputs,
  { registry, clock }: Context
): Promise<Doubts> {
  const before = inspected.map(({ run, versions }) => ({ pkg: run.package, versions }))
  const dispatched = builds.flatMap(({ url, expected }) => (url === undefined ? [] : [expected]))
  const moved = await orFailure(() =>
    movedTags(before, inputs.requiredTags, dispatched, wanted.expected, registry, clock)
  )
  if (!('problem' in moved)) return moved
  return { errors: [`Whether the builds moved other tags is not known. ${moved.sentence}`], warnings: [] }
}
