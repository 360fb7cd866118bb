import type { SemVer } from 'semver'
import { own } from '../util/own.ts'
import type { Rule } from './rule.ts'
import { type SemverTag, seriesOf, type TagFacts } from './tags.ts'

/** A family that counts for itself: a minor release, a branch, a variant. */
export interface Family {
  /** What it is called; undefined where a rule has but one. */
  readonly name?: string
  /** The highest semver that the version has in it. */
  readonly semver?: SemVer
}

/** The families of a rule that has but one. */
export const ONE_FAMILY: readonly Family[] = [{}]

/** Counts once in a family, however many of its tags are in it. */
export function familiesOf(rule: Rule, matched: readonly TagFacts[]): readonly Family[] {
  if (rule.groupBy === undefined && rule.match.semver === undefined) return ONE_FAMILY
  const families = new Map<string, Family>()
  for (const tag of matched) {
    const name = familyName(rule, tag)
    const best = families.get(name ?? '')?.semver
    const version = tag.semver?.version
    const semver = best === undefined || (version !== undefined && version.compare(best) > 0) ? version : best
    families.set(name ?? '', {
      ...(name === undefined ? {} : { name }),
      ...(semver === undefined ? {} : { semver })
    })
  }
  return [...families.values()]
}

function familyName({ groupBy }: Rule, { groups, semver }: TagFacts): string | undefined {
  const series = seriesName(groupBy, groups, semver)
  const parts = [series, semver?.variant].filter(part => part !== undefined && part !== '')
  return parts.length === 0 ? undefined : parts.join('-')
}

function seriesName(
  groupBy: Rule['groupBy'],
  groups: TagFacts['groups'],
  semver: SemverTag | undefined
): string | undefined {
  if (groupBy === undefined) return undefined
  if (groupBy.by === 'group') return own(groups, groupBy.group)
  return semver === undefined ? undefined : seriesOf(semver, groupBy.by)
}
