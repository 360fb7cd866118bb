import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { readRecord } from '../../../src/report/read-record.ts'
import { image, index, layered, manifest, schema1 } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from './runs.ts'

const PULLS = { 'delete-tags': 'pr-*' }

it('every output is there in its shape, and the report can be read by a later run', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const [pr1, pr2] = [1, 2].map(n => app.push(image(['linux/amd64']), { tags: [`pr-${n}`], at: ago(80) }))
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/${pr2!.id}$`) },
    { kind: 'answer', answer: { status: 500, body: { message: 'Server Error' } } }
  )
  const { outputs, record, code } = await run(PULLS)
  expect(code).toBe(1)
  expect(outputs).toMatchObject({
    'deleted-count': '2',
    'planned-count': '4',
    'kept-count': '3',
    'failed-count': '1',
    'untagged-count': '0',
    'restored-count': '0',
    missing: '[]',
    'missing-tags': '',
    dispatched: '[]',
    packages: '["app"]',
    incomplete: 'false'
  })
  const child = pr1!.children[0]!
  expect(JSON.parse(outputs['deleted']!)).toEqual([
    {
      package: 'app',
      id: pr1!.id,
      digest: pr1!.digest,
      tags: ['pr-1'],
      reason: expect.stringMatching(/^tag pr-1 matched/)
    },
    { package: 'app', id: child.id, digest: child.digest, tags: [], reason: 'child of pr-1, which goes' }
  ])
  expect(JSON.parse(outputs['failed']!)).toEqual([
    {
      package: 'app',
      id: pr2!.id,
      digest: pr2!.digest,
      tags: ['pr-2'],
      reason: expect.stringMatching('Server Error')
    }
  ])
  const read = readRecord(outputs['report']!)
  expect(read).toEqual(record)
  expect(read.run).toMatchObject({ mode: 'retain', dryRun: false, owner: 'acme' })
  expect(read.finished?.failures).toHaveLength(1)
  const events = read.journal.map(one => ('digest' in one ? `${one.event} ${one.digest}` : ''))
  expect(events.indexOf(`sent ${pr1!.digest}`)).toBeLessThan(events.indexOf(`outcome ${pr1!.digest}`))
  expect(read.finished?.requests.writes).toBe(github.writes.length)
})

it('every version has a verdict with a reason, in the report and grouped in the summary', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  app.push(manifest(), { tags: ['pr-2'] })
  const { record, summary } = await run(PULLS)
  expect(record?.packages[0]?.versions.map(({ phrase }) => phrase)).toEqual(
    Array(7).fill(expect.stringMatching(/^(?:kept|deleted): \S/))
  )
  expect(summary).toMatch(
    /^## 1 image deleted \(3 versions\) in 1 package of acme, 2 images stay \(4 versions\)/
  )
  expect(summary).toMatch('part of a kept image')
  expect(summary).toMatch('within the grace')
  expect(summary).toMatch('43 % of the versions were deleted')
})

it('a report that cannot be written stops the run before anything is deleted', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  const result = await run({ ...PULLS, 'report-file': '/dev/null/report.json' })
  expect(result.errors).toEqual([
    expect.stringMatching(/^Input `report-file`: `\/dev\/null` is a file, so nothing can be in it/)
  ])
  expect(github.writes).toEqual([])
})

it('nothing that GitHub or a tag says becomes a command of the runner or markup in the summary', async () => {
  await using scene = await openScene({ where: 'bundle' })
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const pull = app.push(manifest(), { tags: ['pr-1'], at: ago(80) })
  const evil = app.push(manifest(), { tags: ['pr-2'], at: ago(80) })
  for (const tag of [
    '::error::owned',
    '##[error]owned',
    'pr-<script>alert(1)</script>|`x`',
    'pr-a\n::warning::owned'
  ]) {
    app.lie({ kind: 'tag', id: evil.id, tag })
  }
  const message =
    'no\n::error::owned\n##[error]owned\r::set-output name=report::x <img src=x onerror=alert(1)> | **b** [x](http://x)'
  github.faults.on(
    { method: 'DELETE', path: new RegExp(`/${pull.id}$`) },
    { kind: 'answer', answer: { status: 403, body: { message } } }
  )
  const result = await run({ 'delete-tags': '*', 'keep-tags': 'v*' })
  expect(result.errors).toEqual([expect.stringMatching('^app: ')])
  expect(result.warnings).toEqual([])
  for (const line of result.stdout.split(/[\r\n]/)) {
    expect(line).not.toMatch(/^\s*::(?!add-mask::|debug::|error::app: |group::|endgroup::)/)
    if (!line.startsWith('::error::')) expect(line).not.toContain('##[')
  }
  expect(result.summary).not.toMatch(/<script|<img|\]\(http:\/\/x\)|\*\*b\*\*/)
  expect(Object.keys(result.outputs)).not.toContain('name=report')
})

it('a large package makes neither a long log nor a summary beyond the limit of GitHub, and cut outputs say so', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const tagsOf = (n: number) => Array.from('abcdefgh', letter => `pr-${n}-${letter.repeat(110)}`)
  for (let n = 0; n < 1_200; n++) app.push(manifest(), { tags: tagsOf(n), at: ago(80) })
  const result = await run({ ...PULLS, 'dry-run': 'true' })
  expect(result.errors).toEqual([])
  expect(result.outputs['planned-count']).toBe('1200')
  expect(Buffer.byteLength(result.summary)).toBeLessThan(1_024 * 1_024)
  expect(result.summary).toMatch('…and')
  expect(result.stdout.split('\n').length).toBeLessThan(1_100)
  expect(JSON.stringify(result.outputs).length).toBeLessThan(500_000)
  const report = JSON.parse(await readFile(result.outputs['report']!, 'utf8'))
  expect(report.packages[0].versions).toHaveLength(1_201)
})

const EXPLAINED = `
version: 1
packages:
  - match: app
    rules:
      - { name: channels, action: keep, match: { tags: [latest] } }
      - { name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 2, keep-within: 20d }
      - { name: old, action: delete, match: { tags: '*', older-than: 60d } }
      - { name: untagged, action: delete, match: { untagged: true } }
`

/** What the log says of the version that was asked about. */
const toldIn = (stdout: string): string[] =>
  stdout
    .slice(0, stdout.indexOf('::endgroup::'))
    .split('\n')
    .filter(line => /^(?: {2}|\S+ \(sha256:|sha256:)/.test(line))

it('explains one tag in full: every rule, its reasons, and what it has to do with others', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(manifest(), { tags: ['sha-3'], at: ago(30) })
  const pushed = app.push(image(['linux/amd64', 'linux/arm64']), { tags: ['sha-2'], at: ago(31) })
  const signature = app.sign(pushed, 'sig', { at: ago(31) })
  app.push(manifest(), { tags: ['sha-1'], at: ago(32) })
  app.push(manifest(), { tags: ['latest'], at: ago(1) })
  const result = await run({ policy: EXPLAINED, 'dry-run': 'true', explain: 'sha-2' })
  const short = (digest: string): string => digest.slice(0, 19)
  expect(toldIn(result.stdout)).toEqual([
    `sha-2 (${pushed.digest}): kept: 2nd newest of rule "builds"`,
    '  rule "channels" (keep): does not match it: none of its tags match',
    '  rule "builds" (delete): selects it (tag sha-2 matched by rule "builds", pushed 31 days ago), ' +
      'but keeps it: 2nd newest of rule "builds"',
    '  rule "old" (delete): does not match it: its age is different',
    '  rule "untagged" (delete): does not match it: it has a tag',
    `  it needs ${pushed.children.map(child => short(child.digest)).join(', ')}`,
    `  it is described by ${short(signature.digest)}`
  ])
  expect(result.summary).toContain('What each rule says of it')
  expect(scene.github.writes).toEqual([])
})

it('says of a version that would go that it would, because only dry runs explain', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['latest'], at: ago(90) })
  scene.app.push(manifest(), { tags: ['sha-1'], at: ago(80) })
  const result = await scene.run({ 'delete-tags': 'sha-*', 'dry-run': 'true', explain: 'sha-1' })
  expect(toldIn(result.stdout)[0]).toMatch(/^sha-1 \(sha256:\w{64}\): would be deleted: /)
})

it('explains a platform by its digest, and what it is needed by', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const pushed = app.push(image(['linux/amd64']), { tags: ['latest'], at: ago(90) })
  const [child] = pushed.children
  const result = await run({ policy: EXPLAINED, 'dry-run': 'true', explain: child?.digest ?? '' })
  const [title, ...lines] = toldIn(result.stdout)
  expect(title).toMatch(/^sha256:\w{64}: kept: child of latest$/)
  expect(lines).toEqual([
    ...['channels', 'builds', 'old', 'untagged'].map(rule =>
      expect.stringMatching(`rule "${rule}" .*part of another image`)
    ),
    '  it is needed by latest'
  ])
})

it('explains only in dry runs, and says when there is nothing of that name', async () => {
  await using scene = await openScene()
  scene.app.push(manifest(), { tags: ['latest'], at: ago(90) })
  const real = await scene.run({ policy: EXPLAINED, explain: 'latest' })
  expect(real.errors).toEqual(['Input `explain` is for dry runs: set `dry-run: true`.'])
  const none = await scene.run({ policy: EXPLAINED, 'dry-run': 'true', explain: 'lastest' })
  expect(none.warnings).toContain(
    'There is nothing to explain: no version in the packages of this run has the tag, digest or id lastest.'
  )
  const bad = await scene.run({ policy: EXPLAINED, 'dry-run': 'true', explain: 'app:latest' })
  expect(bad.errors).toEqual([
    expect.stringMatching(/Input `explain`: "app:latest" is neither a tag nor a digest/)
  ])
})

const SIZES = { 'delete-tags': 'sha-*', sizes: 'true' }
const MB = 1_000_000

/** Two builds that go and a release that stays; all rest on one base layer. */
function layDownLayers({ app }: Scene) {
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
    layDownLayers(scene)
    const result = await scene.run({ ...SIZES, 'dry-run': dryRun })
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

it('sizes beyond every number, which manifests can claim, leave the report one that can be undone', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const size = Number.MAX_SAFE_INTEGER
  app.push(layered({ one: size, two: size }), { tags: ['sha-1'], at: ago(80) })
  const first = await run(SIZES)
  expect(sizesOf(first)).toMatchObject({ total: size, unshared: size })
  const back = await run({ mode: 'restore', restore: first.outputs['report'] ?? '' })
  expect(back).toMatchObject({ code: 0, outputs: { 'restored-count': '1' } })
})

it('counts a deletion that GitHub refuses as something that stays', async () => {
  await using scene = await openScene()
  const { builds } = layDownLayers(scene)
  scene.app.row.visibility = 'public'
  scene.app.downloaded(builds[0]!, 6_000)
  const result = await scene.run(SIZES)
  expect(sizesOf(result)).toMatchObject({ total: 75 * MB + 2, unshared: 5 * MB })
})

it('reads nothing for it where nobody asks or where nothing goes, and asks the API for nothing', async () => {
  await using scene = await openScene()
  layDownLayers(scene)
  const plain = await scene.run({ 'delete-tags': 'sha-*', 'dry-run': 'true' })
  const asked = await scene.run({ ...SIZES, 'dry-run': 'true' })
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
  const result = await scene.run(SIZES)
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
  const { builds } = layDownLayers(scene)
  const child = builds[0]!.children[0]!.digest
  github.faults.on({ host: 'registry', path: new RegExp(child) }, { kind: 'answer', answer: { status: 500 } })
  const result = await scene.run(SIZES)
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '4' } })
  expect(sizesOf(result)).toMatchObject({ unread: 1 })
  expect(Object.keys(app.tags())).toEqual(['v1'])
})
