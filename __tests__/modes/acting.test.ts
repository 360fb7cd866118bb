import { expect, it } from '@jest/globals'
import type { Pushed } from '../emulator/builder.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { reportOf } from '../helpers/saved-report.ts'
import { ago, digestsOf, openScene } from './retain/runs.ts'

/** Runs that act on what an earlier run wrote, and budgets. */

const BUILDS = { 'delete-tags': 'sha-*' }

it('E-29 deletes smaller images when the oldest is more than deletions-per-run, and says what it takes', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const large = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  app.push(manifest(), { tags: ['sha-2'], at: ago(70) })
  const result = await run({ ...BUILDS, 'deletions-per-run': '2' })
  expect(app.digests()).toEqual(digestsOf(v1, large))
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '1', incomplete: 'true' } })
  expect(result.warnings.join()).toMatch(/sha-1 .*set it to 3 or more/)
  const stuck = await run({ ...BUILDS, 'deletions-per-run': '2' })
  expect(stuck.code).toBe(1)
  expect(stuck.errors.join()).toMatch(/sha-1 .*set it to 3 or more/)
})

it('E-32 restores every package of a report when packages is left out', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  for (const pkg of [app, web]) {
    pkg.push(manifest(), { tags: ['v1'], at: ago(90) })
    pkg.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  }
  const first = await run({ ...BUILDS, packages: 'app, web' })
  expect(first.outputs['deleted-count']).toBe('2')
  const back = await run({ mode: 'restore', restore: reportOf(first) })
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '2' } })
  for (const pkg of [app, web]) expect(Object.keys(pkg.tags()).sort()).toEqual(['sha-1', 'v1'])
})

it.each<[string, (text: string) => string, RegExp]>([
  [
    'whose steps and rows disagree',
    text => text.replace('"verdict":"delete"', '"verdict":"keep"'),
    /is to delete version \d+, whose verdict is keep/
  ],
  [
    'of another registry',
    text => text.replace(/"registry":"[^"]*"/, '"registry":"https://containers.example"'),
    /about the registry https:\/\/containers\.example/
  ]
])('E-37 refuses a plan %s before the first request', async (_, edit, sentence) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const dry = await run({ ...BUILDS, 'dry-run': 'true' })
  const before = github.requests.filter(({ path }) => /versions/.test(path)).length
  const result = await run({ ...BUILDS, plan: reportOf(dry, edit) })
  expect(result.code).toBe(1)
  expect(result.errors.join()).toMatch(sentence)
  expect(github.requests.filter(({ path }) => /versions/.test(path))).toHaveLength(before)
})

it.each([
  ['', (build: Pushed) => build],
  ['in a part ', ({ children }: Pushed) => children[0] as Pushed]
])('E-37 leaves what was signed or attested %safter the plan was made', async (_, partOf) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const dry = await run({ ...BUILDS, 'dry-run': 'true' })
  app.sign(partOf(build))
  const result = await run({ ...BUILDS, plan: reportOf(dry) })
  expect(github.writes).toEqual([])
  expect(JSON.stringify(result.report)).toMatch(/which came after the plan, describes it or a part of it/)
})

it('E-34 lists what was restored at once as restored, not as deleted', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.deletedTags = 'shown'
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const build = app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 },
    { kind: 'first', run: () => app.tag(build, 'v2') }
  )
  const result = await run(BUILDS)
  expect(result.outputs).toMatchObject({ deleted: '[]', 'deleted-count': '0', 'restored-count': '1' })
  expect(result.summary).toMatch(/Nothing was deleted, 1 version restored at once/)
  expect(result.summary).not.toMatch(/1 deleted|Deleted: 1/i)
})

it('keeps the report of an earlier step of the job, and the output names each', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const first = await run(BUILDS)
  const second = await run(BUILDS, { env: { RUNNER_TEMP: first.temp } })
  expect(second.outputs['report']).not.toBe(first.outputs['report'])
  const back = await run({ mode: 'restore', restore: first.outputs['report'] ?? '' })
  expect(back.outputs['restored-count']).toBe('1')
})
