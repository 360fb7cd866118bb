import type { KeepReason, Plan } from '../model/decision.ts'
import { leadsNowhere } from '../model/manifest.ts'
import { type Graph, isLeftover, isRoot, type Node, refOf } from './graph.ts'

/**
 * What nobody could read, and what that could need. An unknown manifest may be an index, and its parts are versions
 * like others, so these stay:
 * - what was pushed before it, tagged or not, a part of something else or not: a registry takes an index only when
 *   all that it names is there;
 * - every untagged version that nothing points to, whenever it was pushed: parts look like that, and one that was lost
 *   and pushed once more is younger than its index.
 */
export interface Unknown {
  readonly ref: string
  /** Absent where only a tag is known. */
  readonly digest?: Node['digest']
  readonly cause: string
  /** In milliseconds since 1970; infinite where that is unknown, undefined where it is known to need nothing. */
  readonly pushed: number | undefined
}

/** GitHub's dates are those of rows, which may be written a little after each other. */
const SLACK = 10 * 60_000

/**
 * Everything in a package that is unknown.
 * @param concerns false for what is going itself: it will need nothing
 */
export function unknownsIn(graph: Graph, concerns: (place: number) => boolean = () => true): Unknown[] {
  const unread = graph.nodes.flatMap((node, place) => {
    if (node.content.state !== 'unread' || !concerns(place)) return []
    const pushed = isLeaf(graph, place) ? undefined : pushedAt(graph, place)
    return [{ ref: refOf(node), digest: node.digest, cause: node.content.cause, pushed }]
  })
  return [...unread, ...graph.unresolved.map(one => ({ ...one, pushed: Number.POSITIVE_INFINITY }))]
}

/** The unknowns as a plan tells of them. */
export function unreadIn(unknowns: readonly Unknown[]): Plan['unread'] {
  return unknowns.map(({ pushed: _, ...one }) => one)
}

/** Why a version must stay, because something unknown could need it; undefined when nothing could. */
export function heldByUnknown(
  unknowns: readonly Unknown[],
  graph: Graph,
  place: number
): KeepReason | undefined {
  const { version, digest, userTags, content } = graph.nodes[place] as Node
  if (isLeftover(content)) return undefined
  const isLoose = userTags.length === 0 && isRoot(graph, place)
  const holder = unknowns.find(unknown => {
    if (unknown.pushed === undefined || unknown.digest === digest) return false
    return isLoose || version?.created === undefined || version.created <= unknown.pushed + SLACK
  })
  return holder && { code: 'depends-on-unread', on: holder.ref, cause: holder.cause }
}

/** An index that was read may say that it is no index, whatever else it is: then it needs nothing. */
function isLeaf({ nodes, predecessors }: Graph, place: number): boolean {
  const { digest } = nodes[place] as Node
  return (predecessors[place] ?? []).some(above => {
    const content = nodes[above]?.content
    if (content?.state !== 'read') return false
    return content.manifest.children.some(child => child.digest === digest && leadsNowhere(child))
  })
}

/** When it was pushed; where GitHub does not list it, at the latest when the first index that names it was. */
function pushedAt({ nodes, children, predecessors }: Graph, place: number): number {
  const own = nodes[place]?.version
  if (own !== undefined) return own.created ?? Number.POSITIVE_INFINITY
  const above = (predecessors[place] ?? []).filter(one => children[one]?.includes(place))
  return Math.min(...above.map(one => nodes[one]?.version?.created ?? Number.POSITIVE_INFINITY))
}
