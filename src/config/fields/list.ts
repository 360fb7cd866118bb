import { InputError } from '../../errors.ts'

/**
 * Splits a list input into its entries at commas, spaces and line ends. Lines that begin with `#` are comments.
 *
 * An entry may hold a separator where it cannot be meant as one:
 * - a regular expression runs to the slash that closes it, as in JavaScript (`/a b, c/i`, `!/x{1,2}/`);
 *   a slash in it is written `\/`, and it does not run over the end of its line;
 * - a comma between braces or brackets belongs to the glob (`v{1,2}.*`);
 * - a `semver:` range goes on while what follows a space can only be part of it (`semver:>=1.2 <2 || 4`).
 *
 * @throws InputError with a clause for each thing that cannot be split
 */
export function splitList(text: string): string[] {
  const problems: string[] = []
  const entries = text
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .filter(line => !line.startsWith('#'))
    .flatMap(line => splitLine(line, problems))
  if (problems.length > 0) throw new InputError(problems)
  return entries
}

function splitLine(line: string, problems: string[]): string[] {
  const entries: string[] = []
  let rest = line.replace(SEPARATORS, '')
  while (rest !== '') {
    // Words of a comment at the end of a line would silently become entries.
    if (rest.startsWith('#')) {
      problems.push(`"${rest}" follows an entry on the same line. Put the comment on its own line.`)
      break
    }
    const length = entryLength(rest)
    if (length === undefined) {
      const cure = /\[[^\][]*\//.test(rest)
        ? 'whose `[` is never closed. Close it with `]`, or write `\\[` if you mean the character'
        : 'without its closing slash. Write it as `/…/`'
      problems.push(`"${rest}" is a regular expression ${cure}.`)
      break
    }
    entries.push(rest.slice(0, length))
    rest = rest.slice(length).replace(SEPARATORS, '')
  }
  return entries
}

const SEPARATORS = /^[\s,]+/

/** How long the entry at the start of `rest` is; undefined for a regular expression without end. */
function entryLength(rest: string): number | undefined {
  if (/^!?\//.test(rest)) return REGEX.exec(rest)?.[0].length
  if (/^!?semver:/.test(rest)) return rangeLength(rest)
  return globLength(rest)
}

/** A slash closes where JavaScript closes it, if only flags follow up to the next separator. */
const REGEX = /^!?\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^[\\])*?\/[a-z]*(?=[\s,]|$)/

/** No tag begins with an operator, so a word that does, or that follows one, belongs to the range. */
function rangeLength(rest: string): number {
  const word = /\s*([^\s,]+)/y
  let length = 0
  let open = true
  for (let match = word.exec(rest); match !== null; match = word.exec(rest)) {
    const text = match[1] ?? ''
    if (!open && !/^(?:[<>=|]|-$)/.test(text)) break
    length = word.lastIndex
    open = /(?:^!?semver:|[<>=~^|]|^-)$/.test(text)
  }
  return length
}

function globLength(rest: string): number {
  let depth = 0
  for (let at = 0; at < rest.length; at++) {
    const character = rest[at] as string
    if (/\s/.test(character)) return at
    if ('{['.includes(character)) depth++
    else if ('}]'.includes(character)) depth--
    else if (character === ',' && depth <= 0) return at
  }
  return rest.length
}
