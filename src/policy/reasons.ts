import type { Decision, DeleteReason, KeepReason } from '../model/decision.ts'
import type { EvaluationInput, Reasons } from './facts.ts'
import { nodeAt, versionAt } from './graph.ts'
import { NONE } from './node.ts'
import type { Resolution } from './resolve.ts'
import type { Votes } from './votes.ts'

/** All that was found out about every version. */
export interface Findings {
  readonly input: EvaluationInput
  /** Layer 0. */
  readonly held: Reasons<KeepReason>
  readonly votes: Votes
  readonly resolution: Resolution
  /** Tags to strip, by the place of what stays without them. */
  readonly strips: ReadonlyMap<number, readonly string[]>
}

/** The verdict on one version with its reasons, the most telling first. */
export function verdictOf(place: number, findings: Findings): Decision {
  const { input, resolution, strips } = findings
  const version = versionAt(input.graph, place)
  if (resolution.deleted.has(place)) {
    return { verdict: 'delete', version, reasons: deleteReasons(place, findings) }
  }
  const untag = strips.get(place) ?? NONE
  return { verdict: 'keep', version, reasons: keepReasons(place, findings), untag }
}

function keepReasons(
  place: number,
  { input, held, votes, resolution }: Findings
): readonly [KeepReason, ...KeepReason[]] {
  const layer0 = held.get(place) ?? []
  const { content } = nodeAt(input.graph, place)
  const origin = resolution.kept.reachedFrom(place)
  const stored = input.graph.stored(place)
  const reasons: KeepReason[] = [
    ...(content.state === 'unread' ? [{ code: 'unread', cause: content.cause } as const] : []),
    ...layer0.filter(({ code }) => code === 'in-use'),
    ...(votes.plain.get(place) ?? []),
    ...(resolution.ranked.get(place) ?? []),
    ...(votes.within.get(place) ?? []),
    ...(origin === undefined ? [] : [{ code: origin.role, of: origin.of }]),
    ...layer0.filter(({ code }) => code !== 'in-use' && code !== 'unread'),
    ...(resolution.lastTagged === place ? [{ code: 'last-tagged' } as const] : []),
    ...(votes.spared.get(place) ?? []),
    ...(stored === undefined ? [] : [{ code: 'stored', why: stored } as const])
  ]
  const [reason = { code: 'no-rule' }, ...others] = reasons
  return [reason, ...others]
}

function deleteReasons(
  place: number,
  { input, votes, resolution }: Findings
): readonly [DeleteReason, ...DeleteReason[]] {
  const origin = resolution.deleted.reachedFrom(place)
  const owned: DeleteReason[] = origin === undefined ? [] : [{ code: 'owned', ...origin }]
  const [reason, ...others] = [...(votes.deletes.get(place) ?? []), ...owned]
  if (reason === undefined) throw new Error(`nothing deletes ${nodeAt(input.graph, place).digest}`)
  return [reason, ...others]
}
