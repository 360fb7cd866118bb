import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { readRecord } from '../../../src/report/read-record.ts'
import type { RunRecord } from '../../../src/report/record.ts'
import { caller } from '../../emulator/client.ts'
import type { Trouble } from '../../emulator/faults.ts'
import { cosignTag, image, index, manifest } from '../../emulator/shapes.ts'
import { checkout } from '../../helpers/workspace.ts'
import { ago, digestsOf, openScene, planOf } from './runs.ts'

const PULLS = { 'delete-tags': 'pr-*' }

const answer = (status: number, message: string, headers = {}): Trouble => ({
  kind: 'answer',
  answer: { status, body: { message, documentation_url: 'https://docs.github.com/rest' }, headers }
})

it.concurrent('T-26, T-33: a version with too many downloads is refused and keeps its children; the rest goes, and it is green', async () => {
  await using scene = await openScene()
  const { world, run } = scene
  const web = world.package('acme/web', { visibility: 'public', repository: 'acme/app' })
  const v1 = web.push(image(), { tags: ['v1'], at: ago(90) })
  const popular = web.push(image(), { tags: ['pr-1'], at: ago(80) })
  web.push(image(), { tags: ['pr-2'], at: ago(70) })
  web.downloaded(popular, 5_001)
  const result = await run({ packages: 'web', ...PULLS })
  expect(result.errors).toEqual([])
  expect(web.digests()).toEqual(digestsOf(v1, popular))
  expect(result.outputs).toMatchObject({ 'deleted-count': '3', 'failed-count': '0', incomplete: 'false' })
  expect(result.stdout).toMatch(/refused by GitHub: pr-1 .*more than 5000 downloads/)
  expect(result.stdout).toMatch('it stays with pr-1, which this run did not delete')
  expect(result.summary).toMatch(/Refused by GitHub: 1 change/)
})

it.concurrent('T-27: of a plan that covers every tagged version the newest stays, whole, and GitHub is not even asked', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const v2 = app.push(image(), { tags: ['v2'], at: ago(80) })
  const signature = app.sign(v2, 'sig', { at: ago(79) })
  const result = await run({ 'delete-tags': '*', 'delete-untagged': 'true', 'max-deletion-percent': '100' })
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v2, signature))
  expect(result.why(v2)).toBe('kept: the last tagged version, which GitHub does not delete')
  expect(github.writes.map(({ status }) => status)).toEqual([204, 204, 204])
})

it.concurrent('T-27: when others delete the rest meanwhile, the refusal to let the last tagged version go is not a failure', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const pull = app.push(image(), { tags: ['pr-1'], at: ago(80) })
  github.faults.on({ method: 'DELETE', times: 1 }, { kind: 'first', run: () => app.delete(v1) })
  const result = await run(PULLS)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(pull))
  expect(result.stdout).toMatch(/refused by GitHub: pr-1 .*You cannot delete the last tagged version/)
})

it.concurrent('T-28: a version that somebody else deleted counts as gone, and its children follow', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const pull = app.push(image(), { tags: ['pr-1'], at: ago(80) })
  github.faults.on({ method: 'DELETE', times: 1 }, { kind: 'first', run: () => app.delete(pull) })
  const result = await run(PULLS)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result.outputs).toMatchObject({ 'deleted-count': '2', 'failed-count': '0' })
  expect(result.stdout).toMatch('it was gone before this run reached it')
})

it.concurrent('T-28: what somebody else deletes says nothing of rights, though GitHub shows it for a while, and the rest goes', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const [theirs] = ['pr-1', 'pr-2'].map(tag => app.push(manifest(), { tags: [tag], at: ago(80) }))
  const path = new RegExp(`/versions/${theirs?.id}$`)
  world.remember(app.row)
  github.faults.on(
    { host: 'api', method: 'DELETE', path },
    {
      kind: 'first',
      run() {
        app.delete(theirs ?? v1)
        github.faults.on({ host: 'api', method: 'GET', path }, { kind: 'late', ms: 20_000 })
      }
    }
  )
  const result = await run(PULLS)
  expect([result.code, result.outputs['failed-count'], result.outputs['deleted-count']]).toEqual([
    1,
    '1',
    '1'
  ])
  expect(result.stdout).toMatch('the registry does not have it: the next run looks at it again')
  expect(result.stdout).not.toMatch(/Admin|This token/)
  expect(app.digests()).toEqual(digestsOf(v1))
  expect((await run(PULLS)).code).toBe(0)
})

it.concurrent('T-28: 404 to a DELETE of what is still there is a lack of rights: the package stops at once, and the sentence says where to grant them', async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  const foreign = world.package('acme/foreign', { visibility: 'public', access: { 'acme/app': 'write' } })
  foreign.push(image(), { tags: ['v1'], at: ago(90) })
  for (let n = 0; n < 20; n++) foreign.push(image(), { tags: [`pr-${n}`], at: ago(80) })
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  const before = foreign.digests()
  const result = await run({ packages: 'foreign, app', ...PULLS })
  expect(result.errors).toEqual([expect.stringMatching(/^foreign: \d changes? failed.*Package not found/)])
  const said =
    /This token may not delete from foreign: give the job `permissions: packages: write`, and .* the role Admin \(Write is not enough\) under "Manage Actions access" at https:\/\/github\.com\/orgs\/acme\/packages\/container\/foreign\/settings/
  expect(result.stdout).toMatch(said)
  expect(result.summary).toMatch('/orgs/acme/packages/container/foreign/settings')
  expect(foreign.digests()).toEqual(before)
  expect(github.writes.filter(({ path }) => path.includes('/foreign/')).length).toBeLessThanOrEqual(8)
  // The other package is another matter.
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.concurrent.each<[string, Trouble]>([
  ['was carried out and answered 502', { kind: 'lost-502' }],
  ['was carried out and its answer lost', { kind: 'lost-reset' }],
  ['was answered 500', { kind: 'answer', answer: { status: 500, body: 'oops' } }],
  ['met a broken connection', { kind: 'reset' }]
])('T-29: a DELETE that %s is settled by looking, and what is gone counts as deleted', async (_, trouble) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  github.faults.on({ method: 'DELETE', times: 1 }, trouble)
  const result = await run(PULLS)
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(result.outputs).toMatchObject({ 'deleted-count': '3', 'failed-count': '0' })
})

it.concurrent('T-29: a version that GitHub goes on showing behind a DELETE whose answer was lost is no lack of rights', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const pull = app.push(manifest(), { tags: ['pr-1'], at: ago(80) })
  const other = app.push(manifest(), { tags: ['pr-2'], at: ago(70) })
  const path = new RegExp(`/${pull.id}$`)
  const call = caller(github, world.classic('olivia'))
  const { body } = await call(`GET /orgs/acme/packages/container/app/versions/${pull.id}`)
  const show = { kind: 'answer', answer: { status: 200, body, lie: true } } as const
  github.faults.on(
    { method: 'DELETE', path, times: 1 },
    {
      kind: 'first',
      run: () => {
        app.lie({ kind: 'linger' })
        github.faults.on({ method: 'GET', path }, show)
      }
    }
  )
  github.faults.on({ method: 'DELETE', path, times: 1 }, { kind: 'lost-502' })
  const { errors } = await run(PULLS)
  expect(errors.join()).toMatch(/pr-1.* it was sent, and what became of it is unknown \(.*502/)
  expect(errors.join()).not.toMatch(/Admin/)
  expect(app.version(other.digest)).toBeUndefined()
})

it.concurrent('T-29: a DELETE that never gets an answer worth having fails, is tried a few times, and makes the run red', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const pull = app.push(image(), { tags: ['pr-1'], at: ago(80) })
  app.push(image(), { tags: ['pr-2'], at: ago(70) })
  github.faults.on({ method: 'DELETE', path: new RegExp(`/${pull.id}$`) }, answer(500, 'Server Error'))
  const result = await run(PULLS)
  expect(result.errors).toEqual([expect.stringMatching(/^app: 1 change failed.*pr-1.*500/)])
  expect([...digestsOf(pull)].filter(digest => !app.digests().has(digest))).toEqual([])
  expect(app.tags()).not.toHaveProperty(['pr-2'])
  expect(JSON.parse(result.outputs['failed']!)).toMatchObject([
    { package: 'app', id: pull.id, tags: ['pr-1'] }
  ])
})

it.concurrent('T-30, E-01: an image that lost its platforms goes when asked for; one that GitHub lists and the registry denies is unknown', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const denied = app.push(manifest(), { tags: ['v0'], at: ago(95) })
  const hollow = app.push(image(), { tags: ['v2'], at: ago(80) })
  const partial = app.push(image(), { tags: ['v3'], at: ago(70) })
  for (const child of [...hollow.children, partial.children[0]!]) app.delete(child)
  const leftover = app.push(manifest(), { at: ago(60) })
  github.faults.on(
    { host: 'registry', path: new RegExp(`${denied.digest}|/manifests/v0$`) },
    {
      kind: 'answer',
      answer: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] } }
    }
  )
  const first = await run({ 'delete-untagged': 'true' })
  expect(first.errors).toEqual([expect.stringMatching('^app: 1 manifest could not be read')])
  expect(app.digests().has(leftover.digest)).toBe(true)
  expect(first.record?.packages[0]?.broken.map(({ id, state }) => [id, state]).sort()).toEqual(
    [
      [hollow.id, 'ghost'],
      [partial.id, 'partial']
    ].sort()
  )
  await run({ 'delete-broken': 'ghost' })
  expect(Object.keys(app.tags()).sort()).toEqual(['v0', 'v1', 'v3'])
  await run({ 'delete-broken': 'partial' })
  expect(app.digests()).toEqual(digestsOf(v1, denied, leftover))
})

it.concurrent('T-30: a registry that has none of the manifests is another one, and nothing is concluded from it', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  app.push(manifest(), { at: ago(90) })
  github.faults.on(
    { host: 'registry', path: /manifests/ },
    { kind: 'answer', answer: { status: 404, body: { errors: [{ code: 'NAME_UNKNOWN', message: 'no' }] } } }
  )
  const result = await run({ 'delete-untagged': 'true', 'delete-broken': 'ghost, partial, orphaned' })
  expect(result.errors).toEqual([expect.stringMatching(/^app: The registry has none of the 2 manifests/)])
  expect(github.writes).toEqual([])
})

/** What a run was killed at, by the number of the DELETE: some are kills of a process, the rest stop it where it stands. */
const KILLED_AT = (['first', 'then'] as const).flatMap(moment =>
  Array.from(
    { length: 7 },
    (_, deletion) => [moment, deletion, deletion % 3 === 0 ? 'bundle' : 'inside'] as const
  )
)

it.concurrent('T-32: killed at any DELETE, before or after GitHub carried it out, a run leaves every tag whole and a report that can be read', async () => {
  for (const [moment, deletion, where] of KILLED_AT) {
    await using scene = await openScene({ where })
    const { app, github, run } = scene
    const shared = manifest()
    const entry = { shape: shared, platform: 'linux/amd64' }
    app.push(index([entry]), { tags: ['v1'], at: ago(90) })
    const pull = app.push(index([entry, { shape: image() }]), { tags: ['pr-1'], at: ago(80) })
    app.sign(pull, 'sig', { at: ago(79) })
    app.push(image(['linux/amd64']), { tags: ['pr-2'], at: ago(70) })
    using folder = checkout({})
    const report = join(folder.root, 'report.json')
    const kill = new AbortController()
    /** What a kill at this moment leaves: the report as it is, and a GitHub that lets the run do nothing more. */
    let left: RunRecord | undefined
    const stop = (): void => {
      left = readRecord(report)
      github.faults.on({ host: 'api' }, answer(403, 'Resource not accessible by integration'))
    }
    github.faults.on(
      { method: 'DELETE', after: deletion, times: 1 },
      { kind: moment, run: where === 'bundle' ? () => kill.abort() : stop }
    )
    const before = app.digests()
    const circumstances = where === 'bundle' ? { kill: kill.signal } : {}
    const result = await run({ ...PULLS, 'report-file': report }, circumstances)
    if (where === 'bundle') expect(result.code).toBeNull()
    const { journal, finished, packages } = where === 'bundle' ? readRecord(report) : (left as RunRecord)
    expect(finished).toBeUndefined()
    expect(packages[0]?.steps).toHaveLength(7)
    const sent = new Set(journal.flatMap(one => (one.event === 'sent' ? [one.digest] : [])))
    const unsent = [...before].filter(digest => !app.digests().has(digest) && !sent.has(digest))
    expect(unsent).toEqual([])
  }
})

it.concurrent.each([
  [400, 'a reason that nobody has heard of', 0],
  [403, 'Resource not accessible by integration', 1]
])('T-33: children stay with a parent whose DELETE answers %i', async (status, message, code) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const pull = app.push(image(), { tags: ['pr-1'], at: ago(80) })
  github.faults.on({ method: 'DELETE', path: new RegExp(`/${pull.id}$`) }, answer(status, message))
  const result = await run(PULLS)
  expect(result.code).toBe(code)
  expect(app.digests()).toEqual(digestsOf(v1, pull))
  expect(github.writes).toHaveLength(1)
  expect(result.stdout).toContain(message)
})

it.concurrent('T-34: every page is read before the first DELETE, and a target on the second page is found', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  for (let n = 0; n < 150; n++) app.push(manifest(), { tags: [`v${n}`], at: ago(10 + n / 100) })
  for (let n = 0; n < 25; n++) app.push(manifest(), { tags: [`pr-${n}`], at: ago(90) })
  const dry = await run({ 'delete-tags': '*', 'max-deletion-percent': '100', 'dry-run': 'true' })
  expect(dry.outputs['planned-count']).toBe('174')
  const result = await run(PULLS)
  expect(result.outputs['deleted-count']).toBe('25')
  expect(Object.keys(app.tags())).toHaveLength(150)
  const { requests } = github
  const firstDelete = requests.findIndex(({ method }) => method === 'DELETE')
  const pages = requests.slice(0, firstDelete).filter(({ path }) => path.endsWith('/versions'))
  expect(pages.filter(({ query }) => query.includes('page=2')).length).toBeGreaterThanOrEqual(2)
})

it.concurrent('T-36: a package without versions is fine; one that is not there makes the run red, and the others go on', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  world.package('acme/empty', { repository: 'acme/app' })
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  const fine = await run({ packages: 'empty', ...PULLS })
  expect(fine.errors).toEqual([])
  const result = await run({ packages: 'empty, ap, app', ...PULLS })
  expect(result.errors).toEqual([
    expect.stringMatching(/^ap: Reading the package "ap" of acme failed.*does not exist, or/)
  ])
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(JSON.parse(result.outputs['packages']!)).toEqual(expect.arrayContaining(['empty', 'app']))
})

it.concurrent('T-40: what an interrupted run has left of its images is collected by the next one', async () => {
  await using scene = await openScene({ where: 'bundle' })
  const { app, github, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  for (const n of [1, 2]) app.push(image(undefined, { attest: 'new' }), { tags: [`pr-${n}`], at: ago(80) })
  const rule = { 'delete-tags': 'pr-*', 'delete-untagged': 'true', 'delete-broken': 'orphaned' }
  const kill = new AbortController()
  github.faults.on({ method: 'DELETE', after: 2, times: 1 }, { kind: 'first', run: () => kill.abort() })
  expect((await run(rule, { kill: kill.signal })).code).toBeNull()
  // How much is left depends on when the kill arrives.
  expect(app.digests().size).toBeGreaterThan(digestsOf(v1).size)
  expect((await run(rule)).errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.concurrent('T-41: signatures and attestations go with the image that they describe, their tags too', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v2 = app.push(image(), { tags: ['v2'], at: ago(80) })
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const kept = [app.sign(v2, 'sig', { at: ago(70) })]
  for (const subject of [v1, ...v1.children]) {
    app.sign(subject, 'sig', { at: ago(70) })
    app.sign(subject, 'att', { at: ago(70) })
    app.attest(subject, { at: ago(70) })
  }
  const result = await run({ 'delete-tags': 'v*', 'keep-at-least': '1' })
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v2, ...kept))
  expect(Object.keys(app.tags()).sort()).toEqual([cosignTag(v2, 'sig'), 'v2'].sort())
})

it.concurrent('T-42: a digest that comes back after its deletion is decided on by what is listed now', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  const shape = image()
  app.push(shape, { tags: ['pr-1'], at: ago(80) })
  const rule = { 'delete-tags': 'pr-*', 'delete-untagged': 'true' }
  await run(rule)
  expect(app.digests()).toEqual(digestsOf(v1))
  const again = app.push(shape, { tags: ['v2'], at: ago(70) })
  await run(rule)
  expect(app.digests()).toEqual(digestsOf(v1, again))
})

it.concurrent('T-25j: a dry run makes the plan of the real one and sends no write; a second real run finds nothing to do', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(undefined, { attest: 'old' }), { tags: ['v1', 'rc-9'], at: ago(90) })
  for (let n = 0; n < 4; n++) app.sign(app.push(image(), { tags: [`rc-${n}`], at: ago(80 - n) }))
  app.push(manifest(), { at: ago(60) })
  const inputs = {
    'delete-tags': 'rc-*',
    'keep-at-least': '2',
    'delete-untagged': 'true',
    untag: 'true',
    'max-deletions': '50'
  }
  const before = app.digests()
  const dry = await run({ ...inputs, 'dry-run': 'true' })
  expect(github.writes).toEqual([])
  expect(app.digests()).toEqual(before)
  expect(dry.outputs).toMatchObject({ 'deleted-count': '0', deleted: '[]', 'untagged-count': '0' })
  expect(Number(dry.outputs['planned-count'])).toBeGreaterThan(0)
  expect(dry.summary).toMatch('Nothing was deleted')
  const real = await run(inputs)
  expect(planOf(real)).toEqual(planOf(dry))
  expect(real.outputs['deleted-count']).toBe(dry.outputs['planned-count'])
  const sent = github.writes.length
  const second = await run(inputs)
  expect(second.errors).toEqual([])
  expect(second.outputs).toMatchObject({ 'deleted-count': '0', 'planned-count': '0' })
  expect(github.writes).toHaveLength(sent)
})
