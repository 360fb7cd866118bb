import { expect, it } from '@jest/globals'
import { detectDrift } from '../../../src/apply/drift/drift.ts'
import type { DriftReader } from '../../../src/apply/drift/looks.ts'
import type { Listing } from '../../../src/github/listing.ts'
import { type Digest, referrerTag } from '../../../src/model/digest.ts'
import type { PackageVersion } from '../../../src/model/package.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'
import { digestOf, version } from '../../helpers/make.ts'

/** A package whose listing can change under the watcher's eyes, and the looks that were taken at it. */
function world(versions: readonly PackageVersion[], perPage = 100) {
  const clock = fakeClock()
  const state = {
    rows: [...versions],
    needed: new Set<string>(),
    unread: undefined as string | undefined,
    newTags: new Map<Digest, string>(),
    listUnread: undefined as string | undefined
  }
  const looks: string[] = []
  const eyes: DriftReader = {
    page: async page => {
      looks.push(`page ${page}`)
      return { seen: state.rows.slice((page - 1) * perPage, page * perPage), at: clock.now() }
    },
    version: async id => {
      looks.push(`version ${id}`)
      return { seen: state.rows.find(candidate => candidate.id === id), at: clock.now() }
    },
    newTags: async () => ({ found: state.newTags, unread: state.listUnread }),
    needs: async () => ({
      needed: state.needed,
      ...(state.unread === undefined ? {} : { unread: state.unread })
    })
  }
  const listing: Listing = {
    versions,
    pageOf: new Map(versions.map((row, index) => [row.id, Math.floor(index / perPage) + 1])),
    newestFirst: true,
    asOf: Number.NEGATIVE_INFINITY,
    unseen: 0
  }
  const replace = (old: PackageVersion, facts: Partial<PackageVersion>) => {
    state.rows = state.rows.map(row => (row.id === old.id ? { ...row, ...facts } : row))
  }
  const watch = (candidates = versions, asOf = listing.asOf) =>
    detectDrift({ ...listing, asOf }, candidates, [], eyes, clock)
  return { clock, state, looks, listing, replace, watch }
}

const old = version('old', { tags: ['sha-1'] })

it.each<[string, Partial<PackageVersion>, RegExp]>([
  ['T-17 a tag landed on it', { tags: ['sha-1', 'v1.0.0'] }, /tag v1\.0\.0 was put on it/],
  ['its tag moved away', { tags: [] }, /tag sha-1 was taken off it/],
  ['its date moved', { updated: Date.parse('2026-06-29T00:00:00Z') }, /changed after the listing/]
])('leaves a candidate alone when %s', async (_, facts, sentence) => {
  const here = world([old])
  here.replace(old, facts)
  expect(await here.watch().check(old)).toMatch(sentence)
})

it('lets an unchanged candidate go, and calls a vanished one gone', async () => {
  const here = world([old])
  expect(await here.watch().check(old)).toBeUndefined()
  here.state.rows = []
  expect(await here.watch().check(old)).toBe('gone')
})

it.each([
  ['a new index names it', old.digest as string],
  ['a new signature describes it by tag', referrerTag(old.digest)]
])('T-17 leaves a candidate alone when %s', async (_, need) => {
  const here = world([old])
  const knowledge = here.watch()
  expect(await knowledge.check(old)).toBeUndefined()
  here.clock.advance(11_000)
  here.state.rows.unshift(version('new index', { tags: ['v2'] }))
  here.state.needed.add(need)
  expect(await knowledge.check(old)).toMatch(/pushed after the listing/)
})

it('law 3: leaves a candidate alone on which the registry shows a new tag, though the list does not', async () => {
  const here = world([old])
  const knowledge = here.watch()
  here.clock.advance(11_000)
  here.state.newTags.set(old.digest, 'v9')
  expect(await knowledge.check(old)).toMatch(/tag v9 was put on it/)
})

it('law 5: leaves a candidate alone on which a row that others read shows a tag', async () => {
  const here = world([old])
  const knowledge = here.watch()
  expect(await knowledge.check(old)).toBeUndefined()
  expect(knowledge.fresh(old)).toBe(true)
  knowledge.note([{ ...old, tags: ['sha-1', 'v1.0.0'] }])
  expect(knowledge.fresh(old)).toBe(false)
  expect(await knowledge.check(old)).toMatch(/tag v1\.0\.0 was put on it/)
})

it('lets nothing go while a new version cannot be read, and goes on once it can', async () => {
  const here = world([old])
  here.state.rows.unshift(version('new', { tags: ['v2'] }))
  here.state.unread = 'v2'
  const knowledge = here.watch()
  expect(await knowledge.check(old)).toMatch(/v2 could not be read/)
  here.state.unread = undefined
  here.clock.advance(11_000)
  expect(await knowledge.check(old)).toBeUndefined()
})

it('law 3: lets nothing go while a new version cannot be read that later looks do not show', async () => {
  const here = world([old])
  here.state.rows.unshift(version('new', { tags: ['v2'] }))
  here.state.unread = 'v2'
  const knowledge = here.watch()
  expect(await knowledge.check(old)).toMatch(/v2 could not be read/)
  here.state.rows.shift()
  here.clock.advance(11_000)
  expect(await knowledge.check(old)).toMatch(/v2 could not be read/)
  here.state.unread = undefined
  here.state.needed.add(old.digest)
  here.clock.advance(11_000)
  expect(await knowledge.check(old)).toMatch(/pushed after the listing/)
})

it('law 3: leaves a candidate alone that had a new tag at one look, though a later look does not show it', async () => {
  const [first, second] = [version('first', { tags: ['sha-1'] }), version('second', { tags: ['sha-2'] })]
  const here = world([version('newest'), version('newer'), first, version('between'), second], 2)
  const knowledge = here.watch([first, second])
  here.replace(second, { tags: ['sha-2', 'prod'] })
  // One look covers both.
  expect(await knowledge.check(first)).toBeUndefined()
  here.replace(second, { tags: ['sha-2'] })
  here.clock.advance(11_000)
  expect(await knowledge.check(second)).toMatch(/tag prod was put on it/)
  expect(knowledge.fresh(second)).toBe(false)
})

it('finds new versions beyond a page that is all new, and on any page of an unsorted listing', async () => {
  const many = Array.from({ length: 5 }, (_, index) => version(`n${index}`))
  const here = world([old], 2)
  here.state.rows = [...many, old]
  let seen: readonly PackageVersion[] = []
  const knowledge = detectDrift(
    here.listing,
    [old],
    [],
    {
      page: async page => ({
        seen: here.state.rows.slice((page - 1) * 2, page * 2),
        at: here.clock.now()
      }),
      version: async () => ({ seen: old, at: here.clock.now() }),
      newTags: async () => ({ found: new Map(), unread: undefined }),
      needs: async arrivals => {
        seen = arrivals
        return { needed: new Set([old.digest]) }
      }
    },
    here.clock
  )
  expect(await knowledge.check(old)).toMatch(/pushed after the listing/)
  expect(seen.map(arrival => arrival.id)).toEqual(many.map(arrival => arrival.id))

  const unsorted = world([old, version('a'), version('b')], 1)
  unsorted.state.rows.push(version('late', { tags: ['v3'] }))
  unsorted.state.needed.add(old.digest)
  const wary = detectDrift(
    { ...unsorted.listing, newestFirst: false },
    [old],
    [],
    {
      page: async page => ({ seen: unsorted.state.rows.slice(page - 1, page), at: unsorted.clock.now() }),
      version: async () => ({ seen: old, at: unsorted.clock.now() }),
      newTags: async () => ({ found: new Map(), unread: undefined }),
      needs: async () => ({ needed: unsorted.state.needed })
    },
    unsorted.clock
  )
  expect(await wary.check(old)).toMatch(/pushed after the listing/)
})

it('knows nothing that is older than ten seconds', async () => {
  const here = world([old])
  const knowledge = here.watch()
  expect(knowledge.fresh(old)).toBe(false)
  await knowledge.check(old)
  expect(knowledge.fresh(old)).toBe(true)
  here.clock.advance(10_000)
  expect(knowledge.fresh(old)).toBe(true)
  here.clock.advance(1)
  expect(knowledge.fresh(old)).toBe(false)
})

it('covers the next candidates of a page with one look, and reads a lonely one by itself', async () => {
  const versions = Array.from({ length: 300 }, (_, index) => version(`r${index}`))
  const here = world(versions)
  const tail = versions.slice(-20)
  const knowledge = detectDrift(
    here.listing,
    tail,
    [],
    {
      page: async page => {
        here.looks.push(`page ${page}`)
        return { seen: versions.slice((page - 1) * 100, page * 100), at: here.clock.now() }
      },
      version: async id => {
        here.looks.push(`version ${id}`)
        return { seen: versions.find(row => row.id === id), at: here.clock.now() }
      },
      newTags: async () => ({ found: new Map(), unread: undefined }),
      needs: async () => ({ needed: new Set() })
    },
    here.clock
  )
  for (const candidate of tail) expect(await knowledge.check(candidate)).toBeUndefined()
  expect(here.looks).toEqual(['page 1', 'page 3'])
  const lonely = versions[150] as PackageVersion
  expect(await knowledge.check(lonely)).toBeUndefined()
  expect(here.looks).toEqual(['page 1', 'page 3', `version ${lonely.id}`])
})

it('gives a version up when the answers come too late to be fresh', async () => {
  const here = world([old])
  const knowledge = detectDrift(
    here.listing,
    [old],
    [],
    {
      page: async () => {
        const at = here.clock.now()
        here.clock.advance(8_000)
        return { seen: [old], at }
      },
      version: async () => ({ seen: old, at: here.clock.now() }),
      newTags: async () => ({ found: new Map(), unread: undefined }),
      needs: async () => ({ needed: new Set() })
    },
    here.clock
  )
  expect(await knowledge.check(old)).toMatch(/took longer than/)
})

it('takes a tag off only while it is there and another one stays', async () => {
  const both = version('both', { tags: ['sha-1', 'v1'] })
  const here = world([both])
  const check = () => here.watch().checkTag(both, 'sha-1', ['v1'])
  expect(await check()).toBeUndefined()
  here.replace(both, { tags: ['sha-1'] })
  expect(await check()).toMatch(/no other tag/)
  here.replace(both, { tags: ['v1'] })
  expect(await check()).toMatch(/no longer on it/)
})

it('does not take its own placeholder for news', async () => {
  const here = world([old])
  const own = version('own')
  here.state.rows.unshift(own)
  here.state.unread = 'own'
  const knowledge = here.watch()
  knowledge.expect(digestOf('own'))
  expect(await knowledge.check(old)).toBeUndefined()
})

it('T-17 does not let a checked candidate go once a look for another one has found who needs it, or a tag on it', async () => {
  const other = version('other')
  const adopted = world([old, other])
  const knowledge = adopted.watch()
  expect(await knowledge.check(old)).toBeUndefined()
  adopted.clock.advance(8_000)
  adopted.state.rows.unshift(version('new index', { tags: ['v2'] }))
  adopted.state.needed.add(old.digest)
  await knowledge.check(other)
  expect(knowledge.fresh(old)).toBe(false)
  expect(await knowledge.check(old)).toMatch(/pushed after the listing/)

  const tagged = world([old, other])
  const wary = tagged.watch()
  expect(await wary.check(old)).toBeUndefined()
  tagged.clock.advance(8_000)
  tagged.replace(old, { tags: ['sha-1', 'v1.0.0'] })
  await wary.check(other)
  expect(wary.fresh(old)).toBe(false)
})

it('does not forget a new version that could not be read while it is being read again', async () => {
  const other = version('other')
  const here = world([old, other])
  here.state.rows.unshift(version('new', { tags: ['v2'] }))
  const during: boolean[] = []
  let reads = 0
  const knowledge = detectDrift(
    here.listing,
    [old, other],
    [],
    {
      page: async () => ({ seen: here.state.rows, at: here.clock.now() }),
      version: async () => ({ seen: old, at: here.clock.now() }),
      newTags: async () => ({ found: new Map(), unread: undefined }),
      needs: async () => {
        if (++reads > 1) during.push(knowledge.fresh(old))
        return { needed: new Set(), unread: 'v2' }
      }
    },
    here.clock
  )
  expect(await knowledge.check(old)).toMatch(/v2 could not be read/)
  here.clock.advance(8_000)
  await knowledge.check(other)
  expect(during).toEqual([false])
})

it.each([
  ['three due on a page', 33, 180, 0.4],
  ['ten due on a page', 10, 180, 0.2],
  ['ten due on a page, and other packages beside it', 10, 45, 0.45],
  ['all due', 1, 180, 0.12]
])('the drift check takes few requests a deletion on 10,000 versions: %s', async (_, every, pace, most) => {
  const versions = Array.from({ length: 10_000 }, (_, index) => version(`r${index}`))
  const here = world(versions)
  const due = versions
    .filter((_, index) => index % every === every - 1)
    .toReversed()
    .slice(0, 900)
  const knowledge = here.watch(due)
  for (const candidate of due) {
    expect(await knowledge.check(candidate)).toBeUndefined()
    expect(knowledge.fresh(candidate)).toBe(true)
    here.clock.advance(60_000 / pace)
  }
  expect(here.looks.length / due.length).toBeLessThanOrEqual(most)
})

it('starts from the listing while that is fresh, and takes no look', async () => {
  const here = world([old])
  const knowledge = here.watch([old], here.clock.now())
  here.clock.advance(6_000)
  expect(await knowledge.check(old)).toBeUndefined()
  expect(knowledge.fresh(old)).toBe(true)
  expect(here.looks).toEqual([])
  here.clock.advance(4_001)
  expect(knowledge.fresh(old)).toBe(false)
})

it('law 3: nothing goes while the registry does not say which tags there are, which the list may show late', async () => {
  const here = world([old])
  const drift = here.watch()
  here.state.listUnread = 'HTTP 500'
  expect(await drift.check(old)).toMatch(
    /list of tags could not be read \(HTTP 500\), so a new tag would not show/
  )
  expect(drift.fresh(old)).toBe(false)
  here.state.listUnread = undefined
  await here.clock.sleep(8_000)
  expect(await drift.check(old)).toBeUndefined()
})
