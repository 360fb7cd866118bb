import { describe, expect, test } from '@jest/globals'
import type { Inventory } from '../../src/model/package.ts'
import { emptyUsage } from '../../src/model/usage.ts'
import { decide } from '../../src/policy/plan.ts'
import { decidePurge } from '../../src/policy/purge.ts'
import { packageOf } from '../helpers/package.ts'
import { policyOf } from '../helpers/policies.ts'
import { NOW } from '../helpers/worlds.ts'

/** E-25: what is odd about one row of GitHub's list stops that version, and not its package. */

const RULES = [
  { action: 'delete', match: { tags: 'pr-*' } },
  { action: 'delete', match: { untagged: true }, 'keep-at-least': 1 }
]

const usual = packageOf({
  v1: { tags: ['v1'] },
  old: { tags: ['pr-1'], children: ['part'] },
  part: {},
  odd: { age: 80 },
  spare: { age: 85 },
  goes: { age: 89 }
})

/** One row twice, under two ids. */
function withTwin(inventory: Inventory, id: number): Inventory {
  const versions = inventory.versions.flatMap(version =>
    version.id === id ? [version, { ...version, id: 99 }] : [version]
  )
  return { ...inventory, versions }
}

const gone = (inventory: Inventory): number[] =>
  decide(inventory, policyOf(RULES), emptyUsage, NOW).steps.map(({ version }) => version.id)

describe('E-25', () => {
  test('two rows of one digest: both stay, the rest goes on, and a purge of the digest is the way out', () => {
    expect(gone(usual)).toEqual([2, 3, 6, 5])
    const twins = withTwin(usual, 4)
    const plan = decide(twins, policyOf(RULES), emptyUsage, NOW)
    expect(plan.steps.map(({ version }) => version.id)).not.toContain(4)
    expect(plan.steps.map(({ version }) => version.id)).not.toContain(99)
    expect(plan.steps.length).toBeGreaterThan(0)
    expect(plan.unread).toMatchObject([
      { cause: 'GitHub lists its digest twice' },
      { cause: 'GitHub lists its digest twice' }
    ])
    const { plan: purge } = decidePurge(twins, [twins.versions[3]!.digest])
    expect(purge.steps.map(({ version }) => version.id).sort()).toEqual([4, 99])
  })

  test('two rows of a platform: both stay with the image, and neither takes a slot', () => {
    const twins = withTwin(usual, 3)
    expect(gone(twins)).not.toContain(3)
    expect(gone(twins)).not.toContain(99)
  })

  test('a row that does not say its tags stays, and the rest goes on', () => {
    const versions = usual.versions.map(one =>
      one.id === 2 ? { ...one, tags: [], tagsUnknown: true as const } : one
    )
    const plan = decide({ ...usual, versions }, policyOf(RULES), emptyUsage, NOW)
    expect(plan.steps.map(({ version }) => version.id)).toEqual([6, 5])
    expect(plan.unread).toMatchObject([{ cause: 'GitHub does not say which tags it has' }])
  })
})
