import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ExpectedError } from '../../src/errors.ts'
import { type Read, readArrivals } from '../../src/inventory/arrivals.ts'
import { listOnly, PAUSES, withUnseen, witnessOf } from '../../src/inventory/evidence.ts'
import { readInventory } from '../../src/inventory/manifests.ts'
import { type Digest, referrerTag, shortDigest } from '../../src/model/digest.ts'
import type { Descriptor, Manifest } from '../../src/model/manifest.ts'
import type { Content, Inventory, PackageVersion } from '../../src/model/package.ts'
import { buildGraph } from '../../src/policy/graph.ts'
import { unknownsIn } from '../../src/policy/protect.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { digestOf, somePackage, version } from '../helpers/make.ts'
import { runsOf } from '../helpers/runs-of.ts'

const DAY = 86_400_000
const START = Date.parse('2026-01-01T00:00:00Z')

/** A registry in a map that counts what is read of it. What it does not hold is missing. */
function registry(contents: Record<string, Manifest | 'unread'>) {
  const held = new Map(Object.entries(contents).map(([name, content]) => [digestOf(name), content]))
  const reads: Digest[] = []
  const read = async (digest: Digest): Promise<Content> => {
    reads.push(digest)
    const content = held.get(digest)
    if (content === undefined) return { state: 'missing' }
    return content === 'unread'
      ? { state: 'unread', cause: 'HTTP 500' }
      : { state: 'read', manifest: content }
  }
  const names = new Map<Digest, string>()
  for (const name of [...Object.keys(contents), 'gone']) names.set(digestOf(name), name)
  return { read, reads: () => reads.map(digest => names.get(digest) ?? digest) }
}

const leaf = (facts: Partial<Manifest> = {}): Manifest => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  form: 'manifest',
  kind: 'image',
  children: [],
  annotations: {},
  ...facts
})
const index = (...children: Descriptor[]): Manifest => leaf({ form: 'index', children })
const platform = (name: string, text = 'linux/amd64'): Descriptor => ({
  digest: digestOf(name),
  index: false,
  platform: text
})
const attestation = (name: string, of: string): Descriptor => ({
  digest: digestOf(name),
  index: false,
  describes: digestOf(of)
})
const nested = (name: string): Descriptor => ({ digest: digestOf(name), index: true })
const bare = (name: string): Descriptor => ({ digest: digestOf(name), index: false })
const doubtful = (name: string): Descriptor => ({ ...bare(name), uncertain: true })

/** One buildx build: an index, two platforms and their attestations, pushed within a second. */
function build(name: string, at: number, tags: readonly string[] = []) {
  const parts = ['amd', 'arm', 'att1', 'att2'].map(part => `${name}-${part}`)
  const [amd = '', arm = '', att1 = '', att2 = ''] = parts
  const manifest = index(
    platform(amd),
    platform(arm, 'linux/arm64'),
    attestation(att1, amd),
    attestation(att2, arm)
  )
  const dates = { created: at, updated: at }
  const versions = [...parts.map(part => version(part, dates)), version(name, { ...dates, tags })]
  const contents = Object.fromEntries([...parts.map(part => [part, leaf()]), [name, manifest]])
  return { versions, contents: contents as Record<string, Manifest> }
}

function readAll(
  versions: readonly PackageVersion[],
  read: Read,
  progress?: (done: number, total: number) => void
): Promise<Inventory> {
  const list = listOnly(versions)
  return readInventory(somePackage, list, read, witnessOf(list, fakeClock()), progress)
}

async function survey(
  versions: readonly PackageVersion[],
  contents: Record<string, Manifest | 'unread'>
): Promise<{
  state: (name: string) => Content['state'] | undefined
  reads: string[]
  content: Map<Digest, Content>
}> {
  const { read, reads } = registry(contents)
  const inventory = await readAll(versions, read)
  expect(inventory.versions).toBe(versions)
  expect(versions.filter(({ digest }) => !inventory.contents.has(digest))).toEqual([])
  // What the registry denies is asked for again, and nothing else is.
  const once = [...new Set(reads())]
  const denied = once.filter(name => !(name in contents))
  expect(reads().length).toBe(once.length + denied.length * PAUSES.length)
  return {
    state: name => inventory.contents.get(digestOf(name))?.state,
    reads: once.sort(),
    content: new Map(inventory.contents)
  }
}

/** Versions in the order that the listing happened to have. */
const orders = [
  { order: 'newest first', arrange: (versions: PackageVersion[]) => versions.toReversed() },
  { order: 'oldest first', arrange: (versions: PackageVersion[]) => versions }
]

describe.each(orders)('listed $order', ({ arrange }) => {
  test('of tagged buildx images only the indexes are read', async () => {
    const builds = Array.from({ length: 20 }, (_, n) => build(`b${n}`, START + n * DAY, [`v${n}`]))
    const { reads, state } = await survey(
      arrange(builds.flatMap(one => one.versions)),
      Object.assign({}, ...builds.map(one => one.contents))
    )
    expect(reads).toEqual(builds.map((_, n) => `b${n}`).sort())
    expect(state('b3-att2')).toBe('named')
  })

  test.each([
    { pace: 'days apart', gap: DAY },
    { pace: 'minutes apart', gap: 4 * 60_000 },
    { pace: 'seconds apart, without a pause', gap: 7_000 },
    { pace: 'in the same second', gap: 0 }
  ])('of untagged buildx images pushed $pace only the indexes are read', async ({ gap }) => {
    const builds = Array.from({ length: 60 }, (_, n) => build(`b${n}`, START + n * gap))
    const { reads } = await survey(
      arrange(builds.flatMap(one => one.versions)),
      Object.assign({}, ...builds.map(one => one.contents))
    )
    expect(reads).toEqual(builds.map((_, n) => `b${n}`).sort())
  })

  test('T-06: a nested index is followed to its leaves', async () => {
    const versions = ['leafa', 'leafb', 'inner'].map(name => version(name))
    versions.push(version('outer', { tags: ['v1'] }))
    const { reads, state } = await survey(arrange(versions), {
      outer: index(nested('inner')),
      inner: index(platform('leafa'), platform('leafb')),
      leafa: leaf(),
      leafb: leaf()
    })
    expect(reads).toEqual(['inner', 'outer'])
    expect([state('leafa'), state('leafb')]).toEqual(['named', 'named'])
  })
})

test('a child that says neither its platform nor what it attests is read: it may be anything', async () => {
  const { reads, state } = await survey(
    [version('idx', { tags: ['v1'] }), version('odd'), version('inner'), version('leaf')],
    { idx: index(bare('odd'), doubtful('inner')), odd: leaf(), inner: index(platform('leaf')), leaf: leaf() }
  )
  expect(reads).toEqual(['idx', 'inner', 'odd'])
  expect(state('leaf')).toBe('named')
})

test('a repository that is pushed to every few seconds for an hour costs no read more', async () => {
  const builds = Array.from({ length: 500 }, (_, n) => build(`b${n}`, START + n * 7_000))
  const { reads } = await survey(
    builds.flatMap(one => one.versions),
    Object.assign({}, ...builds.map(one => one.contents))
  )
  expect(reads).toHaveLength(500)
})

test('an index whose platforms were built by other jobs, minutes before, is still read first', async () => {
  const minutes = (n: number) => ({ created: START + n * 60_000 })
  const { reads } = await survey(
    [version('amd', minutes(0)), version('arm', minutes(9)), version('idx', minutes(12))],
    { idx: index(platform('amd'), platform('arm')), amd: leaf(), arm: leaf() }
  )
  expect(reads).toEqual(['idx'])
})

test('a child of a type that nobody knows is read even where it names a platform', async () => {
  const { state } = await survey([version('kid'), version('odd'), version('idx', { tags: ['v1'] })], {
    idx: index({ ...platform('odd'), uncertain: true }),
    odd: index(platform('kid')),
    kid: leaf()
  })
  expect([state('odd'), state('kid')]).toEqual(['read', 'named'])
})

test('a child that one index names as a platform and another as an index is read', async () => {
  const versions = [version('deep'), version('x'), version('b'), version('a', { tags: ['a'] })]
  const { state } = await survey(versions, {
    a: index(platform('x')),
    b: index(nested('x')),
    x: index(platform('deep')),
    deep: leaf()
  })
  expect([state('x'), state('deep')]).toEqual(['read', 'named'])
})

test('a tagged child is a root too, and read', async () => {
  const { reads, state } = await survey(
    [version('idx', { tags: ['v1'] }), version('amd', { tags: ['v1-amd64'] })],
    { idx: index(platform('amd')), amd: leaf() }
  )
  expect(reads).toEqual(['amd', 'idx'])
  expect(state('amd')).toBe('read')
})

test('T-30: an unlisted child is asked for, whatever it is, and told apart: missing, there, or unread', async () => {
  const { state } = await survey([version('idx', { tags: ['v1'] }), version('kid')], {
    idx: index(platform('gone'), platform('lagging'), attestation('broken', 'gone')),
    lagging: index(platform('kid')),
    broken: 'unread',
    kid: leaf()
  })
  expect(['gone', 'lagging', 'broken', 'kid'].map(state)).toEqual(['missing', 'read', 'unread', 'named'])
})

test('an unlisted subject is asked for, by field and by tag, before anybody calls its referrer an orphan', async () => {
  const { state } = await survey(
    [
      version('kid'),
      version('bundle'),
      version('sig', { tags: [`${referrerTag(digestOf('image'))}.sig`] }),
      version('old', { tags: [referrerTag(digestOf('gone'))] })
    ],
    {
      bundle: leaf({ subject: digestOf('late') }),
      sig: leaf(),
      old: index(),
      late: index(platform('kid')),
      image: leaf(),
      kid: leaf()
    }
  )
  expect(['late', 'image', 'gone', 'kid'].map(state)).toEqual(['read', 'read', 'missing', 'named'])
})

test('T-03: what could not be read is unread, and what it may need is not taken for missing', async () => {
  const { state, reads } = await survey([version('idx', { tags: ['v1'] }), version('amd')], {
    idx: 'unread',
    amd: leaf()
  })
  expect([state('idx'), state('amd')]).toEqual(['unread', 'read'])
  expect(reads).toEqual(['amd', 'idx'])
})

test('T-13: an entry of unknown type that is no manifest is dropped, one that is stays, and so does one unread', async () => {
  const { content } = await survey([version('cache', { tags: ['buildcache'] }), version('listed')], {
    cache: index(doubtful('layer'), doubtful('there'), doubtful('broken'), doubtful('listed'), {
      ...platform('gone'),
      uncertain: true
    }),
    there: leaf(),
    broken: 'unread'
  })
  const cache = content.get(digestOf('cache'))
  expect(cache?.state === 'read' && cache.manifest.children.map(child => child.digest)).toEqual(
    ['there', 'broken', 'listed', 'gone'].map(digestOf)
  )
})

test('E-01: a listed manifest that the registry denies at every look is unknown; all of them are a failure', async () => {
  const versions = [version('a', { tags: ['a'] }), version('b')]
  const { content } = await survey(versions, { a: leaf() })
  expect(content.get(digestOf('b'))).toEqual({
    state: 'unread',
    cause: 'GitHub lists it, but the registry says that there is no such manifest'
  })
  await expect(survey(versions, {})).rejects.toThrow(ExpectedError)
  await expect(survey(versions, {})).rejects.toThrow('none of the 2 manifests of acme/app')
})

test('T-30: all missing but one unread is a doubt, not a wrong package', async () => {
  const { state } = await survey([version('a', { tags: ['a'] }), version('b')], { b: 'unread' })
  expect([state('a'), state('b')]).toEqual(['unread', 'unread'])
})

test('a package without versions has an empty inventory', async () => {
  expect((await survey([], {})).content.size).toBe(0)
})

test('a registry that is down is not asked for every one of thousands of manifests', async () => {
  const versions = Array.from({ length: 5_000 }, (_, n) => version(`v${n}`, { tags: [`t${n}`] }))
  const { reads, content } = await survey(
    versions,
    Object.fromEntries(versions.map((_, n) => [`v${n}`, 'unread']))
  )
  expect(reads.length).toBeLessThan(200)
  expect([...content.values()].every(one => one.state === 'unread')).toBe(true)
})

test('what the reading throws ends it, and nothing more is asked for', async () => {
  const versions = Array.from({ length: 500 }, (_, n) => version(`v${n}`, { tags: [`t${n}`] }))
  let reads = 0
  const refused = async (): Promise<Content> => {
    reads++
    throw new ExpectedError('no right')
  }
  await expect(readAll(versions, refused)).rejects.toThrow('no right')
  expect(reads).toBeLessThan(100)
})

test('progress ends with everything done', async () => {
  const one = build('b', START, ['v1'])
  const told: [number, number][] = []
  await readAll(one.versions, registry(one.contents).read, (...both) => told.push(both))
  expect(told.every(([done, total]) => done <= total)).toBe(true)
  expect(told.length).toBeGreaterThan(0)
})

test('thousands of single images in one second and a chain of thousands of indexes are read, each once', async () => {
  const singles = Array.from({ length: 3_000 }, (_, n) => version(`s${n}`, { created: START }))
  const chain = Array.from({ length: 3_000 }, (_, n) => version(`c${n}`, { created: undefined }))
  const contents = Object.fromEntries([
    ...singles.map((_, n) => [`s${n}`, leaf()]),
    ...chain.map((_, n) => [`c${n}`, index(nested(`c${n + 1}`))])
  ]) as Record<string, Manifest>
  const { reads } = await survey([...singles, ...chain], contents)
  expect(reads).toHaveLength(6_001)
})

test('whatever refers to whatever: every listed version has an entry, and nothing is read that is not known', async () => {
  const name = fc.integer({ min: 0, max: 14 }).map(n => `m${n}`)
  const child = fc.oneof(
    name.map(one => platform(one)),
    name.map(nested),
    name.map(bare),
    name.map(doubtful),
    fc.tuple(name, name).map(([one, of]) => attestation(one, of))
  )
  const manifest = fc.oneof(
    fc.array(child, { maxLength: 5 }).map(children => index(...children)),
    name.map(subject => leaf({ subject: digestOf(subject) })),
    fc.constant(leaf()),
    fc.constant('unread' as const)
  )
  const listing = fc.uniqueArray(
    fc.record({
      name,
      tagged: fc.boolean(),
      created: fc.option(fc.integer({ min: START, max: START + DAY }), { nil: undefined })
    }),
    { selector: one => one.name, minLength: 1 }
  )
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, manifest), listing, async (contents, rows) => {
      const versions = rows.map(({ name, tagged, created }) =>
        version(name, { tags: tagged ? [name] : [], created })
      )
      const { read, reads } = registry(contents)
      let inventory: Awaited<ReturnType<typeof readInventory>>
      try {
        inventory = await readAll(versions, read)
      } catch (error) {
        expect(error).toBeInstanceOf(ExpectedError)
        expect(rows.some(row => row.name in contents)).toBe(false)
        return
      }
      const listed = new Set(versions.map(one => one.digest))
      const unlisted = [...inventory.contents.keys()].filter(digest => !listed.has(digest))
      for (const digest of listed) expect(inventory.contents.has(digest)).toBe(true)
      expect(new Set(reads()).size).toBeLessThanOrEqual(listed.size + unlisted.length)
      for (const content of inventory.contents.values()) {
        if (content.state !== 'read') continue
        for (const one of content.manifest.children) expect(inventory.contents.has(one.digest)).toBe(true)
        if (content.manifest.subject) expect(inventory.contents.has(content.manifest.subject)).toBe(true)
      }
      // Only what an index that was read names as a platform or an attestation goes unread.
      for (const [digest, content] of inventory.contents) {
        if (content.state !== 'named') continue
        expect(listed.has(digest)).toBe(true)
        const namers = [...inventory.contents.values()].flatMap(other =>
          other.state === 'read' ? other.manifest.children.filter(one => one.digest === digest) : []
        )
        expect(namers.length).toBeGreaterThan(0)
        expect(namers.every(one => one.platform !== undefined || one.describes !== undefined)).toBe(true)
      }
    }),
    runsOf(300)
  )
})

describe('what arrives during a run', () => {
  test('needs what its manifests name at any depth, what they describe, and what its tags describe', async () => {
    const { read, reads } = registry({
      outer: index(nested('inner'), platform('amd')),
      inner: index(bare('odd'), attestation('att', 'other')),
      odd: leaf({ subject: digestOf('described') }),
      sig: leaf()
    })
    const key = referrerTag(digestOf('signed'))
    const needs = await readArrivals([version('outer'), version('sig', { tags: [`${key}.sig`, 'v1'] })], read)
    const named = ['inner', 'amd', 'odd', 'att', 'other', 'described'].map(digestOf)
    expect(needs).toEqual({ needed: new Set<string>([...named, key]) })
    expect(reads().sort()).toEqual(['inner', 'odd', 'outer', 'sig'])
  })

  test.each([
    { what: 'itself cannot be read', contents: { a: 'unread' as const }, unread: 'a' },
    { what: 'is not in the registry yet', contents: {}, unread: 'a' },
    {
      what: 'leads to what cannot be read',
      contents: { a: index(nested('b')), b: 'unread' as const },
      unread: 'b'
    }
  ])('may need anything when it $what', async ({ contents, unread }) => {
    const needs = await readArrivals([version('a')], registry(contents).read)
    expect(needs.unread).toBe(shortDigest(digestOf(unread)))
  })

  test('E-42 may need anything when it leads to more than anybody reads', async () => {
    const parts = Array.from({ length: 24_000 }, (_, at) => nested(`${at}`))
    const { read, reads } = registry({ evil: index(...parts) })
    const { needed, unread } = await readArrivals([version('evil')], read)
    expect(unread).toBeDefined()
    expect(reads()).toEqual(['evil'])
    expect(needed.size).toBe(24_000)
  })

  test('is known completely when only a child of it is gone', async () => {
    const { read } = registry({ a: index(nested('gone')) })
    expect(await readArrivals([version('a')], read)).toEqual({ needed: new Set([digestOf('gone')]) })
  })
})

test('reads the attestation of a platform that two indexes share, for its subject alone can tell what it describes later', async () => {
  const subject = digestOf('amd')
  const held = registry({
    rc: index(platform('amd'), attestation('att-rc', 'amd')),
    release: index(platform('amd'), attestation('att-release', 'amd')),
    other: index(platform('own'), attestation('att-own', 'own')),
    'att-rc': leaf({ kind: 'artifact', subject }),
    'att-release': leaf({ kind: 'artifact', subject })
  })
  const versions = [
    ...['rc', 'release', 'other'].map(tag => version(tag, { tags: [tag] })),
    ...['amd', 'own', 'att-rc', 'att-release', 'att-own'].map(name => version(name))
  ]
  const { contents } = await readAll(versions, held.read)
  expect(held.reads().sort()).toEqual(['att-rc', 'att-release', 'other', 'rc', 'release'])
  expect(contents.get(digestOf('att-rc'))).toMatchObject({ state: 'read', manifest: { subject } })
  expect(contents.get(digestOf('att-own'))).toEqual({ state: 'named' })
})

test('law 11: indexes may name more parts than a call has arguments', async () => {
  const parts = (kind: string) => Array.from({ length: 75_000 }, (_, at) => platform(`${kind} ${at}`))
  const named = [...parts('a'), ...parts('b')].map(({ digest }, at) => version(`${at}`, { digest }))
  const versions = [...['one', 'two'].map(name => version(name, { tags: [name] })), ...named]
  const contents = { one: index(...parts('a')), two: index(...parts('b')) }
  const { state, content } = await survey(versions, contents)
  expect([content.size, state('a 7')]).toEqual([150_002, 'named'])
})

describe('E-42 an index may name any number of parts that nobody has', () => {
  const parts = (make: (name: string) => Descriptor) =>
    Array.from({ length: 2_500 }, (_, at) => make(`${at}`))
  const cause = `${shortDigest(digestOf('evil'))} names 500 manifests more that GitHub does not list than the 2,000 that are asked for`
  const evil = version('evil', { tags: ['evil'], created: START })

  test.each([
    { kind: 'platforms, which need nothing', make: platform, held: undefined },
    { kind: 'indexes, which need what was there before', make: nested, held: START },
    {
      kind: 'one index behind platforms',
      make: (name: string) => (name === '2400' ? nested : platform)(name),
      held: START
    }
  ])('$kind', async ({ make, held }) => {
    const registered = registry({ evil: index(...parts(make)) })
    const inventory = await readAll([evil, version('v1', { tags: ['v1'] })], async digest =>
      digest === digestOf('v1') ? { state: 'read', manifest: leaf() } : registered.read(digest)
    )
    expect(registered.reads()).toHaveLength(1 + 2_000 * 3)
    const graph = buildGraph(inventory)
    expect(graph.states[0]).toBe('partial')
    // Said once, with what can be deleted to be rid of it.
    expect(unknownsIn(graph)).toEqual([
      { ref: expect.anything(), digest: expect.anything(), namedBy: digestOf('evil'), cause, pushed: held }
    ])
  })
})

describe('E-42 any number of indexes may name parts that nobody has', () => {
  const names = Array.from({ length: 30 }, (_, at) => `evil ${at}`)
  const evils = names.map(name => version(name, { tags: [name] }))
  // 20,000, and 16 for each of the 31 versions.
  const most = 20_496
  const why = `that GitHub does not list than the 20,496 that are asked for in a package of 31 versions`
  const v1 = version('v1', { tags: ['v1'] })

  test('so many are asked for, and the rest is unknown, with what names it', async () => {
    const parts = (name: string) => Array.from({ length: 2_000 }, (_, at) => platform(`${name} ${at}`))
    const registered = registry({
      v1: leaf(),
      ...Object.fromEntries(names.map(name => [name, index(...parts(name))]))
    })
    const inventory = await readAll([...evils, v1], registered.read)
    expect(registered.reads().length).toBe(31 + most * 3)
    const graph = buildGraph(inventory)
    const unknown = unknownsIn(graph)
    // Of the eleventh index some are asked for; those behind it are not called broken, because nobody looked.
    expect(graph.states.slice(0, 31).map(state => state ?? 'whole or unknown')).toEqual([
      ...names.map((_, at) => (at < 10 ? 'ghost' : at === 10 ? 'partial' : 'whole or unknown')),
      'whole or unknown'
    ])
    expect(unknown.map(({ namedBy }) => namedBy)).toEqual(evils.slice(10).map(({ digest }) => digest))
    expect(unknown.at(-1)?.cause).toBe(
      `${shortDigest(digestOf('evil 29'))} names 2,000 manifests more ${why}`
    )
  })

  test('and so are subjects: what they describe is unknown, and not gone', async () => {
    const tags = Array.from({ length: 25_000 }, (_, at) => referrerTag(digestOf(`subject ${at}`)))
    const registered = registry({ v1: leaf(), evil: leaf() })
    const { contents } = await readAll([version('evil', { tags }), v1], registered.read)
    const states = Map.groupBy(contents.values(), ({ state }) => state)
    expect(states.get('missing')).toHaveLength(20_032)
    expect(states.get('unread')).toHaveLength(25_000 - 20_032)
    expect(registered.reads().length).toBe(2 + 20_032 * 3)
  })
})

test.each([
  [0, 1 + PAUSES.length, 'missing'],
  [1, 5, 'read']
])(
  'law 3: what GitHub may count and nobody shows (%i more) is asked for %i times before it is missing',
  async (unseen, looks, state) => {
    const { read } = registry({ v1: index(platform('part')), part: leaf() })
    let denials = 0
    const late: Read = async digest =>
      digest === digestOf('part') && ++denials < 5 ? { state: 'missing' } : read(digest)
    const list = withUnseen(listOnly([version('v1', { tags: ['v1'] })]), unseen)
    const { contents } = await readInventory(somePackage, list, late, witnessOf(list, fakeClock()))
    expect([denials, contents.get(digestOf('part'))?.state]).toEqual([looks, state])
  }
)
