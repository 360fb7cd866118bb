import { describe, expect, test } from '@jest/globals'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { runPolicyTests } from '../../src/config/policy-tests.ts'
import { InputError } from '../../src/errors.ts'
import { problemsOf } from '../helpers/problems.ts'
import { recipe } from '../helpers/recipes.ts'

/** The problems of a policy whose one case has these lines. */
function wrongWith(
  lines: string,
  rules = "{ name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 1 }"
) {
  const yaml = `version: 1
defaults: { max-deletions: 2 }
packages:
  - match: app
    rules:
      - ${rules}
tests:
  - name: a case
    now: 2026-06-30T00:00:00Z
${lines.replaceAll(/^/gm, '    ')}`
  return problemsOf(() => runPolicyTests(parsePolicyFile(yaml, 'policy.yml')))
}

const VERSIONS = `versions:
  - { digest: b, tags: [sha-2], created: 2026-06-02 }
  - { digest: a, tags: [sha-1], created: 2026-06-01, children: [amd] }
  - { digest: amd, created: 2026-06-01 }
  - { digest: v, tags: [v1], created: 2026-06-01 }
`

test('a case that is decided as expected has no problems', () => {
  expect(wrongWith(`${VERSIONS}expect: { delete: [a, amd] }`)).toEqual([])
  expect(wrongWith(`${VERSIONS}expect: { delete: [amd, a], apply: [a, amd] }`)).toEqual([])
})

test.each<[string, string, string]>([
  [
    'what should stay',
    '{ delete: [a, amd, b] }',
    '`b` should be deleted, and is kept: newest of rule "builds".'
  ],
  [
    'what should go',
    '{ delete: [] }',
    '`a` should be kept, and is deleted: tag sha-1 matched by rule "builds", pushed 29 days ago.'
  ],
  [
    'the order',
    '{ delete: [a, amd], apply: [amd, a] }',
    'this run should delete amd, a, in this order, and would delete a, amd.'
  ],
  ['tags', '{ delete: [a, amd], untag: { v: [v1] } }', 'of `v`, v1 should be stripped, and no tag would be.'],
  ['brakes', '{ delete: [a, amd], stop: true }', 'a brake should stop the run, but none does.'],
  ['slips of the pen', '{ delete: [a, amd, c] }', 'it has no version `c`, which it expects something of.']
])('a case tells of %s', (_, expected, problem) => {
  expect(wrongWith(`${VERSIONS}expect: ${expected}`)).toContain(`Policy test "a case": ${problem}`)
})

describe('a case may say what is elsewhere', () => {
  const pulls = "{ action: delete, match: { tags: '/^pr-(?<pr>\\d+)$/', pull-request: closed } }"

  test('pull requests, and what is in use', () => {
    const lines = `versions:
  - { digest: one, tags: [pr-1], created: 2026-06-01 }
  - { digest: two, tags: [pr-2], created: 2026-06-01 }
  - { digest: three, tags: [pr-3], created: 2026-06-01 }
  - { digest: four, tags: [pr-4], created: 2026-06-01 }
  - { digest: v, tags: [v1], created: 2026-06-01 }
pull-requests: { 1: { state: closed, closed: 2026-06-02 }, 2: { state: open }, 4: { state: closed } }
in-use: [{ by: a deployment, tag: pr-4 }]
expect: { delete: [one] }`
    expect(wrongWith(lines, pulls)).toEqual([])
  })

  test('branches, git tags, labels and kinds', () => {
    const rules =
      "{ action: delete, match: { tags: '/^(?<branch>.+)-x$/', branch: deleted, labels: { a: b* } } }"
    const lines = `versions:
  - { digest: one, tags: [main-x], created: 2026-06-01, labels: { a: b } }
  - { digest: two, tags: [gone-x], created: 2026-06-01, labels: { a: bc } }
  - { digest: three, tags: [gone2-x], created: 2026-06-01, labels: { a: c } }
  - { digest: four, tags: [gone3-x], created: 2026-06-01, labels: { a: b }, kind: cache }
  - { digest: v, tags: [v1], created: 2026-06-01 }
branches: [main]
git-tags: []
expect: { delete: [two] }`
    expect(wrongWith(lines, rules)).toEqual([])
  })
})

test('a case is about the first entry unless it names a package, and that must be one of the policy', () => {
  const yaml = `version: 1
packages:
  - match: app
    rules: [{ action: delete, match: { tags: '*' } }]
  - match: web-*
    rules: []
tests:
  - { name: web, package: web-1, now: 2026-06-30, versions: [{ digest: a, tags: [x], created: 2026-06-01 }], expect: { delete: [] } }
  - { name: none, package: other, now: 2026-06-30, versions: [], expect: { delete: [] } }`
  expect(() => runPolicyTests(parsePolicyFile(yaml, 'p.yml'))).toThrow(
    new InputError(['Policy test "none": no entry of the policy matches the package `other`.'])
  )
})

test('the example in the documents passes', () => {
  expect(runPolicyTests(parsePolicyFile(recipe('docs/policies.md', 'Tests'), 'policies.md'))).toEqual([
    'a build that was released stays'
  ])
})
