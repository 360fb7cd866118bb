import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { newestOfEach, periodOf } from '../../src/policy/time.ts'

const at = (text: string): number => Date.parse(text)

describe('a period is called by its UTC name', () => {
  test.each([
    ['hourly', '2026-06-28T14:59:59Z', '2026-06-28T14'],
    ['daily', '2026-06-28T23:59:59.999Z', '2026-06-28'],
    ['daily', '2026-06-29T00:30:00+02:00', '2026-06-28'],
    ['monthly', '2026-06-28T14:00:00Z', '2026-06'],
    ['yearly', '2026-06-28T14:00:00Z', '2026'],
    ['weekly', '2026-06-28T23:59:59Z', '2026-W26'],
    ['weekly', '2026-06-29T00:00:00Z', '2026-W27'],
    ['weekly', '2026-01-01T00:00:00Z', '2026-W01'],
    ['weekly', '2021-01-03T00:00:00Z', '2020-W53'],
    ['weekly', '2021-01-04T00:00:00Z', '2021-W01'],
    ['weekly', '2024-12-30T00:00:00Z', '2025-W01'],
    ['weekly', '1970-01-01T00:00:00Z', '1970-W01'],
    ['weekly', '1969-12-28T00:00:00Z', '1969-W52']
  ] as const)('%s: %s is in %s', (period, moment, expected) => {
    expect(periodOf(at(moment), period)).toBe(expected)
  })

  test('a week is seven days from Monday on', () => {
    const days = fc.integer({ min: 0, max: 40_000 }).map(day => day * 86_400_000)
    fc.assert(
      fc.property(days, day => {
        const isMonday = new Date(day).getUTCDay() === 1
        const changed = periodOf(day, 'weekly') !== periodOf(day - 1, 'weekly')
        expect(changed).toBe(isMonday)
      })
    )
  })
})

describe('the newest of each period', () => {
  const days = ['06-28', '06-28', '06-27', '06-20', '05-01', '03-01'].map((day, index) => ({
    name: `${day}#${index}`,
    date: at(`2026-${day}T12:00:00Z`) - index
  }))
  const newest = (period: 'daily' | 'monthly', count: number): string[] =>
    newestOfEach(days, ({ date }) => date, period, count).map(({ item }) => item.name)

  test('periods without any do not count', () => {
    expect(newest('monthly', 3)).toEqual(['06-28#0', '05-01#4', '03-01#5'])
    expect(newest('daily', 3)).toEqual(['06-28#0', '06-27#2', '06-20#3'])
  })

  test('0 keeps none, and more than there are keeps one of each', () => {
    expect(newest('daily', 0)).toEqual([])
    expect(newest('monthly', 99)).toHaveLength(3)
  })
})
