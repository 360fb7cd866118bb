import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from './runs.ts'

/** GitHub may drop a package with its last version. */

const UNTAGGED = { 'delete-untagged': 'true' }

async function emptied() {
  const scene = await openScene()
  const { app, world } = scene
  world.emptyPackage = 'goes'
  world.deletedTags = 'shown'
  const digests = [90, 80, 70].map(days => app.push(manifest(), { at: ago(days) }).digest)
  return { scene, digests, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

const isThere = ({ world }: Scene) => world.find(world.owner('acme')!, 'app') !== undefined

function reportOf({ report, temp }: Run): string {
  const path = join(temp, 'earlier.json')
  writeFileSync(path, JSON.stringify(report))
  return path
}

it('E-30 says that the package went with its last version, what that means, and how it comes back', async () => {
  await using here = await emptied()
  const run = await here.scene.run(UNTAGGED)
  expect(isThere(here.scene)).toBe(false)
  expect(run.outputs).toMatchObject({ 'deleted-count': '3', 'failed-count': '0' })
  expect(run.errors.join()).toMatch(/GitHub dropped the package with its last version.*mode: restore/s)
  expect(run.stdout).not.toMatch(/role Admin/)
})

it('E-30 counts the last version as deleted when the answer to its DELETE was lost', async () => {
  await using here = await emptied()
  here.scene.github.faults.on({ method: 'DELETE' }, { kind: 'lost-502' })
  const run = await here.scene.run(UNTAGGED)
  expect(run.outputs).toMatchObject({ 'deleted-count': '3', 'failed-count': '0' })
  expect(run.errors.join()).toMatch(/GitHub dropped the package with its last version/)
})

it.each<[string, (run: Run, digests: readonly string[]) => string]>([
  ['the report', reportOf],
  ['digests', (_, digests) => digests.join(' ')],
  ['a time', () => 'since 3h']
])('E-30 restores the package and then its versions by %s', async (_, what) => {
  await using here = await emptied()
  const { scene, digests } = here
  const first = await scene.run(UNTAGGED)
  const back = await scene.run({ mode: 'restore', packages: 'app', restore: what(first, digests) })
  expect(back.errors).toEqual([])
  expect(back.outputs['restored-count']).toBe('3')
  expect(scene.app.digests()).toEqual(new Set(digests))
})

it('E-30 restores nothing in a dry run', async () => {
  await using here = await emptied()
  const first = await here.scene.run(UNTAGGED)
  const writes = here.scene.github.writes.length
  const dry = await here.scene.run({ mode: 'restore', restore: reportOf(first), 'dry-run': 'true' })
  expect(dry.errors).toEqual([])
  expect(dry.warnings.join()).toMatch(/package.*restored first/)
  expect(here.scene.github.writes).toHaveLength(writes)
})

it('E-30 tells a run that does not find the package that its last version may have taken it', async () => {
  await using here = await emptied()
  await here.scene.run(UNTAGGED)
  const next = await here.scene.run(UNTAGGED)
  expect(next.errors.join()).toMatch(/If it was deleted.*mode: restore/s)
})
