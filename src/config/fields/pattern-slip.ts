import { code, unquoted } from '../../util/format.ts'
import { literals } from './glob-literals.ts'
import { refuse } from './read.ts'
import { isRegex, matchesAll } from './regex-slip.ts'

/** What a pattern is held against: each has characters of its own. */
export type Subject = 'image tag' | 'git tag' | 'package' | 'label value'

/** One character that may stand in such a name. Quotation marks are legal in git tags, and never meant. */
const LEGAL: Readonly<Record<Subject, RegExp>> = {
  'image tag': /[\w.-]/,
  'git tag': /[^\s~^:\\|"'`<>,;]/,
  package: /[a-z0-9._/-]/,
  'label value': /[\s\S]/
}

/**
 * Refuses a pattern that nothing of the kind can match, or by a slip all of it. Such a pattern would keep nothing, or
 * take nothing out, and the images that it was meant to hold would go.
 *
 * @throws ExpectedError with a sentence that quotes the pattern and shows the spelling that was meant
 */
export function refuseSlip(source: string, subject: Subject): void {
  const all = subject === 'label value' ? undefined : matchesAll(source)
  if (all !== undefined) refuse(`The pattern \`${source}\` matches every ${subject}: ${all}`)
  const slip = slipIn(source, subject)
  if (slip !== undefined) refuse(`The pattern \`${source}\` cannot match any ${subject}: ${slip}`)
}

/** @returns why it cannot match, and what to write instead; undefined for a pattern that may match */
function slipIn(source: string, subject: Subject): string | undefined {
  const not = source.startsWith('!') ? '!' : ''
  const text = source.slice(not.length)
  if (subject === 'image tag' && ANCHORED_DASH.test(text))
    return `no image tag begins with \`-\`. ${emptyVariable('-')}`
  if (text === '' || /^(?:\/|semver:)/.test(text)) return undefined
  for (const find of subject === 'label value' ? LABEL_SLIPS : SLIPS) {
    const slip = find(text, not, subject)
    if (slip !== undefined) return slip
  }
  return undefined
}

/** `/^-main/`; what may be absent, or is one of several, may be meant. */
const ANCHORED_DASH = /^\/\^-(?![*?{])[^|]*\/[a-z]*$/

/** What to say of a name that begins as none does, as `${{ vars.X }}-main` with an unknown variable does. */
export function emptyVariable(rest: string): string {
  return `A variable in front of ${code(rest)} is probably empty: check its name.`
}

type FindSlip = (text: string, not: string, subject: Subject) => string | undefined

/** The first that applies explains the pattern, so what is most telling stands first. */
const SLIPS: readonly FindSlip[] = [
  jsonList,
  partOfList,
  quoted,
  unfilled,
  dashOfList,
  noTag,
  semverRange,
  workflowFilter,
  regexWithoutSlashes,
  alternatives,
  reference,
  severalEntries,
  placeholder,
  strangeCharacter,
  strangeStart
]

/** Nearly any text may be a label's value: only what nobody means as it stands is a slip. */
const LABEL_SLIPS: readonly FindSlip[] = [quoted, unfilled, regexOnLabel, alternatives]

function jsonList(text: string): string | undefined {
  const [, inside] = /^\[([^\]]*)\]$/.exec(text) ?? []
  if (inside === undefined || !(/["',]/.test(inside) || /^[^-^!]{4,}$/.test(inside))) return undefined
  return `it is written as a JSON list. Write ${entriesIn(inside).map(code).join(', ')}, without brackets and quotation marks.`
}

/** `[main-*, pr-*]` is split at its blanks: what is left has one of the brackets. */
function partOfList(text: string, not: string): string | undefined {
  const [, head, tail] = /^(?:\[([^[\]]+)|([^[\]]+)\])$/.exec(text) ?? []
  const entries = entriesIn(head ?? tail ?? '')
  if (entries.length === 0) return undefined
  return `it is part of a list in brackets. Write ${entries.map(entry => code(not + entry)).join(', ')}, without brackets and quotation marks.`
}

function entriesIn(list: string): string[] {
  return list
    .split(',')
    .map(unquoted)
    .filter(entry => entry !== '')
}

function quoted(text: string, not: string): string | undefined {
  if (unquoted(text) === text.trim()) return undefined
  return `the quotation marks are part of it. Write ${code(not + unquoted(text))}.`
}

function unfilled(text: string): string | undefined {
  const [, braces, bare] = /\$(?:\{+\s*([\w.-]+)|([A-Za-z_]\w*))/.exec(text) ?? []
  const name = braces ?? bare
  if (name === undefined) return undefined
  if (text.includes('${{'))
    return 'GitHub replaces expressions only in workflow files. Write the value itself.'
  return `nothing replaces ${code(`$${name}`)} with a value. Write ${code(`\${{ env.${name.replace(/^\w+\./, '')} }}`)}, or the name itself.`
}

function dashOfList(text: string): string | undefined {
  const [dash, rest = ''] = /^-\s*(.*)$/.exec(text) ?? []
  if (dash === undefined || (rest !== '' && !/^-\s/.test(text))) return undefined
  const example = rest === '' ? 'for instance `v*`' : code(rest)
  return `the dash in front of an entry is part of it. Write ${example} on its own line, without a dash.`
}

/** What `docker images` shows in place of a tag. */
function noTag(text: string): string | undefined {
  if (!/^<(?:none|untagged)>$/i.test(text)) return undefined
  return 'it stands for no tag. For untagged images, write `delete-untagged: true`.'
}

function semverRange(text: string, not: string): string | undefined {
  if (!/^(?:[<>=~]+|\^(?=v?\d[\dx.*]*$))/.test(text)) return undefined
  const regex = text.startsWith('^') ? `, or ${code(`${not}/${text}/`)} for a regular expression` : ''
  return `it is a range of versions. Write ${code(`semver:${text}`)}${regex}.`
}

/**
 * What GitHub's `on.push.tags` takes: there a `+` or `?` repeats what stands before it as in a regular expression, a
 * dot is a dot, and the pattern must match from end to end.
 */
function workflowFilter(text: string, not: string): string | undefined {
  if (!/\][+?]/.test(text) || !/^(?:\[[\w-]+\][+?]?|\.(?![*+?])|[\w/-]|\*{1,2})+$/.test(text))
    return undefined
  if (!text.includes('.')) return undefined
  return `it is a filter of a GitHub workflow. Write ${code(`${not}/^${filterAsRegex(text)}$/`)}.`
}

function filterAsRegex(filter: string): string {
  const translated: Readonly<Record<string, string>> = {
    '[0-9]': '\\d',
    '.': '\\.',
    '/': '\\/',
    '**': '.*',
    '*': '[^\\/]*'
  }
  return filter.replaceAll(/\[0-9\]|\*{1,2}|[./]/g, part => translated[part] ?? part)
}

/** Escapes, anchors and quantifiers mean something in regular expressions only. */
function regexWithoutSlashes(text: string, not: string): string | undefined {
  const looksSo =
    /^\^|\$$|\\|^\.[*+]|[\]).][+]|(?<![?*+@!])\((?!\?[<:=!]).*\)|\(\?[<:=!]/.test(text) && isRegex(text)
  if (!looksSo) return undefined
  return `it is a regular expression without slashes. Write ${code(`${not}/${text.replaceAll(/(?<!\\)\//g, '\\/')}/`)}.`
}

/** Values of labels are matched by globs alone. */
function regexOnLabel(text: string): string | undefined {
  if (!/^\^|\\[dDwWsS.]|^\.[*+]|[\w)\]*+]\$$/.test(text)) return undefined
  return 'it is a regular expression, and labels take only globs. Write for instance `web` or `web-*`.'
}

function alternatives(text: string, not: string, subject: Subject): string | undefined {
  const literal = literals(text)
  if (!literal.some(({ character }) => character === '|')) return undefined
  const cuts = literal.filter(({ character }) => character === '|').map(({ at }) => at)
  const parts = [...cuts, text.length]
    .map((end, index) => text.slice(index === 0 ? 0 : (cuts[index - 1] ?? 0) + 1, end).trim())
    .filter(part => part !== '')
  return parts.length < 2
    ? '`|` does not separate entries here. Separate entries with commas, spaces or newlines.'
    : `\`|\` does not separate entries here. Write ${parts.map(part => code(not + part)).join(' and ')} as separate entries` +
        `${subject === 'label value' || /[*?/[\]{}()]/.test(text) ? '' : `, or ${code(`${not}/${text}/`)} for parts of a name`}.`
}

/** `app:latest`, `ghcr.io/octo/app:latest`, `refs/tags/v1` */
function reference(text: string, not: string, subject: Subject): string | undefined {
  if (subject === 'package') {
    const [name = ''] = text.split(/[:@]/)
    return name === text || name === ''
      ? undefined
      : `a package's name has neither a tag nor a digest. Write ${code(not + name)}.`
  }
  if (/^sha\d{3}:|@sha\d{3}:/.test(text)) return 'it is a digest. Write a full digest under `digests`.'
  const [, ref] = /^refs\/(?:tags|heads)\/(.+)$/.exec(text) ?? []
  if (ref !== undefined) return `a tag has no ${code('refs/')} in front. Write ${code(not + ref)}.`
  const colon = text.lastIndexOf(':')
  const tag = text.slice(colon + 1)
  if (colon >= 0) {
    const example = tag === '' || /[^\w.*?-]/.test(tag) ? 'for instance `latest`' : code(not + tag)
    return `a tag does not contain the image's name. Write ${example}.`
  }
  if (subject !== 'image tag' || !text.includes('/')) return undefined
  return `an image tag has no slash. Write ${code(not + text.replaceAll(/\/+/g, '-'))}, or the tag as it is in the registry.`
}

function severalEntries(text: string, not: string): string | undefined {
  if (!literals(text).some(({ character }) => /[\s,;]/.test(character))) return undefined
  const parts = text.split(/[\s,;]+/).filter(part => part !== '')
  return `it contains several entries. Write ${parts.map(part => code(not + part)).join(', ')}, as separate entries.`
}

function placeholder(text: string): string | undefined {
  const [, name] = /\{([^{},]*)\}/.exec(text) ?? []
  if (name === undefined || name.includes('..')) return undefined
  return `${code(`{${name}}`)} is not a placeholder here. Write ${code(text.replaceAll(/\{[^{},]*\}/g, '*'))}, or ${code('{a,b}')} to match one of several.`
}

function strangeCharacter(text: string, not: string, subject: Subject): string | undefined {
  const strange = literals(text).find(({ character }) => !LEGAL[subject].test(character))?.character
  if (strange === undefined) return undefined
  if (/\p{Pd}|−/u.test(strange)) {
    return `${code(strange)} is another dash than that of the keyboard. Write ${code(not + text.replaceAll(/\p{Pd}|−/gu, '-'))}.`
  }
  if (/\p{Cf}/u.test(strange))
    return `it contains an invisible character. Write ${code(not + text.replaceAll(/\p{Cf}/gu, ''))}.`
  if (strange === '+' && subject === 'image tag') {
    return `an image tag has no ${code('+')}. Build tools write ${code(not + text.replaceAll('+', '_'))} or ${code(not + text.replaceAll('+', '-'))}.`
  }
  if (strange === '(' || strange === ')') {
    return `parentheses need a character such as ${code('@')} in front. Write ${code('@(a|b)')} to match one of several.`
  }
  const cure = strange === '%' ? `Write ${code(not + text.replaceAll('%', '*'))}` : 'Leave it out'
  return `no ${subject} contains ${code(strange)}. ${cure}.`
}

function strangeStart(text: string, not: string, subject: Subject): string | undefined {
  const first = text.charAt(0)
  if (first !== '-' && (first !== '.' || subject === 'git tag')) return undefined
  if (/^[-.]+\*+$/.test(text)) return `no ${subject} begins with ${code(first)}. ${emptyVariable(text)}`
  const end = `${not}*${text}`
  const cure = text.endsWith('*')
    ? ''
    : ` to match what ends with it, or ${code(`${end}*`)} to match what contains it`
  const out = not === '' && /^-[\w.]/.test(text) ? `, or ${code(`!${text.slice(1)}`)} to leave it out` : ''
  return `no ${subject} begins with ${code(first)}. Write ${code(end)}${cure}${out}.`
}
