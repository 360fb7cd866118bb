import { expect, it } from '@jest/globals'
import type { Builder } from '../../emulator/builder.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene } from './runs.ts'

/** Pushes an image for each list of tags, the first one the newest: one a day, from this many days back. */
const pushAll = (app: Builder, days: number, lists: readonly (readonly string[])[]) =>
  lists.map((tags, n) => app.push(manifest(), { tags, at: ago(days + n) }))

const tagsOf = (app: Builder): string[] => Object.keys(app.tags()).sort()

it('T-20: a version that also carries a tag no rule is about stays, with all its tags', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const [latest, v044] = pushAll(app, 40, [
    ['sha-eee', 'latest', 'next'],
    ['sha-ddd', 'v0.4.4'],
    ['sha-ccc'],
    ['sha-bbb', 'v0.3.0'],
    ['sha-aaa']
  ])
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(tagsOf(app)).toEqual(['latest', 'next', 'sha-bbb', 'sha-ddd', 'sha-eee', 'v0.3.0', 'v0.4.4'])
  expect(result.why(v044!)).toBe('kept: rule "delete-tags" matches it, but not its tag v0.4.4')
  expect(result.why(latest!)).toMatch('not its tags latest, next')
})

it('T-21: keep-at-least counts images, not tags', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const pushed = pushAll(app, 40, [['v4', 'v4.0', 'v4.0.0'], ['v3'], ['v2'], ['v1']])
  const result = await run({ 'delete-tags': 'v*', 'keep-at-least': '2' })
  expect(tagsOf(app)).toEqual(['v3', 'v4', 'v4.0', 'v4.0.0'])
  expect(result.why(pushed[1]!)).toBe('kept: 2nd newest of rule "delete-tags"')
  expect(result.why(pushed[2]!)).toBe('deleted: tag v2 matched by rule "delete-tags", pushed 42 days ago')
})

it('T-22: an image in the keep set loses none of its tags, not even with untag', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  pushAll(app, 40, [['0.6', 'latest', 'main'], ['0.5']])
  await run({ 'delete-tags': '/^0\\./', 'keep-at-least': '2', 'older-than': '7d', untag: 'true' })
  expect(tagsOf(app)).toEqual(['0.5', '0.6', 'latest', 'main'])
  expect(github.writes).toEqual([])
})

it('T-23: keep-at-least of a pattern counts what the pattern matches, and nothing else is touched', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  pushAll(app, 40, [['1.3.0'], ['1.3.0-rc2'], ['1.3.0-rc1'], ['1.2.1'], ['1.2.1-rc1']])
  await run({ 'delete-tags': '*-rc*', 'keep-at-least': '1' })
  expect(tagsOf(app)).toEqual(['1.2.1', '1.3.0', '1.3.0-rc2'])
})

it('T-24: the newest build stays though a moving tag is on it as well', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  pushAll(app, 40, [['1.2.3-6', '1.2.3'], ['1.2.3-5'], ['1.2.3-4'], ['1.2.3-3'], ['1.2.3-2'], ['1.2.3-1']])
  await run({ 'delete-tags': '/^\\d+\\.\\d+\\.\\d+-.+$/', 'keep-at-least': '4' })
  expect(tagsOf(app)).toEqual(['1.2.3', '1.2.3-3', '1.2.3-4', '1.2.3-5', '1.2.3-6'])
})

it('T-25: of ten images, four of them young, keep-at-least 5 and older-than 30d keep five', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const young = pushAll(
    app,
    10,
    ['b10', 'b9', 'b8', 'b7'].map(tag => [tag])
  )
  const old = pushAll(
    app,
    40,
    ['b6', 'b5', 'b4', 'b3', 'b2', 'b1'].map(tag => [tag])
  )
  const result = await run({ 'delete-tags': 'b*', 'keep-at-least': '5', 'older-than': '30d' })
  expect(app.digests()).toEqual(digestsOf(...young, old[0]!))
  expect(result.why(old[0]!)).toBe('kept: 5th newest of rule "delete-tags"')
})

it('T-25: a young image beyond the number to keep stays for its age', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  const young = pushAll(
    app,
    10,
    ['b4', 'b3', 'b2'].map(tag => [tag])
  )
  pushAll(app, 40, [['b1']])
  const result = await run({ 'delete-tags': 'b*', 'keep-at-least': '1', 'older-than': '30d' })
  expect(app.digests()).toEqual(digestsOf(...young))
  expect(result.why(young[2]!)).toBe('kept: pushed 12 days ago, young enough for rule "delete-tags"')
})

it('T-25c: 0 is a number, blank is unset, and folded lists read as their lines', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  const web = world.package('acme/web', { repository: 'acme/app' })
  for (const each of [app, web]) pushAll(each, 40, [['v1'], ['rc-1'], ['nightly']])
  const result = await run({
    packages: ' app,\n   web \n',
    'delete-tags': '\n  rc-*\n  # nothing: *\n  , nightly  ',
    'keep-at-least': '0',
    'keep-tags': '  ',
    'older-than': '',
    'max-deletions': ''
  })
  expect(result.errors).toEqual([])
  expect([tagsOf(app), tagsOf(web)]).toEqual([['v1'], ['v1']])
})

it('T-25d, T-25g: a name without wildcards is that tag alone; a regex finds its match anywhere', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  pushAll(app, 40, [['pr-9120'], ['pr-912'], ['x-pr-912'], ['v1'], ['latest'], ['latest-dev'], ['my-latest']])
  await run({ 'delete-tags': 'pr-912' })
  expect(tagsOf(app)).toEqual(['latest', 'latest-dev', 'my-latest', 'pr-9120', 'v1', 'x-pr-912'])
  await run({ 'delete-tags': '*latest*', 'keep-tags': 'latest' })
  expect(tagsOf(app)).toEqual(['latest', 'pr-9120', 'v1', 'x-pr-912'])
  await run({ 'delete-tags': '/pr-\\d+/', 'keep-tags': '/912$/' })
  expect(tagsOf(app)).toEqual(['latest', 'v1', 'x-pr-912'])
})

it.each([
  {
    'older-than': ['3 moons', /`older-than`: "3 moons" is not an age/],
    grace: ['24', /`grace`: "24" is not an age/],
    'delete-tags': ['/^v(/', /`delete-tags`: .*\/\^v\(\//],
    'keep-tags': ['v[1', /`keep-tags`: .*v\[1/],
    'keep-at-least': ['all', /`keep-at-least`: "all"/],
    'max-deletion-percent': ['101', /`max-deletion-percent`: "101"/],
    packages: ['app:latest', /`packages`: "app:latest" is not a package name/]
  },
  {
    'keep-tags': ['/^(latest|v/', /`keep-tags`: /],
    'dry-run': ['yes', /`dry-run`: "yes" cannot be read\. Write `true`\./],
    'keep-at-least': ['-1', /`keep-at-least`: "-1"/],
    'delete-broken': ['ghosts', /`delete-broken`: "ghosts".*`ghost`/]
  },
  { 'keep-tags': ['semver:banana', /`keep-tags`: .*banana/], 'keep-untagged': ['1e3', /"1e3"/] },
  { 'keep-tags': ['sha256:abc', /`keep-tags`: "sha256:abc" is not a full digest/] }
])('T-25e: bad values stop the run before its first request, all of them told at once: %j', async bad => {
  await using scene = await openScene()
  const { app, github, run } = scene
  pushAll(app, 90, [['v1'], ['rc']])
  const values = Object.entries(bad).map(([name, [value]]) => [name, value as string] as const)
  const result = await run({ 'delete-tags': '*', 'delete-untagged': 'true', ...Object.fromEntries(values) })
  expect(result.errors).toHaveLength(values.length)
  for (const [, sentence] of Object.values(bad)) {
    expect(result.errors).toContainEqual(expect.stringMatching(sentence as RegExp))
  }
  expect(github.requests).toEqual([])
})

it('T-25f: one backslash and two are told apart, and what each pattern matched is counted', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  pushAll(app, 90, [['1.2'], ['12'], ['v3']])
  const result = await run({ 'delete-tags': '/^\\d+\\.\\d+$/, /^\\\\d+$/', 'keep-tags': 'v*, realease-*' })
  expect(tagsOf(app)).toEqual(['12', 'v3'])
  expect(result.record?.packages[0]?.hits.map(({ pattern, hits }) => [pattern, hits])).toEqual([
    ['v*', 1],
    ['realease-*', 0],
    ['/^\\d+\\.\\d+$/', 1],
    ['/^\\\\d+$/', 0]
  ])
  expect(result.warnings).toEqual([
    expect.stringMatching(/"realease-\*".*matched no tag, so it protects nothing/)
  ])
  expect(result.summary).toMatch(/realease/)
  expect(result.errors).toEqual([])
})

it('T-25g: a regex that would never end stops the run with nothing deleted', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  pushAll(app, 90, [[`${'a'.repeat(40)}_`], ['rc']])
  const result = await run({ 'keep-tags': '/^(a+)+$/', 'delete-tags': '*' })
  const sentence = 'The pattern `/^(a+)+$/` takes longer than two seconds on 2 values.'
  expect(result.errors).toEqual([expect.stringContaining(sentence)])
  expect(github.writes).toEqual([])
})

it('T-25h: tags tell case apart, owners and packages do not', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  pushAll(app, 90, [['RC-1'], ['rc-1'], ['v1']])
  const result = await run({ owner: 'ACME', packages: 'App', 'delete-tags': 'rc-*' })
  expect(result.errors).toEqual([])
  expect(tagsOf(app)).toEqual(['RC-1', 'v1'])
})

it('keeps in whatever order the rules stand, and what no rule mentions', async () => {
  await using scene = await openScene()
  const { app, run } = scene
  pushAll(app, 90, [['v1'], ['rc-2', 'keep'], ['rc-1'], ['other']])
  app.push(image(), { at: ago(90) })
  const before = app.digests().size
  await run({ 'keep-tags': 'keep', 'delete-tags': 'rc-*, keep' })
  expect(tagsOf(app)).toEqual(['keep', 'other', 'rc-2', 'v1'])
  expect(app.digests().size).toBe(before - 1)
})

it('deletes nothing without being asked to, and says so', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  pushAll(app, 90, [['v1'], []])
  const result = await run({ 'keep-at-least': '3' })
  expect(result.errors).toEqual([])
  expect(result.warnings).toEqual([expect.stringMatching('Nothing is deleted, because no input asks for it')])
  expect(github.writes).toEqual([])
})

it.each([
  ['created', ['sha-2']],
  ['updated', ['sha-1']]
])('`rank-by: %s` says which is the newest, that stays', async (rankBy, stays) => {
  await using scene = await openScene()
  const old = scene.app.push(manifest(), { tags: ['sha-1'], at: ago(90) })
  scene.app.push(manifest(), { tags: ['sha-2'], at: ago(80) })
  Object.assign(scene.app.row.byDigest.get(old.digest) ?? {}, { updated: ago(70) })
  const inputs = { 'delete-tags': 'sha-*', 'keep-at-least': '1', 'rank-by': rankBy, 'age-from': 'created' }
  const run = await scene.run(inputs)
  expect(run.errors).toEqual([])
  expect(tagsOf(scene.app)).toEqual(stays)
})
