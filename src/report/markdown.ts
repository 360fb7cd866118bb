import type { Package, PackageVersion } from '../model/package.ts'
import type { PackageRun } from '../model/run.ts'
import { count, formatNumber, visible } from '../util/format.ts'
import { REPOSITORY, TROUBLESHOOTING } from '../util/links.ts'

/** More rows than this nobody reads. */
const MOST_ROWS = 1_000

/**
 * Untrusted text (tags, names, messages of servers) made safe for GitHub's Markdown. Everything that could
 * start markup becomes a character reference, which Markdown reads as text only; what can hide or reorder
 * text is made visible.
 */
export function safe(text: string, most = 500): string {
  return visible(clip(text.trim(), most))
    .replaceAll(SPECIAL, reference)
    .replaceAll(/\bwww\./gi, www => `${www.slice(0, -1)}&#46;`)
    .replace(LIST_MARK, (_, number: string, mark: string) => number + reference(mark))
}

/** A sentence of ours that may quote anything; names and settings in backticks become code again, and our pages links. */
export function prose(sentence: string): string {
  return safe(sentence, 1_000)
    .replaceAll(QUOTED, (_, inner: string) => `\`${inner.replaceAll(/&#(\d+);/g, character)}\``)
    .replaceAll(README, (_, anchor: string) => `[README](${REPOSITORY}#${anchor})`)
    .replaceAll(TROUBLE, (_, anchor: string) => `[Troubleshooting](${TROUBLESHOOTING}#${anchor})`)
}

/** A name as code where it has only what tags, digests and package names have; else as escaped text. */
export function code(text: string): string {
  return PLAIN.test(text) && text.length <= 200 ? `\`${text}\`` : safe(text, 200)
}

/** GitHub's page of a version; undefined where the package's own address is not as GitHub's are. */
export function versionPage({ url }: Package, { id }: PackageVersion): string | undefined {
  return /^https?:\/\/[\w.:/%@-]+\/container\/package\/[\w.%-]+$/.test(url)
    ? `${url.replace('/container/package/', '/container/')}/${id}`
    : undefined
}

/**
 * A table with a row for each of the first `most` items, as far as 200 KB go. A note says how many `what` are left out.
 */
export function listing<T>(
  items: readonly T[],
  what: string,
  columns: readonly Column<T>[],
  most = MOST_ROWS
): string {
  const shown: string[] = []
  let room = 200_000
  for (const item of items.slice(0, most)) {
    const cells = line(columns.map(({ cell }) => cell(item)))
    room -= Buffer.byteLength(cells) + 1
    if (room < 0) break
    shown.push(cells)
  }
  const more = items.length - shown.length
  const note = more > 0 ? `\n\n…and ${count(more, `more ${what}`)}, in the JSON report.` : ''
  const heads = [line(columns.map(({ title }) => title)), line(columns.map(({ side }) => side))]
  return [...heads, ...shown].join('\n') + note
}

/** A title over the first `most` of some items, a row each; nothing where there are none. */
export function section<T>(
  title: string,
  items: readonly T[],
  what: string,
  most: number,
  columns: readonly Column<T>[]
): string {
  return items.length === 0 ? '' : `**${title}**\n\n${listing(items, what, columns, most)}`
}

/** Numbers of each package, of which a run has a thousand at most in its table, with those of all on top. */
export function packageTable(
  runs: readonly PackageRun[],
  titles: readonly string[],
  numbers: (runs: readonly PackageRun[]) => readonly number[]
): string {
  if (runs.length === 0) return ''
  const all = runs.length > 1 ? [{ cell: '**all packages**', of: runs }] : []
  const rows = [...all, ...runs.map(run => ({ cell: packageCell(run), of: [run] }))]
  const counted = rows.map(({ cell, of }) => [cell, ...numbers(of).map(formatNumber)])
  const columns = titles.map((title, at) => RIGHT<readonly string[]>(title, row => row[at + 1] ?? ''))
  const name = LEFT<readonly string[]>('Package', ([cell = '']) => cell)
  return listing(counted, 'package', [name, ...columns], MOST_ROWS + all.length)
}

function packageCell({ package: { name, url }, error, plan, checks }: PackageRun): string {
  const cell = link(code(name), url)
  if (error !== undefined) return `${cell} (failed)`
  return plan === undefined && checks === undefined ? `${cell} (not reached)` : cell
}

/** A link; addresses come from GitHub, and anything but a plain one is left out rather than quoted. */
export function link(label: string, url: string): string {
  return plainAddress(url) === '' ? label : `[${label}](${url})`
}

/** The address; empty where it has more than addresses of GitHub have. */
export function plainAddress(url: string): string {
  return /^https?:\/\/[\w.:/%@-]+$/.test(url) ? url : ''
}

/** A column of a table: its title, the side that its cells stand on as Markdown has it, and the cell of an item. */
export interface Column<T> {
  readonly title: string
  readonly side: ':--' | '--:'
  readonly cell: (item: T) => string
}

export const LEFT = <T>(title: string, cell: (item: T) => string): Column<T> => ({ title, side: ':--', cell })
export const RIGHT = <T>(title: string, cell: (item: T) => string): Column<T> => ({
  title,
  side: '--:',
  cell
})

/** A part that opens on a click; `title` and `body` must be safe already. */
export function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}

/** One of GitHub's coloured boxes; lines must be safe already. */
export function alert(kind: 'NOTE' | 'WARNING' | 'CAUTION', lines: readonly string[]): string {
  return [`> [!${kind}]`, ...lines.map(text => `> ${text}`.trimEnd())].join('\n')
}

/**
 * How much of a whole goes or is there: a bar of forty characters, and per cent of `what`. Nothing where it is all or
 * nothing, which the headline has said; something that is not nothing is one character at least.
 */
export function share(part: number, whole: number, what: string): string {
  if (part === 0 || part === whole) return ''
  const full = Math.min(Math.max(Math.round((BAR * part) / whole), 1), BAR - 1)
  const percent = Math.round((100 * part) / whole)
  return `\`${'█'.repeat(full)}${'░'.repeat(BAR - full)}\` ${percent === 0 ? 'Less than 1' : percent} % of ${what}`
}

const BAR = 40

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`
}

function character(_: string, point: string): string {
  return String.fromCodePoint(Number(point))
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`
}

const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_.:/+-]*$/
// As `safe` leaves a name or setting in backticks; within them `*`, `:`, `=` and braces start nothing.
const QUOTED = /&#96;((?:[\w./'-]|&#(?:42|123);)(?:[\w./,:' -]|&#(?:42|58|61|123|125);)*)&#96;/g
// A colon matters only where it could make an address or an emoji.
const SPECIAL = /[!#$&*+<=>@[\\\]^_`{|}~]|:(?!\s)/g
// What would begin a list or a rule at the start of a line.
const LIST_MARK = /^(\d*)([-.)])/
const README = anchorsOf(REPOSITORY)
const TROUBLE = anchorsOf(TROUBLESHOOTING)

/** Finds addresses of ours as `safe` leaves them. */
function anchorsOf(page: string): RegExp {
  return new RegExp(`${RegExp.escape(safe(`${page}#`))}([a-z-]+)`, 'g')
}
