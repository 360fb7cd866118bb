import { expect, test } from '@jest/globals'
import { emptyUsage } from '../../src/model/usage.ts'
import { explainVersion } from '../../src/policy/explain-version.ts'
import { digestOf } from '../helpers/make.ts'
import { packageOf, planFor } from '../helpers/package.ts'
import { policyOf } from '../helpers/policies.ts'
import { NOW } from '../helpers/worlds.ts'

test('a part that stays because something unread may need it is part of its image still, and no rule matches it', () => {
  const manifests = {
    index: { tags: ['sha-1'], age: 60, children: ['part'] },
    part: { age: 60 },
    unread: { tags: ['v1'], age: 50, state: 'unread' }
  } as const
  const policy = policyOf([
    { action: 'delete', match: { tags: 'sha-*' } },
    { action: 'delete', match: { untagged: true } }
  ])
  const inventory = packageOf(manifests)
  const plan = planFor(manifests, policy)
  const [{ decision, rules } = {}] = explainVersion(
    digestOf('part'),
    plan,
    inventory,
    policy,
    emptyUsage,
    NOW
  )
  expect(decision?.reasons[0]).toMatchObject({ code: 'child', of: 'sha-1' })
  expect(rules).toEqual([
    { rule: 'rule 1', action: 'delete', mismatch: 'part', keeps: [], deletes: [] },
    { rule: 'rule 2', action: 'delete', mismatch: 'part', keeps: [], deletes: [] }
  ])
})
