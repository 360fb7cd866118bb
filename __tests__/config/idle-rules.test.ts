import { expect, test } from '@jest/globals'
import { idleRules } from '../../src/config/advice.ts'
import { rulesFromInputs } from '../../src/config/for-package.ts'
import { readInputs } from '../../src/config/inputs.ts'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { manifest } from '../emulator/shapes.ts'
import { ago, openScene } from '../modes/retain/runs.ts'

const HOUR = 3_600_000

const policy = (rule: string, grace = '') => `version: 1
packages:
  - match: app
${grace}    rules:
      - { action: delete, ${rule} }
`

test.each([
  [
    'match: { tags: a, older-than: 12h }',
    '',
    '5:57: `older-than` is below the grace. Nothing younger than 24 h is ever'
  ],
  ['match: { tags: a }, keep-within: 1h', '', '5:60: `keep-within` is below the grace.'],
  [
    'match: { tags: a, newer-than: 1d }',
    '',
    '5:57: The rule cannot delete anything. Nothing younger than 24 h'
  ],
  [
    'match: { tags: a, older-than: 2d }',
    '    grace: 3d\n',
    '6:57: `older-than` is below the grace. Nothing younger than 72 h'
  ],
  ['match: { tags: a, older-than: 12h }', '    grace: 0h\n', ''],
  ['match: { tags: a, older-than: 24h, newer-than: 25h }', '', ''],
  ['match: { tags: a, untagged-for: 1h }'.replace('tags: a, ', ''), '', '']
])('%s %s', (rule, grace, expected) => {
  const found = idleRules(parsePolicyFile(policy(rule, grace), 'p.yml'), 24 * HOUR)
  expect(found).toEqual(expected === '' ? [] : [expect.stringContaining(`p.yml:${expected}`)])
})

test.each([
  ['{ name: all, action: keep, match: { tags: a* } }', true],
  ['{ name: all, action: keep, match: { tags: [b, a-1] } }', false],
  ["{ name: all, action: keep, match: { tags: ['*', '!a-2'] } }", false],
  ['{ name: all, action: keep, match: { tags: a* }, keep-at-least: 3 }', false],
  ['{ name: all, action: keep, match: { tags: a*, older-than: 3d } }', false]
])('a delete rule beside %s', (keep, isKept) => {
  const text = policy('match: { tags: a-* }').replace('rules:', `rules:\n      - ${keep}`)
  const told =
    'p.yml:6:42: The rule cannot delete anything, because the rule `all` keeps everything that it selects.'
  expect(idleRules(parsePolicyFile(text, 'p.yml'), 24 * HOUR)).toEqual(isKept ? [told] : [])
})

test('of a delete rule the one pattern is named that a keep rule or the input `keep-tags` keeps', () => {
  const keeper = '{ name: all, action: keep, match: { tags: [a-*, x] } }'
  const text = policy("match: { tags: [a-1, b-*, '!b-2'] }").replace('rules:', `rules:\n      - ${keeper}`)
  const told = (pattern: string, rule: string) =>
    `p.yml:6:42: Nothing that matches \`${pattern}\` is deleted, because the rule \`${rule}\` keeps it.`
  const file = parsePolicyFile(text, 'p.yml')
  expect(idleRules(file, 24 * HOUR)).toEqual([told('a-1', 'all')])
  const env = { GITHUB_REPOSITORY: 'acme/app', INPUT_TOKEN: 'ghp_x', 'INPUT_KEEP-TAGS': 'b-*' }
  const inputs = rulesFromInputs(readInputs(env))
  expect(idleRules(file, 24 * HOUR, inputs)).toEqual([told('a-1', 'all'), told('b-*', 'keep-tags')])
})

test('the same of the inputs, and a glob between slashes, are told before any request', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['a'], at: ago(9) })
  const inputs = { 'delete-tags': 'a-* b', 'keep-tags': 'a-* /main-*/', token: 'ghp_nobody' }
  const { warnings } = await scene.run(inputs)
  expect(warnings).toEqual([
    expect.stringContaining('Input `keep-tags`: The pattern `/main-*/` may match other tags than you mean'),
    'Input `delete-tags`: nothing that matches `a-*` is deleted, because `keep-tags` keeps it.'
  ])
  const file = policy("match: { tags: ['pr-*', '!/pr-*/'] }").replace('match: app', "match: ['/ap*/']")
  expect((await scene.run({ policy: file, token: 'ghp_nobody' })).warnings).toEqual([
    expect.stringContaining('policy:3:12: The pattern `/ap*/` may match other packages than you mean'),
    expect.stringContaining('policy:5:42: The pattern `!/pr-*/` may match other tags than you mean')
  ])
})

test('the run tells it before any request, with its place, and its input too', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['a'], at: ago(9) })
  const said = await scene.run({ policy: policy('match: { tags: a, older-than: 12h }'), token: 'ghp_nobody' })
  expect(said.warnings).toEqual([expect.stringContaining('policy:5:57: `older-than` is below the grace.')])
  expect(said.code).toBe(1)
  const input = await scene.run({ 'delete-tags': 'a', 'older-than': '1h', 'dry-run': 'true' })
  expect(input.warnings).toEqual([
    expect.stringContaining('Input `older-than` is below the grace. Nothing younger than 24 h')
  ])
})
