import { expect, it } from '@jest/globals'
import { registryError } from '../../emulator/registry-auth.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene } from '../retain/runs.ts'

/** Whether an image is whole: the registry serves deleted parts for a while, and denies restored ones. */

it.each(['its report', 'its digest'])(
  'law 3: an image that is restored by %s lacks no part that the registry alone still serves',
  async how => {
    await using scene = await openScene()
    const { app, world, run } = scene
    world.deletedTags = 'shown'
    const shared = { shape: manifest(), platform: 'linux/amd64' }
    const build = () => index([shared, { shape: manifest(), platform: 'linux/arm64' }])
    app.push(image(), { tags: ['v1'], at: ago(95) })
    const one = app.push(build(), { tags: ['sha-1'], at: ago(90) })
    const two = app.push(build(), { tags: ['sha-2'], at: ago(80) })
    const report = reportOf(await run({ 'delete-tags': 'sha-1' }))
    for (const gone of [two, ...two.children]) app.delete(gone)
    app.lie({ kind: 'served' })
    const restore = how === 'its report' ? report : one.digest
    const back = await run({ mode: 'restore', packages: 'app', restore })
    app.truth()
    expect(back.code).toBe(0)
    expect(world.pullable('acme/app', 'sha-1')).toEqual([])
  }
)

it('law 3: a part that GitHub lists is not called gone because the registry denies it', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.deletedTags = 'shown'
  const shared = { shape: manifest(), platform: 'linux/amd64' }
  const build = () => index([shared, { shape: manifest(), platform: 'linux/arm64' }])
  const one = app.push(build(), { tags: ['sha-1'], at: ago(90) })
  app.push(build(), { tags: ['v1'], at: ago(80) })
  await run({ 'delete-tags': 'sha-*' })
  const path = new RegExp(`manifests/${one.children[0]?.digest}$`)
  const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  github.faults.on({ host: 'registry', path }, { kind: 'answer', answer })
  const back = await run({ mode: 'restore', packages: 'app', restore: one.digest })
  expect(back.code).toBe(1)
  expect(back.errors.join()).toMatch(
    /unknown whether it is whole: the registry denies sha256:\w+, which GitHub/
  )
  expect(back.errors.join()).not.toMatch(/no longer has it/)
})
