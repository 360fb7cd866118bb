import { describe, expect, test } from '@jest/globals'
import { policyFromInputs, rulesFromInputs } from '../../src/config/for-package.ts'
import type { DeclaredInputs } from '../../src/config/input-table.ts'
import { digestOf } from '../helpers/make.ts'
import { type Facts, fateOf, goes, planFor } from '../helpers/package.ts'

const DAY = 86_400_000

const NOTHING = {
  deleteTags: [],
  keepTags: [],
  keepAtLeast: 0,
  deleteUntagged: false,
  keepUntagged: 0,
  olderThan: undefined,
  deleteBroken: [],
  untag: false,
  rankBy: 'created',
  grace: DAY,
  ageFrom: 'newest',
  minRemaining: undefined,
  maxDeletions: undefined,
  maxDeletionPercent: undefined,
  deletionsPerRun: undefined
} as unknown as DeclaredInputs

const PACKAGE: Record<string, Facts> = {
  v: { tags: ['v1.0.0'], age: 90 },
  both: { tags: ['sha-5', 'v1.1.0'], age: 2 },
  new: { tags: ['sha-4'], age: 3 },
  mid: { tags: ['sha-3'], age: 20 },
  rc: { tags: ['2.0.0-rc.1'], age: 50 },
  old: { tags: ['sha-2'], age: 60, children: ['amd'] },
  amd: { age: 60 },
  left1: { age: 10 },
  left2: { age: 70 },
  orphan: { subject: 'vanished' },
  ghost: { tags: ['v0.1.0'], children: ['gone'] },
  gone: { unlisted: true, state: 'missing' }
}

describe('plain inputs are rules', () => {
  test.each<[string, Partial<DeclaredInputs>, string[]]>([
    ['nothing deletes nothing', {}, []],
    [
      'keep rules alone delete nothing',
      { keepTags: ['v*'], keepAtLeast: 3, keepUntagged: 3, olderThan: DAY },
      []
    ],
    ['delete-tags', { deleteTags: ['sha-*'] }, ['new', 'mid', 'old', 'amd']],
    ['delete-tags and keep-at-least', { deleteTags: ['sha-*'], keepAtLeast: 2 }, ['mid', 'old', 'amd']],
    [
      'what keep-tags keeps takes no slot',
      { deleteTags: ['sha-*'], keepTags: ['v*'], keepAtLeast: 2 },
      ['old', 'amd']
    ],
    ['older-than', { deleteTags: ['sha-*'], olderThan: 30 * DAY }, ['old', 'amd']],
    ['older-than, strictly', { deleteTags: ['sha-*'], olderThan: 20 * DAY }, ['old', 'amd']],
    [
      'what is young counts towards the keeps',
      { deleteTags: ['sha-*'], keepAtLeast: 3, olderThan: 10 * DAY },
      ['old', 'amd']
    ],
    ['delete-untagged', { deleteUntagged: true }, ['left1', 'left2']],
    ['keep-untagged', { deleteUntagged: true, keepUntagged: 1 }, ['left2']],
    ['delete-untagged and older-than', { deleteUntagged: true, olderThan: 30 * DAY }, ['left2']],
    ['delete-broken', { deleteBroken: ['ghost', 'orphaned'] }, ['orphan', 'ghost']],
    [
      'keep-tags wins over delete-broken',
      { deleteBroken: ['ghost', 'orphaned'], keepTags: ['v*'] },
      ['orphan']
    ],
    [
      'digests to delete, whatever is kept of the series',
      { deleteTags: ['sha-*', digestOf('old')], keepAtLeast: 3 },
      ['old', 'amd']
    ],
    [
      'digests to keep, with all they need',
      { deleteTags: ['sha-*'], keepTags: [digestOf('old')] },
      ['new', 'mid']
    ],
    [
      'a child to keep by its digest',
      { deleteTags: ['sha-*'], keepTags: [digestOf('amd')] },
      ['new', 'mid', 'old']
    ],
    [
      'a range to keep speaks of pre-releases',
      { deleteTags: ['*'], keepTags: ['semver:*'] },
      ['new', 'mid', 'old', 'amd']
    ],
    ['a range to delete does not', { deleteTags: ['semver:*'] }, ['v', 'ghost']]
  ])('%s', (_, inputs, expected) => {
    expect(goes(PACKAGE, planFor(PACKAGE, policyFromInputs({ ...NOTHING, ...inputs })))).toEqual(expected)
  })

  test('untag strips what matches from versions that other tags hold', () => {
    const plan = planFor(PACKAGE, policyFromInputs({ ...NOTHING, deleteTags: ['sha-*'], untag: true }))
    expect(fateOf(plan, 'both')).toMatchObject({ verdict: 'keep', untag: ['sha-5'] })
  })

  test('rules are called like the inputs that people know', () => {
    const inputs = {
      ...NOTHING,
      deleteTags: ['a'],
      keepTags: ['b'],
      deleteUntagged: true,
      deleteBroken: ['ghost'] as const
    }
    const names = rulesFromInputs(inputs).map(({ name, action }) => [name, action])
    expect(names).toEqual([
      ['keep-tags', 'keep'],
      ['delete-tags', 'delete'],
      ['delete-untagged', 'delete'],
      ['delete-broken', 'delete']
    ])
  })

  test('limits are handed on, 0 as a number and blank as none (T-25c)', () => {
    const policy = policyFromInputs({ ...NOTHING, maxDeletions: 0, ageFrom: 'created' })
    expect(policy).toEqual({ rules: [], grace: DAY, ageFrom: 'created', maxDeletions: 0 })
  })

  test('a bad pattern to keep is no empty one (T-25e)', () => {
    expect(() => policyFromInputs({ ...NOTHING, keepTags: ['v[1'] })).toThrow('has no closing `]`')
  })
})
