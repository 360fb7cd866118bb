import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { Builder } from '../emulator/builder.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { type ActionRun, runAction } from '../helpers/run-action.ts'

let github: Emulator
let app: Builder
let token: string
beforeEach(async () => {
  github = await startEmulator()
  app = github.world.package('acme/app', { repository: 'acme/app' })
  token = github.world.githubToken('acme/app')
  app.push(image(), { tags: ['v1'], at: '2026-01-01T00:00:00Z' })
})
afterEach(() => github.close())

const run = (inputs: Record<string, string>) => runAction(github, { token, packages: 'app', ...inputs })

/** The file that a run left behind, where a later job would have downloaded it. */
function reportOf({ report, temp }: ActionRun, name = 'report.json'): string {
  const path = join(temp, name)
  writeFileSync(path, JSON.stringify(report))
  return path
}

const picture = () => ({ tags: app.tags(), digests: [...app.digests()].sort() })

it('gives back what a run deleted: the same tags and digests, whole', async () => {
  const doomed = app.push(image(['linux/amd64'], { attest: 'new' }), {
    tags: ['sha-1', 'x-1'],
    at: '2026-02-01T00:00:00Z'
  })
  app.attest(doomed, { at: '2026-02-01T01:00:00Z' })
  app.push(manifest(), { at: '2026-02-02T00:00:00Z' })
  const before = picture()
  await using clean = await run({ 'delete-tags': 'sha-*, x-*', 'delete-untagged': 'true' })
  expect(clean.code).toBe(0)
  expect(picture()).not.toEqual(before)
  await using dry = await run({ mode: 'restore', restore: reportOf(clean), 'dry-run': 'true' })
  expect(dry).toMatchObject({ code: 0, outputs: { 'restored-count': '0' } })
  expect(dry.summary).toMatch(/Dry run: 6 versions would be restored/)
  await using back = await run({ mode: 'restore', restore: reportOf(clean) })
  expect(back.stdout).not.toMatch(/::(error|warning)/)
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '6' } })
  expect(picture()).toEqual(before)
  await using again = await run({ mode: 'restore', restore: reportOf(clean) })
  expect(again).toMatchObject({ code: 0, outputs: { 'restored-count': '0' } })
})

it('purges', async () => {
  const bad = app.push(image(), { tags: ['bad'], at: Date.now() })
  app.attest(bad)
  const before = picture()
  await using gone = await run({ mode: 'purge', purge: 'bad', confirm: 'app' })
  expect(gone.stdout).not.toMatch(/::(error|warning)/)
  expect(gone).toMatchObject({ code: 0, outputs: { 'deleted-count': '5' } })
  expect(Object.keys(app.tags())).toEqual(['v1'])
  await using back = await run({ mode: 'restore', restore: reportOf(gone) })
  expect(back.code).toBe(0)
  expect(picture()).toEqual(before)
})

it('purges the package', async () => {
  const before = picture()
  await using gone = await run({ mode: 'purge', purge: 'package', confirm: 'app' })
  expect(gone.stdout).not.toMatch(/::(error|warning)/)
  expect(gone).toMatchObject({ code: 0, outputs: { 'deleted-count': '3' } })
  expect(github.world.packages(github.world.owner('acme')!, 'active')).toEqual([])
  await using back = await run({ mode: 'restore', restore: reportOf(gone) })
  expect(back.stdout).toMatch(/The package as a whole is gone: it comes back/)
  expect(back.code).toBe(0)
  expect(picture()).toEqual(before)
})
