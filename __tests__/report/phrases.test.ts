import { describe, expect, test } from '@jest/globals'
import type { Brake, PatternHits } from '../../src/model/brake.ts'
import type { Reason } from '../../src/model/decision.ts'
import { brakePhrase, unmatchedPhrase } from '../../src/report/brake-phrases.ts'
import { nameOf, phrase, readsPhrase, verdictPhrase } from '../../src/report/phrases.ts'
import { count, formatAge, formatDuration, ordinal, some } from '../../src/util/format.ts'
import { version } from '../helpers/make.ts'
import { DAY, drop, keep } from './runs.ts'

const HOUR = DAY / 24

const REASONS: readonly (readonly [Reason, string])[] = [
  [{ code: 'no-rule' }, 'no rule asks for its deletion'],
  [{ code: 'keep-rule', rule: 'releases', matched: 'v1' }, '"v1" is kept by rule "releases"'],
  [{ code: 'newest', rule: 'builds', rank: 1 }, 'newest of rule "builds"'],
  [{ code: 'newest', rule: 'builds', rank: 3 }, '3rd newest of rule "builds"'],
  [{ code: 'newest', rule: 'b', rank: 2, group: '1.4' }, '2nd newest of rule "b" in group "1.4"'],
  [{ code: 'within', rule: 'b', age: 3 * DAY }, 'pushed 3 days ago, young enough for rule "b"'],
  [
    { code: 'bucket', rule: 'n', bucket: 'daily', value: '2026-06-01' },
    'newest of 2026-06-01 (daily) in rule "n"'
  ],
  [{ code: 'other-tags', rule: 'b', tags: ['dev'] }, 'rule "b" matches it, but not its tag dev'],
  [{ code: 'other-tags', rule: 'b', tags: ['a', 'c'] }, 'rule "b" matches it, but not its tags a, c'],
  [{ code: 'child', of: 'v1.2.3' }, 'child of v1.2.3'],
  [{ code: 'referrer', of: 'v1.2.3' }, 'describes v1.2.3'],
  [{ code: 'young', age: HOUR, grace: DAY }, 'pushed 1 hour ago, within the grace of 24 hours'],
  [{ code: 'undated' }, 'its date is missing or in the future'],
  [{ code: 'in-use', by: 'deploy/app.yaml' }, 'in use by deploy/app.yaml'],
  [{ code: 'unread', cause: 'status 500' }, 'its manifest could not be read (status 500)'],
  [
    { code: 'depends-on-unread', on: 'v2', cause: 'status 500' },
    'v2 could not be read and may need it (status 500)'
  ],
  [{ code: 'last-tagged' }, 'the last tagged version, which GitHub does not delete'],
  [{ code: 'cache' }, 'a build cache, which only a rule for caches may delete'],
  [
    { code: 'delete-rule', rule: 'builds', tags: ['sha-1'], age: 41 * DAY },
    'tag sha-1 matched by rule "builds", pushed 41 days ago'
  ],
  [
    { code: 'delete-rule', rule: 'builds', tags: ['a', 'b'], age: 41 * DAY },
    'tags a, b matched by rule "builds", pushed 41 days ago'
  ],
  [{ code: 'untagged', rule: 'r', age: 41 * DAY }, 'untagged, pushed 41 days ago'],
  [
    { code: 'broken', rule: 'r', state: 'ghost', age: 3 * DAY },
    'broken: everything that it names is gone, pushed 3 days ago'
  ],
  [
    { code: 'broken', rule: 'r', state: 'orphaned', age: 3 * DAY },
    'orphaned: what it describes is gone, pushed 3 days ago'
  ],
  [{ code: 'owned', role: 'child', of: 'sha-1' }, 'child of sha-1, which goes'],
  [{ code: 'owned', role: 'referrer', of: 'sha-1' }, 'describes sha-1, which goes']
]

describe('reasons read as parts of a sentence', () => {
  test.each(REASONS)('%j', (reason, expected) => {
    expect(phrase(reason)).toBe(expected)
  })

  test('with the verdict in front, the first reason speaks', () => {
    const kept = keep(version('a'), { code: 'child', of: 'v1.2.3' })
    expect(verdictPhrase(kept)).toBe('kept: child of v1.2.3')
    expect(verdictPhrase(drop(version('b')))).toBe('deleted: untagged, pushed 41 days ago')
  })
})

test.each([
  [0, 'less than a minute'],
  [60_000, '1 minute'],
  [59 * 60_000, '59 minutes'],
  [HOUR, '1 hour'],
  [36 * HOUR, '36 hours'],
  [2 * DAY - 1, '47 hours'],
  [2 * DAY, '2 days'],
  [41.9 * DAY, '41 days'],
  [1_234 * DAY, '1,234 days']
])('an age of %d ms reads %s', (ms, expected) => {
  expect(formatAge(ms)).toBe(expected)
})

test.each([
  [0, '1 s'],
  [59_001, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [3_600_000, '1 h']
])('a duration of %d ms reads %s', (ms, expected) => {
  expect(formatDuration(ms)).toBe(expected)
})

test.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [12, '12th'],
  [13, '13th'],
  [21, '21st'],
  [112, '112th'],
  [1_002, '1,002nd']
])('rank %d reads %s', (rank, expected) => {
  expect(ordinal(rank)).toBe(expected)
})

test('counts have separators and the right plural', () => {
  expect([count(0, 'tag'), count(1, 'tag'), count(12_345, 'entry', 'entries')]).toEqual([
    '0 tags',
    '1 tag',
    '12,345 entries'
  ])
})

test('long lists of names are cut, and say by how much', () => {
  expect(some(['a', 'b', 'c'], 3)).toBe('a, b, c')
  expect(some(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
})

test('a version is called by its tags, else by its short digest', () => {
  expect(nameOf(version('x', { tags: ['v1', 'latest'] }))).toBe('v1, latest')
  expect(nameOf(version('x'))).toMatch(/^sha256:[0-9a-f]{12}$/)
})

const BRAKES: readonly (readonly [Brake, string])[] = [
  [
    { input: 'min-remaining', limit: 5, value: 1 },
    'The plan would leave 1 tagged image, and `min-remaining` asks for 5: nothing was deleted.'
  ],
  [
    { input: 'max-deletions', limit: 500, value: 1_200 },
    'The plan has 1,200 deletions, and `max-deletions` allows 500: nothing was deleted.'
  ],
  [
    { input: 'max-deletion-percent', limit: 50, value: 66.6666 },
    'The plan would delete 66.7 % of the versions, and `max-deletion-percent` allows 50 %: nothing was deleted.'
  ]
]

test.each(BRAKES)('brake %j names its input and both numbers', (brake, expected) => {
  expect(brakePhrase(brake)).toBe(expected)
})

test('T-25f: a keep pattern that matched nothing is said to protect nothing', () => {
  const hits: PatternHits = { rule: 'keep-tags', action: 'keep', pattern: 'lates', hits: 0 }
  expect(unmatchedPhrase(hits)).toContain(
    '"lates" of rule "keep-tags" matched no tag, so it protects nothing'
  )
  expect(unmatchedPhrase({ ...hits, action: 'delete' })).toContain('deletes nothing')
})

describe('what manifests were read for', () => {
  const none = { tagged: 0, named: 0, untagged: 0, remembered: 0, spared: 0 }

  test('is the sum over the packages, and only what there was', () => {
    const reads = [
      { ...none, tagged: 1_000, spared: 3 },
      { ...none, tagged: 234, remembered: 5 }
    ]
    expect(readsPhrase(reads)).toBe('1,234 tagged, 5 more remembered from earlier runs, 3 more not needed')
  })

  test('says so where there was nothing to read', () => {
    expect(readsPhrase([none])).toBe('none was needed')
  })
})
