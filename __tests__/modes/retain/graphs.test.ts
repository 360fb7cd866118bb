import { expect, it } from '@jest/globals'
import { referrerTag } from '../../../src/model/digest.ts'
import type { Builder } from '../../emulator/builder.ts'
import {
  artifact,
  attested,
  bundle,
  cacheIndex,
  cacheManifest,
  chart,
  cosign,
  dockerList,
  emptyIndex,
  image,
  index,
  labelled,
  manifest,
  oddIndex,
  schema1
} from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene } from './runs.ts'

const deletesOf = (scene: { github: { writes: readonly { path: string }[] } }) =>
  scene.github.writes.map(({ path }) => path)

it.each(['newest first', 'oldest first', 'in no order'])(
  'T-06: an index in an index keeps its leaves, listed %s',
  async order => {
    await using scene = await openScene()
    const { app, run } = scene
    const inner = image()
    // What is there already keeps its date, so that the leaves are the newest here.
    if (order === 'oldest first') for (const leaf of inner.children) app.push(leaf, { at: ago(40) })
    if (order === 'oldest first') app.push(inner, { at: ago(60) })
    const outer = app.push(index([{ shape: inner }]), { tags: ['v1'], at: ago(90) })
    if (order === 'in no order') app.lie({ kind: 'shuffle' })
    const result = await run({ 'delete-untagged': 'true' })
    expect(app.digests()).toEqual(digestsOf(outer))
    expect(result.why(outer.children[0]!.children[0]!)).toBe('kept: child of v1')
  }
)

it('T-07: signatures on the platforms take no slot and stay with the image', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1', 'latest'], at: ago(90) })
  const signatures = v1.children.map(child => app.sign(child, 'sig', { at: ago(80) }))
  const result = await run({ 'delete-tags': '*', 'keep-at-least': '2', 'delete-untagged': 'true' })
  expect(app.digests()).toEqual(digestsOf(v1, ...signatures))
  expect(result.why(v1)).toBe('kept: newest of rule "delete-tags"')
  expect(result.why(signatures[0]!)).toBe('kept: describes v1')
})

it.each(['before', 'after'])(
  'T-08: attestations on the platforms, pushed %s their index, use no slot: three releases of three stay',
  async moment => {
    await using scene = await openScene()
    const { app, run } = scene
    const releases = [1, 2, 3].map(n => {
      const shape = image()
      const early =
        moment === 'before' ? shape.children.map(child => app.push(child, { at: ago(95 - n) })) : []
      for (const child of early) app.attest(child, { at: ago(94 - n) })
      const release = app.push(shape, { tags: [`v${n}`], at: ago(93.5 - n) })
      if (moment === 'after') for (const child of release.children) app.attest(child, { at: ago(93 - n) })
      return release
    })
    const before = app.digests()
    await run({ 'delete-tags': 'v*', 'keep-at-least': '3', 'delete-untagged': 'true' })
    expect(app.digests()).toEqual(before)
    await run({ 'delete-tags': 'v*', 'keep-at-least': '2', 'delete-untagged': 'true' })
    expect(Object.keys(app.tags()).filter(tag => tag.startsWith('v'))).toEqual(['v2', 'v3'])
    // Six versions of the first release: itself, two platforms, and an index and a bundle for each of these.
    expect(app.digests().size).toBe(before.size - 7)
    expect([...digestsOf(releases[0]!)].filter(digest => app.digests().has(digest))).toEqual([])
  }
)

it('T-09: a platform that a release shares with a candidate survives the candidate, and the next day', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const [amd, x, y] = [manifest(), manifest(), manifest()]
  app.push(
    index([
      { shape: amd, platform: 'linux/amd64' },
      { shape: x, platform: 'linux/arm64' }
    ]),
    {
      tags: ['1.12.1-rc2'],
      at: ago(40)
    }
  )
  const release = app.push(
    index([
      { shape: amd, platform: 'linux/amd64' },
      { shape: y, platform: 'linux/arm64' }
    ]),
    { tags: ['1.12.1'], at: ago(39) }
  )
  const rule = { 'delete-tags': '*-rc*', 'delete-untagged': 'true' }
  const first = await run(rule)
  expect(first.outputs['deleted-count']).toBe('2')
  expect(app.digests()).toEqual(digestsOf(release))
  expect((await run(rule)).outputs['deleted-count']).toBe('0')
})

it('T-09, T-10: a child of three parents, named twice by one of them, is deleted once and after all of them', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const shared = manifest()
  const entry = { shape: shared, platform: 'linux/amd64' }
  const parents = [index([entry, entry]), index([entry]), index([{ shape: manifest() }, entry])]
  const pushed = parents.map((shape, n) => app.push(shape, { tags: [`rc${n}`], at: ago(40 + n) }))
  const stays = app.push(image(), { tags: ['v1'], at: ago(90) })
  const result = await run({ 'delete-tags': 'rc*' })
  expect(result.outputs['deleted-count']).toBe('5')
  expect(app.digests()).toEqual(digestsOf(stays))
  const order = deletesOf(scene)
  const child = pushed[0]!.children[0]!
  expect(order.filter(path => path.endsWith(`/${child.id}`))).toHaveLength(1)
  const places = pushed.map(parent => order.findIndex(path => path.endsWith(`/${parent.id}`)))
  expect(Math.max(...places)).toBeLessThan(order.findIndex(path => path.endsWith(`/${child.id}`)))
  expect(github.writes).toHaveLength(5)
})

it('T-11: what names a platform as its subject stays with the index, and goes with it', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const [v1, rc] = ['v1', 'rc'].map(tag => app.push(image(), { tags: [tag], at: ago(90) }))
  const sbom = app.push(artifact('application/spdx+json', v1!.children[1]!), { at: ago(80) })
  const other = app.push(artifact('application/spdx+json', rc!.children[1]!), { at: ago(80) })
  const ofSbom = app.push(bundle(sbom), { at: ago(70) })
  const result = await run({ 'delete-tags': 'rc', 'delete-untagged': 'true', 'delete-broken': 'orphaned' })
  expect(app.digests()).toEqual(digestsOf(v1!, sbom, ofSbom))
  expect(result.why(sbom)).toBe('kept: describes v1')
  expect(result.why(other)).toBe('deleted: describes rc, which goes')
})

it('T-12: what describes something gone is an orphan under the same grace; a name alone makes no referrer', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const gone = app.push(image(), { at: ago(90) })
  const orphans = [app.sign(gone, 'sig', { at: ago(90) }), app.push(bundle(gone), { at: ago(90) })]
  const young = app.push(cosign('att'), { tags: [`${referrerTag(gone.digest)}.att`] })
  for (const digest of digestsOf(gone)) app.delete({ digest })
  const names = ['sha256-foo', `${referrerTag(gone.digest)}.txt`, `${referrerTag(gone.digest).slice(0, -1)}`]
  const users = names.map(tag => app.push(manifest(), { tags: [tag], at: ago(90) }))
  const result = await run({ 'delete-broken': 'orphaned', 'delete-untagged': 'true' })
  expect(app.digests()).toEqual(digestsOf(young, ...users))
  for (const orphan of orphans)
    expect(result.why(orphan)).toMatch('deleted: orphaned: what it describes is gone')
  expect(result.why(young)).toMatch('within the grace')
})

it('T-12: without delete-broken an orphan stays, and is reported', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const gone = app.push(manifest(), { at: ago(90) })
  const orphan = app.push(bundle(gone), { at: ago(90) })
  app.delete(gone)
  const result = await run({ 'delete-untagged': 'true' })
  expect(app.digests()).toContain(orphan.digest)
  expect(result.record?.packages[0]?.broken).toEqual([
    { id: orphan.id, digest: orphan.digest, state: 'orphaned' }
  ])
})

it('T-13: every shape of manifest that is found on GHCR is understood', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const one = image()
  const shapes = [
    index([{ shape: one }, { shape: index([{ shape: bundle(one), artifactType: 'application/x' }]) }]),
    index([...one.children.map(shape => ({ shape })), attested(one.children[0]!, 'old')]),
    chart(),
    cacheManifest(),
    cacheIndex(),
    schema1(),
    dockerList(),
    emptyIndex(),
    artifact(),
    labelled({ 'org.opencontainers.image.version': '1' })
  ]
  const pushed = shapes.map((shape, n) => app.push(shape, { tags: [`v${n}`], at: ago(90 + n) }))
  const result = await run({ 'delete-untagged': 'true', 'delete-broken': 'ghost, partial, orphaned' })
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(...pushed))
  expect(result.record?.packages[0]?.broken).toEqual([])
})

it('T-14: a digest in keep-tags protects the version with its children, tagged or not', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const named = app.push(image(), { at: ago(80) })
  const rc = app.push(image(), { tags: ['rc-1'], at: ago(70) })
  app.push(image(), { tags: ['rc-2'], at: ago(60) })
  app.push(image(), { at: ago(75) })
  const result = await run({
    'keep-tags': `${named.digest} ${rc.children[0]!.digest}`,
    'delete-tags': 'rc-*',
    'delete-untagged': 'true'
  })
  expect([...digestsOf(v1, named)].filter(digest => !app.digests().has(digest))).toEqual([])
  expect(app.digests()).toContain(rc.children[0]!.digest)
  expect(app.tags()).not.toHaveProperty('rc-2')
  expect(result.why(named)).toMatch('is kept by rule "keep-tags"')
})

it('T-15: an old platform that a young untagged index uses again stays', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(300) })
  const old = manifest()
  app.push(old, { at: ago(200) })
  const young = app.push(index([{ shape: old, platform: 'linux/amd64' }]), { at: ago(1 / 24) })
  const result = await run({ 'delete-untagged': 'true', 'older-than': '7d', grace: '0h' })
  expect(app.digests()).toEqual(digestsOf(v1, young))
  expect(result.why(young.children[0]!)).toMatch(/^kept: child of sha256:/)
})

it('T-18: tagged platforms of a kept index are never deleted, whatever rule matches their tags', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const shape = image()
  const staged = shape.children.map((child, n) =>
    app.push(child, { tags: [`abc-${['amd64', 'arm64'][n]}`], at: ago(90) })
  )
  const release = app.push(shape, { tags: ['5.0.2'], at: ago(90) })
  const rule = { 'delete-tags': '*-amd64 *-arm64', 'delete-untagged': 'true' }
  const result = await run(rule)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(release))
  expect(result.why(staged[0]!)).toBe('kept: child of 5.0.2')
})

it.each<[string, (app: Builder) => { digest: string }]>([
  ['a build cache', app => app.push(cacheManifest(), { tags: ['buildcache'], at: ago(3) })],
  ['an old build cache', app => app.push(cacheIndex(), { tags: ['buildcache'], at: ago(3) })]
])('T-25b: %s that is newer takes no slot of keep-at-least, and stays itself', async (_, push) => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1.0.0'], at: ago(90) })
  const signature = app.sign(v1, 'sig', { at: ago(2) })
  app.attest(v1, { at: ago(2) })
  const cache = push(app)
  app.push(image(), { tags: ['v0.9.0'], at: ago(95) })
  const result = await run({ 'delete-tags': '*', 'keep-at-least': '1' })
  expect(app.digests()).toContain(v1.digest)
  expect(app.digests()).toContain(signature.digest)
  expect(app.digests()).toContain(cache.digest)
  expect(app.tags()).not.toHaveProperty(['v0.9.0'])
  expect(result.why(v1)).toBe('kept: newest of rule "delete-tags"')
})

it('law 1: an untagged version that no rule keeps goes with any index that names it, and one in keep-tags does not', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const pulled = manifest()
  app.push(pulled, { at: ago(200) })
  app.push(index([{ shape: pulled, platform: 'linux/amd64' }]), { tags: ['pr-1'], at: ago(80) })
  const rules = { 'delete-tags': 'pr-*', 'dry-run': 'true' }
  expect((await run(rules)).why(pulled)).toBe('deleted: child of pr-1, which goes')
  expect((await run({ ...rules, 'keep-tags': pulled.digest })).why(pulled)).toMatch(
    /is kept by rule "keep-tags"$/
  )
})

it('law 1: newer images of anybody take the places that keep-at-least has, and none of keep-tags', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const [old, named] = ['sha-1', 'sha-2'].map(tag => app.push(image(), { tags: [tag], at: ago(90) }))
  for (const tag of ['sha-x', 'sha-y']) app.push(image(), { tags: [tag], at: ago(0.01) })
  const rules = { 'delete-tags': 'sha-*', 'keep-at-least': '2', 'keep-tags': 'sha-2', 'dry-run': 'true' }
  const result = await run(rules)
  expect([result.why(old!), result.why(named!)]).toEqual([
    expect.stringMatching(/^deleted: tag sha-1 matched/),
    expect.stringMatching(/is kept by rule "keep-tags"$/)
  ])
})

const mention = async () => {
  const scene = await openScene()
  scene.app.push(image(), { tags: ['v1'], at: ago(90) })
  const mentioned = scene.app.push(manifest(), { at: ago(200) })
  const odd = scene.app.push(oddIndex([mentioned.shape]), { tags: ['pr-1'], at: ago(80) })
  return { scene, mentioned, odd }
}

it('law 1: what a manifest of unknown kind mentions does not go with it, because it may be no part', async () => {
  const { scene, mentioned, odd } = await mention()
  await using _ = scene
  const result = await scene.run({ 'delete-tags': 'pr-*' })
  expect(deletesOf(scene)).toEqual([expect.stringMatching(new RegExp(`/versions/${odd.id}$`))])
  expect(result.why(mentioned)).toBe('kept: no rule asks for its deletion')
})

it('law 2: it stays with one that stays', async () => {
  const { scene, mentioned } = await mention()
  await using _ = scene
  const result = await scene.run({ 'delete-tags': 'rc-*', 'delete-untagged': 'true' })
  expect(deletesOf(scene)).toEqual([])
  expect(result.why(mentioned)).toBe('kept: child of pr-1')
})

it('laws 4, 6: a rule for the untagged takes it in the same run, behind what mentions it, and the next run finds nothing', async () => {
  const { scene, mentioned, odd } = await mention()
  await using _ = scene
  const rules = { 'delete-tags': 'pr-*', 'delete-untagged': 'true' }
  const result = await scene.run(rules)
  expect(deletesOf(scene).map(path => Number(path.split('/').at(-1)))).toEqual([odd.id, mentioned.id])
  expect(result.why(mentioned)).toMatch(/^deleted: untagged, pushed/)
  expect((await scene.run(rules)).outputs['deleted-count']).toBe('0')
  expect(deletesOf(scene)).toHaveLength(2)
})

it('law 6: manifests of unknown kind that mention each other go in one run, where rules ask for all of them', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const inner = app.push(manifest(), { at: ago(200) })
  const middle = app.push(oddIndex([inner.shape]), { at: ago(190) })
  app.push(oddIndex([middle.shape]), { tags: ['pr-1'], at: ago(80) })
  const result = await run({ 'delete-tags': 'pr-*', 'delete-untagged': 'true' })
  expect(result.outputs['deleted-count']).toBe('3')
  expect(app.digests()).toEqual(digestsOf(v1))
})
