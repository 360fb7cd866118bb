/** Takes every known secret out of a text from outside, however it is spelled there. */
export type Scrub = (text: string) => string

export type Secrets = ReturnType<typeof createSecrets>

/** In letters, as all sizes here. */
const SHORTEST = 8
/** So much of a secret is taken for it, and of a long one a quarter: all tokens of a kind begin alike. */
const SHORTEST_PIECE = 12
const MASK = '***'
const WINDOW = 5

/**
 * What a client was given and must not be told again by a server that repeats its requests. A secret is found as it is,
 * in base64 alone or behind any user name, and in the base64 of that, whole or in pieces. Only letters and digits are
 * compared, so base64url is base64, and lines may be folded and anything invisible stand between; each of them may be
 * written as a URL, HTML or JSON writes it, because whatever shows the text could decode it.
 *
 * A piece is a row of windows of five letters that all are windows of a secret. So a text is read once, whatever it is.
 */
export function createSecrets(...given: readonly string[]) {
  const added = new Set<string>()
  const known: Windows = { rows: new Map(), slots: new Uint8Array(SLOTS) }
  /** From now on this is taken out, unless it has too few letters and digits: it would be found everywhere. */
  const add = (secret: string): void => {
    if (lettersOf(secret).length < SHORTEST || added.has(secret)) return
    added.add(secret)
    for (const form of formsOf(secret)) addForm(known, lettersOf(form))
  }
  for (const secret of given) add(secret)
  return {
    add,
    scrub(text: string): string {
      if (added.size === 0 || text.length < WINDOW) return text
      const readings = text.includes('\\') ? READINGS : READINGS.slice(1)
      const spans = readings.flatMap(escapes => spansIn(text, known, escapes))
      return spans.length === 0 ? text : masked(text, spans)
    }
  }
}

interface Windows {
  /** Each window with how many in a row are a piece. */
  readonly rows: Map<number, number>
  /** 1 where a window may be in `rows`: spares looking up nearly every letter of a text. */
  readonly slots: Uint8Array
}

const SLOTS = 1 << 16
const slotOf = (window: number): number => (window ^ (window >>> 14)) & (SLOTS - 1)

function formsOf(secret: string): string[] {
  const inside = base64Forms(secret)
  return [secret, ...inside, ...inside.flatMap(base64Forms)]
}

/** The part of the base64 that is the same whatever stands before and after the text, behind 0, 1 or 2 bytes modulo three. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map(offset => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)])
    const [first, last] = [Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6)]
    return bytes.toString('base64').slice(first, last)
  })
}

const lettersOf = (text: string): number[] =>
  [...text].map(one => LETTERS[one.charCodeAt(0)] ?? NONE).filter(letter => letter > NONE)

function addForm({ rows, slots }: Windows, letters: readonly number[]): void {
  const piece = Math.min(letters.length, Math.max(SHORTEST_PIECE, Math.ceil(letters.length / 4)))
  const row = piece - WINDOW + 1
  let window = 0
  for (const [at, letter] of letters.entries()) {
    window = shifted(window, letter)
    if (at + 1 < WINDOW) continue
    rows.set(window, Math.min(row, rows.get(window) ?? row))
    slots[slotOf(window)] = 1
  }
}

/** Six bits for each letter. */
const shifted = (window: number, letter: number): number =>
  ((window << 6) | letter) & ((1 << (6 * WINDOW)) - 1)

const NONE = 0
const MAY_ESCAPE = -1
/** The number of each character, from 1, where it is a letter, small or not, or a digit: old tokens are hex digits. */
const LETTERS = new Int8Array(1 << 16)
for (const [at, one] of [...'abcdefghijklmnopqrstuvwxyz0123456789'].entries())
  for (const spelled of [one, one.toUpperCase()]) LETTERS[spelled.charCodeAt(0)] = at + 1
for (const one of '\\%&') LETTERS[one.charCodeAt(0)] = MAY_ESCAPE

/**
 * How URLs, HTML and JSON write a character by its code, and what stands for no letter. `\n` may be the end of a line or
 * an `n` that somebody escaped, so a text is read in both ways.
 */
const READINGS = ['[bfnrtv0]', ''].map(
  blank =>
    new RegExp(
      [
        String.raw`\\+(?:u(?<unicode>[\da-f]{4})|x(?<hex>[\da-f]{2})|${blank})`,
        String.raw`\\+`,
        '%(?:25)*(?<percent>[\\da-f]{2})',
        '&(?:amp;)*#(?:x0*(?<entity>[\\da-f]{1,6})|0*(?<decimal>\\d{1,7}));?',
        '&[a-z][a-z\\d]{1,30};',
        '[%&]+(?=[%&])'
      ].join('|'),
      'iy'
    )
)

type Span = readonly [start: number, end: number]

/** Where a text has pieces of secrets. */
function spansIn(text: string, { rows, slots }: Windows, escapes: RegExp): Span[] {
  const spans: Span[] = []
  /** Where the last eight letters begin. */
  const starts = new Int32Array(8)
  let [window, letters, row, least, first] = [0, 0, 0, 0, 0]
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = at + 1
    let letter = LETTERS[text.charCodeAt(at)] as number
    if (letter === MAY_ESCAPE) [letter, end] = escaped(text, at, escapes)
    if (letter <= NONE) continue
    starts[letters++ & 7] = at
    window = shifted(window, letter)
    const wanted = slots[slotOf(window)] === 1 ? rows.get(window) : undefined
    if (wanted === undefined) {
      row = 0
      continue
    }
    first = row === 0 ? (starts[(letters - WINDOW) & 7] as number) : first
    least = row === 0 ? wanted : Math.min(least, wanted)
    if (++row < least) continue
    if (spans.at(-1)?.[0] === first) spans.pop()
    spans.push([first, end])
  }
  return spans
}

/** The letter that an escape stands for, if any, and where the escape ends. */
function escaped(text: string, at: number, escapes: RegExp): [letter: number, end: number] {
  escapes.lastIndex = at
  const { groups, 0: whole } = escapes.exec(text) ?? { groups: undefined, 0: text[at] as string }
  const { unicode, hex, percent, entity, decimal } = groups ?? {}
  const written = unicode ?? hex ?? percent ?? entity
  const code = decimal === undefined ? Number.parseInt(written ?? '0', 16) : Number(decimal)
  return [LETTERS[code] ?? NONE, at + whole.length]
}

function masked(text: string, spans: readonly Span[]): string {
  let [clean, from] = ['', 0]
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    if (start >= from) clean += text.slice(from, start) + MASK
    from = Math.max(from, end)
  }
  return clean + text.slice(from)
}
