import { expect, it } from '@jest/globals'
import type { Pushed } from '../../emulator/builder.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene, type Scene } from '../retain/runs.ts'

/** A tag is put where it was only where neither GitHub nor the registry knows of somebody who has it by now. */

const DENIAL = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')

/** The registry knows nothing yet of what is pushed from now on with this tag. */
function registryLags({ app, github }: Scene, tag: string): void {
  const tags = Object.keys(app.tags()).filter(one => one !== tag)
  const body = { name: 'acme/app', tags }
  const host = 'registry'
  github.faults.on(
    { host, path: new RegExp(`manifests/${tag}$`), method: 'HEAD' },
    { kind: 'answer', answer: DENIAL }
  )
  github.faults.on(
    { host, path: new RegExp(`manifests/${tag}$`), method: 'GET' },
    { kind: 'answer', answer: DENIAL }
  )
  github.faults.on({ host, path: /tags\/list$/ }, { kind: 'answer', answer: { status: 200, body } })
}

const UNDONE = ['an untagging', 'a deletion'] as const

/** A run takes `nightly` off an image that stays, or deletes the image; the report of it. */
async function takeNightly({ app, run }: Scene, what: (typeof UNDONE)[number]): Promise<string> {
  const isUntagging = what === 'an untagging'
  app.push(image(), { tags: isUntagging ? ['v1', 'nightly'] : ['nightly'], at: ago(90) })
  app.push(image(), { tags: ['v2'], at: ago(80) })
  const first = await run({ 'delete-tags': 'nightly', untag: String(isUntagging) })
  expect(app.tags()).not.toHaveProperty('nightly')
  return reportOf(first)
}

/** A run deleted an image with the tag `edge`, which GitHub moves back with it. */
async function deleteEdge({ app, world, run }: Scene): Promise<{ build: Pushed; report: string }> {
  world.restoredTags = 'move back'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(manifest(), { tags: ['sha-1', 'edge'], at: ago(80) })
  return { build, report: reportOf(await run({ 'delete-tags': 'sha-* edge' })) }
}

it.concurrent.each(UNDONE)(
  'law 3: undoing %s takes a tag from no push that GitHub lists, though the registry does not know it yet',
  async what => {
    await using scene = await openScene()
    const { app, run } = scene
    const report = await takeNightly(scene, what)
    const push = app.push(image(), { tags: ['nightly'] })
    registryLags(scene, 'nightly')
    const back = await run({ mode: 'restore', restore: report })
    expect(app.tags()['nightly']).toBe(push.digest)
    expect(back.code).toBe(1)
    expect(back.errors.join()).toMatch(
      /Whether the tag nightly is restored is unknown: GitHub lists it on sha256:\w+, and the registry does not/
    )
    expect(back.warnings.join()).not.toContain('where somebody put it')
    expect(back.warnings.join()).toMatch(
      /The tag nightly is left where it is: GitHub lists it on nightly \(sha256:\w+\), and the registry does not/
    )
  }
)

it.concurrent.each(UNDONE)(
  'law 3: undoing %s takes a tag from nobody who pushes it meanwhile, though the registry does not know that yet',
  async what => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const report = await takeNightly(scene, what)
    scene.world.restoredTags = 'stay'
    let push: Pushed | undefined
    const meanwhile = () => {
      registryLags(scene, 'nightly')
      push = app.push(image(), { tags: ['nightly'] })
    }
    // What had the tag before has been looked up by then, and what is there behind the restores has been listed.
    const list = {
      host: 'api',
      method: 'GET',
      path: /\/versions$/,
      query: /^(?!.*state=deleted)/,
      times: 1
    } as const
    github.faults.on({ ...list, after: 1 }, { kind: 'then', run: meanwhile })
    const back = await run({ mode: 'restore', restore: report })
    expect(push).toBeDefined()
    expect(app.tags()['nightly']).toBe(push?.digest)
    expect(back.code).toBe(1)
  }
)

it.concurrent('law 3: undoing an untagging takes a tag from no push that comes while what has it is looked up', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const report = await takeNightly(scene, 'an untagging')
  let push: Pushed | undefined
  const take = () => {
    push = app.push(image(), { tags: ['nightly'] })
  }
  // Of the plan, behind the restores, and the last before the tag is put where nobody has it.
  const list = { host: 'api', method: 'GET', path: /\/versions$/, query: /^(?!.*state=deleted)/ } as const
  github.faults.on({ ...list, after: 2, times: 1 }, { kind: 'then', run: take })
  const back = await run({ mode: 'restore', restore: report })
  expect(push).toBeDefined()
  expect(app.tags()['nightly']).toBe(push?.digest)
  expect(back.code).toBe(0)
  expect(back.warnings.join()).toMatch(/The tag nightly is on sha256:\w+ by now, so it is left there/)
})

it.concurrent('law 3: a restore is red where GitHub shows that it took a tag, though the registry has it where it was', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  world.restoredTags = 'move back'
  world.deletedTags = 'shown'
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const old = app.push(manifest(), { tags: ['v2', 'latest'], at: ago(9) })
  app.delete(old)
  const newer = app.push(manifest(), { tags: ['latest'], at: ago(8) })
  const headers = { 'docker-content-digest': newer.digest }
  github.faults.on(
    { host: 'registry', method: 'HEAD', path: /manifests\/latest$/ },
    { kind: 'answer', answer: { status: 200, headers, body: '' } }
  )
  const back = await run({ mode: 'restore', packages: 'app', restore: old.digest })
  const isThere = app.tags()['latest'] === newer.digest
  expect(isThere || back.errors.join().includes('latest')).toBe(true)
})

it.concurrent('a restore says where a tag stays that the registry alone knows to be on something else', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const report = await takeNightly(scene, 'an untagging')
  const push = app.push(manifest(), { tags: ['nightly'] })
  app.lie({ kind: 'drop', id: push.id })
  const back = await run({ mode: 'restore', restore: report })
  app.truth()
  expect(app.tags()['nightly']).toBe(push.digest)
  expect(back.warnings.join()).toMatch(
    /The tag nightly stays on sha256:\w+, where somebody put it after the deletion/
  )
})

it.concurrent.each(
  (['hidden', 'shown'] as const).flatMap(tags =>
    (['registry', 'list', 'version'] as const).flatMap(late =>
      [4_000, 12_000].map(ms => [tags, late, ms] as const)
    )
  )
)(
  'law 3: a tag goes back to the push that two of three witnesses show with it (tags of deleted ones %s): the %s is %i ms late',
  async (deletedTags, late, ms) => {
    await using scene = await openScene()
    const { app, github, world, clock, run } = scene
    world.deletedTags = deletedTags
    world.restoredTags = 'move back'
    world.remember(app.row)
    const other = app.push(image(), { tags: ['v1'], at: ago(90) })
    app.push(image(), { tags: ['sha-1', 'edge'], at: ago(80) })
    const report = reportOf(await run({ 'delete-tags': 'sha-* edge' }))
    app.tag(other, 'edge')
    await clock.sleep(60_000)
    const push = app.push(image(), { tags: ['edge'] })
    const path = { registry: /manifests\/edge$/, list: /versions$/, version: /versions\/\d+$/ }[late]
    for (const method of ['HEAD', 'GET']) github.faults.on({ method, path }, { kind: 'late', ms })
    await clock.sleep(500)
    expect((await run({ mode: 'restore', restore: report })).code).toBe(0)
    expect(app.tags()['edge']).toBe(push.digest)
  }
)

it.concurrent.each([0, 1])(
  'law 3: a tag that is pushed anew before restore %i of an image goes back to that push, at once where the run ends then',
  async after => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.restoredTags = 'move back'
    world.deletedTags = 'shown'
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    const target = { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 } as const
    github.faults.on(target, { kind: 'first', run: () => app.tag(build, 'v2') })
    let pushed = ''
    const push = (): void => {
      pushed = app.push(image(), { tags: ['v2'] }).digest
    }
    github.faults.on({ method: 'POST', path: /restore$/, after, times: 1 }, { kind: 'first', run: push })
    // The tag is back before the pauses behind the restores.
    const { code } = await run({ 'delete-tags': 'sha-*' })
    expect([code, app.tags()['v2']]).toEqual([0, pushed])
  }
)

it.concurrent('law 3: a tag that a restore took is back on its image before the next version comes back', async () => {
  await using scene = await openScene()
  const { app, github, world, clock, run } = scene
  world.restoredTags = 'move back'
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const olds = [1, 2].map(n => app.push(manifest(), { tags: [`sha-${n}`, `edge-${n}`], at: ago(80 - n) }))
  const report = reportOf(await run({ 'delete-tags': 'sha-* edge-*' }))
  const [edge, other] = [1, 2].map(n => app.push(manifest(), { tags: [`edge-${n}`] }))
  const states: unknown[] = []
  const second = {
    host: 'api',
    method: 'POST',
    path: new RegExp(`${olds[1]?.id}/restore$`),
    times: 1
  } as const
  const look = async () => {
    for (let tries = 0; tries < 20 && app.tags()['edge-1'] !== edge?.digest; tries++) await clock.sleep(1_000)
    states.push(app.tags()['edge-1'])
  }
  github.faults.on(second, { kind: 'first', run: look })
  const { code, stdout } = await run({ mode: 'restore', restore: report })
  expect([code, states, app.tags()]).toMatchObject([0, [edge?.digest], { 'edge-2': other?.digest }])
  expect(stdout).toMatch(
    /The tag edge-1 is on sha256:\w{64} now\. If the restore of .* takes it, this run puts it back there/
  )
})

it.concurrent('law 3: a tag is not called back where the registry showed that once, and nothing was put', async () => {
  await using scene = await openScene()
  const { app, github, world, clock, run } = scene
  world.remember(app.row)
  const { build, report } = await deleteEdge(scene)
  const push = app.push(image(), { tags: ['edge'] })
  await clock.sleep(60_000)
  const late = (): void => {
    for (const method of ['HEAD', 'GET'])
      github.faults.on({ host: 'registry', method, path: /manifests\/edge$/ }, { kind: 'late', ms: 30_000 })
  }
  const looked = {
    host: 'registry',
    method: 'GET',
    path: new RegExp(`manifests/${push.digest}`),
    times: 1
  } as const
  const restored = {
    host: 'api',
    method: 'POST',
    path: new RegExp(`${build.id}/restore$`),
    times: 1
  } as const
  github.faults.on(restored, {
    kind: 'then',
    run: () => github.faults.on(looked, { kind: 'then', run: late })
  })
  expect((await run({ mode: 'restore', restore: report })).code).toBe(0)
  expect(app.tags()['edge']).toBe(push.digest)
})

it.concurrent('law 3: a tag that somebody puts on what came back, after it was given back, stays there, and the run is red', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { build, report } = await deleteEdge(scene)
  const push = app.push(image(), { tags: ['edge'] })
  // What follows the give-back is a list, and then the looks go on.
  const promote = (): unknown => app.tags()['edge'] === push.digest && app.tag(build, 'edge')
  const list = { host: 'api', path: /\/versions$/, query: /^(?!.*deleted)/, times: 1 } as const
  const restored = {
    host: 'api',
    method: 'POST',
    path: new RegExp(`${build.id}/restore$`),
    times: 1
  } as const
  github.faults.on(restored, {
    kind: 'then',
    run: () => github.faults.on({ ...list, after: 1 }, { kind: 'first', run: promote })
  })
  const { code, errors } = await run({ mode: 'restore', restore: report })
  expect([code, app.tags()['edge']]).toEqual([1, build.digest])
  expect(errors.join()).toMatch(
    /The tag edge came to sha256:\w+ with the restore or after it, and was on sha256/
  )
})

it.concurrent('law 5: an undoing that ends before the tags are looked at names them, and the same once more puts them back', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const old = app.push(image(), { tags: ['v1', 'nightly'], at: ago(90) })
  app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const report = reportOf(await run({ 'delete-tags': 'sha-* nightly', untag: 'true' }))
  const out = () =>
    github.faults.on(
      { host: 'api', method: 'GET', path: /\/versions$/ },
      { kind: 'answer', answer: { status: 500 } }
    )
  github.faults.on({ method: 'POST', path: /restore$/, times: 1 }, { kind: 'then', run: out })
  const { code, errors } = await run({ mode: 'restore', restore: report })
  expect([code, errors.join()]).toEqual([
    1,
    expect.stringMatching(/nor whether the tag .*nightly.* is back; the same restore once more/)
  ])
  github.faults.clear()
  expect((await run({ mode: 'restore', restore: report })).code).toBe(0)
  expect(app.tags()['nightly']).toBe(old.digest)
})

it.concurrent.each([429, 403].flatMap(status => [0, 30].map(seconds => [seconds, status] as const)))(
  'law 3: a tag that is pushed anew %i s after GitHub turns a restore away for a minute (%i) goes back to that push',
  async (seconds, status) => {
    await using scene = await openScene()
    const { app, github, clock, run } = scene
    const { build, report } = await deleteEdge(scene)
    let pushed = ''
    const push = (): void => {
      pushed = app.push(image(), { tags: ['edge'] }).digest
    }
    const pushThen = (): void => (seconds === 0 ? push() : void clock.sleep(seconds * 1_000).then(push))
    const restored = {
      host: 'api',
      method: 'POST',
      path: new RegExp(`${build.id}/restore$`),
      times: 1
    } as const
    const body = { message: 'You have exceeded a secondary rate limit' }
    github.faults.on(restored, { kind: 'answer', answer: { status, headers: { 'retry-after': '60' }, body } })
    github.faults.on(restored, { kind: 'first', run: pushThen })
    const { code } = await run({ mode: 'restore', restore: report })
    expect([code, app.tags()['edge']]).toEqual([0, pushed])
    expect(app.version(build.digest)).toBeDefined()
  }
)

it.concurrent('law 11: what is pushed some seconds after a tag was given back has not lost it', async () => {
  await using scene = await openScene()
  const { app, github, clock, run } = scene
  const { build, report } = await deleteEdge(scene)
  const push = app.push(image(), { tags: ['edge'] })
  let since = Number.POSITIVE_INFINITY
  const restored = { method: 'POST', path: new RegExp(`${build.id}/restore$`), times: 1 } as const
  github.faults.on(restored, {
    kind: 'then',
    run: () => {
      since = clock.now()
    }
  })
  let innocent = ''
  const pushLater = (): void => {
    if (innocent === '' && clock.now() - since > 5_000)
      innocent = app.push(image(), { tags: ['sha-77'] }).digest
  }
  github.faults.on({}, { kind: 'first', run: pushLater })
  const { code } = await run({ mode: 'restore', restore: report })
  expect(innocent).not.toBe('')
  expect([code, app.tags()['edge']]).toEqual([0, push.digest])
})

it.concurrent.each(['at once', 'from its report'].flatMap(how => [0, 3].map(times => [how, times] as const)))(
  'law 3: a tag that somebody puts on a part that is back is not taken by its image, which comes back then %s, though the registry denies that %i times',
  async (how, times) => {
    await using scene = await openScene()
    const { app, github, world, run } = scene
    world.deletedTags = 'shown'
    world.restoredTags = 'move back'
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    const part = build.children[0] as Pushed
    const gone = { method: 'DELETE', path: new RegExp(`/versions/${build.id}$`), times: 1 } as const
    const isAtOnce = how === 'at once'
    if (isAtOnce) github.faults.on(gone, { kind: 'first', run: () => app.tag(build, 'v2') })
    const tag = isAtOnce ? 'v2' : 'sha-1'
    const put = (): void => {
      app.tag(part, tag)
      const asked = { host: 'registry', path: new RegExp(`manifests/${tag}$`), times } as const
      github.faults.on(asked, { kind: 'answer', answer: DENIAL })
    }
    const back = { method: 'POST', path: new RegExp(`/versions/${part.id}/restore$`), times: 1 } as const
    github.faults.on(back, { kind: 'then', run: put })
    const first = await run({ 'delete-tags': 'sha-*' })
    const last = isAtOnce ? first : await run({ mode: 'restore', restore: reportOf(first) })
    expect([last.code, app.tags()[tag]]).toEqual([0, part.digest])
    expect(last.warnings.join()).toMatch(
      new RegExp(`had taken the tag ${tag} from sha256:\\w+: it is back there`)
    )
  }
)

it.concurrent('law 3: a tag that two images had one after the other comes back to the last of them', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  const { build } = await deleteEdge(scene)
  world.deletedTags = 'shown'
  const last = app.push(manifest(), { tags: ['sha-2', 'edge'] })
  app.delete(last)
  const both = `${build.digest} ${last.digest}`
  const { code } = await run({ mode: 'restore', packages: 'app', restore: both })
  expect([code, app.tags()]).toEqual([
    0,
    expect.objectContaining({ 'sha-1': build.digest, edge: last.digest })
  ])
})
