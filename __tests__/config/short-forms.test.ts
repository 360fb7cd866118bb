import { expect, test } from '@jest/globals'
import { readInputs } from '../../src/config/inputs.ts'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { problemsOf } from '../helpers/problems.ts'

const EXCLUDE = 'Write it as `!pattern` in `tags`, or as a rule with `action: keep`.'

/** What is said about a key of a rule, of its match, and of an entry of `packages`. */
test.each([
  ['keep: 10', 'Did you mean `keep-at-least`?'],
  ['keep-last: 10', 'Did you mean `keep-at-least`?'],
  ['keep-n: 10', 'Did you mean `keep-at-least`?'],
  ['keep_latest: 10', 'Did you mean `keep-at-least`?'],
  ['keep-count: 10', 'Did you mean `keep-at-least`?'],
  ['count: 10', 'Did you mean `keep-at-least`?'],
  ['keep-days: 10', 'Did you mean `keep-within`, with an age such as `10d`?'],
  ['keep: latest', 'Write a rule with `action: keep` for what should stay.'],
  ['age: 30d', 'Did you mean `older-than` under `match` of a rule?'],
  ['exclude: latest', EXCLUDE],
  ['type: delete', 'Did you mean `action`?'],
  ['max: 10', 'Did you mean `max-deletions` in an entry of `packages`, beside `rules`?']
])('a rule with `%s`', (line, cure) => {
  const text = `version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n        match: { tags: a }\n        ${line}\n`
  expect(problemsOf(() => parsePolicyFile(text, 'p.yml'))).toEqual([
    expect.stringMatching(/This key is not known\. /)
  ])
  expect(problemsOf(() => parsePolicyFile(text, 'p.yml'))[0]).toContain(cure)
})

test.each([
  ['age: 30d', 'Did you mean `older-than`?'],
  ['days: 30', 'Did you mean `older-than`, with an age such as `30d`?'],
  ['max-age: 30d', 'Did you mean `older-than`?'],
  ['younger-than: 30d', 'Did you mean `newer-than`?'],
  ['exclude: latest', EXCLUDE],
  ['ignore: latest', EXCLUDE],
  ['not: latest', EXCLUDE],
  ['pattern: v*', 'Did you mean `tags`?'],
  ['regex: /v/', 'Did you mean `tags`?'],
  ['keep: 10', 'Did you mean `keep-at-least` in a rule, beside `match`?'],
  ['sha: a', 'Did you mean `digests`?']
])('a match with `%s`', (line, cure) => {
  const text = `version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n        match:\n          semver: '*'\n          ${line}\n`
  expect(problemsOf(() => parsePolicyFile(text, 'p.yml'))).toEqual([expect.stringContaining(cure)])
})

test.each([
  ['name: app', 'Did you mean `match`?'],
  ['package: app', 'Did you mean `match`?'],
  ['image: app', 'Did you mean `match`?']
])('an entry with `%s`', (line, cure) => {
  const text = `version: 1\npackages:\n  - ${line}\n    rules:\n      - { action: delete, match: { tags: a } }\n`
  expect(problemsOf(() => parsePolicyFile(text, 'p.yml'))).toEqual([expect.stringContaining(cure)])
})

test.each([
  ['keep', '10', 'Did you mean `keep-at-least`?'],
  ['keep-n', '10', 'Did you mean `keep-at-least`?'],
  ['keep', 'latest', 'Did you mean `keep-tags`?'],
  ['exclude', 'latest', 'Did you mean `keep-tags`?'],
  ['ignore-tags', 'latest', 'Did you mean `keep-tags`?'],
  ['age', '30d', 'Did you mean `older-than`?'],
  ['days', '30', 'Did you mean `older-than`, with an age such as `30d`?'],
  ['image', 'app', 'Did you mean `packages`?'],
  ['tag', 'v*', 'Did you mean `delete-tags`?'],
  ['delete', 'v*', 'Did you mean `delete-tags`?'],
  ['dangling', 'true', 'Did you mean `delete-untagged`?'],
  ['max', '10', 'Did you mean `max-deletions`?']
])('the input `%s: %s`', (name, value, cure) => {
  const env = { INPUT_TOKEN: 'ghp_x', GITHUB_REPOSITORY: 'acme/app', [`INPUT_${name.toUpperCase()}`]: value }
  expect(problemsOf(() => readInputs(env))).toEqual([`Input \`${name}\` is not known. ${cure}`])
})
