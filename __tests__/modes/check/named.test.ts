import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { image } from '../../emulator/shapes.ts'
import {
  buildWorkflow,
  errorsOf,
  type Scene,
  scene,
  startedFor,
  warningsOf
} from '../../helpers/check-run.ts'
import type { ActionRun } from '../../helpers/run-action.ts'
import { checkout } from '../../helpers/workspace.ts'

/** What deployments name must be there: `protect-files` in mode check. */

const DIGEST = `sha256:${'0'.repeat(64)}`

/** A check of files, in which `REG` is the registry. */
async function checkOf(
  acme: Scene,
  files: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>> = {}
): Promise<ActionRun> {
  const { host } = new URL(acme.github.registryUrl)
  const filled = Object.entries(files).map(([path, text]) => [path, text.replaceAll('REG', host)])
  using repository = checkout(Object.fromEntries(filled))
  const env = { env: { GITHUB_WORKSPACE: repository.root } }
  return await acme.run({ 'git-tags': '!*', 'protect-files': '**', ...inputs }, undefined, env)
}

describe('what files name in full must be there', () => {
  test.each<[string, string, string | undefined]>([
    ['a tag', 'k8s.yaml:1', 'image: REG/acme/app:2.0.0'],
    ['a digest', 'k8s.yaml:1', `image: REG/acme/app@${DIGEST}`],
    ['a tag with a digest that is gone', 'k8s.yaml:1', `image: REG/acme/app:1.0.0@${DIGEST}`],
    ['in quotes', 'k8s.yaml:1', 'image: "REG/acme/app:2.0.0"'],
    ['capitals in the owner', 'k8s.yaml:1', 'image: REG/Acme/app:2.0.0'],
    ['FROM', 'Dockerfile:2', '# syntax\nFROM REG/acme/app:2.0.0 AS base'],
    ['an action', 'k8s.yaml:1', 'uses: docker://REG/acme/app:2.0.0'],
    ['a sentence', 'notes.md:1', 'We run REG/acme/app:2.0.0.'],
    ['Kustomize', 'k8s.yaml:2', 'images:\n- name: app\n  newName: REG/acme/app\n  newTag: 2.0.0'],
    ['Kustomize by name', 'k8s.yaml:2', 'images:\n- name: REG/acme/app\n  newTag: 2.0.0'],
    ['Helm', 'k8s.yaml:2', 'image:\n  repository: REG/acme/app\n  tag: "2.0.0"'],
    ['Helm with a registry', 'k8s.yaml:2', 'image:\n  registry: REG\n  repository: acme/app\n  tag: 1.10'],
    ['JSON', 'x.json:1', '{ "image": { "repository": "REG/acme/app", "tag": "2.0.0" } }']
  ])('%s', async (_, place, text = '') => {
    await using acme = await scene()
    acme.app.push(image(), { tags: ['1.0.0'] })
    await using run = await checkOf(acme, { [place.replace(/:\d+$/, '')]: text })
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(`^${place} names app[:@].*, which does not exist\\.`)
    ])
    expect(run.code).toBe(1)
  })

  test.each([
    ['one that is there', 'image: REG/acme/app:1.0.0'],
    ['no tag', 'image: REG/acme/app'],
    ['half a tag before a variable', `image: REG/acme/app:2.\${MINOR}`],
    ['a variable for the owner', `image: \${REG}/acme/app:2.0.0`],
    ['a range', 'image: REG/acme/app:2.*'],
    ['a comment', '  # image: REG/acme/app:2.0.0'],
    ['another registry', 'image: docker.example/acme/app:2.0.0'],
    ['no registry', 'image: acme/app:2.0.0'],
    ['another owner', 'image: REG/acme2/app:2.0.0'],
    ['a template of Helm', 'image: {{ if }}\n  repository: REG/acme/app\n  tag: 2.0.0'],
    ['a tag in another block', 'a: { repository: REG/acme/app }\nb: { tag: 2.0.0 }'],
    ['a digest beside a tag of long ago', '{ name: REG/acme/app, newTag: 0.1.0, digest: PRESENT }']
  ])('nothing is concluded from %s', async (_, text) => {
    await using acme = await scene()
    const { digest } = acme.app.push(image(), { tags: ['1.0.0'] })
    await using run = await checkOf(acme, { 'k8s.yaml': text.replace('PRESENT', digest) })
    expect(errorsOf(run)).toEqual([])
    expect(warningsOf(run)).toEqual([])
  })

  test('an image without one of its platforms is not whole, in any number of files, and no build is started', async () => {
    await using acme = await scene()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    const app = image()
    acme.app.push(app, { tags: ['1.0.0'] })
    const [lost] = app.children ?? []
    acme.app.delete(lost as NonNullable<typeof lost>)
    const text = 'image: REG/acme/app:1.0.0'
    await using run = await checkOf(
      acme,
      { 'a.yaml': text, 'b.yaml': text },
      { 'dispatch-workflow': 'build.yml' }
    )
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(
        /^a\.yaml:1, b\.yaml:1 name app:1\.0\.0, which cannot be pulled whole: it lacks linux\/amd64\./
      )
    ])
    expect(startedFor(acme)).toEqual([])
  })

  test('a registry that does not answer makes nothing missing, and the run red', async () => {
    await using acme = await scene()
    acme.app.push(image(), { tags: ['1.0.0'] })
    const answer = { status: 403, body: { errors: [{ code: 'DENIED', message: 'denied' }] } }
    acme.github.faults.on({ host: 'registry', path: /manifests/ }, { kind: 'answer', answer })
    await using run = await checkOf(acme, { 'k8s.yaml': 'image: REG/acme/app:1.0.0' })
    expect(errorsOf(run).join()).toContain('it is unknown whether it is there')
  })

  test('a package that the check does not look at is told', async () => {
    await using acme = await scene()
    await using run = await checkOf(acme, { 'k8s.yaml': 'image: REG/acme/other:1.0.0' })
    expect(warningsOf(run).join()).toContain(
      'Files name images of packages that this check does not look at: other:1.0.0 (k8s.yaml:1).'
    )
  })

  test('a list that lags behind a push accuses nobody', async () => {
    await using acme = await scene()
    acme.app.push(image(), { tags: ['1.0.0'] })
    acme.app.lie({ kind: 'lag', changes: 1 })
    await using run = await checkOf(acme, { 'k8s.yaml': 'image: REG/acme/app:1.0.0' })
    expect(errorsOf(run)).toEqual([])
  })

  test('as docs/missing-images.md has it', async () => {
    const docs = readFileSync(new URL('../../../docs/missing-images.md', import.meta.url), 'utf8')
    const [, pattern = ''] = /`protect-files: ([^`]+)`/.exec(docs) ?? []
    const [, name = ''] = /`ghcr\.io\/([^`]+)`/.exec(docs.slice(docs.indexOf(pattern))) ?? []
    for (const tags of [['1.4.0'], ['1.3.0']]) {
      await using acme = await scene()
      acme.app.push(image(), { tags })
      await using run = await checkOf(
        acme,
        { 'deploy/eu/app.yaml': `\nimage: REG/${name}` },
        { 'protect-files': pattern }
      )
      const told = 'deploy/eu/app.yaml:2 names app:1.4.0, which does not exist.'
      expect(errorsOf(run)).toEqual(tags.includes('1.4.0') ? [] : [expect.stringContaining(told)])
    }
  })

  test('the files of the policy too, and what a build made that was waited for', async () => {
    await using acme = await scene()
    acme.repository.tag('v1.0.0')
    acme.app.push(image(), { tags: ['v0.1.0'] })
    acme.repository.workflow('build.yml', buildWorkflow(acme.app))
    const policy = '{ version: 1, protect: { files: k8s.yaml }, packages: [{ match: app, rules: [] }] }'
    await using run = await checkOf(
      acme,
      { 'k8s.yaml': 'image: REG/acme/app:v1.0.0' },
      {
        policy,
        'protect-files': '',
        'git-tags': 'v*',
        'dispatch-workflow': 'build.yml',
        wait: '1h',
        'skip-tags': 'v0.*'
      }
    )
    expect(errorsOf(run)).toEqual([])
    expect(startedFor(acme)).toEqual(['v1.0.0'])
  })
})
