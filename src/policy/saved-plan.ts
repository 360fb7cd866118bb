import {
  type BrokenState,
  type Decision,
  emptyPlan,
  type KeepReason,
  type Plan,
  type Role,
  type Step
} from '../model/decision.ts'
import type { Inventory, PackageVersion } from '../model/package.ts'
import { changeOf } from './change.ts'
import { closure } from './closure.ts'
import { buildGraph, type Graph, nodeAt, versionAt, withParts } from './graph.ts'
import { brakesOn, countedAmong, imagesIn } from './limits.ts'
import { refOf } from './node.ts'
import { orderDeletions } from './order.ts'
import { brokenIn, deleteSteps } from './plan.ts'
import { heldByUnknown, oddity, type Unknown, unknownsIn, unreadIn } from './protect.ts'
import type { Policy } from './rule.ts'

/** A version as a plan knew it. */
export interface Planned {
  readonly version: PackageVersion
  /** The reason that the plan gave. */
  readonly why: string
  /** What it is to the one that it goes with. */
  readonly role?: Role | undefined
  /** What was wrong with it, where nothing else is known to be a reason for what was approved: a `BrokenState`. */
  readonly brokenAs?: string | undefined
}

/** What somebody approved for one package. */
export interface Approved {
  /** Every version that the plan knew, by id. */
  readonly versions: ReadonlyMap<number, Planned>
  /** Ids of what may be deleted: nothing else may. */
  readonly deletions: ReadonlySet<number>
  /** Tags that may be stripped, by version id. */
  readonly strips: ReadonlyMap<number, readonly string[]>
}

export interface Application {
  readonly plan: Plan
  /** What was approved and is left alone all the same, by version id: a phrase that says why. */
  readonly skipped: ReadonlyMap<number, string>
}

/** Whether anything was approved that takes more than a list of versions to look whether it still holds. */
export function restsOnContents({ versions, deletions, strips }: Approved): boolean {
  return deletions.size > 0 || [...strips.keys()].some(id => versions.get(id)?.brokenAs !== undefined)
}

/**
 * Makes an approved plan a plan for the package as it is now. A version whose tags or dates changed stays, and one that
 * was to go because it was broken and is not so any more. So does all that is needed by something that stays, or that
 * something unread may need. Nothing goes where what is left of the plan crosses a brake.
 *
 * @param keptNow what must stay by today's rules, by version id: a phrase that says why
 * @param policy that of this run, of which the brakes hold
 */
export function applyApproved(
  inventory: Inventory,
  approved: Approved,
  keptNow: ReadonlyMap<number, string>,
  policy: Policy
): Application {
  const graph = buildGraph(inventory)
  const skipped = new Map<number, string>()
  const unchanged: number[] = []
  const unknowns = unknownsIn(graph)
  const staying: KeepReason[] = []
  graph.nodes.forEach(({ version }, place) => {
    if (version === undefined) return
    const change =
      changeSince(version, approved) ??
      oddity(graph, place) ??
      version.disputed ??
      describedSince(graph, place, approved) ??
      keptNow.get(version.id) ??
      unclear(graph, place, unknowns, staying) ??
      mendedSince(graph, place, approved)
    const concerned = approved.deletions.has(version.id) || approved.strips.has(version.id)
    if (concerned && change !== undefined) skipped.set(version.id, change)
    else if (approved.deletions.has(version.id)) unchanged.push(place)
  })
  const goes = withoutNeeded(graph, unchanged, skipped)
  const deleted = new Set(goes)
  const images = imagesIn(graph, { kept: { has: place => !deleted.has(place) }, deleted })
  const brakes = brakesOn(graph, policy, goes.length, images)
  const steps = [
    ...stripSteps(inventory, approved),
    ...orderDeletions(graph, goes).flatMap(group => deleteSteps(graph, group)),
    ...skippedSteps(inventory, approved, skipped)
  ]
  return {
    plan: {
      ...emptyPlan(inventory.package),
      decisions: inventory.versions.map(version => decisionOn(version, approved, skipped)),
      steps: brakes.length === 0 ? steps : steps.filter(({ version }) => skipped.has(version.id)),
      brakes,
      counted: countedAmong(images, graph, policy.minRemaining),
      broken: brokenIn(graph),
      unread: unreadIn(unknowns, staying)
    },
    skipped
  }
}

/** Somebody signed or attested what was to go, or a part of it: that is a sign of use. */
function describedSince(graph: Graph, place: number, { versions }: Approved): string | undefined {
  const isNew = (referrer: number): boolean => {
    const id = graph.nodes[referrer]?.version?.id
    return id !== undefined && !versions.has(id)
  }
  const referrer = [...withParts(graph, [place])].flatMap(part => graph.referrers[part] ?? []).find(isNew)
  if (referrer === undefined) return undefined
  return `${refOf(nodeAt(graph, referrer))}, which came after the plan, describes it or a part of it`
}

/** Why it is unclear whether a version may go, which is put to the reasons as well. */
function unclear(
  graph: Graph,
  place: number,
  unknowns: readonly Unknown[],
  reasons: KeepReason[]
): string | undefined {
  const { content } = nodeAt(graph, place)
  if (content.state === 'unread') return `its manifest could not be read (${content.cause})`
  const reason = heldByUnknown(unknowns, graph, place)
  if (reason !== undefined) reasons.push(reason)
  return reason?.code === 'depends-on-unread' ? `${reason.on} could not be read and may need it` : undefined
}

function changeSince(now: PackageVersion, { versions }: Approved): string | undefined {
  const before = versions.get(now.id)?.version
  if (before === undefined) return 'it came after the plan'
  return changeOf(before, now, 'since the plan was made')
}

/** What is wrong with an image in another way than before. */
const TODAY: Readonly<Record<BrokenState, string>> = {
  ghost: 'lacks everything that it names now',
  partial: 'lacks only some of what it names now',
  orphaned: 'is orphaned now'
}

/**
 * Approval for one kind of damage does not cover another: what lacked everything and has a part now, for example, may
 * be on its way to being whole. Which parts it lacks is not compared.
 */
function mendedSince(graph: Graph, place: number, { versions }: Approved): string | undefined {
  const before = versions.get(versionAt(graph, place).id)?.brokenAs
  const now = graph.states[place]
  if (before === undefined || before === now) return undefined
  const stored = before === 'orphaned' ? graph.stored(place) : undefined
  const today = now === undefined ? wholeAs(graph, place) : TODAY[now]
  return stored ?? `it was broken (${before}) when the plan was made, and ${today}`
}

function wholeAs(graph: Graph, place: number): string {
  const unread = [...withParts(graph, [place])].find(part => nodeAt(graph, part).content.state === 'unread')
  if (unread !== undefined)
    return `what it lacks now is unknown: ${refOf(nodeAt(graph, unread))} could not be read`
  const [owner] = graph.predecessors[place] ?? []
  return owner === undefined ? 'is whole now' : `belongs to ${refOf(nodeAt(graph, owner))} now`
}

/** What may go without anything that stays missing it; the rest goes to `skipped`. */
function withoutNeeded(graph: Graph, places: readonly number[], skipped: Map<number, string>): number[] {
  const mayGo = new Set(places)
  const stays = graph.nodes.flatMap((_, place) => (mayGo.has(place) ? [] : [place]))
  const kept = closure(graph, stays, () => true)
  return places.filter(place => {
    const origin = kept.has(place) ? kept.reachedFrom(place) : undefined
    if (origin === undefined) return true
    const { role, of } = origin
    const { id } = versionAt(graph, place)
    skipped.set(id, role === 'child' ? `${of}, which stays, needs it` : `it describes ${of}, which stays`)
    return false
  })
}

function decisionOn(
  version: PackageVersion,
  { versions, deletions, strips }: Approved,
  skipped: ReadonlyMap<number, string>
): Decision {
  const known = versions.get(version.id)
  if (known === undefined) {
    return { verdict: 'keep', version, reasons: [{ code: 'unplanned' }], untag: [] }
  }
  const { why, role, brokenAs } = known
  if (deletions.has(version.id)) {
    return { verdict: 'delete', version, reasons: [{ code: 'approved-deletion', why, role, brokenAs }] }
  }
  const untag = skipped.has(version.id) ? [] : (strips.get(version.id) ?? [])
  return { verdict: 'keep', version, reasons: [{ code: 'approved', why }], untag }
}

/** Those of versions that are skipped are among the steps too, so that they are listed. */
function stripSteps({ versions }: Inventory, { strips }: Approved): Step[] {
  return versions.flatMap(version =>
    (strips.get(version.id) ?? []).map((tag): Step => ({ action: 'untag', version, tag }))
  )
}

function skippedSteps(
  { versions }: Inventory,
  { deletions }: Approved,
  skipped: ReadonlyMap<number, string>
): Step[] {
  return versions
    .filter(({ id }) => deletions.has(id) && skipped.has(id))
    .map(version => ({ action: 'delete', version, after: [], root: version.digest }))
}
