import type { KeepReason, Plan, Step } from '../model/decision.ts'
import type { Inventory } from '../model/package.ts'
import type { Usage } from '../model/usage.ts'
import type { EvaluationInput, Reasons } from './facts.ts'
import { buildGraph, type Graph, isRoot, versionAt, withoutMentions } from './graph.ts'
import { hitsOf, keepShares } from './idle.ts'
import { brakesOn, countedAmong, imagesIn, withinBudget } from './limits.ts'
import { refOf } from './node.ts'
import { type Group, orderDeletions } from './order.ts'
import { heldByUnknown, oddity, protectedVersions, type Unknown, unknownsIn, unreadIn } from './protect.ts'
import { verdictOf } from './reasons.ts'
import { type Resolution, resolve } from './resolve.ts'
import type { Policy } from './rule.ts'
import { type Selection, select } from './select.ts'
import { type TagTest, testTags } from './tags.ts'
import { tagsToStrip } from './untag.ts'
import { castVotes, rankAll, type Votes } from './votes.ts'

/**
 * Decides on every version of a package, and what to do about it. The same arguments give the same plan, and the
 * verdicts do not depend on the order of the rules or of the versions.
 *
 * What a manifest that could not be read may need stays.
 *
 * @param now milliseconds since 1970
 * @throws ExpectedError when a regular expression of the policy takes too long
 */
export function decide(inventory: Inventory, policy: Policy, usage: Usage, now: number): Plan {
  const evaluation = evaluate(inventory, policy, usage, now)
  const { input, tags, held, unknowns, selections, votes, resolution } = evaluation
  const { graph } = input
  const untouched = (place: number): boolean =>
    resolution.deleted.has(place) ||
    [votes.plain, votes.within, resolution.ranked, held].some(reasons => reasons.has(place))
  const strips = tagsToStrip(selections, input, untouched)
  const findings = { ...evaluation, strips }
  return {
    package: inventory.package,
    decisions: inventory.versions.map((_, place) => verdictOf(place, findings)),
    ...workOf(input, resolution, strips),
    hits: selections.flatMap(selection => hitsOf(selection, tags, graph)),
    graced: [...votes.deletes.keys()].filter(place => held.get(place)?.some(({ code }) => code === 'young'))
      .length,
    keeps: keepShares(selections, tags, input),
    broken: brokenIn(graph),
    unread: [...unreadIn(unknowns, [...held.values()].flat()), ...oddIn(graph)]
  }
}

/** All that a decision is made of. */
export interface Evaluation {
  readonly input: EvaluationInput
  /** All user tags, each once. */
  readonly tags: readonly string[]
  /** Layer 0, with what something unknown could need. */
  readonly held: Reasons<KeepReason>
  readonly unknowns: readonly Unknown[]
  /** One for each rule, in their order. */
  readonly selections: readonly Selection[]
  readonly votes: Votes
  readonly resolution: Resolution
}

/**
 * Manifests of unknown kind that mention each other, one after the other, which one run decides on. Each takes as long as
 * the whole package, and whoever may push can make thousands; what comes behind stays until the next run.
 */
const LONGEST_CHAIN = 50

/**
 * Finds what stays and what goes, as `decide` does. What a manifest of unknown kind mentions stays with it; where that
 * goes, what it mentions is decided on like everything that nothing names, so that a second run finds no more to do.
 *
 * @throws ExpectedError likewise
 */
export function evaluate(inventory: Inventory, policy: Policy, usage: Usage, now: number): Evaluation {
  let graph = buildGraph(inventory)
  const tags = [...new Set(graph.nodes.flatMap(node => node.userTags))]
  const tests = policy.rules.map(({ match }) => testTags(match, tags, { usage, now }))
  for (let links = 1; ; links++) {
    const protection = protectedVersions({ graph, policy, usage, now })
    const evaluation = evaluateGraph({ graph, policy, usage, now, protection }, tags, tests)
    if (links === LONGEST_CHAIN) return evaluation
    const released = withoutMentions(graph, evaluation.resolution.deleted.has)
    if (released === graph) return evaluation
    graph = released
  }
}

/** @param tests what each rule found in the tags */
function evaluateGraph(
  input: EvaluationInput,
  tags: readonly string[],
  tests: readonly (TagTest | undefined)[]
): Evaluation {
  const { graph, policy, protection } = input
  const selections = policy.rules.map((rule, at) => select(rule, tests[at], input))
  const votes = castVotes(selections, input)
  const ranking = rankAll(selections, votes, input)
  const unknowns = unknownsIn(graph)
  const held = new Map(protection)
  // Once one is held, another version may be the last with a tag.
  for (;;) {
    const resolution = resolve(input, votes, ranking, held)
    const more = neededByUnknowns(graph, resolution, unknowns)
    if (more.size === 0) return { input, tags, held, unknowns, selections, votes, resolution }
    for (const [place, reason] of more) held.set(place, [reason])
  }
}

/** Of what would go, all that is unknown itself or that something unknown could need. */
function neededByUnknowns(
  graph: Graph,
  { deleted }: Resolution,
  unknowns: readonly Unknown[]
): Map<number, KeepReason> {
  const needed = new Map<number, KeepReason>()
  // Of 24,000 platforms that nobody can read none needs anything.
  const needy = unknowns.filter(({ pushed }) => pushed !== undefined)
  graph.nodes.forEach(({ version, content }, place) => {
    if (version === undefined || !deleted.has(place)) return
    const reason: KeepReason | undefined =
      content.state === 'unread'
        ? { code: 'unread', cause: content.cause }
        : heldByUnknown(needy, graph, place)
    if (reason !== undefined) needed.set(place, reason)
  })
  return needed
}

type Work = Pick<Plan, 'steps' | 'left' | 'brakes' | 'stuck' | 'counted'>

/** What this run does of what was decided: nothing beyond a brake, and of deletions what the budget allows. */
function workOf(
  input: EvaluationInput,
  resolution: Resolution,
  strips: ReadonlyMap<number, readonly string[]>
): Work {
  const { graph, policy } = input
  const places = [...graph.nodes.keys()].filter(resolution.deleted.has)
  const images = imagesIn(graph, resolution)
  const brakes = brakesOn(graph, policy, places.length, images)
  if (brakes.length > 0) return { steps: [], left: 0, brakes, counted: [] }
  const counted = countedAmong(images, graph, policy.minRemaining)
  const groups = orderDeletions(graph, places)
  const now = withinBudget(groups, policy.deletionsPerRun)
  const steps = [...untagSteps(graph, strips), ...now.flatMap(group => deleteSteps(graph, group))]
  const left = places.length - now.reduce((sum, group) => sum + group.deletions.length, 0)
  const stuck = groups.find(({ deletions }) => deletions.length > (policy.deletionsPerRun ?? Infinity))
  if (stuck === undefined) return { steps, left, brakes, counted }
  const version = versionAt(graph, stuck.root)
  return { steps, left, brakes, counted, stuck: { version, deletions: stuck.deletions.length } }
}

/** Tags are stripped first: that takes nothing away from any version that goes. */
function untagSteps(graph: Graph, strips: ReadonlyMap<number, readonly string[]>): Step[] {
  return [...strips].flatMap(([place, tags]) =>
    tags.map((tag): Step => ({ action: 'untag', version: versionAt(graph, place), tag }))
  )
}

/** The steps of one group of deletions, in its order. */
export function deleteSteps(graph: Graph, { root, deletions }: Group): Step[] {
  return deletions.map(({ place, after }) => ({
    action: 'delete',
    version: versionAt(graph, place),
    after: after.map(parent => versionAt(graph, parent).digest),
    root: versionAt(graph, root).digest
  }))
}

/** Versions that cannot be decided on, because GitHub's list is odd about them. */
function oddIn(graph: Graph): Plan['unread'] {
  return graph.nodes.flatMap((node, place) => {
    const cause = node.version === undefined ? undefined : oddity(graph, place)
    return cause === undefined ? [] : [{ digest: node.digest, ref: refOf(node), cause }]
  })
}

/** Roots whose own children or subject are gone. */
export function brokenIn(graph: Graph): Plan['broken'] {
  return graph.nodes.flatMap(({ version }, place) => {
    const state = graph.states[place]
    return version !== undefined && state !== undefined && isRoot(graph, place) ? [{ version, state }] : []
  })
}
