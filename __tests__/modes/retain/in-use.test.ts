import { expect, it } from '@jest/globals'
import { createRepositories, type RepositoryBuilder } from '../../emulator/repositories.ts'
import { repositoryRoutes } from '../../emulator/repository-api.ts'
import { manifest } from '../../emulator/shapes.ts'
import { createWorld } from '../../emulator/world.ts'
import { recipe } from '../../helpers/recipes.ts'
import { checkout } from '../../helpers/workspace.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** What a repository says is alive stays, however its names are written, and what it does not say is not believed. */

interface RepositoryScene extends Scene {
  readonly repository: RepositoryBuilder
  readonly other: RepositoryBuilder
}

async function openRepositoryScene(): Promise<RepositoryScene> {
  const world = createWorld()
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  const [repository, other] = [repositories.add('acme/app'), repositories.add('acme/other')]
  const scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  return { ...scene, repository, other, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

function push(app: Scene['app'], ...tags: string[]): void {
  tags.forEach((tag, index) => {
    app.push(manifest(), { tags: [tag], at: ago(30 + index) })
  })
}

const tagsOf = (app: Scene['app']): string[] => Object.keys(app.tags()).sort()

const ruleFor = (match: string, entry = 'match: app') => `
version: 1
packages:
  - ${entry}
    rules:
      - { action: delete, match: ${match} }
`
const NO_BRANCH = "{ tags: ['*', '!latest'], branch: deleted }"
const NO_GIT_TAG = "{ tags: ['*', '!latest'], git-tag: deleted }"

it('E-14 the images of living branches stay in every spelling, by `branch: deleted` and by `protect`', async () => {
  const spellings = ['release-1-x', 'feature_login', 'a-b', 'featureabc', 'big-change']
  for (const inputs of [
    { policy: ruleFor(NO_BRANCH) },
    { 'delete-tags': '*, !latest', protect: 'branches' },
    { 'delete-tags': '*, !latest', protect: 'pull-requests' }
  ]) {
    await using scene = await openRepositoryScene()
    const { app, repository, run } = scene
    const branches = ['release/1.x', 'feature/login', 'a--b', 'feature/abc', 'Big/Change']
    branches.forEach((branch, index) => {
      if (inputs.protect === 'pull-requests') repository.pull(index + 1, { branch })
      else repository.branch(branch)
    })
    push(app, 'latest', 'gone', ...spellings)
    const result = await run(inputs)
    expect(result.errors).toEqual([])
    expect(tagsOf(app)).toEqual([...spellings, 'latest'].sort())
  }
})

it('E-15 the images of git tags with build metadata stay, by `git-tag: deleted` and by `protect`', async () => {
  for (const inputs of [
    { policy: ruleFor(NO_GIT_TAG) },
    { 'delete-tags': '*, !latest', protect: 'git-tags' }
  ]) {
    await using scene = await openRepositoryScene()
    const { app, repository, run } = scene
    repository.tag('1.0.0+b5', 'chart-2.0.0+b5')
    push(app, 'latest', '1.0.0_b5', '1.0.0-b5', '2.0.0_b5', '3.0.0_b5')
    const result = await run(inputs)
    expect(result.errors).toEqual([])
    expect(tagsOf(app)).toEqual(['1.0.0-b5', '1.0.0_b5', '2.0.0_b5', 'latest'])
  }
})

it('E-10 a list of branches without the default branch is not believed', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, run } = scene
  repository.branch('feature/x')
  repository.hide('refs/heads/main')
  push(app, 'latest', 'main', 'feature-x', 'gone')
  const rule = await run({ policy: ruleFor(NO_BRANCH) })
  expect(rule.errors).toEqual([
    expect.stringMatching(/`branch: deleted` matched nothing.*lacks its default branch main/s)
  ])
  const protect = await run({ 'delete-tags': '*', protect: 'branches' })
  expect(protect.errors).toEqual([expect.stringMatching(/lacks its default branch main/)])
  expect(tagsOf(app)).toEqual(['feature-x', 'gone', 'latest', 'main'])
})

const ONCE_LACKING: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
  ['branches, by `branch: deleted`', { policy: ruleFor(NO_BRANCH) }, /matching-refs\/heads$/],
  ['branches, by `protect`', { 'delete-tags': '*, !latest', protect: 'branches' }, /matching-refs\/heads$/],
  ['git tags, by `git-tag: deleted`', { policy: ruleFor(NO_GIT_TAG) }, /matching-refs\/tags$/],
  ['git tags, by `protect`', { 'delete-tags': '*, !latest', protect: 'git-tags' }, /matching-refs\/tags$/],
  ['releases', { 'delete-tags': '*, !latest', protect: 'releases' }, /\/releases$/],
  ['pull requests', { 'delete-tags': '*, !latest', protect: 'pull-requests' }, /\/pulls$/]
]

it.each(ONCE_LACKING)('E-10 a list of %s, that is empty once, is not believed', async (_, inputs, path) => {
  await using scene = await openRepositoryScene()
  const { app, github, repository, run } = scene
  repository.branch('alive')
  repository.tag('alive')
  repository.release('alive')
  repository.pull(7, { branch: 'alive' })
  push(app, 'latest', 'alive', 'gone')
  github.faults.on({ path, times: 1 }, { kind: 'answer', answer: { status: 200, body: [] } })
  const result = await run(inputs)
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['alive', 'latest'])
})

it('E-10 a list of git tags without the tag of a release, or without any, is not believed', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, run } = scene
  push(app, 'latest', 'v1.0.0', 'v2.0.0')
  const policy = ruleFor(NO_GIT_TAG)
  expect((await run({ policy })).errors).toEqual([expect.stringMatching(/names no git tag of acme\/app/)])
  repository.tag('v1.0.0', 'v2.0.0')
  repository.release('v2.0.0')
  repository.hide('refs/tags/v2.0.0')
  expect((await run({ policy })).errors).toEqual([
    expect.stringMatching(/lacks v2\.0\.0, which has a release/)
  ])
  const protect = await run({ 'delete-tags': '*', protect: 'git-tags' })
  expect(protect.errors).toEqual([expect.stringMatching(/lacks v2\.0\.0, which has a release/)])
  expect(tagsOf(app)).toEqual(['latest', 'v1.0.0', 'v2.0.0'])
})

it('E-10 a pull request that falls between two pages is found from the other end', async () => {
  await using scene = await openRepositoryScene()
  const { app, repository, github, run } = scene
  for (let number = 1; number <= 150; number++) repository.pull(number)
  push(app, 'latest', ...Array.from({ length: 150 }, (_, index) => `pr-${index + 1}`))
  // One of the first page is closed once it was read, so that the next page begins one row later.
  const close = () => {
    const pull = repository.row.pulls.find(({ number }) => number === 149)
    if (pull !== undefined) pull.state = 'closed'
  }
  github.faults.on({ path: /\/pulls$/, query: /\bpage=2/, times: 1 }, { kind: 'first', run: close })
  const result = await run({ 'delete-tags': 'pr-*', protect: 'pull-requests' })
  expect(result.errors).toEqual([])
  expect(tagsOf(app).filter(tag => tag.startsWith('pr-'))).toHaveLength(150)
})

it('E-12 what a package without a repository has alive is unknown, unless its policy entry names one', async () => {
  await using scene = await openRepositoryScene()
  const { world, other, repository, run } = scene
  const web = world.package('acme/web')
  other.branch('living')
  repository.branch('ours')
  push(web, 'latest', 'living', 'gone', 'ours')
  const token = world.classic('olivia', ['read:packages', 'delete:packages', 'repo'])
  const unlinked = await run({ policy: ruleFor(NO_BRANCH, 'match: web'), token })
  expect(unlinked.errors).toEqual([
    expect.stringMatching(
      /web: Rules with `branch: deleted` matched nothing.*linked to no repository.*`repository: owner\/name`/s
    )
  ])
  const unguarded = await run({ packages: 'web', 'delete-tags': '*', protect: 'branches', token })
  expect(unguarded.errors).toEqual([expect.stringMatching(/linked to no repository/)])
  expect(tagsOf(web)).toEqual(['gone', 'latest', 'living', 'ours'])
  const told = await run({
    policy: recipe('docs/policies.md', 'A package that is linked to no repository'),
    token
  })
  expect(told.errors).toEqual([])
  expect(tagsOf(web)).toEqual(['latest', 'living'])
})

it('E-12 `repository` decides whose git tags protect', async () => {
  await using scene = await openRepositoryScene()
  const { app, other, repository, run } = scene
  repository.tag('v1')
  other.tag('v2')
  push(app, 'latest', 'v1', 'v2')
  const policy = `${ruleFor("{ tags: 'v*' }", 'match: app\n    repository: acme/other')}protect: { git: git-tags }`
  const result = await run({ policy })
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['latest', 'v2'])
})

it('E-16 a digest that a variable hides holds every version of its package, and of no other', async () => {
  await using scene = await openRepositoryScene()
  const { app, world, run } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  push(app, 'v1', 'v2')
  const untagged = app.push(manifest(), { at: ago(40) })
  push(web, 'v1', 'v2')
  using files = checkout({ Dockerfile: `ARG DIGEST\nFROM ghcr.io/acme/app@\${DIGEST}` })
  const inputs = {
    packages: 'app, web',
    'delete-tags': '*',
    'max-deletion-percent': '100',
    'delete-untagged': 'true',
    'protect-files': 'Dockerfile'
  }
  const result = await run(inputs, { env: { GITHUB_WORKSPACE: files.root } })
  expect(result.errors).toEqual([])
  expect(result.warnings.join()).toContain('Dockerfile:2 names an image by a variable')
  expect(tagsOf(app)).toEqual(['v1', 'v2'])
  expect(app.version(untagged.digest)).toBeDefined()
  expect(result.why(untagged)).toBe('kept: in use by Dockerfile:2')
  expect(tagsOf(web)).toHaveLength(1)
})

it('of 150 places that a variable hides and 150 files that are no text a hundred each are told, and how many more there are', async () => {
  await using scene = await openScene()
  push(scene.app, 'v1', 'v2')
  const binaries = Array.from({ length: 150 }, (_, at) => [`${at}.bin`, Uint8Array.of(0)] as const)
  using files = checkout({
    'compose.yaml': 'image: ghcr.io/acme/app:$NOBODY\n'.repeat(150),
    ...Object.fromEntries(binaries)
  })
  const inputs = { 'delete-tags': '*', 'protect-files': '*' }
  const { report } = (await scene.run(inputs, { env: { GITHUB_WORKSPACE: files.root } })) as {
    report?: { finished?: { warnings: string[] } }
  }
  const warnings = report?.finished?.warnings.join('\n') ?? ''
  expect(warnings.match(/compose\.yaml:\d+ names an image by a variable/g)).toHaveLength(100)
  expect(warnings).toContain('50 more places in protected files also name an image by such a variable.')
  expect(warnings.match(/A matching file was not searched/g)).toHaveLength(100)
  expect(warnings).toContain('50 more matching files were not searched')
  expect(tagsOf(scene.app)).toEqual(['v1', 'v2'])
})

it.each([
  ['a release that goes', (rows: { tag: string }[]) => rows.splice(rows.length - 1, 1)],
  ['a release that comes', (rows: { tag: string }[]) => rows.push({ ...rows[0]!, tag: 'v9.9.9' })],
  [
    'one of each',
    (rows: { tag: string }[]) => rows.splice(rows.length - 1, 1, { ...rows[0]!, tag: 'v9.9.9' })
  ]
])('E-10 no release falls between two pages because of %s while they are read', async (_, change) => {
  await using scene = await openRepositoryScene()
  const { app, repository, github, run } = scene
  const tags = Array.from({ length: 250 }, (__, index) => `v1.0.${index}`)
  for (const tag of tags) repository.release(tag)
  push(app, 'latest', ...tags)
  const path = /\/releases$/
  const moved = { kind: 'first', run: () => change(repository.row.releases) } as const
  github.faults.on({ path, query: /\bpage=2/, times: 1 }, moved)
  github.faults.on({ path, query: /\bpage=3/, times: 1 }, moved)
  const result = await run({ 'delete-tags': 'v*', protect: 'releases' })
  expect(result.errors).toEqual([])
  expect(tagsOf(app).length).toBe(251)
})
