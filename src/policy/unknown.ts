import type { KeepReason, Plan } from '../model/decision.ts'
import { leadsNowhere } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import { type Graph, type Node, refOf } from './graph.ts'

/**
 * What nobody could read, and what that could need. An unknown manifest may be an index of anything; but a registry
 * takes an index only when all that it names is there, so what was pushed after it is no part of it.
 */
export interface Unknown {
  readonly ref: string
  /** Absent where only a tag is known. */
  readonly digest?: Node['digest']
  readonly cause: string
  /** What is newer than this cannot be a part of it, in milliseconds since 1970; infinite where nothing is known. */
  readonly pushed: number
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
    const pushed = isLeaf(graph, place) ? Number.NEGATIVE_INFINITY : pushedAt(graph, place)
    return [{ ref: refOf(node), digest: node.digest, cause: node.content.cause, pushed }]
  })
  return [...unread, ...graph.unresolved.map(one => ({ ...one, pushed: Number.POSITIVE_INFINITY }))]
}

/** The unknowns as a plan tells of them. */
export function unreadIn(unknowns: readonly Unknown[]): Plan['unread'] {
  return unknowns.map(({ pushed: _, ...one }) => one)
}

/** Why a version must stay, because something unknown could need it; undefined when nothing could. */
export function heldByUnknown(unknowns: readonly Unknown[], version: PackageVersion): KeepReason | undefined {
  const holder = unknowns.find(({ pushed, digest }) => {
    return digest !== version.digest && (version.created === undefined || version.created <= pushed + SLACK)
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
