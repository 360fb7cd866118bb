import { symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readInputs } from '../../src/config/inputs.ts'
import { openPolicies } from '../../src/config/policies.ts'
import { readPolicy } from '../../src/config/policy-file.ts'
import { readTextFile } from '../../src/usage/files.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { checkout } from '../helpers/workspace.ts'

/** What is read of a checkout, and how much of it messages repeat: a fork may have written it. */

function open(workspace: string, inputs: Readonly<Record<string, string>>): void {
  const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  const env = { GITHUB_REPOSITORY: 'acme/app', RUNNER_TEMP: '/tmp', INPUT_TOKEN: 'ghs_secret' }
  openPolicies(readInputs({ ...env, ...Object.fromEntries(given) }), workspace, fakeClock())
}

const withList = (path: string): string =>
  `{ version: 1, protect: { list: "${path}" }, packages: [{ match: app, rules: [{ action: delete, match: { tags: x } }] }] }`

test.each(['out of the workspace', 'into .git'])(
  'E-43 a policy, a list, a report or a file in use is not read through a link in the checkout that leads %s',
  way => {
    using outside = checkout({ 'secret.json': 'ghs_whatAnotherStepWrote: 1' })
    using repository = checkout({ '.git/secret.json': 'ghs_whatCheckoutWrote: 1', 'a.txt': 'x' })
    const { root } = repository
    const target = join(way === 'into .git' ? join(root, '.git') : outside.root, 'secret.json')
    symlinkSync(target, join(root, 'link.json'))
    symlinkSync(dirname(target), join(root, 'folder'))
    for (const path of ['link.json', './link.json', join(root, 'link.json'), 'folder/secret.json']) {
      for (const inputs of [
        { policy: path },
        { policy: withList(path) },
        { plan: path },
        { mode: 'restore', restore: path },
        { 'protect-files': 'link.json', 'delete-tags': 'x' }
      ]) {
        const read = () => open(root, inputs)
        expect(read).toThrow(/leads out of the workspace/)
        expect(read).not.toThrow(/ghs_what/)
      }
    }
    // The path itself is what somebody wrote who may write workflows.
    expect(readTextFile(root, target, 'It')).toMatch('ghs_')
    expect(readTextFile(root, 'a.txt', 'It')).toBe('x')
  }
)

test('E-43 a message quotes no more of a policy than tells the place', () => {
  const long = 'S'.repeat(3_000)
  const words = 'word '.repeat(600)
  const at = (rule: string): string => `{ version: 1, packages: [{ match: a, rules: [${rule}] }] }`
  for (const text of [
    long,
    words,
    `*${long}`,
    `!${long} x`,
    `a: |${long}`,
    `version: ${long}`,
    `version: "${words}"`,
    `{ version: 1, packages: [{ ${long}: 1 }] }`,
    at(`{ action: ${long} }`),
    at(`{ action: delete, match: { tags: "/(${long}/" } }`),
    at(`{ action: delete, match: { older-than: "${words}" } }`),
    at(`{ action: delete, match: { labels: { ${long}: [] } } }`)
  ]) {
    using repository = checkout({ 'policy.yml': text })
    let told = ''
    try {
      readPolicy('policy.yml', repository.root)
    } catch (error) {
      told = String(error)
    }
    const lines = told.split('\n')
    expect([text.slice(0, 60), lines.filter(line => line.length > 600)]).toEqual([text.slice(0, 60), []])
    expect(told).toMatch(/policy\.yml:\d+:\d+/)
  }
})
