import type { BrokenState } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import { childDigests, kindOf, type Node } from './node.ts'

/** What the condition of a node depends on, as in a graph. */
interface Edges {
  readonly nodes: readonly Node[]
  readonly find: (digest: Digest) => number | undefined
  readonly children: readonly (readonly number[])[]
  readonly predecessors: readonly (readonly number[])[]
  readonly describes: readonly boolean[]
  readonly stored: (place: number) => string | undefined
}

/** How the nodes of a graph are, by their places. */
export interface Conditions {
  /** What is wrong with a node; mostly undefined. */
  readonly states: readonly (BrokenState | undefined)[]
  /** True for what surely lacks nothing: GitHub lists all that it needs, to any depth, and none of it is unread. */
  readonly whole: readonly boolean[]
}

/**
 * What is wrong with each node, and which ones surely lack nothing.
 * @param isGone whether a manifest is known to be gone
 */
export function conditionsOf(graph: Edges, isGone: (digest: Digest) => boolean): Conditions {
  const states: (BrokenState | undefined)[] = graph.nodes.map(() => undefined)
  const whole: boolean[] = graph.nodes.map(() => false)
  const ofChild = (digest: Digest): BrokenState | undefined => {
    const place = graph.find(digest)
    return place === undefined ? (isGone(digest) ? 'ghost' : undefined) : states[place]
  }
  const isWhole = (digest: Digest): boolean => whole[graph.find(digest) ?? -1] === true
  for (const place of childrenFirst(graph.children)) {
    const node = graph.nodes[place] as Node
    states[place] = isOrphaned(graph, place) ? 'orphaned' : imageState(node, ofChild)
    whole[place] = lacksNothing(node, isWhole)
  }
  return { states, whole }
}

function lacksNothing(node: Node, isWhole: (digest: Digest) => boolean): boolean {
  const { version, content } = node
  if (version === undefined || content.state === 'missing' || content.state === 'unread') return false
  return kindOf(node) === 'cache' || childDigests(node).every(isWhole)
}

/** A version without a user tag that describes something, all of which is gone, and that nothing points to. */
function isOrphaned({ nodes, describes, predecessors, stored }: Edges, place: number): boolean {
  const node = nodes[place]
  // If one of its subjects were there, it would point to this one.
  return (
    stored(place) === undefined &&
    node?.version !== undefined &&
    node.userTags.length === 0 &&
    describes[place] === true &&
    predecessors[place]?.length === 0
  )
}

/** An image is broken as deep down as it goes: what all its children lack, it lacks itself. */
function imageState(
  node: Node,
  stateOf: (digest: Digest) => BrokenState | undefined
): BrokenState | undefined {
  if (node.content.state === 'missing') return 'ghost'
  // A build cache names blobs, which a registry does not show as manifests.
  if (node.content.state !== 'read' || node.content.manifest.kind === 'cache') return undefined
  const states = childDigests(node).map(stateOf)
  if (states.length > 0 && states.every(state => state === 'ghost')) return 'ghost'
  return states.some(state => state === 'ghost' || state === 'partial') ? 'partial' : undefined
}

/** Every place, each behind the children that it has; without recursion, for chains of any depth. */
function childrenFirst(children: readonly (readonly number[])[]): number[] {
  const order: number[] = []
  const seen = new Uint8Array(children.length)
  for (let start = 0; start < children.length; start++) {
    if (seen[start] === 1) continue
    seen[start] = 1
    const path = [{ place: start, next: 0 }]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const child = children[top.place]?.[top.next++]
      if (child === undefined) {
        order.push(top.place)
        path.pop()
      } else if (seen[child] === 0) {
        seen[child] = 1
        path.push({ place: child, next: 0 })
      }
    }
  }
  return order
}
