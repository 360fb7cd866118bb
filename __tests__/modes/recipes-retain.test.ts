import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import type { Digest } from '../../src/model/digest.ts'
import type { Builder } from '../emulator/builder.ts'
import { createRepositories } from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { artifact, image, manifest } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { buildWorkflow } from '../helpers/check-run.ts'
import { fastClock } from '../helpers/inside.ts'
import { recipe } from '../helpers/recipes.ts'
import { jobIn, play, type Runner, type Settings } from '../helpers/workflow.ts'
import { ago, openScene, type Run } from './retain/runs.ts'

/** The recipes that delete, whole: dry, for real, again, and back. */

const folder = mkdtempSync(join(tmpdir(), 'ghcr-steward-retain-'))
afterAll(() => rmSync(folder, { recursive: true }))

const RECIPES = 'docs/recipes.md'
const undo = jobIn('docs/approval-and-undo.md', 'Undo a retention', 'undo')
const buildx = () => image(['linux/amd64', 'linux/arm64'], { attest: 'new' })

/** The organization acme, whose repository acme/app runs the jobs; artifacts stay from job to job. */
async function open(files: Readonly<Record<string, string>> = {}) {
  const world = createWorld(fastClock(100).now)
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  const repository = repositories.add('acme/app')
  const scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  const runner = (replaced: Readonly<Record<string, string>> = {}): Runner<Run> => ({
    token: permissions => world.githubToken('acme/app', permissions),
    appToken: world.appToken('acme'),
    files,
    folder,
    artifacts,
    run: (inputs, env) => scene.run({ ...inputs, ...replaced }, { repository: 'acme/app', env })
  })
  const artifacts: Runner<Run>['artifacts'] = new Map()
  return {
    world,
    repository,
    scene,
    run: (workflow: string, job: string, settings: Settings = {}) =>
      play(jobIn(RECIPES, workflow, job), settings, runner()),
    /** The undo recipe, for the package that it was adapted to. */
    undo: (packages: string, token: string) =>
      play(undo, { inputs: { run: '1' } }, runner({ packages, token })),
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]()
  }
}

type Recipes = Awaited<ReturnType<typeof open>>

/**
 * What everybody does after a while, by the recipes: look whether the releases have their images, purge one in an emergency,
 * see that it is missing, and take that back.
 */
async function checkPurgeRestore(github: Recipes, name: string, tag: string, app: Builder, token: string) {
  const check = () =>
    github.run('Check Missing Container Images', 'check-missing-images', {
      vars: { GHCR_CONTAINER: name },
      inputs: { 'dry-run': true }
    })
  const purge = (dryRun: boolean) =>
    github.run('Emergency purge', 'purge', {
      inputs: { purge: tag, package: name, confirm: name, 'dry-run': dryRun }
    })
  github.repository.workflow('build-and-deploy.yml', buildWorkflow(app))
  const before = stock(app)
  expect(await check()).toMatchObject([{ code: 0, warnings: [], outputs: { 'missing-tags': '' } }])
  expect((await purge(true)).map(run => run.errors)).toEqual([[]])
  expect(stock(app)).toEqual(before)
  expect((await purge(false)).map(run => run.errors)).toEqual([[]])
  expect(app.tags()).not.toHaveProperty([tag])
  expect(await check()).toMatchObject([{ code: 0, outputs: { 'missing-tags': tag } }])
  expect((await github.undo(name, token)).map(run => run.errors)).toEqual([[]])
  expect(stock(app)).toEqual(before)
  expect(await check()).toMatchObject([{ code: 0, outputs: { 'missing-tags': '' } }])
}

const policyOf = (heading: string) => ({ '.github/ghcr-steward.yml': recipe(RECIPES, heading) })
const stock = (...apps: readonly Builder[]) => apps.map(app => ({ tags: app.tags(), digests: app.digests() }))
const dry: Settings = { inputs: { 'dry-run': true } }

test.each(['with GHCR_RETENTION_TOKEN', 'without it'])(
  'thirty builds that are not releases, %s: check, emergency purge, undo',
  async how => {
    await using github = await open(policyOf('Thirty builds that are not releases'))
    const app = github.world.package('acme/api-gateway', { repository: 'acme/app' })
    for (let build = 36; build >= 1; build--) {
      const release = build % 12 === 0 ? [`v1.${4 - build / 12}.0`] : []
      app.push(buildx(), { tags: [`sha-${1_000_000 + build}`, ...release], at: ago(build + 1) })
      if (release[0] !== undefined) github.repository.tag(`release/${release[0]}`)
    }
    app.push(buildx(), { at: ago(40) })
    const token = github.world.classic('olivia')
    const secrets: Record<string, string> = how === 'without it' ? {} : { GHCR_RETENTION_TOKEN: token }
    const before = stock(app)

    // Three builds beyond the thirty and one untagged image, of five manifests each.
    const planned = await github.run('GHCR Retention', 'retention', { ...dry, secrets })
    expect(planned).toMatchObject([{ code: 0, outputs: { 'planned-count': '20' } }, { code: 0 }])
    expect(github.scene.github.writes).toEqual([])
    const real = await github.run('GHCR Retention', 'retention', { secrets })
    expect(real).toMatchObject([{ code: 0, outputs: { 'deleted-count': '20' } }, { code: 0 }])
    const builds = Object.keys(app.tags()).filter(tag => tag.startsWith('sha-1'))
    expect(builds).toHaveLength(30 + 3)
    const undone = await github.undo('api-gateway', token)
    expect(undone.map(run => run.errors)).toEqual([[]])
    expect(stock(app)).toEqual(before)
    await github.run('GHCR Retention', 'retention', { secrets })
    const again = await github.run('GHCR Retention', 'retention', { secrets })
    expect(again).toMatchObject([{ code: 0, outputs: { 'deleted-count': '0' } }, { code: 0 }])

    if (how === 'without it') return
    const whole = stock(app)
    const inputs = { purge: 'v1.3.0', package: 'api-gateway', confirm: 'api-gateway' }
    await github.run('Emergency purge', 'purge', { secrets, inputs: { ...inputs, 'dry-run': true } })
    expect(stock(app)).toEqual(whole)
    const purged = await github.run('Emergency purge', 'purge', {
      secrets,
      inputs: { ...inputs, 'dry-run': false }
    })
    expect(purged).toMatchObject([{ code: 0 }])
    expect(app.tags()).not.toHaveProperty(['v1.3.0'])
    const lacking = await github.run('GHCR Retention', 'retention', { secrets })
    expect(lacking).toMatchObject([{ code: 0 }, { code: 1, outputs: { 'missing-tags': 'release/v1.3.0' } }])
    // The retention above has uploaded its report over that of the purge, as artifacts of one name do: purge anew.
    await github.run('Emergency purge', 'purge', {
      secrets,
      inputs: { ...inputs, purge: 'v1.2.0', 'dry-run': false }
    })
    expect(app.tags()).not.toHaveProperty(['v1.2.0'])
    const back = await github.undo('api-gateway', token)
    expect(back.map(run => run.errors)).toEqual([[]])
    expect(app.tags()).toHaveProperty(['v1.2.0'])
  }
)

test('the last builds of every version, and the test package goes; then check, emergency purge, undo', async () => {
  await using github = await open(policyOf('The last builds of every version'))
  const app = github.world.package('acme/regtech/sbl/alpine', { repository: 'acme/app' })
  for (let build = 1; build <= 6; build++) {
    const newest = build === 6 ? ['v3.1.0', 'latest'] : []
    app.push(buildx(), { tags: [`v3.1.0_${build}`, ...newest], at: ago(100 - build) })
  }
  app.push(buildx(), { tags: ['v3.0.0_1', 'v3.0.0'], at: ago(200) })
  app.push(manifest(), { at: ago(40) })
  github.repository.tag('v3.0.0', 'v3.1.0')
  const trial = github.world.package('acme/regtech/sbl/test', { repository: 'acme/app' })
  trial.push(manifest(), { tags: ['do_not_use'], at: ago(10) })
  const token = github.world.classic('olivia')
  const secrets = { CR_PAT: token }
  const before = stock(app, trial)

  const unset = await github.run('Core images', 'retention', dry)
  expect(unset.map(run => run.errors.join())).toEqual([expect.stringContaining('`token` is empty')])
  expect(github.scene.github.requests).toEqual([])
  expect(await github.run('Core images', 'retention', { ...dry, secrets })).toMatchObject([
    { code: 0, outputs: { 'planned-count': '16' } },
    { code: 0, outputs: { 'planned-count': '1' } }
  ])
  expect(stock(app, trial)).toEqual(before)
  const real = await github.run('Core images', 'retention', { secrets })
  expect(real).toMatchObject([
    { code: 0, outputs: { 'deleted-count': '16' } },
    { code: 0, outputs: { 'deleted-count': '1' } }
  ])
  const left = ['latest', 'v3.0.0', 'v3.0.0_1', 'v3.1.0', 'v3.1.0_4', 'v3.1.0_5', 'v3.1.0_6']
  expect(Object.keys(app.tags()).toSorted()).toEqual(left)
  const undone = await github.undo('regtech/sbl/alpine', token)
  expect(undone.map(run => run.errors)).toEqual([[]])
  expect(stock(app)).toEqual(before.slice(0, 1))
  await github.run('Core images', 'retention', { secrets })
  const again = await github.run('Core images', 'retention', { secrets })
  expect(again).toMatchObject([
    { code: 0, outputs: { 'deleted-count': '0' } },
    { code: 0, warnings: [] }
  ])
  expect(again[1]?.stdout).toMatch(/::notice::GitHub finds no package regtech\/sbl\/test/)
  await checkPurgeRestore(github, 'regtech/sbl/alpine', 'v3.0.0', app, token)
})

test('the test package stays where the token may not delete it, and the run says what to grant', async () => {
  await using github = await open(policyOf('The last builds of every version'))
  const app = github.world.package('acme/regtech/sbl/alpine', { repository: 'acme/app' })
  app.push(buildx(), { tags: ['v3.1.0_1', 'v3.1.0', 'latest'], at: ago(100) })
  const trial = github.world.package('acme/regtech/sbl/test', { repository: 'acme/app' })
  trial.push(manifest(), { tags: ['do_not_use'], at: ago(10) })
  const secrets = { CR_PAT: github.world.classic('olivia', ['read:packages', 'write:packages']) }
  const runs = await github.run('Core images', 'retention', { secrets })
  expect(runs.at(-1)?.errors.join()).toMatch(/delete:packages/)
  expect(Object.keys(trial.tags())).toEqual(['do_not_use'])
})

test.each(['without GHCR_PAT', 'with it'])(
  'fifteen, ten and ten, %s: check, emergency purge, undo',
  async how => {
    await using github = await open(policyOf('Fifteen, ten and ten'))
    const names = ['', '-copilot', '-codex', '-claude', '-proxy', '-log-forwarder', '-payload', '-metadata']
    const facts = { repository: 'acme/app', visibility: 'public' } as const
    const apps = names.map(name => github.world.package(`acme/containai${name}`, facts))
    for (const app of apps.slice(0, 2)) {
      for (let build = 20; build >= 1; build--) {
        const moving = build === 18 ? ['prod'] : build === 1 ? ['dev', 'nightly'] : []
        app.push(manifest(), { tags: [`sha-${1_000_000 + build}`, ...moving], at: ago(build + 1) })
      }
    }
    for (const app of apps.slice(2, 6)) app.push(manifest(), { tags: ['sha-1000001'], at: ago(3) })
    for (let build = 14; build >= 1; build--) {
      const shape = () => artifact('application/vnd.containai.payload', undefined)
      apps[6]?.push(shape(), { tags: [`1.0.${14 - build}`], at: ago(build + 1) })
      apps[7]?.push(shape(), { tags: ['dev', 'channels'], at: ago(build + 1) })
    }
    const token = github.world.classic('olivia')
    const secrets: Record<string, string> = how === 'with it' ? { GHCR_PAT: token } : {}
    const run = (settings: Settings = {}) =>
      github.run('Retention and visibility', 'cleanup-ghcr', { secrets, ...settings })
    const before = stock(...apps)
    const planned = await run(dry)
    expect(planned).toMatchObject([{ code: 0, outputs: { 'planned-count': '20' } }, { code: 0 }])
    expect(stock(...apps)).toEqual(before)
    const real = await run()
    expect(real.map(({ errors, warnings }) => [...errors, ...warnings])).toEqual([[], []])
    const left = apps.map(app => app.digests().size)
    expect(left).toEqual([15 + 1, 10 + 1, 1, 1, 1, 1, 10, 1 + 10])
    const undone = await github.undo('containai containai-*', token)
    expect(undone.map(({ errors }) => errors)).toEqual([[]])
    expect(stock(...apps)).toEqual(before)
    expect(await run()).toMatchObject([{ code: 0, outputs: { 'deleted-count': '20' } }, { code: 0 }])
    expect(await run()).toMatchObject([{ code: 0, outputs: { 'deleted-count': '0' } }, { code: 0 }])

    const [main] = apps
    if (main === undefined) throw new Error('no package')
    main.push(manifest(), { tags: ['v1.2.0', 'sha-2000000'], at: ago(0.5) })
    github.repository.tag('v1.2.0')
    // That asks for no secret.
    if (how === 'with it') await checkPurgeRestore(github, 'containai', 'v1.2.0', main, token)
    main.row.visibility = 'private'
    expect(await run()).toMatchObject([{ code: 0 }, { code: 1 }])
  }
)

test.each(['without PAT', 'with it'])(
  'multi-platform images without a list of digests, %s: check, emergency purge, undo',
  async how => {
    await using github = await open()
    const apps = ['package1', 'team/package2'].map(name =>
      github.world.package(`acme/${name}`, { repository: 'acme/app', visibility: 'public' })
    )
    for (const app of apps) {
      app.push(buildx(), { at: ago(90) })
      for (let build = 5; build >= 1; build--)
        app.push(buildx(), { tags: build === 5 ? ['latest'] : [`v1.0.${build}`], at: ago(20 + build) })
    }
    const token = github.world.classic('olivia')
    const secrets: Record<string, string> = how === 'with it' ? { PAT: token } : {}
    const run = (settings: Settings = {}) =>
      github.run('Container retention policy', 'clean', { secrets, ...settings })
    const before = stock(...apps)
    expect(await run(dry)).toMatchObject([{ code: 0, outputs: { 'planned-count': '30' } }])
    expect(stock(...apps)).toEqual(before)
    expect(await run()).toMatchObject([{ code: 0, outputs: { 'deleted-count': '30' } }])
    for (const app of apps) expect(Object.keys(app.tags()).toSorted()).toEqual(['latest', 'v1.0.1', 'v1.0.2'])
    expect((await github.undo('package1 team/package2', token)).map(({ errors }) => errors)).toEqual([[]])
    expect(stock(...apps)).toEqual(before)
    // What GitHub refuses because of its downloads stays and is listed; the rest goes.
    const [first, second] = apps
    if (first === undefined || second === undefined) throw new Error('no package')
    first.downloaded({ digest: first.tags()['v1.0.4'] as Digest }, 5_001)
    const refused = await run()
    expect(refused).toMatchObject([{ code: 0 }])
    expect(refused[0]?.summary).toMatch(/refused/i)
    expect(Object.keys(first.tags()).toSorted()).toEqual(['latest', 'v1.0.1', 'v1.0.2', 'v1.0.4'])
    const again = await run()
    expect(again).toMatchObject([{ code: 0, outputs: { 'deleted-count': '0' } }])
    github.repository.tag('v1.0.1', 'v1.0.2')
    // What follows asks for no secret.
    if (how === 'with it') return
    await checkPurgeRestore(github, 'team/package2', 'v1.0.2', second, token)
  }
)

test('the image of a closed pull request goes at once, beside a sha-… tag too, and no release goes', async () => {
  await using github = await open()
  const app = github.world.package('acme/my-app', { repository: 'acme/app' })
  app.push(buildx(), { tags: ['v1.0.0', 'pr-12-final'], at: ago(0.02) })
  app.push(buildx(), { tags: ['pr-12', 'sha-1234567'], at: ago(0.01) })
  app.push(buildx(), { tags: ['pr-123'], at: ago(0.01) })
  const [run] = await github.run('Closed pull requests', 'clean-up', { github: { event: { number: 12 } } })
  expect(run?.errors).toEqual([])
  expect(Object.keys(app.tags()).toSorted()).toEqual(['pr-12-final', 'pr-123', 'v1.0.0'])
})

test('the packages of a closed pull request go, one of them being gone already, and no others', async () => {
  await using github = await open()
  const facts = { repository: 'acme/app' }
  for (const name of ['my-app', 'my-app-pr-12-web', 'my-app-pr-123-web'])
    github.world.package(`acme/${name}`, facts).push(manifest(), { tags: ['v1'], at: ago(0.01) })
  const closed: Settings = { github: { event: { number: 12 } } }
  const [run] = await github.run('Packages of closed pull requests', 'clean-up', closed)
  expect(run).toMatchObject({ code: 0, warnings: [], outputs: { 'deleted-count': '1' } })
  expect(run?.stdout).toMatch(/::notice::GitHub finds no package my-app-pr-12-api/)
  const acme = github.world.owner('acme')
  const left = acme === undefined ? [] : github.world.packages(acme, 'active').map(({ name }) => name)
  expect(left.toSorted()).toEqual(['app', 'my-app', 'my-app-pr-123-web'])
  const [again] = await github.run('Packages of closed pull requests', 'clean-up', closed)
  expect(again).toMatchObject({ code: 0, outputs: { 'deleted-count': '0' } })
})

test('a window that ends: one a week within 90 days, and nothing beyond', async () => {
  await using github = await open()
  const app = github.world.package('acme/shop/nightly', { repository: 'acme/app' })
  for (let day = 130; day >= 1; day -= 3) app.push(manifest(), { tags: [`nightly-${day}`], at: ago(day) })
  const inputs = { packages: 'shop/nightly', policy: recipe(RECIPES, 'A window that ends') }
  expect((await github.scene.run(inputs)).errors).toEqual([])
  const days = Object.keys(app.tags()).map(tag => Number(tag.replace('nightly-', '')))
  expect(Math.max(...days)).toBeLessThan(90)
  expect(days.filter(day => day > 7).length).toBeGreaterThanOrEqual(11)
  expect(days.filter(day => day > 7).length).toBeLessThanOrEqual(13)
})
