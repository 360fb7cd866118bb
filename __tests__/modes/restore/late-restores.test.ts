import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { image } from '../../emulator/shapes.ts'
import { runInside } from '../../helpers/inside.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene, type Scene } from '../retain/runs.ts'

/** GitHub may say that a version is restored before it is: what shows late is looked at like the rest. */

interface Deleted {
  readonly build: Pushed
  readonly report: string
}

async function deleteBuild({ app, world, run }: Scene): Promise<Deleted> {
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  return { build, report: reportOf(await run({ 'delete-tags': 'sha-*' })) }
}

/** Answers that a version is restored, and restores it when GitHub is asked for it the next time but so many. */
function restoresLate({ app, github, world }: Scene, { id }: Pushed, looks: number): void {
  const one = { host: 'api', times: 1 } as const
  const answered = new RegExp(`/versions/${id}/restore$`)
  github.faults.on({ ...one, method: 'POST', path: answered }, { kind: 'answer', answer: { status: 204 } })
  github.faults.on(
    { ...one, method: 'GET', path: new RegExp(`/versions/${id}$`), after: looks },
    { kind: 'first', run: () => world.store.restore(app.row, id) }
  )
}

it.concurrent.each([0, 2, 3, 4, 5])(
  'law 3: an image is made whole that shows only when it is looked for the next time but %i',
  async looks => {
    await using scene = await openScene()
    const { build } = await deleteBuild(scene)
    restoresLate(scene, build, looks)
    const back = await scene.run({ mode: 'restore', packages: 'app', restore: build.digest })
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3', 'failed-count': '0' } })
    expect(scene.world.pullable('acme/app', 'sha-1')).toEqual([])
  }
)

it.concurrent.each([0, 3, 5])(
  'law 3: what a report restores gets its tags, also where it shows only when it is looked for the next time but %i',
  async looks => {
    await using scene = await openScene()
    const { build, report } = await deleteBuild(scene)
    scene.world.restoredTags = 'stay'
    restoresLate(scene, build, looks)
    const back = await scene.run({ mode: 'restore', restore: report })
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(scene.app.tags()['sha-1']).toBe(build.digest)
  }
)

it.concurrent('law 3: a part that shows late is not called gone: the image is looked at once more', async () => {
  await using scene = await openScene()
  const { build } = await deleteBuild(scene)
  restoresLate(scene, build.children[0] as Pushed, 2)
  const back = await scene.run({ mode: 'restore', packages: 'app', restore: build.digest })
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
  expect(scene.world.pullable('acme/app', 'sha-1')).toEqual([])
})

it.concurrent('law 3: a part that does not come back although GitHub says so is not called gone for good', async () => {
  await using scene = await openScene()
  const { github, clock, token } = scene
  const { build } = await deleteBuild(scene)
  restoresLate(scene, build.children[0] as Pushed, 99)
  // The image is left without it, which no run of a scene may do.
  await using back = await runInside(
    github,
    { token, mode: 'restore', packages: 'app', restore: build.digest },
    clock
  )
  expect(back.code).toBe(1)
  expect(back.stdout).toMatch(/unknown whether it is whole: the registry denies sha256:\w+, which GitHub/)
  expect(back.stdout).toMatch(/GitHub answered that it is restored, but it is not there/)
  expect(back.stdout).not.toMatch(/no longer has it/)
})

/** From its restore on the registry denies a version so many times. */
function deniedBehind({ github }: Scene, { id, digest }: Pushed, times: number): void {
  const path = new RegExp(`manifests/${digest}$`)
  const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  const run = () => github.faults.on({ host: 'registry', path, times }, { kind: 'answer', answer })
  const sent = { method: 'POST', path: new RegExp(`/versions/${id}/restore$`), times: 1 } as const
  github.faults.on(sent, { kind: 'then', run })
}

it.concurrent.each([3, 6, 9])(
  'law 3: a part that the registry denies %i times behind its restore is not called gone',
  async times => {
    await using scene = await openScene()
    const { build } = await deleteBuild(scene)
    deniedBehind(scene, build.children[0] as Pushed, times)
    const back = await scene.run({ mode: 'restore', packages: 'app', restore: build.digest })
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
  }
)

it.concurrent.each([3, 6])(
  'law 3: an image that the registry denies %i times behind its restore is made whole all the same',
  async times => {
    await using scene = await openScene()
    const { build } = await deleteBuild(scene)
    deniedBehind(scene, build, times)
    const back = await scene.run({ mode: 'restore', packages: 'app', restore: build.digest })
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(scene.world.pullable('acme/app', 'sha-1')).toEqual([])
  }
)

it.concurrent('law 3: an image that the registry goes on denying makes the run red, and its package no other one', async () => {
  await using scene = await openScene()
  const { github, clock, token } = scene
  const { build } = await deleteBuild(scene)
  deniedBehind(scene, build, 999)
  await using back = await runInside(
    github,
    { token, mode: 'restore', packages: 'app', restore: build.digest },
    clock
  )
  expect(back.code).toBe(1)
  expect(back.stdout).toMatch(
    /is restored, but could not be read \(.*\), so it is unknown whether it is whole/
  )
  expect(back.stdout).not.toMatch(/another package by this name/)
})

it.concurrent.each(['its report', 'its digest'])(
  'law 3: a version that GitHub says to have restored by %s and does not find is not back because the registry serves it',
  async how => {
    await using scene = await openScene()
    const { app, run } = scene
    const { build, report } = await deleteBuild(scene)
    app.lie({ kind: 'served' })
    restoresLate(scene, build, 999)
    const restore = how === 'its report' ? report : build.digest
    const back = await run({ mode: 'restore', packages: 'app', restore })
    app.truth()
    expect(app.digests()).not.toContain(build.digest)
    expect(back.code).toBe(1)
    expect(back.errors.join()).toMatch(
      /GitHub answered that it is restored, but does not find it, and the registry may serve it from before its deletion: run it again/
    )
  }
)
