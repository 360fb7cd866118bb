import { ExpectedError } from '../errors.ts'
import {
  type Decision,
  type DeleteReason,
  emptyPlan,
  type KeepReason,
  type Plan,
  WHOLE_PACKAGE
} from '../model/decision.ts'
import { digestsNamedIn } from '../model/digest.ts'
import type { Inventory } from '../model/package.ts'
import { type Closure, closure } from './closure.ts'
import { buildGraph, type Graph } from './graph.ts'
import { refOf } from './node.ts'
import { orderDeletions } from './order.ts'
import { brokenIn, deleteSteps } from './plan.ts'
import { heldByUnknown, isTagged, unknownsIn, unreadIn } from './protect.ts'
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
  const needed = new Map<number, string>()
  let reach = reachOf(graph, named)
  // What is refused stays, and may need what else is named.
  for (let more = neededIn(graph, reach); more.size > 0; more = neededIn(graph, reach)) {
    for (const [place, sentence] of more) needed.set(place, sentence)
    reach = reachOf(graph, new Map([...named].filter(([place]) => !needed.has(place))))
  }
  const plan = planFor(inventory, graph, reach)
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

/** How far names reach, and what of that stays all the same. */
interface Reach {
  readonly named: Named
  /** What is named, with its parts. */
  readonly mine: Closure
  /** What stays, with all it needs; some of it is in `mine`. */
  readonly kept: Closure
  /** Parts among it that only stay because something cannot be read. */
  readonly unclear: ReadonlyMap<number, KeepReason>
}

/**
 * Finds what goes with what is named, and what stays. What is deleted needs nothing any more, so a part that stays and
 * cannot be read may hold others in turn.
 */
function reachOf(graph: Graph, named: Named): Reach {
  const mine = closure(graph, [...named.keys()], place => isPart(graph, place))
  const stays = [...graph.nodes.keys()].filter(place => !mine.has(place))
  const unclear = mentioned(graph, named, mine)
  for (;;) {
    const kept = closure(graph, [...stays, ...unclear.keys()], place => !named.has(place))
    const reach = { named, mine, kept, unclear }
    const unknowns = unknownsIn(graph, place => !goes(place, reach))
    const before = unclear.size
    graph.nodes.forEach(({ version }, place) => {
      if (version === undefined || named.has(place) || !goes(place, reach)) return
      const reason = heldByUnknown(unknowns, graph, place)
      if (reason !== undefined) unclear.set(place, reason)
    })
    if (unclear.size === before) return reach
  }
}

function goes(place: number, { mine, kept }: Reach): boolean {
  return mine.has(place) && !kept.has(place)
}

function planFor(inventory: Inventory, graph: Graph, reach: Reach): Plan {
  const isGoing = (place: number): boolean => goes(place, reach)
  refuseLastTagged(graph, isGoing)
  const going = [...graph.nodes.keys()].filter(isGoing)
  return {
    ...emptyPlan(inventory.package),
    decisions: inventory.versions.map(
      (version, place): Decision =>
        isGoing(place)
          ? { verdict: 'delete', version, reasons: [whyItGoes(place, reach)] }
          : { verdict: 'keep', version, reasons: [whyItStays(place, reach)], untag: [] }
    ),
    steps: orderDeletions(graph, going).flatMap(group => deleteSteps(graph, group)),
    broken: brokenIn(graph),
    unread: unreadIn(
      unknownsIn(graph, place => !isGoing(place)),
      [...reach.unclear.values()]
    )
  }
}

function whyItGoes(place: number, { named, mine }: Reach): DeleteReason {
  const by = named.get(place)
  if (by !== undefined) return { code: 'purged', by }
  const origin = mine.reachedFrom(place)
  if (origin === undefined) throw new Error(`nothing purges the version at ${place}`)
  return { code: 'owned', ...origin }
}

function whyItStays(place: number, { kept, unclear }: Reach): KeepReason {
  const origin = kept.reachedFrom(place)
  return unclear.get(place) ?? (origin ? { code: origin.role, of: origin.of } : { code: 'not-named' })
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
function neededIn(graph: Graph, { named, kept }: Reach): ReadonlyMap<number, string> {
  const childrenOnly = { ...graph, referrers: graph.referrers.map(() => []) }
  const reached = closure(childrenOnly, [...graph.nodes.keys()].filter(kept.has), () => true)
  const needed = new Map<number, string>()
  for (const [place, name] of named) {
    const origin = reached.reachedFrom(place)
    if (origin === undefined) continue
    needed.set(place, `"${name}" is needed by ${origin.of}, which stays: name that as well.`)
  }
  return needed
}

function refuseLastTagged({ nodes }: Graph, isGoing: (place: number) => boolean): void {
  const tagged = [...nodes.keys()].filter(place => isTagged(nodes[place]?.version))
  if (tagged.length === 0 || !tagged.every(isGoing)) return
  throw new ExpectedError(
    'Nothing is purged. No tagged version would be left, and GitHub deletes the last one only together with the package: write ' +
      '`purge: package` to delete the package with everything in it, or push another tag first.'
  )
}
