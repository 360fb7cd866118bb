import { expect, test } from '@jest/globals'
import { manifest } from '../emulator/shapes.ts'
import { expectOneSentence, type Slip } from '../helpers/one-sentence.ts'
import { ago, openScene } from './retain/runs.ts'

/** Inputs, modes and words that somebody takes for one another, and what they are told. */

const D = { 'delete-tags': 'sha-*' }
const PURGE = { mode: 'purge', packages: 'shop/web', confirm: 'shop/web' }
const UNDO = { mode: 'restore' }
const OTHERS = 'belongs to another tool'

const expression = (name: string): string => `\${{ ${name} }}`

/** A policy with such rules, each a line of YAML. */
const rules = (...lines: string[]): Record<string, string> => ({
  policy: `version: 1\npackages:\n  - match: app\n    rules:\n${lines.map(line => `      ${line}\n`).join('')}`
})

/** Another tool's word in a step that says what to delete in ours: nobody may be told to delete more. */
test.each<Slip>([
  [{ ...D, 'keep-last': '10' }, 'Write `keep-at-least: 10`.'],
  [{ ...D, 'keep-younger-than': '10' }, 'Write `older-than: 10d`.'],
  [{ 'delete-untagged': 'true', 'keep-last': '10' }, 'Write `keep-untagged: 10`.'],
  [
    { ...D, 'delete-untagged': 'true', 'keep-last': '10' },
    'Write `keep-at-least: 10` and `keep-untagged: 10`.'
  ],
  [{ ...D, 'min-versions-to-keep': '10' }, 'Write `keep-at-least: 10`.'],
  [{ ...D, 'num-old-versions-to-delete': '10' }, 'Write `deletions-per-run: 10`.'],
  [{ ...D, 'tag-selection': 'tagged' }, 'Leave it out.'],
  [{ ...D, untagged_only: 'false' }, 'Leave it out: `delete-tags` says what is deleted.']
])('%j', async (slip, cure) => {
  expect(await expectOneSentence([slip, cure])).toContain(OTHERS)
})

test('where an age goes with the number of another tool, the rule that says both is told', async () => {
  await using scene = await openScene()
  const { errors } = await scene.run({ ...D, 'older-than': '30d', 'keep-last': '10' })
  expect(errors).toEqual([
    expect.stringContaining(
      "Write in `policy` a rule `{ action: delete, match: { tags: 'sha-*', older-than: 30d }, keep-at-least: 10 }`."
    ),
    expect.stringContaining('Leave it out, because the rule for `keep-last` has it.')
  ])
})

test.each<Slip>([
  [{ purge: 'v1' }, 'Write `mode: purge`, or leave `purge` out.'],
  [{ restore: 'since 3h' }, 'Write `mode: restore`, or leave `restore` out.'],
  [{ ...D, org: 'acme' }, 'Did you mean `owner`?'],
  [{ ...D, username: 'acme' }, 'Did you mean `owner`?'],
  [{ ...D, protect: 'latest' }, 'For image tags, write `keep-tags`.'],
  [{ ...D, protect: 'v1.2.3' }, 'For image tags, write `keep-tags`.'],
  [{ ...D, 'api-url': 'https://ghcr.io' }, 'Write `https://api.github.com`'],
  [{ ...D, 'registry-url': 'https://github.com' }, 'Write `https://ghcr.io`'],
  [{ ...D, 'registry-url': 'https://api.github.com' }, 'Write `https://ghcr.io`'],
  [{ ...D, 'page-file': 'true' }, '"true" is not a path. Write for instance `report.html`.'],
  [{ ...D, 'report-file': 'yes' }, '"yes" is not a path. Write for instance `report.json`.'],
  [{ 'delete-tags': '<none>' }, 'For untagged images, write `delete-untagged: true`.'],
  [{ 'delete-tags': '<untagged>' }, 'For untagged images, write `delete-untagged: true`.'],
  [{ ...D, packages: 'app; web' }, 'Separate names with a space, a comma or a new line, not with `;`.'],
  [{ ...D, packages: '- app\n- web' }, 'Write each name on a line of its own, without a dash.'],
  [{ ...PURGE, purge: 'shop/web' }, 'To delete the whole package, write `purge: package`.'],
  [{ ...PURGE, purge: 'ghcr.io/acme/shop/web' }, 'To delete the whole package, write `purge: package`.'],
  [{ ...PURGE, purge: 'prod;v1' }, 'Separate names with a space, a comma or a new line, not with `;`.'],
  [
    { mode: 'check', 'dispatch-workflow': 'Build and Deploy' },
    'Write the name of its file in .github/workflows, such as `build.yml`.'
  ],
  [
    { ...UNDO, restore: 'steps.steward.outputs.report' },
    `Write \`${expression('steps.steward.outputs.report')}\`, with \`\${{\` and \`}}\` around it.`
  ],
  [{ plan: 'needs.plan.outputs.report' }, `Write \`${expression('needs.plan.outputs.report')}\`, with`],
  [
    { ...D, packages: 'github.event.repository.name' },
    `Write \`${expression('github.event.repository.name')}\`, with`
  ]
])('a word for another: %j', async (slip, cure) => {
  await expectOneSentence([slip, cure])
})

test.each<Slip>([
  [rules('- action: delete', '  match: sha-*'), "For tags, write `match: { tags: 'sha-*' }`."],
  [rules('- delete: sha-*'), "Write `action: delete` and `match: { tags: 'sha-*' }`."],
  [rules('- keep: latest'), 'Write `action: keep` and `match: { tags: latest }`.'],
  [rules('- action: delete', '  tags: sha-*'), 'This key belongs under `match`.'],
  [
    { policy: 'version: 1\nrules:\n  - { action: delete, match: { tags: x } }\n' },
    'It belongs in an entry of `packages`, beside `rules`.'
  ]
])('a policy is told what is wrong, and not what follows from it: %j', async (slip, cure) => {
  await expectOneSentence([slip, cure])
})

test('a policy without a delete rule is told that nothing can go', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['latest'], at: ago(0.1) })
  const run = await scene.run(rules('- action: keep', '  match: { tags: latest }'))
  expect(run.warnings).toEqual([
    expect.stringContaining('The policy has no rule with `action: delete`, so nothing is deleted.')
  ])
})

test.each([
  [{ 'delete-tags': 'sha-' }, 'No tag matches "sha-". For all tags that begin so, write `sha-*`.'],
  [{ 'delete-tags': 'untagged' }, 'For untagged images, write `delete-untagged: true`.'],
  [{ 'delete-tags': 'semver' }, 'For tags that are versions, write `semver:*`.'],
  [
    { ...D, 'keep-tags': '!latest' },
    'Reasons to keep: keep rule "keep-tags" (3 versions). 1 version is younger than'
  ],
  [
    { ...D, 'keep-at-least': '10' },
    'Reasons to keep: newest of rule "delete-tags" (3 versions). 1 version is younger than'
  ]
])('a run that deletes nothing says why, what is most telling first: %j', async (inputs, words) => {
  await using scene = await openScene()
  for (const tag of ['sha-1', 'sha-2']) scene.app.push(manifest(), { tags: [tag], at: ago(9) })
  scene.app.push(manifest(), { tags: ['sha-3'], at: ago(0.1) })
  const { stdout, summary } = await scene.run(inputs)
  expect(stdout).toMatch(/^Nothing was deleted/m)
  const [last = ''] = /^Nothing was deleted.*$/m.exec(stdout) ?? []
  expect(last).toContain(words)
  expect(last.indexOf(words)).toBeLessThan(last.includes('(`grace`)') ? last.indexOf('(`grace`)') : Infinity)
  expect(summary).not.toBe('')
})

test.each([
  ['10', 'To keep a number of images, write `keep-at-least: 10`.'],
  ['semver', 'For tags that are versions, write `semver:*`.'],
  ['vX.Y.Z', 'For tags that are versions, write `semver:*`.'],
  ['release-', 'For all tags that begin so, write `release-*`.']
])('a keep pattern that matches nothing is told what was meant: %s', async (pattern, cure) => {
  await using scene = await openScene()
  for (const tag of ['sha-1', 'sha-2', 'v1.0.0']) scene.app.push(manifest(), { tags: [tag], at: ago(9) })
  const { warnings } = await scene.run({ ...D, 'keep-tags': pattern, 'dry-run': 'true' })
  expect(warnings).toEqual([expect.stringContaining(cure)])
})
