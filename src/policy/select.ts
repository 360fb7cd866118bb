import { shortDigest } from '../model/digest.ts'
import { own } from '../util/own.ts'
import { type EvaluationInput, ruleAge } from './facts.ts'
import { isRoot, nodeAt } from './graph.ts'
import { isLeftover, kindOf, type Node } from './node.ts'
import type { Match, Rule } from './rule.ts'
import {
  type Family,
  familiesOf,
  isAlias,
  ONE_FAMILY,
  speaksOfTags,
  type TagFacts,
  type TagTest
} from './tags.ts'

/** A version that a rule is about. */
export interface Selected {
  readonly place: number
  /** The user tags that the rule matches; all of them where it does not mention tags. */
  readonly matched: readonly string[]
  /** The user tags that it does not match and that hold the version; aliases inside a semver family do not. */
  readonly blocking: readonly string[]
  readonly families: readonly Family[]
}

/** What one rule selects. */
export interface Selection {
  readonly rule: Rule
  /** What it found in the user tags of the package; undefined where it says nothing of tags. */
  readonly test: TagTest | undefined
  readonly selected: readonly Selected[]
  /** Tagged build caches that it would have selected, had it named them. */
  readonly caches: readonly number[]
}

/**
 * Finds what a rule is about, without deciding anything.
 *
 * @throws ExpectedError when matching labels takes too long
 */
export function select(rule: Rule, test: TagTest | undefined, input: EvaluationInput): Selection {
  const { graph } = input
  const selected: Selected[] = []
  const caches: number[] = []
  graph.nodes.forEach((node, place) => {
    if (node.version === undefined || !isCandidate(rule, place, input)) return
    const choice = chooseTags(rule, node, test)
    if (choice === undefined || failingField(rule, place, input) !== undefined) return
    if (rule.action === 'delete' && isUnnamedCache(rule.match, node)) caches.push(place)
    else selected.push({ place, ...choice })
  })
  return { rule, test, selected, caches }
}

/** Why a rule is not about a version: the part of it, or the field of the match, that does not hold. */
export type Mismatch =
  | 'part'
  | 'tags'
  | 'untagged'
  | 'state'
  | 'untagged-for'
  | 'digests'
  | 'kind'
  | 'age'
  | 'labels'

/**
 * Why a rule does not select a version; undefined when it does. As `select`, for one version.
 *
 * @throws ExpectedError when matching labels takes too long
 */
export function mismatchOf(
  { rule, test }: Selection,
  place: number,
  input: EvaluationInput
): Mismatch | undefined {
  if (!isCandidate(rule, place, input)) return 'part'
  if (chooseTags(rule, nodeAt(input.graph, place), test) === undefined) return 'tags'
  return failingField(rule, place, input)
}

/** What a person is told that a rule found in a version. */
export function matchedBy({ match }: Rule, node: Node, { matched }: Selected): string {
  if (match.digests !== undefined) return shortDigest(node.digest)
  return matched[0] ?? (match.states === undefined ? 'untagged' : [...match.states].join(' or '))
}

/** Only roots are selected; but what a keep rule names by digest is kept, whatever it is. */
function isCandidate(
  { action, match }: Rule,
  place: number,
  { graph, protection }: EvaluationInput
): boolean {
  if (action === 'keep' && match.digests !== undefined) return true
  return !isLeftover(nodeAt(graph, place)) && (isRoot(graph, place) || protection.has(place))
}

/** The part of the match that is about tags; undefined when the rule is not about this version. */
function chooseTags(
  rule: Rule,
  { userTags }: Node,
  test: TagTest | undefined
): Omit<Selected, 'place'> | undefined {
  if (test === undefined) return { matched: userTags, blocking: [], families: ONE_FAMILY }
  const matched = userTags.filter(tag => test.matched.has(tag))
  if (matched.length === 0) return undefined
  const tagFacts = matched.map(tag => test.matched.get(tag) as TagFacts)
  const others = matched.length === userTags.length ? [] : userTags.filter(tag => !test.matched.has(tag))
  const blocking = others.filter(tag => !isFamilyAlias(tag, tagFacts, rule.match))
  return { matched, blocking, families: familiesOf(rule, tagFacts) }
}

function isFamilyAlias(tag: string, matched: readonly TagFacts[], { semver }: Match): boolean {
  if (semver === undefined) return false
  return matched.some(({ semver: of }) => of !== undefined && isAlias(tag, of, semver.variants))
}

/** The first field, tags aside, that does not hold. */
function failingField(rule: Rule, place: number, input: EvaluationInput): Mismatch | undefined {
  const { match } = rule
  const node = nodeAt(input.graph, place)
  const sort = failingSort(rule, place, input)
  if (sort !== undefined) return sort
  if (match.digests !== undefined && !match.digests.has(node.digest)) return 'digests'
  if (match.kinds !== undefined && !match.kinds.has(kindOf(node))) return 'kind'
  if (!isOfAge(match, place, input)) return 'age'
  return isOfLabels(rule, node, input) ? undefined : 'labels'
}

function failingSort(
  { action, match }: Rule,
  place: number,
  { graph, usage, now }: EvaluationInput
): Mismatch | undefined {
  const node = nodeAt(graph, place)
  const untagged = node.userTags.length === 0
  // One that is held and describes something is orphaned as soon as it stands alone.
  const isReferrer = untagged && graph.subjects[place]?.length !== 0
  const state = isReferrer && graph.stored(place) === undefined ? 'orphaned' : graph.states[place]
  if (match.untagged === true && !(untagged && !isReferrer)) return 'untagged'
  if (match.states !== undefined && !(state !== undefined && match.states.has(state))) return 'state'
  if (match.untaggedFor !== undefined) {
    const since = usage.untaggedSince.get(node.digest)
    if (!untagged || since === undefined || now - since <= match.untaggedFor) return 'untagged-for'
  }
  // A delete rule that names neither tags nor untagged versions matches tagged versions only.
  const isMeant = action === 'keep' || speaksOfTags(match) || namesTagless(match) || !untagged
  return isMeant ? undefined : 'tags'
}

function namesTagless(match: Match): boolean {
  return match.untagged === true || match.states !== undefined || match.digests !== undefined
}

function isOfAge(match: Match, place: number, input: EvaluationInput): boolean {
  if (match.olderThan === undefined && match.newerThan === undefined) return true
  const age = ruleAge(input, place)
  if (age === undefined) return false
  return (
    (match.olderThan === undefined || age > match.olderThan) &&
    (match.newerThan === undefined || age < match.newerThan)
  )
}

/** A keep rule holds what has unknown labels: they could be the ones that it names. */
function isOfLabels({ action, match }: Rule, { digest, content }: Node, { usage }: EvaluationInput): boolean {
  if (match.labels === undefined) return true
  const known = usage.labels.get(digest)
  const { annotations = {}, annotationsUnknown = false } = content.state === 'read' ? content.manifest : {}
  for (const [label, patterns] of match.labels) {
    const values = [own(annotations, label), known && own(known, label)].filter(value => value !== undefined)
    if (patterns.scan(values).size > 0) continue
    if (action === 'delete' || (known !== undefined && !annotationsUnknown)) return false
  }
  return true
}

function isUnnamedCache(match: Match, node: Node): boolean {
  return match.kinds === undefined && node.userTags.length > 0 && kindOf(node) === 'cache'
}
