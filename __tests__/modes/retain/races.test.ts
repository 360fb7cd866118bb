import { expect, it } from '@jest/globals'
import type { Digest } from '../../../src/model/digest.ts'
import type { Builder, Pushed } from '../../emulator/builder.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

/** A release that stays, and an untagged image that is due to go. */
function layDown({ app }: Scene): { v1: Pushed; due: Pushed } {
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  return { v1, due: app.push(image(), { at: ago(80) }) }
}

/** Lets something happen once everything is listed and its manifests are being read, which takes a while. */
function meanwhile({ github, clock }: Scene, happens: () => unknown): void {
  const run = async () => {
    happens()
    await clock.sleep(11_000)
  }
  github.faults.on({ host: 'registry', method: 'GET', path: /manifests/, times: 1 }, { kind: 'first', run })
}

const UNTAGGED = { 'delete-untagged': 'true' }

it.each<[string, (app: Builder, due: Pushed) => unknown, RegExp]>([
  ['a tag lands on it', (app, due) => app.tag(due, 'v2'), /tag v2 was put on it after the listing/],
  [
    'a tag lands on one of its platforms',
    (app, due) => app.tag(due.children[0]!, 'v2'),
    /tag v2 was put on it after the listing/
  ],
  [
    'a new index adopts it',
    (app, due) => app.push(index([{ shape: due.shape }]), { tags: ['v2'] }),
    /pushed after the listing needs it/
  ],
  [
    'a new untagged index adopts one of its platforms',
    (app, due) => app.push(index([{ shape: due.shape.children[1]!, platform: 'linux/arm64' }])),
    /pushed after the listing needs it/
  ],
  [
    'an index in a new index adopts it',
    (app, due) => app.push(index([{ shape: index([{ shape: due.shape }]) }]), { tags: ['v2'] }),
    /pushed after the listing needs it/
  ],
  ['somebody signs it', (app, due) => app.sign(due), /needs it or describes it/],
  ['somebody attests it', (app, due) => app.attest(due), /needs it or describes it/]
])('T-17: an image that was due when listed is left alone when %s', async (_, happens, why) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, due } = layDown(scene)
  let needed = new Set<Digest>()
  meanwhile(scene, () => {
    happens(app, due)
    needed = new Set(app.digests())
  })
  const result = await run(UNTAGGED)
  expect(result.errors).toEqual([])
  expect(result.stdout).toMatch(why)
  expect(result.summary).toMatch(why)
  // What nothing new needs may go; what was adopted is whole, and run() has looked at every tag.
  const left = app.digests()
  expect([...digestsOf(v1)].filter(digest => !left.has(digest))).toEqual([])
  const spared = [...needed].filter(digest => left.has(digest))
  expect(github.writes).toHaveLength(needed.size - spared.length)
  for (const { digest, verdict } of result.record!.packages[0]!.versions) {
    if (verdict === 'keep') expect(left).toContain(digest)
  }
})

it('T-17: nothing is deleted while a version that is pushed after the listing cannot be read', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
  meanwhile(scene, () => {
    const { digest } = app.push(image(), { tags: ['v2'] })
    github.faults.on(
      { host: 'registry', path: new RegExp(digest) },
      { kind: 'answer', answer: { status: 403, body: { errors: [{ code: 'DENIED', message: 'no' }] } } }
    )
  })
  const result = await run(UNTAGGED)
  expect(result.stdout).toMatch(
    /the new version sha256:\w{12} could not be read, so what it needs is unknown/
  )
  expect(github.writes).toEqual([])
})

it('T-17: a tag that moved away changes the version, and it is left alone', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const build = app.push(image(), { tags: ['build-1', 'build-2'], at: ago(90) })
  meanwhile(scene, () => app.push(image(), { tags: ['build-2'] }))
  const result = await run({ 'delete-tags': 'build-*' })
  expect(result.why(build)).toMatch('its tag build-2 is said to be on')
  expect(app.digests()).toContain(build.digest)
})

it('T-19: two runs at once on one package both come to their end, and everything that stays is whole', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(undefined, { attest: 'new' }), { tags: ['v1'], at: ago(90) })
  for (let n = 0; n < 4; n++) app.push(image(), { tags: [`pr-${n}`], at: ago(80 + n) })
  const rule = { 'delete-tags': 'pr-*', ...UNTAGGED }
  const [one, other] = await Promise.all([run(rule), run(rule)])
  expect([one.errors, other.errors]).toEqual([[], []])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(Number(one.outputs['deleted-count']) + Number(other.outputs['deleted-count'])).toBe(12)
})

it('T-35: a row that stands twice is one version, and goes once', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1, due } = layDown(scene)
  app.lie({ kind: 'repeat', id: due.id, gap: 2 })
  const result = await run(UNTAGGED)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(github.writes).toHaveLength(3)
})

it('T-35: a tag that is shown on two versions while it moves holds both', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(manifest(), { tags: ['build-2', 'latest'], at: ago(80) })
  const old = app.push(manifest(), { tags: ['build-1'], at: ago(90) })
  app.lie({ kind: 'tag', id: old.id, tag: 'latest' })
  const result = await run({ 'delete-tags': 'build-*' })
  expect(Object.keys(app.tags()).sort()).toEqual(['build-1', 'build-2', 'latest'])
  expect(result.why(old)).toMatch('not its tag latest')
})

it('E-21 a row that the list never shows is known by its tag: it stays whole, the rest goes, and the run says so', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  const { v1, due } = layDown(scene)
  web.push(manifest(), { tags: ['v1'], at: ago(90) })
  web.push(manifest(), { at: ago(90) })
  app.lie({ kind: 'drop', id: v1.id })
  const result = await run({ packages: 'app, web', ...UNTAGGED })
  expect(result.errors).toEqual([])
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/^app: GitHub counts 1 version more than the 5 /)
  )
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(web.digests().size).toBe(1)
  expect(app.digests()).not.toContain(due.digest)
})

it('a row that the list does not show once is found by reading again', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const { v1 } = layDown(scene)
  app.lie({ kind: 'drop', id: v1.id })
  github.faults.on(
    { host: 'api', path: /\/versions$/, times: 1, after: 1 },
    { kind: 'first', run: () => app.truth() }
  )
  const result = await run(UNTAGGED)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.each([
  ['below what is listed', 1],
  ['that lags behind the deletions of the run', 6]
])('a count %s changes nothing, for nothing is hidden', async (_, value) => {
  await using scene = await openScene()
  const { app, run } = scene
  const { v1 } = layDown(scene)
  app.lie({ kind: 'count', value })
  expect((await run(UNTAGGED)).errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
})

it('pages that shift while they are read hide nothing', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(300) })
  const tagged = Array.from({ length: 110 }, (_, n) =>
    app.push(manifest(), { tags: [`t${n}`], at: ago(200 - n) })
  )
  const newer = app.push(image(), { tags: ['v2'], at: ago(10) })
  const due = app.push(manifest(), { at: ago(250) })
  // A deletion after page 1 pulls the first row of page 2 onto it; a push keeps the count what it was.
  github.faults.on(
    { host: 'api', path: /\/versions$/, query: /page=1\b/, times: 1 },
    { kind: 'then', run: () => app.delete(newer) }
  )
  github.faults.on(
    { host: 'api', path: /\/versions$/, query: /page=2/, times: 1 },
    { kind: 'then', run: () => app.push(manifest(), { tags: ['new'] }) }
  )
  const result = await run(UNTAGGED)
  expect(result.errors).toEqual([])
  expect(app.digests()).not.toContain(due.digest)
  expect([...digestsOf(v1, ...tagged)].filter(digest => !app.digests().has(digest))).toEqual([])
})

it('versions without a date stay', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const { due } = layDown(scene)
  app.lie({ kind: 'undated', id: due.id })
  const result = await run(UNTAGGED)
  expect(app.digests()).toContain(due.digest)
  expect(result.why(due)).toBe('kept: its date is missing or in the future')
})
