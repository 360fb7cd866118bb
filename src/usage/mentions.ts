import { type Guess, guessAround } from './guess.ts'
import { eachMatch, type Setting, type TextFile } from './settings.ts'
import { expand, HOLE, VARIABLE, type Values } from './variables.ts'

/** The packages that a place in a file is about: one, or each that it may be. */
export type Owned = { readonly packageName: string } | { readonly mayBeOf: Guess }

/** Something of the owner's that a file names. */
export interface Mention {
  readonly by: string
  readonly of: Owned
  /** Its variables filled in; undefined for none. */
  readonly tag: string | undefined
}

const TOKEN = new RegExp(`(?:[\\w./:@+~-]|${VARIABLE})+`, 'g')
const NAME = '([a-z0-9\\uE000\\uE001]+(?:(?:[._/]|__|-+)[a-z0-9\\uE000\\uE001]+)*)'
const REST = '(?::([\\w.+\\uE000\\uE001-]+)|(@))?'
/** An owner that is not known, on a registry of GitHub's. */
const HIDDEN = new RegExp(`^(?:\\w+://)?(?:ghcr|containers)\\.[\\w.-]+/[\\uE000\\uE001]/${NAME}${REST}`, 'i')
/** Nothing is known before the name, or not even that. */
const OPEN = new RegExp(`^[\\uE000\\uE001](?:/?${NAME})?${REST}$`, 'i')
/** What stands before an image in a line, whatever the language. */
const IMAGE_KEY =
  /(?:image|repository|container|newName|IMG|FROM(?: +--\S{1,100})?|(?:docker|podman|nerdctl|crane) +(?:run|pull)(?: +-\S{1,100})?)["']?\s{0,10}[:=]?\s{0,10}["']?$/i

/** The images and charts of the owner that a file names, with a registry in front or without. */
export function mentionsIn(file: TextFile, values: Values): Mention[] {
  const owner = values.owner.toLowerCase()
  const owned = new RegExp(`(?<![\\w.-])${RegExp.escape(owner)}/${NAME}${REST}`, 'gi')
  return eachMatch(file, TOKEN).flatMap(({ by, match: [token], before }) => {
    values.checkTime()
    const isPlain = !/[$%{]/.test(token)
    if (isPlain && !token.toLowerCase().includes(owner)) return []
    return (isPlain ? [token] : expand(token, values)).flatMap(text => {
      const named = [...text.matchAll(owned)]
      if (named.length > 0)
        return named.flatMap(match => mentionOf(by, match, before + text.slice(0, match.index), true))
      const open = HIDDEN.exec(text) ?? (IMAGE_KEY.test(before.slice(-200)) ? OPEN.exec(text) : null)
      return open === null ? [] : mentionOf(by, open, before, false)
    })
  })
}

function mentionOf(
  by: string,
  [, name = HOLE, tag, at]: RegExpExecArray | RegExpMatchArray,
  before: string,
  isOwned: boolean
): Mention[] {
  // A digest, which says it by itself; the action `owner/name@v1`; pages of a repository of the package's name.
  const elsewhere = at !== undefined || /github(?:usercontent)?\.com\/$/i.test(before)
  if (elsewhere && tag === undefined) return []
  const of =
    !isOwned || /[\uE000\uE001]/.test(name)
      ? { mayBeOf: isOwned ? guessAround(name) : endingIn(name) }
      : { packageName: name.toLowerCase() }
  return [{ by, of, tag }]
}

/** Where the owner is not known, the name may have folders in front. */
function endingIn(name: string): Guess {
  const [plain, below] = [guessAround(name), guessAround(`${HOLE}/${name}`)]
  return { isHole: true, among: names => [...plain.among(names), ...below.among(names)] }
}

const NAME_KEY = /^(?:name|newName|dependency|image|imageName|repository|chart)$/i
const CHART_KEY = /^(?:image|imageName|repository|chart)$/i
const OWNER_KEY =
  /(?:registry|repository|owner|org|organization|namespace|account|user|project|url|repoURL)$/i

/** The folders of the owner's packages that a file names: a registry with the owner alone is the folder ''. */
export function foldersIn(
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
  return isAlone ? ['', ...bare] : bare
}

/**
 * The packages whose names stand apart from the owner: `chart: app` where `repository: oci://ghcr.io/acme/charts`
 * stands in some file, and `name: app` where it stands in the same one.
 *
 * @param here folders that the file itself names
 * @param everywhere those of all files
 */
export function namedApart(
  settings: readonly Setting[],
  here: readonly string[],
  everywhere: ReadonlySet<string>,
  values: Values
): Guess | undefined {
  const local = new Set(here)
  const names = new Set<string>()
  const charts = new Set<string>()
  for (const { key, value } of settings) {
    if (!NAME_KEY.test(key)) continue
    for (const text of expand(value, values)) {
      if (!/^[a-z0-9][a-z0-9._/-]*$/i.test(text)) continue
      names.add(text.toLowerCase())
      if (CHART_KEY.test(key)) charts.add(text.toLowerCase())
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

/** `a/b/c` is `a/b/c` in no folder, `b/c` in `a`, and `c` in `a/b`. */
function splits(packageName: string): [string, string][] {
  const parts = packageName.split('/')
  return parts.map((_, at) => [parts.slice(0, at).join('/'), parts.slice(at).join('/')])
}
