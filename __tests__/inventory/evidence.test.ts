import { describe, expect, test } from '@jest/globals'
import type { Builder, Pushed } from '../emulator/builder.ts'
import { registryError } from '../emulator/registry-auth.ts'
import type { Emulator } from '../emulator/server.ts'
import { image, index, manifest } from '../emulator/shapes.ts'
import { checkout } from '../helpers/workspace.ts'
import { ago, hoursAgo, openScene } from '../modes/retain/runs.ts'

/** No single word is believed: whole runs against witnesses that deny, lag or contradict each other. */

const USUAL = { 'delete-tags': 'pr-*', 'delete-untagged': 'true' }

/** Which of these are there. */
function there(app: Builder, pushed: Readonly<Record<string, Pushed>>): string[] {
  return Object.entries(pushed).flatMap(([name, { digest }]) =>
    app.version(digest) === undefined ? [] : [name]
  )
}

/** The registry denies this manifest so many times; GET and HEAD alike, by digest and by these tags. */
function deny(github: Emulator, { digest }: Pushed, times: number, tags: readonly string[] = []): void {
  const path = new RegExp(`/manifests/(?:${[digest, ...tags].join('|')})$`)
  const answer = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  github.faults.on({ host: 'registry', path, times }, { kind: 'answer', answer })
}

describe('E-01: the registry denies a manifest that GitHub lists', () => {
  test.each([
    ['delete-untagged', USUAL],
    ['delete-tags alone, sharing a platform', { 'delete-tags': 'pr-*' }],
    ['delete-broken', { 'delete-broken': 'ghost, partial, orphaned' }],
    ['purge of what shares a platform', { mode: 'purge', purge: 'pr-1', confirm: 'app' }]
  ])('%s: once, and nothing of v1 is lost', async (_, inputs) => {
    await using scene = await openScene()
    const { app, github } = scene
    const v1 = app.push(image(undefined, { attest: 'new' }), { tags: ['v1'], at: ago(60) })
    const shared = v1.children[0]!
    app.push(index([{ shape: shared.shape, platform: 'linux/amd64' }]), { tags: ['pr-1'], at: ago(50) })
    const signature = app.sign(shared, 'sig', { at: ago(49) })
    deny(github, v1, 1)
    const { errors } = await scene.run(inputs)
    expect(errors).toEqual([])
    expect(github.world.pullable('acme/app', 'v1')).toEqual([])
    expect(app.version(signature.digest)).toBeDefined()
    expect(app.version(v1.children.at(-1)!.digest)).toBeDefined()
  })

  test('the attestation of a platform that it shares stays as well (campaign 520498)', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    const old = app.push(image(['linux/amd64'], { attest: 'new' }), { at: ago(60) })
    const [shared, attestation] = old.children
    const v1 = app.push(
      index([
        { shape: shared!.shape, platform: 'linux/amd64' },
        { shape: manifest(), platform: 'linux/arm64' }
      ]),
      { tags: ['v1'], at: ago(50) }
    )
    deny(github, v1, 1)
    await scene.run(USUAL)
    expect(app.version(attestation!.digest)).toBeDefined()
  })

  test('below a nested index', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    const outer = app.push(index([{ shape: image() }]), { tags: ['v1'], at: ago(60) })
    app.push(manifest(), { tags: ['pr-1'], at: ago(50) })
    deny(github, outer.children[0]!, 1)
    const { errors } = await scene.run(USUAL)
    expect(errors).toEqual([])
    expect(github.world.pullable('acme/app', 'v1')).toEqual([])
    expect(Object.keys(app.tags())).toEqual(['v1'])
  })

  test('a subject that is denied once does not orphan its signature', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    const v1 = app.push(manifest(), { tags: ['v1'], at: ago(60) })
    const signature = app.sign(v1, 'sig', { at: ago(59) })
    // GitHub's list hides the image, so that only the registry can tell that it is there.
    app.lie({ kind: 'drop', id: v1.id })
    app.lie({ kind: 'count', value: 1 })
    deny(github, v1, 1, ['v1'])
    await scene.run({ 'delete-broken': 'orphaned' })
    expect(app.version(signature.digest)).toBeDefined()
  })

  test.each([
    ['delete-untagged', USUAL],
    ['delete-broken', { 'delete-broken': 'ghost, partial, orphaned' }]
  ])('%s: for good is unknown, red, and never a ghost', async (_, inputs) => {
    await using scene = await openScene()
    const { app, github } = scene
    const v1 = app.push(image(undefined, { attest: 'new' }), { tags: ['v1'], at: ago(60) })
    app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    deny(github, v1, 1_000, ['v1'])
    const { errors } = await scene.run(inputs)
    expect(errors.join()).toMatch(/could not be read/)
    expect(errors.join()).toContain('mode: purge')
    expect(errors.join()).toContain(v1.digest)
    github.faults.clear()
    expect(github.world.pullable('acme/app', 'v1')).toEqual([])
    expect(github.writes).toEqual([])
  })
})

test('E-01: an index that is given by its tag and denied by its digest keeps a platform that came back with another image (campaign 532479)', async () => {
  await using scene = await openScene()
  const { app, github } = scene
  const v1 = app.push(image(), { tags: ['v1'], at: ago(60) })
  const [shared] = v1.children
  app.delete(shared!)
  app.push(index([{ shape: shared!.shape, platform: 'linux/amd64' }]), { tags: ['pr-1'], at: ago(40) })
  deny(github, v1, 1_000)
  const { errors, outputs } = await scene.run(USUAL)
  expect(github.world.pullable('acme/app', 'v1')).toEqual([])
  expect([errors, outputs['deleted-count']]).toEqual([[], '1'])
})

test.each(['another image', 'nothing'])(
  'E-01: a tag that gives %s proves nothing of the digest',
  async what => {
    await using scene = await openScene()
    const { app, github } = scene
    const v1 = app.push(image(), { tags: ['v1'], at: ago(60) })
    const other = app.push(manifest(), { tags: ['pr-1'], at: ago(90) })
    deny(github, v1, 1_000)
    github.faults.on(
      { host: 'registry', method: 'GET', path: /\/manifests\/v1$/ },
      {
        kind: 'answer',
        answer:
          what === 'nothing'
            ? registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
            : {
                status: 200,
                body: other.shape.bytes,
                headers: { 'content-type': other.shape.mediaType, 'docker-content-digest': v1.digest }
              }
      }
    )
    const { errors } = await scene.run(USUAL)
    expect(errors.join()).toContain(v1.digest)
    expect(github.writes).toEqual([])
  }
)

describe('E-02: the list and the count lag, and the registry knows the tag', () => {
  test.each([
    ['delete-untagged', USUAL],
    ['purge', { mode: 'purge', purge: 'pr-1', confirm: 'app' }]
  ])('%s: a new index over old platforms keeps them', async (_, inputs) => {
    await using scene = await openScene()
    const { app, github } = scene
    const old = app.push(image(), { tags: ['pr-1'], at: ago(60) })
    app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    const listed = app.row.order.length
    const entries = old.children.map(({ shape }, at) => ({
      shape,
      platform: `linux/${['amd64', 'arm64'][at]}`
    }))
    const v2 = app.push(index(entries, { annotations: { version: 'v2' } }), { tags: ['v2'], at: ago(0.01) })
    app.lie({ kind: 'drop', id: v2.id })
    app.lie({ kind: 'count', value: listed })
    const { why } = await scene.run(inputs)
    expect(github.world.pullable('acme/app', 'v2')).toEqual([])
    expect(Object.keys(app.tags()).sort()).toEqual(['latest', 'v2'])
    expect(why(old.children[0]!)).toBe('kept: child of v2')
  })

  test('a tag that landed on an untagged version keeps it', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    const old = app.push(manifest(), { at: ago(60) })
    app.lie({ kind: 'lag', changes: 1 })
    app.tag(old, 'v2')
    await scene.run(USUAL)
    expect(app.tags()).toHaveProperty('v2', old.digest)
    expect(github.writes).toEqual([])
  })

  test('an image that only the registry has keeps its signature', async () => {
    await using scene = await openScene()
    const { app } = scene
    const v1 = app.push(manifest(), { tags: ['v1'], at: ago(60) })
    const signature = app.sign(v1, 'sig', { at: ago(59) })
    app.lie({ kind: 'drop', id: v1.id })
    app.lie({ kind: 'count', value: 1 })
    await scene.run({ 'delete-broken': 'orphaned', 'delete-untagged': 'true' })
    expect(app.version(signature.digest)).toBeDefined()
  })

  test('a list of tags that cannot be read leaves everything alone, and the run is red', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    app.push(manifest(), { tags: ['pr-1'], at: ago(60) })
    app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    github.faults.on(
      { host: 'registry', path: /tags\/list/ },
      { kind: 'answer', answer: { status: 503, body: 'down' } }
    )
    const { errors } = await scene.run(USUAL)
    expect(errors.join()).toContain("the registry's list of tags")
    expect(github.writes).toEqual([])
  })

  test.each([
    ['for a while', 2, []],
    ['for good', 1_000, [expect.stringContaining('its list lacks latest, which GitHub lists')]]
  ])(
    'a list of tags that lacks listed ones %s may lack others, too (campaign 2027)',
    async (_, times, red) => {
      await using scene = await openScene()
      const { app, github } = scene
      const old = app.push(manifest(), { at: ago(60) })
      app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
      const listed = app.row.order.length
      const v2 = app.push(index([{ shape: old.shape, platform: 'linux/amd64' }]), {
        tags: ['v2'],
        at: ago(1.2)
      })
      app.lie({ kind: 'drop', id: v2.id })
      app.lie({ kind: 'count', value: listed })
      const answer = { status: 200, body: { name: 'acme/app', tags: [] } }
      github.faults.on({ host: 'registry', path: /tags\/list/, times }, { kind: 'answer', answer })
      const { errors } = await scene.run(USUAL)
      expect(errors).toEqual(red)
      expect(github.world.pullable('acme/app', 'v2')).toEqual([])
    }
  )

  test.each([
    ['a list of tags that lacks listed ones, once, and one denial of those (campaign 510369)', ['latest']],
    ['an unknown repository, once, where nothing listed has a tag', []]
  ])('%s: the registry is asked again', async (_, tags) => {
    await using scene = await openScene()
    const { app, github } = scene
    app.push(manifest(), { tags, at: ago(1.5) })
    const v2 = app.push(image(), { tags: ['v2'], at: ago(60) })
    app.lie({ kind: 'drop', id: v2.id })
    app.lie({ kind: 'count', value: app.row.order.length - 1 })
    const list =
      tags.length > 0
        ? { status: 200, body: { name: 'acme/app', tags: [] } }
        : registryError(404, 'NAME_UNKNOWN', 'repository name not known to registry')
    github.faults.on({ host: 'registry', path: /tags\/list/, times: 1 }, { kind: 'answer', answer: list })
    // A HEAD that is denied is asked again with GET: two requests are one denial.
    github.faults.on(
      { host: 'registry', path: /\/manifests\/latest/, times: 2 },
      { kind: 'answer', answer: registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown') }
    )
    await scene.run(USUAL)
    expect(github.world.pullable('acme/app', 'v2')).toEqual([])
  })

  test('a tag that stays in the list of tags for a while after its version is gone holds nothing up', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    app.push(manifest(), { tags: ['pr-1'], at: ago(60) })
    const answer = { status: 200, body: { name: 'acme/app', tags: ['latest', 'pr-0', 'pr-1'] } }
    github.faults.on({ host: 'registry', path: /tags\/list/, times: 2 }, { kind: 'answer', answer })
    const { errors } = await scene.run(USUAL)
    expect(errors).toEqual([])
    expect(Object.keys(app.tags())).toEqual(['latest'])
  })
})

describe('E-02: an index without a tag that GitHub does not list, over old platforms', () => {
  async function hidden() {
    const scene = await openScene()
    const { app } = scene
    app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    app.push(image(), { tags: ['pr-1'], at: ago(60) })
    const old = app.push(manifest(), { at: ago(50) })
    const above = app.push(index([{ shape: old.shape, platform: 'linux/amd64' }]), { at: hoursAgo(1) })
    app.lie({ kind: 'drop', id: above.id })
    return { scene, old, above, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
  }

  test.each<
    [
      string,
      (image: string, digest: string) => { inputs: Record<string, string>; files: Record<string, string> }
    ]
  >([
    ['a keep rule', (_, digest) => ({ inputs: { 'keep-tags': digest }, files: {} })],
    [
      'a file in use',
      (image, digest) => ({
        inputs: { 'protect-files': 'deploy.yaml' },
        files: { 'deploy.yaml': `image: ${image}@${digest}\n` }
      })
    ]
  ])('%s names its digest: the registry has it, and it is kept with what it needs', async (_, given) => {
    await using here = await hidden()
    const { scene, old, above } = here
    scene.app.lie({ kind: 'count', value: scene.app.row.order.length - 1 })
    const { inputs, files } = given('ghcr.io/acme/app', above.digest)
    using repository = checkout(files)
    const { errors } = await scene.run({ ...USUAL, ...inputs }, repository.circumstances)
    expect(errors).toEqual([])
    expect(scene.app.version(old.digest)).toBeDefined()
    expect(Object.keys(scene.app.tags())).toEqual(['latest'])
  })

  test('GitHub counts it: what has no tag and stands alone may be its part, and stays; the rest goes', async () => {
    await using here = await hidden()
    const { scene, old } = here
    const { errors, why } = await scene.run(USUAL)
    expect(errors.join()).toMatch(/counts 1 version.*mode: purge/s)
    expect(why(old)).toMatch(/^kept: .*counts/)
    expect(scene.app.version(old.digest)).toBeDefined()
    expect(Object.keys(scene.app.tags())).toEqual(['latest'])
  })

  test('GitHub counts it, and nothing that could be its part would go: nothing is red', async () => {
    await using here = await hidden()
    const { errors, outputs } = await here.scene.run({ 'delete-tags': 'pr-*' })
    expect(errors).toEqual([])
    expect(outputs['deleted-count']).toBe('3')
  })
})

describe('E-02: the list shows a tag on the version that had it before', () => {
  test.each([
    ['an image that is deleted for its other tag', ['pr-1']],
    ['an image that is deleted for want of a tag', []]
  ])('%s has it in the registry, and stays', async (_, tags) => {
    await using scene = await openScene()
    const { app, github } = scene
    app.push(manifest(), { tags: ['latest'], at: ago(70) })
    const promoted = app.push(image(), { tags, at: ago(60) })
    app.push(manifest(), { tags: ['pr-2'], at: ago(50) })
    app.lie({ kind: 'lag', changes: 1 })
    app.tag(promoted, 'latest')
    await scene.run({ ...USUAL, 'keep-tags': 'latest' })
    expect(github.world.pullable('acme/app', 'latest')).toEqual([])
    expect(Object.keys(app.tags())).not.toContain('pr-2')
  })

  test('an index that GitHub does not list has it, over platforms that are deleted', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    const old = app.push(image(), { tags: ['pr-1'], at: ago(60) })
    app.lie({ kind: 'lag', changes: 2 })
    app.push(index([{ shape: old.children[0]!.shape, platform: 'linux/amd64' }]), { tags: ['latest'] })
    await scene.run({ ...USUAL, 'keep-tags': 'latest' })
    expect(github.world.pullable('acme/app', 'latest')).toEqual([])
    expect(app.version(old.children[1]!.digest)).toBeUndefined()
  })
})

describe('E-23: one manifest cannot be read, for good', () => {
  const broken = (github: Emulator, { digest }: Pushed, status: number): void =>
    github.faults.on(
      { host: 'registry', path: new RegExp(`/manifests/(?:${digest}|odd)$`) },
      { kind: 'answer', answer: registryError(status, 'DENIED', 'denied') }
    )

  test.each([403, 500])('%i: what it may need stays, and what was pushed later goes', async status => {
    await using scene = await openScene()
    const { app, github } = scene
    const part = app.push(manifest(), { at: ago(70) })
    const odd = app.push(index([{ shape: part.shape, platform: 'linux/amd64' }]), {
      tags: ['odd'],
      at: ago(60)
    })
    const pushed = {
      part,
      odd,
      later: app.push(image(), { tags: ['pr-1'], at: ago(40) }),
      leftover: app.push(manifest(), { at: ago(30) }),
      latest: app.push(manifest(), { tags: ['latest'], at: ago(1.5) })
    }
    broken(github, odd, status)
    const { errors } = await scene.run(USUAL)
    // Its parts would be untagged, too, so every untagged version that nothing names stays.
    expect(there(app, pushed)).toEqual(['part', 'odd', 'leftover', 'latest'])
    expect(errors.join()).toContain(`\`purge: ${odd.digest}\``)
    // The way out works, and afterwards the run is green.
    const purged = await scene.run({ mode: 'purge', purge: odd.digest, confirm: 'app' })
    expect(purged.errors).toEqual([])
    const again = await scene.run(USUAL)
    expect([again.errors, there(app, pushed)]).toEqual([[], ['latest']])
  })

  test('a purge of another image goes through; only a part that cannot be cleared stays, and is named', async () => {
    await using scene = await openScene()
    const { app, github } = scene
    const shared = app.push(manifest(), { at: ago(70) })
    const odd = app.push(index([{ shape: shared.shape, platform: 'linux/amd64' }]), {
      tags: ['odd'],
      at: ago(60)
    })
    const leak = app.push(
      index([
        { shape: shared.shape, platform: 'linux/amd64' },
        { shape: manifest(), platform: 'linux/arm64' }
      ]),
      { tags: ['leak'], at: ago(40) }
    )
    broken(github, odd, 500)
    const { errors, why } = await scene.run({ mode: 'purge', purge: 'leak', confirm: 'app' })
    expect(there(app, { shared, odd, leak, own: leak.children[1]! })).toEqual(['shared', 'odd'])
    expect(errors.join()).toContain(odd.digest)
    expect(why(shared)).toMatch('kept: odd could not be read and may need it')
  })
})
