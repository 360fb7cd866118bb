import { BudgetError } from '../../errors.ts'
import type { Workflows } from '../../github/workflows.ts'
import type { Dispatch } from '../../model/check.ts'
import type { Clock } from '../../model/clock.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { fill, type Values } from '../../policy/tag-values.ts'
import type { Journal } from '../../report/journal.ts'
import { own } from '../../util/own.ts'
import type { Rebuild } from './plan-rebuilds.ts'

/** A dispatch, and what it is for. */
export interface Build {
  readonly expected: Expected
  readonly dispatch: Dispatch
  /** The run that was started, where GitHub named it. */
  readonly runId?: number | undefined
  /** Why no other is started after this one: a sentence. */
  readonly last?: string
}

/** What a workflow is started with; both are templates. */
export interface Order {
  /** A branch, or a ref such as `refs/tags/{tag}`. */
  readonly ref: string
  readonly inputs: Readonly<Record<string, string>>
}

/** Makes a build of a rebuild that is planned. */
export type Start = (expected: Expected) => Promise<Build>

/**
 * Starts the planned rebuilds one after another; the others only get their place in the result.
 */
export async function startBuilds(
  rebuilds: readonly Rebuild[],
  start: Start,
  place: Pick<Workflows, 'workflow' | 'repository'>
): Promise<Build[]> {
  const builds: Build[] = []
  const { workflow, repository } = place
  let over: string | undefined
  for (const { expected, status, detail } of rebuilds) {
    const base = { tag: expected.name, workflow, repository }
    if (status !== 'planned') builds.push({ expected, dispatch: { ...base, status, detail } })
    else if (over !== undefined)
      builds.push({ expected, dispatch: { ...base, status: 'left', detail: over } })
    else {
      const build = await start(expected)
      builds.push(build)
      over = build.last
    }
  }
  return builds
}

const NOT_TRIED = 'Not tried, because the one before it failed.'

/** The hand of a dry run. */
export function pretendStart({ workflow, repository }: Pick<Workflows, 'workflow' | 'repository'>): Start {
  return async expected => ({
    expected,
    dispatch: { tag: expected.name, workflow, repository, status: 'planned', detail: '' }
  })
}

/** The hand of a real run: each dispatch is put into the journal and sent, once. */
export function liveStart(workflows: Workflows, order: Order, journal: Journal, clock: Clock): Start {
  const { workflow, repository } = workflows

  async function send(expected: Expected): Promise<Build> {
    const base = { tag: expected.name, workflow, repository }
    const ref = filled(order.ref, expected.values)
    const inputs = Object.fromEntries(
      Object.entries(order.inputs).map(([name, text]) => [name, filled(text, expected.values)])
    )
    journal.append({ event: 'dispatch-sent', at: iso(clock), ...base, ref, inputs })
    const started = await sent(workflows, ref, inputs)
    if (started.kind === 'started') {
      const { run } = started
      const url = run?.url ?? workflows.url
      return { expected, dispatch: { ...base, status: 'dispatched', url, detail: '' }, runId: run?.id }
    }
    const { kind, sentence: detail } = started
    if (kind === 'limited') return { expected, dispatch: { ...base, status: 'left', detail }, last: detail }
    const dispatch = { ...base, status: 'failed' as const, detail }
    // What GitHub refuses on one branch, it refuses for all tags; on its own ref each tag has its own workflow.
    return order.ref.includes('{') ? { expected, dispatch } : { expected, dispatch, last: NOT_TRIED }
  }

  return async expected => {
    const build = await send(expected)
    journal.append({ event: 'dispatch-outcome', at: iso(clock), ...build.dispatch })
    return build
  }
}

async function sent(workflows: Workflows, ref: string, inputs: Readonly<Record<string, string>>) {
  try {
    return await workflows.dispatch(ref, inputs)
  } catch (error) {
    if (error instanceof BudgetError) return { kind: 'limited' as const, sentence: error.message }
    throw error
  }
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
