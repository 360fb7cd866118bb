import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Fetched, readOnly, type Store } from '../../src/cache/actions-cache.ts'
import { type Allowance, createAllowance } from '../../src/cache/allowance.ts'
import { openMemory } from '../../src/cache/manifest-cache.ts'
import type { Digest } from '../../src/model/digest.ts'
import { parseManifest } from '../../src/registry/manifest.ts'
import { image, labelled, manifest, type Shape, schema1 } from '../emulator/shapes.ts'
import { somePackage } from '../helpers/make.ts'

const NOW = Date.parse('2026-06-30T00:00:00Z')

let folder: string
let told: string[]
/** Entries as a cache has them: the newest with the beginning of the key is found, and each key is taken once. */
let entries: { key: string; text: string }[]
/** So many of the newest entries are not found yet. */
let unseen: number
const storeIn = (folder: string): Store => ({
  folder,
  writes: true,
  works: () => true,
  fetch: async (prefix, file, known) => {
    const seen = entries.slice(0, entries.length - unseen)
    const entry = seen.findLast(({ key }) => key.startsWith(prefix))
    if (entry === undefined) return { state: 'none' }
    if (entry.key === known) return { state: 'known' }
    writeFileSync(join(folder, file), entry.text)
    return { state: 'fetched', key: entry.key }
  },
  store: async (key, file) => {
    if (entries.some(entry => entry.key === key)) return false
    entries.push({ key, text: readFileSync(join(folder, file), 'utf8') })
    return true
  },
  close: () => {}
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'))
  told = []
  entries = []
  unseen = 0
  allowance = endless
})
afterEach(() => rmSync(folder, { recursive: true }))

const versionOf = (shape: Shape, index: number, tags: readonly string[] = []) => ({
  id: 100 + index,
  digest: shape.digest,
  tags,
  created: NOW - 1000,
  updated: NOW
})

/** No end of time for reading, unless a test says so. */
const endless: Allowance = () => () => {}
let allowance = endless

const opened = () =>
  openMemory(
    storeIn(folder),
    'ghcr.io',
    text => told.push(text),
    allowance,
    () => NOW
  )

/** One run that sees these versions and reads those of them that it does not remember. */
async function run(shapes: readonly Shape[], { tags = [] as string[], now = NOW } = {}) {
  const memory = opened()
  const recollection = await memory.recall(somePackage)
  const versions = shapes.map((shape, index) => versionOf(shape, index, tags))
  const known = await recollection.manifests(versions)
  for (const { digest, bytes, mediaType } of shapes) {
    if (!known.has(digest)) recollection.learn(digest, parseManifest(bytes, mediaType), bytes)
  }
  const since = recollection.untaggedSince(versions, now)
  recollection.keep(versions, now)
  await memory.close()
  return { known, since }
}

describe('what is remembered', () => {
  test('is what the manifests say, of those that are still listed, and nothing else', async () => {
    const [one, two, three] = [image(), manifest(), manifest()]
    await run([one, two])
    const { known } = await run([one, three])
    expect([...known]).toEqual([[one.digest, parseManifest(one.bytes, one.mediaType)]])
    expect((await run([one, two, three])).known.size).toBe(2)
  })

  test('is stored anew only for something new, or when a tenth of it is of no more use', async () => {
    const shapes = Array.from({ length: 20 }, () => manifest())
    await run(shapes)
    await run(shapes)
    await run(shapes.slice(1))
    expect(entries).toHaveLength(1)
    await run(shapes.slice(3))
    expect(entries).toHaveLength(2)
    expect(entries[1]?.text.split('\n')).toHaveLength(1 + 17 + 1)
  })

  test('is never what a digest does not stand for, however an entry was come by', async () => {
    const [index, leaf] = [image(), manifest()]
    await run([index])
    const [entry] = entries
    const forged = JSON.stringify(leaf.bytes.toString('utf8'))
    const lines = entry!.text.split('\n')
    entries = [{ key: entry!.key, text: [lines[0], forged, 'no JSON', '7', '{}', ''].join('\n') }]
    expect((await run([index])).known.size).toBe(0)
  })

  test.each([
    ['line', (nested: string) => `["",${nested}"]`],
    ['config', (nested: string) => JSON.stringify([nested])]
  ])('E-42 is not looked for in a %s of brackets, which takes a gigabyte to parse', async (_, line) => {
    const shape = manifest()
    await run([shape])
    const [{ key, text }] = entries as [{ key: string; text: string }]
    entries = [{ key, text: `${text}${line('['.repeat(30_000_000))}\n` }]
    const before = process.resourceUsage().maxRSS
    expect((await run([shape])).known.size).toBe(1)
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(700 * 1024)
  })

  test.each([
    ['brackets', '['.repeat(15_000_000)],
    ['lists', `[${'[0,[1]],'.repeat(3_000_000)}[0,[1]]]`],
    ['ids', `[[0,[${'1,'.repeat(14_000_000)}1]]]`]
  ])('E-42 is nothing from an entry whose heading is full of %s', async (_, untagged) => {
    const shape = manifest()
    await run([shape])
    entries = entries.map(({ key, text }) => ({
      key,
      text: text.replace(/"untagged":.*?,"unchecked"/, () => `"untagged":${untagged},"unchecked"`)
    }))
    expect(entries[0]!.text.length).toBeGreaterThan(10_000_000)
    const before = process.resourceUsage().maxRSS
    expect((await run([shape])).known.size).toBe(0)
    expect(told).toEqual([expect.stringMatching('more parts than any run writes')])
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(700 * 1024)
  })

  test.each([
    ['of another package', (text: string) => text.replace('"package":"ghcr.io/', '"package":"ghcr.io/x')],
    ['of another form', (text: string) => text.replace('"schema":1', '"schema":2')],
    ['that is empty', () => ''],
    ['that is cut short', (text: string) => text.slice(0, 20)]
  ])('is nothing from an entry %s, and that is told once', async (_, spoil) => {
    const shape = manifest()
    await run([shape])
    entries = entries.map(({ key, text }) => ({ key, text: spoil(text) }))
    expect((await run([shape])).known.size).toBe(0)
    expect(told).toHaveLength(1)
    expect((await run([shape])).known.size).toBe(1)
  })

  test('an entry that was cut between lines still says what it says', async () => {
    const shapes = [manifest(), manifest(), manifest()]
    await run(shapes)
    entries = entries.map(({ key, text }) => ({ key, text: text.slice(0, -30) }))
    expect((await run(shapes)).known.size).toBe(2)
  })

  test('a signed schema 1 manifest, whose digest is not that of its bytes, is read every time', async () => {
    const shape = schema1()
    await run([shape])
    expect((await run([shape])).known.size).toBe(0)
    expect(entries.map(({ text }) => text.split('\n').length)).toEqual([2])
  })

  test('what only the content type tells is read every time', async () => {
    const body = { schemaVersion: 2, artifactType: 'application/x', blobs: [] }
    const bytes = Buffer.from(JSON.stringify(body))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest
    const shape = { ...manifest(), bytes, digest, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' }
    await run([shape])
    expect((await run([shape])).known.size).toBe(0)
    expect(entries.map(({ text }) => text.split('\n').length)).toEqual([2])
  })

  test('text with odd line ends in it is one line', async () => {
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, config: {}, layers: [], annotations: { a: 'x\u2028y\u2029z\r\n' } })
    )
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest
    const shape = { ...manifest(), bytes, digest }
    await run([shape])
    expect((await run([shape])).known.get(digest)?.annotations).toEqual({ a: 'x\u2028y\u2029z\r\n' })
  })
})

describe('E-42 an entry that repeats a line', () => {
  const repeated = (shapes: readonly Shape[], copies: number): void => {
    const { key, text } = entries.at(-1) as (typeof entries)[number]
    const [heading, ...lines] = text.trim().split('\n')
    const more = Array.from({ length: copies }, () => lines.slice(0, shapes.length)).flat()
    entries = [{ key, text: `${[heading, ...more].join('\n')}\n` }]
  }

  test('is read once, and written anew without the others', async () => {
    const shapes = [image(), manifest()]
    await run(shapes)
    repeated(shapes, 100)
    expect((await run(shapes)).known.size).toBe(2)
    expect(entries.at(-1)?.text.trim().split('\n')).toHaveLength(1 + 2)
  })

  test('takes no more time than there is, counts as far as it was read, and goes', async () => {
    const shapes = [image(), manifest(), manifest()]
    await run(shapes)
    let now = 0
    // For the heading and two lines.
    allowance = createAllowance({ now: () => now++, sleep: async () => {} }, 4)
    repeated(shapes.slice(0, 1), 1000)
    const [first] = shapes as [Shape]
    expect([...(await run([first])).known.keys()]).toEqual([first.digest])
    expect(told).toEqual([expect.stringMatching(/broke off: the time for reading .* is over/)])
    expect(entries.at(-1)?.text.trim().split('\n')).toHaveLength(1 + 1)
  })
})

describe('what is remembered of configs', () => {
  const config = (labels: Readonly<Record<string, string>>) => {
    const shape = labelled(labels)
    const [digest, bytes] = [...(shape.blobs ?? [])][0] as [Digest, Buffer]
    return { shape, digest, bytes }
  }

  /** One run that sees these images and reads the configs of those that it does not remember. */
  async function runFor(configs: readonly ReturnType<typeof config>[]) {
    const memory = opened()
    const recollection = await memory.recall(somePackage)
    const versions = configs.map(({ shape }, index) => versionOf(shape, index))
    const known = await recollection.manifests(versions)
    for (const { shape } of configs) {
      if (!known.has(shape.digest))
        recollection.learn(shape.digest, parseManifest(shape.bytes, shape.mediaType), shape.bytes)
    }
    const labels = configs.map(({ digest }) => recollection.labels(digest))
    for (const { digest, bytes } of configs)
      if (recollection.labels(digest) === undefined) recollection.learnConfig(digest, bytes)
    recollection.keep(versions, NOW)
    await memory.close()
    return labels
  }

  test('are the labels, for as long as an image that is listed has this config', async () => {
    const [one, two] = [config({ a: '1' }), config({ a: '2' })]
    expect(await runFor([one, two])).toEqual([undefined, undefined])
    expect(await runFor([one, two])).toEqual([{ a: '1' }, { a: '2' }])
    await runFor([two])
    expect(entries.at(-1)?.text.split('\n')).toHaveLength(1 + 2 + 1)
  })

  test('is nothing of a large one, and no more than the room for all of them', async () => {
    const large = config({ a: 'x'.repeat(65_000), b: 'x'.repeat(1000) })
    await runFor([large])
    expect(await runFor([large])).toEqual([undefined])
    expect(entries).toHaveLength(1)
    const many = Array.from({ length: 600 }, (_, at) => config({ a: `${at} ${'x'.repeat(60_000)}` }))
    await runFor(many)
    const known = (await runFor(many)).filter(labels => labels !== undefined).length
    expect(known).toBe(Math.floor((32 << 20) / many[100]!.bytes.length))
    expect(entries).toHaveLength(2)
  })
})

describe('when a version was first seen without a tag', () => {
  const DAY = 86_400_000

  test('is remembered, and begins anew when it had a tag in between', async () => {
    const shape = manifest()
    const at = async (day: number, tags: string[] = []) =>
      (await run([shape], { now: NOW + day * DAY, tags })).since.get(shape.digest)
    expect(await at(0)).toBe(NOW)
    expect(await at(3)).toBe(NOW)
    expect(await at(4, ['v1'])).toBeUndefined()
    expect(await at(5)).toBe(NOW + 5 * DAY)
  })

  test('E-39 is never before the dates of the version itself, whatever an entry says', async () => {
    const shape = manifest()
    await run([shape])
    const [entry] = entries
    entries = [{ key: entry!.key, text: entry!.text.replace(`[${NOW},[100]]`, '[0,[100]]') }]
    expect(entries[0]?.text).toContain('[0,[100]]')
    expect((await run([shape], { now: NOW + DAY })).since.get(shape.digest)).toBe(NOW)
  })

  test('is never later than now', async () => {
    const shape = manifest()
    await run([shape], { now: NOW + DAY })
    expect((await run([shape], { now: NOW })).since.get(shape.digest)).toBe(NOW)
  })
})

describe('what one run stores', () => {
  const deletion = { id: 7, tags: [], after: [], describes: false, at: NOW }

  const shape = manifest()
  const left = { ...deletion, digest: shape.digest, root: shape.digest }
  const open = (now = NOW) =>
    openMemory(
      storeIn(mkdtempSync(join(folder, 'job-'))),
      'ghcr.io',
      text => told.push(text),
      allowance,
      () => now
    )
  const places = () => entries.map(({ key }) => key.split('@').at(-1))
  const TODAY = Math.floor(NOW / 86_400_000)

  test('has a place of its own each time, and whole milliseconds', async () => {
    const memory = open()
    const { keep, leaveDeletions } = await memory.recall(somePackage)
    keep([versionOf(image(), 0)], NOW + 0.25)
    leaveDeletions({ unchecked: [{ ...left, id: 8 }], checked: [] }, NOW + 0.5)
    for (let again = 0; again < 2; again++) leaveDeletions({ unchecked: [left], checked: [] }, NOW + 0.75)
    await memory.close()
    expect(places()).toEqual([`${TODAY}.1`, `${TODAY}.2`])
    expect(entries.at(-1)?.text).toContain(`[${NOW},[100]]`)
    const next = await open().recall(somePackage)
    expect([next.deletions.unchecked, told]).toEqual([[left], []])
  })

  test('takes over what another job left since this one began', async () => {
    const [one, other] = [open(), open()]
    const [first, second] = await Promise.all([one, other].map(memory => memory.recall(somePackage)))
    const shared = { ...left, id: 8 }
    first!.keep([versionOf(image(), 0)], NOW)
    first!.leaveDeletions({ unchecked: [left], checked: [shared] }, NOW)
    await one.close()
    second!.keep([versionOf(image(), 1)], NOW)
    const mine = { ...left, id: 9 }
    second!.leaveDeletions({ unchecked: [], checked: [mine, shared] }, NOW)
    await other.close()
    expect(new Set(places()).size).toBe(2)
    const { deletions } = await open().recall(somePackage)
    expect(deletions).toEqual({ unchecked: [left], checked: [mine, shared] })
  })

  test.each([1, 2])(
    'does not hide an entry that the cache does not show yet: %d of 2 not shown',
    async hidden => {
      const memory = open()
      const { keep, leaveDeletions } = await memory.recall(somePackage)
      keep([versionOf(image(), 0)], NOW)
      leaveDeletions({ unchecked: [{ ...left, id: 8 }], checked: [] }, NOW)
      leaveDeletions({ unchecked: [left], checked: [] }, NOW)
      await memory.close()
      unseen = hidden
      const late = open()
      const { keep: keepMore } = await late.recall(somePackage)
      keepMore([versionOf(image(), 1)], NOW)
      await late.close()
      unseen = 0
      expect(entries).toHaveLength(2)
      expect((await open(NOW + 86_400_000).recall(somePackage)).deletions.unchecked).toEqual([left])
    }
  )

  test('is waited for, but not for ever', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<boolean>()
    const store = (): Promise<boolean> => {
      asked.resolve()
      return answer.promise
    }
    const slow: Store = { ...storeIn(folder), store }
    const memory = openMemory(
      slow,
      'ghcr.io',
      text => told.push(text),
      allowance,
      () => NOW,
      1
    )
    const found = await memory.recall(somePackage)
    await found.stored()
    found.leaveDeletions({ unchecked: [left], checked: [] }, NOW)
    await found.stored()
    await asked.promise
    answer.resolve(true)
    await memory.close()
    expect(told).toEqual([])
  })

  const DAY = 86_400_000

  test.each<[string, Fetched, number, number]>([
    ['was not found', { state: 'none' }, 0, 1],
    ['could not be fetched', { state: 'failed' }, 9 * DAY, 0],
    ['came torn', { state: 'torn', key: `@${TODAY}.1` }, 0, 0],
    ['came torn a week later', { state: 'torn', key: `@${TODAY}.1` }, 7 * DAY + 1000, 0],
    ['came torn longer than that', { state: 'torn', key: `@${TODAY}.1` }, 9 * DAY, 1],
    ['is torn and has a time to come', { state: 'torn', key: `@${TODAY + 1}.1` }, 0, 1],
    ['is torn and has no time', { state: 'torn', key: '@soon' }, 0, 1]
  ])(
    'takes the place of an entry only as far as is known what that said: it %s',
    async (_, found, after, times) => {
      const broken: Store = { ...storeIn(folder), fetch: async () => found }
      const memory = openMemory(
        broken,
        'ghcr.io',
        text => told.push(text),
        allowance,
        () => NOW + after
      )
      const recollection = await memory.recall(somePackage)
      recollection.keep([versionOf(image(), 0)], NOW + after)
      await memory.close()
      expect([entries.length, recollection.remembers]).toEqual([times, times > 0])
    }
  )

  test('is nothing where nothing may be written, and that is known at once', async () => {
    const memory = openMemory(
      readOnly(storeIn(folder)),
      'ghcr.io',
      text => told.push(text),
      allowance,
      () => NOW
    )
    const recollection = await memory.recall(somePackage)
    recollection.keep([versionOf(image(), 0)], NOW)
    await memory.close()
    expect([entries, recollection.remembers]).toEqual([[], false])
  })
})
