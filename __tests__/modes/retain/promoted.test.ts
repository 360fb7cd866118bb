import { expect, it } from '@jest/globals'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { ago, openScene } from './runs.ts'

/** What comes back at once may be promoted meanwhile: a restore takes back only what it may have taken. */

const WORLDS = (['stay', 'move back'] as const).flatMap(restored =>
  (['a tag', 'an index'] as const).flatMap(why =>
    ([1, 2] as const).map(looks => [restored, why, looks] as const)
  )
)

it.each(WORLDS)(
  'law 5: a tag that somebody moves to what came back at once stays there, and the run is red (tags %s; needed by %s; look %i)',
  async (restored, why, looks) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.deletedTags = 'shown'
    world.restoredTags = restored
    app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    const claim = () => {
      if (why === 'a tag') app.tag(build, 'v2')
      else
        app.push(index([{ shape: build.shape }, { shape: manifest(), platform: 'linux/arm64' }]), {
          tags: ['x']
        })
    }
    const removal = { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 } as const
    github.faults.on(removal, { kind: 'first', run: claim })
    // Behind the restore the tag is looked for again and again: by then it has been seen where it was.
    const promote = () => {
      const head = {
        host: 'registry',
        method: 'HEAD',
        path: /manifests\/prod$/,
        times: 1,
        after: looks
      } as const
      github.faults.on(head, { kind: 'first', run: () => app.tag(build, 'prod') })
    }
    const back = { method: 'POST', path: new RegExp(`/versions/${build.id}/restore$`), times: 1 } as const
    github.faults.on(back, { kind: 'then', run: promote })
    const result = await run({ 'delete-tags': 'sha-*' })
    expect(app.tags()['prod']).toBe(build.digest)
    expect(result.code).toBe(1)
    expect(result.errors.join()).toMatch(/The tag prod came to sha256:\w+ a while after the restore/)
    expect(result.warnings.join()).not.toMatch(/had taken the tag prod/)
  }
)
