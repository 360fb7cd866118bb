import type { YAMLParseError } from 'yaml'

/** A sentence, and the place in the text that it is about. */
export type Told = readonly [offset: number, sentence: string]

/**
 * What is wrong with a text that is no YAML, in the words of somebody who only wants to write a pattern or a list. Errors
 * that nobody here can explain are told as the parser words them, but not beside one that is explained: mostly they
 * follow from it.
 */
export function yamlSlips(text: string, errors: readonly YAMLParseError[]): Told[] {
  const explained = new Map<number, Told>()
  for (const error of errors) {
    const told = explain(text, error)
    if (
      told === undefined ||
      (told[1] === TABS && [...explained.values()].some(([, sentence]) => sentence === TABS))
    )
      continue
    const line = lineAt(text, told[0]).start
    if (!explained.has(line)) explained.set(line, told)
  }
  if (explained.size > 0) return [...explained.values()]
  return errors.map(({ pos, message }) => [pos[0], `${message}.`])
}

/** The sentence about a value that YAML reads as something else than text. */
export function needsQuotes(text: string): string {
  return `A value that begins with \`${text.charAt(0)}\` needs quotation marks in YAML. Write ${quoted(text)}.`
}

function explain(text: string, { code, message, pos: [from, to] }: YAMLParseError): Told | undefined {
  const { line, column } = lineAt(text, from)
  const told = (sentence: string): Told => [from, sentence]
  if (code === 'TAB_AS_INDENT') return told(TABS)
  if (code === 'MULTIPLE_DOCS') return told('`---` begins a second document. Put all into one.')
  if (code === 'BAD_DQ_ESCAPE') return told(`${message}. Put a pattern with a backslash in single quotes.`)
  if (/^Missing closing ["']/.test(message))
    return told('A closing quotation mark is missing before this line.')
  const [, flow] = /^Flow (sequence|map) in block collection/.exec(message) ?? []
  if (flow !== undefined)
    return told(`A closing \`${flow === 'map' ? '}' : ']'}\` is missing before this line.`)
  if (code === 'MULTILINE_IMPLICIT_KEY') return [nextLine(text, from), OTHER_DEPTH]
  if (code === 'BAD_INDENT' || message.startsWith('Sequence item without -')) return told(OTHER_DEPTH)
  const value = valueAt(line, column)
  if (/^["'].*(["'])/.test(value) && message.endsWith('at node end'))
    return told('Something follows the closing quotation mark. Put the whole value between two of them.')
  if (message.startsWith('Unexpected block-seq-ind')) {
    const entry = value.replace(/^-\s*/, '')
    const written = /^[\w./]/.test(entry) ? entry : `'${doubled(entry)}'`
    return told(
      `A list with dashes begins on a line of its own. Write \`[${written}]\`, or put each entry on its own line below the key.`
    )
  }
  if (/^[*!&%@`|>[{]/.test(value) && to > 0) return told(needsQuotes(value))
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && /: /.test(value))
    return told(`A value with \`: \` in it needs quotation marks in YAML. Write ${quoted(value)}.`)
  const [, key, rest] = /^([\w-]+)\s+(\S.*)$/.exec(value) ?? []
  if (message.startsWith('Implicit map keys need') && key !== undefined)
    return told(`A colon is missing. Write \`${key}: ${rest}\`.`)
  return undefined
}

/** Whoever has one line with tabs mostly has many. */
const TABS = 'YAML takes no tabs in front of a line. Use spaces.'

const OTHER_DEPTH =
  'The spaces in front do not fit. Give keys that belong together the same number of spaces, and what is in them two more.'

function lineAt(text: string, offset: number): { start: number; line: string; column: number } {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  return { start, line: text.slice(start, end === -1 ? undefined : end), column: offset - start }
}

/** Where the text of the next line that has any begins. */
function nextLine(text: string, offset: number): number {
  const found = /\n[ \t]*(?=\S)/g
  found.lastIndex = offset
  const match = found.exec(text)
  return match === null ? offset : match.index + match[0].length
}

/** What somebody wrote as one value: all behind the key or the dash, or between brackets the entry at that column. */
function valueAt(line: string, column: number): string {
  const [, value = ''] = /^\s*(?:-\s+)*(?:[\w-]+\s*:\s+)?(.*?)(?:\s+#.*)?\s*$/.exec(line) ?? []
  if (!/^\[.*\]$|^\{.*\}$/.test(value)) return value
  const before = /[^\s[{,]*$/.exec(line.slice(0, column))?.[0] ?? ''
  return before + (/^[^\s,\]}]*/.exec(line.slice(column))?.[0] ?? '')
}

function quoted(text: string): string {
  return `\`'${doubled(text)}'\``
}

function doubled(text: string): string {
  return text.replaceAll("'", "''")
}
