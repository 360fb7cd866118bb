import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import type { Target, Trouble } from '../../emulator/faults.ts'
import { image } from '../../emulator/shapes.ts'
import { ago, openScene } from './runs.ts'

/** What was restored at once, and what that took, is told, whatever fails behind it. */

const OUT = { kind: 'answer', answer: { status: 500 } } as const
const FAILING: Readonly<Record<string, Target | 'time' | 'quota'>> = {
  'the time is over': 'time',
  'the quota is used up': 'quota',
  'single versions do not answer': { host: 'api', method: 'GET', path: /\/versions\/\d+$/ },
  'the list does not answer': { host: 'api', method: 'GET', path: /\/versions$/ },
  'the tag does not answer': { host: 'registry', path: /manifests\/sha-1$/ },
  'the digests do not answer': { host: 'registry', path: /manifests\/sha256:/ },
  'nothing can be put': { host: 'registry', method: 'PUT' }
}

const usedUp = (now: number): Trouble => {
  const reset = String(Math.floor(now / 1_000) + 3_000)
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }
  return { kind: 'answer', answer: { status: 403, headers, body: { message: 'API rate limit exceeded' } } }
}

it.concurrent.each(Object.keys(FAILING))(
  'law 5: what was restored at once is counted, and what it took is put back or told, where behind it %s',
  async what => {
    await using scene = await openScene({ busy: 0.05 })
    const { app, github, world, run, clock } = scene
    world.deletedTags = 'shown'
    world.restoredTags = 'move back'
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    let pushed: Pushed | undefined
    const removal = { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 } as const
    github.faults.on(removal, { kind: 'first', run: () => app.tag(build, 'v2') })
    const push = (): void => {
      pushed = app.push(image(), { tags: ['sha-1'] })
    }
    github.faults.on(removal, { kind: 'then', run: push })
    const fail = async (): Promise<void> => {
      const target = FAILING[what]
      if (target === 'time') await clock.sleep(90_000)
      else if (target === 'quota') github.faults.on({ host: 'api' }, usedUp(clock.now()))
      else if (target !== undefined) github.faults.on(target, OUT)
    }
    const restore = { method: 'POST', path: new RegExp(`/versions/${build.id}/restore$`), times: 1 } as const
    github.faults.on(restore, { kind: 'then', run: fail })
    const { code, errors, outputs } = await run({ 'delete-tags': 'sha-*', 'time-limit': '1min' })
    expect(outputs).toMatchObject({ 'deleted-count': '0', 'restored-count': '3' })
    const way = `put it back: \`docker buildx imagetools create -t <image>:sha-1 <image>@${pushed?.digest}\``
    const isSaid = errors.some(text => /tag sha-1 /.test(text) && text.toLowerCase().includes(way))
    expect([code === 1 && isSaid, app.tags()['sha-1'] === pushed?.digest]).toContain(true)
    if (what === 'single versions do not answer') expect(app.tags()['sha-1']).toBe(pushed?.digest)
  }
)
