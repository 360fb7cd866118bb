import { expect } from '@jest/globals'
import type { Plan, Step } from '../../src/model/decision.ts'
import { type Digest, describedBy, referrerTag } from '../../src/model/digest.ts'
import type { Inventory } from '../../src/model/package.ts'

/**
 * The laws that every plan obeys, read off the inventory itself: nothing in here uses the policy's own graph.
 */

type Deletion = Step & { action: 'delete' }

export function deletionsOf(plan: Plan): Deletion[] {
  return plan.steps.filter(step => step.action === 'delete')
}

export function deletedBy(plan: Plan): Set<Digest> {
  return new Set(
    plan.decisions.flatMap(({ verdict, version }) => (verdict === 'delete' ? [version.digest] : []))
  )
}

/** What a manifest needs and what describes it, one edge away. */
export function belongings(inventory: Inventory): Map<Digest, Set<Digest>> {
  const there = [...inventory.contents].filter(([, { state }]) => state !== 'missing')
  const known = new Set([
    ...inventory.versions.map(({ digest }) => digest),
    ...there.map(([digest]) => digest)
  ])
  const edges = new Map([...known].map(digest => [digest, new Set<Digest>()]))
  const byTag = new Map([...known].map(digest => [referrerTag(digest), digest]))
  const link = (from: Digest | undefined, to: Digest): void => {
    if (from !== undefined && from !== to && known.has(to)) edges.get(from)?.add(to)
  }
  for (const { digest, tags } of inventory.versions) {
    for (const tag of tags) link(byTag.get(describedBy(tag) ?? ''), digest)
  }
  for (const [digest, content] of inventory.contents) {
    if (content.state !== 'read') continue
    link(content.manifest.subject, digest)
    for (const child of content.manifest.children) {
      link(digest, child.digest)
    }
  }
  return edges
}

/** Everything that one of the manifests needs to be pulled, to any depth. */
export function neededBy(inventory: Inventory, starts: Iterable<Digest>): Set<Digest> {
  const needed = new Set(starts)
  for (const digest of needed) {
    const content = inventory.contents.get(digest)
    if (content?.state !== 'read') continue
    for (const child of content.manifest.children) needed.add(child.digest)
  }
  return needed
}

/** Laws 2, 3, 4 and 7 on one plan. */
export function expectLaws(inventory: Inventory, plan: Plan): void {
  const deleted = deletedBy(plan)
  expect(plan.decisions.map(({ version }) => version)).toEqual(inventory.versions)
  expect(plan.decisions.filter(({ reasons }) => reasons.length === 0)).toEqual([])
  const lost = [...belongings(inventory)].flatMap(([digest, edges]) =>
    deleted.has(digest)
      ? []
      : [...edges].filter(end => deleted.has(end)).map(end => ({ kept: digest, lost: end }))
  )
  expect(lost).toEqual([])
  expectInterruptible(inventory, plan)
  expectUnknownKept(inventory, deleted)
  expectLastTagStays(inventory, deleted)
}

/** What could not be read stays, and so does all that it could name: what was pushed no later. */
export function expectUnknownKept({ versions, contents }: Inventory, deleted: ReadonlySet<Digest>): void {
  const isUnread = ({ digest }: { digest: Digest }) => contents.get(digest)?.state === 'unread'
  for (const unread of versions.filter(isUnread)) {
    const older = versions.filter(
      ({ created }) => (created ?? 0) <= (unread.created ?? Number.POSITIVE_INFINITY)
    )
    const isLeaf = [...contents.values()].some(
      content =>
        content.state === 'read' &&
        content.manifest.children.some(
          child => child.digest === unread.digest && child.describes !== undefined
        )
    )
    const kept = isLeaf ? [unread] : [unread, ...older]
    expect(kept.filter(({ digest }) => deleted.has(digest))).toEqual([])
  }
}

/** After any step, everything that is left is as whole as it was; `after` names what must have gone before. */
function expectInterruptible(inventory: Inventory, plan: Plan): void {
  const gone = new Set<Digest>()
  const parents = new Map<Digest, Digest[]>()
  for (const [digest, content] of inventory.contents) {
    if (content.state !== 'read') continue
    for (const child of content.manifest.children) {
      if (child.digest !== digest) parents.set(child.digest, [...(parents.get(child.digest) ?? []), digest])
    }
  }
  const early: object[] = []
  for (const { version, after, root } of deletionsOf(plan)) {
    const before = parents.get(version.digest) ?? []
    const unnamed = before.filter(parent => !after.includes(parent))
    const left = [...before, ...after, root].filter(digest => digest !== version.digest && !gone.has(digest))
    if (unnamed.length + left.length > 0) early.push({ step: version.digest, unnamed, left })
    gone.add(version.digest)
  }
  expect(early).toEqual([])
}

function expectLastTagStays({ versions }: Inventory, deleted: ReadonlySet<Digest>): void {
  const tagged = versions.filter(({ tags }) => tags.length > 0)
  if (tagged.length > 0) expect(tagged.some(({ digest }) => !deleted.has(digest))).toBe(true)
}
