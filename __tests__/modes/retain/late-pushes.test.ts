import { expect, it } from '@jest/globals'
import { startCacheService } from '../../emulator/cache-service.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** Something that needs what is deleted is pushed right before the DELETE, and the look behind it sees it late. */

const BUILDS = { 'delete-tags': 'sha-*' }

function layDown({ app, world }: Scene) {
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const [part] = build.children
  if (part === undefined) throw new Error('it has no part')
  return { build, part, path: new RegExp(`/versions/${part.id}$`) }
}

it.concurrent.each([
  ['untagged', 'lags by a second', []],
  ['untagged', 'lacks all once', []],
  ['tagged', 'lags by a second', ['v9']],
  ['tagged', 'lacks all once', ['v9']]
] as const)(
  'law 5: an %s index that adopts a part right before its DELETE is whole, though the list %s',
  async (_, witness, tags) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    const { part, path } = layDown(scene)
    if (witness === 'lags by a second') world.listLag = 'one second'
    let adopted = false
    const adopt = () => {
      adopted = true
      const entry = { shape: part.shape, platform: 'linux/amd64' }
      app.push(index([entry, { shape: manifest(), platform: 'linux/arm64' }]), { tags: [...tags] })
      const list = { method: 'GET', path: /\/versions$/, query: /^(?!.*deleted)/, times: 1 } as const
      if (witness === 'lacks all once')
        github.faults.on(list, { kind: 'answer', answer: { status: 200, body: [] } })
      // Of a tagged one the registry's list is late as well.
      else if (tags.length > 0) {
        const body = { name: 'acme/app', tags: ['v1'] }
        const names = { host: 'registry', path: /tags\/list$/, times: 1 } as const
        github.faults.on(names, { kind: 'answer', answer: { status: 200, body } })
      }
    }
    github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: adopt })
    await run(BUILDS)
    expect([adopted, app.version(part.digest) !== undefined]).toEqual([true, true])
  }
)

/** Pushes a build again under its own tag, amid its deletion, so that the list shows it only after a while. */
function pushAgain(
  { app, github, clock }: Scene,
  { build, path }: ReturnType<typeof layDown>,
  seconds: number
) {
  const again = () => {
    app.lie({ kind: 'drop', id: app.push(build.shape, { tags: ['sha-1'] }).id })
    const until = clock.now() + seconds * 1_000
    const heal = () => {
      if (clock.now() > until) app.truth()
    }
    github.faults.on({}, { kind: 'first', run: heal })
  }
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: again })
}

it.concurrent.each([8, 15])(
  'law 3: what is pushed again under its own tag amid its deletion is whole, though the list lags by %i s',
  async seconds => {
    await using scene = await openScene()
    pushAgain(scene, layDown(scene), seconds)
    await scene.run(BUILDS)
    scene.app.truth()
    expect(scene.world.pullable('acme/app', 'sha-1')).toEqual([])
  }
)

it.concurrent('law 5: where the list goes on lagging, the run is incomplete, and the next one makes whole what was pushed again', async () => {
  await using scene = await openScene()
  await using cache = await startCacheService()
  const { app, github, world, clock, token } = scene
  pushAgain(scene, layDown(scene), 60)
  // This run leaves it broken for the time being.
  await using first = await runInside(github, { ...BUILDS, token }, clock, { env: cache.env })
  expect(first.outputs['incomplete']).toBe('true')
  expect(first.stdout).toContain('it lags, or they were pushed again')
  app.truth()
  await scene.run({ ...BUILDS, 'older-than': '1d' }, { env: cache.env })
  expect(world.pullable('acme/app', 'sha-1')).toEqual([])
})

it.concurrent('law 3: what a look between the deletions showed stays known, though the look behind them does not show it', async () => {
  await using scene = await openScene()
  const { app, github, clock, run } = scene
  const { part, path } = layDown(scene)
  for (let n = 2; n < 20; n++) app.push(image(), { tags: [`sha-${n}`], at: ago(70 - n) })
  let adopter = 0
  let looks = 0
  const adopt = () => {
    const entry = { shape: part.shape, platform: 'linux/amd64' }
    adopter = app.push(index([entry, { shape: manifest(), platform: 'linux/arm64' }])).id
  }
  const list = { method: 'GET', path: /\/versions$/, query: /^(?!.*deleted)/ } as const
  const hide = () => {
    if (adopter !== 0 && ++looks === 2) app.lie({ kind: 'drop', id: adopter })
  }
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'first', run: adopt })
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'then', run: () => clock.sleep(8_000) })
  github.faults.on(list, { kind: 'first', run: hide })
  await run(BUILDS)
  expect([looks > 1, app.version(part.digest) !== undefined]).toEqual([true, true])
})
