import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ExpectedError } from '../../src/errors.ts'
import { listOnly, witnessOf } from '../../src/inventory/evidence.ts'
import { readInventory } from '../../src/inventory/manifests.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { PackageVersion } from '../../src/model/package.ts'
import { createRegistry, type Registry } from '../../src/registry/client.ts'
import { createSecrets } from '../../src/util/secrets.ts'
import type { Builder } from '../emulator/builder.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import * as shapes from '../emulator/shapes.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { digestOf, somePackage } from '../helpers/make.ts'

let github: Emulator
let app: Builder

beforeEach(async () => {
  github = await startEmulator()
  github.world.org('acme', { olivia: 'admin', max: 'member' })
  app = github.world.package('acme/app', { repository: 'acme/app', visibility: 'private' })
})
afterEach(() => github.close())

const registryFor = (token: string): Registry =>
  createRegistry({
    url: github.registryUrl,
    serverUrl: 'https://github.com',
    token,
    secrets: createSecrets(token),
    clock: fakeClock(),
    onSecret: () => {}
  })

const versions = (): PackageVersion[] =>
  [...app.digests()].flatMap(digest => {
    const stored = app.version(digest)
    return stored === undefined ? [] : [{ ...stored, digest }]
  })

const read = (registry: Registry) => (digest: Digest) => registry.readManifest('Acme/App', digest)
const downloads = () =>
  github.requests.filter(
    one => one.method === 'GET' && one.path.includes('/manifests/') && one.status === 200
  )

test('T-13: every shape that can be pushed can be read', async () => {
  const image = app.push(shapes.image(['linux/amd64', 'linux/arm64'], { attest: 'new' }), { tags: ['v1'] })
  app.attest(image)
  app.sign(image)
  app.push(shapes.dockerList(), { tags: ['docker'] })
  app.push(shapes.schema1(), { tags: ['ancient'] })
  app.push(shapes.emptyIndex(), { tags: ['empty'] })
  app.push(shapes.artifact(), { tags: ['payload'] })
  app.push(shapes.chart(), { tags: ['1.0.0_build'] })
  app.push(shapes.cacheManifest(), { tags: ['cache'] })
  app.push(shapes.cacheIndex(), { tags: ['oldcache'] })
  const registry = registryFor(github.world.classic('olivia'))
  for (const digest of app.digests()) {
    expect(await registry.readManifest('acme/app', digest)).toMatchObject({ state: 'read', digest })
  }
  expect(registry.reads).toBe(app.digests().size)
  expect(await registry.headTag('acme/app', 'v1')).toEqual({ state: 'found', digest: image.digest })
  expect(await registry.headTag('acme/app', 'v2')).toEqual({ state: 'missing' })
  expect(await registry.readManifest('acme/app', digestOf('nothing'))).toEqual({ state: 'missing' })
})

test('a package of buildx images costs one read for each, tagged or not', async () => {
  for (let n = 0; n < 12; n++) {
    app.push(shapes.image(['linux/amd64', 'linux/arm64'], { attest: n % 2 === 0 ? 'new' : 'old' }), {
      tags: n < 6 ? [`v${n}`] : [],
      at: Date.parse('2026-01-01T00:00:00Z') + n * 60_000
    })
  }
  const registry = registryFor(github.world.classic('olivia'))
  const list = listOnly(versions())
  const inventory = await readInventory(somePackage, list, read(registry), witnessOf(list, fakeClock()))
  expect(inventory.contents.size).toBe(versions().length)
  expect(downloads()).toHaveLength(12)
  expect(registry.reads).toBe(12)
  expect(github.peak.registry).toBeLessThanOrEqual(16)
})

test('a manifest under a tag takes the tag, and a token that may only read puts none', async () => {
  app.push(shapes.manifest(), { tags: ['v1'] })
  const placeholder = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: shapes.OCI_INDEX, manifests: [] })
  )
  const digest = await registryFor(github.world.classic('olivia')).putManifest(
    'acme/app',
    'v1',
    placeholder,
    shapes.OCI_INDEX
  )
  expect(app.tags()).toEqual({ v1: digest })
  const reader = registryFor(github.world.classic('olivia', ['read:packages']))
  await expect(reader.putManifest('acme/app', 'v1', placeholder, shapes.OCI_INDEX)).rejects.toThrow(
    '`write:packages`'
  )
})

test('T-03: a token without rights leaves everything unread, and nothing missing', async () => {
  app.push(shapes.image(), { tags: ['v1'] })
  const registry = registryFor(github.world.classic('olivia', []))
  const list = listOnly(versions())
  const inventory = await readInventory(somePackage, list, read(registry), witnessOf(list, fakeClock()))
  for (const content of inventory.contents.values()) {
    expect(content).toMatchObject({ state: 'unread', cause: expect.stringContaining('`packages: read`') })
  }
})

const DIGEST = digestOf('a')
const IN_USE: readonly [string, (registry: Registry) => Promise<unknown>][] = [
  ['readManifest', registry => registry.readManifest('acme/app', DIGEST)],
  ['readBlob', registry => registry.readBlob('acme/app', DIGEST)],
  ['headTag', registry => registry.headTag('acme/app', 'v1')],
  ['listTags', registry => registry.listTags('acme/app')],
  ['prepareToPut', registry => registry.prepareToPut('acme/app')],
  ['putManifest', registry => registry.putManifest('acme/app', 'v1', Buffer.from('{}'), shapes.OCI_INDEX)],
  ['readBytes', registry => registry.readBytes('acme/app', DIGEST)]
]

test.each(
  IN_USE.flatMap(([name, use]) =>
    (['its host of tokens', 'the registry'] as const).map(what => [name, what, use] as const)
  )
)('%s foresees that %s is out', async (_, what, use) => {
  const path = what === 'the registry' ? /^\/v2\// : /^\/token/
  github.faults.on({ host: 'registry', path }, { kind: 'answer', answer: { status: 500 } })
  const registry = registryFor(github.world.classic('olivia'))
  const outcome = await use(registry).catch((error: unknown) => error)
  if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ExpectedError)
  // To get ready takes a token alone, and none where the registry has not asked for one.
  else if (outcome !== undefined) expect(outcome).toMatchObject({ state: 'unread' })
})
