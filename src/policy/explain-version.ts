import type { Decision, DeleteReason, KeepReason, Plan } from '../model/decision.ts'
import type { PackageVersion } from '../model/package.ts'
import type { Facts } from './facts.ts'
import { type Node, refOf } from './graph.ts'
import type { Spread } from './protect.ts'
import type { Fate } from './resolve.ts'
import type { Reasons, Votes } from './votes.ts'

/** All that was found out about every version. */
export interface Findings {
  readonly facts: Facts
  /** Layer 0. */
  readonly held: Reasons<KeepReason>
  readonly votes: Votes
  readonly fate: Fate
  /** Tags to strip, by the place of what stays without them. */
  readonly strips: ReadonlyMap<number, readonly string[]>
  readonly unread: Plan['unread']
}

/** The verdict on one version with its reasons, the most telling first. */
export function explain(place: number, findings: Findings): Decision {
  const { facts, fate, unread, strips } = findings
  const version = facts.graph.nodes[place]?.version as PackageVersion
  const [first] = unread
  if (!fate.deleted.has(place)) {
    const untag = first === undefined ? (strips.get(place) ?? []) : []
    return { verdict: 'keep', version, reasons: keepReasons(place, findings), untag }
  }
  if (first === undefined) return { verdict: 'delete', version, reasons: deleteReasons(place, findings) }
  const own = unreadReason(place, facts)
  const reason: KeepReason = { code: 'depends-on-unread', on: first.ref, cause: first.cause }
  return { verdict: 'keep', version, reasons: own === undefined ? [reason] : [own, reason], untag: [] }
}

function keepReasons(
  place: number,
  { facts, held, votes, fate }: Findings
): readonly [KeepReason, ...KeepReason[]] {
  const layer0 = held.get(place) ?? []
  const own = unreadReason(place, facts)
  const [reason = NO_RULE, ...others] = [
    ...(own === undefined ? [] : [own]),
    ...layer0.filter(({ code }) => code === 'in-use'),
    ...(votes.plain.get(place) ?? []),
    ...(fate.ranked.get(place) ?? []),
    ...(votes.within.get(place) ?? []),
    ...viaReason(place, facts, fate.kept),
    ...layer0.filter(({ code }) => code !== 'in-use'),
    ...(fate.lastTagged === place ? [LAST_TAGGED] : []),
    ...(votes.spared.get(place) ?? [])
  ]
  return [reason, ...others]
}

const NO_RULE: KeepReason = { code: 'no-rule' }
const LAST_TAGGED: KeepReason = { code: 'last-tagged' }

function unreadReason(place: number, { graph }: Facts): KeepReason | undefined {
  const content = graph.nodes[place]?.content
  return content?.state === 'unread' ? { code: 'unread', cause: content.cause } : undefined
}

function viaReason(place: number, { graph }: Facts, kept: Spread): KeepReason[] {
  const via = kept.via(place)
  return via === undefined ? [] : [{ code: via.role, of: refOf(graph.nodes[via.from] as Node) }]
}

function deleteReasons(
  place: number,
  { facts, votes, fate }: Findings
): readonly [DeleteReason, ...DeleteReason[]] {
  const via = fate.deleted.via(place)
  const owned: DeleteReason[] =
    via === undefined
      ? []
      : [{ code: 'owned', role: via.role, of: refOf(facts.graph.nodes[via.from] as Node) }]
  const [reason, ...others] = [...(votes.deletes.get(place) ?? []), ...owned]
  if (reason === undefined) throw new Error(`nothing deletes ${facts.graph.nodes[place]?.digest}`)
  return [reason, ...others]
}
