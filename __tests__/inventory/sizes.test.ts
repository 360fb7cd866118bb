import { expect, test } from '@jest/globals'
import { readSizes, readTreeSizes } from '../../src/inventory/sizes.ts'
import type { Step } from '../../src/model/decision.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { Inventory } from '../../src/model/package.ts'
import { parseManifest } from '../../src/registry/manifest.ts'
import { digestOf, somePackage, version } from '../helpers/make.ts'

/** Sizes are for people to look at, so they take no more time and room than that is worth. */

const INDEX = 'application/vnd.oci.image.index.v1+json'
const IMAGE = 'application/vnd.oci.image.manifest.v1+json'

/** A registry that has every manifest of these, and how often it was asked. */
function registry(make: (digest: Digest) => object) {
  let reads = 0
  const readManifest = async (_: string, reference: string) => {
    reads++
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...make(reference as Digest) }))
    const digest = reference as Digest
    return { state: 'read' as const, digest, manifest: parseManifest(bytes, undefined), bytes }
  }
  return { readManifest, reads: () => reads }
}

const imageOf = (layers: number) => (digest: Digest) => ({
  mediaType: IMAGE,
  config: { mediaType: 'application/json', digest, size: 1 },
  layers: Array.from({ length: layers }, (_, at) => ({
    mediaType: 'application/octet-stream',
    digest: digestOf(`${digest} ${at}`),
    size: 1
  }))
})

const versions = (count: number) => Array.from({ length: count }, (_, at) => version(`${at}`))

function deleting(all: readonly ReturnType<typeof version>[]): [Inventory, Step[]] {
  const inventory: Inventory = {
    package: somePackage,
    versions: [...all, version('stays')],
    unlisted: new Map(),
    unresolved: [],
    contents: new Map()
  }
  return [
    inventory,
    all.map(one => ({ action: 'delete' as const, version: one, after: [], root: one.digest }))
  ]
}

test('E-42 of what goes no more is read than of what stays', async () => {
  const held = registry(imageOf(1))
  const { blobs, unread } = await readSizes(...deleting(versions(30)), held, 20)
  expect([held.reads(), blobs.size, unread]).toEqual([21, 20, { here: 10, elsewhere: 0 }])
})

test('E-42 an image that leads to any number of others is read in bounds', async () => {
  let made = 0
  const endless = registry(() => ({
    mediaType: INDEX,
    manifests: Array.from({ length: 10 }, () => ({
      mediaType: INDEX,
      digest: digestOf(`${made++}`),
      size: 1
    }))
  }))
  const { blobs, unread } = await readTreeSizes(somePackage, [digestOf('top')], endless, 100)
  expect([endless.reads(), blobs.size]).toEqual([100, 100])
  expect(unread.here).toBeGreaterThan(0)
})

test('E-42 more blobs than any package has are counted as unknown, not remembered', async () => {
  // One manifest under all digests: to make and hash a million names takes longer than to count them.
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...imageOf(20_000)(digestOf('any')) }))
  const manifest = parseManifest(bytes, undefined)
  const held = {
    readManifest: async (_: string, digest: string) => ({
      state: 'read' as const,
      digest: digest as Digest,
      manifest,
      bytes
    })
  }
  const roots = versions(52).map(({ digest }) => digest)
  const { blobs, unread } = await readTreeSizes(somePackage, roots, held)
  expect([blobs.size, unread.here]).toEqual([49, 3])
})
