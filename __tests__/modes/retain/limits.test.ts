import { expect, it } from '@jest/globals'
import type { Builder } from '../../emulator/builder.ts'
import type { Trouble } from '../../emulator/faults.ts'
import { PUBLISHED, primaryRefusal, secondaryRefusal } from '../../emulator/limits.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

const PULLS = { 'delete-tags': 'pr-*' }

/** One release, and so many pull requests' images of three versions each, the first one the oldest. */
function layDown(app: Builder, pulls: number) {
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  return {
    v1,
    pulls: Array.from({ length: pulls }, (_, n) => app.push(image(), { tags: [`pr-${n}`], at: ago(80 - n) }))
  }
}

/** What an interrupted run has left of an image has no tag any more. */
const GOES_ON = { ...PULLS, 'delete-untagged': 'true' }

const seconds = (from: number) => String(Math.floor(Date.now() / 1_000) + from)

const primary = (reset: number, status: 403 | 429 = 403): Trouble => ({
  kind: 'answer',
  answer: {
    ...primaryRefusal(status),
    headers: {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': seconds(reset),
      'x-ratelimit-limit': '1000'
    }
  }
})

it.concurrent.each<[string, string, () => Trouble]>([
  [
    'DELETE',
    'a secondary limit with retry-after 1',
    () => ({ kind: 'answer', answer: secondaryRefusal(403, 1) })
  ],
  ['DELETE', '429 with retry-after 1', () => ({ kind: 'answer', answer: secondaryRefusal(429, 1) })],
  [
    'GET',
    'a secondary limit with retry-after 1',
    () => ({ kind: 'answer', answer: secondaryRefusal(403, 1) })
  ],
  ['DELETE', 'a primary limit that is over in three seconds', () => primary(3)],
  ['GET', 'a primary limit whose reset is long past', () => primary(-3_600, 429)]
])('T-31: a %s that meets %s waits, and the run does all that is due', async (method, _, trouble) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1 } = layDown(app, 2)
  github.faults.on({ host: 'api', method, path: /versions/, times: 1 }, trouble())
  const result = await run(PULLS)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result.outputs).toMatchObject({ 'deleted-count': '6', incomplete: 'false' })
})

it.concurrent('T-31, T-32: a primary limit that lasts an hour ends the run cleanly, green and whole, and the next one goes on', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1 } = layDown(app, 3)
  github.faults.on({ method: 'DELETE', after: 3, times: 9 }, primary(3_600))
  const result = await run(GOES_ON)
  expect(result.errors).toEqual([])
  expect(result.outputs).toMatchObject({ 'deleted-count': '3', incomplete: 'true', 'failed-count': '0' })
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/^The run ended early\..*The next run goes on\.$/)
  )
  expect(result.summary).toMatch(/6 deletions left for later runs/)
  github.faults.clear()
  expect((await run(GOES_ON)).outputs).toMatchObject({ 'deleted-count': '6', incomplete: 'false' })
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.concurrent('stops cleanly near the quota, leaves the reserve to others, and goes on next time', async () => {
  await using scene = await openScene()
  const { app, world, github, token, run } = scene
  const { v1 } = layDown(app, 5)
  const account = world.account(token)
  github.limiter.leaveQuota(account, 64, 3_000_000)
  const result = await run(GOES_ON)
  expect(result.errors).toEqual([])
  expect(result.outputs).toMatchObject({ incomplete: 'true', 'failed-count': '0' })
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/^The run ended early.*`reserve-requests` keeps 50/)
  )
  const deleted = Number(result.outputs['deleted-count'])
  expect(deleted).toBeGreaterThan(0)
  expect(deleted).toBeLessThan(15)
  expect(github.limiter.quota(account).remaining).toBeGreaterThanOrEqual(50)
  const nothing = await run(GOES_ON)
  expect(nothing.outputs['incomplete']).toBe('true')
  expect(nothing.errors).toEqual([])
  github.limiter.leaveQuota(account, 1_000, 3_000_000)
  await run(GOES_ON)
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.concurrent.each([
  ['5m', 'true'],
  ['10m', 'false']
])(
  'E-28 with a patience of %s, deletions that need the quota of several windows of six minutes end incomplete: %s',
  async (patience, incomplete) => {
    const quotas = { ...PUBLISHED.quotas, 'github-token': 60 }
    await using scene = await openScene({ limits: { ...PUBLISHED, quotas, quotaWindowMs: 360_000 } })
    const { app, run } = scene
    const { v1 } = layDown(app, 20)
    const result = await run({ ...PULLS, patience, 'reserve-requests': '10' })
    expect(result.errors).toEqual([])
    expect(result.outputs).toMatchObject({ incomplete, 'failed-count': '0' })
    if (incomplete === 'false') expect(app.digests()).toEqual(digestsOf(v1))
    else expect(app.digests().size).toBeGreaterThan(digestsOf(v1).size)
  }
)

it.concurrent.each<[string, Readonly<Record<string, string>>, string, RegExp[]]>([
  ['goes on window after window', { patience: '1h', 'time-limit': '5h' }, 'true', []],
  [
    'is red, with the requests and what would do, where the patience is too short',
    { patience: '5m' },
    'false',
    [/24 API requests.*leaves it 10 an hour.*classic token has 5,000/]
  ]
])('E-28 a listing that needs several windows of quota %s', async (_, inputs, deletes, errors) => {
  const quotas = { ...PUBLISHED.quotas, 'github-token': 12 }
  await using scene = await openScene({
    limits: { ...PUBLISHED, quotas, quotaWindowMs: 120_000 },
    contract: 'off'
  })
  const { app, run } = scene
  for (let number = 0; number < 2_350; number++)
    app.push(manifest(), { tags: [`v1.0.${number}`], at: ago(90) + number * 60_000 })
  const old = app.push(manifest(), { tags: ['sha-1'], at: ago(100) })
  const result = await run({ 'delete-tags': 'sha-*', 'reserve-requests': '2', ...inputs })
  expect(result.errors).toEqual(errors.map(error => expect.stringMatching(error)))
  expect(result.outputs).toMatchObject({ incomplete: 'false', 'failed-count': '0' })
  expect(app.digests().has(old.digest)).toBe(deletes === 'false')
})

it.concurrent('a reserve of none lets a run use all that is left', async () => {
  await using scene = await openScene()
  const { app, world, github, token, run } = scene
  const { v1 } = layDown(app, 2)
  github.limiter.leaveQuota(world.account(token), 40, 3_000_000)
  const result = await run({ 'reserve-requests': '0', ...PULLS })
  expect(result.outputs['incomplete']).toBe('false')
  expect(app.digests()).toEqual(digestsOf(v1))
})

it('stops cleanly before the time limit, with every tag whole', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(app, 12)
  github.faults.on({ method: 'DELETE' }, { kind: 'delay', ms: 700 })
  const result = await run({ 'time-limit': '1s', ...PULLS })
  expect(result.errors).toEqual([])
  expect(result.outputs['incomplete']).toBe('true')
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/^The run ended early. The time that `time-limit`/)
  )
  expect(Object.keys(app.tags())).not.toEqual(['v1'])
})

it.concurrent.each([
  [
    'max-deletions',
    '5',
    /^app: The plan has 6 deletions, and `max-deletions` allows 5: nothing was deleted\. See https:\S+#a-brake-held$/
  ],
  ['max-deletion-percent', '60', /^app: The plan would delete 66\.7 % .*`max-deletion-percent` allows 60 %/],
  ['min-remaining', '2', /^app: The plan would leave 1 tagged image, and `min-remaining` asks for 2/]
])('beyond %s nothing at all is deleted, and the run is red', async (name, value, sentence) => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  layDown(app, 2)
  const web = world.package('acme/web', { repository: 'acme/app' })
  const fine = web.push(image(), { tags: ['v1'], at: ago(90) })
  const other = web.push(image(), { tags: ['v2'], at: ago(80) })
  web.push(manifest(), { tags: ['pr-1'], at: ago(80) })
  const rules = { packages: 'app, web', [name]: value, ...PULLS }
  const dry = await run({ ...rules, 'dry-run': 'true' })
  expect(github.writes).toEqual([])
  const result = await run(rules)
  expect([dry.errors, result.errors]).toEqual(Array(2).fill([expect.stringMatching(sentence)]))
  expect(app.digests().size).toBe(9)
  expect(web.digests()).toEqual(digestsOf(fine, other))
  expect(result.summary).toMatch('Held by a brake')
})

it.concurrent('deletions-per-run deletes whole images, the oldest first, and later runs do the rest', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const { v1, pulls } = layDown(app, 3)
  const rule = { 'deletions-per-run': '4', ...PULLS }
  const first = await run(rule)
  expect(first.errors).toEqual([])
  expect(first.outputs).toMatchObject({ 'deleted-count': '3', 'planned-count': '3', incomplete: 'true' })
  expect(app.digests()).toEqual(digestsOf(v1, pulls[1]!, pulls[2]!))
  expect(first.summary).toMatch(/6 deletions left for later runs/)
  expect((await run(rule)).outputs['incomplete']).toBe('true')
  expect((await run(rule)).outputs).toMatchObject({ 'deleted-count': '3', incomplete: 'false' })
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.concurrent('a list that cannot be read to its end is no short list: nothing of the package is deleted, and the run is red', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(300) })
  for (let n = 0; n < 110; n++) app.push(manifest(), { tags: [`pr-${n}`], at: ago(100) })
  github.faults.on(
    { host: 'api', path: /\/versions$/, query: /page=2/ },
    { kind: 'answer', answer: { status: 403, body: { message: 'Forbidden' } } }
  )
  const result = await run(PULLS)
  expect(result.errors).toEqual([expect.stringMatching(/^app: Listing the versions of app failed: .*403/)])
  expect(github.writes).toEqual([])
})

it.concurrent.each(['cut', 'empty', 'garbage'] as const)(
  'a page whose body arrives %s is read again',
  async kind => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { v1 } = layDown(app, 1)
    github.faults.on({ host: 'api', path: /\/versions$/, times: 1 }, { kind })
    expect((await run(PULLS)).errors).toEqual([])
    expect(app.digests()).toEqual(digestsOf(v1))
  }
)

it.concurrent('the second look at a large package costs its first page, its count and one page of what was deleted, not the whole list', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, run } = scene
  for (let number = 0; number < 450; number++)
    app.push(manifest(), { tags: [`v1.0.${number}`], at: ago(90) + number * 60_000 })
  app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(result.outputs['deleted-count']).toBe('3')
  const last = github.requests.findLastIndex(({ method }) => method === 'DELETE')
  const asked = github.requests.slice(last + 1).filter(({ host }) => host === 'api')
  expect(asked).toHaveLength(3)
})

const apiOf = ({ github }: Scene) => github.requests.filter(({ host }) => host === 'api')
const shown = (requests: ReturnType<typeof apiOf>) =>
  requests.map(({ method, path, query }) => `${method} ${path}${query === '' ? '' : `?${query}`}`)

it.concurrent.each<[string, (app: Builder) => void]>([
  [
    'three images of their own',
    app => {
      for (const days of [80, 79, 78]) app.push(manifest(), { tags: [`sha-${days}`], at: ago(days) })
    }
  ],
  ['an image of two platforms', app => app.push(image(), { tags: ['sha-1'], at: ago(80) })]
])('a package with three due deletions takes at most 8 API requests: %s', async (_, push) => {
  // A busy machine must not make a look too old.
  await using scene = await openScene({ busy: 0.1 })
  for (let number = 0; number < 40; number++)
    scene.app.push(manifest(), { tags: [`v1.0.${number}`], at: ago(90) + number * 60_000 })
  push(scene.app)
  const result = await scene.run({ 'delete-tags': 'sha-*' })
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3' } })
  const requests = shown(apiOf(scene))
  expect({ requests, count: requests.length <= 8 }).toEqual({ requests, count: true })
})

it('40 packages with three due deletions each: those whose listing is still fresh take no look before the DELETE', async () => {
  await using scene = await openScene({ contract: 'off', busy: 0.1 })
  const names = Array.from({ length: 40 }, (_, index) => `part${index}`)
  for (const name of names) {
    const builder = scene.world.package(`acme/${name}`, { repository: 'acme/app' })
    for (let number = 0; number < 5; number++)
      builder.push(manifest(), { tags: [`v${number}`], at: ago(90 + number) })
    builder.push(image(), { tags: ['sha-1'], at: ago(80) })
  }
  const result = await scene.run({
    packages: 'part*',
    token: scene.world.classic('olivia'),
    'delete-tags': 'sha-*'
  })
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '120' } })
  // 120 deletions and 120 lists, three lookups, and a look where deletions of others took longer than ten seconds.
  expect(apiOf(scene).length).toBeLessThanOrEqual(282)
})
