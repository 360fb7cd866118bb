import { expect, it } from '@jest/globals'
import { startCacheService } from '../../emulator/cache-service.ts'
import { createRepositories, type RepositoryBuilder } from '../../emulator/repositories.ts'
import { repositoryRoutes } from '../../emulator/repository-api.ts'
import { notIntegration } from '../../emulator/repository-parts.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { createWorld } from '../../emulator/world.ts'
import { fastClock, runInside } from '../../helpers/inside.ts'
import { checkout } from '../../helpers/workspace.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** The policy file, and what is asked of the workspace and the repository, in whole runs. */

interface RepositoryScene extends Scene {
  readonly repository: RepositoryBuilder
  readonly other: RepositoryBuilder
}

/** The scene with the repository acme/app, whose package is acme/app, and another one. */
async function openRepositoryScene(): Promise<RepositoryScene> {
  const world = createWorld()
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  const [repository, other] = [repositories.add('acme/app'), repositories.add('acme/other')]
  const scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  return { ...scene, repository, other, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

/** Pushes an image for each list of tags, the first one the newest: one a day, from this many days back. */
function push(app: Scene['app'], days: number, ...lists: string[][]): void {
  lists.forEach((tags, index) => {
    app.push(manifest(), { tags, at: ago(days + index) })
  })
}

const tagsOf = (app: Scene['app']): string[] => Object.keys(app.tags()).sort()

const DELETE_ALL = `
version: 1
packages:
  - match: app
    rules:
      - name: everything
        action: delete
        match: { tags: '*' }
`

it('a policy file decides on each package by the first entry that matches it, and leaves the others alone', async () => {
  await using scene = await openScene()
  const { world, app, github, run } = scene
  const facts = { repository: 'acme/app' }
  const [web, other] = [world.package('acme/app-web', facts), world.package('acme/other', facts)]
  for (const pkg of [app, web, other]) push(pkg, 30, ['latest'], ['sha-4'], ['sha-3'], ['sha-2'], ['sha-1'])
  using repository = checkout({
    '.github/ghcr-steward.yml': `
version: 1
packages:
  - match: app
    rules:
      - { name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 3 }
  - match: ['app-*', '!app-metadata']
    rules:
      - { name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 1 }
`
  })
  const token = world.classic('olivia', ['read:packages', 'delete:packages'])
  const result = await run({ policy: '.github/ghcr-steward.yml', token }, repository.circumstances)
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['latest', 'sha-2', 'sha-3', 'sha-4'])
  expect(tagsOf(web)).toEqual(['latest', 'sha-4'])
  expect(other.digests().size).toBe(5)
  expect(github.requests.filter(({ path }) => path.includes('/other/'))).toEqual([])
  expect(JSON.parse(result.outputs['packages'] ?? '')).toEqual(['app', 'app-web'])
})

it('a policy that only names packages needs no right to list them', async () => {
  await using scene = await openScene()
  const { world, app, github, run } = scene
  const web = world.package('acme/team/web', { repository: 'acme/app' })
  for (const pkg of [app, web]) push(pkg, 30, ['v1'], ['sha-1'])
  const policy =
    'version: 1\npackages:\n- match: [App, team/web]\n  rules: [{ action: delete, match: { tags: sha-* } }]'
  const result = await run({ policy })
  expect(result.errors).toEqual([])
  expect([tagsOf(app), tagsOf(web)]).toEqual([['v1'], ['v1']])
  expect(github.requests.some(({ path }) => path.endsWith('/packages'))).toBe(false)
})

it('T-37: patterns of packages in a policy need a token that may list them, and say so', async () => {
  await using scene = await openScene()
  push(scene.app, 30, ['v1'], ['sha-1'])
  const policy = 'version: 1\npackages:\n- match: ap*\n  rules: [{ action: delete, match: { tags: sha-* } }]'
  const result = await scene.run({ policy })
  expect(result.errors).toHaveLength(1)
  expect(result.errors[0]).toMatch(/list/)
  expect(tagsOf(scene.app)).toEqual(['sha-1', 'v1'])
})

it('a package that a policy names must exist', async () => {
  await using scene = await openScene()
  push(scene.app, 30, ['v1'], ['sha-1'])
  const policy =
    'version: 1\npackages:\n- match: [app, ap]\n  rules: [{ action: delete, match: { tags: sha-* } }]'
  const result = await scene.run({ policy })
  expect(result.errors).toEqual([expect.stringMatching(/^ap: /)])
})

it('the input `packages` narrows a policy, and says what the policy leaves out', async () => {
  await using scene = await openScene()
  const { world, app, run } = scene
  const [web, other] = ['acme/web', 'acme/other'].map(name => world.package(name, { repository: 'acme/app' }))
  for (const pkg of [app, web!, other!]) push(pkg, 30, ['v1'], ['sha-1'])
  const policy =
    'version: 1\npackages:\n- match: [app, web]\n  rules: [{ action: delete, match: { tags: sha-* } }]'
  const result = await run({ policy, packages: 'app, other' })
  expect(result.warnings).toEqual([
    expect.stringMatching(/^No entry of the policy matches other, so it is left alone\./)
  ])
  expect([app, web!, other!].map(pkg => tagsOf(pkg).length)).toEqual([1, 2, 2])
})

it('the rules of the inputs hold beside those of the policy, and of two brakes the stricter', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  push(app, 30, ['v1'], ['sha-3'], ['sha-2'], ['sha-1'], ['rc-1'])
  const policy = `${DELETE_ALL}defaults: { max-deletions: 100, grace: 48h }`
  const braked = await run({ policy, 'keep-tags': 'v*', 'max-deletions': '3' })
  expect(braked.errors).toEqual([
    expect.stringMatching(/The plan has 4 deletions, and `max-deletions` allows 3/)
  ])
  await run({ policy, 'keep-tags': 'v*', 'delete-tags': 'rc-*' })
  expect(tagsOf(app)).toEqual(['v1'])
})

it('what is wrong with a policy is told with its place, all at once, before the first request', async () => {
  await using scene = await openScene()
  using repository = checkout({
    'policy.yml': `version: 1
packages:
  - match: app
    rules:
      - action: delete
        match: { tag: 'sha-*', older-then: 30d }
      - action: keep
        match: { tags: '/^v(/' }
        keep-within: 3 moons
`
  })
  const result = await scene.run({ policy: 'policy.yml' }, repository.circumstances)
  expect(result.errors).toEqual([
    expect.stringMatching(
      /^policy\.yml:6:18: packages\[0\]\.rules\[0\]\.match\.tag: .*Did you mean `tags`\?$/
    ),
    expect.stringMatching(/^policy\.yml:6:32: .*Did you mean `older-than`\?$/),
    expect.stringMatching(/^policy\.yml:8:24: .*`\/\^v\(\/` has a `\(` without its `\)`/),
    expect.stringMatching(/^policy\.yml:9:22: .*`3 moons` is not an age/)
  ])
  expect(result.stdout).toMatch(/^::error file=policy\.yml,line=6,col=18::policy\.yml:6:18: /m)
  expect(scene.github.requests).toEqual([])
})

it('a policy file that is not there is told with what to do, before the first request', async () => {
  await using scene = await openScene()
  const result = await scene.run({ policy: '.github/steward.yml' })
  expect(result.errors).toEqual([
    expect.stringMatching(
      /Input `policy`: The policy file `\.github\/steward\.yml` is not there\..*checked out/
    )
  ])
  expect(scene.github.requests).toEqual([])
})

it('an empty policy deletes nothing', async () => {
  await using scene = await openScene()
  push(scene.app, 90, ['v1'], [])
  const result = await scene.run({ policy: 'version: 1\npackages: [{ match: app, rules: [] }]' })
  expect(result.errors).toEqual([])
  expect(scene.github.writes).toEqual([])
})

it('what files use stays, and the file and line are the reason', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const pushed = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'].map((tag, day) =>
    app.push(image(), { tags: [tag], at: ago(40 - day) })
  )
  using repository = checkout({
    'deploy/prod.yaml': 'spec:\n  image: ghcr.io/acme/app:v1\n',
    'deploy/values.yaml': 'image:\n  repository: ghcr.io/acme/app\n  tag: v2\n',
    'compose.yml': `services:\n  app:\n    image: ghcr.io/acme/app@${pushed[2]?.digest}\n`,
    'in-use.txt': `pod-1 ghcr.io/acme/app@${pushed[3]?.children[0]?.digest}\n`,
    Dockerfile: 'FROM ghcr.io/acme/app:v5\n',
    'node_modules/x/deploy.yaml': 'image: ghcr.io/acme/app:v6\n'
  })
  const policy = `${DELETE_ALL}protect: { files: ['**/*.{yaml,yml}', 'helm/**'], list: in-use.txt }`
  const result = await run(
    { policy, 'protect-files': '**/Dockerfile', 'required-tags': 'v9' },
    repository.circumstances
  )
  expect(tagsOf(app)).toEqual(['v1', 'v2', 'v3', 'v4', 'v5'])
  expect(pushed.map(one => result.why(one))).toEqual([
    'kept: in use by deploy/prod.yaml:2',
    'kept: in use by deploy/values.yaml:3',
    'kept: in use by compose.yml:3',
    'kept: in use by in-use.txt:1',
    'kept: in use by Dockerfile:1',
    expect.stringMatching(/^deleted: /)
  ])
  expect(result.warnings).toEqual([expect.stringMatching(/The file pattern `helm\/\*\*` matches no file/)])
  expect(result.errors).toEqual([])
})

it.each([
  ['is not there', {}, /The list of what is in use, `in-use\.txt` is not there/],
  ['is empty, as when kubectl failed', { 'in-use.txt': '\n' }, /names no image at all/]
])(
  'law 3: when the list of what is in use %s, nothing is requested, let alone deleted',
  async (_, files, error) => {
    await using scene = await openScene()
    using repository = checkout(files)
    push(scene.app, 30, ['v1'], ['v2'])
    const policy = `${DELETE_ALL}protect: { list: in-use.txt }`
    const result = await scene.run({ policy }, repository.circumstances)
    expect(result.errors).toEqual([expect.stringMatching(error)])
    expect(scene.github.requests).toEqual([])
  }
)

it('what git tags, releases, branches and open pull requests name stays', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, run } = scene
  repository.tag('v1.0.0')
  repository.release('v2.0.0')
  repository.branch('feature/x', 'abcdef0123456789abcdef0123456789abcdef01')
  repository.pull(7, { branch: 'fix/login', commit: '1234567123456712345671234567123456712345' })
  repository.pull(8, { closed: ago(50), branch: 'old', commit: '7654321765432176543217654321765432176543' })
  const kept = [
    '1.0.0',
    'v2.0.0',
    'main',
    'feature-x',
    'sha-abcdef0',
    'pr-7',
    'pr-7-1234567',
    'web-pr-7',
    'fix-login',
    'sha-1234567'
  ]
  const gone = ['old', 'sha-7654321', '3.0.0', 'feature-y', 'sha-abcdef1', 'pr-8', 'pr-77', 'v7']
  push(app, 30, ...[...kept, ...gone].map(tag => [tag]))
  const policy = `${DELETE_ALL}protect: { git: [git-tags, releases] }`
  const result = await run({ policy, protect: 'branches, pull-requests' })
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(kept.toSorted())
  expect(result.summary).toContain('in use by pull request &#35;7')
})

it('law 3: a source of what is in use that cannot be read stops the package', async () => {
  await using scene = await openRepositoryScene()
  const { app, github, run } = scene
  push(app, 30, ['v1'], ['v2'])
  github.faults.on({ path: /matching-refs/ }, { kind: 'answer', answer: notIntegration() })
  const result = await run({ 'delete-tags': '*', protect: 'branches' })
  expect(result.errors).toEqual([expect.stringMatching(/^app: Reading the branches of acme\/app failed/)])
  expect(tagsOf(app)).toEqual(['v1', 'v2'])
})

const PULL_REQUESTS = `
version: 1
packages:
  - match: app
    rules:
      - name: closed pull requests
        action: delete
        match: { tags: '/^pr-(?<pr>\\d+)(-.*)?$/', pull-request: closed, closed-for: 3d }
`

it('images of closed pull requests go, each number asked for once', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, github, run } = scene
  for (const number of [1, 2, 3]) repository.pull(number, { closed: ago(20) })
  repository.pull(4, { closed: ago(2) })
  repository.pull(5)
  push(app, 30, ['pr-1'], ['pr-1-abc'], ['pr-2'], ['pr-4'], ['pr-5'], ['pr-6'], ['v1'], ['pr-3', 'latest'])
  const result = await run({ policy: PULL_REQUESTS })
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['latest', 'pr-3', 'pr-4', 'pr-5', 'pr-6', 'v1'])
  const asked = github.requests.filter(({ path }) => path.includes('/pulls'))
  expect(asked.map(({ path, query }) => [path, /state=\w+/.exec(query)?.[0]])).toEqual([
    ['/repos/acme/app/pulls', 'state=all'],
    ['/repos/acme/app/pulls', 'state=open']
  ])
})

it('law 3: the image of a pull request stays that one answer calls closed and another one open', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, github, run } = scene
  repository.pull(1, { closed: ago(20) })
  repository.pull(2, { closed: ago(20) })
  push(app, 30, ['pr-1'], ['pr-2'], ['v1'])
  const reopen = () => {
    const [one] = repository.row.pulls
    if (one !== undefined) repository.row.pulls[0] = { ...one, state: 'open', closed: undefined }
  }
  github.faults.on({ path: /\/pulls$/, times: 1 }, { kind: 'then', run: reopen })
  const result = await run({ policy: PULL_REQUESTS })
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['pr-1', 'v1'])
})

it('old pull requests are asked for page by page, or one by one where that is less', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, github, run } = scene
  for (let number = 1; number <= 450; number++) repository.pull(number, { closed: ago(20) })
  push(app, 30, ['v1'], ['pr-3'], ['pr-9999'])
  await run({ policy: PULL_REQUESTS })
  const asked = () =>
    github.requests.filter(({ path }) => path.includes('/pulls')).map(({ path, query }) => path + query)
  expect(asked()).toHaveLength(3)
  expect(asked()[1]).toBe('/repos/acme/app/pulls/3')
  push(app, 30, ...Array.from({ length: 30 }, (_, index) => [`pr-${250 + index}`]))
  await run({ policy: PULL_REQUESTS })
  expect(asked().slice(3)).toHaveLength(4)
  expect(tagsOf(app)).toEqual(['pr-9999', 'v1'])
})

it('a number means a pull request of the repository that the package is linked to', async () => {
  await using scene = await openRepositoryScene()
  const { world, repository, other, run } = scene
  const web = world.package('acme/web', { repository: 'acme/other' })
  repository.pull(1, { closed: ago(20) })
  other.pull(1)
  push(web, 30, ['pr-1'], ['v1'])
  const token = world.classic('olivia', ['read:packages', 'delete:packages'])
  const result = await run({ policy: PULL_REQUESTS.replace('match: app', 'match: web'), token })
  expect(result.errors).toEqual([])
  expect(tagsOf(web)).toEqual(['pr-1', 'v1'])
})

it('law 3: what GitHub does not answer matches nothing, and makes the run red', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, github, run } = scene
  repository.pull(1, { closed: ago(20) })
  push(app, 30, ['pr-1'], ['v1'], ['rc-1'])
  github.faults.on({ path: /\/pulls/ }, { kind: 'answer', answer: notIntegration() })
  const result = await run({ policy: PULL_REQUESTS, 'delete-tags': 'rc-*' })
  expect(result.errors).toEqual([
    expect.stringMatching(
      /^app: Rules with `pull-request: closed` matched nothing, because what they ask is not known\./
    )
  ])
  expect(tagsOf(app)).toEqual(['pr-1', 'v1'])
})

it('images of branches and git tags that are gone go', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, run } = scene
  repository.branch('feature/x')
  repository.tag('v1.0.0')
  push(
    app,
    30,
    ['main-aaaaaaa'],
    ['feature-x-aaaaaaa'],
    ['feature-y-aaaaaaa'],
    ['1.0.0'],
    ['1.1.0'],
    ['latest']
  )
  const policy = `
version: 1
packages:
  - match: app
    rules:
      - { action: delete, match: { tags: '/^(?<branch>.+)-[0-9a-f]{7}$/', branch: deleted } }
      - { action: delete, match: { semver: '*', git-tag: deleted } }
`
  const result = await run({ policy })
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['1.0.0', 'feature-x-aaaaaaa', 'latest', 'main-aaaaaaa'])
})

it('T-25i what a git tag names is no image of a deleted branch, however many tags and branches there are', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, run } = scene
  for (let number = 0; number < 250; number++) repository.branch(`topic-${number}`)
  repository.tag(...Array.from({ length: 250 }, (_, number) => `5.${number}.0`), '6.0.1')
  push(app, 30, ['latest'], ['topic-249'], ['6.0.1'], ['gone'])
  const policy = `
version: 1
packages:
  - match: app
    rules:
      - { action: delete, match: { tags: ['/^(?<branch>.+)$/', '!latest'], branch: deleted } }
`
  const result = await run({ policy })
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['6.0.1', 'latest', 'topic-249'])
})

const TESTED = `
version: 1
packages:
  - match: app
    rules: [{ name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 1 }]
tests:
  - name: the newest build stays
    now: 2026-06-30T00:00:00Z
    versions:
      - { digest: new, tags: [sha-2], created: 2026-06-02 }
      - { digest: old, tags: [sha-1], created: 2026-06-01 }
    expect: { delete: [old] }
`

it('the tests of a policy run alone, without a token, asking nobody', async () => {
  using repository = checkout({ 'policy.yml': TESTED })
  const circumstances = { ...repository.circumstances, repository: '/' }
  const nowhere = { apiUrl: 'http://127.0.0.1:9', registryUrl: 'http://127.0.0.1:9' }
  const test = (inputs: Record<string, string>) => runInside(nowhere, inputs, fastClock(100), circumstances)
  await using good = await test({ policy: 'policy.yml', 'policy-tests': 'true' })
  expect([good.code, good.stdout]).toEqual([
    0,
    'as expected: the newest build stays\n1 policy test passed.\n'
  ])
  const wrong = { policy: TESTED.replace('keep-at-least: 1', 'keep-at-least: 2'), 'policy-tests': 'true' }
  await using bad = await test(wrong)
  expect(bad.code).toBe(1)
  expect(bad.stdout).toContain(
    '::error::Policy test "the newest build stays": `old` should be deleted, and is kept: 2nd newest of rule "builds".'
  )
})

it.each([
  [{ 'policy-tests': 'true' }, /Input `policy-tests` needs a policy/],
  [{ 'policy-tests': 'true', policy: DELETE_ALL }, /The policy has no `tests`/],
  [
    { 'policy-tests': 'true', policy: TESTED, polcy: 'x' },
    /Input `polcy` is not known\. Did you mean `policy`/
  ],
  [{ 'policy-tests': 'yes', policy: TESTED }, /Input `policy-tests`: "yes" cannot be read\. Write `true`\./]
])('policy tests that cannot be run are an error: %j', async (inputs, error) => {
  await using scene = await openScene()
  const result = await scene.run(inputs)
  expect(result.errors).toEqual([expect.stringMatching(error)])
  expect(scene.github.requests).toEqual([])
})

it('a policy that fails its own tests deletes nothing, and asks for nothing', async () => {
  await using scene = await openScene()
  push(scene.app, 30, ['sha-2'], ['sha-1'], ['v1'])
  const result = await scene.run({ policy: TESTED.replace('delete: [old]', 'delete: []') })
  expect(result.errors).toEqual([expect.stringMatching(/`old` should be kept, and is deleted/)])
  expect(scene.github.requests).toEqual([])
  await scene.run({ policy: TESTED })
  expect(tagsOf(scene.app)).toEqual(['sha-2', 'v1'])
})

it('`untagged-for` counts from the first run that saw a version without a tag', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, run } = scene
  const old = app.push(manifest(), { tags: ['latest'], at: ago(90) })
  app.push(manifest(), { tags: ['latest', 'v1'], at: ago(1) })
  const policy =
    'version: 1\npackages:\n- match: app\n  rules: [{ action: delete, match: { untagged-for: 0s } }]'
  const circumstances = { env: cache.env }
  const first = await run({ policy, grace: '0s' }, circumstances)
  expect([first.errors, app.version(old.digest) !== undefined]).toEqual([[], true])
  const forgetful = await run({ policy, grace: '0s' })
  expect([forgetful.errors, app.version(old.digest) !== undefined]).toEqual([[], true])
  await run({ policy, grace: '0s' }, circumstances)
  expect(app.version(old.digest)).toBeUndefined()
})

it('a check looks at the packages that a policy speaks of, and at nothing that only retention needs', async () => {
  await using scene = await openRepositoryScene()
  const { world, app, repository, run } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  repository.tag('v1')
  push(app, 30, ['v1'])
  push(web, 30, ['v0'])
  const policy = `version: 1
protect: { list: none.txt }
packages:
- match: web
  rules: [{ action: delete, match: { tags: '*' } }]`
  const result = await run({ mode: 'check', policy })
  expect(result.errors).toEqual([])
  expect(JSON.parse(result.outputs['missing'] ?? '')).toMatchObject([{ package: 'web', tag: 'v1' }])
  expect(scene.github.writes).toEqual([])
  expect(result.warnings).toEqual(['1 tag lacks its image: v1.'])
})

it('E-33: a check says which packages that it was given the policy leaves out', async () => {
  await using scene = await openRepositoryScene()
  const { world, app, run } = scene
  push(app, 30, ['v1'])
  push(world.package('acme/web', { repository: 'acme/app' }), 30, ['v0'])
  const policy = `version: 1
packages:
- match: web
  rules: []`
  const result = await run({ mode: 'check', packages: 'app, web', policy })
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/No entry of the policy matches app, so it is left alone/)
  )
})
