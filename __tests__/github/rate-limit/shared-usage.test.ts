import { expect, test } from '@jest/globals'
import { createPointWindow } from '../../../src/github/rate-limit/points.ts'
import { createSharedUsage } from '../../../src/github/rate-limit/quota.ts'

const MINUTE = 60_000
const told = (used: number, reset = 2_000_000_000) => ({
  'x-ratelimit-used': String(used),
  'x-ratelimit-reset': String(reset)
})

test('what others send is the rise that is not our own, and what is under way is never taken for theirs', () => {
  const others = createSharedUsage()
  // 40 were used before; of our ten requests under way three are counted.
  expect(others.heard(told(43), 10, 1)).toBe(0)
  expect(others.heard(told(50), 10, 8)).toBe(0)
  expect(others.heard(told(57), 10, 10)).toBe(5)
  expect(others.heard(told(58), 11, 11)).toBe(0)
  expect(others.heard(told(70), 12, 12)).toBe(11)
})

test('a new hour begins anew, and answers of the hour before are not heard', () => {
  const others = createSharedUsage()
  others.heard(told(100, 1_000), 1, 1)
  expect(others.heard(told(3, 4_600), 4, 4)).toBe(0)
  expect(others.heard(told(150, 1_000), 4, 4)).toBe(0)
  expect(others.heard(told(9, 4_600), 5, 5)).toBe(5)
})

test('without headers, and of other resources, nothing is heard', () => {
  const others = createSharedUsage()
  expect(others.heard({}, 1, 1)).toBe(0)
  others.heard(told(10), 1, 1)
  expect(others.heard({ ...told(400), 'x-ratelimit-resource': 'search' }, 2, 2)).toBe(0)
})

/** How many writes go out at once when others have sent `requests` a moment ago. */
function writesBeside(requests: number, waitedMs = 1): number {
  const pace = createPointWindow()
  pace.shared(requests, 0)
  let writes = 0
  for (let now = waitedMs; now < waitedMs + MINUTE - 2; now += 100) {
    while (pace.ruling('write', now) === 'go') {
      pace.started('write')
      pace.answered('write', now)
      writes++
    }
  }
  return writes
}

test('what others send counts as writes for a minute, and a quarter of the points is ours whatever they send', () => {
  expect(writesBeside(0)).toBe(175)
  expect(writesBeside(60)).toBe((900 - 25 - 50 - 300) / 5)
  expect(writesBeside(100_000)).toBe((900 - 25 - 50 - 675) / 5)
  expect(writesBeside(60, MINUTE + 1)).toBe(175)
})

test('a point counts for the whole minute, its last millisecond included', () => {
  const pace = createPointWindow()
  for (let read = 0; read < 900; read++) {
    pace.started('read')
    pace.answered('read', 0)
  }
  expect(pace.ruling('read', MINUTE)).toEqual({ until: MINUTE + 1, passable: false })
  expect(pace.ruling('read', MINUTE + 1)).toBe('go')
})
