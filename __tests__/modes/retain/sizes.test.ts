import { expect, it } from '@jest/globals'
import { index, layered, manifest, schema1 } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from './runs.ts'

const POLICY = { 'delete-tags': 'sha-*', sizes: 'true' }
const MB = 1_000_000

/** Two builds that go and a release that stays; all rest on one base layer. */
function layDown({ app }: Scene) {
  const release = app.push(layered({ base: 50 * MB, release: 7 * MB }), { tags: ['v1'], at: ago(90) })
  const builds = ['a', 'b'].map(name =>
    app.push(
      index([
        { shape: layered({ base: 50 * MB, common: 20 * MB, [name]: 5 * MB }), platform: 'linux/amd64' }
      ]),
      { tags: [`sha-${name}`], at: ago(80) }
    )
  )
  return { release, builds }
}

const sizesOf = ({ record }: Run) => record?.finished?.packages[0]?.sizes

it.each(['true', 'false'])(
  'counts each blob once, and what nothing that stays shares (dry-run: %s)',
  async dryRun => {
    await using scene = await openScene()
    layDown(scene)
    const result = await scene.run({ ...POLICY, 'dry-run': dryRun })
    expect(result.code).toBe(0)
    expect(sizesOf(result)).toEqual({
      total: 80 * MB + 2,
      unshared: 30 * MB,
      unread: 0,
      unreadStaying: 0
    })
    const what = dryRun === 'true' ? 'images to delete' : 'deleted images'
    const sentence = `The ${what} take up 80 MB, with each blob counted once. 30 MB of that is used by nothing that stays.`
    expect(result.summary).toContain(sentence)
    expect(result.stdout.split(sentence)).toHaveLength(2)
  }
)

it('counts a deletion that GitHub refuses as something that stays', async () => {
  await using scene = await openScene()
  const { builds } = layDown(scene)
  scene.app.row.visibility = 'public'
  scene.app.downloaded(builds[0]!, 6_000)
  const result = await scene.run(POLICY)
  expect(sizesOf(result)).toMatchObject({ total: 75 * MB + 2, unshared: 5 * MB })
})

it('reads nothing for it where nobody asks or where nothing goes, and asks the API for nothing', async () => {
  await using scene = await openScene()
  layDown(scene)
  const plain = await scene.run({ 'delete-tags': 'sha-*', 'dry-run': 'true' })
  const asked = await scene.run({ ...POLICY, 'dry-run': 'true' })
  const idle = await scene.run({ 'delete-tags': 'none-*', sizes: 'true' })
  expect(sizesOf(plain)).toBeUndefined()
  expect(plain.summary).not.toContain('take up')
  expect(sizesOf(idle)).toMatchObject({ total: 0 })
  expect(idle.summary).not.toContain('take up')
  expect(asked.record?.finished?.requests.api).toBe(plain.record?.finished?.requests.api)
  const reads = [plain, asked, idle].map(one => one.record?.finished?.requests.reads ?? 0)
  // The two platforms that go, and the release that stays.
  expect(reads[1]! - reads[0]!).toBe(3)
})

it('says "at most" and "more" where manifests do not say what they need, and deletes all the same', async () => {
  await using scene = await openScene()
  const { app } = scene
  app.push(schema1(), { tags: ['v0'], at: ago(90) })
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  app.push(schema1(), { tags: ['sha-old'], at: ago(80) })
  app.push(layered({ alone: 3 * MB }), { tags: ['sha-new'], at: ago(80) })
  const result = await scene.run(POLICY)
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '2' } })
  expect(sizesOf(result)).toMatchObject({ total: 3 * MB + 2, unread: 1, unreadStaying: 1 })
  expect(result.summary).toContain(
    'At most 3 MB of that is used by nothing that stays (1 manifest of what stays was not read). ' +
      '1 manifest could not be counted, so the real size is larger.'
  )
})

it('deletes all the same where the registry cannot be read at all for the sizes', async () => {
  await using scene = await openScene()
  const { app, github } = scene
  const { builds } = layDown(scene)
  const child = builds[0]!.children[0]!.digest
  github.faults.on({ host: 'registry', path: new RegExp(child) }, { kind: 'answer', answer: { status: 500 } })
  const result = await scene.run(POLICY)
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '4' } })
  expect(sizesOf(result)).toMatchObject({ unread: 1 })
  expect(Object.keys(app.tags())).toEqual(['v1'])
})
