import { describe, expect, test } from '@jest/globals'
import { readInputs } from '../../src/config/inputs.ts'
import { parsePolicyFile, readPolicy } from '../../src/config/policy-file.ts'
import { problemsOf } from '../helpers/problems.ts'
import { checkout } from '../helpers/workspace.ts'

const inputs = (given: Readonly<Record<string, string>>): readonly string[] => {
  const named = Object.entries({ token: 'ghp_x', ...given }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value
  ])
  return problemsOf(() => readInputs({ GITHUB_REPOSITORY: 'acme/app', ...Object.fromEntries(named) }))
}

describe('a value whose spelling is clear is answered with it', () => {
  test.each([
    ['keep-at-least', '1,000', '1000'],
    ['keep-at-least', '1_000', '1000'],
    ['keep-at-least', '10.0', '10'],
    ['keep-at-least', '"10"', '10'],
    ['keep-at-least', '１０', '10'],
    ['max-deletion-percent', '50 %', '50'],
    ['delete-untagged', 'yes', 'true'],
    ['delete-untagged', "'true'", 'true'],
    ['dry-run', 'on', 'true'],
    ['dry-run', '1', 'true'],
    ['untag', 'No', 'false'],
    ['memory', '0', 'false'],
    ['older-than', '"30d"', '30d'],
    ['older-than', 'PT36H', '36h'],
    ['older-than', 'P1DT12H', '1d12h'],
    ['grace', '“24h”', '24h'],
    ['mode', '"retain"', 'retain'],
    ['rank-by', "'updated'", 'updated'],
    ['time-limit', '"5h"', '5h']
  ])('%s: %s', (name, value, cure) => {
    const shown = value.includes('"') ? `\`${value}\`` : `"${value}"`
    expect(inputs({ [name]: value })).toEqual([
      `Input \`${name}\`: ${shown} cannot be read. Write \`${cure}\`.`
    ])
  })

  test.each([
    ['keep-at-least', 'ten', 'Write digits only'],
    ['dry-run', 'maybe', 'Write one of the two'],
    ['older-than', '1,5d', '`36h`, without a fraction'],
    ['older-than', 'soon', 'Write for instance']
  ])('%s: %s has none', (name, value, cure) => {
    expect(inputs({ [name]: value })).toEqual([expect.stringContaining(cure)])
  })
})

describe('words of a sentence, and what expressions leave behind, are no tags', () => {
  test.each([
    [
      'not latest',
      '`not` is a word here and no tag. To leave something out, write `!` in front of it, such as `!latest`'
    ],
    [
      'sha-* except latest',
      '`except` is a word here and no tag. To leave something out, write `!` in front of it, such as `!latest`'
    ],
    [
      'sha-* and pr-*',
      '`and` is a word here and no tag. Leave it out: a space, a comma or a new line separates entries'
    ],
    ['true', '`true` is no pattern. Write `*` for all tags, or leave the input empty'],
    ['null', '`null` is no pattern. Write `*` for all tags, or leave the input empty'],
    ['sha-* -latest', 'or `!latest` to leave it out'],
    ['sha–*', '`–` is another dash than that of the keyboard. Write `sha-*`'],
    ['sha-*\u200B', 'it contains an invisible character. Write `sha-*`'],
    ['«sha-*»', 'the quotation marks are part of it. Write `sha-*`']
  ])('delete-tags: %s', (value, cure) => {
    const told = inputs({ 'delete-tags': value })
    expect(told).toEqual([expect.stringContaining(cure)])
  })

  test.each(['/^not$/', '/^true$/', 'not', 'not-latest', 'trueish sha-*', 'false', 'all'])(
    '%s may be meant',
    value => {
      expect(inputs({ 'delete-tags': value })).toEqual([])
    }
  )
})

describe('packages', () => {
  test.each([
    ['docker.io/acme/app', '"docker.io/acme/app" is on another registry, and this run works on ghcr.io'],
    ['quay.io/acme/app', 'is on another registry'],
    ['123.dkr.ecr.eu-west-1.amazonaws.com/app', 'is on another registry'],
    ['app/', 'Write `app`']
  ])('%s', (value, cure) => {
    expect(inputs({ packages: value })).toEqual([expect.stringContaining(cure)])
  })

  test('a name with a dot is none of these', () => {
    expect(inputs({ packages: 'site.example/web quay.io.mirror/web' })).toEqual([])
  })
})

test.each([
  ['30m', 'Write `since 30min` for minutes.'],
  ['2', 'Write `since 2h` for hours or `since 2d` for days.'],
  ['yesterday', 'Write for instance `since 3h` or `since 2 days`; a date does not work.']
])('restore: since %s', (age, cure) => {
  const told = inputs({ mode: 'restore', restore: `since ${age}`, packages: 'app' })
  expect(told).toEqual([`Input \`restore\`: "${age}" is not an age. ${cure}`])
})

describe('nearest words', () => {
  test.each([
    ['delete-untag', 'true', 'Did you mean `delete-untagged`?'],
    ['max-deletion', '5', 'Did you mean `max-deletions`?']
  ])('%s', (name, value, cure) => {
    expect(inputs({ [name]: value })).toEqual([expect.stringContaining(cure)])
  })

  test.each([
    ['tags', 'Did you mean `git-tags`?'],
    ['pulls', 'Possible values are'],
    ['requests', 'Did you mean `pull-requests`?']
  ])('protect: %s', (value, cure) => {
    expect(inputs({ protect: value })).toEqual([expect.stringContaining(cure)])
  })
})

test.each([
  ['.github/ghcr-steward.yaml', 'There is `.github/ghcr-steward.yml`.'],
  ['.github/ghcr-stewart.yml', 'There is `.github/ghcr-steward.yml`.'],
  ['.github/other-thing.yml', 'Check its path'],
  ['nowhere/ghcr-steward.yml', 'Check its path'],
  ['https://example.com/policy.yml', 'It must be a file of the checkout, not an address.']
])('the policy at %s', (path, cure) => {
  using files = checkout({ '.github/ghcr-steward.yml': 'version: 1', '.github/dependabot.yml': 'x' })
  expect(problemsOf(() => readPolicy(path, files.root))).toEqual([expect.stringContaining(cure)])
})

const rule = (match: string, more = ''): string =>
  `version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n        match: ${match}\n${more}`
const policy = (text: string): readonly string[] => problemsOf(() => parsePolicyFile(text, 'p.yml'))

describe('policies', () => {
  test.each([
    [
      rule('{ tags: a }', '        keep-at-least: 1_000\n'),
      'It must be a number, not `1_000`. Write `1000`.'
    ],
    [rule('{ tags: a }', '        keep-daily: 7d\n'), 'It must be a number, not `7d`. Write `7`.'],
    [rule('{ tags: a }', '        keep-at-least:\n'), 'It is empty. It must be a number.'],
    [rule('{ tags: }'), 'It is empty. It must be text.'],
    [
      `${rule('{ tags: a }')}defaults: { max-deletion-percent: 50% }\n`,
      'It must be a number, not `50%`. Write `50`.'
    ],
    [rule('{ semver: "*" }', '        group-by: minor\n'), 'Did you mean `semver-minor`?'],
    [rule('{ tags: a }').replace('match: app', 'match: app:latest'), 'Write `app`.'],
    [
      'version: 1\npackages: app\n',
      'It must be a list, not `app`. Write each entry on a line of its own, with `- ` in front.'
    ],
    [
      'version: 1\npackages:\n  - match: app\n    rules:\n      action: delete\n      match: { tags: a }\n',
      'It must be a list, not a mapping. Write `- ` in front of the first key of each entry.'
    ],
    [
      'version: 1\npackages:\n  - match: app\n  - rules:\n      - { action: delete, match: { tags: a } }\n',
      'p.yml:4:5: The dash in front of `rules` begins another entry, and `match` stands in the one before. Write them in one.'
    ],
    [
      'version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n      - match: { tags: a }\n',
      'p.yml:6:9: The dash in front of `match` begins another entry, and `action` stands in the one before. Write them in one.'
    ],
    [
      'version: 1\npackages:\n  - match: app\n    rules:\n    action: delete\n    match: { tags: a }\n',
      'p.yml:4:5: `rules` is a list. Write its entries below it, the first key of each with `- ` in front, such as `- action: delete`.'
    ]
  ])('%s', (text, cure) => {
    expect(policy(text)).toEqual([expect.stringContaining(cure)])
  })
})
