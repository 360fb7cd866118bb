import { expect, test } from '@jest/globals'
import { idleRules } from '../../src/config/idle-rules.ts'
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
