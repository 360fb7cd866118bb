import { expect, it } from '@jest/globals'
import { believable } from '../../emulator/believable.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, hoursAgo, openScene, planOf } from './runs.ts'

const UNTAGGED = { 'delete-untagged': 'true', 'older-than': '30d' }

it.each(['old', 'new'] as const)(
  'T-01, T-02: no platform and no attestation (%s form) of a tag is an untagged leftover, and each says whose it is',
  async attest => {
    await using scene = await openScene()
    const { app, run } = scene
    const v1 = app.push(image(['linux/amd64', 'linux/arm64'], { attest }), { tags: ['v1'], at: ago(90) })
    const v2 = app.push(image(['linux/amd64'], { attest }), { tags: ['v2'], at: ago(80) })
    const result = await run(UNTAGGED)
    expect(result.errors).toEqual([])
    expect(app.digests()).toEqual(digestsOf(v1, v2))
    expect(v1.children.map(child => result.why(child))).toEqual(Array(4).fill('kept: child of v1'))
    expect(v2.children.map(child => result.why(child))).toEqual(Array(2).fill('kept: child of v2'))
    expect(result.outputs).toMatchObject({ 'deleted-count': '0', 'kept-count': '8' })
  }
)

it.each([
  [500, 'UNKNOWN'],
  [401, 'UNAUTHORIZED'],
  [403, 'DENIED']
])(
  'T-03: a kept tag whose manifest answers %i keeps every untagged version, and the run is red',
  async (status, code) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
    app.push(image(), { tags: ['v2'], at: ago(60) })
    app.push(manifest(), { at: ago(70) })
    const before = app.digests()
    github.faults.on(
      { host: 'registry', path: new RegExp(`/manifests/(?:${v1.digest}|v1)$`) },
      { kind: 'answer', answer: { status, body: { errors: [{ code, message: 'no' }] } } }
    )
    const result = await run(UNTAGGED)
    expect(result.errors).toEqual([
      expect.stringMatching(`app: 1 manifest could not be read.*v1: .*${status}`)
    ])
    expect(result.record?.packages[0]?.unread).toMatchObject([{ digest: v1.digest, ref: 'v1' }])
    expect(result.summary).toContain(String(status))
    expect(app.digests()).toEqual(before)
    expect(github.writes).toEqual([])
  }
)

it('T-03: what cannot be read in one package freezes that package alone', async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  const frozen = app.push(image(), { tags: ['v1'], at: ago(90) })
  const kept = app.push(manifest(), { at: ago(70) })
  const live = web.push(image(), { tags: ['v1'], at: ago(90) })
  web.push(manifest(), { at: ago(70) })
  github.faults.on(
    { host: 'registry', path: new RegExp(`/app/manifests/(?:${frozen.digest}|v1)$`) },
    { kind: 'answer', answer: { status: 404, body: 'proxy page' } }
  )
  const result = await run({ packages: 'app, web', ...UNTAGGED })
  expect(result.errors).toEqual([expect.stringMatching('^app: 1 manifest could not be read')])
  expect(app.digests()).toEqual(digestsOf(frozen, kept))
  expect(web.digests()).toEqual(digestsOf(live))
  expect(result.why(kept)).toMatch('kept: v1 could not be read and may need it')
  expect(result.outputs).toMatchObject({ 'deleted-count': '1', 'failed-count': '0' })
})

it('T-05: deletes the untagged leftovers among many releases, and none of the children, which are untagged too', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const releases = Array.from({ length: 10 }, (_, n) =>
    app.push(image(undefined, { attest: 'new' }), { tags: [`v1.${n}.0`], at: ago(200 - n) })
  )
  const leftovers = [1, 2, 3].map(n => app.push(image(), { at: ago(100 + n) }))
  const result = await run(UNTAGGED)
  expect(app.digests()).toEqual(digestsOf(...releases))
  expect(result.outputs['deleted-count']).toBe('9')
  expect(result.why(leftovers[0]!)).toMatch(/^deleted: untagged, pushed 101 days ago/)
  expect(result.why(leftovers[0]!.children[0]!)).toMatch(/^deleted: child of sha256:\w{12}, which goes/)
})

it('T-04, T-25j: an organization as one finds them stays whole through a dry run, a real one and a second one', async () => {
  const { world, api } = believable(Date.now())
  const token = world.githubToken('acme/shop')
  await using scene = await openScene({ world })
  const inputs = {
    token,
    packages: 'shop/api, shop/web, charts/shop',
    'keep-tags': 'latest, prod, semver:*',
    'delete-tags': 'main-*, pr-*',
    'keep-at-least': '5',
    'older-than': '14d',
    'delete-untagged': 'true',
    'delete-broken': 'orphaned'
  }
  const before = api.digests()
  const dry = await scene.run({ ...inputs, 'dry-run': 'true' })
  expect(api.digests()).toEqual(before)
  expect(scene.github.writes).toEqual([])
  const real = await scene.run(inputs)
  expect(real.errors).toEqual([])
  expect(planOf(real)).toEqual(planOf(dry))
  expect(Number(real.outputs['deleted-count'])).toBeGreaterThan(20)
  expect(real.outputs['planned-count']).toBe(dry.outputs['planned-count'])
  const second = await scene.run(inputs)
  expect(second.outputs['deleted-count']).toBe('0')
})

it('T-16: what is being pushed has no index yet, and stays by default', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const platforms = [manifest(), manifest()].map(shape => app.push(shape))
  const old = app.push(manifest(), { at: hoursAgo(30) })
  const result = await run({ 'delete-untagged': 'true' })
  expect(app.digests()).toEqual(digestsOf(v1, ...platforms))
  expect(result.why(platforms[0]!)).toMatch('within the grace of 24 hours')
  expect(result.why(old)).toMatch('deleted: untagged, pushed 30 hours ago')
})

it.each([
  ['has a tag of its own', true],
  ['is kept by its digest', false]
])(
  'law 2: a platform that %s keeps the attestation that describes it when its index goes',
  async (_, tagged) => {
    await using scene = await openScene()
    const { app, run } = scene
    const v1 = app.push(manifest(), { tags: ['v1'], at: ago(90) })
    const build = app.push(image(['linux/amd64', 'linux/arm64'], { attest: 'new' }), {
      tags: ['sha-1'],
      at: ago(80)
    })
    const [platform, , attestation] = build.children
    if (platform === undefined || attestation === undefined) throw new Error('an image without parts')
    if (tagged) app.tag(platform, 'amd64')
    const keep = { 'keep-tags': tagged ? 'v*' : `v*, ${platform.digest}` }
    const result = await run({ 'delete-tags': 'sha-*', ...keep })
    expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3' } })
    expect(app.digests()).toEqual(digestsOf(v1, platform, attestation))
    expect(
      (await run({ 'delete-tags': 'sha-*', 'delete-untagged': 'true', ...keep })).outputs['deleted-count']
    ).toBe('0')
  }
)
