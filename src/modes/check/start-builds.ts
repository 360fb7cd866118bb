import type { Started, Workflows } from '../../github/workflows.ts'
import type { Clock } from '../../model/clock.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { fill, type Values } from '../../policy/tag-values.ts'
import type { Journal } from '../../report/journal.ts'
import { own } from '../../util/own.ts'
import type { Rebuild } from './plan-rebuilds.ts'

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
