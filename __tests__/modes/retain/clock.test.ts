import { expect, it } from '@jest/globals'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from './runs.ts'

/** Ages are counted by the runner's clock, which may be wrong. */

const MINUTE = 60_000
const DAY = 86_400_000

function layDown({ app }: Scene): void {
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(5) })
}

function expectRefusal({ code, errors }: Run, { github }: Scene): void {
  expect(github.writes).toEqual([])
  expect(code).toBe(1)
  expect(errors.join()).toMatch(
    /clock of this runner is wrong: it says \d{4}-\S+ \S+ UTC, and GitHub says \d{4}-\S+ \S+ UTC.*timedatectl/
  )
}

it.each<[string, number, Record<string, string>]>([
  ['the clock is four days ahead', -4 * DAY, { 'delete-tags': 'sha-*' }],
  ['the clock is four days behind', 4 * DAY, { 'delete-tags': 'sha-*' }],
  ['the clock is ten minutes ahead', -10 * MINUTE, { 'delete-tags': 'sha-*' }],
  [
    'a dry run would plan what a real one must not do',
    -4 * DAY,
    { 'delete-tags': 'sha-*', 'dry-run': 'true' }
  ],
  ['an age says what to restore', -4 * DAY, { mode: 'restore', restore: 'since 3h' }]
])('E-09 does nothing when %s', async (_, ms, inputs) => {
  await using scene = await openScene({ now: () => Date.now() + ms })
  layDown(scene)
  expectRefusal(await scene.run({ packages: 'app', ...inputs }), scene)
})

it('E-09 deletes nothing when the clock is set while the run decides', async () => {
  let off = 0
  await using scene = await openScene({ now: () => Date.now() - off })
  layDown(scene)
  const set = () => {
    off = 4 * DAY
  }
  scene.github.faults.on({ path: /container\/app$/, times: 1 }, { kind: 'first', run: set })
  expectRefusal(await scene.run({ 'delete-tags': 'sha-*' }), scene)
})

it('E-09 goes on when the clocks are two minutes apart', async () => {
  await using scene = await openScene({ now: () => Date.now() - 2 * MINUTE })
  layDown(scene)
  const { code, outputs } = await scene.run({ 'delete-tags': 'sha-*' })
  expect({ code, deleted: outputs['deleted-count'] }).toEqual({ code: 0, deleted: '1' })
})
