import type { Limit } from '../model/brake.ts'
import type { Digest } from '../model/digest.ts'
import type { Closure } from './closure.ts'
import { type Graph, isBroken, nodeAt } from './graph.ts'
import { kindOf, type Node } from './node.ts'
import type { Group } from './order.ts'
import type { Policy } from './rule.ts'

/** Tagged images and artifacts; what nobody could read, or on what witnesses differ, may be neither, or not whole. */
export interface Images {
  /** Those of which nothing is left are not counted. */
  readonly going: readonly number[]
  /** Those that are whole; what belongs to another image is none of its own. */
  readonly remaining: readonly number[]
}

/** What stays and what goes. */
type Division = Readonly<Record<'kept' | 'deleted', Pick<Closure, 'has'>>>

/** The images that `min-remaining` counts. */
export function imagesIn(graph: Graph, { kept, deleted }: Division): Images {
  const isSure = ({ content, version }: Node): boolean =>
    content.state !== 'unread' && version?.disputed === undefined
  const images = graph.nodes.flatMap((node, place) =>
    node.userTags.length > 0 && kindOf(node) !== 'cache' && isSure(node) ? [place] : []
  )
  const remains = (place: number): boolean =>
    kept.has(place) && !isBroken(graph, place) && !graph.predecessors[place]?.some(kept.has)
  return {
    going: images.filter(place => deleted.has(place) && graph.states[place] !== 'ghost'),
    remaining: images.filter(remains)
  }
}

/** The newest of what remains, as many as must: `min-remaining` rests on them. */
export function countedAmong({ remaining }: Images, graph: Graph, least = 0): Digest[] {
  if (least === 0) return []
  const created = (place: number): number => nodeAt(graph, place).version?.created ?? 0
  const newest = remaining.toSorted((a, b) => created(b) - created(a))
  return newest.slice(0, least).map(place => nodeAt(graph, place).digest)
}

/**
 * The limits that a finished plan crosses; reaching one is not crossing it. A plan that lets no tagged image go does not
 * cross `min-remaining`, however few there are.
 */
export function brakesOn(
  graph: Graph,
  { minRemaining, maxDeletions, maxDeletionPercent }: Policy,
  deletions: number,
  images: Images
): Limit[] {
  const versions = graph.nodes.filter(({ version }) => version !== undefined).length
  const percent = versions === 0 ? 0 : (100 * deletions) / versions
  const remaining = images.remaining.length
  const brakes: Limit[] = []
  if (minRemaining !== undefined && images.going.length > 0 && remaining < minRemaining) {
    brakes.push({ input: 'min-remaining', limit: minRemaining, value: remaining })
  }
  if (maxDeletions !== undefined && deletions > maxDeletions) {
    brakes.push({ input: 'max-deletions', limit: maxDeletions, value: deletions })
  }
  if (maxDeletionPercent !== undefined && percent > maxDeletionPercent) {
    brakes.push({ input: 'max-deletion-percent', limit: maxDeletionPercent, value: percent })
  }
  return brakes
}

/**
 * As many whole groups, from the first on, as the budget has room for. One that alone is more than the budget is passed
 * over, with all that must come after it: smaller ones behind it are taken.
 */
export function withinBudget(groups: readonly Group[], budget: number | undefined): readonly Group[] {
  if (budget === undefined) return groups
  const taken: Group[] = []
  const places = new Set<number>()
  let room = budget
  for (const group of groups) {
    const own = new Set(group.deletions.map(({ place }) => place))
    const isFree = group.deletions.every(({ after }) =>
      after.every(place => own.has(place) || places.has(place))
    )
    if (!isFree || own.size > budget) continue
    room -= own.size
    if (room < 0) break
    taken.push(group)
    for (const place of own) places.add(place)
  }
  return taken
}
