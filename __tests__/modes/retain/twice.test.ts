import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { type CacheService, startCacheService } from '../../emulator/cache-service.ts'
import { index, manifest, type Shape } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { age } from './remembered.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** The same bytes are deleted twice: pushed again in between, under another id, as a reproducible build does. */

const INPUTS = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }
const OUT = { kind: 'answer', answer: { status: 500 } } as const
const GONE = { query: /state=deleted/ } as const

const deleteOf = ({ id }: Pushed) =>
  ({ host: 'api', method: 'DELETE', path: new RegExp(`/versions/${id}$`), times: 1 }) as const

/** How the run ends that deletes them first. */
const ENDS: Readonly<Record<string, (scene: Scene, cache: CacheService, first: Pushed) => void>> = {
  'is killed': ({ github }, cache, first) => {
    const kill = () => {
      github.faults.on({}, OUT)
      cache.broken = { status: 503, body: {} }
    }
    github.faults.on(deleteOf(first), { kind: 'then', run: kill })
  },
  'cannot look': ({ github }) => github.faults.on(GONE, OUT),
  'looks and finds nothing': () => {}
}

const SHAPES = {
  'an image': () => manifest(),
  'an index': () => index([{ shape: manifest(), platform: 'linux/amd64' }])
} as const

/** What happens right before they are deleted for the second time. */
const LATE = {
  'a tag is put on it': ({ app }: Scene, pushed: Pushed) => app.tag(pushed, 'v2'),
  'an index is pushed that needs it': ({ app }: Scene, { shape, children }: Pushed) => {
    const part = children[0]?.shape ?? shape
    const others = { shape: manifest(), platform: 'linux/arm64' }
    app.push(index([{ shape: part, platform: 'linux/amd64' }, others]), { tags: ['v2'] })
  },
  'nothing happens': () => {}
} as const

const run = ({ github, clock, token }: Scene, cache: CacheService) =>
  runInside(github, { packages: 'app', token, ...INPUTS }, clock, { env: cache.env })

/** Deletes an image, and pushes the same bytes once more, so long ago that they go again. */
async function deletedOnce(scene: Scene, cache: CacheService, shape: Shape, end: string): Promise<Pushed> {
  const { app, github, world } = scene
  world.deletedTags = 'shown'
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const first = app.push(shape, { tags: ['sha-1'], at: ago(80) })
  ENDS[end]?.(scene, cache, first)
  await run(scene, cache)
  github.faults.clear()
  cache.broken = undefined
  expect(app.version(first.digest)).toBeUndefined()
  age(cache, 3)
  return app.push(shape, { tags: ['sha-2'], at: ago(2) })
}

type Kind = keyof typeof SHAPES
type Moment = keyof typeof LATE

it.concurrent.each(
  (Object.keys(SHAPES) as Kind[]).flatMap(kind =>
    Object.keys(ENDS).flatMap(end => (Object.keys(LATE) as Moment[]).map(late => [kind, end, late] as const))
  )
)(
  'law 5: %s whose bytes are deleted twice comes back where it is needed: the first run %s, and %s',
  async (kind, end, late) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, world } = scene
    const second = await deletedOnce(scene, cache, SHAPES[kind](), end)
    github.faults.on(deleteOf(second), { kind: 'first', run: () => LATE[late](scene, second) })
    const { code, stdout } = await run(scene, cache)
    expect([code, stdout.match(/^::error::.*/m)]).toEqual([0, null])
    expect(late === 'nothing happens' ? [] : world.pullable('acme/app', 'v2')).toEqual([])
    expect(app.version(second.digest) === undefined).toBe(
      late === 'nothing happens' || (late !== 'a tag is put on it' && kind === 'an index')
    )
  }
)

it.concurrent.each(Object.keys(SHAPES) as Kind[])(
  'law 5: %s whose bytes are deleted twice comes back once, by the run behind one that could not look',
  async kind => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { github, world } = scene
    const second = await deletedOnce(scene, cache, SHAPES[kind](), 'looks and finds nothing')
    github.faults.on(deleteOf(second), { kind: 'first', run: () => scene.app.tag(second, 'v2') })
    github.faults.on(GONE, OUT)
    expect((await run(scene, cache)).code).toBe(1)
    github.faults.clear()
    const { code, stdout } = await run(scene, cache)
    expect([code, stdout.match(/^::error::.*/m)]).toEqual([0, null])
    expect(world.pullable('acme/app', 'v2')).toEqual([])
  }
)
