import type { PackageVersion } from '../model/package.ts'
import { some } from '../util/format.ts'

/**
 * What happened to a version between two looks, as a phrase; undefined when nothing did.
 *
 * @param since when the first look was, for the phrase: `after the listing`
 */
export function changeOf(before: PackageVersion, now: PackageVersion, since: string): string | undefined {
  if (now.tagsUnknown && !before.tagsUnknown) return 'GitHub does not say any more which tags it has'
  // Anybody who may push can put 100,000 tags on one version.
  const [had, has] = [new Set(before.tags), new Set(now.tags)]
  const added = [...has.difference(had)]
  if (added.length > 0) return `tag ${some(added, 5)} was put on it ${since}`
  const lost = [...had.difference(has)]
  if (lost.length > 0) return `tag ${some(lost, 5)} was taken off it ${since}`
  const same =
    now.digest === before.digest && now.created === before.created && now.updated === before.updated
  return same ? undefined : `it changed ${since}`
}
