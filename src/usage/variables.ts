import type { Within } from './limited.ts'

/** A variable as some language writes it, the source of a regular expression. Bounded, so that no line takes long. */
export const VARIABLE =
  '(?:\\$\\{\\{[^\\n]{0,200}?\\}\\}|\\{\\{[^\\n]{0,200}?\\}\\}|\\$?\\$\\{(?:[^{}]|\\$\\{[^{}]{0,100}\\}){0,200}\\}|\\$\\[\\[[^\\]\\n]{0,200}\\]\\]|\\$\\([^)]{0,200}\\)|\\$env:\\w+|\\$?\\$[A-Za-z_]\\w*|%[A-Za-z_]\\w*%|\\(\\([\\w./:-]{1,100}\\)\\)|<<[^<>\\n]{1,100}>>|<%[^%\\n]{1,100}%>|@[A-Za-z_]\\w{0,100}@)'

/** The same, and what functions that format texts put something else for: `%s`, `%(tag)s`, `{}`, `{0}`, `{tag}`. */
export const PLACE = `(?:${VARIABLE}|%\\(\\w{1,100}\\)[a-z]|%\\{[\\w.]{1,100}\\}|%[A-Za-z](?!\\w)|\\{[\\w.!]{0,100}\\})`

/** Stands in a text for what nothing says. */
export const HOLE = '\uE000'
/** Stands for what only the run of the workflow that pushes works out. */
export const OF_THE_RUN = '\uE001'

/** More ways than these to fill in the variables of one text are not followed: then it may be anything. */
const MOST_WAYS = 200
/** Variables of variables of variables, so deep and no deeper. */
const MOST_DEPTH = 12
const LONGEST = 500
/** Of circles with more variables than files of people have, the others may be anything. */
const MOST_LOOSE = 10_000

const PIECES = new RegExp(`(${PLACE})`)
const RUN_MADE =
  /^(?:github\.(?!repository|event\.(?:inputs|client_payload)\b)|steps\.|needs\.|job\.|runner\.|GITHUB_(?!REPOSITORY)|CI_)/

/** What variables may stand for: what any of the files gives them, by the last part of their name. */
export interface Values {
  readonly byKey: ReadonlyMap<string, ReadonlySet<string>>
  readonly owner: string
  /** Name of the repository whose workflow runs, without its owner; empty when unknown. */
  readonly repository: string
  /** What each variable was found to mean; empty while it is being found out, so that circles end. */
  readonly known: Map<string, readonly string[]>
  readonly circles: Circles
  /** Gives back what was found, as long as there is room for it. */
  readonly within: Within
}

/** Variables that lead back to each other. */
interface Circles {
  /** What is being found out, each because of the one before it; `back` is the first of these that it leads back to. */
  readonly open: { readonly variable: string; back: number }[]
  /** What was found while one of these was open, and so lacks what that one means: the place of the first such one. */
  readonly loose: Map<string, number>
  /** How many of them are found anew. */
  room: number
}

/** @param repository `owner/name` of the repository whose workflow runs */
export function valuesIn(
  settings: readonly { readonly key: string; readonly value: string }[],
  owner: string,
  repository: string,
  within: Within
): Values {
  const byKey = new Map<string, Set<string>>()
  for (const { key, value } of settings) {
    const name = lastPart(key)
    const given = byKey.get(name) ?? new Set()
    byKey.set(name, given)
    // An empty tag is a chart's `appVersion`, or anything; a digest that is empty is none.
    if (given.size <= MOST_WAYS && (value !== '' || /digest$/i.test(name))) given.add(value)
  }
  const circles = { open: [], loose: new Map(), room: MOST_LOOSE }
  return { byKey, owner, repository: repository.split('/').at(-1) ?? '', known: new Map(), circles, within }
}

/** What a text may become, `HOLE` and `OF_THE_RUN` standing for what is not known. */
export function expand(text: string, values: Values, depth = 0): readonly string[] {
  let ways = ['']
  for (const [at, piece] of text.split(PIECES).entries()) {
    const texts = at % 2 === 0 ? [piece] : meanings(piece, values, depth)
    ways =
      ways.length * texts.length > MOST_WAYS
        ? ways.slice(0, 1).map(() => HOLE)
        : ways.flatMap(way => texts.map(one => way + one))
  }
  const texts = [...new Set(ways.map(way => (way.length > LONGEST ? HOLE : way)))]
  return texts.length > 1 ? values.within(texts) : texts
}

function meanings(variable: string, values: Values, depth: number): readonly string[] {
  const { known, circles } = values
  const { open, loose } = circles
  const before = known.get(variable)
  if (before !== undefined) {
    const place = open.findIndex(one => one.variable === variable)
    leadBack(circles, place < 0 ? loose.get(variable) : place)
    return before
  }
  known.set(variable, [])
  const first = findOpen(variable, values, depth)
  known.set(variable, first.found)
  if (first.back > open.length) return first.found
  if (first.back < open.length) {
    loose.set(variable, first.back)
    leadBack(circles, first.back)
    return first.found
  }
  closeCircle(values)
  if (circles.room-- <= 0) return first.found
  // The others of the circle did not know yet what this one means.
  const { found } = findOpen(variable, values, depth)
  const all = [...new Set([...first.found, ...found])]
  known.set(variable, all)
  closeCircle(values)
  return all
}

/** Finds out what a variable means, and the first of those that are being found out to which it leads back. */
function findOpen(variable: string, values: Values, depth: number) {
  const { open } = values.circles
  open.push({ variable, back: Number.POSITIVE_INFINITY })
  const found = depth > MOST_DEPTH ? [HOLE] : find(variable, values, depth)
  return { found, back: open.pop()?.back ?? Number.POSITIVE_INFINITY }
}

function leadBack({ open }: Circles, place = Number.POSITIVE_INFINITY): void {
  const last = open.at(-1)
  if (last !== undefined) last.back = Math.min(last.back, place)
}

/** Forgets what was found before the first variable of a circle was: it is found anew when it is asked for. */
function closeCircle({ known, circles }: Values): void {
  for (const [variable, back] of circles.loose) {
    if (back < circles.open.length) continue
    circles.loose.delete(variable)
    if (circles.room-- > 0) known.delete(variable)
    else known.set(variable, [...(known.get(variable) ?? []), HOLE])
  }
}

function find(variable: string, values: Values, depth: number): readonly string[] {
  const inner = innerOf(variable.replace(/^\$\$/, '$'))
  if (variable.startsWith('{{') && /^-?\s*(?:if|else|end|with|range)\b/.test(inner)) return ['']
  // A command's output is nobody's name.
  if (variable.startsWith('$(') && /\s/.test(inner)) return [HOLE]
  const [, name = '', change = ''] = /^(\w+)((?:[,^@#%/]|:?[-=+]|:\d).*)$/s.exec(inner) ?? []
  if (change !== '' && !variable.includes('{{'))
    return changed(meanings(`\${${name}}`, values, depth), change, values, depth)
  const home = values.repository === '' ? HOLE : values.repository
  if (/^(?:github\.repository_owner|GITHUB_REPOSITORY_OWNER)\b/.test(inner)) return [values.owner]
  if (/^github\.event\.repository\.name\b/.test(inner)) return [home]
  if (/^(?:github\.repository|GITHUB_REPOSITORY)\b/.test(inner)) return [`${values.owner}/${home}`]
  const given = (path: string): string[] => [...(values.byKey.get(lastPart(path)) ?? [])]
  const { standard, names, others } = quotedIn(inner)
  const isMade = RUN_MADE.test(inner)
  const known = [...(isMade ? [] : pathsIn(variable, inner)), ...names].flatMap(given)
  const found = (texts: readonly string[]): string[] =>
    texts.length > MOST_WAYS ? [HOLE] : texts.flatMap(text => expand(text, values, depth + 1))
  const sure = [...found([...known, ...standard]), ...(isMade ? [OF_THE_RUN] : [])]
  const all = new Set([...(sure.length > 0 ? sure : [HOLE]), ...found(others)])
  return all.size > MOST_WAYS ? [HOLE] : [...all]
}

/** What a shell makes of a variable: a default, something in its place, or a part of it. */
function changed(
  before: readonly string[],
  change: string,
  values: Values,
  depth: number
): readonly string[] {
  const [, sign = '', text = ''] = /^:?([-=+])(.*)$/s.exec(change) ?? []
  const instead = sign === '' ? [] : expand(text.replaceAll(/["']/g, ''), values, depth + 1)
  if (sign === '+') return ['', ...instead]
  if (sign !== '') return [...before.filter(one => one !== HOLE), ...instead]
  if (/^##?\*\/$/.test(change)) return before.map(one => one.split('/').at(-1) ?? '')
  const [, start] = /^##?([\w.-]+)$/.exec(change) ?? []
  if (start !== undefined) return before.map(one => (one.startsWith(start) ? one.slice(start.length) : one))
  const isCase = /^(?:[,^]|@[LU])/.test(change)
  return isCase || before.every(one => one === OF_THE_RUN) ? before : [...before, HOLE]
}

/** Texts in quotes: those that a value may be, those that name one, and others. */
interface Quoted {
  readonly standard: string[]
  readonly names: string[]
  readonly others: string[]
}

function quotedIn(inner: string): Quoted {
  const found: Quoted = { standard: [], names: [], others: [] }
  for (const { 0: quoted, 1: double, 2: single, index } of inner.matchAll(/"([^"]*)"|'([^']*)'/g)) {
    const text = double ?? single ?? ''
    const before = inner.slice(0, index)
    if (/^\[.*\]$/s.test(text))
      found.standard.push(
        ...text
          .slice(1, -1)
          .replaceAll(/["'\s]/g, '')
          .split(',')
      )
    else if (/\b(?:printf|format)[\s(]+$/.test(before))
      found.standard.push(formatted(text, inner.slice(index + quoted.length)))
    else if (/(?:\bdefault[\s(]*|\|\||&&|\?|\s:|\bor)\s*$/.test(before)) found.standard.push(text)
    else if (/\[\s*$|\b(?:env|requiredEnv|index|lookup|include|template)\b[^=&|]*$/.test(before))
      found.names.push(text)
    else found.others.push(text)
  }
  return found
}

/** What a function that formats makes of its text, with its arguments in it as variables. */
function formatted(text: string, behind: string): string {
  const isNested = /\([^()]*\(/.test(behind)
  const given = isNested ? [] : [...behind.matchAll(/"([^"]*)"|'([^']*)'|\([^()]*\)|[$.]?\w[\w.-]*/g)]
  const texts = given.map(([whole, double, single]) => double ?? single ?? `\${{ ${whole} }}`)
  let next = 0
  return text.replaceAll(
    /%[sdv]|\{(\d*)\}/g,
    (_, place = '') => texts[place === '' ? next++ : Number(place)] ?? HOLE
  )
}

/** Without the signs that make it a variable. */
function innerOf(variable: string): string {
  if (variable.startsWith('${{')) return variable.slice(3, -2).trim()
  if (variable.startsWith('{{')) return variable.slice(2, -2).trim()
  if (variable.startsWith('$[[')) return variable.slice(3, -2).trim()
  if (/^[$%][{(]/.test(variable)) return variable.replace(/^[$%][{(](?:env:)?(.*)[})][a-z]?$/s, '$1').trim()
  return variable
    .replace(/^\$env:/, '')
    .replaceAll(/[${}%()<>@=]/g, '')
    .trim()
}

/** The names in it. */
function pathsIn(variable: string, inner: string): readonly string[] {
  if (!variable.includes('{{')) return /^[A-Za-z_][\w.-]*/.exec(inner) ?? []
  const words = inner.replaceAll(/["'][^"']*["']/g, ' ').match(/[.$]?[A-Za-z_][\w.-]*/g) ?? []
  const dotted = words.filter(word => word.includes('.'))
  return dotted.length > 0 ? dotted : words
}

function lastPart(path: string): string {
  return (path.split('.').at(-1) ?? '').toLowerCase()
}
