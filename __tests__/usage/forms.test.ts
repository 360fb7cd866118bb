// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of shells, Compose and workflows
import { describe, expect, test } from '@jest/globals'
import { limited } from '../../src/usage/limited.ts'
import { imagesNamedIn } from '../../src/usage/named-images.ts'
import { findReferences, referencesTo } from '../../src/usage/references.ts'
import { inBounds } from '../helpers/in-bounds.ts'
import { digestOf } from '../helpers/make.ts'
import { type Files, OTHERS, usedBy } from '../helpers/references.ts'

/** The forms in which deployments name what they run. Whatever is in use must be found; more may be. */

const DIGEST = digestOf('deployed')
/** Name of the form, its files, what is in use, and the package: `app` unless told. */
type Form = readonly [name: string, files: Files, inUse: string, packageName?: string]

const FORMS: readonly Form[] = [
  ['a Kubernetes manifest', { 'd.yaml': 'spec:\n  image: ghcr.io/acme/app:v1' }, 'v1'],
  ['a digest', { 'd.yaml': `image: ghcr.io/acme/app@${DIGEST}` }, DIGEST],
  ['a Kubernetes list in JSON', { 'd.json': '{"image":"ghcr.io/acme/app:v1"}' }, 'v1'],
  [
    'Chart.yaml dependencies',
    {
      'Chart.yaml':
        'dependencies:\n  - name: app\n    version: 1.2.3\n    repository: oci://ghcr.io/acme/charts'
    },
    '1.2.3',
    'charts/app'
  ],
  [
    'Chart.yaml dependencies without a folder',
    {
      'Chart.yaml': 'dependencies:\n  - name: app\n    version: 1.2.3\n    repository: "oci://ghcr.io/acme"'
    },
    '1.2.3'
  ],
  [
    'Chart.yaml with a range',
    {
      'Chart.yaml':
        'dependencies:\n  - name: app\n    version: ^1.2.0\n    repository: oci://ghcr.io/acme/charts'
    },
    '1.9.3',
    'charts/app'
  ],
  [
    'Chart.yaml with build metadata',
    {
      'Chart.yaml':
        'dependencies:\n  - name: app\n    version: 1.2.3+b5\n    repository: oci://ghcr.io/acme/charts'
    },
    '1.2.3_b5',
    'charts/app'
  ],
  [
    'Chart.lock',
    {
      'Chart.lock':
        'dependencies:\n- name: app\n  repository: oci://ghcr.io/acme/charts\n  version: 1.2.3\ndigest: sha256:abc'
    },
    '1.2.3',
    'charts/app'
  ],
  [
    'values with registry, repository and tag',
    { 'values.yaml': 'image:\n  registry: ghcr.io\n  repository: acme/app\n  tag: "1.4"' },
    '1.4'
  ],
  [
    'values with the owner in the registry',
    { 'values.yaml': 'image:\n  registry: ghcr.io/acme\n  repository: app\n  tag: v1' },
    'v1'
  ],
  [
    'values with a global registry',
    {
      'values.yaml':
        'global:\n  imageRegistry: ghcr.io/acme\nweb:\n  image:\n    repository: app\n    tag: v1'
    },
    'v1'
  ],
  [
    'values with an empty tag',
    {
      'values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: ""',
      'Chart.yaml': 'apiVersion: v2\nappVersion: "1.16.0"'
    },
    '1.16.0'
  ],
  [
    'values without a tag',
    { 'values.yaml': 'image:\n  repository: ghcr.io/acme/app', 'Chart.yaml': 'appVersion: 1.16.0' },
    '1.16.0'
  ],
  [
    'a Helm template',
    {
      't.yaml': 'image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
      'values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: ""',
      'Chart.yaml': 'appVersion: 1.16.0'
    },
    '1.16.0'
  ],
  [
    'a Flux HelmRepository and HelmRelease',
    {
      'repo.yaml': 'kind: HelmRepository\nspec:\n  type: oci\n  url: oci://ghcr.io/acme/charts',
      'release.yaml':
        'kind: HelmRelease\nspec:\n  chart:\n    spec:\n      chart: app\n      version: 1.2.3\n      sourceRef: { kind: HelmRepository, name: acme }'
    },
    '1.2.3',
    'charts/app'
  ],
  [
    'a Flux HelmRelease with a range',
    { 'all.yaml': 'url: oci://ghcr.io/acme/charts\n---\nchart: app\nversion: "1.x"' },
    '1.7.0',
    'charts/app'
  ],
  [
    'a Flux HelmRelease with values',
    {
      'release.yaml':
        'values:\n  image:\n    repository: ghcr.io/acme/app\n    tag: v1 # {"$imagepolicy": "flux:app:tag"}'
    },
    'v1'
  ],
  [
    'a Flux OCIRepository',
    {
      'oci.yaml':
        'kind: OCIRepository\nspec:\n  url: oci://ghcr.io/acme/manifests/app\n  ref:\n    tag: 1.2.3'
    },
    '1.2.3',
    'manifests/app'
  ],
  [
    'a Flux OCIRepository with a range',
    { 'oci.yaml': 'spec:\n  url: oci://ghcr.io/acme/app\n  ref:\n    semver: ">=1.0.0 <2.0.0"' },
    '1.2.3'
  ],
  [
    'Argo CD',
    { 'app.yaml': 'source:\n  repoURL: ghcr.io/acme/charts\n  chart: app\n  targetRevision: 1.2.3' },
    '1.2.3',
    'charts/app'
  ],
  [
    'Argo CD with oci://',
    { 'app.yaml': 'source:\n  repoURL: oci://ghcr.io/acme/charts/app\n  targetRevision: 1.2.3\n  path: .' },
    '1.2.3',
    'charts/app'
  ],
  [
    'Argo CD with a range',
    { 'app.yaml': 'repoURL: ghcr.io/acme/charts\nchart: app\ntargetRevision: 1.2.*' },
    '1.2.9',
    'charts/app'
  ],
  [
    'an Argo CD parameter',
    { 'app.yaml': 'parameters:\n  - name: image\n    value: ghcr.io/acme/app:v1' },
    'v1'
  ],
  [
    'Kustomize',
    { 'kustomization.yaml': 'images:\n- name: app\n  newName: ghcr.io/acme/app\n  newTag: v7' },
    'v7'
  ],
  [
    'Kustomize by its old name',
    { 'kustomization.yaml': 'images:\n- name: ghcr.io/acme/app\n  newTag: "7"' },
    '7'
  ],
  [
    'Kustomize with a digest',
    { 'kustomization.yaml': `images:\n- name: ghcr.io/acme/app\n  digest: ${DIGEST}` },
    DIGEST
  ],
  [
    'a Kustomize Helm chart',
    { 'kustomization.yaml': 'helmCharts:\n- name: app\n  repo: oci://ghcr.io/acme/charts\n  version: 1.2.3' },
    '1.2.3',
    'charts/app'
  ],
  [
    'Terraform helm_release',
    {
      'main.tf':
        'resource "helm_release" "app" {\n  repository = "oci://ghcr.io/acme/charts"\n  chart      = "app"\n  version    = "1.2.3"\n}'
    },
    '1.2.3',
    'charts/app'
  ],
  [
    'Terraform with a variable',
    { 'main.tf': 'image = "ghcr.io/acme/app:${var.tag}"\nvariable "tag" {\n  default = "v1"\n}' },
    'v1'
  ],
  [
    'Terraform with tfvars',
    {
      'main.tf': 'repository = "ghcr.io/acme/app"\nimage_tag = var.app_tag',
      'prod.tfvars': 'app_tag = "v1"'
    },
    'v1'
  ],
  [
    'Terraform docker_image',
    { 'main.tf': 'resource "docker_image" "app" {\n  name = "ghcr.io/acme/app:v1"\n}' },
    'v1'
  ],
  [
    'helm install in a script',
    { 'deploy.sh': 'helm upgrade --install app oci://ghcr.io/acme/charts/app --version 1.2.3' },
    '1.2.3',
    'charts/app'
  ],
  [
    'helm pull with =',
    { 'deploy.sh': 'helm pull oci://ghcr.io/acme/charts/app --version=1.2.3' },
    '1.2.3',
    'charts/app'
  ],
  [
    'helm in a workflow',
    { 'ci.yml': '- run: |\n    helm upgrade app oci://ghcr.io/acme/charts/app \\\n      --version 1.2.3' },
    '1.2.3',
    'charts/app'
  ],
  ['Compose with a default', { 'compose.yaml': 'image: ghcr.io/acme/app:${TAG:-v1}' }, 'v1'],
  ['Compose with dotenv', { 'compose.yaml': 'image: ghcr.io/acme/app:${TAG}', '.env': 'TAG=v1' }, 'v1'],
  [
    'Compose with the owner in a variable',
    { 'compose.yaml': 'image: ghcr.io/${OWNER}/app:v1', '.env': 'OWNER=acme' },
    'v1'
  ],
  [
    'Compose with a whole image in a variable',
    { 'compose.yaml': 'image: ${IMAGE:-ghcr.io/acme/app}:${TAG:-v1}' },
    'v1'
  ],
  [
    'bake in HCL',
    {
      'docker-bake.hcl':
        'variable "TAG" {\n  default = "v1"\n}\ntarget "app" {\n  tags = ["ghcr.io/acme/app:${TAG}"]\n}'
    },
    'v1'
  ],
  [
    'bake in JSON',
    {
      'docker-bake.json':
        '{\n "variable": {\n  "TAG": {\n   "default": "v1"\n  }\n },\n "target": {"app": {"tags": ["ghcr.io/acme/app:${TAG}"]}}\n}'
    },
    'v1'
  ],
  ['a Makefile with ?=', { Makefile: 'VERSION ?= v1\nIMG := ghcr.io/acme/app:$(VERSION)' }, 'v1'],
  [
    'a Makefile with parts',
    { Makefile: 'REGISTRY ?= ghcr.io/acme\nNAME := app\nTAG = v1\nIMG = $(REGISTRY)/$(NAME):$(TAG)' },
    'v1'
  ],
  [
    'a workflow with env',
    {
      'ci.yml':
        'env:\n  REGISTRY: ghcr.io\n  IMAGE_NAME: acme/app\n  TAG: v1\njobs:\n  a:\n    container: ${{ env.REGISTRY }}/${{ env.IMAGE_NAME }}:${{ env.TAG }}'
    },
    'v1'
  ],
  ['a workflow with github.repository', { 'ci.yml': 'container: ghcr.io/${{ github.repository }}:v1' }, 'v1'],
  [
    'a workflow with github.repository_owner',
    { 'ci.yml': 'container: ghcr.io/${{ github.repository_owner }}/app:v1' },
    'v1'
  ],
  [
    'a workflow with env from github.repository',
    { 'ci.yml': 'env:\n  IMAGE: ghcr.io/${{ github.repository }}\nsteps:\n  - run: docker run $IMAGE:v1' },
    'v1'
  ],
  [
    'a matrix in brackets',
    { 'ci.yml': 'matrix:\n  tag: [v0, v1]\ncontainer: ghcr.io/acme/app:${{ matrix.tag }}' },
    'v1'
  ],
  [
    'a matrix in lines',
    { 'ci.yml': 'matrix:\n  tag:\n    - v0\n    - v1\ncontainer: ghcr.io/acme/app:${{ matrix.tag }}' },
    'v1'
  ],
  [
    'a matrix of names',
    { 'ci.yml': 'matrix:\n  name: [web, app]\ncontainer: ghcr.io/acme/${{ matrix.name }}:v1' },
    'v1'
  ],
  ['the name in a variable', { 'compose.yaml': 'image: ghcr.io/acme/${NAME}:v1', '.env': 'NAME=app' }, 'v1'],
  [
    'Terraform with locals',
    { 'main.tf': 'locals {\n  tag = "v1"\n}\nimage = "ghcr.io/acme/app:${local.tag}"' },
    'v1'
  ],
  ['a Dockerfile with ARG', { Dockerfile: 'ARG BASE=v1\nFROM ghcr.io/acme/app:${BASE}' }, 'v1'],
  [
    'a Dockerfile with the image in ARG',
    { Dockerfile: 'ARG BASE=ghcr.io/acme/app:v1\nFROM --platform=linux/amd64 ${BASE} AS build' },
    'v1'
  ],
  [
    'a Dockerfile with ENV',
    { Dockerfile: 'ENV APP_VERSION v1\nCOPY --from=ghcr.io/acme/app:$APP_VERSION / /' },
    'v1'
  ],
  [
    'a comment for Renovate',
    { 'versions.sh': '# renovate: datasource=docker depName=ghcr.io/acme/app\nAPP_VERSION=v1' },
    'v1'
  ],
  ['a shell with its own default', { 'run.sh': 'TAG=${TAG:-v1}\ndocker run ghcr.io/acme/app:$TAG' }, 'v1'],
  [
    'a shell with an argument',
    { 'run.sh': 'TAG="${1:-v1}"\nIMAGE=ghcr.io/acme/app\ndocker run "${IMAGE}:${TAG}"' },
    'v1'
  ]
]

describe('E-16 what is in use is found', () => {
  test('in 54 forms and more', () => {
    expect(new Set(FORMS.map(([name]) => name)).size).toBeGreaterThanOrEqual(54)
  })

  test.each(FORMS)('in %s', (_, files, inUse, packageName = 'app') => {
    const { tags, unresolved } = usedBy(files, packageName, [inUse, ...OTHERS])
    expect(tags).toContain(inUse)
    expect(unresolved).toEqual([])
  })
})

/** What the tags of a package are: with these, `held` stay. */
const HIDDEN: readonly (readonly [name: string, files: Files, held: readonly string[]])[] = [
  ['a tag', { 'a.yaml': 'image: ghcr.io/acme/app:${TAG}' }, ['v1', 'v2-slim', 'edge']],
  ['the end of a tag', { 'a.yaml': 'image: ghcr.io/acme/app:v${N}' }, ['v1', 'v2-slim']],
  ['the beginning of a tag', { 'a.yaml': 'image: ghcr.io/acme/app:${TAG}-slim' }, ['v2-slim']],
  [
    'a tag in a key of its own',
    { 'a.yaml': 'repository: ghcr.io/acme/app\ntag: ${TAG}' },
    ['v1', 'v2-slim', 'edge']
  ],
  [
    'an empty tag without a chart',
    { 'a.yaml': 'repository: ghcr.io/acme/app\ntag: ""' },
    ['v1', 'v2-slim', 'edge']
  ],
  [
    'what a command says',
    { Makefile: 'TAG := $(shell git describe)\nIMG = ghcr.io/acme/app:$(TAG)' },
    ['v1', 'v2-slim', 'edge']
  ],
  ['the owner', { 'a.yaml': 'image: ghcr.io/${OWNER}/app:v1' }, ['v1']],
  ['the registry', { 'a.yaml': 'image: ${REGISTRY}/app:v1' }, ['v1']],
  ['the name', { 'a.yaml': 'image: ghcr.io/acme/${NAME}:v1' }, ['v1']],
  ['the whole image', { 'a.yaml': 'image: ${IMAGE}:v1' }, ['v1']]
]

test.each(HIDDEN)(
  'E-16 a variable that hides %s holds all that it could mean, and is told',
  (_, files, held) => {
    const { tags, unresolved } = usedBy(files, 'app', ['v1', 'v2-slim', 'edge'])
    expect(tags.filter(tag => tag !== 'latest').sort()).toEqual([...held].sort())
    expect(unresolved).toHaveLength(1)
    expect(unresolved[0]).toMatch(/^(?:a\.yaml|Makefile):[12]$/)
  }
)

test.each<[string, Files]>([
  ['another owner by a variable', { 'a.yaml': 'image: ghcr.io/${OWNER}/app:v1', '.env': 'OWNER=other' }],
  ['an image of somebody else', { 'a.yaml': 'image: ${IMAGE}:v1', '.env': 'IMAGE=nginx' }],
  ['a path in a script', { 'a.sh': 'cp ${DIR}/app:v1 $HOME/app' }],
  [
    'a chart of the same name elsewhere',
    { 'a.yaml': 'repository: https://charts.example.com\nchart: app\nversion: v1' }
  ]
])('E-16 takes no notice of %s', (_, files) => {
  expect(usedBy(files, 'app', ['v1'])).toEqual({ tags: [], unresolved: [] })
})

describe('E-42 a file that multiplies is read in bounds', () => {
  test('20,000 names and 20,000 tags', () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `- name: ghcr.io/acme/app${at}\n  newTag: v${at}`)
    const { found } = findReferences([{ path: 'k.yaml', text: lines.join('\n') }], 'acme')
    expect(found.length).toBeLessThan(50_000)
    expect(referencesTo(found, 'app7', []).map(({ tag }) => tag)).toContain('v19999')
  })

  test('variables of variables, with 30,000 values: they may be anything', () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => `X=v${at}`)
    const text = `${lines.join('\n')}\nimage: ghcr.io/acme/app:\${X}\${X}\${X}`
    const { found, unresolved } = findReferences([{ path: 'a.env', text }], 'acme')
    expect(referencesTo(found, 'app', ['anything']).map(({ tag }) => tag)).toContain('anything')
    expect(unresolved).toEqual(['a.env:30001'])
  })

  test('variables in a circle', () => {
    const text = 'A=${B}${B}\nB=${A}${A}\nimage: ghcr.io/acme/app:$A'
    const { found } = findReferences([{ path: 'a.env', text }], 'acme')
    expect(referencesTo(found, 'app', ['v1']).map(({ tag }) => tag)).toEqual(['v1'])
  })

  test('variables in circles mean the same, whichever is asked for first', () => {
    const lines = ['B=v2', 'A=${B}', 'A=v1', 'B=${A}-alpine', 'C=${D}', 'D=${B}', 'D=${C}', 'C=v3']
    const images = ['A', 'B', 'C', 'D'].map(name => `image: ghcr.io/acme/app:\${${name}}`)
    const tagsFor = (order: readonly string[], last: string): string[] => {
      const text = [...order, ...lines, last].join('\n')
      const { found } = findReferences([{ path: 'a.env', text }], 'acme')
      // What goes round a circle twice has no end.
      const once = new Set(['v1', 'v2', 'v3', 'v1-alpine', 'v4'])
      const tags = referencesTo(found, 'app', [...once]).map(({ tag = '' }) => tag)
      return tags.filter(tag => once.has(tag)).sort()
    }
    for (const last of images) {
      const alone = tagsFor([], last)
      for (const other of images) expect(tagsFor([other], last)).toEqual(expect.arrayContaining(alone))
    }
    expect(tagsFor([images[0]!], images[1]!)).toEqual(expect.arrayContaining(['v1', 'v2', 'v1-alpine']))
    expect(tagsFor(images, images[1]!)).not.toContain('v4')
  })

  test('a variable that is made of itself', () => {
    const text = 'T=v1\nT=${T}-slim\nimage: ghcr.io/acme/app:$T'
    const { found } = findReferences([{ path: 'a.sh', text }], 'acme')
    const tags = ['v1', 'v1-slim', 'v2-slim']
    const meant = referencesTo(found, 'app', tags).map(({ tag }) => tag)
    expect(meant).toEqual(expect.arrayContaining(['v1', 'v1-slim']))
    expect(meant).not.toContain('v2-slim')
  })

  test('a thousand variables that all lead to each other may be anything', () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `X${at}`)
    const lines = names.flatMap((name, at) =>
      [1, 2, 3, 5, 8, 13, 400].map(step => `${name}=\${${names[(at + step) % 1_000]}}`)
    )
    const text = [...lines, ...names.map(name => `image: ghcr.io/acme/app:\${${name}}`)].join('\n')
    const { found } = inBounds(() => findReferences([{ path: 'a.env', text }], 'acme'))
    expect(referencesTo(found, 'app', ['anything']).map(({ tag }) => tag)).toContain('anything')
  })

  test('a tag of forty variables that nobody sets', () => {
    const text = `image: ghcr.io/acme/app:${'${V}x'.repeat(40)}${'${V}'}y`
    const { found } = findReferences([{ path: 'a.yaml', text }], 'acme')
    const [fits, not] = [`${'x'.repeat(100)}y`, 'x'.repeat(100)]
    expect(referencesTo(found, 'app', [fits, not]).map(({ tag }) => tag)).toEqual([fits])
  })

  test('lines without an end', () => {
    const text = `${'${{ '.repeat(20_000)}\n${'${'.repeat(20_000)}\n${'a-'.repeat(50_000)}\nacme/${'a-'.repeat(50_000)}`
    expect(findReferences([{ path: 'a', text }], 'acme').found.length).toBeLessThan(10)
  })

  test.each(['- a', 'key', 'ENV ', 'a: ['])('a line of %j and spaces', start => {
    const text = `${start}${' '.repeat(50_000)}~x;\nacme/app:v1`
    expect(findReferences([{ path: 'a', text }], 'acme').found).toMatchObject([{ tag: 'v1' }])
  })

  test.each<[string, string, string]>([
    ['items that may be variables', '- v', '@a@'],
    ['items that may be placeholders', '- v', '<<a>>'],
    ['items that may be tags of a template', '- v', '<%a%>'],
    ['items with braces', '- ${{', '}}{{&'],
    ['a tag of dashes', 'image: acme/app:', '-'],
    ['a tag that may be a placeholder', 'image: acme/app:', 'SHA'],
    ['hosts', '', 'ghcr.:']
  ])('a line of %s', (_, start, unit) => {
    const text = `${start}${unit.repeat(1_000_000 / unit.length)}x !\nacme/app:v1`
    const found = inBounds(() => findReferences([{ path: 'a', text: `tags:\n  ${text}` }], 'acme').found)
    expect(found).toContainEqual({ by: 'a:3', packageName: 'app', tag: 'v1' })
  })

  test.each(['a: [', 'a:[b, ', 'a: [b:['])('a line of a megabyte of %j', unit => {
    const text = `${unit.repeat(1_000_000 / unit.length)}\nacme/app:v1`
    const found = inBounds(() => findReferences([{ path: 'a', text }], 'acme').found)
    expect(found).toMatchObject([{ tag: 'v1' }])
  })

  test('a mapping of a hundred thousand keys', () => {
    const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}: 1`)
    const text = `${keys.join('\n')}\nname: ghcr.io/acme/app\ntag: v1`
    const found = inBounds(() => imagesNamedIn([{ path: 'a.yaml', text }], 'ghcr.io', 'acme'))
    expect(found).toMatchObject([{ packageName: 'app', reference: 'v1' }])
  })

  test.each(['*a ', '!!str ', '"', '[a, ', '---\na: 1\n'])('YAML of %j and nothing else', unit => {
    const text = unit.repeat(600_000 / unit.length)
    expect(inBounds(() => imagesNamedIn([{ path: 'a.yaml', text }], 'ghcr.io', 'acme'))).toEqual([])
  })

  test.each([
    ['settings', 'a=b\n'.repeat(1_001)],
    ['names', 'acme/app:v1 '.repeat(1_001)],
    ['tags that variables stand for', `${'T=1\nT=2\n'.repeat(2)}${'tag: $T\n'.repeat(499)}`],
    ['names that variables stand for', `${'T=1\nT=2\n'.repeat(2)}${'acme/app:$T '.repeat(400)}`]
  ])('more %s than are kept in memory', (_, text) => {
    const files = [{ path: 'a', text }]
    expect(() => findReferences(files, 'acme', '', limited(1_000))).toThrow(
      /more than 1,000 settings and names/
    )
    expect(findReferences(files, 'acme', '', limited(10_000)).found.length).toBeLessThan(3_000)
  })

  test('more named images than are kept in memory', () => {
    const files = [{ path: 'a', text: 'ghcr.io/acme/app:v1 '.repeat(101) }]
    expect(() => imagesNamedIn(files, 'ghcr.io', 'acme', limited(100))).toThrow(
      /more than 100 settings and names/
    )
    expect(imagesNamedIn(files, 'ghcr.io', 'acme', limited(101))).toHaveLength(1)
  })

  test('66,000 lines that may mean each of 2,000 tags hold each of them once', () => {
    const tags = Array.from({ length: 2_000 }, (_, at) => `v${at}`)
    const { found } = findReferences([{ path: 'a.yaml', text: 'image: "$X"\n'.repeat(66_000) }], 'acme')
    const inUse = inBounds(() => referencesTo(found, 'app', tags))
    expect(inUse.map(({ tag }) => tag).filter(tag => tag !== 'latest')).toEqual(tags)
    expect(inUse[0]?.by).toBe('a.yaml:1')
  })

  test('5,000 settings in a file whose path is a million letters long take the room of one path', () => {
    const path = 'd'.repeat(1_000_000)
    const text = `ghcr.io/acme/app\n${'a: v1\nacme/app\n'.repeat(5_000)}`
    const { found } = findReferences([{ path, text }], 'acme')
    expect(referencesTo(found, 'app', ['v1']).map(({ tag }) => tag)).toEqual(['latest', 'v1'])
  })

  test('a line of a hundred thousand images', () => {
    const text = 'image: acme/app:v1, '.repeat(100_000)
    expect(findReferences([{ path: 'a', text }], 'acme').found).toHaveLength(100_000)
  })
})
