import type { PackageVersion } from '../model/package.ts'

/**
 * What happened to a version between two looks, as a phrase; undefined when nothing did.
 *
 * @param since when the first look was, for the phrase: `after the listing`
 */
export function changeOf(before: PackageVersion, now: PackageVersion, since: string): string | undefined {
  const added = now.tags.filter(tag => !before.tags.includes(tag))
  if (added.length > 0) return `tag ${added.join(', ')} was put on it ${since}`
  const lost = before.tags.filter(tag => !now.tags.includes(tag))
  if (lost.length > 0) return `tag ${lost.join(', ')} was taken off it ${since}`
  const same =
    now.digest === before.digest && now.created === before.created && now.updated === before.updated
  return same ? undefined : `it changed ${since}`
}
