import type { IdleField, KeepShare, PatternHits } from '../model/brake.ts'
import { beginningOf, type Digest } from '../model/digest.ts'
import { nearest } from '../util/suggest.ts'
import { type EvaluationInput, ruleAge } from './facts.ts'
import { type Graph, nodeAt, versionAt } from './graph.ts'
import type { Node } from './node.ts'
import { parsePatterns } from './pattern.ts'
import { type Rule, written } from './rule.ts'
import { mismatchOf, type Selection } from './select.ts'

// What finds nothing in a package: patterns that match no tag, and rules that keep no version.

/** So many patterns that match nothing are looked at closely. */
const MOST_IDLE = 20

/**
 * How often each pattern of a rule matched a tag, and what was meant by those that matched none.
 *
 * @param tags all user tags of the package, each once
 */
export function hitsOf({ rule, test }: Selection, tags: readonly string[], { nodes }: Graph): PatternHits[] {
  const counts = test?.counts ?? []
  const idle = new Set(counts.filter(({ hits }) => hits === 0).slice(0, MOST_IDLE))
  return counts.map(count => {
    const near = idle.has(count)
      ? (wholeDigest(count.pattern, nodes) ?? nearTag(count.pattern, tags))
      : undefined
    return { rule: rule.name, action: rule.action, ...count, ...(near === undefined ? {} : { near }) }
  })
}

/** Comparing each pattern with each of a great many tags would take long, and is for people who write few patterns. */
const MOST_TAGS = 10_000

/**
 * The tag that was meant by a pattern that matches none: the nearest to a name, with the same digits, as another number is no
 * slip; of a glob one that differs by capital letters only.
 */
export function nearTag(pattern: string, tags: readonly string[]): string | undefined {
  const text = pattern.replace(/^!/, '')
  if (tags.length > MOST_TAGS || /^(?:\/|semver:|sha256:)/.test(text)) return undefined
  if (/^[\w.-]+$/.test(text)) {
    const digits = digitsOf(text)
    return nearest(
      text,
      tags.filter(tag => digitsOf(tag) === digits)
    )
  }
  const small = new Map(tags.map(tag => [tag.toLowerCase(), tag]))
  const [found] = parsePatterns([text.toLowerCase()])
    .scan([...small.keys()])
    .keys()
  return found === undefined ? undefined : small.get(found)
}

/** The whole digest where a pattern is the beginning of one, in digits alone, and so was taken for a tag. */
function wholeDigest(pattern: string, nodes: readonly Node[]): Digest | undefined {
  const beginning = pattern.includes(':') ? undefined : beginningOf(pattern)
  if (beginning === undefined) return undefined
  return nodes.find(({ version, digest }) => version !== undefined && digest.startsWith(beginning))?.digest
}

function digitsOf(text: string): string {
  return text.replaceAll(/\D+/g, ' ').trim()
}

/** Places of tagged versions that a keep rule names and does not keep, and the part of it that is the cause. */
interface Missed {
  readonly field: IdleField
  readonly places: readonly number[]
}

/**
 * Says of each keep rule that is about tagged versions whether it keeps any, and else what empties it although what it
 * names is there. A pattern that matches nothing is none of this: it is counted for itself.
 *
 * @param tags all user tags of the package, each once
 * @throws ExpectedError when a regular expression takes too long
 */
export function keepShares(
  selections: readonly Selection[],
  tags: readonly string[],
  input: EvaluationInput
): KeepShare[] {
  return selections.flatMap(selection => {
    const { rule } = selection
    if (!isAboutTagged(rule)) return []
    const share = { rule: rule.name, written: written(rule) }
    const missed = missedOf(selection, tags, input)
    const named = missed?.places.map(place => versionAt(input.graph, place).id) ?? []
    if (missed === undefined || named.length === 0) return [share]
    return [{ ...share, idle: { field: missed.field, byTags: isByTags(rule), named } }]
  })
}

/** Whether there is anything untagged or broken says nothing about a slip of the pen. */
function isAboutTagged({ action, match }: Rule): boolean {
  const { untagged, untaggedFor, states } = match
  return action === 'keep' && [untagged, untaggedFor, states].every(field => field === undefined)
}

function isByTags({ match }: Rule): boolean {
  return match.tags !== undefined || match.semver !== undefined
}

/** Undefined where the rule keeps something, or there is nothing to keep. */
function missedOf(selection: Selection, tags: readonly string[], input: EvaluationInput): Missed | undefined {
  const { rule, selected } = selection
  if (selected.length > 0) return tooOld(rule, selected, input)
  const missed = input.graph.nodes.flatMap(({ version, userTags }, place) => {
    if (version === undefined || userTags.length === 0) return []
    const field = mismatchOf(selection, place, input)
    return field === undefined || field === 'tags' ? [] : [{ place, field }]
  })
  const byAge = missed.filter(({ field }) => field === 'age')
  if (byAge.length > 0) return { field: ageField(rule), places: byAge.map(({ place }) => place) }
  const field = (['digests', 'kind', 'labels'] as const).find(one => missed.some(miss => miss.field === one))
  if (field !== undefined) return { field, places: missed.map(({ place }) => place) }
  return takenOut(rule, tags, input)
}

/** What a rule that keeps for its age alone selects and does not keep. */
function tooOld({ keep }: Rule, selected: Selection['selected'], input: EvaluationInput): Missed | undefined {
  const { within } = keep
  const counts = (keep.atLeast ?? 0) > 0 || [...keep.periods.values()].some(count => count > 0)
  if (within === undefined || counts) return undefined
  const tagged = selected.filter(({ place }) => nodeAt(input.graph, place).userTags.length > 0)
  const ages = tagged.map(({ place }) => ruleAge(input, place))
  if (ages.some(age => age === undefined || age <= within)) return undefined
  return { field: 'keep-within', places: tagged.map(({ place }) => place) }
}

function ageField({ match }: Rule): IdleField {
  if (match.olderThan === undefined) return 'newer-than'
  return match.newerThan === undefined ? 'older-than' : 'age'
}

/** What the patterns name that keep something, where exclusions or the range leave nothing of it. */
function takenOut({ match }: Rule, tags: readonly string[], input: EvaluationInput): Missed | undefined {
  const wanted = match.tags?.sources.filter(source => !source.startsWith('!')) ?? []
  if (wanted.length === 0) return undefined
  const named = parsePatterns(wanted).scan(tags)
  const places = input.graph.nodes.flatMap(({ version, userTags }, place) =>
    version !== undefined && userTags.some(tag => named.has(tag)) ? [place] : []
  )
  const excludes = match.tags?.scan(tags).size === 0
  return { field: excludes ? 'tags' : 'semver', places }
}
