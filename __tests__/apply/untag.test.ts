import { createHash } from 'node:crypto'
import { expect, it } from '@jest/globals'
import type { DriftDetector } from '../../src/apply/drift.ts'
import type { Performed } from '../../src/apply/execute.ts'
import { type TagRequests, untagger } from '../../src/apply/untag.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { PackageVersion } from '../../src/model/package.ts'
import type { TagHead } from '../../src/registry/read.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { digestOf, version } from '../helpers/make.ts'

const image = version('image', { tags: ['sha-1', 'v1.0.0'] })

/** A registry and a listing that shows a push only after `lag` looks, as GitHub's does. */
function world(lag = 0) {
  const clock = fakeClock()
  const tags = new Map<string, Digest>([
    ['sha-1', image.digest],
    ['v1.0.0', image.digest]
  ])
  const pushed: PackageVersion[] = []
  const removed: PackageVersion[] = []
  let looks = 0
  const current = (): PackageVersion => ({
    ...image,
    tags: image.tags.filter(tag => tags.get(tag) === image.digest)
  })
  const knowledge: DriftDetector = {
    check: async () => undefined,
    checkTag: async () => undefined,
    fresh: () => true,
    note: rows => rows,
    expect: () => {},
    needed: new Set(),
    unread: () => undefined
  }
  const labels = {
    head: async (tag: string): Promise<TagHead> => {
      const digest = tags.get(tag)
      return digest === undefined ? { state: 'missing' } : { state: 'found', digest }
    },
    put: async (_: PackageVersion, tag: string, bytes: Uint8Array) => {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest
      tags.set(tag, digest)
      pushed.push(version('placeholder', { digest, tags: [tag] }))
      return digest
    },
    prepare: async () => {},
    images: async (versions: readonly PackageVersion[]) => versions,
    isKnown: () => false,
    elsewhere: () => [],
    stoodOn: () => [],
    giveBackFrom: async () => undefined,
    giveBack: async () => {},
    newest: async () => (looks++ <= lag ? [image] : [...pushed, current()]),
    version: async () => undefined,
    newestNow: () => labels.newest()
  }
  const remove = async (gone: PackageVersion): Promise<Performed> => {
    removed.push(gone)
    return { status: 'done', detail: '' }
  }
  const untag = untagger(knowledge, labels, new Set([image.digest]), remove, clock)
  return { tags, pushed, removed, labels, knowledge, untag: () => untag(image, 'sha-1', ['v1.0.0']) }
}

it.each([0, 1, 4])('moves the tag to a placeholder and deletes that, listed after %i looks', async lag => {
  const here = world(lag)
  expect(await here.untag()).toEqual({ status: 'done', detail: '' })
  expect(here.removed.map(gone => gone.digest)).toEqual([here.tags.get('sha-1')])
  expect(here.tags.get('v1.0.0')).toBe(image.digest)
})

it('never deletes the image, however stale the listing is', async () => {
  const here = world(Number.POSITIVE_INFINITY)
  expect(await here.untag()).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('does not list')
  })
  expect(here.removed).toEqual([])
})

it('does not delete a placeholder that carries another tag as well', async () => {
  const here = world()
  here.labels.newest = async () => here.pushed.map(row => ({ ...row, tags: ['sha-1', 'latest'] }))
  expect(await here.untag()).toMatchObject({ status: 'failed' })
  expect(here.removed).toEqual([])
})

it('gives every placeholder a digest of its own', async () => {
  const here = world()
  await here.untag()
  here.tags.set('sha-1', image.digest)
  await here.untag()
  expect(new Set(here.pushed.map(row => row.digest)).size).toBe(2)
})

it('leaves a tag alone that has moved, is gone, or must not be touched any more', async () => {
  const moved = world()
  moved.tags.set('sha-1', digestOf('newer'))
  expect(await moved.untag()).toMatchObject({
    status: 'skipped',
    detail: expect.stringContaining('has moved')
  })
  const gone = world()
  gone.tags.delete('sha-1')
  expect(await gone.untag()).toMatchObject({ status: 'already' })
  const changed = world()
  changed.knowledge.checkTag = async () => 'no other tag points to it anymore'
  expect(await changed.untag()).toMatchObject({ status: 'skipped' })
  for (const here of [moved, gone, changed]) expect(here.pushed).toEqual([])
})

it('takes no placeholder of another tag, which is losing its tag at this moment, for a push', async () => {
  const here = world()
  const both = { ...image, tags: [...image.tags, 'sha-2'] }
  const given: string[] = []
  let before = 2
  const requests: TagRequests = {
    ...here.labels,
    put: async (_: PackageVersion, tag: string, bytes: Uint8Array) => {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest
      here.pushed.push(version(`placeholder of ${tag}`, { digest, tags: [] }))
      return digest
    },
    giveBack: async ({ digest }: PackageVersion) => void given.push(digest),
    newest: async () => (before-- > 0 ? [both] : [...here.pushed, both]),
    version: async () => undefined,
    newestNow: () => requests.newest()
  }
  here.tags.set('sha-2', image.digest)
  const done = async (): Promise<Performed> => ({ status: 'done', detail: '' })
  const untag = untagger(here.knowledge, requests, new Set([image.digest]), done, fakeClock())
  const ends = await Promise.all(['sha-1', 'sha-2'].map(tag => untag(both, tag, ['v1.0.0'])))
  expect({ ends, given }).toEqual({ ends: [await done(), await done()], given: [] })
})
