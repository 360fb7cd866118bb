import { ExpectedError } from '../errors.ts'
import { type Decision, emptyPlan, type KeepReason, type Plan } from '../model/decision.ts'
import { digestsNamedIn, isUserTag, parseDigest } from '../model/digest.ts'
import type { Inventory, PackageVersion } from '../model/package.ts'
import { buildGraph, type Graph, type Node, refOf } from './graph.ts'
import { orderDeletions } from './order.ts'
import { brokenIn, deleteSteps } from './plan.ts'
import { type Closure, closure, isTagged } from './protect.ts'
import { heldByUnknown, type Unknown, unknownsIn, unreadIn } from './unknown.ts'

/** Who is named, and as what. */
type Named = ReadonlyMap<number, string>

/**
 * Decides what an emergency takes away: what is named, with its children and referrers, whatever rules and grace
 * say; never anything that a remaining image needs. A part of it that something unread may need stays, and is named.
 *
 * @param names tags, full digests and version ids
 * @throws ExpectedError when a name means nothing or too much, when something that stays needs what is named, or
 *   when no tagged version would be left
 */
export function decidePurge(inventory: Inventory, names: readonly string[]): Plan {
  const graph = buildGraph(inventory)
  const named = namedIn(graph, names)
  refuseOtherTags(graph, named, names)
  const mine = closure(graph, [...named.keys()], place => isPart(graph, place))
  const stays = graph.nodes.flatMap((_, place) => (mine.has(place) ? [] : [place]))
  const { kept, unclear } = clearOf(graph, stays, mine, named)
  // What stays for another's sake needs its own parts as well.
  const remaining = graph.nodes.flatMap((_, place) => (kept.has(place) ? [place] : []))
  refuseNeeded(graph, named, remaining)
  const goes = graph.nodes.flatMap((_, place) => (mine.has(place) && !kept.has(place) ? [place] : []))
  refuseLastTagged(graph, goes)
  const going = new Set(goes)
  return {
    ...emptyPlan(inventory.package),
    decisions: inventory.versions.map((version, place) =>
      going.has(place)
        ? goesBecause(version, place, graph, named, mine)
        : staysBecause(version, place, graph, kept, unclear)
    ),
    steps: orderDeletions(graph, goes).flatMap(group => deleteSteps(graph, group)),
    broken: brokenIn(graph),
    unread: unclear.size === 0 ? [] : unreadIn(unknownsIn(graph, place => !going.has(place)))
  }
}

/**
 * What stays with all it needs, and the parts among it that would go, were it not for what cannot be read. What goes
 * itself will need nothing, so a part that stays and cannot be read may hold others in turn.
 */
function clearOf(
  graph: Graph,
  stays: readonly number[],
  mine: Closure,
  named: Named
): { kept: Closure; unclear: ReadonlyMap<number, KeepReason> } {
  const unclear = new Map<number, KeepReason>()
  for (;;) {
    const kept = closure(graph, [...stays, ...unclear.keys()], place => !named.has(place))
    const isGoing = (place: number): boolean => mine.has(place) && !kept.has(place)
    const unknowns: readonly Unknown[] = unknownsIn(graph, place => !isGoing(place))
    const before = unclear.size
    graph.nodes.forEach(({ version }, place) => {
      if (version === undefined || named.has(place) || !isGoing(place)) return
      const reason = heldByUnknown(unknowns, graph, place)
      if (reason !== undefined) unclear.set(place, reason)
    })
    if (unclear.size === before) return { kept, unclear }
  }
}

/** Everything goes, the package with it. */
export function purgeEverything(inventory: Pick<Inventory, 'package' | 'versions'>): Plan {
  const { versions } = inventory
  return {
    ...emptyPlan(inventory.package),
    decisions: versions.map(version => ({
      verdict: 'delete',
      version,
      reasons: [{ code: 'purged', by: 'package' }]
    })),
    steps: versions.map(version => ({ action: 'delete', version, after: [], root: version.digest }))
  }
}

/** What belongs to an image and is none by itself. */
function isPart({ nodes }: Graph, place: number): boolean {
  const node = nodes[place]
  // A tag that names what it describes is no reason to leave a signature behind.
  return node?.version !== undefined && node.userTags.every(tag => digestsNamedIn(tag).length > 0)
}

function namedIn(graph: Graph, names: readonly string[]): Named {
  const named = new Map<number, string>()
  const problems: string[] = []
  for (const name of names) {
    const places = graph.nodes.flatMap(({ version }, place) =>
      version !== undefined && isCalled(version, name) ? [place] : []
    )
    const [place] = places
    if (place === undefined) problems.push(`"${name}" is no tag, digest or version id that the package has.`)
    else if (places.length > 1 && parseDigest(name) === undefined)
      problems.push(`"${name}" is a tag and a version id as well: give the digest.`)
    else for (const one of places) if (!named.has(one)) named.set(one, name)
  }
  refuse(problems)
  return named
}

function isCalled(version: PackageVersion, name: string): boolean {
  if (parseDigest(name) !== undefined) return version.digest === name
  return version.tags.includes(name) || String(version.id) === name
}

/** Deleting a version takes all its tags: the others must be meant, too. */
function refuseOtherTags({ nodes }: Graph, named: Named, names: readonly string[]): void {
  const problems: string[] = []
  for (const [place, name] of named) {
    const { userTags = [] } = nodes[place] ?? {}
    if (!userTags.includes(name)) continue
    const others = userTags.filter(tag => isUserTag(tag) && !names.includes(tag))
    if (others.length > 0) {
      problems.push(
        `"${name}" has the tags ${others.join(', ')} too, and they would go with it: name them as well, or name the ` +
          'digest.'
      )
    }
  }
  refuse(problems)
}

/** What stays would be broken without it. */
function refuseNeeded(graph: Graph, named: Named, stays: readonly number[]): void {
  const childrenOnly = { ...graph, referrers: graph.referrers.map(() => []) }
  const needed = closure(childrenOnly, stays, () => true)
  const problems: string[] = []
  for (const [place, name] of named) {
    const via = needed.reachedFrom(place)
    if (via === undefined) continue
    problems.push(
      `"${name}" is needed by ${refOf(graph.nodes[via.from] as Node)}, which stays: name that, too.`
    )
  }
  refuse(problems)
}

function refuseLastTagged({ nodes }: Graph, goes: readonly number[]): void {
  const going = new Set(goes)
  const isLost = goes.some(place => isTagged(nodes[place]?.version))
  if (!isLost || nodes.some(({ version }, place) => isTagged(version) && !going.has(place))) return
  refuse([
    'No tagged version would be left, and GitHub deletes the last one only together with the package: write ' +
      '`purge: package` to delete the package with everything in it, or push another tag first.'
  ])
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new ExpectedError(`Nothing is purged. ${problems.join(' ')}`)
}

function goesBecause(
  version: PackageVersion,
  place: number,
  graph: Graph,
  named: Named,
  mine: Closure
): Decision {
  const by = named.get(place)
  if (by !== undefined) return { verdict: 'delete', version, reasons: [{ code: 'purged', by }] }
  const via = mine.reachedFrom(place)
  if (via === undefined) throw new Error(`nothing purges ${version.digest}`)
  const of = refOf(graph.nodes[via.from] as Node)
  return { verdict: 'delete', version, reasons: [{ code: 'owned', role: via.role, of }] }
}

function staysBecause(
  version: PackageVersion,
  place: number,
  graph: Graph,
  kept: Closure,
  unclear: ReadonlyMap<number, KeepReason>
): Decision {
  const via = kept.reachedFrom(place)
  const reason =
    unclear.get(place) ??
    (via === undefined
      ? ({ code: 'not-named' } as const)
      : ({ code: via.role, of: refOf(graph.nodes[via.from] as Node) } as const))
  return { verdict: 'keep', version, reasons: [reason], untag: [] }
}
