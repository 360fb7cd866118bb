import type { Ref, Role } from '../model/decision.ts'
import { type Graph, nodeAt } from './graph.ts'
import { refOf } from './node.ts'

/** What is reached from some starts over the edges to children and referrers, and from where. */
export interface Closure {
  readonly has: (place: number) => boolean
  readonly size: number
  /** The start that needs it or that it describes, for a start: another one; undefined for what is only a start. */
  readonly reachedFrom: (place: number) => { readonly role: Role; readonly of: Ref } | undefined
}

const CHILD = 1
const REFERRER = 2

/**
 * Follows what the starts need and what describes them, to any depth: children, referrers, and theirs in turn.
 * What describes a child of a start, or is a child of what describes it, describes the start.
 *
 * @param starts if two of them reach the same version, the nearer one names it, or the first of equals
 * @param enter false for versions that this closure must not reach
 */
export function closure(graph: Graph, starts: readonly number[], enter: (place: number) => boolean): Closure {
  const count = graph.nodes.length
  const reached = new Uint8Array(count)
  const roles = new Uint8Array(count)
  const origins = new Int32Array(count)
  const isStart = new Uint8Array(count)
  const queue = [...starts]
  for (const start of starts) {
    reached[start] = 1
    isStart[start] = 1
    origins[start] = start
  }
  const visit = (place: number, role: number, origin: number): void => {
    if (!enter(place) || origin === place || roles[place] !== 0) return
    roles[place] = role
    origins[place] = origin
    if (reached[place] === 1) return
    reached[place] = 1
    queue.push(place)
  }
  for (const place of queue) {
    // A start that nobody calls by a name is called by that of the start above it.
    const unnamed = graph.nodes[place]?.userTags.length === 0 && roles[place] !== 0
    const own = isStart[place] === 1 && !unnamed
    const origin = own ? place : (origins[place] as number)
    const childRole = !own && roles[place] === REFERRER ? REFERRER : CHILD
    for (const child of graph.children[place] ?? []) visit(child, childRole, origin)
    for (const referrer of graph.referrers[place] ?? []) visit(referrer, REFERRER, origin)
  }
  return {
    has: place => reached[place] === 1,
    size: queue.length,
    reachedFrom: place => {
      const role = roles[place]
      if (role === 0 || role === undefined) return undefined
      const of = refOf(nodeAt(graph, origins[place] as number))
      return { role: role === REFERRER ? 'referrer' : 'child', of }
    }
  }
}
