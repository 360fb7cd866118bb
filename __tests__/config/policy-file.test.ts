import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { policyJsonSchema } from '../../scripts/generate/policy-json-schema.ts'
import { policyFor } from '../../src/config/for-package.ts'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { inBounds } from '../helpers/in-bounds.ts'
import { digestOf } from '../helpers/make.ts'
import { problemsOf } from '../helpers/problems.ts'

const HOUR = 3_600_000

/** The example of the policy language, every key of it. */
const EXAMPLE = `
version: 1
defaults:
  grace: 24h
  age-from: newest                  # newest | created | updated
  max-deletions: 500
protect:                            # in use: hard protection, fails closed
  files: [deploy/**/*.yaml, compose*.yml, .github/workflows/*.yml, '**/Dockerfile']
  list: in-use.txt
  git: [git-tags, releases]
packages:
  - match: containai
    rules:
      - name: moving tags
        action: keep
        match: { tags: [dev, nightly, prod] }
      - name: builds
        action: delete
        match: { tags: 'sha-*' }
        keep-at-least: 15
  - match: ['containai-*', '!containai-metadata']
    grace: 2d
    rules:
      - name: newest patch of every minor
        action: delete
        match: { semver: '*', variants: [alpine] }
        group-by: semver-minor
        keep-at-least: 2
      - name: nightlies
        action: delete
        match: { tags: 'nightly-*' }
        keep-daily: 7
        keep-weekly: 4
        keep-monthly: 6
      - name: branch builds
        action: delete
        match: { tags: '/^(?<branch>.+)-[0-9a-f]{7}$/' }
        group-by: branch
        keep-at-least: 5
        keep-within: 14d
      - name: closed pull requests
        action: delete
        match: { tags: '/^pr-(?<pr>\\d+)(-.*)?$/', pull-request: closed, closed-for: 3d }
      - name: untagged
        action: delete
        match: { untagged: true, older-than: 7d }
tests:
  - name: the newest build stays
    package: containai
    now: 2026-06-30T00:00:00Z
    versions:
      - { digest: a, tags: [sha-1], created: 2026-05-01 }
    expect: { delete: [] }
`

const file = (rules: string, head = ''): string =>
  `version: 1\n${head}packages:\n  - match: app\n    rules:\n${rules.replaceAll(/^/gm, '      ')}\n`

const problems = (text: string): readonly string[] => problemsOf(() => parsePolicyFile(text, 'p.yml'))

describe('a policy file', () => {
  test('the example of the language is read, key by key', () => {
    const read = parsePolicyFile(EXAMPLE, 'p.yml')
    expect(read.protect).toEqual({
      files: ['deploy/**/*.yaml', 'compose*.yml', '.github/workflows/*.yml', '**/Dockerfile'],
      list: 'in-use.txt',
      git: ['git-tags', 'releases']
    })
    expect(read.tests).toMatchObject([{ name: 'the newest build stays', expect: { delete: [] } }])
    const [first, second] = [policyFor(read, 'containai'), policyFor(read, 'containai-proxy')]
    expect(first).toMatchObject({ grace: 24 * HOUR, ageFrom: 'newest', maxDeletions: 500 })
    expect(first?.rules).toMatchObject([
      { name: 'moving tags', action: 'keep', match: { tags: { sources: ['dev', 'nightly', 'prod'] } } },
      {
        name: 'builds',
        action: 'delete',
        keep: { atLeast: 15 },
        tagMatch: 'all',
        untag: false,
        rankBy: 'created'
      }
    ])
    expect(second).toMatchObject({ grace: 48 * HOUR, maxDeletions: 500 })
    expect(second?.rules.map(({ name, groupBy, rankBy, keep }) => [name, groupBy, rankBy, keep])).toEqual([
      ['newest patch of every minor', { by: 'semver-minor' }, 'semver', { atLeast: 2, periods: new Map() }],
      [
        'nightlies',
        undefined,
        'created',
        {
          periods: new Map([
            ['daily', 7],
            ['weekly', 4],
            ['monthly', 6]
          ])
        }
      ],
      [
        'branch builds',
        { by: 'group', group: 'branch' },
        'created',
        { atLeast: 5, within: 336 * HOUR, periods: new Map() }
      ],
      ['closed pull requests', undefined, 'created', { periods: new Map() }],
      ['untagged', undefined, 'created', { periods: new Map() }]
    ])
    expect(second?.rules[3]?.match.pullRequest).toEqual({ closedFor: 72 * HOUR })
    expect(second?.rules[4]?.match).toEqual({ untagged: true, olderThan: 168 * HOUR })
  })

  test('the first entry that matches a package decides on it, and without one it is not touched', () => {
    const read = parsePolicyFile(EXAMPLE, 'p.yml')
    expect(policyFor(read, 'containai-metadata')).toBeUndefined()
    expect(policyFor(read, 'other')).toBeUndefined()
    expect(policyFor(read, 'containai')?.rules).toHaveLength(2)
  })

  test('rules of the inputs hold beside it, and their settings where it is silent', () => {
    const read = parsePolicyFile(
      file('- { action: keep, match: { tags: v* } }', 'defaults: { grace: 1h, age-from: created }\n'),
      'p.yml'
    )
    const inputs = policyFor(parsePolicyFile(EXAMPLE, 'p.yml'), 'containai')
    const both = policyFor(read, 'app', { ...inputs!, minRemaining: 3 })
    expect(both).toMatchObject({ grace: HOUR, ageFrom: 'created', maxDeletions: 500, minRemaining: 3 })
    expect(both?.rules.map(({ name }) => name)).toEqual(['rule 1', 'moving tags', 'builds'])
  })

  test('keep rules speak of pre-releases and delete rules do not, unless they say so', () => {
    const rules = `
- { action: keep, match: { semver: '*' } }
- { action: delete, match: { semver: '*' } }
- { action: delete, match: { semver: '*', prerelease: only } }`
    const read = policyFor(parsePolicyFile(file(rules.trim()), 'p.yml'), 'app')
    expect(read?.rules.map(({ match }) => match.semver?.preReleases)).toEqual(['include', 'exclude', 'only'])
  })

  test.each(['0', '0h', '"0"'])('a grace of %s is none', grace => {
    const read = policyFor(
      parsePolicyFile(
        file('- { action: keep, match: { tags: v* } }', `defaults: { grace: ${grace} }\n`),
        'p.yml'
      ),
      'app'
    )
    expect(read?.grace).toBe(0)
  })

  test('without settings the grace is a day', () => {
    const read = policyFor(parsePolicyFile(file('- { action: keep, match: { tags: v* } }'), 'p.yml'), 'app')
    expect(read).toMatchObject({ grace: 24 * HOUR, ageFrom: 'newest' })
  })
})

describe('what is wrong is said with its place and its remedy', () => {
  const rows: [string, string, string][] = [
    [
      'an unknown key',
      'action: delete, match: { tags: a, older_than: 3d }',
      '5:45: packages[0].rules[0].match.older_than: This key is not known. Did you mean `older-than`?'
    ],
    [
      'a condition outside of match',
      'action: delete, match: { tags: a }, older-than: 3d',
      'packages[0].rules[0].older-than: This key belongs under `match`.'
    ],
    [
      'an input',
      'action: delete, match: { tags: a }, keep-tags: v*',
      'keep-tags: This is an input, and no key of a policy. Write it in the step, beside `policy`, or as a rule'
    ],
    [
      'a key like no other',
      'action: delete, match: { tags: a }, colour: red',
      'colour: This key is not known. The known keys are `name`, `action`'
    ],
    [
      'a wrong word',
      'action: delte, match: { tags: a }',
      '5:19: packages[0].rules[0].action: It must be one of `keep`, `delete`, not `delte`. Did you mean `delete`?'
    ],
    [
      'a missing key',
      'match: { tags: a }',
      '5:9: packages[0].rules[0].action: It is missing. It must be one of `keep`, `delete`.'
    ],
    [
      'a bad age (T-25e)',
      'action: delete, match: { tags: a, older-than: 3 moons }',
      'older-than: `3 moons` is not an age. Write for instance `36h`'
    ],
    [
      'a number for an age',
      'action: delete, match: { tags: a, older-than: 30 }',
      'It must be text, and YAML reads it as 30. Write `30d` for days or `30h` for hours.'
    ],
    [
      'a truth for an age',
      'action: delete, match: { tags: a, older-than: true }',
      'It must be text, and YAML reads it as true.'
    ],
    [
      'a number for a tag',
      'action: keep, match: { tags: [1.10] }',
      'tags[0]: It must be text, and YAML reads it as 1.1. Put it in quotation marks.'
    ],
    [
      'a bad glob (T-25e)',
      "action: keep, match: { tags: [v*, 'v[1'] }",
      'tags[1]: The pattern `v[1` has no closing `]`.'
    ],
    [
      'a bad regular expression',
      "action: keep, match: { tags: '/(/' }",
      'tags: The pattern `/(/` has a `(` without its `)`'
    ],
    ['a bad range', 'action: keep, match: { semver: newest }', 'The pattern `newest` is not a semver range.'],
    [
      'a short digest',
      "action: keep, match: { digests: 'sha256:abc' }",
      '`sha256:abc` is not a full digest.'
    ],
    [
      'a negative count',
      'action: delete, match: { tags: a }, keep-at-least: -1',
      '-1 is too small. The least is 0.'
    ],
    ['a fraction', 'action: delete, match: { tags: a }, keep-at-least: 1.5', 'It must be a whole number'],
    [
      'a count in words',
      'action: delete, match: { tags: a }, keep-at-least: two',
      'It must be a number, not `two`.'
    ],
    [
      'a count in quotation marks',
      "action: delete, match: { tags: a }, keep-at-least: '2'",
      "It must be a number, not `'2'`. Remove the quotation marks."
    ],
    [
      'a truth in quotation marks',
      "action: delete, match: { untagged: 'true' }",
      "It must be `true`, not `'true'`. Remove the quotation marks."
    ],
    [
      'a brake in a rule',
      'action: delete, match: { tags: a }, max-deletions: 3',
      'This key is not known here. It belongs in an entry of `packages`, beside `rules`.'
    ],
    [
      'a backslash in double quotes',
      'action: delete, match: { tags: "/\\d/" }',
      'Put a pattern with a backslash in single quotes.'
    ],
    ['an empty list', 'action: delete, match: { tags: [] }', 'It must not be empty.'],
    ['an empty match', 'action: delete, match: {}', "It does not say what to delete. Write `tags: '*'`"],
    ['ages alone', 'action: delete, match: { older-than: 3d }', 'It does not say what to delete.'],
    [
      'untagged and tags',
      'action: delete, match: { untagged: true, tags: a }',
      'An untagged version has no tags that `tags` could match.'
    ],
    [
      'untagged: false',
      'action: delete, match: { tags: a, untagged: false }',
      'untagged: It must be `true`, not `false`.'
    ],
    [
      'a keep rule that untags',
      'action: keep, match: { tags: a }, untag: true',
      '`untag` is for delete rules'
    ],
    [
      'a keep rule for pull requests',
      "action: keep, match: { tags: '/(?<pr>.)/', pull-request: closed }",
      '`pull-request` is for delete rules only.'
    ],
    [
      'variants without semver',
      'action: keep, match: { tags: a, variants: alpine }',
      '`variants` also needs `semver`'
    ],
    [
      'a pull request without its number',
      'action: delete, match: { tags: pr-*, pull-request: closed }',
      'It needs a pattern in `tags` whose named group `pr` is the number'
    ],
    [
      'closed-for alone',
      'action: delete, match: { tags: a, closed-for: 3d }',
      '`closed-for` also needs `pull-request: closed`.'
    ],
    [
      'branches of all tags',
      'action: delete, match: { branch: deleted }',
      'Say in `tags` which tags are named after a branch'
    ],
    [
      'a group that is none',
      "action: delete, match: { tags: '/(?<branch>.+)/' }, group-by: brnch",
      '`brnch` is neither `semver-minor`, `semver-major` nor a named group of `tags`. Did you mean `branch`?'
    ],
    [
      'a series without semver',
      'action: delete, match: { tags: a }, group-by: semver-minor',
      '`semver-minor` needs `semver` in `match`.'
    ],
    [
      'a rank without semver',
      'action: delete, match: { tags: a }, rank-by: semver',
      'To rank by semver, also select by it'
    ],
    [
      'untag without tags',
      'action: delete, match: { untagged: true }, untag: true',
      '`untag` needs `tags` or `semver`'
    ],
    [
      'untag and any',
      'action: delete, match: { tags: a }, untag: true, tag-match: any',
      '`tag-match: any` deletes what `untag` would keep.'
    ],
    [
      'ages that no version has',
      'action: delete, match: { tags: a, older-than: 90d, newer-than: 30d }',
      '5:74: packages[0].rules[0].match.newer-than: Nothing can be newer than this and older than `older-than`.'
    ],
    [
      'tags that take each other out',
      "action: keep, match: { tags: [latest, '!latest'] }",
      'match.tags: No tag can match, because the `!` patterns exclude everything that the others match.'
    ],
    [
      'a range without versions',
      "action: delete, match: { semver: '>2 <1' }",
      'match.semver: No version is in this range.'
    ],
    [
      'a tag that is no version beside a range',
      "action: keep, match: { tags: [v*, latest], semver: '>=1 <2' }",
      '5:40: packages[0].rules[0].match.tags: `tags` and `semver` must both match, and no X.Y.Z matches `latest`. Put `semver:>=1 <2` into `tags` instead'
    ],
    [
      'untagged and orphaned',
      'action: delete, match: { untagged: true, state: orphaned }',
      'match.state: An orphaned version describes something, so it does not count as untagged.'
    ],
    [
      'a keep rule that keeps none',
      'action: keep, match: { tags: v* }, keep-at-least: 0, keep-daily: 0',
      'keep-at-least: It keeps nothing of what it selects. Leave it out to keep everything.'
    ],
    [
      'a group of an expression that lacks a slash',
      "action: delete, match: { tags: '^(?<branch>main|dev)-[0-9a-f]{7}$/' }, group-by: branch",
      '(?<branch>'
    ],
    [
      'a group of a list with an expression that never closes',
      "action: delete, match: { tags: [a, '/(?<branch>.+'] }, group-by: branch",
      'no closing slash'
    ],
    [
      'a pull request in an expression that is none',
      "action: delete, match: { tags: '/^pr-(?<pr>\\d+))$/', pull-request: closed }",
      'has a `)` without its `(`'
    ],
    [
      'a regular expression for a label',
      "action: keep, match: { labels: { a: '/x/' } }",
      'The pattern `/x/` must be a glob here.'
    ]
  ]
  test.each(rows)('%s', (_, rule, expected) => {
    const found = problems(file(`- { ${rule} }`))
    expect(found.join('\n')).toContain(expected)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^p\.yml:\d+:\d+: /)
  })

  test.each([
    ['nothing', '', 'p.yml:1:1: This is empty. A policy begins with `version: 1`'],
    ['a list', '- a', 'p.yml:1:1: This is a list, and no policy.'],
    ['no YAML', 'version: 1\npackages: [', 'p.yml:2:12'],
    ['a key twice', 'version: 1\nversion: 1', 'p.yml:2:1: This key is there twice. Keep one of them.'],
    [
      'a pattern that is an alias',
      'version: 1\npackages: [{ match: *app, rules: [] }]',
      "p.yml:2:21: A value that begins with `*` needs quotation marks in YAML. Write `'*app'`."
    ],
    [
      'an exclusion without quotes',
      "version: 1\npackages: [{ match: ['*', !app], rules: [] }]",
      "p.yml:2:31: A value that begins with `!` needs quotation marks in YAML. Write `'!app'`."
    ],
    [
      'an exclusion without quotes and with a space, which would include what it excludes',
      "version: 1\npackages: [{ match: ['*', ! app], rules: [] }]",
      "p.yml:2:29: A value that begins with `!` needs quotation marks in YAML. Write `'!app'`."
    ],
    ['two documents', 'version: 1\n---\nversion: 1', 'begins a second document'],
    [
      'another version',
      'version: 2\npackages: [{ match: a, rules: [] }]',
      'version: It must be `1`, not `2`.'
    ],
    ['no packages', 'version: 1\npackages: []', 'packages: It must not be empty.'],
    [
      'a bomb of aliases',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefg'
        .split('')
        .map((key, nth) => `${key}: &${key} [${Array(10).fill(`*${'abcdef'[nth]}`).join(', ')}]`)
        .join('\n')}`,
      'Excessive alias count'
    ],
    [
      'names of rules',
      file(
        '- { name: a, action: keep, match: { tags: a } }\n- { name: a, action: keep, match: { tags: b } }'
      ),
      'Another rule of this package is called `a`.'
    ]
  ])('%s', (_, text, expected) => {
    expect(problems(text).join('\n')).toContain(expected)
  })

  test.each([
    [
      ['app*', 'app-meta'],
      'p.yml:5:12: packages[1].match: `app-meta` is never reached: the earlier entry `app*` matches it, and the first that ' +
        'matches decides. Put the special entry above the general one.'
    ],
    [['app*', '[web, App-*]'], '`app-*` is never reached: the earlier entry `app*` matches it'],
    [['"!web"', 'app'], '`app` is never reached: the earlier entry `!web` matches it'],
    [['app', '[web, app]'], '`app` is never reached: the earlier entry `app` matches it'],
    [
      ['[app, "!app*"]'],
      'It matches no package, because the `!` patterns exclude everything that the others match.'
    ],
    [['[app*, "!app-meta"]', 'app-meta'], ''],
    [['app', 'app-*', '"*"', '"**"'], '']
  ])('the entries %j', (matches, expected) => {
    const entries = matches.map(match => `  - match: ${match}\n    rules: []\n`).join('')
    const found = problems(`version: 1\npackages:\n${entries}`)
    expect(found).toEqual(expected === '' ? [] : [expect.stringContaining(expected)])
  })

  test('all of it at once', () => {
    const text = file(
      '- { action: delte, match: { tags: "v[1" } }\n- { action: delete, match: { older-than: x } }\n- { action: delete, match: {} }',
      'default: {}\n'
    )
    expect(problems(text).map(problem => problem.split(': ')[0])).toEqual([
      'p.yml:2:1',
      'p.yml:6:19',
      'p.yml:6:41',
      'p.yml:7:34',
      'p.yml:7:48',
      'p.yml:8:34'
    ])
  })
})

describe('the published JSON Schema', () => {
  const published = JSON.parse(
    readFileSync(new URL('../../policy.schema.json', import.meta.url), 'utf8')
  ) as object
  const validate = new Ajv2020({ strict: false }).compile(published)

  test('is what the code makes (npm run generate)', () => {
    expect(published).toEqual(policyJsonSchema())
  })

  test('takes the example', () => {
    expect(validate(parse(EXAMPLE))).toBe(true)
  })

  test.each([
    ['an unknown key', { version: 1, packages: [{ match: 'a', rules: [], rule: 1 }] }],
    ['a wrong action', { version: 1, packages: [{ match: 'a', rules: [{ action: 'drop', match: {} }] }] }],
    ['no packages', { version: 1 }]
  ])('refuses %s', (_, value) => {
    expect(validate(value)).toBe(false)
  })
})

test('digests of a rule are read', () => {
  const digest = digestOf('a')
  const read = policyFor(
    parsePolicyFile(file(`- { action: keep, match: { digests: '${digest}' } }`), 'p.yml'),
    'app'
  )
  expect(read?.rules[0]?.match.digests).toEqual(new Set([digest]))
})

describe('E-42 a policy of many thousands of', () => {
  const numbered = (count: number, write: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => write(at)).join('\n')
  const head = 'version: 1\npackages:\n'
  const rules = `${head}  - match: "*"\n    rules:\n`

  test.each([
    ['wrong keys', `${head}  - {match: a, rules: []}\n${numbered(40_000, at => `key${at}: 1`)}`],
    [
      'rules that lack far more than the stack holds',
      rules + numbered(50_000, at => `      - {nam: r${at}}`)
    ],
    [
      'rules that are torn apart',
      rules + numbered(5_000, at => `      - {action: delete}\n      - {match: {tags: a${at}}}`)
    ],
    ['rules with a wrong key', rules + numbered(10_000, at => `      - {delete: {tags: "a${at}"}}`)]
  ])('%s is refused in bounds, with the first of them', (_, text) => {
    const found = inBounds(() => problems(text))
    expect(found.length).toBeLessThan(210)
    expect(found.at(-1)).toBe('p.yml: More is wrong than is told here.')
  })

  test('patterns of packages is refused', () => {
    const text = head + numbered(2_001, at => `  - {match: "a${at}-*", rules: []}`)
    expect(inBounds(() => problems(text))).toEqual([
      'p.yml:3:13: packages[0].match: The policy names packages by more than 2000 patterns. Use globs, such as `app-*`.'
    ])
  })

  test('expressions for packages is read in bounds', () => {
    const text = head + numbered(500, at => `  - {match: ["/^x${at}/", a${at}], rules: []}`)
    expect(inBounds(() => problems(text))).toEqual([])
  })
})

test.each([
  ['aliases', `${'a: &a 1\nb:\n'}${'- *a\n'.repeat(100_000)}`],
  ['aliases of nothing', `b:\n${'- *a\n'.repeat(100_000)}`],
  ['wrong escapes', `a: "${'\\q'.repeat(400_000)}"`]
])('E-42 a great many %s are refused in bounds', (_, text) => {
  expect(inBounds(() => problems(text)).length).toBeGreaterThan(0)
})
