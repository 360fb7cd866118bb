import type { Workflows } from '../../github/workflows.ts'
import type { TagCheck, WorkflowRun } from '../../model/check.ts'
import type { Clock } from '../../model/clock.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { type Followed, follow } from './follow.ts'
import { judge } from './plan-rebuilds.ts'
import type { Build } from './start-builds.ts'

/** What the waiting has found out. */
export interface Settled {
  readonly builds: readonly Build[]
  /** What was read anew, by package and tag. */
  readonly checks: ReadonlyMap<string, readonly TagCheck[]>
  /** Why the following ended before its time. */
  readonly stopped?: string
}

/** How the packages look when the runs have ended. */
export type Verify = (expected: readonly Expected[]) => Promise<ReadonlyMap<string, readonly TagCheck[]>>

/**
 * Waits for the runs that were started, and then looks for the images: the colour of a run says nothing of them.
 *
 * @param before ids of runs that were there before
 * @param until milliseconds since 1970
 */
export async function awaitBuilds(
  builds: readonly Build[],
  workflows: Workflows,
  before: ReadonlySet<number>,
  until: number,
  verify: Verify,
  clock: Clock,
  news: (expected: Expected, run: WorkflowRun) => void
): Promise<Settled> {
  const dispatched = builds.filter(({ dispatch }) => dispatch.status === 'dispatched')
  if (dispatched.length === 0) return { builds, checks: new Map() }
  const waiting = dispatched.map(({ expected, runId }) => ({ expected, runId }))
  const followed = await follow(waiting, before, workflows, until, clock, news)
  const checks = await verify(dispatched.map(({ expected }) => expected))
  return {
    builds: builds.map(build => (dispatched.includes(build) ? settled(build, followed, checks) : build)),
    checks,
    ...(followed.stopped === undefined ? {} : { stopped: followed.stopped })
  }
}

function settled(build: Build, { runs }: Followed, checks: Settled['checks']): Build {
  const { name } = build.expected
  const run = runs.get(name)
  const found = [...checks.values()].flat().filter(check => check.tag === name)
  const url = run?.url ?? build.dispatch.url
  return {
    ...build,
    dispatch: { ...build.dispatch, ...judge(run, found), ...(url === undefined ? {} : { url }) }
  }
}
