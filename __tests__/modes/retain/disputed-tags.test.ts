import { expect, test } from '@jest/globals'
import type { Digest } from '../../../src/model/digest.ts'
import { registryError } from '../../emulator/registry-auth.ts'
import type { Emulator } from '../../emulator/server.ts'
import { image, index, manifest } from '../../emulator/shapes.ts'
import { reportOf } from '../../helpers/saved-report.ts'
import { ago, openScene, type Scene } from './runs.ts'

/** A tag stands on one version only: for one on which GitHub and the registry differ, nothing goes. */

const rules = (...lines: string[]) =>
  ['version: 1', 'packages:', '  - match: app', '    rules:', ...lines.map(line => `      - ${line}`)].join(
    '\n'
  )
const BUILDS = "{ name: builds, action: delete, match: { tags: 'sha-*' } }"
const NIGHTLIES =
  '{ name: nightlies, action: delete, match: { tags: nightly, older-than: 30d }, tag-match: any }'
const ENVS = "{ name: envs, action: delete, match: { tags: 'env-*' }, keep-at-least: 2 }"

function layDown({ app }: Scene): void {
  app.push(image(), { tags: ['v2'], at: ago(95) })
  app.push(image(), { tags: ['sha-1'], at: ago(90) })
}

/** The registry has the tag where it was, once. */
function stale({ github }: Scene, tag: string, digest: Digest): void {
  const headers = { 'docker-content-digest': digest }
  github.faults.on(
    { host: 'registry', method: 'HEAD', path: new RegExp(`manifests/${tag}$`), times: 1 },
    { kind: 'answer', answer: { status: 200, headers, body: '' } }
  )
}

const HOW = ['the registry is late', 'the list is late', 'the list shows both'] as const

/** Moves a tag from one version to another, of which one witness is not quite aware. */
function move(
  scene: Scene,
  how: (typeof HOW)[number],
  tag: string,
  from: { digest: Digest; id: number },
  to: { digest: Digest }
): void {
  const { app } = scene
  if (how === 'the list is late') app.lie({ kind: 'lag', changes: 1 })
  app.tag(to, tag)
  if (how === 'the list shows both') app.lie({ kind: 'tag', id: from.id, tag })
  if (how === 'the registry is late') stale(scene, tag, from.digest)
}

test.each(HOW)('law 3: no image goes for a tag that may be on another one by now: %s', async how => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  const older = app.push(image(), { tags: ['v1', 'nightly'], at: ago(80) })
  const newer = app.push(image(), { at: ago(2) })
  move(scene, how, 'nightly', older, newer)
  const result = await run({ policy: rules(BUILDS, NIGHTLIES) })
  expect(result.errors).toEqual([])
  expect(app.tags()).toMatchObject({ v1: older.digest, nightly: newer.digest })
  expect(app.tags()).not.toHaveProperty('sha-1')
  expect(result.why(older)).toMatch(/its tag nightly is said to be on sha256:\w+ as well/)
  app.truth()
  await run({ policy: rules(BUILDS, NIGHTLIES) })
  expect(app.tags()).toMatchObject({ v1: older.digest, nightly: newer.digest })
})

test.each(HOW)('law 3: an image that may have lost its only tag stays: %s', async how => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  const older = app.push(image(), { tags: ['nightly'], at: ago(80) })
  move(scene, how, 'nightly', older, app.push(image(), { at: ago(2) }))
  await run({ 'delete-tags': 'sha-* nightly', 'older-than': '30d' })
  expect(app.digests()).toContain(older.digest)
})

test.each(HOW)('law 3: what may not have its tag takes no place of another: %s', async how => {
  await using scene = await openScene()
  const { app, run } = scene
  layDown(scene)
  const third = app.push(image(), { tags: ['env-c'], at: ago(85) })
  const older = app.push(image(), { tags: ['env-a'], at: ago(80) })
  move(scene, how, 'env-a', older, app.push(image(), { at: ago(40) }))
  await run({ policy: rules(BUILDS, ENVS) })
  expect(app.tags()).toMatchObject({ 'env-c': third.digest })
})

/** The registry denies what is there, by its digest and by a tag. */
function deny({ faults }: Emulator, { digest }: { readonly digest: Digest }, tag: string = digest): void {
  const path = new RegExp(`/manifests/(?:${digest}|${tag})$`)
  const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  faults.on({ host: 'registry', path }, { kind: 'answer', answer })
}

const DEEP = { 'at once': false, 'in an index of its own': true } as const

test.each([
  ['untagged', 'at once'],
  ['untagged', 'in an index of its own'],
  ['tagged', 'at once']
] as const)(
  'law 3: an image whose %s part, named %s, the registry denies takes no place of a whole one, though GitHub lists it',
  async (kind, where) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    const whole = app.push(image(), { tags: ['sha-1'], at: ago(80) })
    const shape = image()
    const made = DEEP[where] ? index([{ shape }]) : shape
    const [first] = app.push(made, { tags: ['sha-2'], at: ago(70) }).children
    const part = DEEP[where] ? first?.children[0] : first
    if (part === undefined) throw new Error('it has no part')
    if (kind === 'tagged') app.tag(part, 'amd64-2')
    deny(github, part, 'amd64-2')
    const result = await run({ 'delete-tags': 'sha-*', 'keep-at-least': '1' })
    expect(app.tags()).toMatchObject({ 'sha-1': whole.digest })
    expect(result.errors.join()).toContain(
      'GitHub lists it, but the registry says that there is no such manifest'
    )
    expect(JSON.stringify(result.report)).toContain('which the registry does not give')
  }
)

test('law 7: the reason names each part that the registry does not give', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['sha-1'], at: ago(90) })
  const build = app.push(
    index([
      { shape: manifest(), platform: 'linux/amd64' },
      { shape: manifest(), platform: 'linux/arm64' }
    ]),
    { tags: ['sha-2'], at: ago(80) }
  )
  for (const part of build.children) deny(github, part)
  const { report } = await run({ 'delete-tags': 'sha-*', 'keep-at-least': '1' })
  const text = JSON.stringify(report)
  const [first, second] = build.children.map(({ digest }) => digest.slice(0, 'sha256:'.length + 12))
  expect(text).toContain(`GitHub lists its parts ${first}, ${second}, which the registry does not give`)
})

test.each([
  ['v*', ['v1.2.3', 'v1.2.2', 'v1.2.1']],
  ['sha-*', ['sha-aaaaaa1', 'sha-aaaaaa2', 'sha-aaaaaa3']]
] as const)(
  'T-35: a tag of %s that the list shows on two versions takes one place only',
  async (pattern, tags) => {
    await using scene = await openScene()
    const { app, run } = scene
    app.push(image(), { tags: ['keep-me'], at: ago(100) })
    const [holder, second] = tags.map((tag, at) => app.push(image(), { tags: [tag], at: ago(85 + 5 * at) }))
    const again = app.push(image(), { at: ago(40) })
    app.tag(again, tags[0])
    app.lie({ kind: 'tag', id: holder?.id ?? 0, tag: tags[0] })
    await run({ 'delete-tags': pattern, 'keep-at-least': '2' })
    expect(app.tags()).toMatchObject({ [tags[1]]: second?.digest })
  }
)

test.each(['the list is late', 'the list shows both'] as const)(
  'law 3: a plan that is applied without its policy deletes nothing for a tag that moved since, though %s',
  async how => {
    await using scene = await openScene()
    const { app, run } = scene
    layDown(scene)
    const older = app.push(image(), { tags: ['v1', 'nightly'], at: ago(80) })
    const newer = app.push(image(), { tags: ['latest'], at: ago(2) })
    const dry = await run({ policy: rules(BUILDS, NIGHTLIES), 'dry-run': 'true' })
    const plan = reportOf(dry)
    if (how === 'the list is late') app.lie({ kind: 'lag', changes: 1 })
    app.tag(newer, 'nightly')
    if (how === 'the list shows both') app.lie({ kind: 'tag', id: older.id, tag: 'nightly' })
    await run({ plan })
    expect(app.tags()).toMatchObject({ v1: older.digest, nightly: newer.digest })
    expect(app.tags()).not.toHaveProperty('sha-1')
  }
)

test.each([
  ['behind the list', { host: 'api', method: 'GET', path: /\/versions$/ }, 'then'],
  ['before the list of tags', { host: 'registry', method: 'GET', path: /tags\/list/ }, 'first'],
  ['while manifests are read', { host: 'registry', method: 'GET', path: /manifests\/sha256:/ }, 'first'],
  ['before it is looked for', { host: 'registry', method: 'HEAD', path: /manifests\/prod$/ }, 'first']
] as const)(
  'law 3: a tag that is moved back to an older image %s is where it belongs',
  async (_, at, kind) => {
    await using scene = await openScene()
    const { app, github, run } = scene
    const old = app.push(image(), { tags: ['v1'], at: ago(90) })
    app.push(image(), { tags: ['v2', 'prod'], at: ago(80) })
    const build = app.push(image(), { tags: ['sha-1'], at: ago(70) })
    github.faults.on({ ...at, times: 1 }, { kind, run: () => app.tag(old, 'prod') })
    const result = await run({ 'delete-tags': 'sha-*' })
    expect([result.code, result.errors, app.tags()['prod']]).toEqual([0, [], old.digest])
    expect(app.version(build.digest)).toBeUndefined()
  }
)
