/** Takes every known secret out of a text from outside, however it is spelled there. */
export type Scrub = (text: string) => string

export interface Secrets {
  /** From now on this is taken out. Too short a secret is not: it would be found everywhere. */
  add(secret: string): void
  readonly scrub: Scrub
}

const SHORTEST = 8
const MASK = '***'
/** A longer secret is searched for in pieces: an expression for thousands of characters is more than engines take. */
const LONGEST_PIECE = 128

/**
 * What a client was given and must not be told again by a server that repeats its requests. A secret is found as it
 * is, in base64 alone or behind any user name, and each of its characters may be written as a URL, HTML or JSON
 * writes it: what is harmless here could be decoded by whatever shows the text.
 */
export function createSecrets(...given: readonly string[]): Secrets {
  const known = new Map<string, readonly RegExp[]>()
  const add = (secret: string): void => {
    if (secret.length >= SHORTEST && !known.has(secret))
      known.set(secret, piecesOf(secret).map(expressionFor))
  }
  for (const secret of given) add(secret)
  return {
    add,
    scrub(text) {
      let clean = text
      for (const expression of [...known.values()].flat()) clean = clean.replace(expression, MASK)
      return clean
    }
  }
}

/** About as long as each other, so that none is too short. */
function piecesOf(secret: string): string[] {
  const pieces = Math.ceil(secret.length / LONGEST_PIECE)
  const at = (piece: number): number => Math.round((piece * secret.length) / pieces)
  return Array.from({ length: pieces }, (_, piece) => secret.slice(at(piece), at(piece + 1)))
}

function expressionFor(secret: string): RegExp {
  const forms = [plainForm(secret), ...[0, 1, 2].map(offset => base64Form(secret, offset))]
  return new RegExp(forms.join('|'), 'g')
}

const plainForm = (secret: string): string => spelledAll([...secret], spelled)

/**
 * Any number of backslashes may stand before each character, except before the first one: at each backslash of a long
 * run a search would begin anew.
 */
function spelledAll(
  characters: readonly string[],
  each: (character: string, escapes: Escapes) => string
): string {
  return characters.map((one, at) => each(one, at === 0 ? ONE_ESCAPE : ANY_ESCAPES)).join('')
}

/** What may stand before a character, and what before its code. */
interface Escapes {
  readonly plain: string
  readonly code: string
}

const ONE_ESCAPE: Escapes = { plain: '', code: '\\\\' }
const ANY_ESCAPES: Escapes = { plain: '\\\\*', code: '\\\\+' }

/**
 * The part of the base64 that is the same whatever stands before and after the secret, behind `offset` bytes modulo
 * three; and the characters that share bits with the neighbors, and the padding, where they are there.
 */
function base64Form(secret: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)])
  const first = Math.ceil((offset * 8) / 6)
  const last = Math.floor((bytes.length * 8) / 6)
  const core = [...bytes.toString('base64').slice(first, last)]
  const edge = '[A-Za-z0-9+/_-]?'
  // Where there is no shared character, the next one may be the first of another piece.
  const end = (bytes.length * 8) % 6 === 0 ? '' : edge
  return `${offset === 0 ? '' : edge}${spelledAll(core, spelledInBase64)}${end}=*`
}

/** base64url has other characters in two places. */
function spelledInBase64(character: string, escapes: Escapes): string {
  const both = character === '+' ? ['+', '-'] : character === '/' ? ['/', '_'] : [character]
  return `(?:${both.map(one => spelled(one, escapes)).join('|')})`
}

const NAMED: Readonly<Partial<Record<string, string>>> = {
  _: 'lowbar|UnderBar',
  '/': 'sol',
  '+': 'plus',
  '=': 'equals',
  '-': 'hyphen|dash',
  '.': 'period',
  '&': 'amp'
}

/** A regular expression for one character in every spelling. */
function spelled(character: string, { plain, code: before }: Escapes): string {
  const code = character.codePointAt(0) ?? 0
  const hex = [...code.toString(16).padStart(2, '0')]
    .map(digit => `[${digit}${digit.toUpperCase()}]`)
    .join('')
  const entity = [`#[xX]0*${hex}`, `#0*${code}`, NAMED[character]].filter(one => one !== undefined).join('|')
  return `(?:${plain}${literal(character)}|%(?:25)*${hex}|&(?:amp;)*(?:${entity});?|${before}(?:u00|x)${hex})`
}

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
