import { describe, expect, test } from '@jest/globals'
import { ExpectedError } from '../../src/errors.ts'
import { parsePatterns } from '../../src/policy/pattern.ts'
import { inTime } from '../../src/util/in-time.ts'
import { limitMatching, takeMatchTime } from '../../src/util/regex.ts'

const TAGS = [
  'latest',
  'latest-dev',
  'Latest',
  'v1.0.0',
  'v1.1.0',
  '1.1',
  '2.0.0',
  '2.0.0-rc.1',
  'pr-912',
  'pr-9120',
  'sha-abc',
  '.hidden',
  '_x',
  'a+b'
]

const matched = (patterns: string[]): string[] => [...parsePatterns(patterns).scan(TAGS).keys()]

describe('patterns match', () => {
  test.each([
    ['an exact tag', ['latest'], ['latest']],
    ['any of a list', ['latest', 'pr-912'], ['latest', 'pr-912']],
    ['a glob from end to end', ['v1.*'], ['v1.0.0', 'v1.1.0']],
    ['a single character', ['pr-91?'], ['pr-912']],
    ['a class', ['[lL]atest'], ['latest', 'Latest']],
    ['alternatives', ['{latest,pr-*}'], ['latest', 'pr-912', 'pr-9120']],
    ['an extended glob', ['@(latest|sha)-*'], ['latest-dev', 'sha-abc']],
    ['a dot at the beginning', ['.*'], ['.hidden']],
    ['everything with a star', ['*'], TAGS],
    ['a plus without parentheses as a plus', ['a+b'], ['a+b']],
    [
      'all but what is taken out',
      ['!*.*', '!latest*'],
      ['Latest', 'pr-912', 'pr-9120', 'sha-abc', '_x', 'a+b']
    ],
    ['less what is taken out, wherever it stands', ['!pr-912', 'pr-*'], ['pr-9120']],
    ['a regular expression anywhere', ['/atest/'], ['latest', 'latest-dev', 'Latest']],
    ['an anchored one (T-25g)', ['/^latest$/'], ['latest']],
    ['one with flags', ['/^LATEST$/i'], ['latest', 'Latest']],
    ['all but a regular expression', ['*', '!/[a-z]/i'], ['1.1', '2.0.0']],
    ['a semver range, pre-releases too', ['semver:>=1.1 <=2'], ['v1.1.0', '2.0.0', '2.0.0-rc.1']],
    ['nothing, when nothing does', ['prod'], []]
  ])('%s', (_, patterns, expected) => {
    expect(matched(patterns)).toEqual(expected)
  })

  test('a range for deletions speaks only of the pre-releases that it names', () => {
    const scan = (pattern: string): string[] => [...parsePatterns([pattern], 'named').scan(TAGS).keys()]
    expect(scan('semver:*')).toEqual(['v1.0.0', 'v1.1.0', '2.0.0'])
    expect(scan('semver:>=2.0.0-rc.1')).toEqual(['2.0.0', '2.0.0-rc.1'])
    expect(scan('!semver:*')).not.toContain('2.0.0-rc.1')
  })

  test('names of packages: a star is one segment, two are all', () => {
    const names = ['api', 'app/api', 'app/web/ui']
    expect([...parsePatterns(['*']).scan(names).keys()]).toEqual(['api'])
    expect([...parsePatterns(['app/*']).scan(names).keys()]).toEqual(['app/api'])
    expect([...parsePatterns(['**']).scan(names).keys()]).toEqual(names)
  })

  test('named groups are handed on, from the first pattern that has them', () => {
    const patterns = parsePatterns(['latest', '/^pr-(?<pr>\\d+)$/', '/^(?<pr>..)-(?<rest>.*)$/'])
    const hits = patterns.scan(TAGS)
    expect(hits.get('pr-912')?.groups).toEqual({ pr: '912', rest: '912' })
    expect(hits.get('latest')?.groups).toEqual({})
  })

  test('each pattern tells how many values it matched, those that take out too', () => {
    expect(parsePatterns(['pr-*', '!pr-912', 'prod']).examine(TAGS).counts).toEqual([
      { pattern: 'pr-*', hits: 2 },
      { pattern: '!pr-912', hits: 1 },
      { pattern: 'prod', hits: 0 }
    ])
  })
})

describe('a bad pattern is refused in a sentence that quotes it (T-25e)', () => {
  test.each([
    ['', 'names nothing'],
    ['!', 'names nothing'],
    ['v[1', 'no closing `]`'],
    ['a{b', 'no closing `}`'],
    ['+(a', 'no closing `)`'],
    ['!(latest)', 'is not a glob'],
    ['/abc', 'no closing slash'],
    ['//', 'empty regular expression'],
    ['/(/', 'has a `(` without its `)`'],
    ['/a/g', 'flags'],
    ['semver:', 'no range'],
    ['semver:newest', 'not a semver range'],
    ['!semver:x.y.z.w', 'not a semver range']
  ])('%p', (pattern, fault) => {
    const parse = (): unknown => parsePatterns(['latest', pattern])
    expect(parse).toThrow(ExpectedError)
    expect(parse).toThrow(`The pattern \`${pattern}\` `)
    expect(parse).toThrow(fault)
  })

  test('a class may hold an open bracket or brace', () => {
    expect(() => parsePatterns(['a[{(]b', 'a\\{b'])).not.toThrow()
  })
})

test.each(['{a,b,c,d,e,f,g,h,i,j}'.repeat(6), '{a,b}'.repeat(40)])(
  'E-42 %s stands for so much that some of it would be left out: it is refused',
  pattern => {
    expect(() => parsePatterns([pattern])).toThrow(/stands for more than 1,000 globs/)
  }
)

test.each([
  [
    'longer than',
    `{a,b}${'x'.repeat(70_000)}`,
    'is longer than 1,000 characters. Write it as several patterns'
  ],
  ['cut by its characters', '{a,b}x'.repeat(1_600), 'is longer than 1,000 characters'],
  ['nested too deep', `${'{a,'.repeat(1_200)}${'}'.repeat(1_200)}`, 'is longer than 1,000 characters'],
  ['of too many parts', '?()'.repeat(333), 'is not a glob (pattern has too many extglobs)']
])('E-42 a glob that is %s is refused in a sentence', (_, pattern, why) => {
  const parse = (): unknown => parsePatterns([pattern])
  expect(parse).toThrow(ExpectedError)
  expect(parse).toThrow(why)
})

test('E-42 the account of what each pattern took costs no more with every pattern', () => {
  const takeAll = (): void => {
    for (let at = 0; at < 150_000; at++) takeMatchTime(`a*${at}`, 0)
  }
  // Where each adds up those before it this takes minutes, and otherwise a moment.
  const run = (): void => limitMatching(1_000, takeAll)
  expect(
    inTime(
      20_000,
      () => [run()].length,
      () => new Error('still adding up')
    )
  ).toBe(1)
})

test('E-42 all scans of a run share one time, and the pattern that took most is named', () => {
  const values = Array.from({ length: 200 }, (_, at) => `v${at}`)
  const [slow, quick] = [parsePatterns(['/^v\\d+$/']), parsePatterns(['v1?'])]
  const scanAll = (): void => {
    quick.scan(['v10'])
    for (let at = 0; at < 5_000; at++) slow.scan(values)
  }
  expect(() => limitMatching(100, scanAll)).toThrow(
    'Matching patterns took more than 1 s in this run, all that `time-limit` leaves for it, most of it the pattern `/^v\\d+$/`.'
  )
})
