// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of shells, Compose and workflows
import { describe, expect, test } from '@jest/globals'
import { digestOf } from '../helpers/make.ts'
import { type Files, OTHERS, usedBy } from '../helpers/references.ts'

/** Further forms in which deployments name what they run (E-16), beside those of `forms.test.ts`. */

const DIGEST = digestOf('deployed')
const FORMS: readonly (readonly [name: string, files: Files, inUse: string, packageName?: string])[] = [
  [
    'Helm values with a hub',
    { 'values.yaml': 'global:\n  hub: ghcr.io/acme\n  tag: v1\npilot:\n  image: app' },
    'v1'
  ],
  [
    'Helm values with `repo` and `image`',
    { 'values.yaml': 'image:\n  repo: ghcr.io/acme\n  image: app\n  version: v1' },
    'v1'
  ],
  [
    'Helm values with an anchor',
    {
      'values.yaml': 'x: &repo ghcr.io/acme\nimage:\n  registry: *repo\n  repository: app\n  tag: &t v1 # c'
    },
    'v1'
  ],
  [
    'Helm values of one environment',
    { 'values.yaml': 'image:\n  repository: ghcr.io/acme/app', 'values-prod.yaml': 'image:\n  tag: v1' },
    'v1'
  ],
  [
    'Helm values of one environment that replace a tag',
    {
      'values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: v0',
      'values-prod.yaml': 'image:\n  tag: v1'
    },
    'v1'
  ],
  [
    'kustomize edit that leaves the name',
    { 'deploy.sh': 'kustomize edit set image ghcr.io/acme/app=*:v1' },
    'v1'
  ],
  ['kustomize edit', { 'deploy.sh': 'kustomize edit set image app=ghcr.io/acme/app:v1' }, 'v1'],
  [
    'Argo CD Image Updater with a range',
    { 'app.yaml': 'annotations:\n  argocd-image-updater.argoproj.io/image-list: app=ghcr.io/acme/app:~1.2' },
    '1.2.9'
  ],
  [
    'an Argo CD ApplicationSet with a list',
    {
      'appset.yaml':
        "kind: ApplicationSet\nspec:\n  generators:\n  - list:\n      elements:\n      - cluster: prod\n        tag: v1\n      - cluster: dev\n        tag: v2\n  template:\n    spec:\n      source:\n        helm:\n          parameters:\n          - name: image.tag\n            value: '{{tag}}'\n          - name: image.repository\n            value: ghcr.io/acme/app"
    },
    'v1'
  ],
  [
    'an ApplicationSet whose list has the charts',
    {
      'appset.yaml':
        "generators:\n  - list:\n      elements:\n      - chart: app\n        version: 1.2.3\ntemplate:\n  source:\n    repoURL: ghcr.io/acme/charts\n    chart: '{{chart}}'\n    targetRevision: '{{version}}'"
    },
    '1.2.3',
    'charts/app'
  ],
  [
    'a Flux ImagePolicy',
    {
      'img.yaml':
        'kind: ImageRepository\nspec:\n  image: ghcr.io/acme/app\n---\nkind: ImagePolicy\nspec:\n  policy:\n    semver:\n      range: 1.x'
    },
    '1.7.0'
  ],
  [
    'a Flux Kustomization that substitutes',
    {
      'ks.yaml': 'kind: Kustomization\nspec:\n  postBuild:\n    substitute:\n      app_tag: v1',
      'd.yaml': 'image: ghcr.io/acme/app:${app_tag}'
    },
    'v1'
  ],
  [
    'a Terraform heredoc',
    {
      'main.tf':
        'resource "helm_release" "x" {\n  values = [<<-EOT\n    image:\n      repository: ghcr.io/acme/app\n      tag: v1\n  EOT\n  ]\n}'
    },
    'v1'
  ],
  [
    'Terraform `set` blocks',
    {
      'main.tf':
        'set {\n    name  = "image.repository"\n    value = "ghcr.io/acme/app"\n  }\n  set {\n    name  = "image.tag"\n    value = "v1"\n  }'
    },
    'v1'
  ],
  [
    'Terraform `set` objects',
    {
      'main.tf':
        'set = [\n    { name = "image.repository", value = "ghcr.io/acme/app" },\n    { name = "image.tag", value = "v1" },\n  ]'
    },
    'v1'
  ],
  [
    'a Terraform map',
    {
      'main.tf':
        'locals {\n  versions = {\n    app = "v1"\n    web = "v3"\n  }\n}\nresource "x" "y" { image = "ghcr.io/acme/app:${local.versions["app"]}" }'
    },
    'v1'
  ],
  [
    'a Terraform template',
    {
      'd.yaml.tftpl': 'image: ghcr.io/acme/app:${tag}',
      'main.tf': 'templatefile("d.yaml.tftpl", { tag = "v1" })'
    },
    'v1'
  ],
  [
    'a Terraform condition',
    { 'main.tf': 'image = "ghcr.io/acme/app:${var.env == "prod" ? "v1" : "v2"}"' },
    'v1'
  ],
  [
    'Compose with a suffix where one is set',
    { 'c.yaml': 'image: ghcr.io/acme/app:v1${SUFFIX:+-$SUFFIX}', '.env': 'SUFFIX=slim' },
    'v1-slim'
  ],
  [
    'a bake matrix',
    {
      'docker-bake.hcl':
        'target "app" {\n  matrix = {\n    item = [\n      { tgt = "lint", tag = "v1" },\n      { tgt = "app", tag = "v2" }\n    ]\n  }\n  tags = ["ghcr.io/acme/app:${item.tag}"]\n}'
    },
    'v1'
  ],
  [
    'the arguments of bake',
    {
      'docker-bake.hcl': 'target "a" {\n  args = {\n    BASE_TAG = "v1"\n  }\n}',
      Dockerfile: 'ARG BASE_TAG\nFROM ghcr.io/acme/app:${BASE_TAG}'
    },
    'v1'
  ],
  [
    'a matrix in JSON',
    {
      'ci.yml':
        'matrix:\n  tag: ${{ fromJSON(\'["v1","v2"]\') }}\ncontainer: ghcr.io/acme/app:${{ matrix.tag }}'
    },
    'v1'
  ],
  [
    'a matrix with include',
    {
      'ci.yml':
        'strategy:\n  matrix:\n    include:\n      - image: app\n        tag: v1\ncontainer: ghcr.io/acme/${{ matrix.image }}:${{ matrix.tag }}'
    },
    'v1'
  ],
  [
    'a reusable workflow and its caller',
    {
      'reuse.yml': 'container: ghcr.io/acme/app:${{ inputs.image-tag }}',
      'caller.yml': 'uses: ./.github/workflows/reuse.yml\nwith:\n  image-tag: v1'
    },
    'v1'
  ],
  [
    'format() in a workflow',
    { 'ci.yml': "container: ${{ format('ghcr.io/{0}:{1}', github.repository, 'v1') }}" },
    'v1'
  ],
  [
    'an input with a fallback',
    { 'ci.yml': "container: ghcr.io/acme/app:${{ github.event.inputs.tag || 'v1' }}" },
    'v1'
  ],
  [
    'the default of an input',
    {
      'ci.yml':
        "on:\n  workflow_dispatch:\n    inputs:\n      tag: { default: v1 }\njobs: {a: {container: 'ghcr.io/acme/app:${{ github.event.inputs.tag }}'}}"
    },
    'v1'
  ],
  [
    'the repository without its owner',
    { 'r.sh': 'docker run ghcr.io/acme/${GITHUB_REPOSITORY##*/}:v1' },
    'v1'
  ],
  [
    'the repository without its owner, shorter',
    { 'r.sh': 'docker run ghcr.io/acme/${GITHUB_REPOSITORY#*/}:v1' },
    'v1'
  ],
  [
    'a Makefile of parts',
    {
      Makefile:
        'ORG := acme\nAPP = app\nMAJOR := 1\nMINOR := 2\nVERSION = v$(MAJOR).$(MINOR)\nIMAGE ?= ghcr.io/$(ORG)/$(APP)\nrun: ; docker run $(IMAGE):$(VERSION)'
    },
    'v1.2'
  ],
  [
    'a comment for Renovate before ENV',
    {
      Dockerfile: '# renovate: datasource=docker packageName=ghcr.io/acme/app versioning=semver\nENV APP=v1'
    },
    'v1'
  ],
  [
    'a comment for Renovate before any key',
    { 'x.yaml': '# renovate: image=ghcr.io/acme/app\nconsole: "v1"' },
    'v1'
  ],
  [
    'a comment for Renovate behind the value',
    { 'x.tf': 'app = "v1" # renovate: datasource=docker depName=ghcr.io/acme/app' },
    'v1'
  ],
  [
    'Jsonnet that adds texts',
    {
      'a.jsonnet':
        "{ _config+:: { registry: 'ghcr.io/acme', tag: 'v1' },\n  image: $._config.registry + '/app:' + $._config.tag }"
    },
    'v1'
  ],
  ['Jsonnet that formats', { 'a.libsonnet': "{ image: 'ghcr.io/acme/app:%(tag)s' % { tag: 'v1' } }" }, 'v1'],
  [
    'a helmfile',
    {
      'helmfile.yaml':
        'repositories:\n- name: acme\n  url: ghcr.io/acme/charts\n  oci: true\nreleases:\n- name: x\n  chart: acme/app\n  version: 1.2.3'
    },
    '1.2.3',
    'charts/app'
  ],
  [
    'Skaffold',
    {
      'skaffold.yaml': 'releases:\n- name: x\n  remoteChart: oci://ghcr.io/acme/charts/app\n  version: 1.2.3'
    },
    '1.2.3',
    'charts/app'
  ],
  [
    'Tekton parameters',
    {
      't.yaml': 'params:\n  - name: tag\n    default: v1\nsteps:\n  - image: ghcr.io/acme/app:$(params.tag)'
    },
    'v1'
  ],
  [
    'Tekton parameters, the other way round',
    {
      't.yaml': 'params:\n  - default: v1\n    name: tag\nsteps:\n  - image: ghcr.io/acme/app:$(params.tag)'
    },
    'v1'
  ],
  [
    'Kaniko with an environment',
    { 'p.yaml': 'env:\n - name: TAG\n   value: v1\nargs: ["--destination=ghcr.io/acme/app:$(TAG)"]' },
    'v1'
  ],
  [
    'Ansible',
    {
      'play.yml': 'image: "{{ registry }}/{{ app_name }}:{{ app_version | default(\'v1\') }}"',
      'group_vars/all.yml': 'registry: ghcr.io/acme\napp_name: app'
    },
    'v1'
  ],
  [
    'Pulumi in YAML',
    {
      'Pulumi.yaml':
        'config:\n  tag:\n    type: string\n    default: v1\nresources:\n  d:\n    properties:\n      image: ghcr.io/acme/app:${tag}'
    },
    'v1'
  ],
  ['a quadlet of systemd', { 'app.container': '[Container]\nImage=ghcr.io/acme/app:v1' }, 'v1'],
  [
    'a devcontainer with comments',
    { 'devcontainer.json': '{\n // c\n "image": "ghcr.io/acme/app:v1", // trailing\n}' },
    'v1'
  ],
  [
    'a feature of a devcontainer',
    { 'devcontainer.json': '{ "features": { "ghcr.io/acme/features/tool:1": {} } }' },
    '1',
    'features/tool'
  ],
  [
    'GitLab CI',
    {
      '.gitlab-ci.yml':
        'variables:\n  TAG:\n    value: v1\n    description: x\nimage: ghcr.io/acme/app:${TAG}'
    },
    'v1'
  ],
  [
    'inputs of GitLab CI',
    {
      '.gitlab-ci.yml':
        'spec:\n  inputs:\n    tag:\n      default: v1\n---\nimage: ghcr.io/acme/app:$[[ inputs.tag ]]'
    },
    'v1'
  ],
  ['PowerShell', { 'd.ps1': '$env:TAG = "v1"\ndocker run "ghcr.io/acme/app:$env:TAG"' }, 'v1'],
  ['a glob', { 'p.yaml': 'image: "ghcr.io/acme/app:v1*"' }, 'v1.2'],
  [
    'vendir with constraints',
    {
      'v.yml':
        'imgpkgBundle:\n  image: ghcr.io/acme/app\n  tagSelection:\n    semver:\n      constraints: ">1.0.0"'
    },
    '1.2.3'
  ],
  ['JSON with keys of its own', { 'versions.json': '{"app":{"repo":"ghcr.io/acme/app","ver":"v1"}}' }, 'v1'],
  ['a list of tags', { 'a.yaml': 'repository: ghcr.io/acme/app\ntags:\n  - v1\n  - v2' }, 'v1'],
  ['a list of tags in brackets', { 'a.yaml': 'repository: ghcr.io/acme/app\ntags: [v1, v2]' }, 'v1'],
  [
    'a list of tags in JSON',
    { 'a.json': '{"image":"ghcr.io/acme/app",\n"tags":[\n  "v1",\n  "v2"\n]}' },
    'v1'
  ],
  [
    'a Helm value by its index',
    {
      'a.yaml': 'image: "ghcr.io/acme/app:{{ index .Values "web-app" "tag" }}"',
      'values.yaml': 'web-app:\n  tag: v1'
    },
    'v1'
  ],
  [
    'Bazel',
    { WORKSPACE: 'container_pull(name="x", registry="ghcr.io", repository="acme/app", tag="v1")' },
    'v1'
  ],
  [
    'a flat value of one environment',
    {
      'base/values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: edge',
      'env/prod.yaml': 'image.tag: v1\n'
    },
    'v1'
  ],
  [
    'what Argo CD Image Updater writes back',
    {
      'values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: edge',
      '.argocd-source-app.yaml':
        'helm:\n  parameters:\n  - name: image.tag\n    value: v1\n    forcestring: true'
    },
    'v1'
  ],
  ['XML', { 'pom.xml': '<repository>ghcr.io/acme/app</repository>\n<tag>v1</tag>' }, 'v1'],
  ['Gradle', { 'build.gradle': "jib { to { image = 'ghcr.io/acme/app'\n tags = ['v1'] } }" }, 'v1'],
  [
    'properties',
    {
      'application.properties':
        'quarkus.container-image.registry=ghcr.io\nquarkus.container-image.group=acme\nquarkus.container-image.name=app\nquarkus.container-image.tag=v1'
    },
    'v1'
  ],
  [
    'yq in a script',
    {
      'deploy.sh': 'yq -i \'.image.tag = "v1"\' values.yaml',
      'values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: edge'
    },
    'v1'
  ],
  ['a version without its v', { 'deploy.sh': 'TAG=v1.2.3\ndocker run ghcr.io/acme/app:${TAG#v}' }, '1.2.3'],
  [
    'Java',
    { 'T.java': 'new GenericContainer<>(DockerImageName.parse("ghcr.io/acme/app").withTag("v1"))' },
    'v1'
  ],
  [
    'a Nomad pack',
    {
      'variables.hcl': 'variable "image_tag" {\n  type = string\n  default = "v1"\n}',
      'job.nomad.tpl': 'image = "ghcr.io/acme/app:[[ var "image_tag" . ]]"'
    },
    'v1'
  ],
  [
    'the output of a job with a fallback',
    { 'ci.yml': "container: ghcr.io/acme/app:${{ needs.setup.outputs.tag || 'v1' }}" },
    'v1'
  ],
  [
    'a folded text',
    { 'ci.yml': 'env:\n  IMAGE: >-\n    ghcr.io/acme/app\njobs: {a: {container: "${{ env.IMAGE }}:v1"}}' },
    'v1'
  ],
  [
    'a choice in a workflow',
    { 'ci.yml': "container: ghcr.io/acme/app:${{ github.ref == 'refs/heads/main' && 'v1' || 'v2' }}" },
    'v1'
  ],
  [
    'Azure Pipelines',
    {
      'azure-pipelines.yml':
        'variables:\n- name: tag\n  value: v1\nresources:\n  containers:\n  - container: app\n    image: ghcr.io/acme/app:$(tag)'
    },
    'v1'
  ],
  [
    'CircleCI',
    {
      'config.yml':
        'parameters:\n  tag:\n    type: string\n    default: v1\nexecutors:\n  d:\n    docker:\n    - image: ghcr.io/acme/app:<< parameters.tag >>'
    },
    'v1'
  ],
  [
    'Compose with a tag where one is set',
    { 'c.yml': 'image: ghcr.io/acme/app${TAG:+:$TAG}', '.env': 'TAG=v1' },
    'v1'
  ],
  [
    'Compose with a digest where one is set',
    { 'c.yml': 'image: ghcr.io/acme/app${DIGEST:+@$DIGEST}', '.env': `DIGEST=${DIGEST}` },
    DIGEST
  ],
  ['an image that is hidden behind its registry', { 'c.yml': 'image: ghcr.io/${IMAGE_NAME}:v1' }, 'v1']
]

describe('E-16 what is in use is found', () => {
  test.each(FORMS)('in %s', (_, files, inUse, packageName = 'app') => {
    expect(usedBy(files, packageName, [inUse, ...OTHERS]).tags).toContain(inUse)
  })
})

const HIDDEN: readonly (readonly [name: string, files: Files])[] = [
  [
    'Argo CD Image Updater',
    {
      'app.yaml':
        'annotations:\n  argocd-image-updater.argoproj.io/image-list: myapp=ghcr.io/acme/app\n  argocd-image-updater.argoproj.io/myapp.allow-tags: regexp:^v[0-9]+$'
    }
  ],
  [
    'format() in Terraform',
    {
      'main.tf':
        'image = format("ghcr.io/%s/%s:%s", var.owner, var.name, var.tag)\nvariable "owner" { default = "acme" }\nvariable "name" { default = "app" }\nvariable "tag" { default = "v1" }'
    }
  ],
  [
    'a function of bake',
    {
      'docker-bake.hcl':
        'variable "REPO" { default = "ghcr.io/acme/app" }\nfunction "tag" {\n  params = [v]\n  result = ["${REPO}:${v}"]\n}\ntarget "a" { tags = tag("v1") }'
    }
  ],
  ['backticks', { 'r.sh': 'docker pull ghcr.io/acme/app:`cat VERSION`' }],
  ['a file that a command reads', { 'r.sh': 'docker pull ghcr.io/acme/app:$(cat VERSION)', VERSION: 'v1\n' }],
  ['a digest in a Dockerfile', { Dockerfile: 'ARG DIGEST\nFROM ghcr.io/acme/app@${DIGEST}' }],
  ['Jsonnet with a list', { 'a.libsonnet': "{ image: '%s/%s:%s' % ['ghcr.io/acme', 'app', 'v1'] }" }],
  ['a specifier of systemd', { 'app@.container': '[Container]\nImage=ghcr.io/acme/app:%i' }],
  ['TypeScript', { 'index.ts': "const image = 'ghcr.io/acme/app:' + tag" }],
  ['Python', { 'a.py': 'image = "ghcr.io/acme/app:{}".format(tag)' }],
  ['older Python', { 'a.py': 'image = "ghcr.io/acme/app:%s" % tag' }],
  ['Go', { 'a.go': 'img := fmt.Sprintf("ghcr.io/acme/app:%s", version)' }],
  ['requiredEnv', { 'helmfile.yaml.gotmpl': 'image: ghcr.io/acme/app:{{ requiredEnv "TAG" }}' }],
  ['a tag without a value', { 'values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag:' }],
  [
    'values of one environment',
    {
      'base/values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: edge',
      'env/prod.yaml': 'image:\n  tag: ${RELEASE}\n'
    }
  ],
  ['a part of a variable', { 'deploy.sh': 'TAG=v1-rc\ndocker run ghcr.io/acme/app:${TAG%-*}' }],
  ['__TAG__', { 'd.tpl': 'image: ghcr.io/acme/app:__TAG__' }],
  ['@TAG@', { 'd.tpl': 'image: ghcr.io/acme/app:@TAG@' }],
  ['#{TAG}#', { 'd.tpl': 'image: ghcr.io/acme/app:#{TAG}#' }],
  ['ERB', { 'd.erb': 'image: ghcr.io/acme/app:<%= @tag %>' }],
  ['Rust', { 'a.rs': 'let image = format!("ghcr.io/acme/app:{}", TAG);' }],
  ['CircleCI', { 'config.yml': 'docker:\n- image: ghcr.io/acme/app:<< pipeline.parameters.tag >>' }],
  ['Concourse', { 'p.yml': 'source:\n  repository: ghcr.io/acme/app\n  tag: ((tag))' }],
  ['a digest in Compose', { 'c.yml': 'image: ghcr.io/acme/app@${DIGEST}' }],
  ['all behind the registry', { 'c.yml': 'image: ghcr.io/${IMAGE_NAME}:${TAG}' }],
  ['the whole image', { 'c.yml': 'image: ${APP_IMAGE}' }],
  ['a secret', { 'ci.yml': 'container: ghcr.io/acme/app:${{ secrets.TAG }}' }]
]

describe('E-16 what cannot be resolved holds everything, and is told with file and line', () => {
  test.each(HIDDEN)('%s', (_, files) => {
    const { tags, unresolved } = usedBy(files, 'app', OTHERS)
    expect(tags).toEqual(expect.arrayContaining(OTHERS))
    expect(unresolved.length).toBeGreaterThan(0)
    expect(unresolved).toEqual(unresolved.map(() => expect.stringMatching(/^.+:\d+$/)))
  })
})

test.each<[string, Files]>([
  ['a platform of a stage', { Dockerfile: 'FROM --platform=$BUILDPLATFORM node:20 AS build' }],
  [
    'a repository to check out',
    { 'ci.yml': 'with:\n  repository: ${{ inputs.fork }}\n  version: ${{ inputs.x }}' }
  ],
  ['what the run works out', { 'ci.yml': 'container: ${{ needs.build.outputs.image }}\nversion: 0.9.0' }],
  [
    'the values of another image',
    { 'a.yaml': 'repository: redis\ntag: ""', 'b.yaml': 'image: ghcr.io/acme/app:v1' }
  ]
])('E-16 nothing is held by %s', (_, files) => {
  expect(usedBy(files, 'app', OTHERS)).toEqual({
    tags: [...('b.yaml' in files ? ['v1'] : [])],
    unresolved: []
  })
})
