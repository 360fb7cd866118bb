import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { brokenTags, pictureOf } from '../campaign/judge.ts'
import { layDown, scenarioOf } from '../campaign/scenario.ts'
import type { Builder } from '../emulator/builder.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { createWorld } from '../emulator/world.ts'
import { errorsOf } from '../helpers/check-run.ts'
import { fastClock, runInside } from '../helpers/inside.ts'
import { runsOf } from '../helpers/runs-of.ts'

/** What went comes back, whatever it was: the same ids, digests, tags and graph. */

const folder = mkdtempSync(join(tmpdir(), 'ghcr-steward-round-trip-'))
afterAll(() => rmSync(folder, { recursive: true }))
let trips = 0

const look = (app: Builder, github: Emulator) => ({
  picture: pictureOf(app),
  digests: new Map([...app.row.byId].map(([id, { digest }]) => [id, digest])),
  broken: brokenTags(app, github)
})

/** Lays a random package down, lets `away` take something away, and undoes it. */
async function roundTrip(
  seed: number,
  deletedTags: 'shown' | 'hidden',
  away: (app: Builder, inputs: Record<string, string>) => Record<string, string> | undefined
): Promise<number> {
  const { pushes, inputs } = scenarioOf(seed, 'faults')
  const report = join(folder, `report-${++trips}.json`)
  const clock = fastClock(20)
  const world = createWorld()
  world.now = clock.now()
  world.deletedTags = deletedTags
  await using github = await startEmulator({ world, now: clock.now, contract: 'off' })
  const app = layDown(world, pushes)
  const token = world.githubToken('acme/app')
  const given = away(app, inputs)
  // A world without anything to take away says nothing: another one is drawn.
  fc.pre(given !== undefined)
  const before = look(app, github)
  await using first = await runInside(github, { token, 'report-file': report, ...given }, clock)
  // The whole package counts as one deletion.
  const deleted = github.writes.filter(({ method, status }) => method === 'DELETE' && status === 204).length
  // A brake that held is an end like any other, with nothing to undo.
  expect(errorsOf(first).filter(sentence => !sentence.endsWith('#a-brake-held'))).toEqual([])
  await using back = await runInside(github, { token, mode: 'restore', restore: report }, clock)
  expect(look(app, github)).toEqual(before)
  expect(errorsOf(back)).toEqual([])
  return deleted
}

const seeds = fc.integer({ min: 0, max: 1_000_000 })
const tags = fc.constantFrom('shown' as const, 'hidden' as const)
const runs = runsOf(8)

// Both at once, because they mostly wait.
it.concurrent('restore gives back what retain deleted', async () => {
  let deleted = 0
  await fc.assert(
    fc.asyncProperty(seeds, tags, async (seed, shown) => {
      deleted += await roundTrip(seed, shown, (_, inputs) => inputs)
    }),
    runs
  )
  expect(deleted).toBeGreaterThan(0)
})

it.concurrent('restore gives back what purge deleted, the whole package too', async () => {
  let deleted = 0
  await fc.assert(
    fc.asyncProperty(seeds, tags, fc.boolean(), async (seed, shown, whole) => {
      deleted += await roundTrip(seed, shown, app => {
        const named = app.row.order
          .toReversed()
          .find(({ tags }) => !tags.includes('stays') && tags.some(tag => !tag.startsWith('sha256-')))
        const purge = whole ? 'package' : named?.digest
        return purge === undefined ? undefined : { mode: 'purge', purge, confirm: 'app' }
      })
    }),
    runs
  )
  expect(deleted).toBeGreaterThan(0)
})
