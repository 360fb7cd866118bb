import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { Builder } from '../../emulator/builder.ts'
import { type Emulator, startEmulator } from '../../emulator/server.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { fastClock, runInside } from '../../helpers/inside.ts'

const clock = fastClock(100)
let github: Emulator
let app: Builder
beforeEach(async () => {
  github = await startEmulator({ now: clock.now })
  github.world.deletedTags = 'shown'
  app = github.world.package('acme/app', { repository: 'acme/app' })
  app.push(image(), { tags: ['v1'], at: '2026-01-01T00:00:00Z' })
})
afterEach(() => github.close())

const clean = () =>
  runInside(
    github,
    { token: github.world.githubToken('acme/app'), 'delete-tags': 'sha-*', 'delete-untagged': 'true' },
    clock
  )

/** Lets something happen in the 200 milliseconds before this version's DELETE arrives. */
const before = (id: number, run: () => unknown) =>
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/versions/${id}$`), times: 1 },
    { kind: 'first', run }
  )

it('restores at once, with its platforms, an image on which a tag landed right before its DELETE (T-17)', async () => {
  const deletable = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
  before(deletable.id, () => app.tag(deletable, 'v2'))
  await using run = await clean()
  expect(app.tags()['v2']).toBe(deletable.digest)
  expect(github.world.pullable('acme/app', 'v2')).toEqual([])
  expect(run.stdout).toMatch(/::warning::app: sha-1 .* was restored at once: tag v2 was put on it/)
  expect(run).toMatchObject({
    code: 0,
    outputs: { 'restored-count': '3', 'deleted-count': '0', deleted: '[]' }
  })
  expect(run.summary).toMatch(/3 versions restored at once/)
})

it('restores at once what an index pushed right before its DELETE names (T-17)', async () => {
  const leaf = manifest()
  const deletable = app.push(leaf, { at: '2026-02-01T00:00:00Z' })
  before(deletable.id, () => app.push(index([{ shape: leaf, platform: 'linux/amd64' }]), { tags: ['v2'] }))
  await using run = await clean()
  expect(github.world.pullable('acme/app', 'v2')).toEqual([])
  expect(run.stdout).toMatch(/pushed meanwhile needs it/)
  expect(run).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
})

it('restores at once what a signature describes, by its tag alone, that was pushed right before the DELETE (T-17)', async () => {
  const deletable = app.push(manifest(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
  before(deletable.id, () => app.sign(deletable, 'sig'))
  await using run = await clean()
  expect(app.digests()).toContain(deletable.digest)
  expect(run.stdout).toMatch(/pushed meanwhile needs it or describes it/)
  expect(run).toMatchObject({ code: 0, outputs: { 'restored-count': '1', 'deleted-count': '0' } })
})

it('says of a deletion that nobody carried out why it failed, and not that GitHub confirmed it', async () => {
  const deletable = app.push(manifest(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
  app.push(manifest(), { tags: ['sha-2'], at: '2026-02-02T00:00:00Z' })
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/versions/${deletable.id}$`) },
    { kind: 'answer', answer: { status: 502, body: '<html>Bad Gateway</html>' } }
  )
  await using run = await clean()
  expect(app.digests()).toContain(deletable.digest)
  expect(run).toMatchObject({ code: 1, outputs: { 'deleted-count': '1', 'failed-count': '1' } })
  expect(run.stdout).toMatch(/it is unknown whether it was done/)
  expect(run.stdout).not.toMatch(/GitHub answered that it is deleted/)
})

it('is red when what is needed cannot be restored', async () => {
  const deletable = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
  before(deletable.id, () => app.tag(deletable, 'v2'))
  github.faults.on(
    { method: 'POST', path: /\/restore$/ },
    { kind: 'answer', answer: { status: 403, body: { message: 'Resource not accessible by integration' } } }
  )
  await using run = await clean()
  expect(run.code).toBe(1)
  expect(run.stdout).toMatch(/::error::app: sha-1 is needed, was deleted, and could not be restored/)
})

it('is red when an image that stays was broken by somebody else meanwhile', async () => {
  const kept = app.push(image(), { tags: ['v3'], at: '2026-02-01T00:00:00Z' })
  const deletable = app.push(manifest(), { tags: ['sha-1'], at: '2026-02-02T00:00:00Z' })
  before(deletable.id, () => app.delete(kept.children[0]!))
  await using run = await clean()
  expect(run.code).toBe(1)
  expect(run.stdout).toMatch(/v3 lacks sha256:\w{12}, which is gone, though not by this run/)
})

it('is not red for an image that somebody else deleted as a whole meanwhile', async () => {
  const theirs = app.push(image(), { tags: ['v3'], at: '2026-02-01T00:00:00Z' })
  const deletable = app.push(manifest(), { tags: ['sha-1'], at: '2026-02-02T00:00:00Z' })
  before(deletable.id, () => {
    for (const gone of [theirs, ...theirs.children]) app.delete(gone)
  })
  await using run = await clean()
  expect(run).toMatchObject({ code: 0, outputs: { 'deleted-count': '1' } })
})

it('says that it could not look when GitHub does not answer, and is red', async () => {
  app.push(manifest(), { tags: ['sha-1'], at: '2026-02-02T00:00:00Z' })
  github.faults.on(
    { query: /state=deleted/ },
    { kind: 'answer', answer: { status: 404, body: { message: 'Not Found' } } }
  )
  await using run = await clean()
  expect(run.code).toBe(1)
  expect(run.stdout).toMatch(/What was taken away could not be checked again/)
})

it('looks at nothing once more where nothing was deleted', async () => {
  await using run = await clean()
  expect(run.code).toBe(0)
  expect(github.requests.filter(({ query }) => /deleted/.test(query))).toEqual([])
})
