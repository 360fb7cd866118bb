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
  const own = unreadReason(place, input)
  const origin = resolution.kept.reachedFrom(place)
  const [reason = NO_RULE, ...others] = [
    ...(own === undefined ? [] : [own]),
    ...layer0.filter(({ code }) => code === 'in-use'),
    ...(votes.plain.get(place) ?? []),
    ...(resolution.ranked.get(place) ?? []),
    ...(votes.within.get(place) ?? []),
    ...(origin === undefined ? [] : [{ code: origin.role, of: origin.of }]),
    ...layer0.filter(({ code }) => code !== 'in-use' && code !== 'unread'),
    ...(resolution.lastTagged === place ? [LAST_TAGGED] : []),
    ...(votes.spared.get(place) ?? []),
    ...storedReason(place, input)
  ]
  return [reason, ...others]
}

const NO_RULE: KeepReason = { code: 'no-rule' }
const LAST_TAGGED: KeepReason = { code: 'last-tagged' }

function unreadReason(place: number, { graph }: EvaluationInput): KeepReason | undefined {
  const { content } = nodeAt(graph, place)
  return content.state === 'unread' ? { code: 'unread', cause: content.cause } : undefined
}

function storedReason(place: number, { graph }: EvaluationInput): KeepReason[] {
  const why = graph.stored(place)
  return why === undefined ? [] : [{ code: 'stored', why }]
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
