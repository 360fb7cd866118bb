import semver from 'semver'
import { type Expected, semverOf, valuesOf } from '../../policy/expected-tags.ts'

/** True for `latest`, `1`, `v1` and `1.2`, which every release of their series takes over. */
export function isMoving(tag: string): boolean {
  return tag === 'latest' || /^v?\d+(?:\.\d+)?$/.test(tag)
}

/**
 * Whether a tag that now stands on a rebuilt image has gone back in time: it stood on a newer version before, or,
 * where what it stood on has no version, there is a newer one that is no pre-release.
 *
 * @param tag the moving tag
 * @param before the other tags of the image that it stood on
 * @param rebuilt what it stands on now
 * @param all everything that should be there
 */
export function movedBack(
  tag: string,
  before: readonly string[],
  rebuilt: Expected,
  all: readonly Expected[]
): boolean {
  const now = semverOf(rebuilt.values)
  const versions = (tags: readonly Expected['values'][]) =>
    tags.map(semverOf).filter(version => version !== undefined)
  const old = versions(before.map(name => valuesOf(name)))
  const rivals =
    old.length > 0
      ? old
      : versions(all.map(({ values }) => values)).filter(
          version => version.prerelease.length === 0 && inSeries(tag, version)
        )
  // What has no version cannot be newer than what has one.
  return rivals.some(version => now === undefined || semver.gt(version, now))
}

function inSeries(tag: string, version: semver.SemVer): boolean {
  const [, major, minor] = /^v?(\d+)(?:\.(\d+))?$/.exec(tag) ?? []
  if (major === undefined) return true
  return Number(major) === version.major && (minor === undefined || Number(minor) === version.minor)
}
