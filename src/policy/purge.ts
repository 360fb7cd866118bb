import { ExpectedError } from '../errors.ts'
import { type Decision, emptyPlan, type KeepReason, type Plan, WHOLE_PACKAGE } from '../model/decision.ts'
import { digestsNamedIn } from '../model/digest.ts'
import type { Inventory, PackageVersion } from '../model/package.ts'
import { type Closure, closure } from './closure.ts'
import { buildGraph, type Graph } from './graph.ts'
import { type Node, refOf } from './node.ts'
import { orderDeletions } from './order.ts'
import { brokenIn, deleteSteps } from './plan.ts'
import { heldByUnknown, isTagged, type Unknown, unknownsIn, unreadIn } from './protect.ts'
import { type Named, namedIn } from './purge-names.ts'

/** What a purge does. */
export interface Purge {
  readonly plan: Plan
  /** Why something that is named stays: sentences. */
  readonly refused: readonly string[]
  /** Names that the package has not, and need not have. */
  readonly absent: readonly string[]
  /** What could not be read and holds nothing back. */
  readonly unread: Plan['unread']
}

/**
 * Decides what an emergency takes away: what is named, with its other tags, its children and its referrers, whatever
 * rules and grace say; never anything that a remaining image needs. A part of it that something unread may need stays,
 * and is named. What cannot go does not hold back the rest.
 *
 * @param names tags, digests (short ones too), version ids and image references; a `?` behind one says that it may be
 *   absent
 * @throws ExpectedError when no tagged version would be left
 */
export function decidePurge(inventory: Inventory, names: readonly string[]): Purge {
  const graph = buildGraph(inventory)
  const { named, unknown, absent } = namedIn(graph, names)
  const needed = neededOf(graph, named)
  const plan = planFor(inventory, graph, new Map([...named].filter(([place]) => !needed.has(place))))
  const holds = plan.decisions.some(({ reasons: [{ code }] }) => code === 'depends-on-unread')
  return {
    plan: holds ? plan : { ...plan, unread: [] },
    refused: [...unknown, ...needed.values(), ...mentionsLeft(plan)],
    absent,
    unread: holds ? [] : plan.unread
  }
}

/** A sentence for each manifest of unknown kind that mentions what stays. */
function mentionsLeft({ decisions }: Plan): string[] {
  const left = decisions.flatMap(({ version, reasons: [reason] }) =>
    reason.code === 'mentioned' ? [{ by: reason.by, digest: version.digest }] : []
  )
  return [...Map.groupBy(left, ({ by }) => by)].map(
    ([by, [first, ...others]]) =>
      `${by} is of an unknown kind and mentions ${first?.digest}${others.length === 0 ? '' : ` and ${others.length} more`}, ` +
      'which stays because nothing tells whether it is a part: name what must go as well.'
  )
}

function planFor(inventory: Inventory, graph: Graph, named: Named): Plan {
  const mine = closure(graph, [...named.keys()], place => isPart(graph, place))
  const stays = graph.nodes.flatMap((_, place) => (mine.has(place) ? [] : [place]))
  const { kept, unclear } = clearOf(graph, stays, mine, named)
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
    unread: unreadIn(
      unknownsIn(graph, place => !going.has(place)),
      [...unclear.values()]
    )
  }
}

/**
 * What stays with all it needs, and the parts among it that only stay because something cannot be read. What is deleted
 * needs nothing any more, so a part that stays and cannot be read may hold others in turn.
 */
function clearOf(
  graph: Graph,
  stays: readonly number[],
  mine: Closure,
  named: Named
): { kept: Closure; unclear: ReadonlyMap<number, KeepReason> } {
  const unclear = mentioned(graph, named, mine)
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

/** What a named manifest of unknown kind mentions, and nothing else that is named has: it may be no part of that. */
function mentioned(graph: Graph, named: Named, mine: Closure): Map<number, KeepReason> {
  const { nodes, children, owned } = graph
  const own = closure({ ...graph, children: owned }, [...named.keys()], place => isPart(graph, place))
  const unclear = new Map<number, KeepReason>()
  nodes.forEach((node, from) => {
    if (!mine.has(from) || owned[from] === children[from]) return
    for (const place of children[from] ?? []) {
      if (mine.has(place) && !own.has(place)) unclear.set(place, { code: 'mentioned', by: refOf(node) })
    }
  })
  return unclear
}

/** Everything goes, the package with it. */
export function purgeEverything(inventory: Pick<Inventory, 'package' | 'versions'>): Plan {
  const { versions } = inventory
  return {
    ...emptyPlan(inventory.package),
    decisions: versions.map(version => ({
      verdict: 'delete',
      version,
      reasons: [{ code: 'purged', by: WHOLE_PACKAGE }]
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

/** The places of named versions that something else needs, which stays; each with a sentence. */
function neededOf(graph: Graph, named: Named): ReadonlyMap<number, string> {
  const childrenOnly = { ...graph, referrers: graph.referrers.map(() => []) }
  const needed = new Map<number, string>()
  // What is refused stays, and may need what else is named.
  for (;;) {
    const before = needed.size
    const going = new Map([...named].filter(([place]) => !needed.has(place)))
    const mine = closure(graph, [...going.keys()], place => isPart(graph, place))
    const stays = graph.nodes.flatMap((_, place) => (mine.has(place) ? [] : [place]))
    const { kept } = clearOf(graph, stays, mine, going)
    const remaining = graph.nodes.flatMap((_, place) => (kept.has(place) ? [place] : []))
    const reached = closure(childrenOnly, remaining, () => true)
    for (const [place, name] of going) {
      const origin = reached.reachedFrom(place)
      if (origin === undefined) continue
      const holder = refOf(graph.nodes[origin.from] as Node)
      needed.set(place, `"${name}" is needed by ${holder}, which stays: name that as well.`)
    }
    if (needed.size === before) return needed
  }
}

function refuseLastTagged({ nodes }: Graph, goes: readonly number[]): void {
  const going = new Set(goes)
  const isLost = goes.some(place => isTagged(nodes[place]?.version))
  if (!isLost || nodes.some(({ version }, place) => isTagged(version) && !going.has(place))) return
  throw new ExpectedError(
    'Nothing is purged. No tagged version would be left, and GitHub deletes the last one only together with the package: write ' +
      '`purge: package` to delete the package with everything in it, or push another tag first.'
  )
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
  const origin = mine.reachedFrom(place)
  if (origin === undefined) throw new Error(`nothing purges ${version.digest}`)
  const of = refOf(graph.nodes[origin.from] as Node)
  return { verdict: 'delete', version, reasons: [{ code: 'owned', role: origin.role, of }] }
}

function staysBecause(
  version: PackageVersion,
  place: number,
  graph: Graph,
  kept: Closure,
  unclear: ReadonlyMap<number, KeepReason>
): Decision {
  const origin = kept.reachedFrom(place)
  const reason =
    unclear.get(place) ??
    (origin === undefined
      ? ({ code: 'not-named' } as const)
      : ({ code: origin.role, of: refOf(graph.nodes[origin.from] as Node) } as const))
  return { verdict: 'keep', version, reasons: [reason], untag: [] }
}
