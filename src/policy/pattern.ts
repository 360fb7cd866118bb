import { Minimatch } from 'minimatch'
import semver from 'semver'
import { ExpectedError, messageOf } from '../errors.ts'
import { formatNumber } from '../util/format.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { type Groups, matchRegex, NO_GROUPS, takeMatchTime } from '../util/regex.ts'
import { regexFault } from './regex-fault.ts'

/** A value that matched; `groups` are the named groups of the regular expressions that matched it. */
export interface Hit {
  readonly groups: Groups
}

/** How many of the values one pattern of a list matched. */
export interface PatternCount {
  readonly pattern: string
  readonly hits: number
}

/** A list of patterns, ready to be applied to many tags (or names) at once. */
export interface Patterns {
  /** As they were written. */
  readonly sources: readonly string[]
  /** The values that at least one pattern matches and no `!pattern` does. @throws ExpectedError, see `examine` */
  scan(values: readonly string[]): ReadonlyMap<string, Hit>
  /**
   * As `scan`, and what each single pattern matched, `!` patterns too.
   * @throws ExpectedError when a regular expression takes longer than two seconds
   */
  examine(values: readonly string[]): {
    readonly matched: ReadonlyMap<string, Hit>
    readonly counts: readonly PatternCount[]
  }
}

/** `include`: a semver range also covers pre-releases. `named`: only those that it names, as in npm. */
export type PreReleases = 'include' | 'named'

interface Matcher {
  readonly source: string
  readonly excludes: boolean
  match(values: readonly string[]): ReadonlyMap<string, Groups>
}

/**
 * Reads a list of patterns.
 *
 * - `v1.2.3` is exact; `*`, `?`, `[…]`, `{a,b}`, `+(…)` make it a glob that must match from end to end.
 *   `*` does not match a `/`, which tags cannot have: in a package's name it is one segment, and `**` is all.
 * - `!pattern` takes out what it matches, wherever it stands; a list of nothing else means everything but those.
 * - `/regex/flags` is what JavaScript makes of it: it finds its match anywhere unless it has `^` and `$`.
 * - `semver:RANGE` is a range over X.Y.Z with an optional `v`, in node-semver's words.
 *
 * Case counts.
 *
 * @param preReleases whether a `semver:` range covers pre-releases that it does not name; what a `!` takes
 *   out includes them either way
 * @param reading what a pattern means here, in the words above
 * @throws ExpectedError for a pattern that cannot be meant: a sentence that quotes it
 */
export function parsePatterns(
  sources: readonly string[],
  preReleases: PreReleases = 'include',
  reading = (source: string): string => source
): Patterns {
  const matchers = sources.map(source => parseOne(source, reading(source), preReleases))
  const examine: Patterns['examine'] = values => {
    const results = matchers.map(matcher => ({ ...matcher, found: matcher.match(values) }))
    const wanted = results.filter(result => !result.excludes)
    const excluded = results.filter(result => result.excludes)
    const matched = new Map<string, Hit>()
    for (const value of values) {
      if (excluded.some(({ found }) => found.has(value))) continue
      const groups = wanted.map(({ found }) => found.get(value)).filter(one => one !== undefined)
      if (groups.length > 0 || wanted.length === 0) matched.set(value, { groups: merge(groups) })
    }
    const counts = results.map(({ source, found }) => ({ pattern: source, hits: found.size }))
    return { matched, counts }
  }
  return { sources, examine, scan: values => examine(values).matched }
}

/**
 * Reads patterns of packages. Their names are in lower case, so a regular expression finds capitals in small letters.
 *
 * @param sources globs in lower case
 * @throws ExpectedError as `parsePatterns`
 */
export function parsePackagePatterns(sources: readonly string[]): Patterns {
  return parsePatterns(sources, 'include', source =>
    /^!?\/.*\/[^i]*$/s.test(source) ? `${source}i` : source
  )
}

/**
 * Reads globs of free text, such as the address in a label: a `*` stands for slashes, too.
 *
 * @throws ExpectedError as `parsePatterns`
 */
export function parseTextGlobs(sources: readonly string[]): Patterns {
  const inner = parsePatterns(sources, 'include', withoutSlashes)
  const examine: Patterns['examine'] = values => {
    const { matched, counts } = inner.examine(values.map(withoutSlashes))
    const hits = values.flatMap(value => {
      const hit = matched.get(withoutSlashes(value))
      return hit === undefined ? [] : [[value, hit] as const]
    })
    return { matched: new Map(hits), counts }
  }
  return { sources, examine, scan: values => examine(values).matched }
}

/** With a character in place of each slash that has no meaning in a glob and is in no text. */
function withoutSlashes(text: string): string {
  return text.replaceAll('/', '\u{E001}')
}

/** If two patterns have a group of the same name, the first counts. */
function merge(groups: readonly Groups[]): Groups {
  const named = groups.filter(one => one !== NO_GROUPS)
  return named.length === 0 ? NO_GROUPS : Object.assign({}, ...named.toReversed())
}

function parseOne(source: string, read: string, preReleases: PreReleases): Matcher {
  const excludes = read.startsWith('!')
  const text = excludes ? read.slice(1) : read
  const match = matcherOf(source, text, excludes ? 'include' : preReleases)
  return { source, excludes, match }
}

function matcherOf(source: string, text: string, preReleases: PreReleases): Matcher['match'] {
  if (text.trim() === '') refuse(source, 'names nothing. Write what it should match')
  if (text.startsWith('/')) return regexMatcher(source, text)
  if (text.startsWith('semver:')) return rangeMatcher(source, text.slice('semver:'.length), preReleases)
  return globMatcher(source, text)
}

function regexMatcher(source: string, text: string): Matcher['match'] {
  const end = text.lastIndexOf('/')
  const flags = text.slice(end + 1)
  if (end === 0) refuse(source, 'has no closing slash. Write it as `/…/`')
  if (end === 1) refuse(source, 'is an empty regular expression. Write what it should match')
  if (!/^[imsuv]*$/.test(flags)) refuse(source, 'has flags that mean nothing here. Only i, m, s, u and v do')
  const expression = text.slice(1, end)
  try {
    new RegExp(expression, flags)
  } catch (error) {
    refuse(source, regexFault(expression, messageOf(error)))
  }
  return values => matchRegex(source, expression, flags, values)
}

/**
 * Reads a semver range, to be applied with `range.test(version)`.
 *
 * @param source the pattern that it stands in, for the message
 * @throws ExpectedError with a sentence that quotes `source`
 */
export function parseRange(text: string, preReleases: PreReleases, source = text): semver.Range {
  if (text.trim() === '') refuse(source, 'has no range. Write `*` for every version')
  const range = orUndefined(() => new semver.Range(text, { includePrerelease: preReleases === 'include' }))
  return range ?? refuse(source, 'is not a semver range. Write for instance `>=1.2 <2`, `1.x` or `*`')
}

function rangeMatcher(source: string, text: string, preReleases: PreReleases): Matcher['match'] {
  const range = parseRange(text, preReleases, source)
  return each(source, value => {
    const version = semver.parse(value)
    return version !== null && range.test(version)
  })
}

/**
 * How many globs the braces of one pattern may stand for, and its length. Beyond limits of its own, none of which a
 * pattern within these reaches, brace-expansion leaves the rest out without a word, and what it left out matches nothing.
 */
const MOST_MEANINGS = 1_000
const LONGEST_GLOB = 1_000

function globMatcher(source: string, text: string): Matcher['match'] {
  const unclosed = unclosedIn(text)
  if (unclosed !== undefined) refuse(source, `has no closing \`${unclosed}\``)
  if (text.startsWith('(')) refuse(source, 'is not a glob. To take something out, write it as `!pattern`')
  if (!/[*?[{(\\]/.test(text)) return values => found(values.includes(text) ? [text] : [])
  if (text.length > LONGEST_GLOB) {
    refuse(source, `is longer than ${formatNumber(LONGEST_GLOB)} characters. Write it as several patterns`)
  }
  const glob = compile(source, text)
  if (glob.set.length > MOST_MEANINGS) {
    refuse(
      source,
      `stands for more than ${formatNumber(MOST_MEANINGS)} globs. Write it with \`*\`, or as a \`/regex/\``
    )
  }
  return each(source, value => glob.match(value))
}

function compile(source: string, text: string): Minimatch {
  const braceExpandMax = MOST_MEANINGS + 1
  try {
    return new Minimatch(text, {
      dot: true,
      nocomment: true,
      nonegate: true,
      platform: 'linux',
      braceExpandMax
    })
  } catch (error) {
    return refuse(source, `is not a glob (${messageOf(error)}). Write it as a \`/regex/\``)
  }
}

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' }

/** The bracket that a glob lacks; minimatch would take the open one for a letter, and match nothing. */
function unclosedIn(text: string): string | undefined {
  const expected: string[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    const inClass = expected.at(-1) === ']'
    if (character === '\\') at++
    else if (character === expected.at(-1)) expected.pop()
    else if (!inClass && character in CLOSING) expected.push(CLOSING[character] as string)
  }
  return expected.at(-1)
}

function each(source: string, matches: (value: string) => boolean): Matcher['match'] {
  return values => {
    const started = performance.now()
    const hits = values.filter(matches)
    takeMatchTime(source, performance.now() - started)
    return found(hits)
  }
}

function found(values: readonly string[]): ReadonlyMap<string, Groups> {
  return new Map(values.map(value => [value, NO_GROUPS]))
}

function refuse(source: string, fault: string): never {
  const shown = source.length > 200 ? `${source.slice(0, 200)}…` : source
  throw new ExpectedError(`The pattern \`${shown}\` ${fault}.`)
}
