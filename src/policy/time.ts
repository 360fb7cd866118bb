import { type AgeFrom, believableDate, type PackageVersion } from '../model/package.ts'
import { DAY, formatDuration, HOUR, MINUTE, SECOND } from '../util/format.ts'
import type { Period } from './rule.ts'

// No `m`: half of the people who write it mean minutes, the other half months.
const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  sec: SECOND,
  second: SECOND,
  min: MINUTE,
  minute: MINUTE,
  h: HOUR,
  hour: HOUR,
  d: DAY,
  day: DAY,
  w: 7 * DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  y: 365 * DAY,
  year: 365 * DAY
}

/** One number and its unit. */
const PART = /(\d+) *([a-z]+)/
/** What may stand between two parts: `2w 3d`, `2w3d`, `1 hour and 30 minutes`, `1h, 30min`. */
const BETWEEN = / *(?:, *)?(?:and +)?/
const AGE = new RegExp(`^${PART.source}(?:${BETWEEN.source}${PART.source})*$`)

/**
 * Reads an age such as `36h`, `30d`, `2 weeks`, `1 year` (a month is 30 days, a year 365), or several parts in one:
 * `2w 3d`, `1 hour and 30 minutes`. A bare `0` is none at all.
 *
 * @returns milliseconds, or undefined for anything else: a number without a unit, a fraction, a bare `m`, a unit twice
 */
export function parseAge(text: string): number | undefined {
  const given = text.trim().toLowerCase()
  if (given === '0') return 0
  if (!AGE.test(given)) return undefined
  const units = new Set<number>()
  let age = 0
  for (const [, digits, word = ''] of given.matchAll(new RegExp(PART, 'g'))) {
    const unit = unitOf(word)
    if (unit === undefined || units.has(unit)) return undefined
    units.add(unit)
    age += Number(digits) * unit
  }
  return Number.isSafeInteger(age) ? age : undefined
}

/** What to write instead of a text that is no age: a sentence with the spelling that was meant, where that is clear. */
export function ageAdvice(text: string): string {
  const spelling = meantAge(text.trim().toLowerCase())
  if (spelling !== undefined) return `Write ${spelling}.`
  if (/^(?:\d{4}-\d\d|\d{1,4}[/.]\d\d?[/.]\d)/.test(text.trim()))
    return 'Dates do not work here: write the age, such as `30d` or `2 weeks`.'
  return 'Write for instance `36h`, `30d`, `2w 3d`, `2 weeks` or `1 year`.'
}

/** What the grace does to an age below it. */
export function belowGrace(grace: number): string {
  return `Nothing younger than ${formatDuration(grace)} is ever deleted: for less, set \`grace\`.`
}

const NUMBERS = ['zero', 'a', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

/** The spelling, or two where only the writer knows which. */
function meantAge(text: string): string | undefined {
  const [, bare] = /^(\d+)$/.exec(text) ?? []
  if (bare !== undefined) return `\`${bare}d\` for days or \`${bare}h\` for hours`
  const [, either] = /^(\d+) *m$/.exec(text) ?? []
  if (either !== undefined) return `\`${either}min\` for minutes or \`${months(either)}\``
  const withMinutes = text.replaceAll(/(\d) *m\b/g, '$1min')
  if (withMinutes !== text && parseAge(withMinutes) !== undefined) return `\`${withMinutes}\` for minutes`
  const [, monthly] = /^(\d+) *(?:mo|mon|mth)s?$/.exec(text) ?? []
  if (monthly !== undefined) return `\`${months(monthly)}\``
  if (text === 'none') return '`0`'
  const [, fraction, hours] = /^(\d+[.,]\d+) *(h|d)\w*$/.exec(text) ?? []
  const smaller = Math.round(Number(fraction?.replace(',', '.')) * (hours === 'h' ? 60 : 24))
  if (hours !== undefined) return `\`${smaller}${hours === 'h' ? 'min' : 'h'}\`, without a fraction`
  const [, days] = /^p(\d+d)$/.exec(text) ?? []
  if (days !== undefined) return `\`${days}\``
  const plain = withoutWords(text)
  return plain !== text && parseAge(plain) !== undefined ? `\`${plain}\`` : undefined
}

function months(number: string): string {
  return `${number} month${number === '1' ? '' : 's'}`
}

/** `two weeks ago UTC` in digits and units: `2 weeks`. */
export function withoutWords(age: string): string {
  return age
    .replace(/^[-+>=~]+\s*|^(?:older|more)\s+than\s+/i, '')
    .replace(/\s+ago\b.*$/i, '')
    .replace(/^(?:an?|one)\b/i, '1')
    .replace(/^[a-z]+(?= )/i, word => {
      const number = NUMBERS.indexOf(word.toLowerCase())
      return number === -1 ? word : String(number)
    })
}

function unitOf(word: string): number | undefined {
  if (Object.hasOwn(UNITS, word)) return UNITS[word]
  const singular = word.endsWith('s') && word.length > 3 ? word.slice(0, -1) : ''
  return Object.hasOwn(UNITS, singular) ? UNITS[singular] : undefined
}

/**
 * How old a version is at `now`, counted from the date that `from` names.
 *
 * @returns milliseconds; undefined when that date is missing, in the future or before GHCR, so that nobody takes it for old
 */
export function ageOf(version: PackageVersion, from: AgeFrom, now: number): number | undefined {
  const date = dateOf(version, from)
  return date === undefined || date > now ? undefined : now - date
}

/** The newest date of two of which one is unknown is unknown: the missing one could be the newer. */
function dateOf(version: PackageVersion, from: AgeFrom): number | undefined {
  const [created, updated] = [believableDate(version.created), believableDate(version.updated)]
  if (from === 'created') return created
  if (from === 'updated') return updated
  return created === undefined || updated === undefined ? undefined : Math.max(created, updated)
}

/** What a calendar period is called, UTC: `2026-06-28T14`, `2026-06-28`, `2026-W26` (ISO 8601), `2026-06`, `2026`. */
export function periodOf(ms: number, period: Period): string {
  return period === 'weekly' ? weekOf(ms) : new Date(ms).toISOString().slice(0, -LEFT_OUT[period])
}

/** How many characters at the end of a date in ISO 8601 a period has no use for. */
const LEFT_OUT = { hourly: 11, daily: 14, monthly: 17, yearly: 20 }

/** A week belongs to the year that its Thursday is in. */
function weekOf(ms: number): string {
  const day = Math.floor(ms / DAY)
  // 1970 began on a Thursday.
  const thursday = day - ((((day + 3) % 7) + 7) % 7) + 3
  const year = new Date(thursday * DAY).getUTCFullYear()
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / DAY) / 7) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

/**
 * The newest of each of the last `count` periods that have any.
 *
 * @param newestFirst sorted by `dateOf`, newest first
 */
export function newestOfEach<T>(
  newestFirst: Iterable<T>,
  dateOf: (item: T) => number,
  period: Period,
  count: number
): { item: T; value: string }[] {
  const newest: { item: T; value: string }[] = []
  for (const item of newestFirst) {
    const value = periodOf(dateOf(item), period)
    if (value === newest.at(-1)?.value) continue
    if (newest.length === count) break
    newest.push({ item, value })
  }
  return newest
}
