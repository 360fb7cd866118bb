import { expect, test } from '@jest/globals'
import { readInputs } from '../../src/config/inputs.ts'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { InputError } from '../../src/errors.ts'
import { liveStart, type Order } from '../../src/modes/check/builds.ts'
import { fill } from '../../src/policy/tag-values.ts'
import { problemsOf } from '../helpers/problems.ts'

/** Keys that every JavaScript object has, or that change it, come from outside like any others. */

const policy = (match: string): string => `version: 1
packages:
  - match: app
    rules:
      - action: delete
        match: ${match}
`

const wrong = (text: string): readonly string[] => problemsOf(() => parsePolicyFile(text, 'policy.yml'))

test.each([
  ['of labels', policy("{ tags: '*', labels: { __proto__: x } }"), 6],
  ['of labels, as a mapping', policy("{ tags: '*', labels: { __proto__: { a: b } } }"), 6],
  ['of a rule', policy("{ tags: '*', __proto__: { untagged: true } }"), 6],
  ['of the file', `__proto__: 1\n${policy("{ tags: '*' }")}`, 1]
])('E-44 the key `__proto__` %s is refused where it stands', (_, text, line) => {
  expect(wrong(text)).toEqual([
    expect.stringMatching(new RegExp(`^policy\\.yml:${line}:\\d+: \`__proto__\` cannot be a key`))
  ])
})

test('E-44 labels that name nothing are refused: the rule would be about everything', () => {
  expect(wrong(policy("{ tags: '*', labels: {} }"))).toEqual([
    expect.stringContaining('labels: It must not be empty')
  ])
})

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
  'E-44 an input called %s is not known',
  name => {
    const env = {
      INPUT_TOKEN: 'ghp_x',
      INPUT_PACKAGES: 'app',
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_REPOSITORY_OWNER: 'o'
    }
    // An input of another tool beside it, whose words are then looked up.
    const tools = [
      {},
      { 'INPUT_IMAGE-NAMES': 'app' },
      { 'INPUT_NUMBER-OF-UNTAGGED-TO-KEEP': '1' },
      { 'INPUT_PACKAGE-NAME': 'app' }
    ]
    for (const tool of tools) {
      const run = () => readInputs({ ...env, ...tool, [`INPUT_${name.toUpperCase()}`]: 'x' })
      expect(run).toThrow(InputError)
      expect(run).toThrow(new RegExp(`Input \`${name.toLowerCase()}\` is not known`))
    }
  }
)

test('E-44 a placeholder that nothing feeds is not fed by what all objects have', () => {
  for (const name of ['constructor', 'toString', 'valueOf'])
    expect(fill(`{${name}}`, { tag: 'v1' })).toBeUndefined()
})

test('E-44 nor in what a workflow is started with', async () => {
  const sent: Order[] = []
  const started = async (ref: string, inputs: Order['inputs']) => {
    sent.push({ ref, inputs })
    return { kind: 'started' as const }
  }
  const place = { workflow: 'build.yml', repository: 'acme/app', url: '', dispatch: started }
  const [journal, clock] = [
    { append: () => {}, finish: () => {} },
    { now: () => 0, sleep: async () => {} }
  ]
  const inputs = { tag: '{tag}', variant: '{constructor}' }
  const start = liveStart(
    place as unknown as Parameters<typeof liveStart>[0],
    { ref: 'main', inputs },
    journal,
    clock
  )
  await start({ name: 'v1', images: ['v1'], values: { tag: 'v1' } })
  expect(sent).toEqual([{ ref: 'main', inputs: { tag: 'v1', variant: '' } }])
})
