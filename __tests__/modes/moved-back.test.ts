import { expect, it } from '@jest/globals'
import type { Pushed } from '../emulator/builder.ts'
import { registryError } from '../emulator/registry-auth.ts'
import { image, manifest } from '../emulator/shapes.ts'
import { reportOf } from '../helpers/saved-report.ts'
import { ago, openScene, type Scene } from './retain/runs.ts'

/**
 * GitHub may move tags back to the version that is restored, also such as nobody knew that it had. Nobody knows whether
 * it does, nor whether its list of deleted versions shows tags, so every test is run for all answers.
 */

const BUILDS = { 'delete-tags': 'sha-*' }
const DENIAL = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
const GONE = { status: 404, body: { message: 'Package not found.' } }

const WORLDS = (['stay', 'move back'] as const).flatMap(restored =>
  (['hidden', 'shown'] as const).map(deleted => [restored, deleted] as const)
)

async function openWorld([restored, deleted]: (typeof WORLDS)[number]): Promise<Scene> {
  const scene = await openScene()
  scene.world.restoredTags = restored
  scene.world.deletedTags = deleted
  scene.app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
  return scene
}

const buildIn = ({ app }: Scene): Pushed => app.push(image(), { tags: ['sha-1'], at: ago(80) })
const at = ({ id }: Pushed): RegExp => new RegExp(`/versions/${id}$`)
const restore = ({ run }: Scene, what: string) => run({ mode: 'restore', restore: what, packages: 'app' })

/** What happens right before a version is deleted, and right behind that. */
function around({ github }: Scene, one: Pushed, before: () => unknown, behind: () => unknown): void {
  const removal = { method: 'DELETE', path: at(one), times: 1 }
  github.faults.on(removal, { kind: 'first', run: before })
  github.faults.on(removal, { kind: 'then', run: behind })
}

const tookOnce = (restored: string) => (restored === 'move back' ? 1 : 0)
const givenBack = ({ warnings }: { readonly warnings: readonly string[] }) =>
  warnings.filter(text => /The restore had taken the tag \S+ from sha256:\w+: it is back there/.test(text))

it.concurrent.each(WORLDS)(
  'law 5: a version that comes back at once takes no tag that moved on before (tags %s, %s)',
  async (...answers) => {
    await using scene = await openWorld(answers)
    const { app, github, run } = scene
    const build = buildIn(scene)
    // Where tags of what is deleted are hidden, a push that needs it is what brings it back.
    let newest: Pushed | undefined
    const promote = () => {
      app.tag(build, 'v1.2.3')
      app.tag(build, 'latest')
      if (answers[1] === 'hidden') app.sign(build, 'sig')
    }
    const release = () => {
      newest = app.push(manifest(), { tags: ['v1.2.4', 'latest'] })
    }
    around(scene, build, promote, release)
    const result = await run(BUILDS)
    expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()).toMatchObject({ latest: newest?.digest, 'v1.2.3': build.digest })
    expect(givenBack(result)).toHaveLength(tookOnce(answers[0]))
    expect(github.world.broken()).toEqual([])
  }
)

it.concurrent.each(WORLDS)(
  'law 5: a restore by report takes no tag that the report does not know (tags %s, %s)',
  async (...answers) => {
    await using scene = await openWorld(answers)
    const { app } = scene
    const build = buildIn(scene)
    let newest: Pushed | undefined
    const release = () => {
      newest = app.push(manifest(), { tags: ['latest'] })
    }
    around(scene, build, () => app.tag(build, 'latest'), release)
    const first = await scene.run(BUILDS)
    const back = await restore(scene, reportOf(first))
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()).toMatchObject({ latest: newest?.digest, 'sha-1': build.digest })
    expect(givenBack(back)).toHaveLength(tookOnce(answers[0]))
  }
)

it.concurrent.each(WORLDS)(
  'law 3: a restore takes no tag from a push that only the registry shows, though it denies its list once (tags %s, %s)',
  async (...answers) => {
    await using scene = await openWorld(answers)
    const { app, github } = scene
    const old = app.push(manifest(), { tags: ['v2', 'latest'], at: ago(9) })
    app.delete(old)
    const newer = app.push(manifest(), { tags: ['latest', 'nightly'] })
    app.lie({ kind: 'drop', id: newer.id })
    const list = { host: 'registry', path: /tags\/list$/, times: 1 } as const
    github.faults.on(list, { kind: 'answer', answer: registryError(404, 'NAME_UNKNOWN', 'not known') })
    const back = await restore(scene, old.digest)
    app.truth()
    const isSaid = back.code === 1 && back.errors.join().includes('latest')
    expect([app.tags()['nightly'], isSaid || app.tags()['latest']]).toEqual([
      newer.digest,
      isSaid || newer.digest
    ])
  }
)

it.concurrent.each(WORLDS)(
  'a restore of two versions that had a tag one after the other puts it on the last (tags %s, %s)',
  async (...answers) => {
    await using scene = await openWorld(answers)
    const { app, clock, run } = scene
    const last = app.push(manifest(), { tags: ['a'], at: ago(80) })
    const first = app.push(manifest(), { tags: ['b', 'dev'], at: ago(70) })
    app.delete(first)
    await clock.sleep(5_000)
    app.tag(last, 'dev')
    app.delete(last)
    await clock.sleep(5_000)
    const back = await run({ mode: 'restore', restore: 'since 3h', packages: 'app' })
    // Where GitHub hides the tags of what was deleted nobody can know.
    if (answers[1] === 'shown') expect(app.tags()).toMatchObject({ dev: last.digest })
    expect(back.outputs['restored-count']).toBe('2')
  }
)

it.concurrent.each(WORLDS)(
  'law 5: a restore by digest takes no tag from a newer image (tags %s, %s)',
  async (...answers) => {
    await using scene = await openWorld(answers)
    const { app } = scene
    const old = app.push(manifest(), { tags: ['v2', 'latest'], at: ago(9) })
    app.delete(old)
    const newer = app.push(manifest(), { tags: ['latest'], at: ago(8) })
    const back = await restore(scene, old.digest)
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
    expect(app.tags()).toMatchObject({ latest: newer.digest, v2: old.digest })
    expect(givenBack(back)).toHaveLength(tookOnce(answers[0]))
  }
)

it.concurrent.each(WORLDS)(
  'law 5: a platform that comes back with its index takes no tag from a newer one (tags %s, %s)',
  async (...answers) => {
    await using scene = await openWorld(answers)
    const { app } = scene
    const [old, newer] = [9, 8].map(days => {
      const one = app.push(image(), { tags: [`v${days}`], at: ago(days) })
      app.tag(one.children[0] as Pushed, 'latest-amd64')
      if (days === 9) for (const gone of [one, ...one.children]) app.delete(gone)
      return one
    }) as [Pushed, Pushed]
    const back = await restore(scene, old.digest)
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()).toMatchObject({ 'latest-amd64': newer.children[0]?.digest, v9: old.digest })
    expect(givenBack(back)).toHaveLength(tookOnce(answers[0]))
  }
)

it.concurrent.each(WORLDS)(
  'law 3: a restore gives a tag back though GitHub lists it where it was before (tags %s, %s)',
  async (...answers) => {
    await using scene = await openWorld(answers)
    const { app, github } = scene
    buildIn(scene)
    const first = await scene.run(BUILDS)
    const newer = app.push(manifest(), { tags: ['sha-1'], at: ago(1) })
    const lag = () => app.lie({ kind: 'lag', changes: 99 })
    github.faults.on({ method: 'POST', path: /restore$/, times: 1 }, { kind: 'first', run: lag })
    const back = await restore(scene, reportOf(first))
    expect(back.code).toBe(0)
    expect(app.tags()['sha-1']).toBe(newer.digest)
    expect(givenBack(back)).toHaveLength(tookOnce(answers[0]))
  }
)

it.concurrent.each(
  (['stale', 'denied'] as const).flatMap(how =>
    (['before', 'behind'] as const).map(when => [how, when] as const)
  )
)(
  'law 3: what comes back at once gives a tag back, though one answer of the registry is %s %s the restore',
  async (how, when) => {
    await using scene = await openWorld(['move back', 'hidden'])
    const { app, github, run } = scene
    const build = buildIn(scene)
    let pushed: Pushed | undefined
    const answerWrong = () => {
      const headers = { 'docker-content-digest': String(when === 'before' ? build.digest : pushed?.digest) }
      // A HEAD has no body that tells why, so the GET behind it is denied as well.
      const [answer, times] =
        how === 'denied' ? ([DENIAL, 2] as const) : ([{ status: 200, headers, body: '' }, 1] as const)
      github.faults.on({ host: 'registry', path: /manifests\/sha-1$/, times }, { kind: 'answer', answer })
    }
    const push = () => {
      pushed = app.push(manifest(), { tags: ['sha-1'] })
      if (when === 'before') answerWrong()
    }
    around(scene, build, () => app.sign(build, 'sig'), push)
    if (when === 'behind')
      github.faults.on(
        { method: 'POST', path: new RegExp(`/${build.id}/restore$`), times: 1 },
        { kind: 'then', run: answerWrong }
      )
    const result = await run(BUILDS)
    expect(result).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()['sha-1']).toBe(pushed?.digest)
    expect(givenBack(result)).toHaveLength(1)
  }
)

it.concurrent.each(WORLDS.flatMap(answers => [1, 3].map(times => [...answers, times] as const)))(
  'law 3: a package that GitHub does not find for a while is not gone, and a restore takes no tag (tags %s, %s, looks %d)',
  async (restored, deleted, times) => {
    await using scene = await openWorld([restored, deleted])
    const { app, github } = scene
    const build = buildIn(scene)
    const first = await scene.run(BUILDS)
    const newer = app.push(manifest(), { tags: ['sha-1'], at: ago(1) })
    github.faults.on({ method: 'GET', path: /container\/app$/, times }, { kind: 'answer', answer: GONE })
    const back = await restore(scene, reportOf(first))
    expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '3' } })
    expect(app.tags()['sha-1']).toBe(newer.digest)
    expect(app.digests()).toContain(build.digest)
    expect(/restored first/.test(back.warnings.join())).toBe(times === 3)
    expect(givenBack(back)).toHaveLength(tookOnce(restored))
  }
)

it.concurrent('law 3: a restore is red where it cannot read what has the tag that was stripped', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1', 'nightly'], at: ago(90) })
  app.push(image(), { tags: ['v2'], at: ago(80) })
  github.faults.on({ method: 'DELETE' }, { kind: 'answer', answer: { status: 500 } })
  const first = await run({ 'delete-tags': 'nightly', untag: 'true' })
  github.faults.clear()
  const path = new RegExp(`manifests/${app.tags()['nightly']}$`)
  github.faults.on({ host: 'registry', method: 'GET', path }, { kind: 'answer', answer: { status: 500 } })
  const back = await restore(scene, reportOf(first))
  expect(back.errors.join()).toMatch(
    /Whether the tag nightly is restored is unknown: sha256:\w+, which has it, could not be read/
  )
  expect(back.warnings.join()).not.toContain('where somebody put it')
})

it.concurrent('law 3: a restore takes the stripped tag from a placeholder that the registry denies once', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'nightly'], at: ago(90) })
  github.faults.on({ method: 'DELETE' }, { kind: 'answer', answer: { status: 500 } })
  const first = await run({ 'delete-tags': 'nightly', untag: 'true' })
  github.faults.clear()
  const path = new RegExp(`manifests/${app.tags()['nightly']}$`)
  github.faults.on({ host: 'registry', method: 'GET', path, times: 1 }, { kind: 'answer', answer: DENIAL })
  expect((await restore(scene, reportOf(first))).code).toBe(0)
  expect(app.tags()['nightly']).toBe(v1.digest)
})

it.concurrent.each(['hidden', 'shown'] as const)(
  'law 3: a restore says that nobody can tell which tags a version had that was pushed again (tags %s)',
  async deleted => {
    await using scene = await openWorld(['stay', deleted])
    const { app } = scene
    const old = app.push(manifest(), { tags: ['sha-4'], at: ago(80) })
    app.delete(old)
    app.push(old.shape, { tags: ['v5'] })
    const back = await restore(scene, 'since 3h')
    expect(back.code).toBe(0)
    expect('sha-4' in app.tags()).toBe(deleted === 'shown')
    expect(/1 deleted version was pushed again, such as sha256:/.test(back.warnings.join())).toBe(
      deleted === 'hidden'
    )
  }
)

it.concurrent.each(['a report', 'its digest', 'a time'])(
  'law 3: a restore by %s moves no tag, though one answer of the registry is from before the version got it',
  async source => {
    await using scene = await openScene()
    const { app, github } = scene
    const v1 = app.push(image(), { tags: ['v1', 'dev'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    app.tag(build, 'dev')
    const first = await scene.run({ 'delete-tags': 'sha-* dev' })
    expect(first.outputs['deleted-count']).toBe('3')
    const late = (after: number): void => {
      const answer = { status: 200, headers: { 'docker-content-digest': v1.digest }, body: '' }
      const head = { host: 'registry', method: 'HEAD', path: /manifests\/dev$/, times: 1, after } as const
      github.faults.on(head, { kind: 'answer', answer })
    }
    late(source === 'a report' ? 1 : 0)
    const what = { 'a report': reportOf(first), 'its digest': build.digest, 'a time': 'since 3h' }[source]
    const back = await restore(scene, what ?? '')
    expect(back.code).toBe(0)
    expect(app.tags()['dev']).toBe(build.digest)
  }
)
