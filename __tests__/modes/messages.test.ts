import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { image, manifest } from '../emulator/shapes.ts'
import { sentencesTwice } from '../helpers/sentences.ts'
import { ago, openScene, type Scene } from './retain/runs.ts'

/** What GitHub says is worth more than its status: whole runs, in which it refuses the deletions, or everything. */

const SSO = 'https://github.com/orgs/acme/sso?authorization_request=A1'
const REFUSALS: readonly (readonly [string, Answer, cure: string])[] = [
  ['SAML', said(403, 'Resource protected by organization SAML enforcement.', sso()), SSO],
  [
    'SAML without an address',
    said(403, 'Resource protected by organization SAML enforcement.'),
    'Configure SSO'
  ],
  ['an IP allow list', said(403, 'the `acme` organization has an IP allow list enabled'), 'IP allow list'],
  [
    'no classic tokens',
    said(403, '`acme` forbids access via a personal access token (classic).'),
    'GITHUB_TOKEN'
  ],
  ['a blocked account', said(403, 'Your account was suspended'), 'https://support.github.com'],
  ['a dead token', said(401, 'Bad credentials'), 'wrong, expired or revoked']
]

test.each(REFUSALS)(
  'of deletions refused by %s the reason is told, and nothing of roles',
  async (_, answer, cure) => {
    await using scene = await openScene()
    layDown(scene)
    scene.github.faults.on({ host: 'api', method: 'DELETE' }, { kind: 'answer', answer })
    const { errors, code, ...run } = await scene.run({ 'delete-tags': 'sha-*' })
    expect({ code, errors }).toEqual({ code: 1, errors: [expect.stringContaining(cure)] })
    expect(errors.join()).not.toContain('role Admin')
    expect(sentencesTwice(run)).toEqual([])
  }
)

test.each(REFUSALS)('of a run refused as a whole by %s the reason is told once', async (_, answer, cure) => {
  await using scene = await openScene()
  scene.github.faults.on({ host: 'api' }, { kind: 'answer', answer })
  const { errors, ...run } = await scene.run({ 'delete-tags': 'sha-*' })
  expect(errors).toEqual([expect.stringContaining(cure)])
  expect(sentencesTwice(run)).toEqual([])
})

test.each(['false', 'true'])(
  "a fork's pull request is told that its token can only read (dry run: %s)",
  async dryRun => {
    await using scene = await openScene()
    layDown(scene)
    const event = join(tmpdir(), `event-${process.pid}-${dryRun}.json`)
    await writeFile(event, JSON.stringify({ pull_request: { head: { repo: { full_name: 'mallory/app' } } } }))
    const answer = said(403, 'Resource not accessible by integration')
    scene.github.faults.on({ host: 'api', method: 'DELETE' }, { kind: 'answer', answer })
    const env = { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: event }
    const run = await scene.run({ 'delete-tags': 'sha-*', 'dry-run': dryRun }, { env })
    expect(run.stdout).toContain('a pull request from a fork started this run')
    expect(run.stdout).not.toContain('Manage Actions access')
    expect(run.errors).toHaveLength(dryRun === 'true' ? 0 : 1)
  }
)

test('a 404 with a classic token says which scope and whose eyes it needs', async () => {
  await using scene = await openScene()
  const run = await scene.run({
    token: scene.world.classic('max'),
    packages: 'nothing',
    'delete-tags': '*'
  })
  expect(run.errors).toEqual([
    expect.stringMatching(
      /It does not exist, or this token may not see it: .*a classic token needs the scope `read:packages`/
    )
  ])
})

test('GitHub Enterprise Server without /api/v3 is told the address', async () => {
  await using scene = await openScene()
  scene.github.faults.on({ host: 'api' }, { kind: 'answer', answer: said(404, 'Not Found') })
  const run = await scene.run({ 'delete-tags': '*' })
  expect(run.errors).toEqual([expect.stringMatching(/`api-url: http:\/\/127\.0\.0\.1:\d+\/api\/v3`/)])
})

type Answer = { status: number; headers?: Record<string, string>; body: { message: string } }

function said(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { message } }
}

function sso(): Record<string, string> {
  return { 'x-github-sso': `required; url=${SSO}` }
}

function layDown({ app }: Scene): void {
  app.push(image(), { tags: ['v1'], at: ago(90) })
  for (const number of [1, 2, 3]) app.push(manifest(), { tags: [`sha-${number}`], at: ago(80) })
}

/** What docs/troubleshooting.md quotes is what runs say. An `…` in a quotation stands for the rest. */

const text = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
const quoted = Object.fromEntries(
  [...text.matchAll(/^## (.+)\n\n> (.+)$/gm)].map(([, heading = '', quotation = '']) => [heading, quotation])
)

const BUILDS = { 'delete-tags': 'sha-*' }
const troubles: Readonly<Record<string, { lay: (scene: Scene) => void; inputs: Record<string, string> }>> = {
  'A package is not found': {
    lay: ({ github }) =>
      github.faults.on(
        { path: /container\/app$/ },
        { kind: 'answer', answer: { status: 404, body: { message: 'Package not found.' } } }
      ),
    inputs: BUILDS
  },
  'A token may not delete': {
    lay: ({ github }) =>
      github.faults.on(
        { method: 'DELETE' },
        {
          kind: 'answer',
          answer: { status: 403, body: { message: 'Resource not accessible by integration' } }
        }
      ),
    inputs: BUILDS
  },
  'A manifest could not be read': {
    lay: ({ github, app }) =>
      github.faults.on(
        { host: 'registry', path: new RegExp(`manifests/(?:${app.tags()['v1']}|v1)$`) },
        { kind: 'answer', answer: { status: 403 } }
      ),
    inputs: BUILDS
  },
  'A brake held': { lay: () => {}, inputs: { ...BUILDS, 'max-deletion-percent': '50' } },
  'GitHub or the registry does not answer': {
    lay: ({ github }) => github.faults.on({ host: 'api' }, { kind: 'reset' }),
    inputs: BUILDS
  }
}

test('every quotation has its trouble here', () => {
  expect(Object.keys(quoted)).toEqual(Object.keys(troubles))
})

test.each(Object.keys(troubles))('%s', async heading => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['v1'], at: ago(90) })
  for (let build = 1; build <= 30; build++)
    scene.app.push(manifest(), { tags: [`sha-${build}`], at: ago(80) })
  const { lay, inputs } = troubles[heading]!
  lay(scene)
  const { errors } = await scene.run(inputs)
  for (const part of (quoted[heading] ?? '').split('…')) expect(errors.join('\n')).toContain(part.trim())
})
