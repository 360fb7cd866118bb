import { describe, expect, test } from '@jest/globals'
import { ageAdvice, ageOf, parseAge } from '../../src/policy/time.ts'
import { version } from '../helpers/make.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('an age', () => {
  test.each([
    ['36h', 36 * HOUR],
    ['30d', 30 * DAY],
    ['2 weeks', 14 * DAY],
    ['1 week', 7 * DAY],
    ['1w', 7 * DAY],
    ['1 year', 365 * DAY],
    ['2y', 730 * DAY],
    ['3 months', 90 * DAY],
    ['90 min', 1.5 * HOUR],
    ['5 minutes', HOUR / 12],
    ['10s', 10_000],
    ['0d', 0],
    [' 7 Days ', 7 * DAY],
    ['0', 0],
    ['5min', HOUR / 12],
    ['2w 3d', 17 * DAY],
    ['2w3d', 17 * DAY],
    ['1 hour and 30 minutes', 1.5 * HOUR],
    ['1 day, 2 hours', 26 * HOUR],
    ['1 day, 2 hours, and 30 min', 26.5 * HOUR]
  ])('%p is read', (text, expected) => {
    expect(parseAge(text)).toBe(expected)
  })

  test.each([
    '',
    '30',
    '3 moons',
    '30m',
    '-1d',
    '1.5h',
    '1e3d',
    'd',
    'P30D',
    '1 day ago',
    '99999999999999y',
    '7 ds',
    '2w 3',
    '1d 2d',
    '2w and',
    'one week',
    '00',
    '1 constructors',
    '٣d'
  ])('%p is none (T-25e)', text => {
    expect(parseAge(text)).toBeUndefined()
  })
})

describe('what is not an age is answered with a spelling that works', () => {
  test.each([
    ['30', '`30d` for days or `30h` for hours'],
    ['30m', '`30min` for minutes or `30 months`'],
    ['1m', '`1min` for minutes or `1 month`'],
    ['1h30m', '`1h30min` for minutes'],
    ['1mo', '`1 month`'],
    ['6 mths', '`6 months`'],
    ['none', '`0`'],
    ['1.5h', '`90min`'],
    ['P30D', '`30d`'],
    ['two weeks ago UTC', '`2 weeks`'],
    ['one week', '`1 week`'],
    ['an hour ago', '`1 hour`'],
    ['Two Weeks ago UTC', '`2 weeks`'],
    ['2026-01-01', 'Dates do not work here: write the age, such as `30d`'],
    ['01/10/2026', 'Dates do not work here'],
    ['-30d', '`30d`'],
    ['> 30d', '`30d`'],
    ['older than 2 weeks', '`2 weeks`'],
    ['<30d', 'for instance `36h`'],
    ['soon', 'for instance `36h`']
  ])('%s', (text, spelling) => {
    expect(parseAge(text)).toBeUndefined()
    expect(ageAdvice(text)).toContain(spelling)
    for (const [, part = ''] of spelling.matchAll(/`(.+?)`/g)) expect(parseAge(part)).toBeDefined()
  })
})

describe('the age of a version', () => {
  const now = Date.parse('2026-06-30T00:00:00Z')
  const one = version('a', { created: now - 10 * DAY, updated: now - 2 * DAY })

  test.each([
    ['newest', 2 * DAY],
    ['created', 10 * DAY],
    ['updated', 2 * DAY]
  ] as const)('counts from the %s date', (from, expected) => {
    expect(ageOf(one, from, now)).toBe(expected)
  })

  test('counts from creation when that is the newer date', () => {
    expect(ageOf({ ...one, updated: now - 20 * DAY }, 'newest', now)).toBe(10 * DAY)
  })

  test.each([
    ['is missing', { updated: undefined }],
    ['is in the future', { updated: now + 1 }]
  ])('is unknown when a date %s', (_, dates) => {
    expect(ageOf({ ...one, ...dates }, 'newest', now)).toBeUndefined()
    expect(ageOf({ ...one, ...dates }, 'updated', now)).toBeUndefined()
    expect(ageOf({ ...one, ...dates }, 'created', now)).toBe(10 * DAY)
  })
})
