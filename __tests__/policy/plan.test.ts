import { describe, expect, test } from '@jest/globals'
import type { Plan } from '../../src/model/decision.ts'
import { referrerTag } from '../../src/model/digest.ts'
import type { Usage } from '../../src/model/usage.ts'
import { undoing } from '../../src/policy/order.ts'
import { digestOf } from '../helpers/make.ts'
import { type Facts, fateOf, goes, planFor } from '../helpers/package.ts'
import { policyOf } from '../helpers/policies.ts'
import { NOW } from '../helpers/worlds.ts'

const DAY = 86_400_000
const all = (tags: string | string[], more: object = {}) => ({
  name: 'all',
  action: 'delete',
  match: { tags },
  ...more
})
const untagged = { name: 'untagged', action: 'delete', match: { untagged: true } }
const describing = (name: string): string => referrerTag(digestOf(name))

const order = (plan: Plan, names: readonly string[]): string[] =>
  plan.steps.map(({ version }) => names.find(name => digestOf(name) === version.digest) ?? '?')

describe('every reason has its case', () => {
  const reasons = (
    manifests: Record<string, Facts>,
    rules: object[],
    name: string,
    world: Partial<Usage> = {}
  ): readonly object[] =>
    fateOf(planFor({ hold: { tags: ['hold'] }, ...manifests }, policyOf(rules), world), name).reasons

  test.each<[string, readonly object[], readonly object[]]>([
    ['no rule', reasons({ a: { tags: ['x'] } }, [], 'a'), [{ code: 'no-rule' }]],
    [
      'a keep rule, by the tag that it matched',
      reasons({ a: { tags: ['x', 'v1'] } }, [{ name: 'k', action: 'keep', match: { tags: 'v*' } }], 'a'),
      [{ code: 'keep-rule', rule: 'k', matched: 'v1' }]
    ],
    [
      'rank',
      reasons(
        { a: { tags: ['x-1'], age: 9 }, b: { tags: ['x-2'], age: 8 } },
        [all('x-*', { 'keep-at-least': 2 })],
        'a'
      ),
      [{ code: 'newest', rule: 'all', rank: 2 }]
    ],
    [
      'rank before what nobody could read, which may not be there',
      reasons(
        { a: { tags: ['2.0.0'], age: 90, state: 'unread' }, b: { tags: ['1.9.0'], age: 30 } },
        [{ name: 'p', action: 'delete', match: { semver: '*' }, 'keep-at-least': 1 }],
        'b'
      ),
      [{ code: 'newest', rule: 'p', rank: 1 }]
    ],
    [
      'rank in a group',
      reasons(
        { a: { tags: ['1.2.3'] } },
        [
          {
            name: 'p',
            action: 'delete',
            match: { semver: '*' },
            'group-by': 'semver-minor',
            'keep-at-least': 1
          }
        ],
        'a'
      ),
      [{ code: 'newest', rule: 'p', rank: 1, group: '1.2' }]
    ],
    [
      'within',
      reasons({ a: { tags: ['x'], age: 3 } }, [all('x', { 'keep-within': '7d' })], 'a'),
      [{ code: 'within', rule: 'all', age: 3 * DAY }]
    ],
    [
      'within, to the last moment of it',
      reasons({ a: { tags: ['x'], age: 7 } }, [all('x', { 'keep-within': '7d' })], 'a'),
      [{ code: 'within', rule: 'all', age: 7 * DAY }]
    ],
    [
      'bucket',
      reasons({ a: { tags: ['x'], age: 30 } }, [all('x', { 'keep-monthly': 1 })], 'a'),
      [{ code: 'bucket', rule: 'all', bucket: 'monthly', value: '2026-05' }]
    ],
    [
      'other tags',
      reasons({ a: { tags: ['x', 'y', 'z'] } }, [all('x')], 'a'),
      [{ code: 'other-tags', rule: 'all', tags: ['y', 'z'] }]
    ],
    ['a cache', reasons({ a: { tags: ['x'], kind: 'cache' } }, [all('x')], 'a'), [{ code: 'cache' }]],
    [
      'young',
      reasons({ a: { tags: ['x'], age: 0.5 } }, [all('x')], 'a'),
      [{ code: 'young', age: DAY / 2, grace: DAY }]
    ],
    [
      'no longer young at the end of the grace',
      reasons({ a: { tags: ['x'], age: 1 } }, [all('x')], 'a'),
      [{ code: 'delete-rule', rule: 'all', tags: ['x'], age: DAY }]
    ],
    ['undated', reasons({ a: { tags: ['x'], undated: true } }, [all('x')], 'a'), [{ code: 'undated' }]],
    [
      'in the future',
      reasons({ a: { tags: ['x'], age: 9, updated: -1 } }, [all('x')], 'a'),
      [{ code: 'undated' }]
    ],
    [
      'in use',
      reasons({ a: { tags: ['x'] } }, [all('x')], 'a', { inUse: [{ by: 'compose.yaml:7', tag: 'x' }] }),
      [{ code: 'in-use', by: 'compose.yaml:7' }]
    ],
    [
      'in use by a child of a child',
      reasons({ a: { tags: ['x'], children: ['b'] }, b: { children: ['c'] }, c: {} }, [all('x')], 'a', {
        inUse: [{ by: 'pod', digest: digestOf('c') }]
      }),
      [{ code: 'in-use', by: 'pod' }]
    ],
    [
      'a grandchild, by the name of its image',
      reasons({ a: { tags: ['x'], children: ['b'] }, b: { children: ['c'] }, c: {} }, [], 'c'),
      [{ code: 'child', of: 'x' }]
    ],
    [
      'a grandchild, by the name of its image, although what names it stays for its own sake, too',
      reasons({ a: { tags: ['x'], children: ['b'] }, b: { age: 0.5, children: ['c'] }, c: {} }, [], 'c'),
      [{ code: 'child', of: 'x' }]
    ],
    [
      'a part of two, by the one that people tagged',
      reasons({ a: { tags: ['x'], children: ['c'] }, b: { age: 30, children: ['c'] }, c: {} }, [], 'c'),
      [{ code: 'child', of: 'x' }]
    ],
    [
      'what describes what describes it, by no name of its own',
      reasons({ a: { tags: [describing('b')] }, b: { tags: [describing('a')] } }, [], 'b'),
      [{ code: 'no-rule' }]
    ],
    [
      'what describes a child, and its own child',
      reasons(
        {
          a: { tags: ['x'], children: ['b'] },
          b: {},
          f: { tags: [describing('b')], children: ['s'] },
          s: {}
        },
        [],
        's'
      ),
      [{ code: 'referrer', of: 'x' }]
    ],
    [
      'a tagged child',
      reasons({ a: { tags: ['x'], children: ['b'] }, b: { tags: ['y'] } }, [all('y')], 'b'),
      [{ code: 'child', of: 'x' }]
    ],
    [
      'a young child is kept as a child first',
      reasons({ a: { tags: ['x'], age: 0.5, children: ['b'] }, b: { age: 0.5 } }, [], 'b'),
      [
        { code: 'child', of: 'x' },
        { code: 'young', age: DAY / 2, grace: DAY }
      ]
    ],
    [
      'what could not be read',
      reasons({ a: { tags: ['x'], state: 'unread' } }, [], 'a'),
      [{ code: 'unread', cause: 'the registry answered 500' }]
    ],
    [
      'what may be needed by it',
      reasons({ a: { tags: ['x'], state: 'unread' }, b: {} }, [untagged], 'b'),
      [{ code: 'depends-on-unread', on: 'x', cause: 'the registry answered 500' }]
    ],
    [
      'what was listed up to ten minutes after the unread that may need it',
      reasons(
        { a: { tags: ['x'], state: 'unread', age: 2 }, b: { tags: ['y'], age: 2 - 9 / 1440 } },
        [all('y')],
        'b'
      ),
      [{ code: 'depends-on-unread', on: 'x', cause: 'the registry answered 500' }]
    ],
    [
      'what was listed later than that: an index is pushed after all that it names',
      reasons(
        { a: { tags: ['x'], state: 'unread', age: 2 }, b: { tags: ['y'], age: 2 - 11 / 1440 } },
        [all('y')],
        'b'
      ),
      [{ code: 'delete-rule', rule: 'all', tags: ['y'], age: (2 - 11 / 1440) * DAY }]
    ],
    [
      'what is unread and would have gone',
      reasons({ a: { tags: ['x'], state: 'unread' } }, [all('x')], 'a'),
      [{ code: 'unread', cause: 'the registry answered 500' }]
    ],
    [
      'a keep rule for labels, where they are unknown',
      reasons(
        { a: { tags: ['x'] } },
        [{ name: 'k', action: 'keep', match: { labels: { stage: 'prod' } } }, all('x')],
        'a'
      ),
      [{ code: 'keep-rule', rule: 'k', matched: 'x' }]
    ],
    [
      'a keep rule for labels, where they are known to be others',
      reasons(
        { a: { tags: ['x'] } },
        [{ name: 'k', action: 'keep', match: { labels: { stage: 'prod' } } }, all('x')],
        'a',
        { labels: new Map([[digestOf('a'), { stage: 'test' }]]) }
      ),
      [{ code: 'delete-rule', rule: 'all', tags: ['x'], age: 90 * DAY }]
    ],
    [
      'a matching tag goes',
      reasons({ a: { tags: ['x'] } }, [all('x')], 'a'),
      [{ code: 'delete-rule', rule: 'all', tags: ['x'], age: 90 * DAY }]
    ],
    [
      'an untagged version goes',
      reasons({ a: {} }, [untagged], 'a'),
      [{ code: 'untagged', rule: 'untagged', age: 90 * DAY }]
    ],
    [
      'a broken one goes',
      reasons(
        { a: { subject: 'gone' } },
        [{ name: 'b', action: 'delete', match: { state: 'orphaned' } }],
        'a'
      ),
      [{ code: 'broken', rule: 'b', state: 'orphaned', age: 90 * DAY }]
    ],
    [
      'what belongs to it goes',
      reasons({ a: { tags: ['x'], children: ['b'] }, b: {} }, [all('x')], 'b'),
      [{ code: 'owned', role: 'child', of: 'x' }]
    ],
    [
      'what describes it goes',
      reasons({ a: { tags: ['x'] }, b: { subject: 'a' } }, [all('x')], 'b'),
      [{ code: 'owned', role: 'referrer', of: 'x' }]
    ]
  ])('%s', (_, actual, expected) => {
    expect(actual).toEqual(expected)
  })

  test('the last tagged version', () => {
    const plan = planFor({ a: { tags: ['x'] } }, policyOf([all('x')]))
    expect(fateOf(plan, 'a').reasons).toEqual([{ code: 'last-tagged' }])
  })
})

describe('what counts', () => {
  test.each<[string, Record<string, Facts>, object[], string[]]>([
    [
      'a tagged child takes no slot while its index stays',
      {
        v2: { tags: ['v2'], age: 2, children: ['c2'] },
        c2: { tags: ['v2-amd64'], age: 2.1 },
        v1: { tags: ['v1'], age: 9 }
      },
      [all('v*', { 'keep-at-least': 2 })],
      []
    ],
    [
      'a tagged child of an index that goes is an image like any other',
      {
        old: { age: 80, children: ['b3'] },
        b3: { tags: ['b-3'], age: 81 },
        b2: { tags: ['b-2'], age: 82 },
        b1: { tags: ['b-1'], age: 83 }
      },
      [all('b-*', { 'keep-at-least': 1 }), untagged],
      ['old', 'b2', 'b1']
    ],
    [
      'of a tagged child its own keep vote holds when its index goes',
      { v: { tags: ['v1'] }, x: { tags: ['x'], children: ['c', 'd'] }, c: { tags: ['keep'] }, d: {} },
      [all('x')],
      ['x', 'd']
    ],
    [
      'undated versions take no slot',
      { a: { tags: ['b-2'], undated: true }, b: { tags: ['b-1'] }, c: { tags: ['b-0'], age: 95 } },
      [all('b-*', { 'keep-at-least': 1 })],
      ['c']
    ],
    [
      'versions from the future take no slot',
      {
        a: { tags: ['b-2'], age: 9, updated: -1 },
        b: { tags: ['b-1'] },
        c: { tags: ['b-0'], age: 95 }
      },
      [all('b-*', { 'keep-at-least': 1 })],
      ['c']
    ],
    [
      'an untagged build cache takes no slot',
      { v: { tags: ['v'] }, a: { kind: 'cache', age: 2 }, b: { age: 5 }, c: { age: 6 } },
      [{ ...untagged, 'keep-at-least': 1 }],
      ['a', 'c']
    ],
    [
      'a young child of an index that goes takes the slot of the image that it then is',
      { v: { tags: ['v'] }, x: { tags: ['x'], children: ['c'] }, c: { age: 0.5 }, u: { age: 50 } },
      [all('x'), { ...untagged, 'keep-at-least': 1 }],
      ['x', 'u']
    ],
    [
      'of the last tagged versions an image is held back, not what describes it',
      { a: { tags: ['x'], age: 9 }, sig: { tags: [describing('a')], age: 3 } },
      [all('x')],
      []
    ],
    [
      'young versions take slots',
      { a: { tags: ['b-2'], age: 0.5 }, b: { tags: ['b-1'] } },
      [all('b-*', { 'keep-at-least': 1 })],
      ['b']
    ],
    [
      'a slot that passes on frees another one, as often as need be',
      {
        v: { tags: ['v'] },
        p0: { tags: ['p0'], children: ['c1'] },
        c1: { tags: ['r1-child'], age: 10 },
        p1: { tags: ['r1-index'], age: 20, children: ['c2'] },
        c2: { tags: ['r2-child'], age: 10 },
        p2: { tags: ['r2-index'], age: 20, children: ['c3'] },
        c3: { tags: ['r3-child'], age: 10 },
        p3: { tags: ['r3-index'], age: 20, children: ['c4'] },
        c4: { tags: ['r4-child'], age: 10 },
        p4: { tags: ['r4-index'], age: 20 }
      },
      [all('p0'), ...[1, 2, 3, 4].map(nth => all(`r${nth}-*`, { name: `r${nth}`, 'keep-at-least': 1 }))],
      ['p0', 'p1', 'p2', 'p3', 'p4']
    ],
    [
      'a young referrer of what goes takes a slot among the orphans that it then is one of',
      {
        v: { tags: ['v'] },
        a: { tags: ['x'] },
        young: { tags: [describing('a')], age: 0.5 },
        orphan: { tags: [describing('gone')] }
      },
      [all('x'), { action: 'delete', match: { state: 'orphaned' }, 'keep-at-least': 1 }],
      ['a', 'orphan']
    ],
    [
      'a young referrer of what goes takes no slot among untagged images',
      { v: { tags: ['v'] }, a: { tags: ['x'] }, young: { age: 0.5, subject: 'a' }, b: { age: 50 } },
      [all('x'), { ...untagged, 'keep-at-least': 1 }],
      ['a']
    ],
    [
      'ties go by digest',
      { a: { tags: ['b-1'] }, b: { tags: ['b-2'] }, c: { tags: ['b-3'] } },
      [all('b-*', { 'keep-at-least': 1 })],
      ['a', 'b', 'c']
        .toSorted((x, y) => (digestOf(x) < digestOf(y) ? -1 : 1))
        .slice(1)
        .toSorted()
    ],
    [
      'rank by the date of the update',
      { v: { tags: ['v'] }, a: { tags: ['b-1'], age: 50, updated: 3 }, b: { tags: ['b-2'], age: 9 } },
      [all('b-*', { 'keep-at-least': 1, 'rank-by': 'updated' })],
      ['b']
    ],
    [
      'semver ranks before dates',
      { a: { tags: ['1.10.0'], age: 50 }, b: { tags: ['1.9.0'], age: 9 } },
      [{ action: 'delete', match: { semver: '*' }, 'keep-at-least': 1 }],
      ['b']
    ],
    [
      'an alias of another series holds',
      { v: { tags: ['v9'] }, a: { tags: ['1.2.3', '1.2', '1'] }, b: { tags: ['1.2.2', '2.0'] } },
      [{ action: 'delete', match: { semver: '*' } }],
      ['a']
    ],
    [
      'a rule that keeps a share keeps no more',
      { a: { tags: ['x-1'], age: 9 }, b: { tags: ['x-2'], age: 8 } },
      [{ action: 'keep', match: { tags: 'x-*' }, 'keep-at-least': 1 }, all('*')],
      ['a']
    ],
    [
      'clauses of one rule hold against another',
      { v: { tags: ['v'] }, a: { tags: ['x-1'], age: 9 }, b: { tags: ['x-2'], age: 8 } },
      [
        all('x-*', { 'keep-at-least': 1 }),
        all('*', { name: 'more', match: { tags: 'x-*', 'older-than': '2d' } })
      ],
      ['a']
    ],
    [
      'newer-than is strict, as older-than is',
      { v: { tags: ['v'] }, a: { tags: ['x-1'], age: 7 }, b: { tags: ['x-2'], age: 6 } },
      [{ action: 'keep', match: { 'newer-than': '7d' } }, all('x-*')],
      ['a']
    ],
    [
      'a delete rule for labels only goes by known ones, of what is tagged',
      {
        v: { tags: ['v'] },
        a: { tags: ['x'], annotations: { stage: 'test' } },
        b: { tags: ['y'] },
        c: { annotations: { stage: 'test' } }
      },
      [{ action: 'delete', match: { labels: { stage: ['test', 'dev'] } } }],
      ['a']
    ],
    [
      'versions that only describe each other stay',
      {
        v: { tags: ['v'] },
        a: { tags: [describing('b')] },
        b: { tags: [describing('a')], children: ['c'] },
        c: {}
      },
      [untagged, { action: 'delete', match: { state: 'orphaned' } }],
      []
    ],
    [
      'what versions need that only describe each other stays, whatever else goes that needs it, too',
      {
        v: { tags: ['v'] },
        a: { tags: [describing('b')] },
        b: { tags: [describing('a')], children: ['c'] },
        c: {},
        d: { tags: ['x'], children: ['c'] }
      },
      [all('x')],
      ['d']
    ],
    [
      'a referrer tag on its own subject is none',
      { v: { tags: ['v'] }, a: { tags: [describing('a')] } },
      [untagged],
      ['a']
    ],
    [
      'what only an unlisted manifest names stays',
      {
        v: { tags: ['v'] },
        x: { tags: ['x'], children: ['u'] },
        u: { unlisted: true, children: ['c'] },
        c: {}
      },
      [all('x'), untagged],
      ['x']
    ],
    [
      'a build cache that names blobs is not broken',
      {
        v: { tags: ['v'] },
        a: { tags: ['x'], kind: 'cache', children: ['blob'] },
        blob: { unlisted: true, state: 'missing' }
      },
      [{ action: 'delete', match: { state: ['ghost', 'partial'], kind: ['cache', 'image'] } }],
      []
    ]
  ])('%s', (_, manifests, rules, expected) => {
    expect(goes(manifests, planFor(manifests, policyOf(rules)))).toEqual(expected)
    expect(goes(manifests, planFor(manifests, policyOf(rules.toReversed())))).toEqual(expected)
  })

  test('untagged-for counts from when it was first seen without a tag; without a record that is now', () => {
    const manifests = { v: { tags: ['v'] }, a: {}, b: {}, c: {} }
    const untaggedSince = new Map([
      [digestOf('a'), NOW - 8 * DAY],
      [digestOf('b'), NOW - 7 * DAY]
    ])
    const rule = { action: 'delete', match: { 'untagged-for': '7d' } }
    expect(goes(manifests, planFor(manifests, policyOf([rule]), { untaggedSince }))).toEqual(['a'])
  })

  test('a git tag that is gone takes its image, by either of its names', () => {
    const manifests = {
      a: { tags: ['1.0.0'] },
      b: { tags: ['v2.0.0'] },
      c: { tags: ['3.0.0'] },
      d: { tags: ['latest'] }
    }
    const rule = { action: 'delete', match: { semver: '*', 'git-tag': 'deleted' } }
    const gitTags = new Set(['v1.0.0', '2.0.0'])
    expect(goes(manifests, planFor(manifests, policyOf([rule]), { gitTags }))).toEqual(['c'])
    expect(goes(manifests, planFor(manifests, policyOf([rule])))).toEqual([])
  })
})

describe('untag', () => {
  const strip = (tags: string, name = tags): object => ({
    name,
    action: 'delete',
    match: { tags },
    untag: true
  })
  const untags = (
    manifests: Record<string, Facts>,
    rules: object[],
    world: Partial<Usage> = {}
  ): unknown[] => {
    const forwards = planFor(manifests, policyOf(rules), world)
    const backwards = planFor(manifests, policyOf(rules.toReversed()), world)
    const list = (plan: Plan): unknown[] =>
      plan.steps.map(step => (step.action === 'untag' ? step.tag : step.version.tags)).toSorted()
    expect(list(backwards)).toEqual(list(forwards))
    return list(forwards)
  }

  test.each<[string, Record<string, Facts>, object[], Partial<Usage>, unknown[]]>([
    [
      'strips what matches where another tag holds',
      { a: { tags: ['x', 'y', 'z'] } },
      [strip('[xy]')],
      {},
      ['x', 'y']
    ],
    [
      'leaves what a keep rule keeps',
      { a: { tags: ['x', 'y'] } },
      [strip('x'), { action: 'keep', match: { tags: 'y' } }],
      {},
      []
    ],
    ['leaves what is young', { a: { tags: ['x', 'y'], age: 0.5 } }, [strip('x')], {}, []],
    [
      'leaves what is in use',
      { a: { tags: ['x', 'y'] } },
      [strip('x')],
      { inUse: [{ by: 'pod', tag: 'y' }] },
      []
    ],
    [
      'leaves what a clause keeps',
      { a: { tags: ['x', 'y'] } },
      [{ ...strip('x'), 'keep-at-least': 1 }],
      {},
      []
    ],
    [
      'leaves what a clause of another rule keeps',
      { a: { tags: ['x', 'y'] } },
      [strip('x'), all('y', { 'keep-at-least': 1 })],
      {},
      []
    ],
    [
      'two rules together do not strip every tag',
      { a: { tags: ['x', 'y'] } },
      [strip('x'), strip('y')],
      {},
      []
    ],
    [
      'does not clear the way for another rule',
      { a: { tags: ['x', 'y'] }, v: { tags: ['v'] } },
      [strip('x'), all('y')],
      {},
      []
    ],
    [
      'a referrer tag holds nothing',
      { v: { tags: ['v'] }, a: { tags: ['x', describing('v')] } },
      [strip('x')],
      {},
      []
    ],
    [
      'goes on while something else is unread',
      { a: { tags: ['x', 'y'] }, b: { tags: ['z'], state: 'unread' } },
      [strip('x')],
      {},
      ['x']
    ]
  ])('%s', (_, manifests, rules, world, expected) => {
    expect(untags(manifests, rules, world)).toEqual(expected)
  })

  test('comes before the deletions, and does not count as one', () => {
    const manifests = { a: { tags: ['x', 'y'], age: 50 }, b: { tags: ['x-2'] } }
    const plan = planFor(manifests, policyOf([strip('x*')], { 'deletions-per-run': 1, 'max-deletions': 1 }))
    expect(plan.steps.map(({ action }) => action)).toEqual(['untag', 'delete'])
  })
})

describe('the order of deletions', () => {
  test('oldest root first, then what it owns: indexes before children, subjects before what describes them', () => {
    const manifests: Record<string, Facts> = {
      v: { tags: ['v'] },
      young: { tags: ['x-2'], age: 5, children: ['c1'] },
      c1: { age: 99 },
      old: { tags: ['x-1'], age: 9, children: ['inner', 'c2'] },
      sig: { subject: 'leaf', age: 99 },
      leaf: { age: 99 },
      inner: { age: 99, children: ['leaf'] },
      c2: { tags: ['x-1-amd64'], age: 99 }
    }
    const plan = planFor(manifests, policyOf([all('x-*')]))
    expect(order(plan, Object.keys(manifests))).toEqual(['old', 'inner', 'c2', 'leaf', 'sig', 'young', 'c1'])
    expect(plan.steps[4]).toMatchObject({ after: [digestOf('leaf')], root: digestOf('old') })
  })

  test('is undone the other way: an image waits for its parts, and for what describes it, as far as that comes back', () => {
    const manifests: Record<string, Facts> = {
      v: { tags: ['v'] },
      top: { tags: ['x'], age: 9, children: ['leaf'] },
      leaf: { age: 99 },
      sig: { subject: 'top', age: 99 }
    }
    const { steps } = planFor(manifests, policyOf([all('x')]))
    const deletions = steps.filter(step => step.action === 'delete')
    const back = undoing(deletions, ({ digest }) => digest === digestOf('sig'))
    const nameOf = (digest: string) => Object.keys(manifests).find(name => digestOf(name) === digest)
    expect(
      back.map(({ version, after, optional }) => [nameOf(version.digest), after.map(nameOf), optional])
    ).toEqual([
      ['sig', [], true],
      ['leaf', [], false],
      ['top', ['leaf', 'sig'], false]
    ])
  })

  test('tags that make two versions describe each other do not stop it', () => {
    const manifests: Record<string, Facts> = {
      v: { tags: ['v'] },
      a: { tags: ['x-1', describing('b')], age: 9 },
      b: { tags: ['x-2', describing('a')], age: 8, children: ['c'] },
      c: {},
      below: { subject: 'b' }
    }
    const plan = planFor(manifests, policyOf([all('x-*')]))
    expect(order(plan, Object.keys(manifests))).toEqual(['a', 'b', 'c', 'below'])
    expect(plan.steps[1]).toMatchObject({ after: [], root: digestOf('b') })
  })

  test('a chain of 20,000 indexes is no problem', () => {
    const names = Array.from({ length: 20_000 }, (_, nth) => `link ${nth}`)
    const manifests = Object.fromEntries(
      names.map((name, nth): [string, Facts] => [
        name,
        { ...(nth === 0 ? { tags: ['x'] } : {}), children: nth + 1 < names.length ? [names[nth + 1]!] : [] }
      ])
    )
    const plan = planFor({ v: { tags: ['v'] }, ...manifests }, policyOf([all('x')]))
    expect(plan.steps).toHaveLength(20_000)
  })

  test('of a chain of mere mentions, each of which takes a decision of its own, a run takes fifty links, and matches the tags once', () => {
    const names = Array.from({ length: 120 }, (_, nth) => `link ${nth}`)
    const chain = Object.fromEntries(
      names.map((name, nth): [string, Facts] => [
        name,
        { odd: true, children: names.slice(nth + 1, nth + 2) }
      ])
    )
    const policy = policyOf([untagged, all('x')])
    const seen: (readonly string[])[] = []
    const rules = policy.rules.map(rule => {
      const { tags } = rule.match
      if (tags === undefined) return rule
      const examine: typeof tags.examine = values => {
        seen.push(values)
        return tags.examine(values)
      }
      return { ...rule, match: { ...rule.match, tags: { ...tags, examine } } }
    })
    const left = { v: { tags: ['v'] }, ...chain } as Record<string, Facts>
    for (const gone of [50, 50, 20, 0]) {
      const plan = planFor(left, { ...policy, rules })
      expect([plan.steps.length, seen.splice(0)]).toEqual([gone, [['v']]])
      for (const name of goes(left, plan)) delete left[name]
    }
  })
})

describe('limits', () => {
  const manifests: Record<string, Facts> = {
    v: { tags: ['v'] },
    c: { tags: ['cache'], kind: 'cache' },
    a: { tags: ['x-1'], age: 9, children: ['a1'] },
    a1: {},
    b: { tags: ['x-2'], age: 8 },
    left: { age: 7 }
  }
  const limited = (limits: object, rules: object[] = [all('x-*'), untagged]): Plan =>
    planFor(manifests, policyOf(rules, limits))

  test('exactly as many percent as allowed', () => {
    const half = planFor(
      { a: { tags: ['x-1'] }, b: { tags: ['y'] } },
      policyOf([all('x-*')], { 'max-deletion-percent': 50 })
    )
    expect([half.brakes, half.steps.length]).toEqual([[], 1])
  })

  test.each<[string, object, Plan['brakes']]>([
    ['as many deletions as allowed', { 'max-deletions': 4 }, []],
    ['one more', { 'max-deletions': 3 }, [{ input: 'max-deletions', limit: 3, value: 4 }]],
    ['none allowed', { 'max-deletions': 0 }, [{ input: 'max-deletions', limit: 0, value: 4 }]],
    [
      'percent of all versions',
      { 'max-deletion-percent': 66.6 },
      [{ input: 'max-deletion-percent', limit: 66.6, value: 400 / 6 }]
    ],
    ['less percent than allowed', { 'max-deletion-percent': 67 }, []],
    [
      'images that remain, caches aside',
      { 'min-remaining': 2 },
      [{ input: 'min-remaining', limit: 2, value: 1 }]
    ],
    ['as many as must remain', { 'min-remaining': 1 }, []],
    [
      'several at once',
      { 'min-remaining': 5, 'max-deletions': 1 },
      [
        { input: 'min-remaining', limit: 5, value: 1 },
        { input: 'max-deletions', limit: 1, value: 4 }
      ]
    ]
  ])('%s', (_, limits, brakes) => {
    const plan = limited(limits)
    expect(plan.brakes).toEqual(brakes)
    expect(plan.steps).toHaveLength(brakes.length > 0 ? 0 : 4)
    expect(goes(manifests, plan)).toHaveLength(4)
  })

  test('what nobody could read does not count as remaining', () => {
    const unread = { ...manifests, v: { tags: ['v'], age: 99, state: 'unread' as const } }
    const { brakes } = planFor(unread, policyOf([all('x-*')], { 'min-remaining': 1 }))
    expect(brakes).toEqual([{ input: 'min-remaining', limit: 1, value: 0 }])
  })

  test('a broken image does not count as remaining, and one that has parts left counts as going', () => {
    const broken = {
      ...manifests,
      v: { tags: ['v'], age: 99, children: ['lost'] },
      lost: { unlisted: true as const, state: 'missing' as const }
    }
    expect(planFor(broken, policyOf([all('x-*')], { 'min-remaining': 1 })).brakes).toEqual([
      { input: 'min-remaining', limit: 1, value: 0 }
    ])
    const half = {
      stays: { tags: ['v'], age: 99 },
      half: { tags: ['w'], age: 50, children: ['part', 'lost'] },
      part: { age: 50 },
      lost: { unlisted: true as const, state: 'missing' as const }
    }
    const rules = policyOf([{ action: 'delete', match: { state: 'partial' } }], { 'min-remaining': 2 })
    expect(planFor(half, rules).brakes).toEqual([{ input: 'min-remaining', limit: 2, value: 1 }])
  })

  test('min-remaining is not crossed by letting leftovers go', () => {
    expect(limited({ 'min-remaining': 9 }, [untagged]).brakes).toEqual([])
  })

  test('the brakes look at the whole plan, not at what the budget leaves of it', () => {
    expect(limited({ 'max-deletions': 3, 'deletions-per-run': 2 }).steps).toEqual([])
  })

  test.each([
    [5, ['a', 'a1', 'b', 'left'], 0],
    [3, ['a', 'a1', 'b'], 1],
    [2, ['a', 'a1'], 2],
    // E-29: what is more than the budget does not hold back what is behind it.
    [1, ['b'], 3],
    [0, [], 4]
  ])('a budget of %p', (budget, expected, left) => {
    const plan = limited({ 'deletions-per-run': budget })
    expect([order(plan, Object.keys(manifests)), plan.left]).toEqual([expected, left])
    expect(plan.stuck?.deletions).toBe(budget < 2 ? 2 : undefined)
  })
})

test('what shares a part with an image that is more than the budget waits with it', () => {
  const manifests = {
    v: { tags: ['v'] },
    big: { tags: ['x-1'], age: 9, children: ['b1', 'b2', 'shared'] },
    b1: {},
    b2: {},
    small: { tags: ['x-2'], age: 8, children: ['shared'] },
    shared: {},
    alone: { tags: ['x-3'], age: 7 }
  }
  const plan = planFor(manifests, policyOf([all('x-*')], { 'deletions-per-run': 2 }))
  expect(order(plan, Object.keys(manifests))).toEqual(['alone'])
})

test('broken roots are told whatever becomes of them', () => {
  const plan = planFor(
    {
      v: { tags: ['v'], children: ['gone', 'amd'] },
      amd: {},
      gone: { unlisted: true, state: 'missing' },
      orphan: { subject: 'gone' },
      ghost: { tags: ['w'], state: 'missing' }
    },
    policyOf([])
  )
  expect(plan.broken.map(({ version, state }) => [version.digest, state])).toEqual([
    [digestOf('v'), 'partial'],
    [digestOf('orphan'), 'orphaned'],
    [digestOf('ghost'), 'ghost']
  ])
})
