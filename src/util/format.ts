/** Numbers, times and lists as people read them; one wording for all messages. */

// In milliseconds.
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** `1234567` as `1,234,567`. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 version`, `1,234 versions`; `many` where the plural is not just an `s`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`
}

const BYTE_UNITS = ['KB', 'MB', 'GB', 'TB'] as const

/** Bytes in steps of 1,000, as GitHub bills them: `512 bytes`, `1.2 MB`, `34 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return count(bytes, 'byte')
  let value = bytes / 1_000
  let unit = 0
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000
    unit++
  }
  const digits = value < 9.95 ? 1 : 0
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })} ${BYTE_UNITS[unit]}`
}

/** An age in milliseconds in its largest useful unit, rounded down: `41 days`, `36 hours`, `5 minutes`. */
export function formatAge(ms: number): string {
  if (ms < MINUTE) return 'less than a minute'
  if (ms < HOUR) return count(Math.floor(ms / MINUTE), 'minute')
  if (ms < 2 * DAY) return count(Math.floor(ms / HOUR), 'hour')
  return count(Math.floor(ms / DAY), 'day')
}

/** How long something takes, in milliseconds, to two units, rounded up to a second: `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.ceil(ms / SECOND)
  if (seconds < 60) return `${Math.max(seconds, 1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return join(minutes, 'min', seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  return join(hours, 'h', minutes % 60, 'min')
}

function join(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0
    ? `${formatNumber(large)} ${unit}`
    : `${formatNumber(large)} ${unit} ${small} ${smallUnit}`
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(rank: number): string {
  const tens = rank % 100
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][rank % 10] ?? 'th')
  return `${formatNumber(rank)}${suffix}`
}

/** With a capital letter in front. */
export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Some of many, with the number of those that are not named: `a, b and 3 more`. */
export function some(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${formatNumber(names.length - most)} more`
}

/** `2026-03-01 04:05 UTC`; `ms` in milliseconds since 1970. */
export function utcMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** `2026-03-01 04:05:06 UTC`; `ms` in milliseconds since 1970. */
export function utcSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** What somebody wrote, in quotation marks, or in backticks where it has some itself, on one line and cut where it is long. */
export function quote(given: string): string {
  const line = given.replaceAll(/\s+/g, ' ')
  const mark = line.includes('"') && !line.includes('`') ? '`' : '"'
  return `${mark}${line.length > 80 ? `${line.slice(0, 80)}…` : line}${mark}`
}

/** A word that somebody can write as it stands, such as a setting or its value. */
export const code = (text: string): string => `\`${text}\``

/** A text as YAML has it: in quotation marks where it would else read something other than text. */
export function inYaml(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`
}

/** The quotation marks of a keyboard, and those that word processors put in their place. */
const MARKS = '["\'`“”‘’„«»]'
const AROUND = new RegExp(`^${MARKS}+|${MARKS}+$`, 'g')

/** A text without the quotation marks around it, as somebody may have written them into a value. */
export function unquoted(text: string): string {
  return text.trim().replaceAll(AROUND, '')
}

/**
 * A sentence about a file that quotes it: what is in backticks, and words without an end, are cut where they are long.
 * Whoever may read the file has it, and others see no more of it than it takes to find the place.
 */
export function brief(sentence: string): string {
  const cut = sentence
    .replaceAll(/`([^`]*)`/g, (whole, quoted: string) =>
      quoted.length > 80 ? `\`${quoted.slice(0, 80).toWellFormed()}…\`` : whole
    )
    .replaceAll(/[^\s`]{160,}/g, word => `${word.slice(0, 80).toWellFormed()}…`)
  return cut.length > 1_000 ? `${cut.slice(0, 1_000).toWellFormed()}…` : cut
}

/** Controls, line and paragraph separators, and all that hides or reorders what follows. `client.js` has the same. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu

/** Shows what nobody would see: `\u{202e}` for a mark that turns the text behind it round, `\u{202e}…` for several marks. */
export function visible(text: string): string {
  return text.replace(UNSEEN, marks => {
    const [first = ''] = marks
    return `\\u{${first.codePointAt(0)?.toString(16)}}${marks.length > first.length ? '…' : ''}`
  })
}

/** In characters. Messages name a few of many, so nothing that is ours is longer. */
const LONGEST_LINE = 8_000

/**
 * Makes text from outside safe to print: one line of bounded length, no control characters, nothing that is not seen, and nothing that the
 * runner would take for a command (`::name::` at the start of a line, `##[name]` anywhere).
 */
export function plain(text: string): string {
  const line = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE).toWellFormed()}…` : text
  return visible(line.replace(/\p{Cc}+/gu, ' '))
    .replaceAll('##[', '## [')
    .replace(/^(\s*):(?=:)/, '$1: ')
}
