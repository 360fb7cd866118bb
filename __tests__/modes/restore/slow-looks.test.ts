import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from '../retain/runs.ts'

/** Between the look at a tag and what may take it nothing takes long, whatever is turned away or sent once more. */

const ANSWERS = {
  503: { status: 503, body: '' },
  '429 for 30 s': registryError(429, 'TOOMANYREQUESTS', 'too many requests', { 'retry-after': '30' })
} as const
const TURNED_AWAY = Object.keys(ANSWERS) as (keyof typeof ANSWERS)[]

const postOf = ({ id }: Pushed) =>
  ({ host: 'api', method: 'POST', path: new RegExp(`/versions/${id}/restore$`) }) as const
const headOf = (tag: string) =>
  ({ host: 'registry', method: 'HEAD', path: new RegExp(`/manifests/${tag}$`) }) as const

/** Nobody is robbed: who has the tag keeps it, or the run is red and names it. */
function expectKept({ app }: Scene, { code, errors }: Run, tag: string, on: Pushed | undefined): void {
  const isKept = app.tags()[tag] === on?.digest
  expect([on !== undefined, isKept || (code === 1 && errors.join().includes(tag))]).toEqual([true, true])
}

it.each(TURNED_AWAY)(
  'law 3: a tag that is put back is looked at behind the manifest that is to have it, which the registry turns away with %s',
  async reason => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const old = app.push(image(), { tags: ['v2', 'nightly'], at: ago(60) })
    const other = app.push(image(), { tags: ['v3'], at: ago(50) })
    const { outputs } = await run({ 'delete-tags': 'nightly', untag: 'true' })
    let moved: Pushed | undefined
    // The GET of the image stands right before the PUT of the tag.
    github.faults.on(
      { host: 'registry', method: 'GET', path: new RegExp(`/manifests/${old.digest}$`), times: 1 },
      {
        kind: 'echo',
        answer: () => {
          app.tag(other, 'nightly')
          moved = other
          return ANSWERS[reason]
        }
      }
    )
    expectKept(scene, await run({ mode: 'restore', restore: outputs['report'] as string }), 'nightly', moved)
  }
)

it.each(['untagging', 'undoing it'])(
  'law 3: a PUT is not sent again behind a token that came late, when somebody may have moved the tag: %s',
  async what => {
    await using scene = await openScene()
    const { app, github, run } = scene
    app.push(image(), { tags: ['v2', 'nightly'], at: ago(60) })
    const other = app.push(image(), { tags: ['v3'], at: ago(50) })
    const inputs = { 'delete-tags': 'nightly', 'keep-tags': 'v3', untag: 'true' }
    const first = what === 'untagging' ? undefined : await run(inputs)
    const move = () => {
      app.tag(other, 'nightly')
      return ANSWERS['429 for 30 s']
    }
    const refuse = () => {
      github.faults.on({ path: /\/token/, times: 1 }, { kind: 'echo', answer: move })
      const headers = { 'www-authenticate': `Bearer realm="${github.registryUrl}/token",service="x"` }
      return registryError(401, 'UNAUTHORIZED', 'authentication required', headers)
    }
    github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'echo', answer: refuse })
    const { code, stdout } = await run(
      first === undefined ? inputs : { mode: 'restore', restore: first.outputs['report'] as string }
    )
    expect([code, app.tags()['nightly']]).toEqual([1, other.digest])
    expect(stdout).toMatch(/Nothing was written to acme\/app: the token for it had expired/)
  }
)

/** GitHub shows the tags of what is deleted, and moves them back with it. */
function layDown({ app, world }: Scene): void {
  world.deletedTags = 'shown'
  world.restoredTags = 'move back'
  app.push(image(), { tags: ['v1'], at: ago(90) })
}

/** A build that comes back at once: `v2` is put on it right before its DELETE. */
function tagLate(scene: Scene): Pushed {
  layDown(scene)
  const { app, github } = scene
  const build = app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const path = new RegExp(`/versions/${build.id}$`)
  const target = { host: 'api', method: 'DELETE', path, times: 1 } as const
  github.faults.on(target, { kind: 'first', run: () => app.tag(build, 'v2') })
  return build
}

/**
 * A build comes back at once, because `v2` is put on it right before its DELETE.
 *
 * @param nth behind this look at `v2` that is pushed, and the one at `sha-1` is turned away
 * @returns how many looks at `v2` there were before the restore
 */
async function restoredAtOnce(scene: Scene, nth: number, reason: keyof typeof ANSWERS) {
  const { app, github, run } = scene
  const build = tagLate(scene)
  let [looks, before]: [number, number | undefined] = [0, undefined]
  let pushed: Pushed | undefined
  const look = () => {
    looks++
    if (before !== undefined) return
    if (looks === nth) pushed = app.push(image(), { tags: ['v2'] })
    // Both are asked for side by side.
    if (looks === nth - 1)
      github.faults.on({ ...headOf('sha-1'), times: 1 }, { kind: 'answer', answer: ANSWERS[reason] })
  }
  // The registry denies the tag, which a GET confirms.
  github.faults.on({ host: 'registry', method: 'GET', path: /manifests\/v2$/ }, { kind: 'then', run: look })
  const posted = () => {
    before ??= looks
  }
  github.faults.on(postOf(build), { kind: 'first', run: posted })
  const result = await run({ 'delete-tags': 'sha-*' })
  return { result, pushed, looks: before ?? 0 }
}

it.each(['429 for 30 s'] as const)(
  'law 3: a look at two tags that takes long, as one of them is turned away with %s, is taken once more before a restore',
  async reason => {
    await using quiet = await openScene()
    const { looks } = await restoredAtOnce(quiet, 0, reason)
    await using scene = await openScene()
    const { result, pushed } = await restoredAtOnce(scene, looks, reason)
    expectKept(scene, result, 'v2', pushed)
  }
)

it('law 3: a part that makes a named image whole takes its tag from no push right before it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  const shape = manifest()
  const part = app.push(shape, { tags: ['sha-1-amd64'], at: ago(80) })
  const build = app.push(index([{ shape, platform: 'linux/amd64' }]), { tags: ['sha-1'], at: ago(80) })
  await run({ 'delete-tags': 'sha-*', 'delete-untagged': 'true' })
  let pushed: Pushed | undefined
  const push = () => {
    pushed = app.push(image(), { tags: ['sha-1-amd64'] })
  }
  github.faults.on({ ...postOf(build), times: 1 }, { kind: 'then', run: push })
  expect([part, build].some(({ id }) => app.row.byId.has(id))).toBe(false)
  const result = await run({ mode: 'restore', restore: build.digest })
  expectKept(scene, result, 'sha-1-amd64', pushed)
})

it.each(['v2', 'sha-1'])(
  'law 3: a restore that GitHub confirms in vain takes %s from no push when it is sent once more',
  async tag => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const build = tagLate(scene)
    let pushed: Pushed | undefined
    const push = () => {
      pushed = app.push(image(), { tags: [tag] })
    }
    github.faults.on({ ...postOf(build), times: 1 }, { kind: 'first', run: push })
    github.faults.on({ ...postOf(build), times: 1 }, { kind: 'answer', answer: { status: 204 } })
    expectKept(scene, await run({ 'delete-tags': 'sha-*' }), tag, pushed)
  }
)
