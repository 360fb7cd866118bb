import type { Package, PackageVersion } from '../model/package.ts'
import { count } from '../util/format.ts'
import { REPOSITORY, TROUBLESHOOTING } from '../util/links.ts'

/**
 * Untrusted text (tags, names, messages of servers) made safe for GitHub's Markdown. Everything that could
 * start markup becomes a character reference, which Markdown reads as text only; what can hide or reorder
 * text is made visible.
 */
export function safe(text: string, most = 500): string {
  return clip(text.trim(), most)
    .replaceAll(INVISIBLE, '\uFFFD')
    .replaceAll(SPECIAL, reference)
    .replaceAll(/\bwww\./gi, www => `${www.slice(0, -1)}&#46;`)
    .replace(LIST_MARK, (_, number: string, mark: string) => number + reference(mark))
}

/** A sentence of ours that may quote anything; plain names in backticks become code again, and our pages links. */
export function prose(sentence: string): string {
  return safe(sentence, 1_000)
    .replaceAll(/&#96;([\w./-]+)&#96;/g, '`$1`')
    .replaceAll(README, (_, anchor: string) => `[README](${REPOSITORY}#${anchor})`)
    .replaceAll(TROUBLE, (_, anchor: string) => `[Troubleshooting](${TROUBLESHOOTING}#${anchor})`)
}

/** A name as code where it has only what tags, digests and package names have; else as escaped text. */
export function code(text: string, most = 200): string {
  return PLAIN.test(text) && text.length <= most ? `\`${text}\`` : safe(text, most)
}

/** GitHub's page of a version; undefined where the package's own address is not as GitHub's are. */
export function versionPage({ url }: Package, { id }: PackageVersion): string | undefined {
  return /^https?:\/\/[\w.:/%@-]+\/container\/package\/[\w.%-]+$/.test(url)
    ? `${url.replace('/container/package/', '/container/')}/${id}`
    : undefined
}

/** A table; cells must be safe already. Numbers go to the right. */
export function table(heads: readonly Head[], rows: readonly (readonly string[])[]): string {
  return [
    line(heads.map(head => head.title)),
    line(heads.map(head => (head.side === 'right' ? '--:' : ':--'))),
    ...rows.map(line)
  ].join('\n')
}

/**
 * A table of the first of `total` rows: those given, as far as 200 KB go. A note says how many `what` are left out.
 */
export function listing(
  heads: readonly Head[],
  rows: readonly (readonly string[])[],
  total: number,
  what: string
): string {
  const shown: (readonly string[])[] = []
  let room = 200_000
  for (const row of rows) {
    room -= Buffer.byteLength(line(row)) + 1
    if (room < 0) break
    shown.push(row)
  }
  const more = total - shown.length
  const note = more > 0 ? `\n\n…and ${count(more, `more ${what}`)}, in the JSON report.` : ''
  return table(heads, shown) + note
}

export const LEFT = (title: string): Head => ({ title, side: 'left' })
export const RIGHT = (title: string): Head => ({ title, side: 'right' })

export interface Head {
  readonly title: string
  readonly side: 'left' | 'right'
}

/** A part that opens on a click; `title` and `body` must be safe already. */
export function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}

/** One of GitHub's coloured boxes; lines must be safe already. */
export function alert(kind: 'NOTE' | 'WARNING' | 'CAUTION', lines: readonly string[]): string {
  return [`> [!${kind}]`, ...lines.map(text => `> ${text}`.trimEnd())].join('\n')
}

/** A bar of forty characters: how much of a whole goes. Something that is not nothing is one character at least. */
export function bar(part: number, whole: number): string {
  const full = Math.min(Math.max(Math.round((BAR * part) / whole), 1), BAR - 1)
  return `\`${'█'.repeat(full)}${'░'.repeat(BAR - full)}\``
}

const BAR = 40

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`
}

const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_.:/+-]*$/
// A colon matters only where it could make an address or an emoji.
const SPECIAL = /[!#$&*+<=>@[\\\]^_`{|}~]|:(?!\s)/g
// What would begin a list or a rule at the start of a line.
const LIST_MARK = /^(\d*)([-.)])/
// Controls, line and paragraph separators, and marks that reorder or hide what follows.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu
const README = anchorsOf(REPOSITORY)
const TROUBLE = anchorsOf(TROUBLESHOOTING)

/** Finds addresses of ours as `safe` leaves them. */
function anchorsOf(page: string): RegExp {
  return new RegExp(`${RegExp.escape(safe(`${page}#`))}([a-z-]+)`, 'g')
}
