import type { KeepReason } from '../model/decision.ts'
import { type Closure, closure } from './closure.ts'
import { byNewest, type EvaluationInput, type Reasons } from './facts.ts'
import { type Graph, isRoot, nodeAt, versionAt } from './graph.ts'
import type { Node } from './node.ts'
import { isTagged } from './protect.ts'
import type { Ranking, Votes } from './votes.ts'

/** What becomes of every version, and through whom. */
export interface Resolution {
  readonly kept: Closure
  /** Empty of what is kept. */
  readonly deleted: Closure
  /** Kept by a clause that counts. */
  readonly ranked: Reasons<KeepReason>
  /** The version that is held back because it would have been the last with a tag. */
  readonly lastTagged: number | undefined
}

/** Enough for any package that people make; when it does not suffice, more is kept than need be. */
const ROUNDS = 50

/**
 * Finds what stays and what goes.
 *
 * What a kept version needs takes no slot of a keep clause, and what takes a slot is kept, so the two depend on
 * each other. It begins with everything kept, and each round can only keep less. The result does not depend on the
 * order of rules and versions.
 *
 * @param held layer 0
 */
export function resolve(
  input: EvaluationInput,
  votes: Votes,
  ranking: Ranking,
  held: Reasons<KeepReason>
): Resolution {
  const { graph } = input
  const order = namingOrder(graph)
  const isDeletable = (ranked: Reasons<KeepReason>) => (place: number) =>
    isRoot(graph, place) &&
    votes.deletes.has(place) &&
    ![votes.plain, votes.within, ranked, held].some(reasons => reasons.has(place))
  // Stays for its own sake, root or not.
  const isRetained = (place: number): boolean =>
    graph.nodes[place]?.version === undefined ||
    held.has(place) ||
    votes.plain.has(place) ||
    isRoot(graph, place)

  let ranked = ranking(place => graph.predecessors[place]?.length === 0)
  let resolution = divide(graph, order, isDeletable(ranked), isRetained)
  for (let round = 1; round < ROUNDS; round++) {
    const { kept } = resolution
    ranked = ranking(place => !graph.predecessors[place]?.some(kept.has))
    resolution = divide(graph, order, isDeletable(ranked), isRetained)
    if (resolution.kept.size === kept.size) break
  }
  const lastTagged = lastTaggedOf(graph, resolution)
  if (lastTagged === undefined) return { ...resolution, ranked, lastTagged }
  const deletable = isDeletable(ranked)
  const isStillDeletable = (place: number): boolean => place !== lastTagged && deletable(place)
  const isNowRetained = (place: number): boolean => place === lastTagged || isRetained(place)
  return { ...divide(graph, order, isStillDeletable, isNowRetained), ranked, lastTagged }
}

/** Where several could name a version, tagged ones before untagged ones and newer ones before older ones do. */
function namingOrder(graph: Graph): number[] {
  const rank = ({ version, userTags }: Node): number =>
    version === undefined ? 2 : userTags.length > 0 ? 0 : 1
  return [...graph.nodes.keys()].sort((a, b) => {
    const [one, other] = [nodeAt(graph, a), nodeAt(graph, b)]
    if (one.version === undefined || other.version === undefined) return rank(one) - rank(other)
    return rank(one) - rank(other) || byNewest(one.version, other.version)
  })
}

/**
 * Everything that is retained and not deletable stays with all it needs; what is deletable goes with all that it owns.
 */
function divide(
  graph: Graph,
  order: readonly number[],
  isDeletable: (place: number) => boolean,
  isRetained: (place: number) => boolean
): { kept: Closure; deleted: Closure } {
  const anywhere = (): boolean => true
  const retained = order.filter(place => isRetained(place) && !isDeletable(place))
  const kept = closure(graph, retained, anywhere)
  const deletable = order.filter(place => isDeletable(place) && !kept.has(place))
  const owning = { ...graph, children: graph.owned }
  const deleted = closure(owning, deletable, place => !kept.has(place))
  // Versions that only describe each other in a circle, or that something of unknown kind mentions: nothing owns them.
  const loose = order.filter(place => !kept.has(place) && !deleted.has(place))
  if (loose.length === 0) return { kept, deleted }
  const all = closure(graph, [...retained, ...loose], anywhere)
  const rest = deletable.filter(place => !all.has(place))
  return { kept: all, deleted: closure(owning, rest, place => !all.has(place)) }
}

/** GitHub refuses to delete the last tagged version: of all that would go, the newest that a user tagged. */
function lastTaggedOf(
  graph: Graph,
  { kept, deleted }: { kept: Closure; deleted: Closure }
): number | undefined {
  const tagged = graph.nodes.flatMap(({ version }, place) => (isTagged(version) ? [place] : []))
  if (tagged.some(kept.has)) return undefined
  const going = tagged.filter(deleted.has)
  const users = going.filter(place => nodeAt(graph, place).userTags.length > 0)
  const [newest] = (users.length > 0 ? users : going).sort((a, b) =>
    byNewest(versionAt(graph, a), versionAt(graph, b))
  )
  return newest
}
