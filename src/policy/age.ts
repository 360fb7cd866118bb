import type { AgeFrom, PackageVersion } from '../model/package.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

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

/**
 * Reads an age such as `36h`, `30d`, `2 weeks` or `1 year` (a month is 30 days, a year 365).
 *
 * @returns milliseconds, or undefined for anything else: a number without a unit, a fraction, a bare `m`
 */
export function parseAge(text: string): number | undefined {
  const [, digits, word] = /^(\d+) *([a-z]+)$/.exec(text.trim().toLowerCase()) ?? []
  if (digits === undefined || word === undefined) return undefined
  const unit = unitOf(word)
  const age = Number(digits) * (unit ?? Number.NaN)
  return Number.isSafeInteger(age) ? age : undefined
}

function unitOf(word: string): number | undefined {
  if (Object.hasOwn(UNITS, word)) return UNITS[word]
  const singular = word.endsWith('s') && word.length > 3 ? word.slice(0, -1) : ''
  return Object.hasOwn(UNITS, singular) ? UNITS[singular] : undefined
}

/**
 * How old a version is at `now`, counted from the date that `from` names.
 *
 * @returns milliseconds; undefined when that date is missing or in the future, so that nobody takes it for old
 */
export function ageOf(version: PackageVersion, from: AgeFrom, now: number): number | undefined {
  const date = dateOf(version, from)
  return date === undefined || date > now ? undefined : now - date
}

/** The newest date of two of which one is unknown is unknown: the missing one could be the newer. */
function dateOf({ created, updated }: PackageVersion, from: AgeFrom): number | undefined {
  if (from === 'created') return created
  if (from === 'updated') return updated
  return created === undefined || updated === undefined ? undefined : Math.max(created, updated)
}
