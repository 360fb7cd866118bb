import { findTags } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { TagCheck } from '../../model/check.ts'
import type { Digest } from '../../model/digest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import type { NewestTag } from '../../policy/expected-tags.ts'
import type { TagHead } from '../../registry/read.ts'
import { some } from '../../util/format.ts'
import { holdersOf, type Lookup } from './images.ts'

/**
 * Finds the tags that do not stand on the newest release that they name. What the list of versions does not show to be
 * well is asked of the registry, because lists lag behind a push. A release without its image is missing, which is
 * told elsewhere.
 *
 * @param checks how the images of the releases stand
 * @returns sentences, each with the way out
 * @throws ExpectedError when the registry may not be read
 */
export async function laggingTags(
  newest: readonly NewestTag[],
  checks: readonly TagCheck[],
  { pkg, versions, registry, clock }: Lookup
): Promise<string[]> {
  const present = new Set(checks.filter(({ state }) => state === 'present').map(({ tag }) => tag))
  const holders = holdersOf(versions)
  const due = newest.filter(
    ({ tag, release }) =>
      present.has(release.name) && !isOn(tag, release.images, one => holders.get(one) ?? [])
  )
  if (due.length === 0) return []
  const tags = due.flatMap(({ tag, release }) => [tag, ...release.images])
  const heads = await findTags(registry, repositoryOf(pkg), [...new Set(tags)], clock)
  return due.flatMap(one => sentence(pkg, one, heads, versions) ?? [])
}

function isOn(
  tag: string,
  images: readonly string[],
  digestsOf: (tag: string) => readonly Digest[]
): boolean {
  const wanted = new Set(images.flatMap(digestsOf))
  const stands = digestsOf(tag)
  return stands.length > 0 && stands.every(digest => wanted.has(digest))
}

function sentence(
  pkg: Package,
  { tag, release }: NewestTag,
  heads: ReadonlyMap<string, TagHead>,
  versions: readonly PackageVersion[]
): string | undefined {
  const name = `${pkg.name}:${tag}`
  const digestsOf = (one: string): readonly Digest[] => {
    const head = heads.get(one)
    return head?.state === 'found' ? [head.digest] : []
  }
  if (isOn(tag, release.images, digestsOf)) return undefined
  const unread = [tag, ...release.images].map(one => heads.get(one)).find(head => head?.state === 'unread')
  if (unread?.state === 'unread') {
    return `Whether ${name} points to ${release.name} is unknown: ${unread.cause}.`
  }
  const [target] = release.images.flatMap(digestsOf)
  if (target === undefined) return undefined
  const [digest] = digestsOf(tag)
  const others =
    versions.find(version => version.digest === digest)?.tags.filter(other => other !== tag) ?? []
  const stands =
    digest === undefined ? 'does not exist' : `points to ${others.length > 0 ? some(others, 5) : digest}`
  return (
    `${name} ${stands}, and the newest release that it names is ${release.name}. Put it there ` +
    `(\`docker buildx imagetools create -t <image>:${tag} <image>@${target}\`), or let the build set it.`
  )
}
