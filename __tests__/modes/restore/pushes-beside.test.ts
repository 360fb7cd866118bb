import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import type { Aim } from '../../emulator/faults.ts'
import type { Answer } from '../../emulator/http.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Scene } from '../retain/runs.ts'

/** A tag is put back where it was: does a push beside it keep the tag, though one witness lags about it? */

/** Lets something happen behind the nth request that fits. */
function behind({ github }: Scene, nth: number, fits: (aim: Aim) => boolean, run: () => unknown): void {
  const { strike } = github.faults
  let count = 0
  github.faults.strike = aim => {
    const troubles = strike(aim)
    return fits(aim) && ++count === nth ? [...troubles, { kind: 'then', run }] : troubles
  }
}

const isList = ({ host, path, query }: Aim): boolean =>
  host === 'api' && path.endsWith('/versions') && !query.includes('deleted')

/** The report of a run that took `nightly` off an image. */
async function untagged({ app, run }: Scene): Promise<{ readonly report: string; readonly old: Pushed }> {
  const old = app.push(image(), { tags: ['v2', 'nightly'], at: ago(60) })
  app.push(image(), { tags: ['v3'], at: ago(50) })
  const { outputs } = await run({ 'delete-tags': 'nightly', untag: 'true' })
  return { report: outputs['report'] as string, old }
}

it.concurrent.each([2, 3].flatMap(list => [0, 1, 3].map(late => [list, late] as const)))(
  'law 3: undoing an untagging takes the tag from no push behind list %i, of which the registry knows %i answers late',
  async (list, late) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { report } = await untagged(scene)
    let pushed = ''
    behind(scene, list, isList, () => {
      pushed = app.push(image(), { tags: ['nightly'] }).digest
      const asked = { host: 'registry', path: /manifests\/nightly$/, times: 2 * late } as const
      const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
      github.faults.on(asked, { kind: 'answer', answer })
    })
    const result = await run({ mode: 'restore', restore: report })
    expect(app.tags()['nightly']).toBe(pushed)
    expect(result).toMatchObject({ code: 0, errors: [] })
    expect(result.stdout).toMatch(/The tag nightly is on sha256:\w{12} by now, so it is left there/)
  }
)

it.concurrent('law 3: a tag is put back though the registry still shows it where it was', async () => {
  await using scene = await openScene()
  const { app, github, world, clock, run } = scene
  const old = app.push(image(), { tags: ['v2', 'nightly'], at: ago(60) })
  world.remember(app.row)
  await clock.sleep(60_000)
  const { outputs } = await run({ 'delete-tags': 'nightly', untag: 'true' })
  for (const method of ['HEAD', 'GET'])
    github.faults.on({ host: 'registry', method, path: /manifests\/nightly$/ }, { kind: 'late', ms: 50_000 })
  const { code } = await run({ mode: 'restore', restore: outputs['report'] as string })
  expect([code, app.tags()['nightly']]).toEqual([0, old.digest])
})

it.concurrent('law 3: a tag that the registry says it has put, and nobody shows, is not back', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { report, old } = await untagged(scene)
  const headers = { 'docker-content-digest': old.digest }
  const answer = { status: 201, headers, body: '' }
  github.faults.on({ host: 'registry', method: 'PUT' }, { kind: 'answer', answer })
  const { code, errors } = await run({ mode: 'restore', restore: report })
  expect([code, app.tags()['nightly']]).toEqual([1, undefined])
  expect(errors.join()).toMatch(
    /confirmed that the tag nightly is on sha256:\w+ now, but nobody shows it there/
  )
})

it.concurrent.each([2, 1_000])(
  'law 3: undoing an untagging is not green where a list hides the image %i times',
  async times => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const { report, old } = await untagged(scene)
    let looks = 0
    const hide = () => {
      app.truth()
      if (looks++ < times) app.lie({ kind: 'drop', id: old.id })
    }
    github.faults.on({ host: 'api', method: 'GET', path: /\/versions$/ }, { kind: 'first', run: hide })
    const { code, errors } = await run({ mode: 'restore', restore: report })
    app.truth()
    expect([code, app.tags()['nightly']]).toEqual(times === 2 ? [0, old.digest] : [1, undefined])
    if (code === 1)
      expect(errors.join()).toMatch(/tag nightly could not be put back, because GitHub does not list/)
  }
)

const deleteOf = ({ id }: Pushed) =>
  ({ host: 'api', method: 'DELETE', path: new RegExp(`/versions/${id}$`), times: 1 }) as const

/** A build that comes back at once, because `v2` is put on it right before its DELETE. */
function tagLate({ app, github, world }: Scene): Pushed {
  world.deletedTags = 'shown'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
  github.faults.on(deleteOf(build), { kind: 'first', run: () => app.tag(build, 'v2') })
  return build
}

it.concurrent.each([0, 5, 12])(
  'law 3: a tag that a restore at once took goes back to nobody who has lost it to a push meanwhile, which the registry shows %i s late',
  async seconds => {
    await using scene = await openScene()
    const { app, github, world, run, clock } = scene
    world.restoredTags = 'move back'
    const build = tagLate(scene)
    github.faults.on(deleteOf(build), { kind: 'then', run: () => app.push(image(), { tags: ['sha-1'] }) })
    let pushed = ''
    const isTag = ({ host, path }: Aim): boolean =>
      host === 'registry' && path.endsWith('manifests/sha-1') && app.tags()['sha-1'] === build.digest
    const isBack = (aim: Aim): boolean =>
      isTag(aim) && app.row.byDigest.get(build.digest)?.tags.includes('v2') === true
    const restored = { host: 'api', method: 'POST', path: /restore$/, times: 1 } as const
    github.faults.on(restored, {
      kind: 'then',
      run: () =>
        behind(scene, 1, isBack, () => {
          const headers = { 'docker-content-digest': build.digest }
          const until = clock.now() + seconds * 1_000
          pushed = app.push(image(), { tags: ['sha-1'] }).digest
          github.faults.on({}, { kind: 'first', run: () => clock.now() >= until && github.faults.clear() })
          if (seconds > 0)
            github.faults.on(
              { host: 'registry', method: 'HEAD', path: /manifests\/sha-1$/ },
              { kind: 'answer', answer: { status: 200, headers, body: '' } }
            )
        })
    })
    const { code } = await run({ 'delete-tags': 'sha-*' })
    expect(pushed).not.toBe('')
    expect([code, app.tags()['sha-1']]).toEqual([0, pushed])
  }
)

/** From the restore on, and for so many seconds, the registry says this of a tag. */
function lagBehindRestore(
  { github, clock }: Scene,
  seconds: number,
  tag: string,
  answer: () => Answer
): void {
  const lag = () => {
    const until = clock.now() + seconds * 1_000
    github.faults.on({}, { kind: 'first', run: () => clock.now() >= until && github.faults.clear() })
    const asked = { host: 'registry', path: new RegExp(`/manifests/${tag}$`) } as const
    github.faults.on(asked, { kind: 'answer', answer: answer() })
  }
  github.faults.on({ host: 'api', method: 'POST', path: /restore$/, times: 1 }, { kind: 'then', run: lag })
}

it.concurrent.each([5, 25])(
  'law 3: a push whose tag a restore at once took is not forgotten, though the registry shows it there for %i s more',
  async seconds => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.restoredTags = 'move back'
    const build = tagLate(scene)
    const shape = image()
    github.faults.on(deleteOf(build), { kind: 'then', run: () => app.push(shape, { tags: ['sha-1'] }) })
    lagBehindRestore(scene, seconds, 'sha-1', () => ({
      status: 200,
      headers: { 'docker-content-digest': shape.digest, 'content-type': shape.mediaType },
      body: ''
    }))
    const { code } = await run({ 'delete-tags': 'sha-*' })
    expect(app.tags()['v2']).toBe(build.digest)
    expect(code === 1 || app.tags()['sha-1'] === shape.digest).toBe(true)
  }
)

it.concurrent('law 3: a tag that GitHub shows on what came back is not called lost because the registry denies it for a while', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const build = tagLate(scene)
  lagBehindRestore(scene, 40, 'v2', () => registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown'))
  const { code, errors } = await run({ 'delete-tags': 'sha-*' })
  expect({ code, errors, v2: app.tags()['v2'] }).toEqual({ code: 0, errors: [], v2: build.digest })
})

/** Somebody pushes while a PUT is on its way, so that the PUT takes the tag from the push. */
function pushAmidPut({ app, github }: Scene, tags: readonly string[], nth = 1): { digest: string } {
  const pushed = { digest: '' }
  let puts = 0
  const run = (): void => {
    if (++puts === nth) pushed.digest = app.push(image(), { tags: [...tags] }).digest
  }
  github.faults.on(
    { host: 'registry', method: 'PUT', path: new RegExp(`manifests/${tags[0]}$`) },
    { kind: 'first', run }
  )
  return pushed
}

/** What a run says of a push that may have lost its tag. */
const lostBy = (digest: string, tag: string): RegExp =>
  new RegExp(`${digest}\\) was pushed.*imagetools create -t <image>:${tag} <image>@${digest}`)

it.concurrent.each([[['nightly']], [['nightly', 'v4']]])(
  'law 3: undoing an untagging names a push of %j that loses its tag amid the PUT, and that GitHub lists a moment later',
  async tags => {
    await using scene = await openScene()
    const { app, github, world } = scene
    const { report } = await untagged(scene)
    world.remember(app.row)
    const pushed = pushAmidPut(scene, tags)
    const lag = () => github.faults.on({ host: 'api', path: /\/versions$/ }, { kind: 'late', ms: 1_500 })
    github.faults.on({ host: 'registry', method: 'PUT', times: 1 }, { kind: 'then', run: lag })
    const { code, errors } = await scene.run({ mode: 'restore', restore: report })
    expect(code).toBe(1)
    expect(errors.join()).toMatch(lostBy(pushed.digest, 'nightly'))
  }
)

it.concurrent('law 3: a push that loses its tag amid the PUT of a restore at once is named', async () => {
  await using scene = await openScene()
  const { app, github, world } = scene
  world.restoredTags = 'move back'
  const build = tagLate(scene)
  github.faults.on(deleteOf(build), { kind: 'then', run: () => app.push(image(), { tags: ['sha-1'] }) })
  const pushed = pushAmidPut(scene, ['sha-1'])
  const { code, errors } = await scene.run({ 'delete-tags': 'sha-*' })
  expect(code).toBe(1)
  expect(errors.join()).toMatch(lostBy(pushed.digest, 'sha-1'))
})

it.concurrent.each(['a part of an image that is pushed', 'an image with another tag'])(
  'law 11: %s while a tag of a release is put back has not lost it',
  async what => {
    await using scene = await openScene()
    const { app, github, clock, run } = scene
    app.push(image(), { tags: ['v2', 'v1.2.3'], at: ago(60) })
    app.push(image(), { tags: ['v3'], at: ago(50) })
    const { outputs } = await run({ 'delete-tags': 'v1.2.3', untag: 'true' })
    expect(app.tags()).not.toHaveProperty(['v1.2.3'])
    const part = manifest()
    let since: number | undefined
    const finish = (): void => {
      since ??= clock.now()
      if (clock.now() - since > 3_000 && app.tags()['v4'] === undefined)
        app.push(index([{ shape: part, platform: 'linux/amd64' }]), { tags: ['v4'] })
    }
    const begin = (): void => {
      if (!what.startsWith('a part')) return void app.push(image(), { tags: ['v4'] })
      app.push(part)
      github.faults.on({ host: 'api', path: /\/versions$/ }, { kind: 'first', run: finish })
    }
    const put = { host: 'registry', method: 'PUT', path: /manifests\/v1\.2\.3$/, times: 1 } as const
    github.faults.on(put, { kind: 'first', run: begin })
    const { code, errors } = await run({ mode: 'restore', restore: outputs['report'] as string })
    expect([code, errors, Object.keys(app.tags())]).toEqual([0, [], expect.arrayContaining(['v4', 'v1.2.3'])])
  }
)
