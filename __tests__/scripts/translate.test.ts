import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { answer } from '../../scripts/translate/answer.ts'
import { stepsIn } from '../../scripts/translate/theirs.ts'
import { translate } from '../../scripts/translate/translate.ts'
import { FOREIGN_TOOLS } from '../../src/config/foreign/foreign-words.ts'
import { readInputs } from '../../src/config/inputs.ts'
import { openPolicies } from '../../src/config/policies.ts'
import { parseAge } from '../../src/policy/time.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { SCRIPT_ENV } from '../helpers/scripts.ts'
import { DATAAXIOM, translated, VERSIONS } from '../helpers/their-steps.ts'

const expression = (name: string): string => `\${{ ${name} }}`

test.each([
  ['--help', 0, 'npm run translate -- FILE prints'],
  ['no-such.yml', 1, 'no-such.yml cannot be read. npm run translate -- FILE prints']
])('npm run translate -- %s says how it is called', (argument, code, sentence) => {
  const script = fileURLToPath(new URL('../../scripts/translate.ts', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, argument], {
    encoding: 'utf8',
    env: SCRIPT_ENV
  })
  expect([status, stdout + stderr]).toEqual([code, expect.stringContaining(sentence)])
})

/** What the command says to a text on standard input, without a process of its own. */
const onInput = (text: string) => answer('on standard input', () => text)

const said = (input: string): [number, string] => {
  const { status, stdout, stderr } = onInput(input)
  return [status, stdout + stderr]
}

test.each(['', 'just a text', `uses: ${DATAAXIOM}\nwith: { keep-n-tagged: 3 }\n`])(
  'npm run translate says of %j on standard input what it says inside',
  input => {
    const script = fileURLToPath(new URL('../../scripts/translate.ts', import.meta.url))
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
      encoding: 'utf8',
      env: SCRIPT_ENV,
      input
    })
    expect({ status, stdout, stderr }).toEqual(onInput(input))
  }
)

test.each([
  ['', 'There is nothing on standard input. npm run translate -- FILE prints'],
  [
    'name: x\nwith:\n  keep-n-tagged: 3\n',
    'There is no `uses:` in it. Give the whole step, such as `- uses: '
  ],
  ['just a text', 'This is not a step of a workflow. Give the whole step, such as `- uses: '],
  [
    `uses: ${DATAAXIOM}\nwith: { keep-n-taged: 3 }\n`,
    'has no input `keep-n-taged`. Did you mean `keep-n-tagged`?'
  ],
  ['uses: dataaxiom/ghcr-cleanup-acton@v1\n', 'Did you mean `dataaxiom/ghcr-cleanup-action`?'],
  ['uses: ghcr-steward/ghcr-steward@v1\n', 'is this action itself'],
  ['uses: [\n', 'This is not YAML']
])('npm run translate answers %j in a sentence', (input, sentence) => {
  expect(said(input)).toEqual([1, expect.stringContaining(sentence)])
})

test.each([
  ['a name', `- uses: "evil\\e]0;pwned\\a/x@v1"`, 'is not known'],
  ['a name of two lines', `- uses: "evil\\n::error::pwned"`, 'is not known'],
  [
    'an age',
    `- uses: snok/container-retention-policy@v3\n  with: { cut-off: "x\\n::error::pwned", keep-n-most-recent: 1 }`,
    'is not a known age'
  ],
  ['an input', `- uses: snok/container-retention-policy@v3\n  with: { "x\\e[31m": 1 }`, 'has no input'],
  [
    'a value',
    `- uses: ${DATAAXIOM}\n  with: { exclude-tags: "a\\e[31m\\u202e" }`,
    'characters that are not seen'
  ],
  [
    'lines of a value',
    `- uses: ${DATAAXIOM}\n  with: { exclude-tags: "a\\n::error::pwned" }`,
    'a command to the runner'
  ],
  ['broken YAML', 'a: "\u001b[31m\n::error::pwned', 'This is not YAML'],
  [
    'a number',
    '- uses: vlaurin/action-ghcr-prune@v1\n  with: { keep-last: some, prune-untagged: true }',
    '`some` is not a number'
  ],
  ['a count', `- uses: ${DATAAXIOM}\n  with: { keep-n-tagged: "-1" }`, '`-1` is not a number']
])(
  'npm run translate tells what is wrong with %s, and prints nothing that a terminal or a runner obeys',
  (_, step, sentence) => {
    const { status, stdout, stderr } = onInput(step)
    expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining(sentence)])
    expect(stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(stderr).not.toMatch(/^\s*::/m)
  }
)

test('our step is used as in the README, so that it can be pasted', () => {
  const { uses } = translated(DATAAXIOM, {})
  expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(`uses: ${uses}\n`)
})

test('a step whose packages come from an expression touches nothing where it gives nothing', () => {
  const step = translated(DATAAXIOM, { packages: expression('vars.P'), 'keep-n-tagged': '2' }).with
  const blank = Object.entries(step).map(([name, value]) => [
    name,
    value.replaceAll(expression('vars.P'), '')
  ])
  const inputs = readInputs(variables(Object.fromEntries(blank)))
  expect(() => openPolicies(inputs, '.', fakeClock())).toThrow(/match: It is empty\. It must be text/)
})

test.each<[string, Record<string, string>, string]>([
  [DATAAXIOM, { 'keep-n-tagged': '3', validate: 'true' }, '`validate` is not needed here: every run checks'],
  [
    'snok/container-retention-policy@v3.0.0',
    { account: 'acme', 'image-names': 'app', 'cut-off': '2w', 'timestamp-to-use': 'updated_at' },
    '`timestamp-to-use: updated_at` is left out: by default, ages count from the newest date here'
  ],
  [
    VERSIONS,
    { 'package-name': 'app', 'min-versions-to-keep': '3', 'ignore-versions': '^v' },
    'There, `ignore-versions` matches the name of a version, which is its digest'
  ]
])('%s %j: what disappears or means something else has a comment', (uses, inputs, note) => {
  const [name = '', version = ''] = uses.split('@')
  expect(translate({ uses: name, version, with: inputs }).notes.join('\n')).toContain(note)
})

test('ids become a purge with its confirmation', () => {
  const ids = { 'package-name': 'app', 'package-type': 'container', 'package-version-ids': '12, 34' }
  expect(translated(VERSIONS, ids).with).toEqual({
    packages: 'app',
    mode: 'purge',
    purge: '12, 34',
    confirm: 'app'
  })
})

test('a whole workflow is read, and what is no step of these tools is refused', () => {
  const workflow = `on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v5\n      - uses: ${DATAAXIOM}\n        with: { keep-n-tagged: 3 }\n`
  expect(stepsIn(workflow).map(({ uses }) => uses)).toEqual([
    'actions/checkout',
    'dataaxiom/ghcr-cleanup-action'
  ])
  expect(() => translate({ uses: 'some/thing', version: 'v1', with: {} })).toThrow(
    /`some\/thing` is not known. Known are /
  )
  expect(() =>
    translate({ uses: 'dataaxiom/ghcr-cleanup-action', version: 'v1', with: { keep: '3' } })
  ).toThrow(/has no input `keep`/)
})

const variables = (inputs: Readonly<Record<string, string>>): Record<string, string> => ({
  GITHUB_REPOSITORY: 'acme/app',
  INPUT_TOKEN: 'ghs_x',
  ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]))
})

const answersTo = (inputs: Readonly<Record<string, string>>): string[] => {
  try {
    readInputs(variables(inputs))
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

describe('every input of another tool is answered with our word', () => {
  test.each(
    FOREIGN_TOOLS.flatMap(({ name, words }) => Object.keys(words).map(input => [name, input] as const))
  )('%s: %s', (name, input) => {
    const companion = Object.keys(FOREIGN_TOOLS.find(tool => tool.name === name)?.words ?? {})
    const inputs = Object.fromEntries([...companion.map(one => [one, '5'])])
    const answer = answersTo(inputs).find(sentence => sentence.startsWith(`Input \`${input}\``))
    expect(answer).toContain(`belongs to another tool, ${name}. `)
    expect(answer).toMatch(/(?:Write|Leave it out|There).*\.$/)
    expect(answer).not.toMatch(/Remove it|Did you mean/)
  })

  test('each of them is in the table of docs/other-tools.md', () => {
    const table = readFileSync(new URL('../../docs/other-tools.md', import.meta.url), 'utf8')
    const inputs = FOREIGN_TOOLS.flatMap(({ words }) => Object.keys(words))
    expect(inputs.filter(input => !new RegExp(`\`${input}[:\`]`).test(table))).toEqual([])
  })

  test('exclude-tags is keep-tags, not a neighbor of it', () => {
    expect(answersTo({ 'exclude-tags': 'v*\nlatest', 'delete-tags': '*' })).toEqual([
      "Input `exclude-tags` belongs to another tool, dataaxiom/ghcr-cleanup-action. Write `keep-tags: 'v* latest'`."
    ])
  })

  test('a count beside an age is answered with the rule that counts as the other tool does', () => {
    expect(answersTo({ 'keep-n-tagged': '2', 'older-than': '30 days' })).toEqual([
      expect.stringContaining(
        "a rule `{ action: delete, match: { tags: '*', older-than: 30 days }, keep-at-least: 2, rank-by: updated }`."
      )
    ])
  })

  test.each<[string, Record<string, string>, string]>([
    [
      'a count counts what the step selects, and not everything',
      { 'keep-n-tagged': '2', 'delete-tags': 'pr-*, sha-*', 'older-than': '30 days' },
      "match: { tags: ['pr-*', 'sha-*'], older-than: 30 days }, keep-at-least: 2"
    ],
    [
      'without an age, too',
      { 'keep-n-tagged': '2', tags: '^pr-', 'use-regex': 'true' },
      "Write `delete-tags: '/^pr-/'`, `keep-at-least: 2` and `rank-by: updated`."
    ],
    [
      'an excluded regular expression is one',
      { 'exclude-tags': '^v', 'use-regex': 'true' },
      "Write `keep-tags: '/^v/'`."
    ],
    [
      'tags that snok names',
      { 'image-tags': 'dev* !dev-x', 'cut-off': '2w', 'keep-n-most-recent': '1', 'image-names': 'app' },
      "match: { tags: ['dev*', '!dev-x'], older-than: 2w }, keep-at-least: 1"
    ],
    [
      'age and number hold for all that vlaurin prunes',
      {
        'prune-tags-regexes': '^pr-\\d{1,2}$\n^tmp',
        'keep-younger-than': '7',
        'keep-last': '2',
        'prune-untagged': 'true'
      },
      "the rules `{ action: delete, match: { tags: ['/^pr-\\d{1,2}$/', '/^tmp/'], older-than: 7d }, tag-match: any, keep-at-least: 2 }` and `{ action: delete, match: { untagged: true, older-than: 7d }, keep-at-least: 2 }`."
    ],
    [
      'a flag that is not set asks for nothing',
      { 'delete-ghost-images': 'false', package: 'app' },
      '. Leave it out.'
    ],
    [
      'each regular expression is an entry',
      { 'keep-tags-regexes': '^v\n^stable$', container: 'app' },
      "Write `keep-tags: '/^v/ /^stable$/'`."
    ],
    [
      'a number of untagged versions deletes nothing tagged',
      { 'package-name': 'app', 'min-versions-to-keep': '3', 'delete-only-untagged-versions': 'true' },
      'Write `keep-untagged: 3`.'
    ]
  ])('%s', (_, inputs, said) => {
    expect(answersTo(inputs).join('\n')).toContain(said)
  })

  test('an input of ours that means something else there is answered, too', () => {
    const answers = answersTo({ 'org-name': 'acme', 'skip-tags': 'v*', 'cut-off': 'two weeks ago UTC' })
    expect(answers).toContainEqual(
      expect.stringMatching(/^Input `skip-tags` .*@v2\. Write `keep-tags: 'v\*'`\.$/)
    )
  })

  test('what a tool deletes by default is said, but never to a step that says in our words what to delete', () => {
    const theirs = { 'image-names': 'app', 'cut-off': '2w' }
    const more =
      'Without `tag-selection`, `image-tags`, `keep-n-most-recent`, snok/container-retention-policy deletes tagged and untagged images.'
    expect(answersTo(theirs).at(-1)).toBe(
      `${more} For the same here, write \`delete-tags: '*'\` and \`delete-untagged: true\`.`
    )
    for (const ours of [
      { 'delete-tags': 'pr-*' },
      { 'delete-untagged': 'true' },
      { mode: 'check' },
      { policy: 'p.yml' }
    ])
      expect(answersTo({ ...theirs, ...ours }).join()).not.toMatch(/^Without/m)
    expect(answersTo({ ...theirs, 'image-tags': 'pr-*' }).at(-1)).toBe(
      'Without `tag-selection`, snok/container-retention-policy deletes untagged images. For the same here, write `delete-untagged: true`.'
    )
    expect(answersTo({ container: 'app', 'keep-last': '3' }).at(-1)).toMatch(
      /Leave it out, because this step names nothing to prune\.$/
    )
  })

  test.each([
    ['two weeks ago UTC', '2 weeks'],
    ['4w 2d', '4w 2d'],
    ['90m', '90min'],
    ['2M', '2 months'],
    ['30', '30d']
  ])('the cut-off %s is answered with an age that is accepted', (theirs, ours) => {
    const answers = answersTo({
      'image-names': 'app',
      'image-tags': '!v* dev-*',
      'cut-off': theirs,
      'tag-selection': 'tagged'
    })
    // The value of an input that means something else there is not judged as ours.
    expect(answers).toEqual([
      expect.stringContaining('Input `image-names` '),
      expect.stringContaining('Input `cut-off` '),
      expect.stringContaining('Input `tag-selection` '),
      expect.stringContaining('Input `image-tags` ')
    ])
    expect(answers[1]).toMatch(new RegExp(`Write \`older-than: '?${ours}'?\`\\.$`))
    expect(parseAge(ours)).toBeDefined()
  })
})
