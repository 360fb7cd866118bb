import type { Explanation, Plan, Ref, RuleWord } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import { type Inventory, versionsCalled } from '../model/package.ts'
import type { Usage } from '../model/usage.ts'
import { type Graph, indexesAbove, nodeAt } from './graph.ts'
import { refOf } from './node.ts'
import { type Evaluation, evaluate } from './plan.ts'
import type { Policy } from './rule.ts'
import { mismatchOf, type Selection } from './select.ts'
import { castVotes, rankAll } from './votes.ts'

/**
 * Explains the versions that carry a tag, or have a digest: what every rule made of them, and what they have to do
 * with others.
 *
 * @param name a tag, a digest, also a short one, or a version id
 * @param plan what was decided with the same arguments
 */
export function explainVersion(
  name: string,
  plan: Plan,
  inventory: Inventory,
  policy: Policy,
  usage: Usage,
  now: number
): Explanation[] {
  const meant = versionsCalled(inventory.versions, name)
  if (meant.length === 0) return []
  const evaluation = evaluate(inventory, policy, usage, now)
  const { graph } = evaluation.input
  return meant.flatMap(version => {
    const decision = plan.decisions.find(one => one.version.id === version.id)
    const place = graph.find(version.digest)
    if (decision === undefined || place === undefined) return []
    const rules = evaluation.selections.map(selection => wordOf(selection, place, evaluation))
    return [{ decision, rules, ...relationsOf(graph, place, inventory) }]
  })
}

/** What a rule says about a version, evaluated alone, when the verdict on all others is known. */
function wordOf(selection: Selection, place: number, evaluation: Evaluation): RuleWord {
  const { input, votes, resolution } = evaluation
  const { rule } = selection
  const said = { rule: rule.name, action: rule.action }
  const mismatch = mismatchOf(selection, place, input)
  if (mismatch !== undefined) return { ...said, mismatch, keeps: [], deletes: [] }
  const own = castVotes([selection], input)
  const takesSlot = (one: number): boolean => !input.graph.predecessors[one]?.some(resolution.kept.has)
  const ranked = rankAll([selection], votes, input)(takesSlot)
  return {
    ...said,
    keeps: [own.plain, ranked, own.within, own.spared].flatMap(reasons => reasons.get(place) ?? []),
    deletes: own.deletes.get(place) ?? []
  }
}

type Relations = Omit<Explanation, 'decision' | 'rules'>

function relationsOf(graph: Graph, place: number, { contents }: Inventory): Relations {
  const { children, referrers, predecessors } = graph
  const names = (places: readonly number[] = []): Ref[] => places.map(one => refOf(nodeAt(graph, one)))
  const { content } = nodeAt(graph, place)
  const named = content.state === 'read' ? content.manifest.children.map(({ digest }) => digest) : []
  const isGone = (digest: Digest): boolean => contents.get(digest)?.state === 'missing'
  return {
    needs: names(children[place]),
    neededBy: names(indexesAbove(graph, place)),
    describes: names(predecessors[place]?.filter(one => referrers[one]?.includes(place))),
    describedBy: names(referrers[place]),
    lacks: named.filter(isGone).map(shortDigest)
  }
}
