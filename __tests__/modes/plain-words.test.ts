import { expect, test } from '@jest/globals'
import { createRepositories } from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { fastClock } from '../helpers/inside.ts'
import { ago, openScene } from './retain/runs.ts'

/** What the log and the summary say in each mode is said in the words of that mode. */

async function openShop() {
  const scene = await openScene()
  for (const day of [90, 80, 70]) scene.app.push(image(), { tags: [`v${day}`], at: ago(day) })
  scene.app.push(manifest(), { tags: ['latest'], at: ago(60) })
  return scene
}

test.each(['true', 'false'])(
  'the summary of a purge has no column without content (dry-run: %s)',
  async dry => {
    await using scene = await openShop()
    const run = await scene.run({ mode: 'purge', purge: 'v90', confirm: 'app', 'dry-run': dry })
    expect(run.summary).toMatch(/\| Image \| Parts \| Why \|/)
    expect(run.summary).not.toContain('Age |')
  }
)

test('the summary of deletions by a rule has the age of each image', async () => {
  await using scene = await openShop()
  const run = await scene.run({ 'delete-tags': 'v90', 'dry-run': 'true' })
  expect(run.summary).toMatch(/\| Image \| Parts \| Rule \| Age \|/)
})

test('a dry restore changes nothing, and counts no changes', async () => {
  await using scene = await openShop()
  await scene.run({ mode: 'purge', purge: 'v90', confirm: 'app' })
  const dry = await scene.run({ mode: 'restore', restore: 'since 3h', 'dry-run': 'true' })
  expect(dry.errors).toEqual([])
  expect(dry.stdout).not.toMatch(/of \d+ changes?/)
  const real = await scene.run({ mode: 'restore', restore: 'since 3h' })
  expect(real.stdout).toMatch(/1 of \d+ changes/)
})

test('a restore that fails does not say that nothing was decided', async () => {
  await using scene = await openShop()
  const run = await scene.run({ mode: 'restore', restore: 'v1' })
  expect(run.code).toBe(1)
  expect(run.stdout).not.toMatch(/decided/i)
  expect(run.stdout).toContain('app: nothing was done')
  expect(run.stdout).toContain('Nothing was restored. The report: ')
  expect(run.summary).toMatch(/^## Failed: nothing was restored/)
})

test('a restore without an answer says what to do, and not that nothing was decided', async () => {
  await using scene = await openShop()
  scene.github.faults.on({ host: 'api', path: /app\/versions/ }, { kind: 'answer', answer: { status: 502 } })
  const run = await scene.run({ mode: 'restore', restore: 'since 3h', 'dry-run': 'true' })
  expect(run.code).toBe(1)
  expect(run.stdout).not.toMatch(/decided/i)
  expect(run.stdout).toContain('Dry run: nothing would be restored. The report: ')
})

test('the footer of a check speaks of tags', async () => {
  const world = createWorld(fastClock(100).now)
  world.org('acme', { olivia: 'admin' })
  const repositories = createRepositories(world)
  repositories.add('acme/app')
  await using scene = await openScene({ world, routes: repositoryRoutes(repositories) })
  scene.app.push(manifest(), { tags: ['latest'], at: ago(60) })
  const run = await scene.run({ mode: 'check', 'git-tags': '!*', 'required-tags': 'latest' })
  expect(run.summary).toContain('The state of every expected tag is in the JSON report.')
  expect(run.summary).not.toContain("Every version's verdict")
})
