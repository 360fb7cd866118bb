import { checkImagesNow } from '../images.ts'
import type { Inputs } from '../inputs.ts'
import { type Inspected, inspect, lacks } from '../inspect.ts'
import type { CheckFindings, Dispatch, TagCheck } from '../model/check.ts'
import type { Package } from '../model/package.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { movedTags } from '../moved.ts'
import { narrateCheck, narrateDispatches } from '../narrate-check.ts'
import { type Expectations, type Expected, expectTags } from '../policy/expect.ts'
import { type KnownRuns, planRebuilds, type Rebuild } from '../policy/rebuild.ts'
import { eachOf } from '../pool.ts'
import type { Journal } from '../report/journal.ts'
import type { Dispatcher, Services } from '../services.ts'
import { settleBuilds } from '../settle-builds.ts'
import { type Build, liveStart, pretendStart, startBuilds } from '../start-builds.ts'
import { choosePackages, orProblem, SIDE_BY_SIDE } from '../survey.ts'

/** What is to be started, and on what; no `dispatcher` where nothing is to be started. */
interface Orders {
  readonly rebuilds: readonly Rebuild[]
  readonly runs: KnownRuns
  readonly ref: string
  readonly dispatcher?: Dispatcher
  /** Why nothing can be started: a sentence. */
  readonly trouble?: string
}

/** What the rebuilding has come to. */
interface Aftermath {
  readonly runs: readonly PackageRun[]
  readonly dispatches: readonly Dispatch[]
  readonly troubles: readonly string[]
  readonly warnings: readonly string[]
  readonly stopped?: string
}

/**
 * The second road: find out what should have an image, look whether it has one that can be pulled, and have the
 * missing ones built. All states are known before anything is started.
 */
export async function check(inputs: Inputs, services: Services): Promise<RunResult> {
  const { clock, log } = services
  const started = clock.now()
  const wanted = await expectations(inputs, services)
  const chosen = await choosePackages(inputs.packages, services)
  const inspected = await eachOf(chosen, SIDE_BY_SIDE, one =>
    inspect(one, wanted.expected, inputs.platforms, services)
  )
  const orders = await plan(inspected, wanted, inputs, services.dispatcher)
  const before = [
    ...inspected.flatMap(({ run }) => wrongVisibility(run.package, inputs) ?? []),
    ...(orders.trouble === undefined ? [] : [orders.trouble])
  ]
  const result = (after: Aftermath): RunResult => {
    const incomplete = whyIncomplete(inspected, after)
    const check: CheckFindings = {
      expected: wanted.expected.map(({ name }) => name),
      dispatches: after.dispatches,
      unmapped: wanted.unmapped,
      failOnMissing: inputs.failOnMissing,
      troubles: [...before, ...after.troubles]
    }
    return {
      mode: 'check',
      dryRun: inputs.dryRun,
      owner: services.owner.login,
      packages: after.runs,
      warnings: [...warningsOf(wanted, inputs), ...after.warnings],
      check,
      ...(incomplete === undefined ? {} : { incomplete }),
      requests: services.counts(),
      durationMs: clock.now() - started,
      started
    }
  }

  const asFound = { runs: inspected.map(({ run }) => run), dispatches: [], troubles: [], warnings: [] }
  for (const run of asFound.runs) await narrateCheck(run, log)
  const journal = services.openJournal(result(asFound))
  const after = await rebuild(orders, asFound, inspected, wanted, inputs, services, journal)
  const run = result(after)
  journal.finish(run, clock.now())
  return run
}

/** Asks the repository for the tags that must have an image. */
async function expectations(inputs: Inputs, { repository, log }: Services): Promise<Expectations> {
  const names = inputs.releasesOnly ? await repository.releaseTags() : await repository.gitTags()
  const wanted = expectTags(names, inputs)
  const kind = inputs.releasesOnly ? 'published releases' : 'git tags'
  log.info(
    `${repository.name} has ${names.length} ${kind}; ${wanted.expected.length} tags must have an image`
  )
  return wanted
}

/** Decides what to start, knowing every run that is under way. */
async function plan(
  inspected: readonly Inspected[],
  { expected }: Expectations,
  inputs: Inputs,
  dispatcher: Dispatcher | undefined
): Promise<Orders> {
  const nothing = { rebuilds: [], runs: { active: [], dispatched: [] }, ref: '' }
  const missing = expected.filter(({ name }) => inspected.some(({ run }) => lacks(run, name)))
  if (dispatcher === undefined || missing.length === 0) return nothing
  const { workflows, repository } = dispatcher
  const read = await orProblem(async () => {
    await workflows.examine()
    const ref = inputs.dispatchRef ?? (await repository.defaultBranch())
    return { runs: { active: await workflows.active(), dispatched: await workflows.history() }, ref }
  })
  if (!('problem' in read)) {
    const rebuilds = planRebuilds(missing, expected, read.runs, inputs.maxDispatches)
    return { rebuilds, runs: read.runs, ref: read.ref, dispatcher }
  }
  if (read.problem === 'failed') return { ...nothing, trouble: `Nothing was started. ${read.sentence}` }
  const left = missing.map(one => ({ expected: one, status: 'left' as const, detail: read.sentence }))
  return { ...nothing, rebuilds: left, dispatcher }
}

/** Starts what is planned, and follows it to its image where that is asked for. */
async function rebuild(
  orders: Orders,
  asFound: Aftermath,
  inspected: readonly Inspected[],
  wanted: Expectations,
  inputs: Inputs,
  services: Services,
  journal: Journal
): Promise<Aftermath> {
  const { clock, log } = services
  const { dispatcher, rebuilds, ref } = orders
  if (dispatcher === undefined) return asFound
  const { workflows } = dispatcher
  const start = inputs.dryRun
    ? pretendStart(workflows)
    : liveStart(workflows, { ref, inputs: inputs.dispatchInputs }, journal, clock)
  const builds = await startBuilds(rebuilds, start, workflows)
  const dispatches = builds.map(({ dispatch }) => dispatch)
  narrateDispatches(dispatches, log)
  const begun = dispatches.some(({ status }) => status === 'dispatched')
  if (inputs.wait === undefined || !begun) return { ...asFound, dispatches }
  const ids = new Set([...orders.runs.active, ...orders.runs.dispatched].map(run => run.id))
  const settled = await settleBuilds(
    builds,
    workflows,
    ids,
    clock.now() + inputs.wait,
    expected => verify(inspected, expected, inputs.platforms, services),
    clock,
    (expected, run) => log.info(`${expected.name}: its run ended as ${run.conclusion}: ${run.url}`)
  )
  const ended = settled.builds.map(({ dispatch }) => dispatch)
  narrateDispatches(ended, log)
  const moved = await movements(inspected, settled.builds, wanted, inputs, services)
  return {
    ...moved,
    runs: asFound.runs.map(run => updated(run, settled.checks.get(run.package.name) ?? [])),
    dispatches: ended,
    ...(settled.stopped === undefined ? {} : { stopped: settled.stopped })
  }
}

/** Reads the images of some tags again, in every package that lacked them. */
async function verify(
  inspected: readonly Inspected[],
  tags: readonly Expected[],
  platforms: readonly string[],
  services: Services
): Promise<ReadonlyMap<string, readonly TagCheck[]>> {
  const entries = await eachOf(inspected, SIDE_BY_SIDE, async ({ run, expected }) => {
    const due = expected.filter(one => tags.includes(one) && lacks(run, one.name))
    const seen = await orProblem(() => checkImagesNow(run.package, due, platforms, services.registry))
    if (!('problem' in seen)) return [run.package.name, seen] as const
    const unread = { state: 'unreadable' as const, lacks: [], cause: seen.sentence.replace(/\.$/, '') }
    return [run.package.name, due.map(({ name, images }) => ({ tag: name, images, ...unread }))] as const
  })
  return new Map(entries)
}

/** Looks at the tags that a rebuild must not have moved. */
async function movements(
  inspected: readonly Inspected[],
  builds: readonly Build[],
  wanted: Expectations,
  inputs: Inputs,
  { registry }: Services
): Promise<Pick<Aftermath, 'troubles' | 'warnings'>> {
  const before = inspected.map(({ run, versions }) => ({ pkg: run.package, versions }))
  const begun = builds.filter(({ dispatch }) => dispatch.url !== undefined).map(({ expected }) => expected)
  const moved = await orProblem(() =>
    movedTags(before, inputs.requiredTags, begun, wanted.expected, registry)
  )
  if (!('problem' in moved)) return moved
  return { troubles: [`Whether the builds moved other tags is not known. ${moved.sentence}`], warnings: [] }
}

function updated(run: PackageRun, fresh: readonly TagCheck[]): PackageRun {
  if (run.checks === undefined) return run
  const anew = new Map(fresh.map(check => [check.tag, check]))
  return { ...run, checks: run.checks.map(check => anew.get(check.tag) ?? check) }
}

function wrongVisibility(pkg: Package, { expectVisibility }: Inputs): string | undefined {
  // What was never seen has a trouble of its own.
  if (expectVisibility === undefined || pkg.url === '' || pkg.visibility === expectVisibility)
    return undefined
  return (
    `${pkg.name} is ${pkg.visibility}, and \`expect-visibility\` asks for ${expectVisibility}: change it in the ` +
    `settings of the package, ${pkg.url}.`
  )
}

function warningsOf({ expected, unmapped }: Expectations, inputs: Inputs): string[] {
  const warnings: string[] = []
  const given = expected.length - inputs.requiredTags.length
  if (given <= 0 && unmapped.length === 0) {
    const source = inputs.releasesOnly ? 'no published release' : 'no git tag'
    warnings.push(
      `Nothing is expected of the repository: ${source} matches \`git-tags\` (${inputs.gitTags.join(', ')}).`
    )
  }
  if (unmapped.length > 0) {
    warnings.push(
      `${unmapped.length} git tags give no image tag and were not looked for, the first is ${unmapped[0]}: change ` +
        '`image-tags`, take a part of the name with a named group in `git-tags`, or put them into `skip-tags`.'
    )
  }
  return warnings
}

function whyIncomplete(
  inspected: readonly Inspected[],
  { dispatches, stopped }: Aftermath
): string | undefined {
  const unseen = inspected.find(({ left }) => left)?.run.warnings[0]
  return unseen ?? stopped ?? dispatches.find(({ status }) => status === 'left')?.detail
}
