import type { Digest } from '../model/digest.ts'
import type { Inventory } from '../model/package.ts'
import type { Usage } from '../model/usage.ts'
import { own } from '../util/own.ts'
import type { EvaluationInput } from './facts.ts'
import { buildGraph, nodeAt } from './graph.ts'
import type { Node } from './node.ts'
import { protectedVersions } from './protect.ts'
import type { Policy, Rule } from './rule.ts'
import { select } from './select.ts'
import { testTags } from './tags.ts'

/**
 * The versions whose labels a policy wants to know: those that a rule with `labels` is otherwise about, and whose
 * annotations do not settle it. Nobody else's config needs to be read.
 *
 * @throws ExpectedError when a regular expression takes too long
 */
export function wantedLabels(inventory: Inventory, policy: Policy, usage: Usage, now: number): Digest[] {
  const asking = policy.rules.filter(({ match }) => match.labels !== undefined)
  if (asking.length === 0) return []
  const graph = buildGraph(inventory)
  const protection = protectedVersions({ graph, policy, usage, now })
  const input: EvaluationInput = { graph, policy, usage, now, protection }
  const tags = [...new Set(graph.nodes.flatMap(node => node.userTags))]
  const wanted = new Set<Digest>()
  for (const rule of asking) {
    const test = testTags(rule.match, tags, input)
    for (const { place } of select(withoutLabels(rule), test, input).selected) {
      const node = nodeAt(graph, place)
      if (!annotationsSettle(rule, node)) wanted.add(node.digest)
    }
  }
  return [...wanted]
}

function withoutLabels(rule: Rule): Rule {
  const { labels: _, ...match } = rule.match
  return { ...rule, match }
}

function annotationsSettle({ match }: Rule, { content }: Node): boolean {
  const annotations = content.state === 'read' ? content.manifest.annotations : {}
  return [...(match.labels ?? [])].every(([label, patterns]) => {
    const value = own(annotations, label)
    return value !== undefined && patterns.scan([value]).size > 0
  })
}
