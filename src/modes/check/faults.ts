import { findTags } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { TagCheck } from '../../model/check.ts'
import type { Digest } from '../../model/digest.ts'
import type { Package, PackageVersion, Visibility } from '../../model/package.ts'
import type { NewestTag } from '../../policy/expected-tags.ts'
import type { TagHead } from '../../registry/read.ts'
import { putBy } from '../../report/phrases.ts'
import type { NamedImage } from '../../usage/named-images.ts'
import { some } from '../../util/format.ts'
import { checkImagesNow, holdersOf, type Lookup } from './images.ts'
import type { Requirements } from './requirements.ts'
import { unsignedImages } from './signatures.ts'

/** What is wrong with the package, besides missing images: sentences. */
export async function faultsOf(
  { newest, named, signed, visibility }: Requirements,
  checks: readonly TagCheck[],
  lookup: Lookup
): Promise<string[]> {
  const { pkg } = lookup
  return [
    ...(visibility === undefined || pkg.visibility === visibility ? [] : [wrongVisibility(pkg, visibility)]),
    ...(await laggingTags(newest, checks, lookup)),
    ...(await missingNamed(named, lookup)),
    ...(signed === undefined ? [] : await unsignedImages(signed, checks, lookup))
  ]
}

function wrongVisibility({ name, visibility, url }: Package, wanted: Visibility): string {
  return (
    `${name} is ${visibility}, and \`expect-visibility\` asks for ${wanted}: change it in the settings of the ` +
    `package, ${url}.`
  )
}

/**
 * Finds the tags that do not stand on the newest release that they name. What the list of versions does not show to be
 * well is asked of the registry, because lists lag behind a push. A release without its image is missing, which is
 * told elsewhere.
 *
 * @param checks how the images of the releases stand
 * @returns sentences, each with the way out
 * @throws ExpectedError when the registry may not be read
 */
async function laggingTags(
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
  return due.flatMap(one => laggingSentence(pkg, one, heads, versions) ?? [])
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

function laggingSentence(
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
    `(${putBy(tag, target)}), or let the build set it.`
  )
}

/**
 * Finds the images that files name and that cannot be pulled. The registry is asked, which lists lag behind.
 *
 * @param named what files name of the package
 * @returns sentences; no build is started for them, because a file may be wrong, and no git tag says what to build
 * @throws ExpectedError when the registry may not be read
 */
async function missingNamed(named: readonly NamedImage[], lookup: Lookup): Promise<string[]> {
  const places = Map.groupBy(named, ({ reference }) => reference)
  if (places.size === 0) return []
  const expected = [...places.keys()].map(name => ({ name, images: [name], values: {} }))
  const checks = await checkImagesNow({ expected, platforms: [] }, lookup)
  return checks.flatMap(check => namedSentence(lookup.pkg.name, check, places.get(check.tag) ?? []))
}

/** What is said about a package that does not exist at all. */
export function nothingNamed(packageName: string, named: readonly NamedImage[]): string[] {
  return [...Map.groupBy(named, ({ reference }) => reference)].flatMap(([tag, places]) =>
    namedSentence(packageName, { tag, images: [tag], state: 'absent', lacks: [] }, places)
  )
}

function namedSentence(
  packageName: string,
  { tag, state, lacks, cause }: TagCheck,
  places: readonly NamedImage[]
): string[] {
  const image = `${packageName}${tag.includes(':') ? '@' : ':'}${tag}`
  const by = places.map(place => place.by)
  const base = `${some(by, 3)} ${by.length === 1 ? 'names' : 'name'} ${image}`
  if (state === 'present') return []
  if (state === 'unreadable')
    return [`${base}, and it is unknown whether it is there: ${cause ?? 'no reason given'}.`]
  if (state === 'absent') return [`${base}, which does not exist. Push it, or name one that does.`]
  return [`${base}, which cannot be pulled whole: it lacks ${some(lacks, 3)}. Push it again.`]
}
