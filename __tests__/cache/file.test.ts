import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Fetched, readOnly, type Store, type Stored } from '../../src/cache/actions-cache.ts'
import { type Allowance, createAllowance } from '../../src/cache/allowance.ts'
import { openMemory, type PastDeletions } from '../../src/cache/manifest-cache.ts'
import type { Clock } from '../../src/model/clock.ts'
import type { Digest } from '../../src/model/digest.ts'
import { parseManifest } from '../../src/registry/manifest.ts'
import { image, labelled, manifest, type Shape, schema1 } from '../emulator/shapes.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { somePackage } from '../helpers/make.ts'

const NOW = Date.parse('2026-06-30T00:00:00Z')

let folder: string
let told: string[]
/** Entries as a cache has them: the newest with the beginning of the key is found, and each key is taken once. */
let entries: { key: string; text: string }[]
/** So many of the newest entries are not found yet. */
let unseen: number
/** Keys that jobs took which have not stored anything under them. */
let reserved: Set<string>
const storeIn = (folder: string): Store => ({
  folder,
  writes: true,
  works: () => true,
  fetch: async (prefix, file, isWanted = () => true) => {
    const seen = entries.slice(0, entries.length - unseen)
    const entry =
      seen.findLast(({ key }) => key === prefix) ?? seen.findLast(({ key }) => key.startsWith(prefix))
    if (entry === undefined) return { state: 'none' }
    if (!isWanted(entry.key)) return { state: 'unwanted' }
    writeFileSync(join(folder, file), entry.text)
    return { state: 'fetched', key: entry.key }
  },
  store: async (key, file) => {
    if (reserved.has(key) || entries.some(entry => entry.key === key)) return 'taken'
    entries.push({ key, text: readFileSync(join(folder, file), 'utf8') })
    return 'stored'
  },
  close: () => {}
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'))
  told = []
  entries = []
  unseen = 0
  reserved = new Set()
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
  openMemory(storeIn(folder), 'ghcr.io', text => told.push(text), allowance, fakeClock(NOW))

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
  const deletion = { id: 7, tags: [], after: [], describes: false, at: NOW, listed: 0, looked: false }

  const shape = manifest()
  const left = { ...deletion, digest: shape.digest, root: shape.digest }
  const open = (clock: Clock = fakeClock(NOW)) =>
    openMemory(
      storeIn(mkdtempSync(join(folder, 'job-'))),
      'ghcr.io',
      text => told.push(text),
      allowance,
      clock
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

  test.each(['first', 'last'])(
    'forgets what a purge named, whatever a job beside it remembers: the purge stores %s',
    async when => {
      const [purge, job] = [open(), open()]
      const [first, second] = await Promise.all([purge, job].map(memory => memory.recall(somePackage)))
      const [named, later] = [
        { ...left, id: 8 },
        { ...left, id: 9, at: NOW + 8 * 3_600_000 }
      ]
      for (const recollection of [first!, second!]) recollection.keep([versionOf(image(), 0)], NOW)
      const ends = [
        async () => {
          first!.leaveDeletions({ unchecked: [], checked: [] }, NOW, new Set([8, 9]))
          await purge.close()
        },
        async () => {
          second!.leaveDeletions({ unchecked: [named, left], checked: [later] }, NOW)
          await job.close()
        }
      ]
      for (const end of when === 'first' ? ends : ends.reverse()) await end()
      const next = open()
      const { deletions, keep, leaveDeletions } = await next.recall(somePackage)
      expect(deletions).toEqual({ unchecked: [left], checked: [later] })
      keep([versionOf(image(), 1)], NOW + 29 * 86_400_000)
      leaveDeletions(deletions, NOW + 29 * 86_400_000)
      await next.close()
      expect(JSON.parse(entries.at(-1)!.text.split('\n')[0]!)).toMatchObject({
        forgotten: [
          [8, NOW],
          [9, NOW]
        ]
      })
    }
  )

  test('no longer forgets what a purge named 30 days ago, or in the future, and of too many names the first ones', async () => {
    const forgottenThen = async (ids: readonly number[], at: number, now: number): Promise<number[]> => {
      entries = []
      const memory = open()
      const { keep, leaveDeletions } = await memory.recall(somePackage)
      keep([versionOf(image(), 0)], NOW)
      leaveDeletions({ unchecked: [left], checked: [] }, at, new Set(ids.slice(0, -1)))
      leaveDeletions({ unchecked: [], checked: [] }, at + 1, new Set(ids))
      leaveDeletions({ unchecked: [left], checked: [] }, now)
      await memory.close()
      const heading = JSON.parse(entries.at(-1)!.text.split('\n')[0]!)
      return heading.forgotten.map(([id]: [number]) => id)
    }
    expect(await forgottenThen([8], NOW, NOW + 30 * 86_400_000 + 1)).toEqual([])
    expect(await forgottenThen([8], NOW + 3_600_000, NOW)).toEqual([])
    const many = Array.from({ length: 10_001 }, (_, at) => at + 10)
    expect(await forgottenThen(many, NOW, NOW + 2)).toEqual([10_010, ...many.slice(0, 9_999)])
  })

  const DAY = 86_400_000

  /** Jobs of their own that have all recalled the package before any of them stores something. */
  async function jobs(...clocks: Clock[]) {
    return await Promise.all(
      clocks.map(async clock => {
        const memory = open(clock)
        const recollection = await memory.recall(somePackage)
        const leave = async (deletions: PastDeletions, now = clock.now()): Promise<void> => {
          recollection.keep([versionOf(image(), 0)], now)
          recollection.leaveDeletions(deletions, now)
          await memory.close()
        }
        return { leave }
      })
    )
  }
  const remembered = async (clock = fakeClock(NOW)) =>
    (await open(clock).recall(somePackage)).deletions.unchecked
  const unchecked = (...ids: number[]): PastDeletions => ({
    unchecked: ids.map(id => ({ ...left, id })),
    checked: []
  })

  test.each([
    ['on that day', [NOW, NOW, NOW], ['1', '2', '3']],
    ['the second one behind midnight', [NOW, NOW, NOW + DAY], ['1', '2', '3', '+1.1']],
    ['both behind midnight', [NOW, NOW + DAY, NOW + DAY], ['1', '2', '+1.1', '+1.2']],
    ['each on a later day', [NOW, NOW + 7 * DAY, NOW + 8 * DAY], ['1', '2', '+7.1', '+7.2', '+8.1']]
  ])(
    'of two jobs that begin with the same entry hides nothing: %s',
    async (_, [first, one, other], expected) => {
      const [before] = await jobs(fakeClock(first))
      await before!.leave(unchecked(1))
      const [a, b] = await jobs(fakeClock(one), fakeClock(other))
      await a!.leave(unchecked(1, 2))
      await b!.leave(unchecked(1, 3))
      expect((await remembered(fakeClock(other))).map(({ id }) => id)).toEqual([1, 3, 2])
      const shown = expected.map(end => {
        const [, days = '0', number = end] = /^\+(\d+)\.(\d+)$/.exec(end) ?? []
        return `${TODAY + Number(days)}.${number}`
      })
      expect(places()).toEqual(shown)
    }
  )

  test.each([
    [1, [8, 7]],
    [2, [7]]
  ])(
    'does not hide an entry that the cache does not show yet: %d of 2 not shown',
    async (hidden, expected) => {
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
      expect(places()).toEqual([1, 2, 3].map(number => `${TODAY}.${number}`))
      unseen = 0
      expect((await remembered(fakeClock(NOW + DAY))).map(({ id }) => id)).toEqual(expected)
    }
  )

  test('goes behind a place that a job took and never filled, after seven seconds, on the next day as well', async () => {
    const clock = fakeClock(NOW)
    const [first] = await jobs(clock)
    await first!.leave(unchecked(1))
    const prefix = entries[0]!.key.replace(/@.*/, '@')
    for (const place of [`${TODAY}.2`, `${TODAY}.3`, `${TODAY + 1}.1`]) reserved.add(`${prefix}${place}`)
    const [second] = await jobs(clock)
    await second!.leave(unchecked(2))
    expect([places(), clock.now() - NOW]).toEqual([[`${TODAY}.1`, `${TODAY}.4`], 7_000])
    const later = fakeClock(NOW + DAY)
    const [third] = await jobs(later)
    await third!.leave(unchecked(3))
    expect(places().slice(2)).toEqual([`${TODAY}.5`, `${TODAY + 1}.2`])
    expect((await remembered(later)).map(({ id }) => id)).toEqual([3])
  })

  test('takes over what was stored late in a place that was passed, wherever the cache shows it', async () => {
    const [first] = await jobs(fakeClock(NOW))
    await first!.leave(unchecked(1))
    const key = entries[0]!.key.replace(/1$/, '2')
    reserved.add(key)
    const [second, third] = await jobs(fakeClock(NOW), fakeClock(NOW))
    await second!.leave(unchecked(2))
    const late = entries[0]!.text.replace('"id":1', '"id":4')
    // As the newest one, or where it belongs.
    for (const at of [2, 1]) {
      const before = entries
      entries = entries.toSpliced(at, 0, { key, text: late })
      expect((await remembered()).map(({ id }) => id).toSorted()).toEqual([2, 4])
      if (at === 2) entries = before
    }
    await third!.leave(unchecked(3))
    expect((await remembered()).map(({ id }) => id).toSorted()).toEqual([2, 3, 4])
    const [fourth] = await jobs(fakeClock(NOW))
    await fourth!.leave(unchecked(2, 3, 4))
    expect(JSON.parse(entries.at(-1)!.text)).toMatchObject({ passed: [] })
  })

  test('is tried once where the cache refuses it for another reason than that its place is taken', async () => {
    const clock = fakeClock(NOW)
    const asked: string[] = []
    const store = async (key: string): Promise<Stored> => {
      asked.push(key)
      return 'failed'
    }
    const memory = openMemory(
      { ...storeIn(folder), store },
      'ghcr.io',
      text => told.push(text),
      allowance,
      clock
    )
    const recollection = await memory.recall(somePackage)
    recollection.keep([versionOf(image(), 0)], NOW)
    await memory.close()
    expect([asked.length, clock.now(), told]).toEqual([
      1,
      NOW,
      [expect.stringMatching('nothing was remembered')]
    ])
  })

  test('is waited for, but not for ever', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<Stored>()
    const store = (): Promise<Stored> => {
      asked.resolve()
      return answer.promise
    }
    const slow: Store = { ...storeIn(folder), store }
    const memory = openMemory(slow, 'ghcr.io', text => told.push(text), allowance, fakeClock(NOW), 1)
    const found = await memory.recall(somePackage)
    await found.stored()
    found.leaveDeletions({ unchecked: [left], checked: [] }, NOW)
    await found.stored()
    await asked.promise
    answer.resolve('stored')
    await memory.close()
    expect(told).toEqual([])
  })

  test.each<[string, Fetched, number, number]>([
    ['was not found', { state: 'none' }, 0, 1],
    ['could not be fetched', { state: 'failed' }, 9 * DAY, 0],
    ['came torn', { state: 'torn', key: `@${TODAY}.1` }, 0, 0],
    ['came torn a week later', { state: 'torn', key: `@${TODAY}.1` }, 7 * DAY + 1000, 0],
    // Behind it, and the first one of that day.
    ['came torn longer than that', { state: 'torn', key: `@${TODAY}.1` }, 9 * DAY, 2],
    ['is torn and has a time to come', { state: 'torn', key: `@${TODAY + 1}.1` }, 0, 1],
    ['is torn and has no time', { state: 'torn', key: '@soon' }, 0, 1]
  ])(
    'takes the place of an entry only as far as is known what that said: it %s',
    async (_, found, after, times) => {
      const broken: Store = { ...storeIn(folder), fetch: async () => found }
      const memory = openMemory(broken, 'ghcr.io', text => told.push(text), allowance, fakeClock(NOW + after))
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
      fakeClock(NOW)
    )
    const recollection = await memory.recall(somePackage)
    recollection.keep([versionOf(image(), 0)], NOW)
    await memory.close()
    expect([entries, recollection.remembers]).toEqual([[], false])
  })
})
