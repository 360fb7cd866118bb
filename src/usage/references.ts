import { type Digest, parseDigest } from '../model/digest.ts'
import { isTag } from '../model/tag.ts'
import type { InUse } from '../model/usage.ts'
import { type Guess, type Tags, tagsOf } from './guess.ts'
import { limited } from './limited.ts'
import { foldersIn, type Mention, mentionsIn, namedApart, type Owned } from './mentions.ts'
import { eachMatch, type Setting, settingsIn, type TextFile } from './settings.ts'
import { expand, HOLE, type Values, valuesIn } from './variables.ts'

/** Tags or a digest that some file names. */
export interface Reference extends InUse {
  /** The package that it is of, without the owner, in lower case; undefined for a digest, which says it by itself. */
  readonly packageName?: string
  /** Instead of `packageName`: the packages that it may belong to. */
  readonly mayBeOf?: Guess
  /** Instead of `tag`: the tags that it may be. */
  readonly mayBe?: Guess
  /** Instead of `tag`, if a file has many: each with its place. */
  readonly apart?: readonly Apart[]
}

/**
 * Finds what text files use of an owner's images and charts, whatever language they are in. It rather finds too much
 * than too little, because what it finds stays:
 * - `owner/name:tag` and `@sha256:…`, with whatever registry in front, and full digests anywhere;
 * - `owner/name` alone means `latest`, and, because many have it in a line of its own, every value in the same file
 *   whose key is a tag's or a version's (`tag`, `newTag`, `targetRevision`, `API_VERSION`), and a chart's `appVersion`;
 * - a registry with the owner, or with a folder, and the name in a key of its own (`chart`, `repository`, `name`);
 * - of a variable its default, and what any of the files gives it; one that nobody gives a value may be anything.
 *
 * @param repository `owner/name` of the repository whose workflow runs: what `github.repository` is
 * @returns besides, the places where a variable that none of the files sets hides a tag or a name, such as `compose.yaml:7`
 * @throws ExpectedError when it is more than memory holds
 */
export function findReferences(
  files: readonly TextFile[],
  owner: string,
  repository = '',
  within = limited()
) {
  const scanned = files.map(file => ({ file, settings: within(settingsIn(file)) }))
  const all = scanned.flatMap(({ settings }) => settings)
  const values = valuesIn(all, owner, repository, within)
  const read = scanned.map(({ file, settings }) => {
    const mentions = mentionsIn(file, values)
    return { file, settings, mentions, folders: foldersIn(file, settings, mentions, values) }
  })
  const folders = new Set(read.flatMap(one => one.folders))
  const appVersions = all.filter(({ key }) => key === 'appVersion')
  const owned = read.map(({ file, settings, mentions, folders: here }) => {
    const named = namedApart(file, settings, here, folders, values)
    const owners = [...bareOwners(mentions), ...(named === undefined ? [] : [{ mayBeOf: named }])]
    return { file, settings, mentions, owners }
  })
  const elsewhere = owned.flatMap(({ settings, mentions, owners }) =>
    mentions.length + owners.length > 0 ? [] : tagsAlone(settings, values)
  )
  const perFile = owned.map(({ file, settings, mentions, owners }) => {
    const own = owners.length === 0 ? [] : tagsApart(settings, appVersions, mentions, values)
    const found: Reference[] = [...digestsIn(file), ...mentions.flatMap(referencesOf)]
    const lists = [own, elsewhere].filter(({ length }) => length > 0)
    return {
      found: [...found, ...owners.flatMap(of => lists.map(apart => ({ by: file.path, ...of, apart })))],
      unresolved: [...found, ...(owners.length === 0 ? [] : lists.flat())]
        .filter(isHidden)
        .map(({ by }) => by)
    }
  })
  return {
    found: perFile.flatMap(({ found }) => found),
    unresolved: [...new Set(perFile.flatMap(({ unresolved }) => unresolved))]
  }
}

/**
 * What is in use of one package: each tag and each digest once, with the first place that names it. Ten thousand lines
 * that may mean anything say no more than one.
 *
 * @param tags all user tags of the package
 */
export function referencesTo(
  found: readonly Reference[],
  packageName: string,
  tags: readonly string[]
): InUse[] {
  const first = new Map<string, InUse>()
  let left = tags
  const keyOf = ({ tag, digest }: Omit<InUse, 'by'>): string => `${tag ?? ''}@${digest ?? ''}`
  const take = (one: InUse): void => {
    if (!first.has(keyOf(one))) first.set(keyOf(one), one)
  }
  const takeAll = (by: string, one: Tags): void => {
    const meant = 'tag' in one ? [one.tag] : one.mayBe.among(left)
    for (const tag of meant) take({ by, tag })
    if ('mayBe' in one && meant.length > 0) left = left.filter(tag => !first.has(keyOf({ tag })))
  }
  const ours = found.filter(
    one =>
      (one.packageName === undefined || one.packageName === packageName) &&
      (one.mayBeOf === undefined || one.mayBeOf.among([packageName]).length > 0)
  )
  for (const { apart, mayBe, packageName: _, mayBeOf: __, ...inUse } of ours) {
    if (apart !== undefined) for (const one of apart) takeAll(one.by, one)
    else if (mayBe !== undefined) takeAll(inUse.by, { mayBe })
    else take(inUse)
  }
  return [...first.values()]
}

function digestsIn(file: TextFile): Reference[] {
  return eachMatch(file, /(?<![\w-])(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})(?![0-9a-f])/gi).map(
    ({ by, match: [text] }) => ({ by, digest: parseDigest(text.toLowerCase()) as Digest })
  )
}

function referencesOf({ by, of, tag, isDigest = false }: Mention): Reference[] {
  if (isDigest) return [{ by, ...of, anyDigest: true }]
  return (tag === undefined ? [{ tag: 'latest' }] : tagsOf(tag)).map(one => ({ by, ...of, ...one }))
}

/** What a file names without a tag, each package once. */
function bareOwners(mentions: readonly Mention[]): Owned[] {
  const bare = mentions.filter(({ tag }) => tag === undefined).map(({ of }) => of)
  return [
    ...new Map(bare.map(of => ['packageName' in of ? of.packageName : of.mayBeOf, of] as const)).values()
  ]
}

const TAG_KEY = /(?:tag|version|revision|semver|range|constraints?)$/i
const TAGS_KEY = /(?:tags|versions)$/i
/** Says which image a tag is of. */
const IMAGE_KEY = /(?:repository|registry|image|newName|chart)$/i

/** Tags that stand apart from the name of their package, and where. */
type Apart = { readonly by: string } & Tags

/** Tags in a file that names no image at all, such as the values of one environment: they may be of any that others name. */
function tagsAlone(settings: readonly Setting[], values: Values): Apart[] {
  const isOfOther = settings.some(({ key, value }) => IMAGE_KEY.test(key) && value !== '')
  const tags = tagsApart(
    settings.filter(({ key }) => /tag$/i.test(key) || !isOfOther),
    [],
    [],
    values
  )
  return tags.filter(one => 'tag' in one || (one.mayBe.isHole && !isOfOther))
}

/**
 * Tags that stand apart from their package's name: where the key says so, and what looks like a version beside a name
 * without one, as in comments for Renovate. An empty one is a chart's `appVersion`, and may else be anything.
 */
function tagsApart(
  settings: readonly Setting[],
  appVersions: readonly Setting[],
  mentions: readonly Mention[],
  values: Values
): readonly Apart[] {
  const near = new Set(
    mentions.flatMap(({ line, tag }) => (tag === undefined ? [-1, 0, 1, 2].map(away => line + away) : []))
  )
  const isLiteral = ({ line, key, value }: Setting): boolean =>
    isTag(value) &&
    (TAGS_KEY.test(key) || (/\d/.test(value) && near.has(line) && !/^(?:api|app)Version$/.test(key)))
  const keyed = settings.filter(
    one => (TAG_KEY.test(one.key) && !/^(?:apiVersion|appVersion)$/.test(one.key)) || isLiteral(one)
  )
  const hidden = keyed.filter(({ value }) => appVersions.length === 0 && /^(?:|~|null)$/.test(value))
  const known = [...keyed.filter(one => !hidden.includes(one)), ...appVersions]
  return values.within([
    ...known.flatMap(({ by, value }) =>
      expand(value, values).flatMap(text => tagsOf(text).map(one => ({ by, ...one })))
    ),
    ...hidden.flatMap(({ by }) => tagsOf(HOLE).map(one => ({ by, ...one })))
  ])
}

function isHidden({ anyDigest, mayBe, mayBeOf }: Partial<Reference>): boolean {
  return anyDigest === true || mayBe?.isHole === true || mayBeOf?.isHole === true
}
