import type { KeepReason, Plan } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import { leadsNowhere } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import { addTo } from '../util/grouped.ts'
import type { EvaluationInput, Reasons } from './facts.ts'
import { type Graph, indexesAbove, isRoot, nodeAt } from './graph.ts'
import { isLeftover, type Node, refOf } from './node.ts'
import { ageOf } from './time.ts'

type Unprotected = Omit<EvaluationInput, 'protection'>

/**
 * Layer 0: what stays whatever any rule says, because it is in use, too young, or of unknown age. What it needs
 * is not in here; `closure` finds that.
 */
export function protectedVersions(input: Unprotected): Reasons<KeepReason> {
  const held = new Map<number, KeepReason[]>()
  for (const [place, by] of inUse(input)) addTo(held, place, { code: 'in-use', by })
  const { graph, policy, now } = input
  graph.nodes.forEach((node, place) => {
    const { version } = node
    if (version === undefined) return
    const why = oddity(graph, place) ?? version.disputed
    if (why !== undefined) addTo(held, place, { code: 'odd', why })
    if (isLeftover(node)) return
    const age = ageOf(version, 'newest', now)
    if (age === undefined) addTo(held, place, { code: 'undated' })
    else if (age < policy.grace) addTo(held, place, { code: 'young', age, grace: policy.grace })
  })
  return held
}

/** What is odd about a version in GitHub's list, so that it cannot be decided on: a phrase. */
export function oddity(graph: Graph, place: number): string | undefined {
  const { version, digest } = nodeAt(graph, place)
  if (version?.tagsUnknown) return 'GitHub does not say which tags it has'
  return graph.twins.has(digest) ? 'GitHub lists its digest twice' : undefined
}

/** Whoever pulls by the digest of a platform may have it from any index that names it: all of those stay. */
function inUse({ graph, usage }: Unprotected): Map<number, string> {
  const users = new Map<number, string>()
  if (usage.inUse.length === 0) return users
  const byTag = holdersOfTags(graph)
  const byDigest = holdersOfDigests(graph, new Set(usage.inUse.flatMap(({ digest }) => digest ?? [])))
  for (const { by, tag, digest, anyDigest } of usage.inUse) {
    const tagged = byTag.get(tag ?? '') ?? []
    const named = digest === undefined ? [] : (byDigest.get(digest) ?? [])
    for (const place of [...tagged, ...named, ...(anyDigest ? graph.nodes.keys() : [])]) {
      if (!users.has(place)) users.set(place, by)
    }
  }
  return users
}

function holdersOfTags({ nodes }: Graph): Map<string, number[]> {
  const holders = new Map<string, number[]>()
  nodes.forEach((node, place) => {
    if (node.version === undefined || isLeftover(node)) return
    for (const tag of node.version.tags) addTo(holders, tag, place)
  })
  return holders
}

/** For each digest the manifest itself and every index above it; those above a platform that is gone, too. */
function holdersOfDigests(graph: Graph, digests: ReadonlySet<Digest>): Map<Digest, Set<number>> {
  const holders = new Map([...digests].map(digest => [digest, new Set<number>()]))
  graph.nodes.forEach(({ digest, content }, place) => {
    holders.get(digest)?.add(place)
    if (content.state !== 'read') return
    for (const child of content.manifest.children) holders.get(child.digest)?.add(place)
  })
  for (const places of holders.values()) {
    // A set that grows while it is walked: indexes of indexes come in at its end.
    for (const place of places) for (const above of indexesAbove(graph, place)) places.add(above)
  }
  return holders
}

/** True for what carries a tag of any kind: GitHub refuses to delete the last of these. */
export function isTagged(version: PackageVersion | undefined): boolean {
  return version !== undefined && version.tags.length > 0
}

/**
 * What nobody could read, and what that could need. An unknown manifest may be an index, and its parts are versions
 * like others, so these stay:
 * - what was pushed before it, tagged or not, a part of something else or not: a registry takes an index only when
 *   all that it names is there;
 * - every untagged version that nothing points to, whenever it was pushed: parts look like that, and one that was lost
 *   and pushed once more is younger than its index.
 */
export type Unknown = Plan['unread'][number] & {
  /** In milliseconds since 1970; infinite where that is unknown, undefined where it is known to need nothing. */
  readonly pushed: number | undefined
}

/** GitHub's dates are those of rows, which may be written a little after each other. */
const SLACK = 10 * 60_000
/** Only what nothing points to may be a part of it, whenever that was pushed. */
const ONLY_COUNTED = Number.NEGATIVE_INFINITY

/**
 * Everything in a package that is unknown.
 * @param concerns false for what is going itself: it will need nothing
 */
export function unknownsIn(graph: Graph, concerns: (place: number) => boolean = () => true): Unknown[] {
  const isAnyUnread = graph.nodes.some(({ content }) => content.state === 'unread')
  const leaves = isAnyUnread ? leavesIn(graph) : new Set()
  const unread = graph.nodes.flatMap((node, place) => {
    if (node.content.state !== 'unread' || !concerns(place)) return []
    const pushed = leaves.has(node.digest) ? undefined : pushedAt(graph, place)
    const namedBy = node.version === undefined ? graph.nodes[graph.predecessors[place]?.[0] ?? -1] : undefined
    return [
      {
        ref: refOf(node),
        digest: node.digest,
        ...(namedBy === undefined ? {} : { namedBy: namedBy.digest }),
        cause: node.content.cause,
        pushed
      }
    ]
  })
  const unresolved = graph.unresolved.map(({ onlyCounted, ...one }) => ({
    ...one,
    pushed: onlyCounted ? ONLY_COUNTED : Number.POSITIVE_INFINITY
  }))
  return [...unread, ...unresolved]
}

/**
 * The unknowns as a plan tells of them; one that only a count tells of, where something stays because of it.
 * @param staying why versions stay
 */
export function unreadIn(unknowns: readonly Unknown[], staying: readonly KeepReason[]): Plan['unread'] {
  const holds = new Set(staying.flatMap(reason => (reason.code === 'depends-on-unread' ? [reason.on] : [])))
  return unknowns.flatMap(({ pushed, ...one }) =>
    pushed === ONLY_COUNTED && !holds.has(one.ref) ? [] : [one]
  )
}

/** Why a version must stay, because something unknown could need it; undefined when nothing could. */
export function heldByUnknown(
  unknowns: readonly Unknown[],
  graph: Graph,
  place: number
): KeepReason | undefined {
  const node = nodeAt(graph, place)
  if (isLeftover(node)) return undefined
  const { version, userTags } = node
  const isLoose = userTags.length === 0 && isRoot(graph, place)
  const holder = unknowns.find(
    ({ pushed }) =>
      pushed !== undefined && (isLoose || version?.created === undefined || version.created <= pushed + SLACK)
  )
  return holder && { code: 'depends-on-unread', on: holder.ref, cause: holder.cause }
}

/** What an index that was read calls no index, whatever else it is: it needs nothing. */
function leavesIn({ nodes }: Graph): ReadonlySet<Node['digest']> {
  const leaves = new Set<Node['digest']>()
  for (const { content } of nodes) {
    if (content.state !== 'read') continue
    for (const child of content.manifest.children) if (leadsNowhere(child)) leaves.add(child.digest)
  }
  return leaves
}

/** When it was pushed; where GitHub does not list it, at the latest when the first index that names it was. */
function pushedAt(graph: Graph, place: number): number {
  const { version } = nodeAt(graph, place)
  if (version !== undefined) return version.created ?? Number.POSITIVE_INFINITY
  const dates = indexesAbove(graph, place).flatMap(one => nodeAt(graph, one).version?.created ?? [])
  return dates.reduce((first, date) => Math.min(first, date), Number.POSITIVE_INFINITY)
}
