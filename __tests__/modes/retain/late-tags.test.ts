import { expect, it } from '@jest/globals'
import type { Digest } from '../../../src/model/digest.ts'
import type { Pushed } from '../../emulator/builder.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { renderVersion } from '../../emulator/render.ts'
import { versionNotFound } from '../../emulator/rights.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from './runs.ts'

/** A tag moves to what is deleted right before its DELETE, and a witness shows it somewhere else or goes on showing it. */

const BUILDS = { 'delete-tags': 'sha-*' }

function layDown({ app, world }: Scene, deletedTags: 'hidden' | 'shown'): Pushed {
  world.deletedTags = deletedTags
  app.push(image(), { tags: ['v1', 'prod'], at: ago(90) })
  return app.push(image(), { tags: ['sha-1'], at: ago(80) })
}

const at = ({ id }: Pushed): RegExp => new RegExp(`/versions/${id}$`)

/** What GitHub says of a version. */
type Row = { readonly id: number; readonly metadata?: unknown }

/** Nothing is lost: the tag is back, or the run is red and says what brings it back. */
function expectNotLost({ app }: Scene, { code, errors }: Run, tag: string, on: Pushed): void {
  app.truth()
  const isBack = app.tags()[tag] === on.digest
  const isSaid = code === 1 && errors.some(sentence => sentence.includes('restores it.'))
  expect([tag, isBack || isSaid]).toEqual([tag, true])
}

/** For how long the registry lags, in seconds. */
const LAGS = { hidden: [12, 40, 1_000_000], shown: [40] } as const
const WITNESSES = ['tag', 'list', 'tag and list', 'tag, list and digest'] as const

it.concurrent.each(
  (['hidden', 'shown'] as const).flatMap(deletedTags =>
    WITNESSES.flatMap(witness => LAGS[deletedTags].map(seconds => [witness, seconds, deletedTags] as const))
  )
)(
  'law 3: a tag that moved to what was deleted is not lost, though the registry still shows its %s for %i s (%s)',
  async (witness, seconds, deletedTags) => {
    await using scene = await openScene()
    const { app, github, run, clock } = scene
    const build = layDown(scene, deletedTags)
    app.push(manifest(), { tags: ['v1.2.3'], at: ago(60) })
    const tags = Object.keys(app.tags())
    const lag = () => {
      const until = clock.now() + seconds * 1_000
      const heal = () => {
        if (clock.now() < until) return
        app.truth()
        github.faults.clear()
      }
      github.faults.on({}, { kind: 'first', run: heal })
      if (witness === 'tag, list and digest') app.lie({ kind: 'served' })
      if (witness !== 'tag') {
        const body = { name: 'acme/app', tags }
        github.faults.on(
          { host: 'registry', method: 'GET', path: /tags\/list$/ },
          { kind: 'answer', answer: { status: 200, body } }
        )
      }
      if (witness.startsWith('tag') && witness !== 'tag, list and digest') {
        const headers = { 'docker-content-digest': build.digest }
        github.faults.on(
          { host: 'registry', path: /manifests\/v1\.2\.3$/ },
          { kind: 'answer', answer: { status: 200, headers, body: '' } }
        )
      }
    }
    const move = () => app.tag(build, 'v1.2.3')
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'then', run: lag })
    expectNotLost(scene, await run(BUILDS), 'v1.2.3', build)
  }
)

it.concurrent('law 3: a tag that stands nowhere is not called taken along by its version on one 404', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene, 'hidden')
  const release = app.push(manifest(), { tags: ['v1.2.3'], at: ago(60) })
  const move = () => {
    app.tag(build, 'v1.2.3')
    github.faults.on(
      { method: 'GET', path: at(release), times: 1 },
      { kind: 'answer', answer: { status: 404, body: { message: 'Package version not found.' } } }
    )
  }
  github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
  expectNotLost(scene, await run(BUILDS), 'v1.2.3', build)
})

it.concurrent.each(['hidden', 'shown'] as const)(
  'law 3: a tag that moved from a push to what is deleted is not lost, though the list shows it on the push (%s)',
  async deletedTags => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const build = layDown(scene, deletedTags)
    const push = () => {
      app.push(manifest(), { tags: ['v9', 'canary'] })
      app.lie({ kind: 'lag', changes: 1 })
      app.tag(build, 'canary')
    }
    const stale = () => {
      const newest = app.row.order.at(-1)
      if (newest !== undefined) app.lie({ kind: 'tag', id: newest.id, tag: 'canary' })
      app.row.lies.splice(0, 1)
    }
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: push })
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'then', run: stale })
    expectNotLost(scene, await run(BUILDS), 'canary', build)
  }
)

it.concurrent('law 3: the tag of a push that only the registry shows is not lost, though it moved to what is deleted', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene, 'hidden')
  const push = app.push(manifest(), { tags: ['v2.0.0', 'latest'] })
  app.lie({ kind: 'drop', id: push.id })
  app.lie({ kind: 'count', value: app.row.order.length - 1 })
  const move = () => {
    app.truth()
    app.tag(build, 'latest')
  }
  github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
  expectNotLost(scene, await run(BUILDS), 'latest', build)
})

it.concurrent('law 5: what is known to be lost comes back, though another question fails for good', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene, 'shown')
  app.push(manifest(), { tags: ['v1.2.3'], at: ago(60) })
  const move = () => {
    for (const tag of ['stable', 'v1.2.3']) app.tag(build, tag)
    github.faults.on({ host: 'registry', path: /tags\/list$/ }, { kind: 'answer', answer: { status: 500 } })
  }
  github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
  expect((await run(BUILDS)).code).toBe(1)
  expect(app.tags()).toMatchObject({ stable: build.digest, 'v1.2.3': build.digest })
})

it.concurrent('law 5: a part whose rows do not say its tags any more is not deleted', async () => {
  await using scene = await openScene()
  const { app, github, run, clock } = scene
  const build = layDown(scene, 'hidden')
  const part = build.children[1]
  if (part === undefined) throw new Error('it has no part')
  const rows = () =>
    app.row.order.toReversed().map(row => {
      const { metadata, ...rest } = renderVersion(app.row, row, github.apiUrl, 'shown') as Row
      return rest.id === part.id ? rest : { ...rest, metadata }
    })
  const move = async () => {
    await clock.sleep(8_000)
    app.tag(part, 'v5')
    const body = rows()
    const own = body.find(({ id }) => id === part.id)
    github.faults.on(
      { method: 'GET', path: at(part), times: 1 },
      { kind: 'answer', answer: { status: 200, body: own } }
    )
    const list = { method: 'GET', path: /versions$/, query: /^(?!.*deleted)/, times: 1 } as const
    github.faults.on(list, { kind: 'answer', answer: { status: 200, body } })
  }
  github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'then', run: move })
  await run(BUILDS)
  expect(app.tags()).toMatchObject({ v5: part.digest })
})

/** The newest versions come first, so that the look behind the deletions does not see the row of what is older. */
function pushNewer({ app }: Scene, count: number): void {
  for (let number = 0; number < count; number++) {
    app.push(manifest(), { tags: [`r-${number}`], at: ago(70) + number * 10_000 })
  }
}

it.concurrent.each([
  ['prod', 100, 5],
  ['prod', 100, 1_000],
  ['prod', 10, 1_000],
  ['v1.2.3', 100, 1_000],
  ['v1.2.3', 250, 1_000]
])(
  'law 3: the tag %s is not lost, below %i newer versions, though the list of tags is late for %i answers',
  async (tag, newer, times) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const build = layDown(scene, 'hidden')
    if (tag !== 'prod') app.push(manifest(), { tags: ['v2', tag], at: ago(75) })
    pushNewer(scene, newer)
    const body = { name: 'acme/app', tags: Object.keys(app.tags()) }
    const move = () => {
      app.tag(build, tag)
      github.faults.on(
        { host: 'registry', method: 'GET', path: /tags\/list$/, times },
        { kind: 'answer', answer: { status: 200, body } }
      )
    }
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
    expectNotLost(scene, await run(BUILDS), tag, build)
  }
)

it.concurrent.each([25, 1_000_000])(
  'law 3: a tag that its row has lost is not found where it was, though tag and list of the registry say so for %i s',
  async seconds => {
    await using scene = await openScene()
    const { app, github, run, clock } = scene
    const build = layDown(scene, 'hidden')
    const body = { name: 'acme/app', tags: Object.keys(app.tags()) }
    const headers = { 'docker-content-digest': app.tags()['prod'] as string }
    const move = () => {
      app.tag(build, 'prod')
      const until = clock.now() + seconds * 1_000
      const heal = () => clock.now() >= until && github.faults.clear()
      github.faults.on({}, { kind: 'first', run: heal })
      github.faults.on(
        { host: 'registry', method: 'HEAD', path: /manifests\/prod$/ },
        { kind: 'answer', answer: { status: 200, headers, body: '' } }
      )
      github.faults.on(
        { host: 'registry', method: 'GET', path: /tags\/list$/ },
        { kind: 'answer', answer: { status: 200, body } }
      )
    }
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
    expectNotLost(scene, await run(BUILDS), 'prod', build)
  }
)

it.concurrent.each(
  (['a push', 'a listed image'] as const).flatMap(stop => [3, 1_000].map(times => [stop, times] as const))
)(
  'law 3: a tag that went over %s to what is deleted is not lost, though a HEAD is late for %i answers',
  async (stop, times) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const kept = app.push(image(), { tags: ['v2'], at: ago(85) })
    const build = layDown(scene, 'shown')
    const move = () => {
      const middle = stop === 'a push' ? app.push(manifest(), { tags: ['v9', 'canary'] }) : kept
      if (stop !== 'a push') app.tag(kept, 'canary')
      app.tag(build, 'canary')
      github.faults.on(
        { host: 'registry', method: 'HEAD', path: /manifests\/canary$/, times },
        {
          kind: 'answer',
          answer: { status: 200, headers: { 'docker-content-digest': middle.digest }, body: '' }
        }
      )
    }
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
    expectNotLost(scene, await run(BUILDS), 'canary', build)
  }
)

it.concurrent('law 3: a tag that went to what is deleted is told of though the registry does not serve the image that had it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene, 'hidden')
  const holder = app.tags()['prod'] as string
  const fail = (of: string): void =>
    github.faults.on(
      { host: 'registry', method: 'GET', path: new RegExp(`manifests/(${of})$`) },
      { kind: 'answer', answer: { status: 500 } }
    )
  // Nothing reads the image, also by its tag, as long as that stands on it.
  fail(`${holder}|v1|prod`)
  const move = (): void => {
    app.tag(build, 'prod')
    github.faults.clear()
    fail(`${holder}|v1`)
  }
  github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
  const result = await run(BUILDS)
  expectNotLost(scene, result, 'prod', build)
  expect(result.errors.join()).toMatch(/The tag prod stood on what stays, and stands on nothing now/)
})

it.concurrent.each([
  [2, 'serves'],
  [1_000, 'serves'],
  [1_000, 'denies by then']
])(
  'law 3: a tag that went to what is deleted is told of though GitHub denies the image that had it at %i reads by its id and the registry %s it',
  async (times, what) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const build = layDown(scene, 'hidden')
    const kept = app.row.byTag.get('prod')
    github.faults.on(
      { method: 'DELETE', path: at(build), times: 1 },
      { kind: 'first', run: () => app.tag(build, 'prod') }
    )
    const digest = { host: 'registry', path: new RegExp(`manifests/${kept?.digest}$`) } as const
    const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    const deny = () => github.faults.on(digest, { kind: 'answer', answer })
    if (what !== 'serves')
      github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'then', run: deny })
    const read = { host: 'api', method: 'GET', path: new RegExp(`/versions/${kept?.id}$`), times } as const
    github.faults.on(read, { kind: 'answer', answer: versionNotFound() })
    expectNotLost(scene, await run(BUILDS), 'prod', build)
  }
)

it.concurrent('law 2: with a platform that comes back for a late tag comes the attestation that describes it', async () => {
  await using scene = await openScene()
  const { app, github, run, world } = scene
  layDown(scene, 'shown')
  const build = app.push(image(undefined, { attest: 'new' }), { tags: ['sha-2'], at: ago(75) })
  const [platform] = build.children
  if (platform === undefined) throw new Error('an image has platforms')
  const move = () => app.tag(platform, 'v9')
  github.faults.on({ method: 'DELETE', path: at(platform), times: 1 }, { kind: 'first', run: move })
  const result = await run(BUILDS)
  expect(world.pullable('acme/app', 'v9')).toEqual([])
  expect(app.digests()).toContain(platform.digest)
  expect(result.outputs['restored-count']).toBe('2')
})

/** While the first of many builds is deleted, which takes 20 s, `v9` is put on the last of them. */
function nameTheLast(scene: Scene): Pushed {
  const { app, github, clock } = scene
  layDown(scene, 'hidden')
  const builds = Array.from({ length: 14 }, (_, number) =>
    app.push(manifest(), { tags: [`sha-b${number}`], at: ago(78) + number * 60_000 })
  )
  const last = builds.at(-1) as Pushed
  const name = (): void => {
    if (app.tags()['v9'] === undefined) app.tag(last, 'v9')
  }
  for (const build of builds.slice(0, 8)) {
    const target = { method: 'DELETE', path: at(build), times: 1 } as const
    github.faults.on(target, { kind: 'first', run: name })
    github.faults.on(target, { kind: 'first', run: () => clock.sleep(20_000) })
  }
  return last
}

it.concurrent.each([0, 10_100])(
  'law 3: a new tag speaks against a deletion that comes later, though GitHub shows no version as it is now, beside %i tags',
  async others => {
    await using scene = await openScene({ contract: 'off' })
    const { app, github, run, world } = scene
    const tags = Array.from({ length: others }, (_, number) => `kept-${number}`)
    if (others > 0) app.push(manifest(), { tags, at: ago(79) })
    const last = nameTheLast(scene)
    world.remember(app.row)
    for (const path of [/\/versions$/, /\/versions\/\d+$/])
      github.faults.on({ host: 'api', method: 'GET', path }, { kind: 'late', ms: 45_000 })
    const { stdout } = await run(BUILDS)
    expect(app.tags()['v9']).toBe(last.digest)
    expect(stdout).toContain('tag v9 was put on it after the listing')
  }
)

it.concurrent('law 3: nothing more goes while the registry does not say which tags there are, and the run is red', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const last = nameTheLast(scene)
  const list = { host: 'registry', path: /tags\/list$/ } as const
  github.faults.on(
    { method: 'DELETE', times: 1 },
    {
      kind: 'first',
      run: () => github.faults.on(list, { kind: 'answer', answer: { status: 500 } })
    }
  )
  app.lie({ kind: 'drop', id: last.id })
  const { code, errors } = await run(BUILDS)
  expect([code, app.tags()['v9']]).toEqual([1, last.digest])
  expect(errors.join()).toMatch(/the registry's list of tags could not be read.*Run again later/)
})

it.concurrent('law 2: a platform that is left alone in time keeps its attestation', async () => {
  await using scene = await openScene()
  const { app, github, run, clock } = scene
  layDown(scene, 'shown')
  const build = app.push(image(undefined, { attest: 'new' }), { tags: ['sha-2'], at: ago(75) })
  const [platform, , attestation] = build.children
  if (platform === undefined || attestation === undefined) throw new Error('an image has parts')
  const move = async () => {
    app.tag(platform, 'v9')
    await clock.sleep(12_000)
  }
  github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: move })
  const { code } = await run(BUILDS)
  expect([code, app.tags()['v9']]).toEqual([0, platform.digest])
  expect([...app.digests()]).toEqual(expect.arrayContaining([platform.digest, attestation.digest]))
})

it.concurrent.each([4_000, 8_000])(
  'law 6: parts do not come back for a tag that the registry shows %i ms late on what was deleted',
  async ms => {
    await using scene = await openScene()
    const { app, github, run, clock, world } = scene
    const build = layDown(scene, 'shown')
    const stays = app.row.byDigest.get(app.tags()['prod'] as Digest)
    world.remember(app.row)
    await clock.sleep(60_000)
    const through = async () => {
      app.tag(build, 'prod')
      await clock.sleep(1_500)
      if (stays !== undefined) app.tag(stays, 'prod')
      github.faults.on({ host: 'registry', path: /manifests\/prod$/ }, { kind: 'late', ms })
    }
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: through })
    const { code, outputs } = await run(BUILDS)
    expect([code, app.tags()['prod']]).toEqual([0, stays?.digest])
    expect(outputs).toMatchObject({ 'deleted-count': '3', 'restored-count': '0' })
  }
)

it.concurrent.each([2, 3, 4])(
  'law 3: a tag that went on to one of the oldest images is no late tag because the registry denies it once, after %i answers',
  async after => {
    await using scene = await openScene()
    const { app, github, run, world } = scene
    world.restoredTags = 'move back'
    const build = layDown(scene, 'shown')
    const old = app.row.byDigest.get(app.tags()['v1'] as Digest)
    for (let count = 0; count < 101; count++) app.push(manifest(), { tags: [`kept-${count}`], at: ago(70) })
    const through = () => {
      app.tag(build, 'v2')
      const onward = () => {
        if (old !== undefined) app.tag(old, 'v2')
        const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
        github.faults.on(
          { host: 'registry', path: /manifests\/v2$/, after, times: 2 },
          { kind: 'answer', answer }
        )
      }
      github.faults.on({ host: 'api', path: /\/versions$/, times: 1 }, { kind: 'first', run: onward })
    }
    github.faults.on({ method: 'DELETE', path: at(build), times: 1 }, { kind: 'first', run: through })
    const { code, outputs } = await run(BUILDS)
    expect([code, app.tags()['v2']]).toEqual([0, old?.digest])
    expect(outputs).toMatchObject({ 'restored-count': '0' })
  }
)

it.concurrent.each(['move back', 'stay'] as const)(
  'law 5: a tag that two deleted versions had in turn is named with the other one of them (restored tags %s)',
  async restoredTags => {
    await using scene = await openScene()
    const { app, github, run, world } = scene
    world.restoredTags = restoredTags
    const builds = [layDown(scene, 'shown'), app.push(image(), { tags: ['sha-2'], at: ago(70) })]
    for (const build of builds)
      github.faults.on(
        { method: 'DELETE', path: at(build), times: 1 },
        { kind: 'first', run: () => app.row.byDigest.has(build.digest) && app.tag(build, 'v2') }
      )
    const { code, errors } = await run(BUILDS)
    const on = app.tags()['v2']
    const other = builds.find(({ digest }) => digest !== on)
    expect([code, builds.some(({ digest }) => digest === on)]).toEqual([1, true])
    expect(errors.join()).toMatch(new RegExp(`The tag v2 is on .* -t <image>:v2 <image>@${other?.digest}`))
    expect(errors.join()).not.toMatch('was not restored')
  }
)

it('what a person deletes while the look asks for tags is no tag that stands nowhere', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene, 'shown')
  const other = app.push(image(), { tags: ['dev-2'], at: ago(50) })
  // Behind the list that shows it.
  const look = { host: 'api', method: 'GET', query: /state=deleted/, times: 1 } as const
  github.faults.on(look, { kind: 'first', run: () => app.delete(other) })
  expect(await run(BUILDS)).toMatchObject({ code: 0, errors: [] })
})

it('law 3: a tag that stands nowhere is named though GitHub does not answer whether the image of another one is listed', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const build = layDown(scene, 'hidden')
  const other = app.push(image(), { tags: ['dev-2'], at: ago(50) })
  github.faults.on(
    { method: 'DELETE', path: at(build), times: 1 },
    { kind: 'first', run: () => app.tag(build, 'prod') }
  )
  const list = { host: 'api', method: 'GET', path: /\/versions$/, query: /^(?!.*deleted)/ } as const
  const leave = (): void => {
    app.delete(other)
    github.faults.on(list, { kind: 'answer', answer: { status: 500 } })
  }
  const look = { host: 'api', method: 'GET', query: /state=deleted/, times: 1 } as const
  github.faults.on(look, { kind: 'first', run: leave })
  const { code, errors } = await run(BUILDS)
  expect(code).toBe(1)
  expect(errors.join()).toMatch(/The tag .*\bprod\b.* stands? on nothing now/)
})
