import type { TagCheck } from '../../model/check.ts'
import type { NamedImage } from '../../usage/named-images.ts'
import { some } from '../../util/format.ts'
import { checkImagesNow, type Lookup } from './images.ts'

/**
 * Finds the images that files name and that cannot be pulled. The registry is asked, which lists lag behind.
 *
 * @param named what files name of the package
 * @returns sentences; no build is started for them, because a file may be wrong, and no git tag says what to build
 * @throws ExpectedError when the registry may not be read
 */
export async function missingNamed(named: readonly NamedImage[], lookup: Lookup): Promise<string[]> {
  const places = Map.groupBy(named, ({ reference }) => reference)
  if (places.size === 0) return []
  const expected = [...places.keys()].map(name => ({ name, images: [name], values: {} }))
  const checks = await checkImagesNow({ expected, platforms: [] }, lookup)
  return checks.flatMap(check => sentence(lookup.pkg.name, check, places.get(check.tag) ?? []))
}

/** What is said about a package that does not exist at all. */
export function nothingNamed(packageName: string, named: readonly NamedImage[]): string[] {
  return [...Map.groupBy(named, ({ reference }) => reference)].flatMap(([tag, places]) =>
    sentence(packageName, { tag, images: [tag], state: 'absent', lacks: [] }, places)
  )
}

/** A warning about packages that are not looked at. */
export function unseenNamed(named: readonly NamedImage[], packageNames: readonly string[]): string[] {
  const others = named.filter(({ packageName }) => !packageNames.includes(packageName))
  if (others.length === 0) return []
  const names = others.map(({ by, packageName, reference }) => `${packageName}:${reference} (${by})`)
  return [
    `Files name images of packages that this check does not look at: ${some(names, 5)}. Add the packages to \`packages\`, ` +
      'or leave out these files.'
  ]
}

function sentence(
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
