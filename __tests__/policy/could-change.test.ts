import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { emptyUsage } from '../../src/model/usage.ts'
import { couldChange } from '../../src/policy/could-change.ts'
import { decide } from '../../src/policy/plan.ts'
import { deletionsOf } from '../helpers/laws.ts'
import { packageOf } from '../helpers/package.ts'
import { policyOf, ruleLists, settings } from '../helpers/policies.ts'
import { runsOf } from '../helpers/runs-of.ts'
import { inventories, NOW, worlds } from '../helpers/worlds.ts'

const runs = runsOf(400)

describe('couldChange', () => {
  test('what could not be changed by anything unread is not changed, whatever the manifests say', () => {
    let spared = 0
    fc.assert(
      fc.property(
        inventories({ size: 10 }),
        ruleLists,
        settings,
        worlds(),
        (inventory, rules, defaults, world) => {
          const policy = policyOf(rules.slice(0, 2), defaults)
          if (couldChange(inventory.package, inventory.versions, policy, world, NOW)) return
          spared++
          const plan = decide(inventory, policy, world, NOW)
          expect(plan.steps).toEqual([])
          expect(deletionsOf(plan)).toEqual([])
        }
      ),
      runs
    )
    // The property says nothing where everything could change.
    expect(spared).toBeGreaterThan(runs.numRuns / 20)
  })

  test('a version that stays only because it is the last with a tag could go, once others stay', () => {
    const { package: pkg, versions } = packageOf({ only: { tags: ['x'] } })
    const policy = policyOf([{ action: 'delete', match: { tags: 'x' } }])
    expect(couldChange(pkg, versions, policy, emptyUsage, NOW)).toBe(true)
  })

  test('rules that ask the manifests themselves, or strip tags, are never settled without them', () => {
    const pkg = { ...fc.sample(inventories(), 1)[0]! }.package
    const could = (match: object, more: object = {}) =>
      couldChange(pkg, [], policyOf([{ action: 'delete', match, ...more }]), emptyUsage, NOW)
    expect(could({ state: 'ghost' })).toBe(true)
    expect(could({ tags: 'x*', kind: 'cache' })).toBe(true)
    expect(could({ tags: 'x*', labels: { team: 'a*' } })).toBe(true)
    expect(could({ tags: 'x*' }, { untag: true })).toBe(true)
    expect(could({ tags: 'x*' })).toBe(false)
  })
})
