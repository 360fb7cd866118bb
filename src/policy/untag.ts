import { byOldest, type EvaluationInput } from './facts.ts'
import { nodeAt, versionAt } from './graph.ts'
import type { Selected, Selection } from './select.ts'

/**
 * The tags to strip where a rule says `untag`. A tag holds its version when no delete rule is about it. Where
 * no such tag is left, nothing is stripped, so that no version loses its last tag or half of its protection.
 *
 * @param untouched true for what some rule wants kept, which stays exactly as it is
 */
export function tagsToStrip(
  selections: readonly Selection[],
  input: EvaluationInput,
  untouched: (place: number) => boolean
): Map<number, readonly string[]> {
  const strips = new Map<number, Set<string>>()
  for (const { rule, selected } of selections) {
    if (rule.action !== 'delete' || !rule.untag) continue
    for (const { place, matched, blocking } of selected) {
      if (blocking.length === 0 || untouched(place)) continue
      const tags = strips.get(place) ?? new Set<string>()
      strips.set(place, tags)
      for (const tag of matched) tags.add(tag)
    }
  }
  const holding = holdingTags(selections, input, new Set(strips.keys()))
  return new Map(
    [...strips]
      .filter(([place]) => (holding.get(place)?.size ?? 0) > 0)
      .sort(([a], [b]) => byOldest(versionAt(input.graph, a), versionAt(input.graph, b)))
      .map(([place, tags]) => [place, [...tags]])
  )
}

function holdingTags(
  selections: readonly Selection[],
  { graph }: EvaluationInput,
  places: ReadonlySet<number>
): Map<number, Set<string>> {
  const holding = new Map([...places].map(place => [place, new Set(nodeAt(graph, place).userTags)]))
  for (const { rule, selected } of selections) {
    if (rule.action !== 'delete') continue
    for (const choice of selected) {
      const tags = holding.get(choice.place)
      if (tags !== undefined) for (const tag of wanted(choice, tags)) tags.delete(tag)
    }
  }
  return holding
}

/** What a delete rule is about: the tags that it matches and their aliases. */
function wanted({ blocking }: Selected, tags: ReadonlySet<string>): string[] {
  return [...tags.difference(new Set(blocking))]
}
