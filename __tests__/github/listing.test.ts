import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ExpectedError } from '../../src/errors.ts'
import { listCompletely, type Page, type Progress } from '../../src/github/listing.ts'
import type { PackageVersion } from '../../src/model/package.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { digestOf, version } from '../helpers/make.ts'
import { runsOf } from '../helpers/runs-of.ts'

const PER_PAGE = 4
const silent = () => {}

/** Versions 1 to n, newest first, as GitHub lists them. */
const series = (n: number): PackageVersion[] =>
  Array.from({ length: n }, (_, index) =>
    version(`v${n - index}`, { id: n - index, created: (n - index) * 1_000, tags: [`t${n - index}`] })
  )

const cut = (all: readonly PackageVersion[], page: number): Page => {
  const last = Math.max(1, Math.ceil(all.length / PER_PAGE))
  const versions = all.slice((page - 1) * PER_PAGE, page * PER_PAGE)
  return { versions, last: Math.max(last, page), more: page < last }
}

/** Lists with a clock whose pauses take no time. */
const listOf = (
  page: (page: number) => Promise<Page>,
  count: () => Promise<number | undefined>,
  more: { isThere?: (id: number) => boolean; hint?: number; progress?: Progress } = {}
) => {
  const isThere = async (id: number) => more.isThere?.(id) ?? true
  return listCompletely('app', { page, count, isThere }, more.hint, more.progress ?? silent, fakeClock())
}

/** Lists a package that `move` may change before every request. */
async function list(
  start: PackageVersion[],
  move: (world: PackageVersion[], request: number) => void = silent
) {
  const world = [...start]
  const read: number[] = []
  let requests = 0
  const listing = await listOf(
    async page => {
      move(world, ++requests)
      read.push(page)
      return cut(world, page)
    },
    async () => {
      move(world, ++requests)
      return world.length
    },
    {
      isThere: id => {
        move(world, ++requests)
        return world.some(version => version.id === id)
      }
    }
  )
  return { ...listing, read, world }
}

const ids = (versions: readonly PackageVersion[]) => versions.map(({ id }) => id)

it.each([0, 1, 4, 5, 43])('T-34 lists all of %i versions, each page once', async n => {
  const { versions, read, pageOf, newestFirst } = await list(series(n))
  expect(ids(versions)).toEqual(ids(series(n)))
  expect(read.sort((a, b) => a - b)).toEqual(
    Array.from({ length: Math.max(1, Math.ceil(n / 4)) }, (_, i) => i + 1)
  )
  expect(newestFirst).toBe(true)
  expect([...pageOf]).toEqual(series(n).map(({ id }, index) => [id, Math.floor(index / 4) + 1]))
})

it('reads at most eight pages at once, and tells how far it is', async () => {
  const all = series(100)
  let underWay = 0
  let most = 0
  const told: string[] = []
  await listOf(
    async page => {
      most = Math.max(most, ++underWay)
      await new Promise(setImmediate)
      underWay--
      return cut(all, page)
    },
    async () => all.length,
    { progress: (done, pages) => told.push(`${done}/${pages}`) }
  )
  expect(most).toBe(8)
  expect(told).toEqual(Array.from({ length: 25 }, (_, index) => `${index + 1}/25`))
})

it('T-35 takes a row that a push repeats for one version, with the tags of both', async () => {
  const old = series(8)
  // After page 1 was read, its last row moved to page 2, and its tag on to another version.
  const later = [version('new', { id: 99, created: 99_000 }), ...old]
  later[4] = { ...(later[4] as PackageVersion), tags: ['moved'], updated: 7 }
  const listing = await listOf(
    async page => cut(page === 1 ? old : later, page),
    async () => 8
  )
  expect(ids(listing.versions)).toEqual(ids(old))
  expect(listing.versions.find(({ id }) => id === 5)).toMatchObject({ tags: ['t5', 'moved'], updated: 7 })
  expect(listing.pageOf.get(5)).toBe(2)
})

it('reads a second time when a deletion pulled a version through between two pages', async () => {
  const { versions, world, read } = await list(series(12), (world, request) => {
    if (request === 4) world.shift()
  })
  expect(ids(versions).sort()).toEqual(ids(world).sort())
  expect(read.length).toBeGreaterThan(3)
})

it('law 3: reads a second time when a push and a deletion cancel out in the counts', async () => {
  const { versions, world } = await list(series(12), (world, request) => {
    if (request === 2) world.unshift(version('new', { id: 99, created: 99_000 }))
    if (request === 4) world.splice(1, 1)
  })
  expect(world).toHaveLength(12)
  expect(ids(versions).sort()).toEqual(ids(world).sort())
})

const countedAs = (count: number | undefined) =>
  listOf(
    async page => cut(series(9), page),
    async () => count
  )

it('trusts two readings that agree where GitHub counts fewer versions', async () => {
  expect(await countedAs(7)).toMatchObject({ versions: { length: 9 }, unseen: 0 })
})

it('E-21 goes on, and says how many are unseen, where GitHub counts more than it lists for good', async () => {
  expect(await countedAs(12)).toMatchObject({ versions: { length: 9 }, unseen: 3 })
})

it('E-21 goes on where GitHub gives no count', async () => {
  expect(await countedAs(undefined)).toMatchObject({ versions: { length: 9 }, unseen: 0 })
})

it('E-21 waits for a list that lags behind the count', async () => {
  let looks = 0
  const late = await listOf(
    async page => cut(series(++looks > 8 ? 10 : 9), page),
    async () => 10
  )
  expect(late).toMatchObject({ versions: { length: 10 }, unseen: 0 })
})

it('E-22 has all that was there before when something is pushed between any two requests', async () => {
  const { versions, unseen } = await list(series(43), (world, request) => {
    world.unshift(version(`f${request}`, { id: 1_000 + request, created: (1_000 + request) * 1_000 }))
  })
  const found = new Set(ids(versions))
  expect(ids(series(43)).filter(id => !found.has(id))).toEqual([])
  expect(unseen).toBe(0)
})

it('E-22 does not list again what a push during the listing explains', async () => {
  const { read, world, versions } = await list(series(43), (all, request) => {
    if (request === 5) all.unshift(version('new', { id: 99, created: 99_000 }))
  })
  expect(ids(versions)).toEqual(ids(world))
  expect(read).toHaveLength(11 + 1)
})

it('puts together what readings show that miss a row each', async () => {
  let readings = 0
  const all = series(9)
  const { versions } = await listOf(
    async page => {
      if (page === 1) readings++
      const whole = cut(all, page)
      return page === 2 ? { ...whole, versions: whole.versions.filter((_, row) => row !== readings) } : whole
    },
    async () => 9
  )
  expect(ids(versions).sort()).toEqual(ids(all).sort())
  expect(readings).toBe(3)
})

it('never gives a short list: four readings of which each shows more of what is old are an error', async () => {
  let readings = 0
  const all = series(12)
  const short = listOf(
    async page => {
      if (page === 3) readings++
      const whole = cut(all, page)
      return page === 3 ? { ...whole, versions: whole.versions.slice(0, readings) } : whole
    },
    async () => 20
  )
  await expect(short).rejects.toThrow(ExpectedError)
  await expect(short).rejects.toThrow('each of 4 attempts')
  expect(readings).toBe(4)
})

it('stops at once when a page fails, and gives that error', async () => {
  let read = 0
  const failed = listOf(
    async page => {
      read++
      await new Promise(setImmediate)
      if (page === 5) throw new Error('HTTP 502')
      return cut(series(400), page)
    },
    async () => 400
  )
  await expect(failed).rejects.toThrow('HTTP 502')
  expect(read).toBeLessThan(20)
})

it('follows a list that grew by a page, and one that does not say its last page', async () => {
  const all = series(9)
  const listing = await listOf(
    async page => ({ ...cut(all, page), last: page }),
    async () => 9
  )
  expect(ids(listing.versions)).toEqual(ids(all))
})

it('E-25 gives both rows of one digest', async () => {
  const twins = [version('a', { id: 2 }), version('b', { id: 3, digest: digestOf('a') })]
  expect(ids((await list(twins)).versions)).toEqual([2, 3])
})

it.each<[string, (number | undefined)[], boolean]>([
  ['falls', [3, 2, 2, 1], true],
  ['rises once', [3, 1, 2], false],
  ['has a gap', [3, undefined, 1], false]
])('says whether the order of creation %s', async (_, created, newestFirst) => {
  const rows = created.map((at, index) => version(`x${index}`, { created: at }))
  expect((await list(rows)).newestFirst).toBe(newestFirst)
})

it('law 3: has every version that was there all the time, whatever is pushed or deleted while it reads', async () => {
  // Pushes or deletions, not both: within the same two requests they can still cancel out.
  const changes = fc.boolean().chain(push =>
    fc.array(fc.record({ push: fc.constant(push), at: fc.integer({ min: 1, max: 30 }), row: fc.nat(30) }), {
      maxLength: 4
    })
  )
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 30 }), changes, async (n, changes) => {
      const gone = new Set<number>()
      let fresh = 1_000
      const listed = list(series(n), (world, request) => {
        for (const { push, at, row } of changes) {
          if (at !== request) continue
          if (push) world.unshift(version(`f${fresh}`, { id: fresh++, created: fresh * 1_000 }))
          else for (const version of world.splice(row, 1)) gone.add(version.id)
        }
      })
      const listing = await listed.catch(error => {
        expect(error).toBeInstanceOf(ExpectedError)
      })
      if (listing === undefined) return
      const found = new Set(ids(listing.versions))
      // One deletion and one push at the right moments can hide a row from a count: see the report's limits.
      const moves = changes.filter(({ push }) => !push).length
      if (moves === 0) for (const { id } of series(n)) expect(found.has(id)).toBe(true)
    }),
    runsOf(300)
  )
})
