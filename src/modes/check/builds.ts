import { orFailure, orRefusal } from '../../errors.ts'
import type { Started, Workflows } from '../../github/workflows.ts'
import type { WorkflowRun } from '../../model/check.ts'
import type { Clock } from '../../model/clock.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { fill, type Values } from '../../policy/tag-values.ts'
import type { Journal } from '../../report/journal.ts'
import { own } from '../../util/own.ts'
import { hasEnded, isAbout, type Rebuild } from './plan-rebuilds.ts'

/** A build that was started; GitHub does not always say which run it is. */
export type Dispatched = Pick<Rebuild, 'expected' | 'runId'>

/** Where runs are looked up. */
export type RunSource = Pick<Workflows, 'recent' | 'run'>

export interface Followed {
  /** The last that was seen of the run for each tag, by its name; none where no run was seen. */
  readonly runs: ReadonlyMap<string, WorkflowRun>
  /** Why the following ended before its time: a sentence. */
  readonly stopped?: string
}

const FIRST_PAUSE = 1_500
const LONGEST_PAUSE = 60_000
const GROWTH = 1.5

/**
 * Follows runs until all have ended or the time is over, looking ever more seldom. One request a look gives the
 * hundred newest runs; only what is older is asked for by itself.
 *
 * @param before ids of runs that were there before any of these was started
 * @param until milliseconds since 1970
 * @param news told when a run ends
 */
export async function follow(
  dispatched: readonly Dispatched[],
  before: ReadonlySet<number>,
  source: RunSource,
  until: number,
  clock: Clock,
  news: (expected: Expected, run: WorkflowRun) => void
): Promise<Followed> {
  const runs = new Map<string, WorkflowRun>()
  const unfinished = () =>
    dispatched.filter(({ expected }) => {
      const run = runs.get(expected.name)
      return run === undefined || !hasEnded(run)
    })
  let trouble: string | undefined
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * GROWTH, LONGEST_PAUSE)) {
    await clock.sleep(Math.max(0, Math.min(pause, until - clock.now())))
    const seen = await orFailure(() => look(unfinished(), runs, before, source))
    if ('problem' in seen) {
      if (seen.problem === 'left') return { runs, stopped: seen.sentence }
      // A look that fails says nothing of the runs; the next one may tell.
      trouble = seen.sentence
    } else {
      trouble = undefined
      for (const [expected, run] of seen) {
        runs.set(expected.name, run)
        if (hasEnded(run)) news(expected, run)
      }
    }
    if (unfinished().length === 0) return { runs }
    if (clock.now() >= until) return trouble === undefined ? { runs } : { runs, stopped: trouble }
  }
}

async function look(
  unfinished: readonly Dispatched[],
  runs: ReadonlyMap<string, WorkflowRun>,
  before: ReadonlySet<number>,
  source: RunSource
): Promise<Map<Expected, WorkflowRun>> {
  const recent = await source.recent()
  const byId = new Map(recent.map(run => [run.id, run]))
  const seen = new Map<Expected, WorkflowRun>()
  const taken = new Set([...runs.values()].map(run => run.id))
  for (const { expected, runId } of unfinished) {
    const id = runId ?? runs.get(expected.name)?.id
    if (id === undefined) continue
    taken.add(id)
    const run = byId.get(id) ?? (await older(id, source))
    if (run !== undefined) seen.set(expected, run)
  }
  const nameless = unfinished.filter(({ expected, runId }) => runId === undefined && !runs.has(expected.name))
  const fresh = recent.filter(run => !before.has(run.id) && !taken.has(run.id)).sort((a, b) => a.id - b.id)
  for (const [expected, run] of match(
    nameless.map(one => one.expected),
    fresh
  ))
    seen.set(expected, run)
  return seen
}

/** A run that GitHub has just started may not be found yet. */
async function older(id: number, source: RunSource): Promise<WorkflowRun | undefined> {
  const run = await orRefusal(() => source.run(id))
  return 'problem' in run ? undefined : run
}

/** Runs that name their tag go to it; the others, in the order of their start, to the tags in theirs. */
function match(tags: readonly Expected[], fresh: readonly WorkflowRun[]): Map<Expected, WorkflowRun> {
  const matched = new Map<Expected, WorkflowRun>()
  const left: WorkflowRun[] = []
  for (const run of fresh) {
    const expected = tags.find(tag => !matched.has(tag) && isAbout(run, tag))
    if (expected === undefined) left.push(run)
    else matched.set(expected, run)
  }
  const silent = tags.filter(tag => !matched.has(tag))
  silent.forEach((expected, index) => {
    const run = left[index]
    if (run !== undefined) matched.set(expected, run)
  })
  return matched
}

/** What a workflow is started with; both are templates. */
export interface Order {
  /** A branch, or a ref such as `refs/tags/{tag}`. */
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
}

/** A dispatch was sent: what became of it, and why no other is sent after this one: a sentence. */
type Sent = Omit<Rebuild, 'expected'> & { readonly last?: string }

/** Starts the planned rebuilds one after another; the others stay as they are. */
export async function startBuilds(
  rebuilds: readonly Rebuild[],
  start: (expected: Expected) => Promise<Sent>
): Promise<Rebuild[]> {
  const builds: Rebuild[] = []
  let over: string | undefined
  for (const rebuild of rebuilds) {
    const { expected } = rebuild
    if (rebuild.status !== 'planned') builds.push(rebuild)
    else if (over !== undefined) builds.push({ expected, status: 'left', detail: over })
    else {
      const { last, ...sent } = await start(expected)
      builds.push({ expected, ...sent })
      over = last
    }
  }
  return builds
}

/** Each dispatch is put into the journal and sent, once. */
export function liveStart(workflows: Workflows, order: Order, journal: Journal, clock: Clock) {
  const { workflow, repository } = workflows
  return async ({ name, values }: Expected): Promise<Sent> => {
    const place = { tag: name, workflow, repository }
    const ref = filled(order.ref, values)
    const inputs = Object.fromEntries(
      Object.entries(order.inputs).map(([input, text]) => [input, filled(text, values)])
    )
    journal.append({ event: 'dispatch-sent', at: iso(clock), ...place, ref, inputs })
    const sent = becomeOf(await workflows.dispatch(ref, inputs), workflows.url, order)
    const { runId: _, last: __, ...outcome } = sent
    journal.append({ event: 'dispatch-outcome', at: iso(clock), ...place, ...outcome })
    return sent
  }
}

const NOT_TRIED = 'Not tried, because the one before it failed.'

/** @param page the workflow's, for a run that GitHub does not name */
function becomeOf(started: Started, page: string, { ref }: Order): Sent {
  if (started.kind === 'started') {
    const { url = page, id: runId } = started.run ?? {}
    return { status: 'dispatched', url, detail: '', runId }
  }
  const { kind, sentence: detail } = started
  if (kind === 'limited') return { status: 'left', detail, last: detail }
  // What GitHub refuses on one branch, it refuses for all tags; on its own ref each tag has its own workflow.
  return { status: 'failed', detail, ...(ref.includes('{') ? {} : { last: NOT_TRIED }) }
}

/** A placeholder that this tag has nothing for, such as `{major}` where it is no version, is left empty. */
function filled(template: string, values: Values): string {
  return (
    fill(template, values) ??
    template.replaceAll(/\{([A-Za-z][\w-]*)\}/g, (_, name) => own(values, name) ?? '')
  )
}

function iso(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}
