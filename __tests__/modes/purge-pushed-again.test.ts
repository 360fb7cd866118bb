import { expect, test } from '@jest/globals'
import { caller } from '../emulator/client.ts'
import { primaryRefusal, secondaryRefusal } from '../emulator/limits.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { ago, openScene, type Scene } from './retain/runs.ts'

/** What is pushed while a whole package is purged stays: its DELETE goes by name, and would take it along. */

const PURGE = { mode: 'purge', purge: 'package', confirm: 'app' }
const OF_APP = { host: 'api', path: /packages\/container\/app$/ } as const
const DELETE = { ...OF_APP, method: 'DELETE', times: 1 } as const

/** A push as CI makes it: it creates the package where there is none. */
const push = ({ world }: Scene) =>
  world.package('acme/app', { repository: 'acme/app' }).push(image(), { tags: ['v2'] })

const isDeleted = ({ world }: Scene) => world.packages(world.owner('acme')!, 'deleted').length === 1

test.concurrent.each(['lost-502', 'lost-reset'] as const)(
  'law 5: what is pushed right behind the DELETE of its package stays, though the answer is lost (%s)',
  async kind => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    github.faults.on(DELETE, { kind: 'then', run: () => push(scene) })
    github.faults.on(DELETE, { kind })
    const { code, errors, outputs } = await run(PURGE)
    expect(github.writes).toHaveLength(1)
    expect([isDeleted(scene), world.pullable('acme/app', 'v2')]).toEqual([true, []])
    expect([code, outputs['deleted-count']]).toEqual([1, '0'])
    expect(errors.join()).toMatch(
      /it was sent, and what became of it is unknown \(.*\): the package changed after the listing: look at what is there before you run it again/
    )
  }
)

test.concurrent('law 5: a package that is found gone behind a DELETE whose answer was lost is not deleted again, because a push may create it anew', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const { body } = await caller(github, world.classic('olivia'))('GET /orgs/acme/packages/container/app')
  const follow = () => {
    const row = { kind: 'answer', answer: { status: 200, body, lie: true } } as const
    github.faults.on({ ...OF_APP, method: 'GET', times: 1 }, row)
    github.faults.on(
      { ...OF_APP, method: 'GET', after: 1, times: 1 },
      { kind: 'then', run: () => push(scene) }
    )
  }
  github.faults.on(DELETE, { kind: 'first', run: follow })
  github.faults.on(DELETE, { kind: 'lost-502' })
  const { code, errors } = await run(PURGE)
  expect(github.writes).toHaveLength(1)
  expect([code, isDeleted(scene), world.pullable('acme/app', 'v2')]).toEqual([1, true, []])
  expect(errors.join()).toMatch(
    /it was sent, and what became of it is unknown \(.*502.*\): .*"Package not found\."\. Look for app on GitHub/
  )
})

test.concurrent('law 5: nothing is sent behind a DELETE whose answer was lost when the package cannot be looked at again', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const broken = { kind: 'answer', answer: { status: 500 } } as const
  const path = /app\/versions$/
  github.faults.on(DELETE, { kind: 'first', run: () => github.faults.on({ method: 'GET', path }, broken) })
  github.faults.on(DELETE, { kind: 'answer', answer: { status: 502 } })
  const { code, errors } = await run(PURGE)
  expect([code, github.writes.length]).toEqual([1, 1])
  expect(errors.join()).toMatch(
    /it was sent, and what became of it is unknown \(.*502.*\): Listing the versions/
  )
})

test.concurrent('law 5: what is pushed while the DELETE of its package waits for a limit stays', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  github.faults.on(DELETE, { kind: 'first', run: () => push(scene) })
  github.faults.on(DELETE, { kind: 'answer', answer: secondaryRefusal(429, 60) })
  const { code, stdout, outputs } = await run(PURGE)
  expect([code, github.writes.length, outputs['deleted-count']]).toEqual([1, 1, '0'])
  for (const tag of ['v1', 'v2']) expect(world.pullable('acme/app', tag)).toEqual([])
  expect(stdout).toMatch(/the package changed after the listing: run it again/)
})

test.concurrent('a DELETE whose answer was lost is not left to the next run when there is no room for another one', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const reset = String(Math.floor(scene.clock.now() / 1_000) + 3_600)
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, 'x-ratelimit-limit': '1000' }
  github.faults.on(DELETE, { kind: 'answer', answer: { status: 502 } })
  github.faults.on(
    { ...OF_APP, method: 'DELETE' },
    { kind: 'answer', answer: { ...primaryRefusal(429), headers } }
  )
  const { code, errors } = await run(PURGE)
  expect(code).toBe(1)
  expect(errors.join()).toMatch(/it was sent, and what became of it is unknown \(.*502.*\): /)
})

/** Lets each of so many looks at `app` end when a limit has just turned the DELETE of another package away. */
function purgeUnderLimits({ app, world, github, clock, run }: Scene, times: number, then: () => unknown) {
  const ofWeb = { method: 'DELETE', path: /container\/web$/ } as const
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  world.package('acme/web', { repository: 'acme/app' }).push(manifest(), { tags: ['v1'], at: ago(90) })
  for (let after = 0; after < times; after++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    github.faults.on({ ...ofWeb, after, times: 1 }, { kind: 'first', run: resolve })
    const limited = async () => {
      await promise
      // Until the run knows of the limit.
      await clock.sleep(2_000)
      then()
    }
    const last = { host: 'registry', path: /app\/tags\/list$/, after, times: 1 } as const
    github.faults.on(last, { kind: 'then', run: limited })
  }
  github.faults.on({ ...ofWeb, times }, { kind: 'answer', answer: secondaryRefusal(429, 60) })
  const packages = 'app, web'
  return run({ ...PURGE, packages, confirm: packages, token: world.classic('olivia') })
}

test.concurrent('law 5: a package is looked at again when its DELETE has waited for longer than ten seconds', async () => {
  await using scene = await openScene()
  const { code, stdout, outputs } = await purgeUnderLimits(scene, 1, () => push(scene))
  for (const tag of ['v1', 'v2']) expect(scene.world.pullable('acme/app', tag)).toEqual([])
  expect(stdout).toMatch(/the package changed after the listing: run it again/)
  expect([code, outputs['deleted-count']]).toEqual([1, '1'])
})

test.concurrent('a package stays whose DELETE has to wait too long behind each of three looks, and the run says so', async () => {
  await using scene = await openScene()
  const { code, stdout } = await purgeUnderLimits(scene, 3, () => {})
  expect(scene.world.pullable('acme/app', 'v1')).toEqual([])
  expect([code, scene.github.writes.filter(({ path }) => path.endsWith('/app'))]).toEqual([1, []])
  expect(stdout).toMatch(
    /its DELETE had to wait for longer than 10 seconds behind each of 3 looks: run it again/
  )
})

test.concurrent('a package goes though a look at it takes longer than ten seconds, because GitHub counts one more for good', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  app.lie({ kind: 'count', value: 2 })
  const { code, outputs } = await run(PURGE)
  expect([code, outputs['deleted-count'], isDeleted(scene)]).toEqual([0, '1', true])
})
