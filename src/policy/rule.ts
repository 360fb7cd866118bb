import type { Range } from 'semver'
import type { BrokenState } from '../model/decision.ts'
import { type Digest, sha256Of } from '../model/digest.ts'
import type { Kind } from '../model/manifest.ts'
import type { AgeFrom } from '../model/package.ts'
import type { Patterns } from './pattern.ts'

/** A range over X.Y.Z tags. A tag that ends in one of the variants (`-alpine`) belongs to a family of its own. */
export interface SemverMatch {
  readonly range: Range
  readonly preReleases: 'include' | 'exclude' | 'only'
  /** Without the dash in front. */
  readonly variants: readonly string[]
}

/** What a rule is about. Every field that is there must hold; ages are milliseconds. */
export interface Match {
  readonly tags?: Patterns
  readonly semver?: SemverMatch
  /** Roots without a user tag, orphaned referrers aside. */
  readonly untagged?: true
  readonly states?: ReadonlySet<BrokenState>
  readonly digests?: ReadonlySet<Digest>
  readonly olderThan?: number
  readonly newerThan?: number
  /** Time since the version was first seen without a tag. */
  readonly untaggedFor?: number
  /** The pull request that the named group `pr` numbers is closed, for longer than `closedFor`. */
  readonly pullRequest?: { readonly closedFor: number }
  /** The branch that the named group `branch` (or the whole tag) names is gone, and no git tag is called so. */
  readonly branchDeleted?: true
  /** The git tag that the named group `tag` (or the whole tag) names is gone. */
  readonly gitTagDeleted?: true
  /** Annotation or config label -> patterns on its value. */
  readonly labels?: ReadonlyMap<string, Patterns>
  /** Absent: images and artifacts, and of build caches those without a tag. */
  readonly kinds?: ReadonlySet<Kind>
}

export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'

/** The share of what a rule selects that stays; without any clause a rule keeps or deletes all of it. */
export interface KeepClauses {
  readonly atLeast?: number
  /** Milliseconds. */
  readonly within?: number
  /** How many of the last non-empty periods keep their newest. */
  readonly periods: ReadonlyMap<Period, number>
}

/** `group` is the name of a named group. */
export type GroupBy =
  | { readonly by: 'semver-minor' | 'semver-major' }
  | { readonly by: 'group'; readonly group: string }

export type RankBy = 'created' | 'updated' | 'semver'

interface RuleBase {
  readonly name: string
  readonly match: Match
  readonly keep: KeepClauses
  readonly groupBy?: GroupBy
  readonly rankBy: RankBy
}

export interface KeepRule extends RuleBase {
  readonly action: 'keep'
}

export interface DeleteRule extends RuleBase {
  readonly action: 'delete'
  /** `any`: one matching tag is enough. */
  readonly tagMatch: 'all' | 'any'
  /** Strip the matching tags where other tags hold the version. */
  readonly untag: boolean
}

export type Rule = KeepRule | DeleteRule

/** All that decides on one package. Ages are milliseconds. */
export interface Policy {
  readonly rules: readonly Rule[]
  /** Nothing younger is deleted. */
  readonly grace: number
  /** What `older-than`, `newer-than` and `keep-within` count from; `grace` always counts from the newest date. */
  readonly ageFrom: AgeFrom
  readonly minRemaining?: number
  readonly maxDeletions?: number
  /** Of all listed versions. */
  readonly maxDeletionPercent?: number
  readonly deletionsPerRun?: number
  /** `owner/name` of the repository whose branches, git tags and pull requests count; the one it is linked to if absent. */
  readonly repository?: string
}

/** True when the rule has a keep clause, so that it keeps a share of what it selects. */
export function keepsShare({ keep }: Rule): boolean {
  return keep.atLeast !== undefined || keep.within !== undefined || keep.periods.size > 0
}

/** Tags that nobody pushes: patterns that match them all match any tag. */
const PROBES = ['0', 'Zq.unheard-of_7', 'no-such-tag']

/** The delete rules that are about whatever is tagged, such as `delete-tags: '*'`; what they keep of it aside. */
export function catchAllRules({ rules }: Policy): Rule[] {
  return rules.filter(isCatchAll)
}

/** Fields of a match that leave it about whatever is tagged, or may. */
const WIDE: readonly string[] = ['tags', 'olderThan', 'newerThan', 'kinds'] satisfies (keyof Match)[]

function isCatchAll({ action, match }: Rule): boolean {
  const isNarrow = Object.entries(match).some(
    ([field, value]) => value !== undefined && !WIDE.includes(field)
  )
  if (action === 'keep' || isNarrow) return false
  return match.tags === undefined || match.tags.scan(PROBES).size === PROBES.length
}

/**
 * The same for policies that say the same, rules in the same order: `sha256:<hex>`. Patterns and ranges count as
 * they were written.
 */
export function policyHash(policy: Policy): string {
  return sha256Of(written(policy))
}

/** A part of a policy as text: what means the same reads the same. */
export function written(part: unknown): string {
  return JSON.stringify(part, (_, value: unknown) => plain(value))
}

/** Values without an order of their own are sorted, and what has a written form stands for itself by that. */
function plain(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(String).sort()
  if (value instanceof Map) return sorted([...value])
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if ('sources' in value) return value.sources
  if ('raw' in value) return value.raw
  return Object.fromEntries(sorted(Object.entries(value)))
}

function sorted(entries: [unknown, unknown][]): [string, unknown][] {
  return entries
    .map(([key, value]): [string, unknown] => [String(key), value])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
