import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { KeepReason, Plan } from '../../src/model/decision.ts'
import { type Digest, isUserTag } from '../../src/model/digest.ts'
import type { Inventory } from '../../src/model/package.ts'
import { emptyUsage } from '../../src/model/usage.ts'
import { buildGraph } from '../../src/policy/graph.ts'
import { decide } from '../../src/policy/plan.ts'
import { belongings, deletedBy, deletionsOf, expectLaws, neededBy } from '../helpers/laws.ts'
import { plainDeleteRules, plainKeepRules, policyOf, ruleLists, settings } from '../helpers/policies.ts'
import { runsOf } from '../helpers/runs-of.ts'
import { inventories, NOW, worlds } from '../helpers/worlds.ts'

/** What holds for any package under any policy; a failure prints the seed to see it again with. */

const runs = runsOf(100)

const world = worlds()
const worldly = inventories()
const unreadable = inventories({ unread: true })

const verdicts = (plan: Plan): [Digest, string][] =>
  plan.decisions
    .map(({ version, verdict }): [Digest, string] => [version.digest, verdict])
    .sort(([a], [b]) => (a < b ? -1 : 1))

const isLastTagged = (plan: Plan): boolean => withReason(plan, 'last-tagged').length > 0

const withReason = (plan: Plan, ...codes: KeepReason['code'][]): Digest[] =>
  plan.decisions
    .filter(({ reasons }) => reasons.some(({ code }) => codes.some(one => one === code)))
    .map(({ version }) => version.digest)

/** What these need, and what describes any of it. */
const belongingTo = (inventory: Inventory, starts: readonly Digest[]): Set<Digest> => {
  const edges = belongings(inventory)
  const all = new Set(starts)
  for (const digest of all) for (const end of edges.get(digest) ?? []) all.add(end)
  return all
}

/** An image in another one: it takes a place of a keep clause only where the other goes. */
const hasTaggedChild = (inventory: Inventory): boolean =>
  inventory.versions.some(({ digest }) => {
    const needed = neededBy(inventory, [digest])
    return inventory.versions.some(
      one => one.digest !== digest && needed.has(one.digest) && one.tags.some(isUserTag)
    )
  })

/** What manifests of unknown kind mention. */
const mentionedIn = ({ contents }: Inventory): Digest[] =>
  [...contents.values()].flatMap(content =>
    content.state === 'read' && content.manifest.unknown !== undefined
      ? content.manifest.children.map(({ digest }) => digest)
      : []
  )

/** A circle that no tool writes: which of the two goes first is chance. */
const describesItsChild = ({ contents }: Inventory): boolean =>
  [...contents.values()].some(
    content =>
      content.state === 'read' &&
      content.manifest.children.some(({ digest }) => digest === content.manifest.subject)
  )

/** Nothing in it stands for itself: what is described may be in another package. */
const isStore = (inventory: Inventory): boolean => {
  const { nodes, stored } = buildGraph(inventory)
  return nodes.some((_, place) => stored(place) !== undefined)
}

const subset = (part: Set<Digest>, whole: Set<Digest>): Digest[] =>
  [...part].filter(digest => !whole.has(digest))

/** The package as it is once these steps are done; what is not listed stays as it is. */
function carriedOut(inventory: Inventory, steps: Plan['steps']): Inventory {
  const gone = new Set(steps.flatMap(step => (step.action === 'delete' ? [step.version.digest] : [])))
  const stripped = new Map<Digest, string[]>()
  for (const step of steps) {
    if (step.action === 'untag') {
      stripped.set(step.version.digest, [...(stripped.get(step.version.digest) ?? []), step.tag])
    }
  }
  return {
    ...inventory,
    versions: inventory.versions
      .filter(({ digest }) => !gone.has(digest))
      .map(version => ({
        ...version,
        tags: version.tags.filter(tag => !stripped.get(version.digest)?.includes(tag))
      })),
    contents: new Map(
      [...inventory.contents].map(([digest, content]) => [
        digest,
        gone.has(digest) ? { state: 'missing' } : content
      ])
    )
  }
}

/** Tags, and what of what they need is there. */
function pullable(inventory: Inventory): Map<string, Set<Digest>> {
  const there = (digest: Digest): boolean =>
    (inventory.contents.get(digest)?.state ?? 'missing') !== 'missing'
  return new Map(
    inventory.versions.flatMap(({ digest, tags }) =>
      tags.map((tag): [string, Set<Digest>] => [
        `${digest} ${tag}`,
        new Set([...neededBy(inventory, [digest])].filter(there))
      ])
    )
  )
}

function expectNothingBroke(before: Inventory, now: Inventory): void {
  const had = pullable(before)
  for (const [tag, has] of pullable(now)) {
    expect({ tag, lost: subset(had.get(tag) ?? new Set(), has) }).toEqual({ tag, lost: [] })
  }
}

describe('of any package under any policy', () => {
  test('every version gets one verdict with a reason, what stays stays whole, and parents go first (T-04, T-32)', () => {
    fc.assert(
      fc.property(worldly, ruleLists, settings, world, (inventory, rules, defaults, asked) => {
        expectLaws(inventory, decide(inventory, policyOf(rules, defaults), asked, NOW))
      }),
      runs
    )
  })

  test('E-23: what is unread stays, with all that it could need (T-03)', () => {
    fc.assert(
      fc.property(unreadable, ruleLists, world, (inventory, rules, asked) => {
        const plan = decide(inventory, policyOf(rules), asked, NOW)
        expectLaws(inventory, plan)
        const unread = [...inventory.contents]
          .filter(([, { state }]) => state === 'unread')
          .map(([digest]) => digest)
        expect(plan.unread.map(({ digest }) => digest).toSorted()).toEqual(unread.toSorted())
      }),
      runs
    )
  })

  test('neither the order of the rules nor that of the versions matters', () => {
    fc.assert(
      fc.property(worldly, ruleLists, settings, world, (inventory, rules, defaults, asked) => {
        const plan = decide(inventory, policyOf(rules, defaults), asked, NOW)
        const reversed = policyOf(rules.toReversed(), defaults)
        const turned = {
          ...inventory,
          versions: inventory.versions.toReversed(),
          contents: new Map([...inventory.contents].toReversed())
        }
        const other = decide(turned, reversed, asked, NOW)
        expect(verdicts(other)).toEqual(verdicts(plan))
        expect(new Set(other.steps.map(({ version }) => version.id))).toEqual(
          new Set(plan.steps.map(({ version }) => version.id))
        )
      }),
      runs
    )
  })

  test('a keep rule only shrinks what goes', () => {
    fc.assert(
      fc.property(worldly, ruleLists, plainKeepRules, world, (inventory, rules, keep, asked) => {
        const plan = decide(inventory, policyOf(rules), asked, NOW)
        const fewer = decide(inventory, policyOf([...rules, keep]), asked, NOW)
        if (isLastTagged(plan)) return
        expect(subset(deletedBy(fewer), deletedBy(plan))).toEqual([])
      }),
      runs
    )
  })

  test('a plain delete rule only grows what goes', () => {
    fc.assert(
      fc.property(worldly, ruleLists, plainDeleteRules, world, (inventory, rules, more, asked) => {
        const plan = decide(inventory, policyOf(rules), asked, NOW)
        const grown = decide(inventory, policyOf([...rules, more]), asked, NOW)
        if (isLastTagged(grown)) return
        expect(subset(deletedBy(plan), deletedBy(grown))).toEqual([])
      }),
      runs
    )
  })

  test('what a keep rule matches is kept, exactly as it is', () => {
    fc.assert(
      fc.property(worldly, ruleLists, world, (inventory, rules, asked) => {
        const keep = { action: 'keep', match: { tags: ['v*', 'latest'] } }
        const plan = decide(inventory, policyOf([...rules, keep]), asked, NOW)
        for (const decision of plan.decisions) {
          if (!decision.version.tags.some(tag => tag === 'latest' || tag.startsWith('v'))) continue
          expect(decision).toMatchObject({ verdict: 'keep', untag: [] })
        }
      }),
      runs
    )
  })

  test('after any step, and with any step refused, every tag that is left can be pulled as before (T-32, T-33)', () => {
    fc.assert(
      fc.property(
        worldly,
        ruleLists,
        settings,
        world,
        fc.nat(),
        (inventory, rules, defaults, asked, pick) => {
          const plan = decide(inventory, policyOf(rules, defaults), asked, NOW)
          plan.steps.forEach((_, index) => {
            expectNothingBroke(inventory, carriedOut(inventory, plan.steps.slice(0, index + 1)))
          })
          const steps = deletionsOf(plan)
          const refused = new Set(
            steps
              .slice(pick % (steps.length + 1))
              .slice(0, 1)
              .map(({ version }) => version.digest)
          )
          for (const { version, after } of steps) {
            if (after.some(parent => refused.has(parent))) refused.add(version.digest)
          }
          const done = steps.filter(({ version }) => !refused.has(version.digest))
          expectNothingBroke(inventory, carriedOut(inventory, done))
        }
      ),
      runs
    )
  })

  test('a second run straight after the first finds nothing to do', () => {
    fc.assert(
      fc.property(worldly, ruleLists, settings, world, (inventory, rules, defaults, asked) => {
        const policy = policyOf(rules, defaults)
        const plan = decide(inventory, policy, asked, NOW)
        // What an index owned is only mentioned once that went, and stays: then another one is the last with a tag.
        if (isLastTagged(plan) && mentionedIn(inventory).length > 0) return
        const again = decide(carriedOut(inventory, plan.steps), policy, asked, NOW)
        expect(again.steps).toEqual([])
      }),
      runs
    )
  })

  test('E-29: a budget takes whole groups in the order of the plan, passes over what is more, and decides nothing', () => {
    fc.assert(
      fc.property(worldly, ruleLists, fc.integer({ min: 1, max: 4 }), (inventory, rules, budget) => {
        const whole = decide(inventory, policyOf(rules), emptyUsage, NOW)
        const first = decide(inventory, policyOf(rules, { 'deletions-per-run': budget }), emptyUsage, NOW)
        expect(first.decisions).toEqual(whole.decisions)
        const done = deletionsOf(first)
        const due = deletionsOf(whole)
        expect(done.length).toBeLessThanOrEqual(budget)
        const roots = new Set(done.map(({ root }) => root))
        expect(done).toEqual(due.filter(({ root }) => roots.has(root)))
        const gone = new Set(done.map(({ version }) => version.digest))
        expect(done.flatMap(({ after }) => after.filter(digest => !gone.has(digest)))).toEqual([])
        expect(first.left).toBe(due.length - done.length)
        const size = (root: Digest) => due.filter(step => step.root === root).length
        expect(first.stuck?.deletions).toBe(due.map(({ root }) => size(root)).find(most => most > budget))
        if (first.stuck === undefined) expect(done).toEqual(due.slice(0, done.length))
        if (due.length > 0 && done.length === 0) expect(first.stuck).toBeDefined()
      }),
      runs
    )
  })

  test('runs within a budget come, one after the other, to where one run without it comes', () => {
    fc.assert(
      fc.property(worldly, ruleLists, fc.integer({ min: 1, max: 4 }), (inventory, rules, budget) => {
        const whole = decide(inventory, policyOf(rules), emptyUsage, NOW)
        const policy = policyOf(rules, { 'deletions-per-run': budget })
        const deleted = new Set<Digest>()
        let now = inventory
        for (let plan = decide(now, policy, emptyUsage, NOW); ; plan = decide(now, policy, emptyUsage, NOW)) {
          for (const { version } of deletionsOf(plan)) deleted.add(version.digest)
          // E-11: once nothing but referrers is left, it could be a store of them, and each run sees another world.
          if (plan.stuck !== undefined || isStore(now) || describesItsChild(now)) return
          if (plan.steps.length === 0) {
            // Once a third image is gone, an index may have the place of its tagged child: then the child needs none.
            const ranked = hasTaggedChild(inventory) ? withReason(plan, 'newest', 'bucket') : []
            // What an index owned is only mentioned once that index went before the manifest of unknown kind.
            const stays = belongingTo(now, [...ranked, ...mentionedIn(inventory)])
            const left = subset(deletedBy(whole), deleted)
            expect(left.filter(digest => !stays.has(digest))).toEqual([])
            // Which one stays for being the last with a tag depends on which others are seen.
            const freed = withReason(whole, 'last-tagged')
            expect(subset(deleted, deletedBy(whole)).filter(digest => !freed.includes(digest))).toEqual([])
            return
          }
          now = carriedOut(now, plan.steps)
        }
      }),
      runs
    )
  })

  test('the same arguments give the same plan, and none of them is changed', () => {
    fc.assert(
      fc.property(worldly, ruleLists, world, (inventory, rules, asked) => {
        const policy = policyOf(rules)
        const copy = structuredClone(inventory)
        const plan = decide(inventory, policy, asked, NOW)
        expect(decide(copy, policyOf(rules), asked, NOW)).toEqual(plan)
        expect(inventory).toEqual(copy)
      }),
      runs
    )
  })
})
