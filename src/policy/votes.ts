import type { DeleteReason, KeepReason } from '../model/decision.ts'
import { isOurs } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import { addTo, grouped } from '../util/grouped.ts'
import { byNewest, type EvaluationInput, type Reasons, ruleAge } from './facts.ts'
import { isBroken, nodeAt, versionAt } from './graph.ts'
import { isLeftover, kindOf } from './node.ts'
import { keepsShare, type Rule } from './rule.ts'
import { matchedBy, type Selected, type Selection } from './select.ts'
import type { Family } from './tags.ts'
import { ageOf, newestOfEach } from './time.ts'

/** What the rules say about the versions that they select, as far as the other versions do not matter. */
export interface Votes {
  /** Kept by a plain keep rule: these take no slot anywhere. */
  readonly plain: Reasons<KeepReason>
  /** Kept by `keep-within`. */
  readonly within: Reasons<KeepReason>
  readonly deletes: Reasons<DeleteReason>
  /** Why a rule that is about a version does not delete it: no vote, but worth telling. */
  readonly spared: Reasons<KeepReason>
}

/** Casts the votes of all rules; the order of the rules does not matter, except for that of the reasons. */
export function castVotes(selections: readonly Selection[], input: EvaluationInput): Votes {
  const plain = new Map<number, KeepReason[]>()
  const within = new Map<number, KeepReason[]>()
  const deletes = new Map<number, DeleteReason[]>()
  const spared = new Map<number, KeepReason[]>()
  for (const { rule, selected, caches } of selections) {
    for (const choice of selected) {
      const { place } = choice
      const node = nodeAt(input.graph, place)
      if (rule.action === 'keep' && !keepsShare(rule)) {
        addTo(plain, place, { code: 'keep-rule', rule: rule.name, matched: matchedBy(rule, node, choice) })
      }
      const age = ruleAge(input, place)
      if (rule.keep.within !== undefined && age !== undefined && age <= rule.keep.within) {
        addTo(within, place, { code: 'within', rule: rule.name, age })
      }
      if (rule.action === 'keep') continue
      if (choice.blocking.length === 0 || rule.tagMatch === 'any') {
        addTo(deletes, place, deleteReason(rule, choice, input))
      } else {
        addTo(spared, place, { code: 'other-tags', rule: rule.name, tags: choice.blocking })
      }
    }
    for (const place of caches) addTo(spared, place, { code: 'cache' })
  }
  // What we left behind ourselves is only deleted by a policy that deletes something.
  if (selections.some(({ rule }) => rule.action === 'delete')) {
    input.graph.nodes.forEach((node, place) => {
      if (node.version !== undefined && isLeftover(node)) addTo(deletes, place, { code: 'placeholder' })
    })
  }
  return { plain, within, deletes, spared }
}

function deleteReason(rule: Rule, { place, matched }: Selected, input: EvaluationInput): DeleteReason {
  const age = ruleAge(input, place) ?? 0
  const state = input.graph.states[place]
  if (rule.match.states !== undefined && state !== undefined)
    return { code: 'broken', rule: rule.name, state, age }
  return matched.length === 0
    ? { code: 'untagged', rule: rule.name, age }
    : { code: 'delete-rule', rule: rule.name, tags: matched, age }
}

/** Keeps what the clauses that count (`keep-at-least`, `keep-daily`, …) keep, of what takes a slot. */
export type Ranking = (takesSlot: (place: number) => boolean) => Reasons<KeepReason>

/**
 * Sorts what each rule selects, once, so that slots can be given out as often as needed. These take no slot: what a
 * plain keep rule keeps, a build cache that the rule does not name, what has no date, what may not have its tag, and a
 * broken image, which is kept besides where it would have had a slot.
 */
export function rankAll(selections: readonly Selection[], votes: Votes, input: EvaluationInput): Ranking {
  const rankings = selections
    .filter(({ rule }) => rule.keep.atLeast !== undefined || rule.keep.periods.size > 0)
    .map(selection => rank(selection, votes, input))
  return takesSlot => grouped(rankings.flatMap(ranking => ranking(takesSlot)))
}

/** A version in one of its families. */
interface Ranked {
  readonly place: number
  readonly version: PackageVersion
  readonly family: Family
}

function rank(
  { rule, selected }: Selection,
  votes: Votes,
  input: EvaluationInput
): (takesSlot: (place: number) => boolean) => Kept[] {
  const eligible = selected.filter(({ place }) => !votes.plain.has(place) && mayTakeSlot(rule, place, input))
  const ranked = eligible.flatMap(({ place, families }) => {
    const version = versionAt(input.graph, place)
    return families.map((family): Ranked => ({ place, version, family }))
  })
  const families = [...Map.groupBy(ranked, ({ family }) => family.name).values()]
  const byRank = families.map(members => members.toSorted(newestFirst(rule)))
  const byDate = families.map(members => members.sort((a, b) => byNewest(a.version, b.version)))
  const isExtra = (place: number): boolean => isOutOfRank(rule, place, input)
  return takesSlot => {
    const takes = ({ place }: Ranked): boolean => takesSlot(place)
    return [
      ...byRank.flatMap(members => sharesOf(members.filter(takes), isExtra, keepNewest(rule))),
      ...byDate.flatMap(members => sharesOf(members.filter(takes), isExtra, keepPeriods(rule)))
    ]
  }
}

/** An image that lacks parts takes no place of a whole one, unless the rule is about such images. */
function isOutOfRank({ match }: Rule, place: number, { graph }: EvaluationInput): boolean {
  return match.states === undefined && isBroken(graph, place)
}

/** What a clause keeps of a family that is sorted, newest first, and why. */
type Share = (members: readonly Ranked[]) => readonly Kept[]

/** The place of what is kept, and why. */
type Kept = readonly [number, KeepReason]

/** Keeps the share of the whole images, and each broken one that would be in the share of all: it may be mended. */
function sharesOf(
  members: readonly Ranked[],
  isExtra: (place: number) => boolean,
  share: Share
): readonly Kept[] {
  const whole = members.filter(({ place }) => !isExtra(place))
  if (whole.length === members.length) return share(whole)
  return [...share(whole), ...share(members).filter(([place]) => isExtra(place))]
}

function mayTakeSlot({ match }: Rule, place: number, { graph, now }: EvaluationInput): boolean {
  const node = nodeAt(graph, place)
  // It may not be there.
  if (node.content.state === 'unread') return false
  // A tag of somebody's stands on our own empty index.
  if (node.content.state === 'read' && isOurs(node.content.manifest)) return false
  // Which of two versions has its tag nobody knows, or whether it will be whole.
  if (node.version?.disputed !== undefined) return false
  if (kindOf(node) === 'cache' && match.kinds === undefined) return false
  return ageOf(versionAt(graph, place), 'newest', now) !== undefined
}

function newestFirst({ rankBy }: Rule): (a: Ranked, b: Ranked) => number {
  if (rankBy === 'updated') {
    return (a, b) => (b.version.updated ?? 0) - (a.version.updated ?? 0) || byNewest(a.version, b.version)
  }
  if (rankBy === 'created') return (a, b) => byNewest(a.version, b.version)
  return (a, b) => bySemver(b.family, a.family) || byNewest(a.version, b.version)
}

function bySemver({ semver: a }: Family, { semver: b }: Family): number {
  return a === undefined || b === undefined ? 0 : a.compare(b)
}

function keepNewest({ name: rule, keep }: Rule): Share {
  return members =>
    members.slice(0, keep.atLeast ?? 0).map((member, at) => {
      const group = member.family.name === undefined ? {} : { group: member.family.name }
      return [member.place, { code: 'newest', rule, rank: at + 1, ...group }]
    })
}

function keepPeriods({ name: rule, keep }: Rule): Share {
  const created = ({ version }: Ranked): number => version.created ?? 0
  return members =>
    [...keep.periods].flatMap(([bucket, count]) =>
      newestOfEach(members, created, bucket, count).map(
        ({ item, value }): Kept => [item.place, { code: 'bucket', rule, bucket, value }]
      )
    )
}
