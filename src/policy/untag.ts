import { byOldest, type EvaluationInput } from './facts.ts'
import { nodeAt, versionAt } from './graph.ts'
import type { Selection } from './select.ts'

/**
 * The tags to strip where a rule says `untag`. A tag holds its version when no delete rule is about it. Where
 * no such tag is left, nothing is stripped, so that no version loses its last tag or half of its protection.
 *
 * @param untouched true for what some rule wants kept, which stays exactly as it is
 */
export function tagsToStrip(
  selections: readonly Selection[],
  { graph }: EvaluationInput,
  untouched: (place: number) => boolean
): Map<number, readonly string[]> {
  const strips = new Map<number, Set<string>>()
  for (const { rule, selected } of selections) {
    if (rule.action !== 'delete' || !rule.untag) continue
    for (const { place, matched, blocking } of selected) {
      if (blocking.length === 0 || untouched(place)) continue
      strips.set(place, new Set([...(strips.get(place) ?? []), ...matched]))
    }
  }
  const holding = new Map(
    [...strips.keys()].map(place => [place, new Set(nodeAt(graph, place).userTags)] as const)
  )
  for (const { rule, selected } of selections) {
    if (rule.action !== 'delete') continue
    for (const { place, blocking } of selected) {
      // Those that the rule matches, and their aliases, hold nothing.
      const tags = holding.get(place)?.intersection(new Set(blocking))
      if (tags !== undefined) holding.set(place, tags)
    }
  }
  return new Map(
    [...strips]
      .filter(([place]) => (holding.get(place)?.size ?? 0) > 0)
      .sort(([a], [b]) => byOldest(versionAt(graph, a), versionAt(graph, b)))
      .map(([place, tags]) => [place, [...tags]])
  )
}
