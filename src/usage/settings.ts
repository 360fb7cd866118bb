import { VARIABLE } from './variables.ts'

/** A text file, its path as messages have it. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** Called again and again while files are searched; throws when that has taken too long. */
export type CheckTime = () => void

/** `key: value`, `key = value`, `"key": "value"`, `--key value` and their like, in whatever language. */
export interface Setting {
  /** File and line. */
  readonly by: string
  readonly key: string
  /** As written, variables and all. */
  readonly value: string
}

/** A line of a file, and the key of the block that it is in. */
interface Line {
  readonly by: string
  readonly text: string
  readonly parent: string | undefined
}

const BARE = `(?:[\\w.+/@:~^*<>=|-]|${VARIABLE})+`
const VALUE = `(?:[&!][\\w!-]+ +)?(?:"([^"]*)"|'([^']*)'|(${BARE}))`
const PAIR = new RegExp(`(?<![\\w./-])([A-Za-z_][\\w.-]*)["']?\\]?\\s*(?::=|\\?=|\\+=|=|:)\\s*${VALUE}`, 'g')
const FLAG = new RegExp(`(?<![\\w-])--([a-z][\\w.-]*)(?:=| +)${VALUE}`, 'g')
const WORDS = new RegExp(`^\\s*(?:ENV|ARG)\\s+([A-Za-z_]\\w*)\\s+${VALUE}`, 'g')
const DEFAULT = /\$\{([A-Za-z_]\w*):?[-=]([\w.+-]+)\}/g
const ITEM = new RegExp(`^\\s*-\\s+${VALUE}\\s*(?:#.*)?$`)
const ITEMS = /(?<![\w./-])([A-Za-z_][\w.-]*)["']?\s*[:=]\s*\[/g
/** A longer list is none that people write. */
const LONGEST_LIST = 10_000
const OPENER =
  /^(\s*(?:-\s+)?)["']?([A-Za-z_][\w.-]*)["']?(?:\s+"([^"]*)")*(?:\s*[:=])?(?:\s*[{[])?\s*(?:#.*)?$/

/** Every setting that the lines of a file make, in their order; a `default` is one of the block that it stands in. */
export function settingsIn(file: TextFile, checkTime: CheckTime): Setting[] {
  return linesOf(file).flatMap(({ by, text, parent }) => {
    checkTime()
    const found: Setting[] = []
    for (const pattern of [PAIR, FLAG, WORDS]) {
      for (const [, key = '', double, single, bare] of text.matchAll(pattern)) {
        const value = double ?? single ?? asVariable(bare ?? '')
        found.push({ by, key, value })
        if (/^(?:default|value)$/i.test(key) && parent !== undefined) found.push({ by, key: parent, value })
      }
    }
    for (const [, key = '', value = ''] of text.matchAll(DEFAULT)) found.push({ by, key, value })
    for (const { key, list } of listsIn(text)) {
      for (const item of list.split(',')) found.push({ by, key, value: item.replaceAll(/["'\s]/g, '') })
    }
    const [, double, single, bare] = ITEM.exec(text) ?? []
    const item = double ?? single ?? bare
    if (item !== undefined && parent !== undefined) found.push({ by, key: parent, value: item })
    return found
  })
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

/** Terraform names its variables without any sign where the whole value is one. */
function asVariable(bare: string): string {
  return /^(?:var|local)\.[\w.]+$/.test(bare) ? `\${${bare}}` : bare
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
    return { by: `${path}:${index + 1}`, text: line, parent }
  })
}

interface Found {
  readonly by: string
  readonly match: RegExpExecArray
  /** The end of what stands before it in its line. */
  readonly before: string
}

/** Nothing that is told by what stands before it is told by more: a file can be one line of megabytes. */
const MOST_BEFORE = 300

/** Every match in every line of a file. */
export function eachMatch({ path, text }: TextFile, pattern: RegExp): Found[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) =>
    [...line.matchAll(pattern)].map(match => ({
      by: `${path}:${index + 1}`,
      match,
      before: line.slice(Math.max(0, match.index - MOST_BEFORE), match.index)
    }))
  )
}
