import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** What somebody deleted before a run and restores amid it, in a package whose newest versions fill the first page. */

/** Pushes so many versions that what is older stands on the second page. */
function fill({ app }: Scene, most = 110): void {
  for (let n = 0; n < most; n++) app.push(manifest(), { tags: [`r-${n}`], at: ago(3) + n * 1_000 })
}

const removal = (id: number | string) =>
  ({ host: 'api', method: 'DELETE', path: new RegExp(`/versions/${id}$`), times: 1 }) as const

const arePartsThere = ({ app }: Scene, { children }: Pushed): boolean =>
  children.every(({ digest }) => app.version(digest) !== undefined)

/** An image that an index names which stays. */
function pushNested({ app }: Scene): Pushed {
  const nested = app.push(image(), { at: ago(80) })
  const entries = [{ shape: nested.shape }, { shape: manifest(), platform: 'linux/arm64' }]
  app.push(index(entries), { tags: ['v1'], at: ago(79) })
  return nested
}

/** An image that is needed, what needs it, and the inputs that say so. */
interface Laid {
  readonly back: Pushed
  readonly inputs: Readonly<Record<string, string>>
}

const NEEDED: Readonly<Record<string, (scene: Scene) => Laid>> = {
  'a policy keeps its digest': ({ app }) => {
    const back = app.push(image(), { at: ago(80) })
    return { back, inputs: { 'keep-tags': back.digest } }
  },
  'an index that stays names it': scene => ({ back: pushNested(scene), inputs: {} }),
  'an index that stays names it, and the registry is late': scene => {
    scene.github.faults.on({ host: 'registry' }, { kind: 'late', ms: 8_000 })
    return { back: pushNested(scene), inputs: {} }
  },
  "it has a tag, and the registry's list is late": ({ app, github }) => {
    github.faults.on({ host: 'registry', path: /tags\/list/ }, { kind: 'late', ms: 30_000 })
    return { back: app.push(image(), { tags: ['v1'], at: ago(80) }), inputs: {} }
  }
}

it.concurrent.each(Object.entries(NEEDED))(
  'law 5: what is restored amid a run brings back what the run took from it, on whatever page it stands: %s',
  async (_, layDown) => {
    await using scene = await openScene()
    const { app, github, world, clock, run } = scene
    app.push(image(), { tags: ['v0'], at: ago(90) })
    const { back, inputs } = layDown(scene)
    fill(scene)
    app.delete(back)
    // What is restored is none of the last hundred that were deleted.
    const others = Array.from({ length: 110 }, () => app.push(manifest(), { at: ago(70) }))
    for (const other of others) app.delete(other)
    world.remember(app.row)
    await clock.sleep(60_000)
    github.faults.on(removal('\\d+'), { kind: 'first', run: () => world.store.restore(app.row, back.id) })
    const result = await run({ 'delete-untagged': 'true', ...inputs })
    expect(result.warnings.join()).toContain('restored at once')
    expect(arePartsThere(scene, back)).toBe(true)
  }
)

it.concurrent.each([
  ['small', 8_000],
  ['small', 30_000],
  ['large', 8_000],
  ['large', 30_000]
] as const)(
  "law 5: the same of what an index that stays names, in a %s package with GitHub's list late by %i ms",
  async (size, ms) => {
    await using scene = await openScene({ busy: 0.05 })
    const { app, github, world, clock, run } = scene
    const back = pushNested(scene)
    if (size === 'large') fill(scene)
    app.delete(back)
    world.remember(app.row)
    await clock.sleep(60_000)
    github.faults.on({ host: 'api', method: 'GET', path: /\/versions$/ }, { kind: 'late', ms })
    github.faults.on(removal('\\d+'), { kind: 'first', run: () => world.store.restore(app.row, back.id) })
    await run({ 'delete-untagged': 'true' })
    expect(arePartsThere(scene, back)).toBe(true)
  }
)

it.concurrent('law 5: the same where others delete so many that GitHub counts fewer', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v0'], at: ago(90) })
  const back = app.push(image(), { at: ago(80) })
  fill(scene)
  app.delete(back)
  world.remember(app.row)
  const old = app.row.order.filter(({ tags }) => ['r-1', 'r-2', 'r-3'].some(tag => tags.includes(tag)))
  github.faults.on(removal('\\d+'), {
    kind: 'first',
    run: async () => {
      await world.store.restore(app.row, back.id)
      for (const one of old) app.delete(one)
    }
  })
  await run({ 'delete-untagged': 'true', 'keep-tags': back.digest })
  expect(arePartsThere(scene, back)).toBe(true)
})

it.concurrent('law 5: the same where only pushes amid the run fill the first page, and another job deletes as well', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v0'], at: ago(90) })
  const back = app.push(image(), { at: ago(80) })
  fill(scene, 90)
  const theirs = app.push(manifest(), { at: ago(40) })
  app.delete(back)
  world.remember(app.row)
  github.faults.on(removal(theirs.id), { kind: 'first', run: () => app.delete(theirs) })
  github.faults.on(removal('\\d+'), {
    kind: 'first',
    run: async () => {
      await world.store.restore(app.row, back.id)
      for (let n = 0; n < 10; n++) app.push(manifest(), { tags: [`new-${n}`] })
    }
  })
  const result = await run({ 'delete-untagged': 'true', 'keep-tags': back.digest })
  expect(result.stdout).toContain('already gone: ')
  expect(arePartsThere(scene, back)).toBe(true)
})

it.concurrent('a version that stays deleted, and that the registry serves still, brings nothing back', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v0'], at: ago(90) })
  const gone = app.push(image(), { at: ago(80) })
  fill(scene)
  world.remember(app.row)
  app.delete(gone)
  github.faults.on(
    { host: 'registry', path: new RegExp(`/manifests/${gone.digest}$`) },
    { kind: 'late', ms: 600_000 }
  )
  const result = await run({ 'delete-untagged': 'true' })
  expect(result).toMatchObject({
    code: 0,
    warnings: [],
    outputs: { 'deleted-count': '2', 'restored-count': '0' }
  })
})

it.concurrent.each([
  ['the list of deleted versions', 0],
  ['the list of deleted versions', 2_500],
  ['the list of deleted versions', 6_000],
  ['the registry', 4_000]
] as const)(
  'law 5: what another job deleted and restored amid a run is whole, with %s late by %i ms',
  async (witness, late) => {
    await using scene = await openScene({ busy: 0.05 })
    const { app, github, world, clock, run } = scene
    app.push(image(), { tags: ['v0'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    world.remember(app.row)
    // What is late knows what was there before.
    await clock.sleep(60_000)
    const takeAway = async () => {
      app.tag(build, 'prod')
      app.delete(build)
      // Its row is then in the late list by the time of the look behind.
      await clock.sleep(5_000)
    }
    github.faults.on(removal(build.id), { kind: 'first', run: takeAway })
    const last = build.children.at(-1) as Pushed
    github.faults.on(removal(last.id), { kind: 'then', run: () => world.store.restore(app.row, build.id) })
    const asked =
      witness === 'the registry'
        ? ({ host: 'registry', path: /\/manifests\// } as const)
        : ({ host: 'api', method: 'GET', query: /state=deleted/ } as const)
    if (late > 0) github.faults.on(asked, { kind: 'late', ms: late })
    await run({ 'delete-tags': 'sha-*' })
    expect(world.pullable('acme/app', 'prod')).toEqual([])
  }
)
