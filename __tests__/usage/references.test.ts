// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of shells, Compose and workflows
import { expect, test } from '@jest/globals'
import { findReferences, referencesTo } from '../../src/usage/references.ts'
import { digestOf } from '../helpers/make.ts'

const DIGEST = digestOf('some image')

/** What is found in use of acme's package `app`: tags and digests, with the place of each. */
function inUse(...texts: string[]): string[] {
  const files = texts.map((text, index) => ({ path: index === 0 ? 'a.yaml' : `${index}.env`, text }))
  const { found } = findReferences(files, 'Acme')
  return referencesTo(found, 'app', []).map(({ by, tag, digest }) => `${tag ?? digest} by ${by}`)
}

test.each<[string, string, string[]]>([
  ['a Kubernetes manifest', 'spec:\n  image: ghcr.io/acme/app:v1.2', ['v1.2 by a.yaml:2']],
  ['a quoted image', 'image: "ghcr.io/Acme/App:v1"', ['v1 by a.yaml:1']],
  ['a digest behind a name', `image: ghcr.io/acme/app@${DIGEST}`, [`${DIGEST} by a.yaml:1`]],
  ['a tag and a digest', `ghcr.io/acme/app:v1@${DIGEST}`, [`${DIGEST} by a.yaml:1`, 'v1 by a.yaml:1']],
  ['a bare digest', `# rolled back to\ndigest: "${DIGEST}"`, [`${DIGEST} by a.yaml:2`]],
  ['a digest in capitals', DIGEST.toUpperCase(), [`${DIGEST} by a.yaml:1`]],
  ['a Dockerfile', 'FROM --platform=linux/amd64 ghcr.io/acme/app:3.12_7 AS build', ['3.12_7 by a.yaml:1']],
  ['a Dockerfile without a tag', 'FROM ghcr.io/acme/app\nRUN true', ['latest by a.yaml:1']],
  ['another registry in front', 'mirror.local:5000/ghcr.io/acme/app:v1', ['v1 by a.yaml:1']],
  ['a workflow', 'container:\n  image: ghcr.io/acme/app:ci-3\n', ['ci-3 by a.yaml:2']],
  ['an action of Docker', '- uses: docker://ghcr.io/acme/app:v3', ['v3 by a.yaml:1']],
  ['the end of a sentence', 'We run ghcr.io/acme/app:v1.', ['v1. by a.yaml:1', 'v1 by a.yaml:1']],
  ['JSON', '{"image":"ghcr.io/acme/app:v1","other":2}', ['v1 by a.yaml:1']],
  ['several in a line', 'acme/app:v1,acme/app:v2', ['v1 by a.yaml:1', 'v2 by a.yaml:1']]
])('finds what is in use in %s', (_, text, expected) => {
  expect(inUse(text)).toEqual(expected)
})

test.each<[string, string, string[]]>([
  [
    'Helm values',
    'image:\n  registry: ghcr.io\n  repository: acme/app\n  tag: v1.4.0',
    ['latest by a.yaml:3', 'v1.4.0 by a.yaml:4']
  ],
  [
    'Helm values with the tag first, and a digest',
    `tag: "1.4"\ndigest: ${DIGEST}\nrepository: ghcr.io/acme/app`,
    [`${DIGEST} by a.yaml:2`, 'latest by a.yaml:3', '1.4 by a.yaml:1']
  ],
  [
    'a kustomization',
    'images:\n- name: app\n  newName: ghcr.io/acme/app\n  newTag: v7',
    ['latest by a.yaml:3', 'v7 by a.yaml:4']
  ],
  [
    'a chart, whose appVersion is the tag by default',
    'appVersion: 2.0.1\n# ghcr.io/acme/app\napiVersion: v2',
    ['latest by a.yaml:2', '2.0.1 by a.yaml:1']
  ],
  [
    'Terraform',
    'repository = "ghcr.io/acme/app"\nimage_tag  = "v5"',
    ['latest by a.yaml:1', 'v5 by a.yaml:2']
  ]
])('takes tags that stand apart from the name: %s', (_, text, expected) => {
  expect(inUse(text)).toEqual(expected)
})

test.each<[string, string[], string[]]>([
  ['a default', ['image: ghcr.io/acme/app:${TAG:-v1.2}'], ['v1.2 by a.yaml:1']],
  ['another file', ['image: ghcr.io/acme/app:${APP_TAG}', 'APP_TAG=v3\n'], ['v3 by a.yaml:1']],
  ['both', ['ghcr.io/acme/app:${T:-a1}-slim', 'T=b2'], ['a1-slim by a.yaml:1', 'b2-slim by a.yaml:1']],
  ['an ARG', ['ARG BASE=v9\nFROM ghcr.io/acme/app:$BASE'], ['v9 by a.yaml:2']],
  [
    'a template of Helm',
    ['image: "ghcr.io/acme/app:{{ .Values.web.tag | default "edge" }}"', 'web:\n  tag: v4'],
    ['v4 by a.yaml:1', 'edge by a.yaml:1']
  ]
])('fills in a variable from %s', (_, texts, expected) => {
  expect(inUse(...texts)).toEqual(expected)
})

test.each([
  ['the action of the same name', '- uses: acme/app@v1'],
  ['the pages of the repository', 'see https://github.com/acme/app and https://github.com/acme/app/issues'],
  [
    'a package whose name is longer',
    'ghcr.io/acme/app-web:v1 ghcr.io/acme/app/web:v1 ghcr.io/acme/app.io:v1'
  ],
  ['another owner', 'ghcr.io/megaacme/app:v1 ghcr.io/not-acme/app:v1'],
  ['a digest that is none', 'sha256:0123 md5:0123456789abcdef'],
  ['what a run of the workflow works out', 'tags: ghcr.io/acme/app:${{ github.sha }}']
])('takes no notice of %s', (_, text) => {
  expect(inUse(text)).toEqual([])
})

test('says where a tag stands in a variable that nothing sets', () => {
  const files = [{ path: 'compose.yaml', text: 'services:\n  image: ghcr.io/acme/app:${TAG}\n' }]
  expect(findReferences(files, 'acme').unresolved).toEqual(['compose.yaml:2'])
  const workflow = [{ path: 'ci.yml', text: 'tags: ghcr.io/acme/app:${{ github.sha }}' }]
  expect(findReferences(workflow, 'acme').unresolved).toEqual([])
})

test('a digest is in use of every package, a tag of one', () => {
  const text = `ghcr.io/acme/web:v1 ghcr.io/acme/app@${DIGEST}`
  const { found } = findReferences([{ path: 'a', text }], 'acme')
  expect(referencesTo(found, 'web', [])).toMatchObject([{ digest: DIGEST }, { tag: 'v1' }])
  expect(referencesTo(found, 'team/deep', [])).toMatchObject([{ digest: DIGEST }])
})

test('names with slashes are one package', () => {
  const { found } = findReferences(
    [{ path: 'a', text: 'ghcr.io/cfpb/regtech/sbl/python-alpine:v1_2' }],
    'cfpb'
  )
  expect(found).toEqual([{ by: 'a:1', packageName: 'regtech/sbl/python-alpine', tag: 'v1_2' }])
})
