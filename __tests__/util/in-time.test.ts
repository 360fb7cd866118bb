import { expect, test } from '@jest/globals'
import { inTime } from '../../src/util/in-time.ts'

const late = () => new Error('it is late')

test('E-42 work that never ends is interrupted, wherever it is', () => {
  const endless = () => {
    for (;;)
      try {
        inTime(60_000, endless, () => new Error('the inner one'))
      } catch {}
  }
  expect(() => inTime(1, endless, late)).toThrow('it is late')
})

test('an inner limit that is over is no outer one', () => {
  const inner = () =>
    inTime(
      1,
      () => {
        for (;;);
      },
      late
    )
  expect(() => inTime(60_000, inner, () => new Error('the outer one'))).toThrow('it is late')
})

test('work within work in time gives its own, also when the inner one is interrupted', () => {
  const endless = () => {
    for (;;);
  }
  const inner = (work: () => unknown) => inTime(1_000, work, late)
  const given = inTime(
    60_000,
    () => [
      inner(() => 1),
      inner(() => inner(() => 2)),
      expect(() => inTime(1, endless, late)).toThrow(),
      inner(() => 3)
    ],
    late
  )
  expect(given).toEqual([1, 2, undefined, 3])
})

test('what it gives and what it throws comes out', () => {
  expect(inTime(1e300, () => 7, late)).toBe(7)
  expect(() =>
    inTime(
      1_000,
      () => {
        throw new RangeError('its own')
      },
      late
    )
  ).toThrow(new RangeError('its own'))
  expect(() =>
    inTime(
      1_000,
      () => {
        throw null
      },
      late
    )
  ).toThrow()
})
