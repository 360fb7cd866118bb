import { expect, test } from '@jest/globals'
import type { Context } from '../../src/context.ts'
import { findTag } from '../../src/inventory/evidence.ts'
import { registryDenies } from '../../src/inventory/gone.ts'
import type { LoadedPackage } from '../../src/inventory/load.ts'
import { followMovedTags } from '../../src/inventory/moved-tags.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { TagHead } from '../../src/registry/read.ts'
import type { TagList } from '../../src/registry/tag-list.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { digestOf, somePackage } from '../helpers/make.ts'

/** What follows from denials, look by look. */

const MISSING: TagHead = { state: 'missing' }
const FOUND: TagHead = { state: 'found', digest: digestOf('a') }

test.each<[string, TagList, TagHead]>([
  ['does not list', { state: 'read', tags: ['other'] }, MISSING],
  ['does not know at all', { state: 'missing' }, MISSING],
  ['cannot list', { state: 'unread', cause: 'HTTP 500' }, { state: 'unread', cause: 'HTTP 500' }],
  [
    'lists',
    { state: 'read', tags: ['v1'] },
    { state: 'unread', cause: 'the registry lists this tag, but says that it points to nothing' }
  ]
])('E-02: a tag that the registry denies at every look and %s', async (_, list, head) => {
  const registry = { headTag: async () => MISSING, listTags: async () => list }
  expect(await findTag(registry, 'acme/app', 'v1', fakeClock())).toEqual(head)
})

test.each<[string, readonly TagHead[], boolean]>([
  ['two in a row are believed', [FOUND, MISSING, MISSING], true],
  ['one now and then is not', [MISSING, FOUND, MISSING, FOUND], false]
])('E-04: of denials %s', async (_, answers, denied) => {
  const left = [...answers]
  const registry = { headTag: async () => left.shift() }
  const context = { registry, clock: fakeClock() } as unknown as Context
  expect([await registryDenies(somePackage, digestOf('a'), context), left]).toEqual([denied, []])
})

test('E-02: a digest that is to stay and cannot be looked up leaves unknown what it needs', async () => {
  const wanted = digestOf('wanted')
  const inventory = { package: somePackage, versions: [], contents: new Map() }
  const unread: TagHead = { state: 'unread', cause: 'HTTP 500' }
  const registry = { headTag: async () => unread }
  const context = { registry, clock: fakeClock() } as unknown as Context
  const loaded = { inventory } as unknown as LoadedPackage
  const tried = { going: new Set<Digest>(), wanted: [wanted], ranked: [] }
  const followed = await followMovedTags(loaded, tried, context)
  expect(followed.inventory.unresolved).toEqual([{ ref: wanted, cause: 'HTTP 500' }])
  // Nothing new: the next look ends it.
  expect(await followMovedTags(followed, tried, context)).toBe(followed)
})

test('a moved tag on a digest that GitHub lists twice is found once', async () => {
  const twin = { digest: digestOf('twin'), tags: [], created: 1, updated: 1 }
  const old = { id: 3, digest: digestOf('old'), tags: ['v1'], created: 1, updated: 1 }
  const versions = [{ id: 1, ...twin }, { id: 2, ...twin }, old]
  const manifest = { mediaType: '', form: 'image', kind: 'image', children: [], annotations: {} }
  const contents = new Map(versions.map(({ digest }) => [digest, { state: 'read', manifest }]))
  const registry = { headTag: async () => ({ state: 'found', digest: twin.digest }) }
  const context = { registry, clock: fakeClock() } as unknown as Context
  const loaded = { inventory: { package: somePackage, versions, contents } } as unknown as LoadedPackage
  const tried = { going: new Set([old.digest]), wanted: [], ranked: [] }
  const followed = await followMovedTags(loaded, tried, context)
  expect(followed).not.toBe(loaded)
  expect(await followMovedTags(followed, tried, context)).toBe(followed)
})
