import { expect, it } from '@jest/globals'
import type { Target } from '../../emulator/faults.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene } from '../retain/runs.ts'

/** What a restore took is put back or told, whatever fails behind it. */

const OUT = { kind: 'answer', answer: { status: 500 } } as const
const FAILING: Readonly<Record<string, Target | 'time' | undefined>> = {
  'nothing fails': undefined,
  'the time is over': 'time',
  'single versions do not answer': { host: 'api', method: 'GET', path: /\/versions\/\d+$/ },
  'the list does not answer': { host: 'api', method: 'GET', path: /\/versions$/ },
  'the list of what is deleted does not answer': { host: 'api', method: 'GET', query: /state=deleted/ },
  'the tag does not answer': { host: 'registry', path: /manifests\/sha-1$/ },
  'the digests do not answer': { host: 'registry', path: /manifests\/sha256:/ },
  'nothing can be put': { host: 'registry', method: 'PUT' }
}

it.concurrent.each(
  Object.keys(FAILING).flatMap(what => ['its report', 'its digest'].map(how => [how, what] as const))
)(
  'law 5: what a restore by %s took is put back or told, with nothing that is not so, where behind it %s',
  async (how, what) => {
    await using scene = await openScene({ busy: 0.05 })
    const { app, github, world, run, clock } = scene
    world.deletedTags = 'shown'
    world.restoredTags = 'move back'
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(manifest(), { tags: ['sha-1', 'sha-2'], at: ago(80) })
    const report = reportOf(await run({ 'delete-tags': 'sha-*' }))
    const pushed = app.push(manifest(), { tags: ['sha-1'] })
    const fail = async (): Promise<void> => {
      const target = FAILING[what]
      if (target === 'time') await clock.sleep(90_000)
      else if (target !== undefined) github.faults.on(target, OUT)
    }
    const restore = { method: 'POST', path: new RegExp(`/versions/${build.id}/restore$`), times: 1 } as const
    github.faults.on(restore, { kind: 'then', run: fail })
    const inputs = { mode: 'restore', packages: 'app', 'time-limit': '1min' }
    const back = await run({ ...inputs, restore: how === 'its report' ? report : build.digest })
    const isThere = app.tags()['sha-1'] === pushed.digest
    const way = `put it back: \`docker buildx imagetools create -t <image>:sha-1 <image>@${pushed.digest}\``
    const isSaid = back.errors.some(text => /tag sha-1 /.test(text) && text.toLowerCase().includes(way))
    expect([back.code === 1 && isSaid, isThere]).toContain(true)
    if (!isThere) expect(back.stdout).not.toMatch(/stays on/)
    if (what === 'nothing fails') expect(back.stdout).toMatch(/The tag sha-1 stays on/)
    expect(back.outputs['restored-count']).toBe('1')
    if (/deleted|single/.test(what)) expect(isThere).toBe(true)
  }
)
