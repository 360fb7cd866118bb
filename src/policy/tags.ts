import semver from 'semver'
import { type GitNames, gitNames } from '../model/tag.ts'
import type { Usage } from '../model/usage.ts'
import { own } from '../util/own.ts'
import { type Groups, NO_GROUPS } from '../util/regex.ts'
import type { EvaluationInput } from './facts.ts'
import type { Hit, PatternCount } from './pattern.ts'
import type { Match, Rule, SemverMatch } from './rule.ts'

/** What a rule reads in a tag that it matches. */
export interface TagFacts {
  readonly groups: Groups
  readonly semver?: SemverTag
}

/** The tags that a rule matches, and what each of its patterns found. */
export interface TagTest {
  readonly matched: ReadonlyMap<string, TagFacts>
  readonly counts: readonly PatternCount[]
}

/**
 * Applies what a rule says about tags to all user tags of a package at once.
 *
 * @returns undefined for a rule that says nothing of tags
 * @throws ExpectedError when a regular expression takes too long
 */
export function testTags(
  match: Match,
  tags: readonly string[],
  { usage, now }: Pick<EvaluationInput, 'usage' | 'now'>
): TagTest | undefined {
  if (!speaksOfTags(match)) return undefined
  const examined = match.tags?.examine(tags)
  const counts = [...(examined?.counts ?? [])]
  const matched = new Map<string, TagFacts>()
  let versions = 0
  for (const tag of tags) {
    const hit: Hit | undefined = examined === undefined ? { groups: NO_GROUPS } : examined.matched.get(tag)
    const semver = match.semver === undefined ? undefined : matchSemver(tag, match.semver)
    if (semver !== undefined) versions++
    if (hit === undefined || (match.semver !== undefined && semver === undefined)) continue
    if (!usageAgrees(match, tag, hit.groups, usage, now)) continue
    matched.set(tag, semver === undefined ? hit : { groups: hit.groups, semver })
  }
  if (match.semver !== undefined) counts.push({ pattern: `semver:${match.semver.range.raw}`, hits: versions })
  return { matched, counts }
}

/** True for a rule that says which tags it is about. */
export function speaksOfTags(match: Match): boolean {
  return (
    match.tags !== undefined ||
    match.semver !== undefined ||
    match.pullRequest !== undefined ||
    match.branchDeleted === true ||
    match.gitTagDeleted === true
  )
}

/** What GitHub was asked about the tag; what it did not answer is not agreed to. */
function usageAgrees(match: Match, tag: string, groups: Groups, usage: Usage, now: number): boolean {
  if (match.pullRequest !== undefined && !isClosed(groups['pr'], match.pullRequest.closedFor, usage, now)) {
    return false
  }
  if (match.branchDeleted === true && !isBranchGone(groups['branch'] ?? tag, usage)) return false
  if (match.gitTagDeleted === true && !isGitTagGone(groups['tag'] ?? tag, usage)) return false
  return true
}

function isClosed(number: string | undefined, closedFor: number, usage: Usage, now: number): boolean {
  if (number === undefined || !/^\d+$/.test(number)) return false
  const pullRequest = usage.pullRequests.get(Number(number))
  if (pullRequest?.state !== 'closed') return false
  if (closedFor === 0) return true
  return pullRequest.closedAt !== undefined && now - pullRequest.closedAt > closedFor
}

/** A release is no branch, and the image of one must not go because no branch is called so. */
function isBranchGone(text: string, { branches, gitTags }: Usage): boolean {
  if (branches === undefined || !isGitTagGone(text, { gitTags })) return false
  const withoutCommit = text.replace(/[-_.](?:sha[-_.]?)?[0-9a-f]{7,40}$/i, '')
  return [text, withoutCommit].every(name => isGone(name, branches))
}

function isGitTagGone(text: string, { gitTags }: Pick<Usage, 'gitTags'>): boolean {
  return gitTags !== undefined && isGone(text, gitTags)
}

/** A text without letters and digits, such as a group that found nothing, is no name, and nobody knows of what it is. */
function isGone(text: string, names: ReadonlySet<string>): boolean {
  return /[a-z\d]/i.test(text) && namesOf(names).find(text).length === 0
}

const KNOWN_NAMES = new WeakMap<ReadonlySet<string>, GitNames>()

/** Made once for each set that was handed in. */
function namesOf(names: ReadonlySet<string>): GitNames {
  const known = KNOWN_NAMES.get(names) ?? gitNames(names)
  KNOWN_NAMES.set(names, known)
  return known
}

/** A tag that is a semver, and the variant whose suffix was cut off it; '' for none. */
export interface SemverTag {
  readonly version: semver.SemVer
  readonly variant: string
}

/**
 * Reads X.Y.Z with an optional `v` and pre-release, behind it at most one of the variants (`1.2.3-alpine`).
 *
 * @returns undefined for anything else; `1.2` is no semver, see `isAlias`
 */
export function parseSemverTag(tag: string, variants: readonly string[]): SemverTag | undefined {
  const { base, variant } = cutVariant(tag, variants)
  // A parser that throws costs more than looking first, and most tags are none.
  const version = /^v?\d+\.\d+\.\d+/.test(base) ? semver.parse(base) : null
  return version === null ? undefined : { version, variant }
}

/** True for a name or glob that no X.Y.Z is, such as `latest` or `sha-*`. Regular expressions are not looked into. */
export function isNeverSemver(pattern: string, variants: readonly string[]): boolean {
  const [start] = /^(?!semver:)[\w.-]+/.exec(pattern) ?? []
  if (start === pattern) return parseSemverTag(pattern, variants) === undefined
  return start !== undefined && !/^v?(?:\d|$)/.test(start)
}

/** Reads a tag that is within the range, and a pre-release only if the rule asks for them. */
export function matchSemver(tag: string, match: SemverMatch): SemverTag | undefined {
  const parsed = parseSemverTag(tag, match.variants)
  if (parsed === undefined) return undefined
  const preRelease = parsed.version.prerelease.length > 0
  if (match.preReleases === 'exclude' && preRelease) return undefined
  if (match.preReleases === 'only' && !preRelease) return undefined
  return match.range.test(parsed.version) ? parsed : undefined
}

/** True for `1.2`, `1` and `v1` beside 1.2.3, and for `1.2-alpine` beside 1.2.3-alpine. */
export function isAlias(tag: string, of: SemverTag, variants: readonly string[]): boolean {
  const { base, variant } = cutVariant(tag, variants)
  const [, major, minor] = /^v?(\d+)(?:\.(\d+))?$/.exec(base) ?? []
  if (major === undefined || variant !== of.variant) return false
  return Number(major) === of.version.major && (minor === undefined || Number(minor) === of.version.minor)
}

/** The longest suffix wins: `1.0.0-alpine-slim` is of the variant `alpine-slim`, if there is one. */
function cutVariant(tag: string, variants: readonly string[]): { base: string; variant: string } {
  let variant = ''
  for (const candidate of variants) {
    if (candidate.length > variant.length && tag.endsWith(`-${candidate}`)) variant = candidate
  }
  return { base: variant === '' ? tag : tag.slice(0, -variant.length - 1), variant }
}

/** True for a range that no version is in, such as `>2 <1`; pre-releases count. */
export function isEmptyRange(range: semver.Range): boolean {
  if (semver.minVersion(range) !== null) return false
  const ends = range.set.flat().flatMap(({ semver: end }) => (end instanceof semver.SemVer ? [end] : []))
  return !ends.some(({ major, minor, patch }) => range.test(`${major}.${minor}.${patch}-0`))
}

/** A family that counts for itself: a minor release, a branch, a variant. */
export interface Family {
  /** What it is called; undefined where a rule has but one. */
  readonly name: string | undefined
  /** The highest semver that the version has in it. */
  readonly semver: semver.SemVer | undefined
}

/** The families of a rule that has but one. */
export const ONE_FAMILY: readonly Family[] = [{ name: undefined, semver: undefined }]

/** Counts once in a family, however many of its tags are in it. */
export function familiesOf(rule: Rule, matched: readonly TagFacts[]): readonly Family[] {
  if (rule.groupBy === undefined && rule.match.semver === undefined) return ONE_FAMILY
  const families = new Map<string | undefined, Family>()
  for (const tag of matched) {
    const name = familyName(rule, tag)
    const best = families.get(name)?.semver
    const version = tag.semver?.version
    const semver = best === undefined || (version !== undefined && version.compare(best) > 0) ? version : best
    families.set(name, { name, semver })
  }
  return [...families.values()]
}

function familyName({ groupBy }: Rule, tag: TagFacts): string | undefined {
  const parts = [seriesName(groupBy, tag), tag.semver?.variant].filter(
    part => part !== undefined && part !== ''
  )
  return parts.length === 0 ? undefined : parts.join('-')
}

function seriesName(groupBy: Rule['groupBy'], { groups, semver }: TagFacts): string | undefined {
  if (groupBy === undefined) return undefined
  if (groupBy.by === 'group') return own(groups, groupBy.group)
  if (semver === undefined) return undefined
  const { major, minor } = semver.version
  return groupBy.by === 'semver-major' ? `${major}` : `${major}.${minor}`
}
