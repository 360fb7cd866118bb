import { isTag } from '../model/tag.ts'
import { type Expected, fill, semverOf } from './expected-tags.ts'

/** An image tag that is handed on from release to release, and the release that it must stand on. */
export interface NewestTag {
  readonly tag: string
  readonly release: Expected
}

/**
 * The newest release for each tag that the templates make of releases: `latest` of all of them, `{major}` of each
 * major version. Pre-releases are no releases, and of major version 0 nobody makes a tag that is only its number.
 *
 * @param templates of image tags
 * @param expected newest first
 */
export function newestTags(templates: readonly string[], expected: readonly Expected[]): NewestTag[] {
  const newest = new Map<string, Expected>()
  for (const release of expected) {
    if (semverOf(release.values)?.prerelease.length !== 0) continue
    for (const template of templates) {
      const tag = fill(template, release.values)
      if (tag !== undefined && isTag(tag) && !/^v?0$/.test(tag) && !newest.has(tag)) newest.set(tag, release)
    }
  }
  return [...newest].map(([tag, release]) => ({ tag, release }))
}
