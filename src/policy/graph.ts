import type { BrokenState } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { Inventory, PackageVersion } from '../model/package.ts'
import { type Edges, edgesBetween, type Places } from './edges.ts'
import { childDigests, isLeftover, NONE, type Node, nodesOf } from './node.ts'

/**
 * A package as nodes and edges: the listed versions in the order of the inventory, then what is not listed, and
 * what needs and what describes what.
 */
export interface Graph extends Edges {
  readonly nodes: readonly Node[]
  /** The children that go with it: a mere mention may be a need, but it makes nothing a part. */
  readonly owned: readonly Places[]
  /** Why one that describes something is no orphan, although that is not there: a phrase; mostly undefined. */
  readonly stored: (place: number) => string | undefined
  /** Tags of which nobody knows what they stand on. */
  readonly unresolved: NonNullable<Inventory['unresolved']>
  /** What is wrong with a node; mostly undefined. */
  readonly states: readonly (BrokenState | undefined)[]
}

/** Finds how all that is in a package belongs together. */
export function buildGraph(inventory: Inventory): Graph {
  const nodes = nodesOf(inventory)
  const edges = edgesBetween(nodes)
  const owned = edges.children.map((ends, place) => (isOfUnknownKind(nodes[place]) ? NONE : ends))
  const stored = storedBy(inventory, edges.subjects, holdsReferrersOnly(nodes, edges))
  const graph = { ...edges, nodes, owned, stored, unresolved: inventory.unresolved ?? NONE }
  const isGone = (digest: Digest): boolean => inventory.contents.get(digest)?.state === 'missing'
  return { ...graph, states: statesOf(graph, isGone) }
}

/** The node at a place of the graph. */
export function nodeAt({ nodes }: Pick<Graph, 'nodes'>, place: number): Node {
  return nodes[place] as Node
}

/** The version at the place of a listed one. */
export function versionAt({ nodes }: Pick<Graph, 'nodes'>, place: number): PackageVersion {
  return nodes[place]?.version as PackageVersion
}

/** The indexes that name what is at a place. */
export function indexesAbove({ children, predecessors }: Graph, place: number): number[] {
  return (predecessors[place] ?? []).filter(above => children[above]?.includes(place))
}

/** These places and all that they name, at any depth. */
export function withParts({ children }: Pick<Graph, 'children'>, places: Iterable<number>): Set<number> {
  const found = new Set(places)
  // A set that grows while it is walked.
  for (const place of found) for (const child of children[place] ?? []) found.add(child)
  return found
}

/**
 * Roots are what policies select: versions with a user tag, and untagged ones that nothing points to, orphaned
 * referrers among them.
 */
export function isRoot(graph: Graph, place: number): boolean {
  const node = graph.nodes[place]
  if (node?.version === undefined) return false
  return node.userTags.length > 0 || graph.predecessors[place]?.length === 0
}

/**
 * The graph without what going manifests of unknown kind mention: that was no need of anything that stays.
 * @returns the same graph where there is none
 */
export function withoutMentions(graph: Graph, isGoing: (place: number) => boolean): Graph {
  const { children, owned, referrers } = graph
  const isMention = (from: number, place: number): boolean =>
    owned[from] !== children[from] && isGoing(from) && referrers[from]?.includes(place) !== true
  const isFreed = (above: Places, place: number): boolean => above.some(from => isMention(from, place))
  if (!graph.predecessors.some(isFreed)) return graph
  const predecessors = graph.predecessors.map((above, place) =>
    isFreed(above, place) ? above.filter(from => !isMention(from, place)) : above
  )
  return { ...graph, predecessors }
}

function isOfUnknownKind(node: Node | undefined): boolean {
  return node?.content.state === 'read' && node.content.manifest.unknown !== undefined
}

const STORE =
  'this package holds nothing but signatures and the like, and what this one describes may be in another package'

/** What a node describes may be in another package: where the evidence says so, and in a store of signatures. */
function storedBy({ elsewhere }: Inventory, subjects: Graph['subjects'], isStore: boolean): Graph['stored'] {
  return place => {
    const keys = subjects[place] ?? NONE
    if (isStore && keys.length > 0) return STORE
    return keys.map(key => elsewhere?.get(key)).find(why => why !== undefined)
  }
}

/** What orphans describe: the `referrerTag` of each subject that is not there, once. */
export function subjectsOfOrphans(inventory: Inventory): ReadonlySet<string> {
  const { subjects, states } = buildGraph(inventory)
  return new Set(subjects.filter((_, place) => states[place] === 'orphaned').flat())
}

/**
 * True where nothing stands for itself, and nothing that is described is there. What has no content, and what an
 * interrupted run of ours left behind, is no image: it must not make orphans of the rest.
 */
function holdsReferrersOnly(nodes: readonly Node[], { subjects, predecessors }: Edges): boolean {
  const roots = nodes.flatMap((node, place) =>
    predecessors[place]?.length === 0 && node.content.state !== 'missing' && !isLeftover(node) ? [place] : []
  )
  return roots.length > 0 && roots.every(place => subjects[place]?.length !== 0)
}

type Stateless = Omit<Graph, 'states'>

function statesOf(graph: Stateless, isGone: (digest: Digest) => boolean): (BrokenState | undefined)[] {
  const states: (BrokenState | undefined)[] = graph.nodes.map(() => undefined)
  const ofChild = (digest: Digest): BrokenState | undefined => {
    const place = graph.find(digest)
    return place === undefined ? (isGone(digest) ? 'ghost' : undefined) : states[place]
  }
  for (const place of childrenFirst(graph.children)) {
    states[place] = isOrphaned(graph, place) ? 'orphaned' : imageState(nodeAt(graph, place), ofChild)
  }
  return states
}

/** A version without a user tag that describes something, all of which is gone, and that nothing points to. */
function isOrphaned({ nodes, subjects, predecessors, stored }: Stateless, place: number): boolean {
  const node = nodes[place]
  // If one of its subjects were there, it would point to this one.
  return (
    stored(place) === undefined &&
    node?.version !== undefined &&
    node.userTags.length === 0 &&
    subjects[place]?.length !== 0 &&
    predecessors[place]?.length === 0
  )
}

/** Whether an image lacks some of its parts, or all. */
export function isBroken({ states }: Graph, place: number): boolean {
  return states[place] === 'ghost' || states[place] === 'partial'
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
