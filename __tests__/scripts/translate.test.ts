import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { write } from '../../scripts/translate/ours.ts'
import { stepsIn } from '../../scripts/translate/theirs.ts'
import { translate } from '../../scripts/translate/translate.ts'
import { FOREIGN_TOOLS } from '../../src/config/foreign-words.ts'
import { readInputs } from '../../src/config/inputs.ts'
import { openPolicies } from '../../src/config/policies.ts'
import { parseAge } from '../../src/policy/time.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { digestOf } from '../helpers/make.ts'
import { type Facts, goes, planFor } from '../helpers/package.ts'

/** Old and young ones, tagged and not; `touched` was pushed long ago and updated today. */
const PACKAGE: Readonly<Record<string, Facts>> = {
  young2: { tags: ['v5'], age: 2 },
  young3: { tags: ['v4'], age: 3 },
  old40: { tags: ['v3', 'stable'], age: 40 },
  old50: { tags: ['pr-2'], age: 50 },
  old60: { tags: ['pr-1'], age: 60 },
  touched: { tags: ['v0'], age: 300, updated: 45 },
  bare5: { age: 5 },
  bare70: { age: 70 },
  bare80: { age: 80 }
}

const DATAAXIOM = 'dataaxiom/ghcr-cleanup-action@v1'
const SNOK = 'snok/container-retention-policy@v3.0.0'
const SNOK_2 = 'snok/container-retention-policy@v2'
const VERSIONS = 'actions/delete-package-versions@v5'
const VLAURIN = 'vlaurin/action-ghcr-prune@v0.6.0'
const CHIZKIYAHU = 'Chizkiyahu/delete-untagged-ghcr-action@v6'
const MANAGER = 'ghcr-manager/ghcr-cleanup-manager@v1'

/** Our step as a workflow has it, with its expressions filled in. */
function oursFor(uses: string, inputs: string): Record<string, string> {
  const [theirs] = stepsIn(`- uses: ${uses}\n  with: ${inputs}`)
  const text = write(translate(theirs!)).replaceAll(expression('github.repository'), 'acme/app')
  const [step] = parse(text) as [{ uses: string; with: Record<string, unknown> }]
  // As the README has it, so that it can be pasted.
  expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(`uses: ${step.uses}\n`)
  return Object.fromEntries(Object.entries(step.with).map(([name, value]) => [name, String(value)]))
}

/** What our step deletes of the package. */
function deletedBy(step: Record<string, string>): string[] {
  const env: Record<string, string> = {
    GITHUB_REPOSITORY: 'acme/app',
    GITHUB_REPOSITORY_OWNER: 'acme',
    INPUT_TOKEN: 'ghs_x'
  }
  for (const [name, value] of Object.entries(step)) env[`INPUT_${name.toUpperCase()}`] = value
  const policy = openPolicies(readInputs(env), '.', fakeClock()).policyOf('app')
  return policy === undefined ? [] : goes(PACKAGE, planFor(PACKAGE, policy))
}

const expression = (name: string): string => `\${{ ${name} }}`

const BARE = ['bare5', 'bare70', 'bare80']

describe('a step of another tool deletes the same here, or less', () => {
  test.each<[string, string, string, string[]]>([
    ['bare', DATAAXIOM, '{ token: t }', BARE],
    ['keep 2, of all', DATAAXIOM, '{ keep-n-tagged: 2 }', ['old40', 'old50', 'old60', 'touched']],
    [
      'keep 2, counted among the old ones only, by the last change',
      DATAAXIOM,
      '{ keep-n-tagged: 2, older-than: 30 days }',
      ['old50', 'old60']
    ],
    [
      'the same with what is excluded',
      DATAAXIOM,
      '{ keep-n-tagged: 0, exclude-tags: "v*", older-than: 30 days }',
      ['old50', 'old60']
    ],
    ['keep 1 untagged of the old ones', DATAAXIOM, '{ keep-n-untagged: 1, older-than: 30 days }', ['bare80']],
    ['tags of pull requests', DATAAXIOM, '{ delete-tags: "pr-*" }', ['old50', 'old60']],
    [
      'a regular expression',
      DATAAXIOM,
      '{ delete-tags: "^pr-\\\\d+$", use-regex: true }',
      ['old50', 'old60']
    ],
    [
      'untagged, and a package',
      DATAAXIOM,
      '{ package: app, delete-untagged: true, older-than: 1 month and 5 days }',
      ['bare70', 'bare80']
    ],
    [
      'everything for each state',
      DATAAXIOM,
      '{ delete-untagged: true, delete-ghost-images: true, delete-partial-images: true, delete-orphaned-images: true, validate: true, log-level: debug }',
      BARE
    ],
    ['another package', DATAAXIOM, '{ packages: "other*", expand-packages: true, keep-n-tagged: 1 }', []],
    [
      'both, as is its default',
      SNOK,
      '{ account: acme, image-names: "app", cut-off: 4w 2d }',
      ['old40', 'old50', 'old60', 'touched', 'bare70', 'bare80']
    ],
    [
      'keep 2 most recent, after the cut-off',
      SNOK,
      '{ account: acme, image-names: app, cut-off: 30d, keep-n-most-recent: 2, tag-selection: tagged }',
      ['old50', 'old60']
    ],
    [
      'keep 3, by creation',
      SNOK,
      '{ account: acme, image-names: app, cut-off: 30d, keep-n-most-recent: 3, tag-selection: tagged, timestamp-to-use: created_at }',
      ['touched']
    ],
    [
      'keep 2, untagged too',
      SNOK,
      '{ account: acme, image-names: "* !ot*", cut-off: 30d, keep-n-most-recent: 2 }',
      ['old50', 'old60', 'bare70', 'bare80']
    ],
    [
      'untagged only',
      SNOK,
      '{ account: user, image-names: app, cut-off: 8w, tag-selection: untagged }',
      ['bare70', 'bare80']
    ],
    [
      'all but some',
      SNOK,
      '{ account: acme, image-names: app, image-tags: "!v*", cut-off: 10d, tag-selection: tagged }',
      ['old50', 'old60']
    ],
    [
      'a digest that stays',
      SNOK,
      `{ account: acme, image-names: app, cut-off: 60d, tag-selection: untagged, skip-shas: "${digestOf('bare70')}" }`,
      ['bare80']
    ],
    [
      'version 2',
      SNOK_2,
      '{ image-names: app, cut-off: two weeks ago UTC, account-type: org, org-name: acme, keep-at-least: 2, skip-tags: "v3" }',
      ['old60', 'bare70', 'bare80']
    ],
    [
      'version 2, untagged only',
      SNOK_2,
      '{ image-names: app, cut-off: One month ago UTC, account-type: personal, untagged-only: true, token-type: github-token }',
      ['bare70', 'bare80']
    ],
    [
      'keep 3 versions',
      VERSIONS,
      '{ package-name: app, package-type: container, min-versions-to-keep: 3 }',
      ['old50', 'old60', 'touched']
    ],
    [
      'untagged but 1',
      VERSIONS,
      '{ package-name: app, package-type: container, min-versions-to-keep: 1, delete-only-untagged-versions: "true" }',
      ['bare70', 'bare80']
    ],
    [
      'what is ignored stays',
      VERSIONS,
      '{ package-name: app, package-type: container, min-versions-to-keep: 0, ignore-versions: "^v" }',
      ['old50', 'old60', ...BARE]
    ],
    [
      'younger than 30, the last one too',
      VLAURIN,
      '{ organization: acme, container: app, keep-younger-than: 30, keep-last: 1, prune-untagged: true, prune-tags-regexes: "^pr-", keep-tags: stable }',
      ['old60', 'bare80']
    ],
    [
      'any tag is enough',
      VLAURIN,
      '{ organization: acme, container: app, older-than: 30, tag-regex: "^v3$" }',
      ['old40']
    ],
    [
      'a regular expression with a comma, by creation',
      VLAURIN,
      '{ user: acme, container: app, keep-last: 1, prune-tags-regexes: "^pr-\\\\d{1,2}$" }',
      ['old60']
    ],
    ['the defaults', CHIZKIYAHU, '{ token: t, repository_owner: acme, package_name: app }', BARE],
    [
      'everything',
      CHIZKIYAHU,
      '{ token: t, repository_owner: acme, package_name: app, untagged_only: false }',
      Object.keys(PACKAGE)
    ],
    [
      'a clean-up',
      MANAGER,
      '{ command: cleanup, owner: acme, package: app, keep-n-tagged: 2, older-than: 30d, exclude-tags: stable, db-path: a.db }',
      ['old60']
    ]
  ])('%s (%#)', (_, uses, inputs, expected) => {
    const deleted = deletedBy({ grace: '0h', ...oursFor(uses, inputs) })
    // The last tagged version of a package stays whatever a rule says.
    const kept = expected.length === Object.keys(PACKAGE).length ? ['young2'] : []
    expect(deleted).toEqual(expected.filter(name => !kept.includes(name)))
  })
})

test('a step whose packages come from an expression touches nothing where it gives nothing', () => {
  const step = oursFor(DATAAXIOM, `{ packages: '${expression('vars.P')}', keep-n-tagged: 2 }`)
  const blank = Object.fromEntries(
    Object.entries(step).map(([name, value]) => [name, value.replaceAll(expression('vars.P'), '')])
  )
  expect(() => deletedBy(blank)).toThrow(/match: It must be text, not nothing/)
})

test('ids become a purge with its confirmation', () => {
  expect(
    oursFor(VERSIONS, '{ package-name: app, package-type: container, package-version-ids: "12, 34" }')
  ).toEqual({
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
    expect(answersTo({ 'exclude-tags': 'v*\nlatest' })).toEqual([
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

  test.each([
    ['two weeks ago UTC', '2 weeks'],
    ['4w 2d', '4w 2d'],
    ['90m', '90min'],
    ['2M', '2 months'],
    ['30', '30d']
  ])('the cut-off %s is answered with an age that is accepted', (theirs, ours) => {
    const answers = answersTo({ 'image-names': 'app', 'image-tags': '!v* dev-*', 'cut-off': theirs })
    // The value of an input that means something else there is not judged as ours.
    expect(answers).toEqual([
      expect.stringContaining('Input `image-names` '),
      expect.stringContaining('Input `cut-off` '),
      expect.stringContaining('Input `image-tags` ')
    ])
    expect(answers[1]).toMatch(new RegExp(`Write \`older-than: '?${ours}'?\`\\.$`))
    expect(parseAge(ours)).toBeDefined()
  })
})
