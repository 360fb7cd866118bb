import { VARIABLE } from './variables.ts'

/** A text file, its path as messages have it. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** A line of a file. Its number stands by itself: reading it out of `by` would make each of these a copy of the path. */
export interface Place {
  /** File and line, as `compose.yaml:7`. */
  readonly by: string
  readonly line: number
}

/** `key: value`, `key = value`, `"key": "value"`, `--key value` and their like, in whatever language. */
export interface Setting extends Place {
  readonly key: string
  /** As written, variables and all. */
  readonly value: string
}

/** A line of a file, and the key of the block that it is in. */
interface Line extends Place {
  readonly text: string
  readonly parent: string | undefined
}

const BARE = `(?:[\\w.+/@:~^*<>=|-]|${VARIABLE})+`
const VALUE = `(?:[&!][\\w!-]+ +)?(?:"([^"]*)"|'([^']*)'|(${BARE}))`
const PAIR = new RegExp(
  `(?<![\\w/-]|[\\w/.-]\\.)(?:\\$env:)?([A-Za-z_][\\w.-]*)["']?\\]?\\s*(?::=|\\?=|\\+=|=|:)\\s*${VALUE}`,
  'g'
)
const FLAG = new RegExp(`(?<![\\w-])--([a-z][\\w.-]*)(?:=| +)${VALUE}`, 'g')
const WORDS = new RegExp(`^\\s*(?:ENV|ARG)\\s+([A-Za-z_]\\w*)\\s+${VALUE}`, 'g')
/** `variable "TAG" { default = "v1" }` and `tag: { default: v1 }`. */
const BLOCK = new RegExp(
  `(?<![\\w-])([A-Za-z_][\\w-]{0,100})["']?\\s{0,9}:?\\s{0,9}\\{[^{}]{0,200}?\\bdefault["']?\\s{0,9}[:=]\\s{0,9}${VALUE}`,
  'g'
)
/** `<tag>v1</tag>` and `.withTag("v1")`. */
const ELEMENT = /<([A-Za-z][\w.-]{0,100})>([^<>]{1,200})<\//g
const CALL = /\b(\w{0,30}(?:tag|version))\(\s{0,9}["']([\w.+-]+)["']/gi
const DEFAULT = /\$\{([A-Za-z_]\w*):?[-=]([\w.+-]+)\}/g
const ITEM = new RegExp(`^\\s*-\\s+${VALUE}`)
/** What may stand behind an item. It is asked by itself, because a value can be read in as many ways as it has variables. */
const REST_OF_ITEM = /^\s*(?:#.*)?$/
/** An item with more between its braces than the first braces end, and one in code. */
const WHOLE_ITEM = /^\s*(?:-\s+([\w.+/@:~^*<>=|-]*\$?\{\{.{0,400}\}\})\s*(?:#.*)?|"([^"]+)",?)$/
const ITEMS = /(?<![\w./-])([A-Za-z_][\w.-]*)["']?\s*[:=]\s*\[/g
/** A longer list is none that people write. */
const LONGEST_LIST = 10_000
const OPENER =
  /^(\s*(?:-\s+)?)["']?([A-Za-z_][\w.-]*)["']?(?:\s+"([^"]*)")*(?:\s*[:=])?(?:\s*[{[])?\s*(?:#.*)?$/

/** A tag that is left empty, which YAML writes without any value. */
const EMPTY_TAG = /^(\s*(?:-\s+)?)([\w-]*tag):\s*(?:#.*)?$/i
const CODE = /\.(?:tf|tfvars|hcl|nomad|py|go|rb|rs|java|kts?|groovy|cs|bicep|nix|bzl)$|Jenkinsfile$/i
/** Objects in code, whose keys end in a colon. */
const OBJECTS = /\.(?:[cm]?[jt]sx?|jsonnet|libsonnet|cue)$/i
const NAMED = /^(?:name|key|ParameterKey)$/i
const VALUED = /^(?:value|default|ParameterValue)$/i
/** The value stands before the name of its item. */
const VALUE_FIRST = /^\s*[-{][\s{]*["']?(?:value|default)\b/i
/** So many settings may stand between a name and its value. */
const MOST_BETWEEN = 6

/**
 * Every setting that the lines of a file make, in their order; a `default` is one of the block that it stands in, and
 * a `value` one of the `name` beside it.
 */
export function settingsIn(file: TextFile): Setting[] {
  const lines = linesOf(file)
  // What stands before a variable that has no sign.
  const naming = OBJECTS.test(file.path) ? /[:=]/ : CODE.test(file.path) ? /=/ : /(?!)/
  const first = new Set<Setting>()
  const settings = lines.flatMap((line, at) => {
    const found = settingsOf(line, lines[at + 1]?.text, naming)
    if (VALUE_FIRST.test(line.text)) for (const one of found.slice(0, 1)) first.add(one)
    return found
  })
  return [...settings, ...settings.flatMap((one, at) => beside(one, at, settings, first.has(one)))]
}

function beside(
  { by, line, key, value }: Setting,
  at: number,
  settings: readonly Setting[],
  isFirst: boolean
): Setting[] {
  if (!VALUED.test(key)) return []
  for (let away = 1; away <= MOST_BETWEEN; away++) {
    const other = settings[isFirst ? at + away : at - away]
    if (other === undefined || VALUED.test(other.key)) return []
    if (NAMED.test(other.key)) return [{ by, line, key: other.value, value }]
  }
  return []
}

function settingsOf({ by, line, text, parent }: Line, next: string | undefined, naming: RegExp): Setting[] {
  const found: Setting[] = []
  const add = (key: string, value: string): void => {
    found.push({ by, line, key, value })
  }
  for (const pattern of [PAIR, FLAG, WORDS, BLOCK, ELEMENT, CALL]) {
    for (const { 0: all, 1: key = '', 2: double, 3: single, 4: bare, index } of text.matchAll(pattern)) {
      // What a function gives is not known.
      if (bare !== undefined && text[index + all.length] === '(') continue
      if (/^[|>][+-]?$/.test(bare ?? '')) add(key, next?.trim() ?? '')
      const value = double ?? single ?? (naming.test(all) ? asVariable(bare ?? '') : (bare ?? ''))
      add(key, value)
      if (/^(?:default|value)$/i.test(key) && parent !== undefined) add(parent, value)
    }
  }
  for (const [, key = '', value = ''] of text.matchAll(DEFAULT)) add(key, value)
  for (const { key, list } of listsIn(text)) {
    for (const item of list.split(',')) add(key, item.replaceAll(/["'\s]/g, ''))
  }
  const item = itemIn(text)
  if (item !== undefined && parent !== undefined) add(parent, item)
  const [, before = '', empty] = EMPTY_TAG.exec(text) ?? []
  const isInside =
    next !== undefined && (next.search(/\S/) > before.length || next.search(/-\s/) === before.length)
  if (empty !== undefined && !isInside) add(empty, '')
  return found
}

function itemIn(text: string): string | undefined {
  const [all, ...values] = ITEM.exec(text) ?? []
  const isAll = all !== undefined && REST_OF_ITEM.test(text.slice(all.length))
  return (isAll ? values : (WHOLE_ITEM.exec(text) ?? []).slice(1)).find(one => one !== undefined)
}

/** `key: [a, b]`; the bracket that closes is searched for once, however many lists may end with it. */
function* listsIn(text: string): Generator<{ readonly key: string; readonly list: string }> {
  let end = 0
  let taken = 0
  for (const { 0: opening, 1: key = '', index } of text.matchAll(ITEMS)) {
    if (index < taken) continue
    const start = index + opening.length
    if (end < start) end = text.indexOf(']', start)
    if (end < 0) return
    if (end - start > LONGEST_LIST) continue
    yield { key, list: text.slice(start, end) }
    taken = end
  }
}

/** Code names its variables without any sign. */
function asVariable(bare: string): string {
  return /^(?!(?:null|nil|None|true|false|string)$)[A-Za-z_][\w.]*$/.test(bare) ? `\${${bare}}` : bare
}

function linesOf({ path, text }: TextFile): Line[] {
  const open: { readonly depth: number; readonly key: string }[] = []
  return text.split(/\r\n|\r|\n/).map((line, index) => {
    const depth = line.search(/\S/)
    const isItem = /^\s*-\s/.test(line)
    while (depth >= 0 && open.length > 0) {
      const above = open.at(-1)?.depth ?? 0
      if (above < depth || (isItem && above === depth)) break
      open.pop()
    }
    const parent = open.at(-1)?.key
    const [, before = '', key, label] = OPENER.exec(line) ?? []
    if (key !== undefined) open.push({ depth: before.length, key: label ?? key })
    return { by: `${path}:${index + 1}`, line: index + 1, text: line, parent }
  })
}

/** Nothing that is told by what stands before it is told by more: a file can be one line of megabytes. */
const MOST_AROUND = 300

/** Every match in every line of a file, with the end of what stands before it there, and the beginning of what stands behind. */
export function eachMatch({ path, text }: TextFile, pattern: RegExp) {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) =>
    [...line.matchAll(pattern)].map(match => ({
      by: `${path}:${index + 1}`,
      line: index + 1,
      match,
      before: line.slice(Math.max(0, match.index - MOST_AROUND), match.index),
      behind: line.slice(match.index + match[0].length, match.index + match[0].length + MOST_AROUND)
    }))
  )
}
