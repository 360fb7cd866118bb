import { expect, it } from '@jest/globals'
import type { Pushed } from '../emulator/builder.ts'
import { startCacheService } from '../emulator/cache-service.ts'
import { image } from '../emulator/shapes.ts'
import { runInside } from '../helpers/inside.ts'
import { age, forge, headingOf } from './retain/remembered.ts'
import { ago, openScene } from './retain/runs.ts'

/** A purge of what an earlier run deleted and left to the next one, while a job works that remembers it. */

const HOUR = 3_600_000
const DAY = 86_400_000
const BUILDS = { 'delete-tags': 'sha-*' }
const OUT = { kind: 'answer', answer: { status: 500 } } as const
const GONE = { host: 'api', method: 'GET', query: /state=deleted/ } as const
const AT = {
  'when it lists': { host: 'api', method: 'GET', path: /\/versions$/, times: 1 },
  'before its first DELETE': { host: 'api', method: 'DELETE', times: 1 },
  'when it looks once more': { ...GONE, times: 1 }
} as const

/** An earlier run has deleted a build, on which `v2` was put right before, and could not look: the next one restores it. */
async function openLeak() {
  const scene = await openScene()
  const cache = await startCacheService()
  const { app, github, world, clock, token } = scene
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const leak = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const run = (inputs: Record<string, string> = BUILDS) =>
    runInside(github, { packages: 'app', token, ...inputs }, clock, { env: cache.env })
  const purge = () => run({ mode: 'purge', purge: `${leak.digest}?`, confirm: 'app' })
  const path = new RegExp(`/versions/${leak.id}$`)
  const target = { host: 'api', method: 'DELETE', path, times: 1 } as const
  github.faults.on(target, { kind: 'first', run: () => app.tag(leak, 'v2') })
  github.faults.on(GONE, OUT)
  expect((await run()).code).toBe(1)
  github.faults.clear()
  app.push(image(), { tags: ['sha-5'], at: ago(60) })
  const isBack = () => app.version(leak.digest) !== undefined
  const part = leak.children[0] as Pushed
  const [ids, stack] = [[leak.id], new AsyncDisposableStack()]
  stack.use(scene)
  stack.use(cache)
  return { ...scene, cache, ids, part, run, purge, isBack, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const idsIn = (all: readonly { readonly id: number }[]): number[] => all.map(({ id }) => id)

it.concurrent.each(
  (['when it lists', 'before its first DELETE', 'when it looks once more'] as const).flatMap(at =>
    [true, false].map(looks => [at, looks] as const)
  )
)(
  'what is purged by name is not brought back by a job that works beside the purge: purged %s, its look works: %s',
  async (at, looks) => {
    await using leak = await openLeak()
    const { github, cache, ids, run, purge, isBack } = leak
    const codes: (number | null)[] = []
    const meanwhile = async (): Promise<void> => {
      codes.push((await purge()).code)
      if (!looks) github.faults.on(GONE, OUT)
    }
    github.faults.on(AT[at], { kind: 'first', run: meanwhile })
    const job = await run()
    github.faults.clear()
    const saw = looks || at === 'when it looks once more'
    expect([codes, job.code, isBack()]).toEqual([[0], saw ? 0 : 1, false])
    const said =
      /::warning::.*sha-1 was not restored although tag v2 was put on it right before its deletion: it was/
    if (saw) expect(job.stdout).toMatch(said)
    const { unchecked, checked } = headingOf(cache)
    expect(idsIn([...unchecked, ...checked])).not.toEqual(expect.arrayContaining(ids))
    expect([(await run()).code, isBack()]).toEqual([0, false])
  }
)

it.concurrent.each([
  [true, 'a version that was pushed meanwhile needs it or describes it'],
  [false, 'it belongs to an image that comes back']
])(
  'a part that is purged by name beside a job stays away, and the job says so: the purge restores its image: %s',
  async (looks, why) => {
    await using leak = await openLeak()
    const { app, github, part, run, isBack } = leak
    const purge = async (): Promise<void> => {
      if (!looks) github.faults.on(GONE, OUT)
      await run({ mode: 'purge', purge: `${part.digest}?`, confirm: 'app' })
      github.faults.clear()
      expect(isBack()).toBe(looks)
    }
    github.faults.on(AT['before its first DELETE'], { kind: 'first', run: purge })
    const job = await run()
    expect([job.code, isBack(), app.version(part.digest)]).toEqual([0, true, undefined])
    expect(job.stdout).toMatch(new RegExp(`::warning::.* was not restored although ${why}: it was`))
  }
)

it.concurrent('a part that was purged by name before a job stays away, and the job says so', async () => {
  await using leak = await openLeak()
  const { app, github, part, run, isBack } = leak
  github.faults.on(GONE, OUT)
  await run({ mode: 'purge', purge: `${part.digest}?`, confirm: 'app' })
  github.faults.clear()
  const job = await run()
  expect([job.code, isBack(), app.version(part.digest)]).toEqual([0, true, undefined])
  expect(job.stdout).toMatch(
    /::warning::.* was not restored although it belongs to sha-1, which came back: it was/
  )
})

it.concurrent('a job beside the purge of another image restores what is needed', async () => {
  await using leak = await openLeak()
  const { app, github, run, isBack } = leak
  const other = app.push(image(), { tags: ['oops'] })
  const purge = async (): Promise<void> => {
    await run({ mode: 'purge', purge: other.digest, confirm: 'app' })
  }
  github.faults.on(AT['when it lists'], { kind: 'first', run: purge })
  const job = await run()
  expect([job.code, isBack(), app.version(other.digest)]).toEqual([0, true, undefined])
  expect(job.stdout).not.toContain('was not restored although')
})

it.concurrent.each([
  [8, -1, true],
  [0, -1, false],
  [1, 0.5, true]
])(
  'what is deleted %d hours behind the purge, and was listed %d hours behind it, is remembered: %s',
  async (hours, listed, counts) => {
    await using leak = await openLeak()
    const { cache, run, purge, isBack } = leak
    const { unchecked } = headingOf(cache)
    await purge()
    age(cache, 1)
    // Somebody brought it back, and a run deleted it once more.
    forge(cache, () =>
      unchecked.map(one => {
        const purged = (one.at ?? 0) - DAY
        return { ...one, at: purged + hours * HOUR, listed: purged + listed * HOUR }
      })
    )
    await run()
    expect(isBack()).toBe(counts)
  }
)
