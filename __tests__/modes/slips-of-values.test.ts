import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readInputs } from '../../src/config/inputs.ts'
import { inWorkspace } from '../../src/config/written-files.ts'
import { expectOneSentence, type Slip } from '../helpers/one-sentence.ts'
import { checkout } from '../helpers/workspace.ts'
import { openScene } from './retain/runs.ts'

const expression = (name: string): string => `\${{ ${name} }}`
const D = { 'delete-tags': 'sha-*' }
const CHECK = { mode: 'check' }
const POLICY_WITH_LIST =
  '{ version: 1, protect: { list: list.txt }, packages: [{ match: app, rules: [{ action: delete, match: { tags: x } }] }] }'
const BUILD = { ...CHECK, 'dispatch-workflow': 'build.yml' }

/** What nobody replaced with its value. */
const X = expression('vars.X')
test.each<Slip>([
  ...[
    { packages: X },
    { packages: `'${X}'` },
    { packages: `\\${X}` },
    { packages: 'app-$ {{ vars.X }}' },
    { packages: '{{ vars.X }}' },
    { packages: `\${{ vars.X` },
    { 'delete-tags': X },
    { 'keep-at-least': X },
    { 'older-than': X },
    { policy: X },
    { policy: `version: 1\npackages:\n  - { match: '${X}', rules: [] }` },
    { 'protect-files': X },
    { plan: X },
    { 'report-file': X },
    { 'page-file': X },
    { owner: X },
    { 'dry-run': X },
    { mode: X },
    { mode: 'restore', restore: X },
    { mode: 'purge', confirm: 'app', purge: X },
    { ...CHECK, 'required-tags': X },
    { ...BUILD, 'dispatch-inputs': `tag=${X}` },
    { ...BUILD, 'dispatch-ref': expression('github.ref') }
  ].map((slip): Slip => [{ ...('mode' in slip ? {} : D), ...slip }, 'GitHub puts a value in its place only']),
  [{ ...BUILD, 'dispatch-token': expression('secrets.X') }, 'GitHub puts a value in its place only'],
  [{ ...D, token: expression('secrets.X') }, 'GitHub puts a value in its place only']
])('an expression that nobody replaced is told before the first request: %j', async (slip, cure) => {
  await expectOneSentence([slip, cure])
})

test.each([
  'ghp_abc def',
  'ghp_abc\nghp_def',
  '"ghp_abcdef"',
  "'ghs_abcdef'",
  '***',
  'GITHUB_TOKEN',
  'secrets.GITHUB_TOKEN',
  '$GITHUB_TOKEN',
  'github.token',
  'Bearer ghp_abc',
  'ghp_é',
  'ghp_abc\u200B',
  'undefined',
  '<your-token>'
])('what is no token is refused before the first request and never printed: %j', async token => {
  const sentence = await expectOneSentence([{ ...D, token }, 'Input `token`'])
  expect(sentence).toMatch(/Write|Copy/)
  await expectOneSentence([{ ...BUILD, 'dispatch-token': token }, 'Input `dispatch-token`'])
})

test.each<Slip>([
  [{ ...CHECK, 'tags-repository': 'https://github.com/acme/app' }, 'Write `acme/app`'],
  [{ ...CHECK, 'tags-repository': 'git@github.com:acme/app.git' }, 'Write `acme/app`'],
  [{ ...CHECK, 'tags-repository': 'github.com/acme/app' }, 'Write `acme/app`'],
  [{ ...BUILD, 'dispatch-repository': 'https://github.com/acme/app/actions' }, 'Write `acme/app`'],
  [{ ...CHECK, 'dispatch-workflow': '.github/workflows/b.yml' }, 'Write `b.yml`'],
  [
    { ...CHECK, 'dispatch-workflow': 'https://github.com/acme/app/blob/main/.github/workflows/b.yml' },
    'Write `b.yml`'
  ],
  [{ ...D, 'api-url': 'api.github.com' }, 'Write `https://api.github.com`'],
  [{ ...D, 'api-url': 'github.com' }, 'Write `https://api.github.com`'],
  [{ ...D, 'api-url': 'https://github.com' }, 'Write `https://api.github.com`'],
  [{ ...D, 'api-url': 'https://github.com/acme/app' }, 'Write `https://api.github.com`'],
  [{ ...D, 'api-url': 'https://api.github.com/orgs/acme' }, 'Write `https://api.github.com`'],
  [{ ...D, 'api-url': 'ghe.example.com/api/v3' }, 'Write `https://ghe.example.com/api/v3`'],
  [{ ...D, 'registry-url': 'ghcr.io' }, 'Write `https://ghcr.io`'],
  [{ ...D, 'registry-url': 'https://docker.io' }, 'Write `https://ghcr.io`, or leave the input out'],
  [{ ...D, 'registry-url': 'https://acme.azurecr.io' }, 'Write `https://ghcr.io`, or leave the input out'],
  [{ mode: 'restore', restore: 'https://github.com/acme/app/actions/runs/12' }, 'actions/download-artifact'],
  [
    { mode: 'restore', restore: 'https://github.com/orgs/acme/packages/container/app/123?tag=v1' },
    'Write `123`'
  ],
  [{ mode: 'restore', restore: 'ghcr.io/acme/app:v1' }, 'Write `v1`'],
  [{ ...D, plan: 'https://github.com/acme/app/actions/runs/1/artifacts/2' }, 'actions/download-artifact']
])('an address where a name belongs: %j', async (slip, cure) => {
  await expectOneSentence([slip, cure])
})

test.each<Slip>([
  [{ ...CHECK, 'image-tags': '{Tag}' }, 'Did you mean `{tag}`?'],
  [{ ...CHECK, 'image-tags': '{VERSION}-alpine' }, 'Did you mean `{version}`?'],
  [{ ...CHECK, 'newest-tags': '{Major}' }, 'Did you mean `{major}`?'],
  [{ ...CHECK, 'image-tags': '{short_sha}' }, 'Did you mean `{short-sha}`?'],
  [{ ...CHECK, 'image-tags': '{ tag }' }, 'Write `{tag}`'],
  [{ ...BUILD, 'dispatch-inputs': 'tag={Tag}' }, 'Did you mean `{tag}`?'],
  [{ ...BUILD, 'dispatch-ref': '{Tag}' }, 'Did you mean `{tag}`?'],
  [{ ...BUILD, wait: '90' }, 'Write `90min` for minutes or `90h` for hours'],
  [{ ...D, patience: '10' }, 'Write `10min` for minutes or `10h` for hours'],
  [{ ...D, 'time-limit': '90' }, 'Write `90min` for minutes or `90h` for hours'],
  [{ ...D, 'time-limit': '5m' }, 'Write `5min` for minutes.']
])('a placeholder in other letters, a time without its unit: %j', async (slip, cure) => {
  await expectOneSentence([slip, cure])
})

test.each<Slip>([
  [{ ...D, 'keep-tags': 'type=semver,pattern={{version}}' }, 'Write `semver:*`'],
  [{ ...D, 'keep-tags': 'type=semver,pattern=v{{major}}.{{minor}}' }, 'Write `v*.*`'],
  [{ 'delete-tags': 'type=sha\ntype=ref,event=pr' }, 'Write `sha-*` and `pr-*`'],
  [{ 'delete-tags': 'type=sha,prefix=git-' }, 'Write `git-*`'],
  [{ ...D, 'keep-tags': 'type=ref,event=branch' }, 'Write for instance `main`'],
  [{ ...CHECK, 'required-tags': 'type=raw,value=latest' }, 'Write `latest`'],
  [{ ...CHECK, 'required-tags': 'type=sha' }, 'Write for instance `latest`'],
  [{ ...CHECK, 'image-tags': 'type=semver,pattern={{version}}' }, 'Write `{version}`'],
  [
    { ...CHECK, 'newest-tags': 'type=semver,pattern={{major}}\ntype=semver,pattern={{major}}.{{minor}}' },
    'Write `{major}` and `{major}.{minor}`'
  ],
  [{ policy: policyOf('type=sha,prefix=sha-') }, 'Write `sha-*`']
])('a line for docker/metadata-action is answered with the tags that it makes: %j', async (slip, cure) => {
  const sentence = await expectOneSentence([slip, cure])
  expect(sentence).toContain('docker/metadata-action')
})

function policyOf(tags: string): string {
  return `version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n        match: { tags: '${tags}' }\n`
}

test.each<Slip>([
  [{ 'delete-tags': '/a(/' }, 'has a `(` without its `)`. Close it, or write `\\(`'],
  [{ 'delete-tags': '/a)/' }, 'has a `)` without its `(`. Leave it out, or write `\\)`'],
  [{ 'delete-tags': '/[z-a]/' }, 'Write the smaller character of a range first, such as `[a-z]`'],
  [{ 'delete-tags': '/v{2,1}/' }, 'Write the smaller number first, such as `{1,2}`'],
  [{ 'delete-tags': '/*v/' }, 'repeats nothing. Write `.*` for any text'],
  [{ 'delete-tags': '/a++/' }, 'repeats nothing'],
  [{ 'delete-tags': '/(?P<x>a)/' }, 'Write `(?<x>`'],
  [{ 'delete-tags': '/(?i)v/' }, 'Write `/v/i`'],
  [{ 'delete-tags': '/(?<n>a)(?<n>b)/' }, 'two groups with the same name'],
  [{ 'delete-tags': '/\\p{Foo}/u' }, 'JavaScript does not understand'],
  [{ 'delete-tags': '/v/q' }, 'Only i, m, s, u and v do'],
  [{ policy: policyOf('/a(/') }, 'has a `(` without its `)`']
])('a bad regular expression is told in our words: %j', async (slip, cure) => {
  const sentence = await expectOneSentence([slip, cure])
  expect(sentence).not.toMatch(/Invalid|Unterminated|Nothing to repeat/)
})

test.each([
  ['', 'This is empty'],
  ['# only a comment\n', 'This is empty'],
  ['~\n', 'This is empty'],
  ['{ "name": "x", "version": "1.0.0", "scripts": {} }', 'This is a package.json'],
  ['name: CI\non: push\njobs:\n  a:\n    steps: []\n', 'This is a workflow'],
  ['services:\n  web: { image: x }\n', 'is a Compose file'],
  ['apiVersion: v1\nkind: Pod\nmetadata: {}\n', 'is a Kubernetes manifest'],
  ['version: 2\nupdates: []\n', 'is a Dependabot configuration'],
  ['- a\n- b\n', 'This is a list'],
  ['keep the last ten\n', 'This is text']
])('what is no policy at all is told in one sentence: %j', async (text, cure) => {
  using workspace = checkout({ 'p.yml': text })
  const sentence = await expectOneSentence([{ policy: 'p.yml' }, cure], workspace.circumstances)
  expect(sentence).toContain('p.yml')
  expect(sentence).toContain('`version: 1`')
})

test.each<Slip>([
  [{ ...D, 'report-file': 'folder' }, 'is a folder. Write for instance `folder/report.json`'],
  [{ ...D, 'report-file': 'folder/' }, 'is a folder. Write for instance `folder/report.json`'],
  [{ ...D, 'report-file': 'new/' }, 'is a folder. Write for instance `new/report.json`'],
  [{ ...D, 'page-file': 'folder' }, 'is a folder. Write for instance `folder/report.html`'],
  [{ ...D, 'report-file': 'file/deep/x.json' }, '`file` is a file, so nothing can be in it'],
  [{ ...D, 'page-file': 'file/x.html' }, '`file` is a file, so nothing can be in it'],
  [{ ...D, 'report-file': 'socket' }, 'is not a file, so nothing is written there'],
  [{ ...D, 'page-file': 'socket' }, 'is not a file, so nothing is written there'],
  [{ ...D, 'report-file': 'to-socket' }, 'Name another path, or leave this input out'],
  [{ ...D, 'page-file': 'to-socket' }, 'Name another path, or leave this input out'],
  [{ ...D, plan: 'folder' }, 'is a folder. Write `folder/one.json`'],
  [{ mode: 'restore', restore: './folder' }, 'is a folder. Write `folder/one.json`'],
  [{ mode: 'restore', restore: 'folder/' }, 'is a folder. Write `folder/one.json`'],
  [{ policy: 'folder' }, 'is a folder. Write the path of a file in it'],
  [{ policy: 'policies' }, 'is a folder. Write `policies/one.yml`']
])('a folder where a file belongs: %j', async (slip, cure) => {
  using workspace = checkout({ file: 'x', 'folder/one.json': '{}', 'policies/one.yml': 'x' })
  mkdirSync(join(workspace.root, 'folder', 'two.json'))
  writeFileSync(join(workspace.root, 'folder', 'notes.txt'), '')
  await using socket = createServer().listen(join(workspace.root, 'socket'))
  await once(socket, 'listening')
  symlinkSync('socket', join(workspace.root, 'to-socket'))
  await expectOneSentence([slip, cure], workspace.circumstances)
})

test.each(['/dev/ghcr-steward', '/dev/fd/ghcr-steward', '/proc/self/fd/ghcr-steward', '/sys/ghcr-steward'])(
  'no file is written where devices are: %s',
  path => {
    for (const name of ['REPORT-FILE', 'PAGE-FILE']) {
      const env = { GITHUB_REPOSITORY: 'acme/app', RUNNER_TEMP: tmpdir(), INPUT_TOKEN: 'ghs_secret' }
      const inputs = readInputs({ ...env, 'INPUT_DELETE-TAGS': 'x', [`INPUT_${name}`]: path })
      expect(() => inWorkspace(inputs, tmpdir())).toThrow(
        `Input \`${name.toLowerCase()}\`: \`${path}\` is not a file, so nothing is written there.`
      )
    }
  }
)

test('E-42 a policy with 5,000 wrong rules is refused in ten sentences, of which the last counts the rest', async () => {
  const head = 'version: 1\npackages:\n- match: app\n  rules:\n'
  using workspace = checkout({
    'p.yml': head + Array.from({ length: 5_000 }, (_, at) => `  - {nam: r${at}}\n`).join('')
  })
  await using scene = await openScene()
  const { errors, code } = await scene.run({ policy: 'p.yml' }, workspace.circumstances)
  expect(errors.slice(0, 9)).toEqual(
    Array(9).fill(expect.stringMatching(/^p\.yml:\d+:\d+: packages\[0\]\.rules/))
  )
  expect(errors.slice(9)).toEqual([
    expect.stringMatching(/^And \d+ more, which show once these are mended\.$/)
  ])
  expect([code, scene.github.requests]).toEqual([1, []])
})

/** Two inputs that name one file, of which one would be lost. */
const SAME = 'names the same file. Name another path'
test.each<Slip>([
  [{ ...D, 'report-file': 'r.json', 'page-file': 'here/r.json' }, `\`report-file\` ${SAME}`],
  [{ ...D, 'report-file': 'here/r.json', 'page-file': './r.json' }, `\`report-file\` ${SAME}`],
  [{ ...D, 'report-file': 'new/r.json', 'page-file': 'here/here/new/r.json' }, `\`report-file\` ${SAME}`],
  [{ ...D, 'report-file': 'R.json', 'page-file': 'r.JSON' }, `\`report-file\` ${SAME}`],
  [{ ...D, 'report-file': 'Out/r.json', 'page-file': 'out/r.json' }, `\`report-file\` ${SAME}`],
  [{ plan: 'plan.json', 'page-file': 'here/plan.json' }, `\`plan\` ${SAME}`],
  [{ plan: 'to-plan.json', 'page-file': 'plan.json' }, `\`plan\` ${SAME}`],
  [{ mode: 'restore', restore: 'plan.json', 'page-file': 'Plan.json' }, `\`restore\` ${SAME}`],
  [{ policy: 'p.yml', 'page-file': 'here/p.yml' }, `\`policy\` ${SAME}`],
  [{ policy: 'p.yml', 'report-file': 'here/p.yml' }, `\`policy\` ${SAME}`],
  [{ policy: POLICY_WITH_LIST, 'page-file': 'here/list.txt' }, `\`protect.list\` ${SAME}`],
  [{ policy: POLICY_WITH_LIST, 'report-file': 'list.txt' }, `\`protect.list\` ${SAME}`],
  [{ policy: 'p.yml.new', 'report-file': 'here/p.yml' }, `\`policy\` ${SAME}`],
  [{ plan: 'plan.json.new', 'report-file': 'plan.json' }, `\`plan\` ${SAME}`],
  [
    { ...D, 'report-file': 'r.json', 'page-file': 'here/r-12.json' },
    'earlier reports are kept under such names'
  ]
])(
  'E-43 no file is written over another one that the inputs name, whatever its path is: %j',
  async (slip, cure) => {
    const rules = '[{ action: delete, match: { tags: x } }]'
    using workspace = checkout({
      'p.yml': `{ version: 1, packages: [{ match: app, rules: ${rules} }] }`,
      'list.txt': 'ghcr.io/acme/app:v1',
      'plan.json': '{}',
      'plan.json.new': '{}',
      'p.yml.new': `{ version: 1, packages: [{ match: app, rules: ${rules} }] }`
    })
    symlinkSync('.', join(workspace.root, 'here'))
    symlinkSync('plan.json', join(workspace.root, 'to-plan.json'))
    await expectOneSentence([slip, cure], workspace.circumstances)
  }
)

test.each<Slip>([
  [{ ...D, mode: 'delete' }, '"delete" is not a mode. Did you mean `retain`?'],
  [{ ...D, mode: 'retian' }, '"retian" is not a mode. Did you mean `retain`?'],
  [{ ...D, mode: 'cleanup' }, 'Did you mean `retain`?'],
  [{ ...D, mode: 'undo' }, 'Did you mean `restore`?'],
  [{ ...D, mode: 'verify' }, 'Did you mean `check`?'],
  [{ ...D, mode: 'dry-run' }, 'Leave `mode` out, and write `dry-run: true`'],
  [{ ...D, mode: 'everything' }, '`purge`']
])('a mistyped mode: %j', async (slip, cure) => {
  const sentence = await expectOneSentence([slip, cure])
  expect(sentence.length).toBeLessThan(260)
})

test.each<Slip>([
  [{ ...D, packages: 'docker.io/acme/shop/web:latest' }, 'such as `shop/web`'],
  [{ ...D, packages: 'quay.io/acme/app@sha256:abc' }, 'such as `app`'],
  [{ ...D, packages: 'registry.example.com/acme/app:latest' }, 'such as `app`'],
  [{ ...D, packages: 'docker.io/other/app:latest' }, 'such as `app`'],
  [{ ...D, packages: 'ghcr.io/acme/app:latest' }, 'Write `app`, for the owner `acme`.']
])('a reference to another registry with a tag is answered once and for all: %j', async (slip, cure) => {
  const sentence = await expectOneSentence([{ ...slip, 'registry-url': 'https://ghcr.io' }, cure])
  if (/docker|quay/.test(slip['packages'] ?? '')) expect(sentence).toContain('on another registry')
})
