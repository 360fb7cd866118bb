import { type Guess, guessAround } from './guess.ts'
import { eachMatch, type Place, type Setting, type TextFile } from './settings.ts'
import { expand, HOLE, OF_THE_RUN, PLACE, type Values } from './variables.ts'

/** The packages that a place in a file is about: one, or each that it may be. */
export type Owned = { readonly packageName: string } | { readonly mayBeOf: Guess }

/** Something of the owner's that a file names. */
export interface Mention extends Place {
  readonly of: Owned
  /** Its variables filled in; undefined for none. */
  readonly tag: string | undefined
  /** True for a digest that a variable hides. */
  readonly isDigest?: boolean
}

const TOKEN = new RegExp(`(?:[\\w./:@+~*^-]|${PLACE})+`, 'g')
const NAME = '([a-z0-9\\uE000\\uE001]+(?:(?:[._/]|__|-+)[a-z0-9\\uE000\\uE001]+)*)'
const REST = '(?:@?:([\\w.+~*^\\uE000\\uE001-]+)|(@))?'
/** An owner that is not known, on a registry of GitHub's. */
const HIDDEN = new RegExp(
  `^(?:\\w+://)?(?:ghcr|containers)\\.[\\w.-]+/[\\uE000\\uE001](?:/${NAME})?${REST}`,
  'i'
)
/** Nothing is known before the name, or not even that. */
const OPEN = new RegExp(`^[\\uE000\\uE001](?:/?${NAME})?${REST}$`, 'i')
/** What stands before an image in a line, whatever the language. */
const IMAGE_KEY =
  /(?:(?:image|container|IMG)["']?\s{0,10}[:=]?\s{0,10}|(?:FROM|(?:docker|podman|nerdctl|crane) +(?:run|pull))(?: +-\S{1,100}){0,3} +)["']?$/i
/** What stands before an image without its tag. Workflows have repositories of another kind. */
const NAME_ONLY_KEY = /(?:repository|newName)["']?\s{0,10}[:=]\s{0,10}["']?$/i

/** The images and charts of the owner that a file names, with a registry in front or without. */
export function mentionsIn(file: TextFile, values: Values): readonly Mention[] {
  const owner = values.owner.toLowerCase()
  const owned = new RegExp(`(?<![\\w.-])${RegExp.escape(owner)}/${NAME}${REST}`, 'gi')
  const found = eachMatch(file, TOKEN).flatMap(({ by, line, match: [token], before, behind }) => {
    const isPlain = !/[$%{(<]|@\w+@/.test(token)
    if (isPlain && !token.toLowerCase().includes(owner)) return []
    const place = { by, line }
    return (isPlain ? [token] : expand(token, values)).flatMap(text => {
      const around = (match: RegExpExecArray): [before: string, behind: string] => [
        before + text.slice(0, match.index),
        text.slice(match.index + match[0].length) + behind
      ]
      const named = [...text.matchAll(owned)]
      if (named.length > 0) return named.flatMap(match => mentionsOf(place, match, ...around(match), true))
      const open = HIDDEN.exec(text) ?? openIn(text, token, before.slice(-200))
      return open === null ? [] : mentionsOf(place, open, ...around(open), false)
    })
  })
  return values.within(found)
}

/** An image of which nothing is known before its name; the whole of it may be hidden, and then its tag is, too. */
function openIn(text: string, token: string, before: string): RegExpExecArray | null {
  // What only the run works out holds nothing.
  if (text === OF_THE_RUN) return null
  if (NAME_ONLY_KEY.test(before) && !token.startsWith('${{')) return OPEN.exec(text)
  if (!IMAGE_KEY.test(before)) return null
  const isFunction = /^\{\{-?\s*(?:include|template|tpl)\b/.test(token)
  return OPEN.exec(text === HOLE && !isFunction ? `${HOLE}:${HOLE}` : text)
}

/** Something that is put together right behind a name: `:%s`, `:' + tag`, `` :`cat VERSION` ``. */
const PUT_TOGETHER = /^["'`%{$\\#\uE000]/
/** What a script puts something else for. */
const STAND_IN = /TAG|VERSION|SHA|COMMIT|PLACEHOLDER/
/** `"ghcr.io/acme/app": "v1"`, and `ghcr.io/acme/app=*:v1` of Kustomize. */
const KEY_OF = /^["']?\s?(?:[:=]\s+|:|=>\s*|=(?:\*:)?)["']?(\w[\w.+-]{0,127})(?=["'\s,;}\])]|$)/

function mentionsOf(
  place: Place,
  [, name = HOLE, tag, at]: RegExpExecArray,
  before: string,
  behind: string,
  isOwned: boolean
): Mention[] {
  const of =
    !isOwned || /[\uE000\uE001]/.test(name)
      ? { mayBeOf: isOwned ? guessAround(name) : endingIn(name) }
      : { packageName: name.toLowerCase() }
  if (tag !== undefined) return [{ ...place, of, tag: isStandIn(tag) ? HOLE : tag }]
  // A digest, which says it by itself unless it is hidden; the action `owner/name@v1`.
  if (at !== undefined) return PUT_TOGETHER.test(behind) ? [{ ...place, of, tag: HOLE, isDigest: true }] : []
  // Pages of a repository of the package's name.
  if (/github(?:usercontent)?\.com\/$/i.test(before)) return []
  const isHidden = behind.startsWith(':') ? PUT_TOGETHER.test(behind.slice(1)) : /image-list/.test(before)
  const further = isHidden ? HOLE : KEY_OF.exec(behind)?.[1]
  return [
    { ...place, of, tag: undefined },
    ...(further === undefined ? [] : [{ ...place, of, tag: further }])
  ]
}

function isStandIn(tag: string): boolean {
  return /^[A-Z_]+$/.test(tag) && STAND_IN.test(tag)
}

/** Where the owner is not known, the name may have folders in front. */
function endingIn(name: string): Guess {
  const [plain, below] = [guessAround(name), guessAround(`${HOLE}/${name}`)]
  return { isHole: true, among: names => [...plain.among(names), ...below.among(names)] }
}

const NAME_KEY = /(?:^|\.)(?:name|newName|dependency|image|imageName|repository|chart)$/i
const CHART_KEY = /^(?:image|imageName|repository|chart)$/i
const OWNER_KEY =
  /(?:registry|repository|owner|org|group|organization|namespace|account|user|project|url|repoURL)$/i

/** True for a file that has the registry with the owner and nothing behind it, so that names follow somewhere. */
function isOfOwner({ text }: TextFile, owner: string): boolean {
  const end = '/?(?=["\'`\\s,;)\\]}]|$)'
  return new RegExp(
    `(?<![\\w.-])(?:ghcr|containers)\\.[\\w.-]+(?::\\d+)?/${RegExp.escape(owner)}${end}`,
    'i'
  ).test(text)
}

/** The folders of the owner's packages that a file names: a registry with the owner alone is the folder ''. */
export function foldersIn(
  file: TextFile,
  settings: readonly Setting[],
  mentions: readonly Mention[],
  values: Values
): string[] {
  const bare = mentions.flatMap(({ of, tag }) =>
    tag === undefined && 'packageName' in of ? [of.packageName] : []
  )
  const alone = new RegExp(`^(?:(?:\\w+://)?[\\w.:-]+/)?${RegExp.escape(values.owner)}/?$`, 'i')
  const isAlone = settings.some(
    ({ key, value }) => OWNER_KEY.test(key) && expand(value, values).some(text => alone.test(text))
  )
  return isAlone || isOfOwner(file, values.owner) ? ['', ...bare] : bare
}

/**
 * The packages whose names stand apart from the owner: `chart: app` where `repository: oci://ghcr.io/acme/charts`
 * stands in some file, and `name: app` where it stands in the same one; any word where a registry with the owner stands
 * alone.
 *
 * @param here folders that the file itself names
 * @param everywhere those of all files
 */
export function namedApart(
  file: TextFile,
  settings: readonly Setting[],
  here: readonly string[],
  everywhere: ReadonlySet<string>,
  values: Values
): Guess | undefined {
  const local = new Set(here)
  const names = isOfOwner(file, values.owner) ? wordsIn(file) : new Set<string>()
  const charts = new Set<string>()
  for (const { key, value } of settings) {
    if (!NAME_KEY.test(key)) continue
    for (const text of expand(value, values)) {
      if (!/^[a-z0-9][a-z0-9._/-]*$/i.test(text)) continue
      // `shop/app` may be in a repository that is called `shop` here.
      for (const name of [text, text.split('/').at(-1) ?? ''].map(one => one.toLowerCase())) {
        names.add(name)
        if (CHART_KEY.test(key)) charts.add(name)
      }
    }
  }
  if ((names.size === 0 || local.size === 0) && (charts.size === 0 || everywhere.size === 0)) return undefined
  const isMeant = (packageName: string): boolean =>
    splits(packageName).some(
      ([folder, name]) =>
        (local.has(folder) && names.has(name)) || (everywhere.has(folder) && charts.has(name))
    )
  return { isHole: false, among: packageNames => packageNames.filter(isMeant) }
}

function wordsIn({ text }: TextFile): Set<string> {
  return new Set(text.toLowerCase().match(/[a-z0-9]+(?:[._-]+[a-z0-9]+)*/g))
}

/** `a/b/c` is `a/b/c` in no folder, `b/c` in `a`, and `c` in `a/b`. */
function splits(packageName: string): [string, string][] {
  const parts = packageName.split('/')
  return parts.map((_, at) => [parts.slice(0, at).join('/'), parts.slice(at).join('/')])
}
