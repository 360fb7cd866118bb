import semver from 'semver'
import type { SemverMatch } from './rule.ts'

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

/** Reads a tag that is within the range, and a pre-release only if the rule speaks of them. */
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

/** What a family is called: `1.2` or `1`. */
export function seriesOf({ version }: SemverTag, by: 'semver-minor' | 'semver-major'): string {
  return by === 'semver-major' ? `${version.major}` : `${version.major}.${version.minor}`
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
