import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { createRepositories } from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { image } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { buildWorkflow } from '../helpers/check-run.ts'
import { fastClock } from '../helpers/inside.ts'
import { jobIn, play, type Settings } from '../helpers/workflow.ts'
import { openScene } from './retain/runs.ts'

/** The recipe "Check missing container images", whole, with its own variables, set and not. */

const folder = mkdtempSync(join(tmpdir(), 'ghcr-steward-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

const job = jobIn('docs/recipes.md', 'Check Missing Container Images', 'check-missing-images')

/** The repository acme/app with these git tags; images that were built are in acme/`container`. */
async function open(tags: readonly string[], built: readonly string[], container: string, workflow: string) {
  const clock = fastClock(100)
  const world = createWorld(clock.now)
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  const repository = repositories.add('acme/app')
  const scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  const app = container === 'app' ? scene.app : world.package(`acme/${container}`, { repository: 'acme/app' })
  for (const tag of built) app.push(image(), { tags: [tag] })
  repository.workflow(workflow, buildWorkflow(app))
  repository.tag(...tags)
  const started = () => repository.row.runs.map(run => run.inputs['tag'])
  const finishBuilds = (): void => {
    while (repository.row.runs.some(({ status }) => status !== 'completed')) repositories.look(repository.row)
  }
  const check = async (settings: Settings, of = job) => {
    const [run] = await play(of, settings, {
      token: permissions => world.githubToken('acme/app', permissions),
      appToken: world.appToken('acme'),
      folder,
      artifacts: new Map(),
      run: (inputs, env) => scene.run(inputs, { repository: 'acme/app', env })
    })
    if (run === undefined) throw new Error('the job has no step of this action')
    return run
  }
  return {
    world,
    scene,
    started,
    finishBuilds,
    check,
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]()
  }
}

test('nothing set: `v*` of this repository; dry, for real, again, and once the images are there', async () => {
  await using github = await open(
    ['v1.0.0', 'v1.1.0', 'v2.0.0', 'nightly'],
    ['v1.0.0'],
    'app',
    'build-and-deploy.yml'
  )
  const dry = await github.check({ inputs: { 'dry-run': true } })
  expect(dry).toMatchObject({ code: 0, outputs: { 'missing-tags': 'v2.0.0\nv1.1.0', dispatched: '[]' } })
  expect(github.started()).toEqual([])
  const real = await github.check({})
  expect(real).toMatchObject({ code: 0, outputs: { 'missing-tags': 'v2.0.0\nv1.1.0' } })
  expect(github.started()).toEqual(['v2.0.0', 'v1.1.0'])
  github.finishBuilds()
  const again = await github.check({})
  expect(again).toMatchObject({ code: 0, outputs: { 'missing-tags': '' } })
  expect(github.started()).toEqual(['v2.0.0', 'v1.1.0'])
})

test('everything set: another container, a prefix, several skipped, a workflow and a token of its own', async () => {
  const tags = ['release-1.0', 'release-1.1', 'release-1.1-rc.1', 'release-0.9', 'v3.0.0']
  await using github = await open(tags, [], 'regtech/api', 'image.yml')
  const settings: Settings = {
    vars: {
      GHCR_ORG: 'acme',
      GHCR_CONTAINER: 'regtech/api',
      VERSION_PREFIX: 'release-',
      SKIP_TAGS: '/-rc\\.\\d+$/ /^release-0\\./',
      BUILD_WORKFLOW: 'image.yml'
    },
    secrets: { GHCR_READ_TOKEN: github.world.classic('olivia', ['read:packages']) }
  }
  expect(await github.check(settings)).toMatchObject({
    code: 0,
    outputs: { 'missing-tags': 'release-1.1\nrelease-1.0' }
  })
  expect(github.started()).toEqual(['release-1.1', 'release-1.0'])
})

test('a prefix that is set and empty means all tags', async () => {
  await using github = await open(['v1', '2.0', 'nightly'], ['v1'], 'app', 'build-and-deploy.yml')
  const run = await github.check({ vars: { VERSION_PREFIX: '' }, inputs: { 'dry-run': true } })
  expect(run.outputs['missing-tags']?.split('\n').toSorted()).toEqual(['2.0', 'nightly'])
})

test('regular expressions without slashes are refused with what to write, before any request', async () => {
  await using github = await open(['v1'], [], 'app', 'build-and-deploy.yml')
  const run = await github.check({ vars: { SKIP_TAGS: '-rc\\.\\d+$ ^v0' } })
  expect(run.code).toBe(1)
  expect(run.errors.join('\n')).toMatch(/skip-tags.*`\/-rc\\\.\\d\+\$\/`/s)
  expect(github.scene.github.requests).toEqual([])
})

test('docs/missing-images.md: every morning, whatever is missing is started by the token of the workflow', async () => {
  await using github = await open(['v1.0.0', 'v2.0.0'], ['1.0.0'], 'app', 'build.yml')
  const morning = jobIn('docs/missing-images.md', 'Missing images', 'check')
  const run = await github.check({}, morning)
  expect(run).toMatchObject({ code: 0, outputs: { 'missing-tags': 'v2.0.0' } })
  expect(github.started()).toEqual(['v2.0.0'])
})
