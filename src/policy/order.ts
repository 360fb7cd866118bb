import type { Decision, Step } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { addTo } from '../util/grouped.ts'
import { byOldest } from './facts.ts'
import { type Graph, versionAt } from './graph.ts'
import { NONE } from './node.ts'

/** One deletion; what it comes after is deleted before it. */
export interface Deletion {
  readonly place: number
  /** Indexes that name it and what it describes, as far as they go too. */
  readonly after: readonly number[]
}

/** A root that goes, and what goes with it, in order. */
export interface Group {
  readonly root: number
  readonly deletions: readonly Deletion[]
}

/**
 * Orders deletions so that they may end after any of them: indexes before their children, subjects before what
 * describes them. The oldest root comes first, each followed by what it owns; what several own goes with the
 * last of them.
 *
 * @param places all that goes
 */
export function orderDeletions(graph: Graph, places: readonly number[]): Group[] {
  const edges = edgesAmong(graph, places)
  const order = parentsFirst(graph, edges)
  const roots = order.filter(place => !edges.before.has(place))
  const groups = roots.map(root => ({ root, deletions: [] as Deletion[] }))
  const groupOf = new Map(roots.map((root, group) => [root, group]))
  for (const place of order) {
    const after = edges.before.get(place) ?? NONE
    const group = after.reduce(
      (last, parent) => Math.max(last, groupOf.get(parent) ?? 0),
      groupOf.get(place) ?? 0
    )
    groupOf.set(place, group)
    groups[group]?.deletions.push({ place, after })
  }
  return groups
}

/** Who goes before whom; a place without an edge is no key. */
interface Edges {
  readonly places: readonly number[]
  readonly before: ReadonlyMap<number, readonly number[]>
  readonly behind: ReadonlyMap<number, readonly number[]>
}

function edgesAmong(graph: Graph, places: readonly number[]): Edges {
  const all = makeEdges(graph, places, () => true)
  const circle = circlesIn(all)
  if (circle.size === 0) return all
  // Tags can make two versions describe each other. What describes needs nothing: these edges may go.
  return makeEdges(graph, places, (subject, referrer) => !(circle.has(subject) && circle.has(referrer)))
}

function makeEdges(
  graph: Graph,
  places: readonly number[],
  respects: (subject: number, referrer: number) => boolean
): Edges {
  const { children, referrers } = graph
  const going = new Set(places)
  const before = new Map<number, number[]>()
  const behind = new Map<number, readonly number[]>()
  for (const place of places) {
    const owned = (children[place] ?? NONE).filter(child => going.has(child))
    const describing = (referrers[place] ?? NONE).filter(
      referrer => going.has(referrer) && respects(place, referrer) && !owned.includes(referrer)
    )
    const ends = [...owned, ...describing.sort(byAge(graph))]
    if (ends.length > 0) behind.set(place, ends)
    for (const end of ends) addTo(before, end, place)
  }
  return { places, before, behind }
}

/** What is left without everything that nothing comes before, and then without what comes before nothing. */
function circlesIn({ places, before, behind }: Edges): Set<number> {
  const left = new Set(places)
  for (const [ahead, back] of [
    [before, behind],
    [behind, before]
  ] as const) {
    const waits = new Map([...left].map(place => [place, countIn(left, ahead.get(place))]))
    const free = [...left].filter(place => waits.get(place) === 0)
    for (const place of free) {
      left.delete(place)
      for (const next of back.get(place) ?? NONE) {
        if (left.has(next) && waitsNoMore(next, waits)) free.push(next)
      }
    }
  }
  return left
}

function countIn(set: ReadonlySet<number>, places: readonly number[] = []): number {
  return places.reduce((count, place) => (set.has(place) ? count + 1 : count), 0)
}

/** Roots by age; then each place as soon as all that goes before it has gone. */
function parentsFirst(graph: Graph, { places, before, behind }: Edges): number[] {
  const waits = new Map([...before].map(([place, parents]) => [place, parents.length]))
  const order = places.filter(place => !before.has(place)).sort(byAge(graph))
  for (const place of order) {
    for (const next of behind.get(place) ?? NONE) if (waitsNoMore(next, waits)) order.push(next)
  }
  // A digest cannot contain itself, so indexes that name each other in a circle cannot be.
  if (order.length !== places.length) throw new Error('indexes name each other in a circle')
  return order
}

/** Of what a place waits for one has gone: true where that was the last. */
function waitsNoMore(place: number, waits: Map<number, number>): boolean {
  const left = (waits.get(place) ?? 0) - 1
  waits.set(place, left)
  return left === 0
}

function byAge(graph: Graph): (a: number, b: number) => number {
  return (a, b) => byOldest(versionAt(graph, a), versionAt(graph, b))
}

export type DeleteStep = Pick<Step & { action: 'delete' }, 'version' | 'after' | 'root'>
export type Restoral = Step & { action: 'restore' }

/** The step that brings back one version, whatever else there is. */
export function restoralOf(version: PackageVersion): Restoral {
  return { action: 'restore', version, after: [], root: version.digest }
}

/**
 * The steps that undo deletions, in the opposite order: children come back before the index that names them,
 * and what describes an image before the image.
 *
 * @param describes true for what an image does not need: its image waits for it, and comes back even if this does not
 */
export function undoing(
  deletions: readonly DeleteStep[],
  describes: (version: PackageVersion) => boolean
): Restoral[] {
  const ahead = new Map<Digest, Digest[]>()
  for (const { version, after } of deletions) {
    // Only what comes later in the steps waits, because otherwise all workers could wait for each other.
    for (const parent of after) ahead.get(parent)?.push(version.digest)
    ahead.set(version.digest, ahead.get(version.digest) ?? [])
  }
  return deletions.toReversed().map(({ version, root }) => ({
    action: 'restore',
    version,
    after: ahead.get(version.digest) ?? [],
    root,
    optional: describes(version)
  }))
}

/** True where a version went because it describes one that went. */
export function isReferrer({ verdict, reasons }: Pick<Decision, 'verdict' | 'reasons'>): boolean {
  return verdict === 'delete' && reasons.some(reason => 'role' in reason && reason.role === 'referrer')
}
