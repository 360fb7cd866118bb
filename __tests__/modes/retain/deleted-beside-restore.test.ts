import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** What another job, or a person, deletes while a restore runs was not taken by it. */

const restoring = (id: number) =>
  ({ method: 'POST', path: new RegExp(`/versions/${id}/restore$`), times: 1 }) as const

type Shown = 'shown' | 'hidden'
type Restored = 'stay' | 'move back'

/** A build that is deleted and comes back at once, since an index needs it at that moment; and somebody's `pr-1`. */
function layDown({ app, github, world }: Scene, deleted: Shown, restored: Restored) {
  world.deletedTags = deleted
  world.restoredTags = restored
  app.push(image(), { tags: ['v1'], at: ago(95) })
  const theirs = app.push(manifest(), { tags: ['pr-1', 'pr-2'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const parts = [{ shape: build.shape }, { shape: manifest(), platform: 'linux/arm64' }]
  const removal = { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 } as const
  github.faults.on(removal, { kind: 'first', run: () => app.push(index(parts), { tags: ['x'] }) })
  return { theirs, build, removal }
}

it.concurrent.each(
  (['shown', 'hidden'] as const).flatMap(deleted =>
    (['stay', 'move back'] as const).map(restored => [deleted, restored] as const)
  )
)(
  'law 7: a restore took no tags from what somebody deletes while it runs (tags of deleted versions: %s; restored: %s)',
  async (deleted, restored) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { theirs, build } = layDown(scene, deleted, restored)
    github.faults.on(restoring(build.id), { kind: 'first', run: () => app.delete(theirs) })
    const result = await run({ 'delete-tags': 'sha-*' })
    expect(result).toMatchObject({ code: 0, errors: [], outputs: { 'restored-count': '3' } })
  }
)

const OUT = { status: 500, body: 'out of order' }
const UNKNOWN = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
const single = ({ id }: Pushed) =>
  ({ host: 'api', method: 'GET', path: new RegExp(`/versions/${id}$`) }) as const

const DOUBTS: Readonly<Record<string, (scene: Scene, theirs: Pushed) => void>> = {
  'is there, and the registry denies its tags': ({ github }) =>
    github.faults.on({ host: 'registry', path: /\/manifests\/pr-\d$/ }, { kind: 'answer', answer: UNKNOWN }),
  'is deleted, and GitHub cannot be asked for it': ({ app, github }, theirs) => {
    app.delete(theirs)
    github.faults.on(single(theirs), { kind: 'answer', answer: OUT })
  },
  'is deleted, and the registry cannot be asked for it': ({ app, github }, theirs) => {
    app.delete(theirs)
    github.faults.on(
      { host: 'registry', path: new RegExp(`/manifests/${theirs.digest}$`) },
      { kind: 'answer', answer: OUT }
    )
  }
}

it.concurrent.each(Object.keys(DOUBTS))(
  'law 5: a restore that may have taken tags is red where GitHub hides which, and what had them %s',
  async what => {
    await using scene = await openScene()
    const { github, run } = scene
    const { theirs, build } = layDown(scene, 'hidden', 'move back')
    github.faults.on(restoring(build.id), { kind: 'then', run: () => DOUBTS[what]?.(scene, theirs) })
    const result = await run({ 'delete-tags': 'sha-*' })
    expect(result.errors.join()).toMatch(/The restore may have taken the tag pr-1, pr-2 from sha256:\w+/)
  }
)

/** `sha-1` is pushed anew behind the deletion of the build, which had it. */
function pushAnew(scene: Scene, removal: ReturnType<typeof layDown>['removal']): { version?: Pushed } {
  const pushed: { version?: Pushed } = {}
  const push = () => {
    pushed.version = scene.app.push(manifest(), { tags: ['sha-1'] })
  }
  scene.github.faults.on(removal, { kind: 'then', run: push })
  return pushed
}

it.concurrent('law 7: a restore did not take its own tag from a push that is deleted with it meanwhile', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { build, removal } = layDown(scene, 'shown', 'stay')
  const pushed = pushAnew(scene, removal)
  const drop = () => app.delete(pushed.version as Pushed)
  github.faults.on(restoring(build.id), { kind: 'then', run: drop })
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(result.errors.join()).toBe('')
})

it.concurrent('law 5: a restore is red for its own tag where the push that had it is deleted without it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { theirs, build, removal } = layDown(scene, 'shown', 'stay')
  const pushed = pushAnew(scene, removal)
  const drop = () => {
    app.tag(theirs, 'sha-1')
    app.delete(theirs)
    app.delete(pushed.version as Pushed)
  }
  github.faults.on(restoring(build.id), { kind: 'then', run: drop })
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(result.errors.join()).toMatch(/The restore may have taken the tag sha-1 from sha256:\w+/)
})

it.concurrent('law 5: a restore is red for a tag that it took from what is deleted behind it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { build, removal } = layDown(scene, 'shown', 'move back')
  const pushed = pushAnew(scene, removal)
  const drop = () => app.delete(pushed.version as Pushed)
  github.faults.on(restoring(build.id), { kind: 'then', run: drop })
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(result.errors.join()).toMatch(/The restore (?:took|may have taken) the tag sha-1 from sha256:\w+/)
})
