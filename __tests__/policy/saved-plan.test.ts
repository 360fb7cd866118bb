import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Inventory, PackageVersion } from '../../src/model/package.ts'
import { buildGraph } from '../../src/policy/graph.ts'
import type { Policy } from '../../src/policy/rule.ts'
import { type Approved, applyApproved } from '../../src/policy/saved-plan.ts'
import { belongings, expectUnknownKept, neededBy } from '../helpers/laws.ts'
import { runsOf } from '../helpers/runs-of.ts'
import { inventories } from '../helpers/worlds.ts'

const NO_POLICY: Policy = { rules: [], grace: 0, ageFrom: 'newest' }

/** Whatever somebody approves, and whatever happens to the package before it is applied. */
const cases = fc.record({
  before: inventories(),
  approves: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
  changes: fc.array(fc.nat(9), { minLength: 40, maxLength: 40 }),
  keptNow: fc.array(fc.nat(9), { minLength: 40, maxLength: 40 })
})

const changed = (version: PackageVersion, change: number): PackageVersion =>
  change === 0 ? { ...version, tags: [...version.tags, 'landed'] } : version

/** What is broken was approved because it is. */
function approvalOf(inventory: Inventory, approves: readonly boolean[]): Approved {
  const { versions } = inventory
  const { states } = buildGraph(inventory)
  const planned = (version: PackageVersion, place: number) => ({
    version,
    why: 'untagged',
    brokenAs: states[place]
  })
  return {
    versions: new Map(versions.map((version, place) => [version.id, planned(version, place)])),
    deletions: new Set(versions.filter((_, place) => approves[place % 40]).map(({ id }) => id)),
    strips: new Map()
  }
}

it('applies only what was approved, nothing that changed or is kept now, and breaks nothing that stays', () => {
  fc.assert(
    fc.property(cases, ({ before, approves, changes, keptNow }) => {
      const approved = approvalOf(before, approves)
      const now = {
        ...before,
        versions: before.versions.map((version, place) => changed(version, changes[place % 40]!))
      }
      const kept = new Map(
        now.versions.filter((_, place) => keptNow[place % 40] === 0).map(({ id }) => [id, 'it is kept now'])
      )
      const { plan, skipped } = applyApproved(now, approved, kept, NO_POLICY)
      const deletions = plan.steps.filter(({ version }) => !skipped.has(version.id))
      const gone = new Set(deletions.map(({ version }) => version.digest))
      for (const { version } of deletions) {
        expect(approved.deletions).toContain(version.id)
        expect(before.versions).toContainEqual(version)
        expect(kept).not.toHaveProperty(String(version.id))
        expect(kept.has(version.id)).toBe(false)
      }
      const edges = [...belongings(now)].filter(([digest]) => !gone.has(digest))
      expect(edges.flatMap(([, ends]) => [...ends].filter(end => gone.has(end)))).toEqual([])
      const steps = new Set(plan.steps.map(({ version }) => version.id))
      expect(steps).toEqual(
        new Set(now.versions.map(({ id }) => id).filter(id => approved.deletions.has(id)))
      )
    }),
    runsOf(300)
  )
})

it('deletes all that was approved where nothing has changed and nothing that stays needs it', () => {
  fc.assert(
    fc.property(inventories(), before => {
      const { plan, skipped } = applyApproved(
        before,
        approvalOf(before, Array(40).fill(true)),
        new Map(),
        NO_POLICY
      )
      const unlisted = [...before.contents.keys()].filter(
        digest => !before.versions.some(version => version.digest === digest)
      )
      const needed = neededBy(before, unlisted)
      const free = before.versions.filter(({ digest }) => !needed.has(digest))
      expect(plan.steps).toHaveLength(before.versions.length)
      expect(free.filter(({ id }) => skipped.has(id) && unlisted.length === 0)).toEqual([])
    })
  )
})

it('E-23: leaves alone what could not be read, and what that could need', () => {
  fc.assert(
    fc.property(inventories({ unread: true }), before => {
      const { plan, skipped } = applyApproved(
        before,
        approvalOf(before, Array(40).fill(true)),
        new Map(),
        NO_POLICY
      )
      const goes = plan.steps.filter(({ version }) => !skipped.has(version.id))
      expectUnknownKept(before, new Set(goes.map(({ version }) => version.digest)))
    })
  )
})
