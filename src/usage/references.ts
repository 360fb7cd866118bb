import { type Digest, parseDigest } from '../model/digest.ts'
import { isTag } from '../model/tag.ts'
import type { InUse } from '../policy/usage.ts'

/** A text file, its path as messages have it. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** A tag or a digest that some file names. */
export interface Reference extends InUse {
  /** The package that it is of, without the owner, in lower case; undefined for a digest, which says it by itself. */
  readonly packageName?: string
}

export interface References {
  readonly found: readonly Reference[]
  /** Places whose tag stands in a variable that none of the files sets, such as `compose.yaml:7`. */
  readonly unresolved: readonly string[]
}

/**
 * Finds what text files use of an owner's images, whatever language they are in. It rather finds too much than too
 * little, for what it finds stays:
 * - `owner/name:tag` and `@sha256:…`, with whatever registry in front, and full digests anywhere;
 * - `owner/name` alone means `latest`, and, for Helm and Kustomize have it in a line of its own, every value in
 *   the same file whose key is a tag's or a version's (`tag`, `newTag`, `API_VERSION`);
 * - of a variable in a tag (`${TAG:-v1}`, `{{ .Values.tag }}`) its default, and what any of the files gives it.
 */
export function findReferences(files: readonly TextFile[], owner: string): References {
  const settings = files.flatMap(settingsIn)
  const found: Reference[] = []
  const unresolved: string[] = []
  for (const file of files) {
    found.push(...digestsIn(file))
    const mentions = mentionsIn(file, owner)
    for (const { by, packageName, tag } of mentions) {
      if (tag === undefined) {
        found.push({ by, packageName, tag: 'latest' })
        continue
      }
      const tags = tagsIn(tag, settings)
      found.push(...tags.map(one => ({ by, packageName, tag: one })))
      // An expression of GitHub's is worked out in the run that pushes: no image is known by it.
      if (tags.length === 0 && !tag.includes('${{')) unresolved.push(by)
    }
    found.push(...splitTags(file, mentions))
  }
  return { found, unresolved }
}

/** What is in use of one package. */
export function referencesTo(found: readonly Reference[], packageName: string): InUse[] {
  return found.filter(one => one.packageName === undefined || one.packageName === packageName)
}

interface Mention {
  readonly by: string
  readonly packageName: string
  /** As written; undefined for none. */
  readonly tag: string | undefined
}

const VARIABLE = /\$\{\{.*?\}\}|\{\{.*?\}\}|\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%/

function mentionsIn(file: TextFile, owner: string): Mention[] {
  const name = '[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*'
  const tag = `:((?:[\\w.-]|${VARIABLE.source})+)`
  const mention = new RegExp(`(?<![\\w.-])${RegExp.escape(owner)}/(${name})(?:${tag}|(@))?`, 'gi')
  return eachMatch(file, mention).flatMap(({ by, match, before }) => {
    const [, found = '', written, at] = match
    // A digest, which says it by itself; the action `owner/name@v1`; pages of a repository of the package's name.
    const elsewhere = at !== undefined || /github(?:usercontent)?\.com\/$/i.test(before)
    if (elsewhere && written === undefined) return []
    return [{ by, packageName: found.toLowerCase(), tag: written }]
  })
}

function digestsIn(file: TextFile): Reference[] {
  return eachMatch(file, /(?<![\w-])(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})(?![0-9a-f])/gi).map(
    ({ by, match: [text] }) => ({ by, digest: parseDigest(text.toLowerCase()) as Digest })
  )
}

/** `key: value`, `key=value` or `"key": "value"`, anywhere in a line. */
interface Setting {
  readonly by: string
  readonly key: string
  readonly value: string
}

function settingsIn(file: TextFile): Setting[] {
  const setting = /(?<![\w.-])([A-Za-z_][\w.-]*)["']?\s*[:=]\s*["']?(\w[\w.+-]*)/g
  return eachMatch(file, setting).map(({ by, match: [, key = '', value = ''] }) => ({ by, key, value }))
}

const TAG_KEY = /(?:tag|version)$/i

/** Tags that stand apart from their package's name. */
function splitTags(file: TextFile, mentions: readonly Mention[]): Reference[] {
  const names = new Set(mentions.filter(({ tag }) => tag === undefined).map(one => one.packageName))
  if (names.size === 0) return []
  const tags = settingsIn(file).filter(
    ({ key, value }) => TAG_KEY.test(key) && key !== 'apiVersion' && isTag(value)
  )
  return [...names].flatMap(packageName => tags.map(({ by, value }) => ({ by, packageName, tag: value })))
}

/** More ways than these to fill in the variables of one tag nobody means. */
const MOST_WAYS = 1_000

/** What a tag as written may come to; none where a variable of it has no known value. */
function tagsIn(written: string, settings: readonly Setting[]): string[] {
  let ways = ['']
  for (const piece of written.split(new RegExp(`(${VARIABLE.source})`))) {
    const texts = VARIABLE.test(piece) ? valuesOf(piece, settings) : [piece]
    ways = ways.flatMap(way => texts.map(text => way + text)).slice(0, MOST_WAYS)
  }
  // A full stop behind a reference ends a sentence, or belongs to the tag.
  const tags = ways.flatMap(way => [way, way.replace(/[.-]+$/, '')])
  return [...new Set(tags)].filter(isTag)
}

/** The values that a variable is given anywhere, by the last part of its name, and its defaults. */
function valuesOf(variable: string, settings: readonly Setting[]): string[] {
  const [, path = '', rest = ''] = /^[${(%\s.]*([\w.]*)(.*?)[})%\s]*$/s.exec(variable) ?? []
  const name = (path.split('.').at(-1) ?? '').toLowerCase()
  const [, standard] = /^:?[-=](.+)$/.exec(rest.trim()) ?? []
  const quoted = [...rest.matchAll(/["']([^"']+)["']/g)].map(([, text = '']) => text)
  const given = settings.filter(({ key }) => (key.split('.').at(-1) ?? '').toLowerCase() === name)
  return [
    ...new Set([...given.map(({ value }) => value), ...quoted, ...(standard === undefined ? [] : [standard])])
  ]
}

interface Found {
  readonly by: string
  readonly match: RegExpExecArray
  /** What stands before it in its line. */
  readonly before: string
}

function eachMatch({ path, text }: TextFile, pattern: RegExp): Found[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) =>
    [...line.matchAll(pattern)].map(match => ({
      by: `${path}:${index + 1}`,
      match,
      before: line.slice(0, match.index)
    }))
  )
}
