import { afterEach, expect, it, jest } from '@jest/globals'
import type { Clock } from '../../../src/model/clock.ts'
import type { Builder } from '../../emulator/builder.ts'
import { type Emulator, startEmulator } from '../../emulator/server.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { createWorld } from '../../emulator/world.ts'
import { fastClock, runInside } from '../../helpers/inside.ts'

/** How long a run may take whose registry stops answering in the middle of it. */

afterEach(() => {
  jest.restoreAllMocks()
})

/** What `time-limit` is followed by at most, in seconds: a last look at what was begun. */
const GRACE = 10
const DAY = 86_400_000

/** A package, and a clock on which a request that hangs takes as long as it is waited for, while nobody waits. */
async function openHanging() {
  const base = fastClock(100, 0.01)
  let ahead = 0
  const clock: Clock = { now: () => base.now() + ahead, sleep: base.sleep }
  const limits: { readonly end: number; readonly controller: AbortController }[] = []
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(ms => {
    const controller = new AbortController()
    limits.push({ end: clock.now() + ms, controller })
    return controller.signal
  })
  const world = createWorld(clock.now)
  world.org('acme', { olivia: 'admin' })
  const app = world.package('acme/app', { repository: 'acme/app' })
  const github = await startEmulator({ now: clock.now, world })
  /** From the request behind the next PUT on, the registry hangs. */
  const hangAfterPut = (): void => {
    const hang = (): void => {
      github.faults.on(
        { host: 'registry' },
        {
          kind: 'first',
          run: () => {
            const limit = limits.at(-1)
            if (limit === undefined) return
            ahead += Math.max(0, limit.end - clock.now())
            limit.controller.abort()
          }
        }
      )
      github.faults.on({ host: 'registry' }, { kind: 'stall' })
    }
    github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'then', run: hang })
  }
  return { clock, app, github, hangAfterPut, token: world.githubToken('acme/app') }
}

async function timed(
  { github, token, clock }: { github: Emulator; token: string; clock: Clock },
  inputs: Readonly<Record<string, string>>
) {
  const start = clock.now()
  await using result = await runInside(
    github,
    { token, packages: 'app', 'registry-url': github.registryUrl, ...inputs },
    clock
  )
  return { code: result.code, stdout: result.stdout, seconds: (clock.now() - start) / 1_000 }
}

const UNTAG = { 'delete-tags': 'rc-*', untag: 'true', 'time-limit': '20s' }
const days = (clock: Clock, count: number): number => clock.now() - count * DAY
const release = (app: Builder, clock: Clock) =>
  app.push(image(), { tags: ['v1', 'rc-1'], at: days(clock, 90) })

it('an untag whose registry hangs after the PUT ends seconds after time-limit, red, and says what is unknown', async () => {
  const scene = await openHanging()
  await using github = scene.github
  release(scene.app, scene.clock)
  scene.hangAfterPut()
  const { code, stdout, seconds } = await timed({ ...scene, github }, UNTAG)
  expect(stdout).toMatch(/rc-1.*it was sent, and what became of it is unknown/)
  expect(code).toBe(1)
  expect(seconds).toBeLessThan(20 + GRACE + 5)
})

it('a tag that a push loses meanwhile is given back in the last seconds, or its loss is red', async () => {
  const scene = await openHanging()
  await using github = scene.github
  release(scene.app, scene.clock)
  github.faults.on(
    { host: 'registry', method: 'PUT', times: 1 },
    { kind: 'first', run: () => scene.app.push(manifest(), { tags: ['rc-1'] }) }
  )
  scene.hangAfterPut()
  const { code, stdout, seconds } = await timed({ ...scene, github }, UNTAG)
  expect(stdout).toMatch(/rc-1.*could not be put on|rc-1.*what became of it is unknown/)
  expect(code).toBe(1)
  expect(seconds).toBeLessThan(20 + GRACE + 5)
})
