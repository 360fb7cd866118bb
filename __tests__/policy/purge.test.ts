import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ExpectedError } from '../../src/errors.ts'
import { type Digest, isUserTag } from '../../src/model/digest.ts'
import type { Content, Inventory } from '../../src/model/package.ts'
import { decidePurge, type Purge } from '../../src/policy/purge.ts'
import { deletedBy, expectUnknownKept, neededBy } from '../helpers/laws.ts'
import { digestOf } from '../helpers/make.ts'
import { packageOf } from '../helpers/package.ts'
import { runsOf } from '../helpers/runs-of.ts'
import { inventories } from '../helpers/worlds.ts'

function purgeOf(inventory: Inventory, names: readonly string[]): Purge | undefined {
  try {
    return decidePurge(inventory, names)
  } catch (error) {
    if (error instanceof ExpectedError) return undefined
    throw error
  }
}

const cases = fc.record({
  inventory: inventories(),
  picks: fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 4 })
})

it('purges all that is named or says why not, and never what a remaining image needs', () => {
  let purged = 0
  fc.assert(
    fc.property(cases, ({ inventory, picks }) => {
      const named = picks
        .map(pick => inventory.versions[pick % Math.max(1, inventory.versions.length)]?.digest)
        .filter(digest => digest !== undefined)
      const purge = purgeOf(inventory, named)
      if (purge === undefined) return
      const { plan, refused } = purge
      const gone = deletedBy(plan)
      const isRefused = (digest: string) => refused.some(sentence => sentence.startsWith(`"${digest}"`))
      for (const digest of named) expect([digest, gone.has(digest)]).toEqual([digest, !isRefused(digest)])
      const stays = [...inventory.versions, ...plan.decisions.map(({ version }) => version)].filter(
        ({ digest }) => !gone.has(digest)
      )
      const needed = neededBy(
        inventory,
        stays.map(({ digest }) => digest)
      )
      expect([...gone].filter(digest => needed.has(digest))).toEqual([])
      const others = plan.decisions.filter(
        ({ version: { digest, tags } }) => gone.has(digest) && !named.includes(digest) && tags.some(isUserTag)
      )
      expect(others).toEqual([])
      expect(new Set(plan.steps.map(({ version }) => version.digest))).toEqual(gone)
      purged += gone.size
    }),
    runsOf(500)
  )
  expect(purged).toBeGreaterThan(100)
})

it('E-23: what is named goes whatever cannot be read, and of its parts only those that nothing unread may need', () => {
  fc.assert(
    fc.property(inventories({ unread: true }), inventory => {
      const named = inventory.versions.slice(0, 1).map(({ digest }) => digest)
      const purge = purgeOf(inventory, named)
      if (purge === undefined || purge.refused.length > 0) return
      const { plan } = purge
      const gone = new Set(plan.steps.map(({ version }) => version.digest))
      expect(named.filter(digest => !gone.has(digest))).toEqual([])
      const parts = inventory.versions.filter(({ digest }) => !named.includes(digest))
      // What goes needs nothing, read or not.
      const contents = new Map<Digest, Content>(
        [...inventory.contents].map(([digest, content]) =>
          gone.has(digest) && content.state === 'unread' ? [digest, { state: 'missing' }] : [digest, content]
        )
      )
      expectUnknownKept({ ...inventory, versions: parts, contents }, gone)
    })
  )
})

it('keeps a part without a date of what is named, because something that cannot be read may need it', () => {
  const inventory = packageOf({
    named: { tags: ['x'], age: 5, children: ['dated', 'undated'] },
    dated: { age: 5 },
    undated: { undated: true },
    unread: { tags: ['y'], age: 9, state: 'unread' }
  })
  const gone = deletedBy(decidePurge(inventory, ['x']).plan)
  expect([...gone].sort()).toEqual(['named', 'dated'].map(digestOf).sort())
})

it('E-23: what goes itself and cannot be read holds nothing back', () => {
  const inventory = packageOf({
    v1: { tags: ['v1'] },
    unread: { tags: ['x'], state: 'unread' },
    named: { tags: ['y'], children: ['part'] },
    part: {}
  })
  const { plan, refused } = decidePurge(inventory, ['x', 'y'])
  expect([refused, deletedBy(plan)]).toEqual([[], new Set(['unread', 'named', 'part'].map(digestOf))])
})

it('a name that means two versions is refused: a version id that is a tag of another', () => {
  const inventory = packageOf({ first: { tags: ['v1'] }, second: { tags: ['1'] }, third: { tags: ['v3'] } })
  const { plan, refused } = decidePurge(inventory, ['1'])
  expect(refused).toEqual([expect.stringContaining('"1" means 2 versions')])
  expect(plan.steps).toEqual([])
})
