import type { Inputs } from '../../config/inputs.ts'
import type { Context, Dispatcher } from '../../context.ts'
import { type Failure, orFailure } from '../../errors.ts'
import { SIDE_BY_SIDE } from '../../inventory/select-packages.ts'
import type { Dispatch, TagCheck, WorkflowRun } from '../../model/check.ts'
import type { Expectations, Expected } from '../../policy/expected-tags.ts'
import type { Journal } from '../../report/journal.ts'
import { eachOf } from '../../util/concurrency.ts'
import { follow, liveStart, startBuilds } from './builds.ts'
import { faultsOf } from './faults.ts'
import { checkImagesNow, updated } from './images.ts'
import { type Inspected, lacks, untold } from './inspect.ts'
import { movedTags } from './moved.ts'
import { judge, type KnownRuns, type Rebuild } from './plan-rebuilds.ts'
import { narrateDispatches } from './progress-log.ts'
import type { Doubts } from './requirements.ts'

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
  /** The packages as they are afterwards. */
  readonly inspected: readonly Inspected[]
  readonly dispatches: readonly Dispatch[]
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
  const tags = waiting.map(({ expected }) => expected)
  const looks = await eachOf(inspected, SIDE_BY_SIDE, one => lookForBuilt(one, tags, context))
  const looked = looks.flatMap(({ checks }) => checks)
  const settle = (build: Rebuild): Rebuild =>
    waiting.includes(build) ? settled(build, followed.runs, looked) : build
  const ended = dispatchesOf(builds.map(settle), workflows)
  narrateDispatches(ended, log)
  const moved = await movements(inspected, builds, wanted, inputs, context)
  return {
    ...moved,
    inspected: await eachOf(looks, SIDE_BY_SIDE, ({ one }) => withFaultsNow(one, context)),
    dispatches: ended,
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

/** Reads the images of some tags again where the package lacked them. @returns it as it is now, and how these stand */
async function lookForBuilt(
  inspected: Inspected,
  tags: readonly Expected[],
  context: Context
): Promise<{ readonly one: Inspected; readonly checks: readonly TagCheck[] }> {
  const { run, required, versions } = inspected
  const expected = required.expected.filter(one => tags.includes(one) && lacks(run, one.name))
  const sought = { expected, platforms: required.platforms }
  const seen = await orFailure(() => checkImagesNow(sought, { ...context, pkg: run.package, versions }))
  const unread = ({ sentence }: Failure): TagCheck[] =>
    expected.map(one => ({ ...untold(one, 'unreadable'), cause: sentence.replace(/\.$/, '') }))
  const checks = 'problem' in seen ? unread(seen) : seen
  const now = run.checks === undefined ? run : { ...run, checks: updated(run.checks, checks) }
  return { one: { ...inspected, run: now }, checks }
}

/** With what the builds have put right, and what they have brought: an image without its signature, for one. */
async function withFaultsNow(inspected: Inspected, context: Context): Promise<Inspected> {
  const { run, required, versions: before, faults } = inspected
  const { package: pkg, checks = [], error = run.left } = run
  const { newest, named, signed } = required
  if (error !== undefined || (newest.length + named.length === 0 && signed === undefined)) return inspected
  // How a package looks that did not exist before the builds was not asked.
  const unseenVisibility = before.length === 0 ? { visibility: undefined } : {}
  const seen = await orFailure(async () => {
    const { versions } = await context.packages.listVersions(pkg)
    return await faultsOf({ ...required, ...unseenVisibility }, checks, { ...context, pkg, versions })
  })
  const unknown = `${pkg.name} was not checked again after the builds.`
  return { ...inspected, faults: 'problem' in seen ? [...faults, `${unknown} ${seen.sentence}`] : seen }
}

/** Looks at the tags that a rebuild must not have moved. */
async function movements(
  inspected: readonly Inspected[],
  builds: readonly Rebuild[],
  wanted: Expectations,
  inputs: Inputs,
  context: Context
): Promise<Doubts> {
  const before = inspected.map(({ run, versions }) => ({ pkg: run.package, versions }))
  const dispatched = builds.flatMap(({ url, expected }) => (url === undefined ? [] : [expected]))
  const moved = await orFailure(() =>
    movedTags(before, inputs.requiredTags, dispatched, wanted.expected, context)
  )
  if (!('problem' in moved)) return moved
  return { errors: [`Whether the builds moved other tags is not known. ${moved.sentence}`], warnings: [] }
}
