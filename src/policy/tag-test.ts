import type { EvaluationInput } from './facts.ts'
import type { Hit, PatternCount } from './pattern.ts'
import type { Groups } from './regex.ts'
import { NO_GROUPS } from './regex.ts'
import type { Match } from './rule.ts'
import { matchSemver, type SemverTag } from './semver.ts'
import type { Usage } from './usage.ts'

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
 * Applies what a rule says of tags to all user tags of a package at once.
 *
 * @returns undefined for a rule that says nothing of tags
 * @throws ExpectedError when a regular expression takes too long
 */
export function testTags(
  match: Match,
  tags: readonly string[],
  { usage, now }: EvaluationInput
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
    if (!worldAgrees(match, tag, hit.groups, usage, now)) continue
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
function worldAgrees(match: Match, tag: string, groups: Groups, usage: Usage, now: number): boolean {
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
function isBranchGone(name: string, { branches, gitTags }: Usage): boolean {
  return branches !== undefined && !namesOf(branches).has(asTag(name)) && isGitTagGone(name, { gitTags })
}

/** `v1.2.3` and `1.2.3` name each other. */
function isGitTagGone(name: string, { gitTags }: Pick<Usage, 'gitTags'>): boolean {
  if (gitTags === undefined) return false
  const names = namesOf(gitTags)
  const plain = asTag(name)
  return ![plain, `v${plain}`, plain.replace(/^v/, '')].some(candidate => names.has(candidate))
}

const KNOWN_NAMES = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>()

/** Names as they look in image tags; made once for each set that was handed in. */
function namesOf(names: ReadonlySet<string>): ReadonlySet<string> {
  const known = KNOWN_NAMES.get(names) ?? new Set([...names].map(asTag))
  KNOWN_NAMES.set(names, known)
  return known
}

/** A git name as build workflows write it into a tag (docker/metadata-action: `feature/x` becomes `feature-x`). */
function asTag(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9._-]+/g, '-').toLowerCase()
}
