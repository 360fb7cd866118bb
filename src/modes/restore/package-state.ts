import { headsOf, ownershipOf } from '../../apply/tag-holders.ts'
import type { Context } from '../../context.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { Package } from '../../model/package.ts'
import { nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { count, formatDuration, some } from '../../util/format.ts'
import type { Order } from './orders.ts'
import type { PackageState, RestorePlan } from './restore-plan.ts'

/**
 * Finds out what is there of a package and what is not, and what of an order follows from that. Where something that is
 * named is unknown, no more is asked.
 */
export async function readState(
  pkg: Package,
  order: Order,
  context: Context
): Promise<{ readonly plan: RestorePlan; readonly state: PackageState }> {
  const listed = await stateOf(pkg, order, context)
  const plan = order.planFor(listed)
  if (plan.unknown.length > 0) return { plan, state: listed }
  const state = await withoutLingering(pkg, plan, listed, context)
  return { plan, state: { ...state, holders: await holdersOf(pkg, plan, context) } }
}

/** What was deleted shows in GitHub's list with a delay of so many milliseconds. */
const SHOWS_AFTER = 20_000

/** One look at the list of deleted versions may show too little, an older holder of a tag for one: only a report needs no second. */
async function stateOf(
  pkg: Package,
  { source }: Order,
  { packages, clock, log }: Context
): Promise<PackageState> {
  const { versions } = await packages.listVersions(pkg)
  const deleted = await packages.listDeleted(pkg, () => false)
  if (source === 'report') return { active: versions, deleted }
  log.info(
    `${pkg.name}: reading the list of deleted versions again in ${formatDuration(SHOWS_AFTER)}, because it may lag.`
  )
  await clock.sleep(SHOWS_AFTER)
  const again = await packages.listDeleted(pkg, () => false)
  return {
    active: versions,
    deleted: [...new Map([...deleted, ...again].map(row => [row.id, row])).values()]
  }
}

/** How many versions are asked for at once. */
const AT_ONCE = 8

/**
 * What was deleted may stand in the list and be served for a while, and not be listed as deleted yet. So of what need not
 * come back because it is there each is asked for: one denial is enough to send what does no harm to what is there.
 */
async function withoutLingering(
  pkg: Package,
  { steps }: RestorePlan,
  state: PackageState,
  { packages }: Context
): Promise<PackageState> {
  const wanted = new Set(steps.map(({ version }) => version.digest))
  const there = state.active.filter(({ digest }) => wanted.has(digest))
  const gone = await eachOf(there, AT_ONCE, async ({ id }) =>
    (await packages.version(pkg, id)).seen === undefined ? [id] : []
  )
  const lingering = new Set(gone.flat())
  return { ...state, active: state.active.filter(({ id }) => !lingering.has(id)) }
}

/** Where the registry has the tags that are to come back: a list may show them where they were before. */
async function holdersOf(
  pkg: Package,
  { tags }: RestorePlan,
  context: Context
): Promise<Map<string, Digest>> {
  const heads = await headsOf(pkg, [...tags.keys()], context)
  const holders = [...tags].flatMap(([tag, { digest }]) => {
    const head = heads.get(tag)
    // What is deleted may be served for a while.
    return head?.state === 'found' && head.digest !== digest ? [[tag, head.digest] as const] : []
  })
  return new Map(holders)
}

/** Tags that somebody else has by now: they are not taken away. Our own placeholder is nobody. */
export async function tagsElsewhere(
  pkg: Package,
  { tags }: RestorePlan,
  { active, holders }: PackageState,
  context: Context
): Promise<string[]> {
  const sentences: string[] = []
  for (const holder of active) {
    const taken = holder.tags.filter(
      tag =>
        (tags.get(tag)?.digest ?? holder.digest) !== holder.digest &&
        (holders?.get(tag) ?? holder.digest) === holder.digest
    )
    if (taken.length === 0) continue
    const { isPlaceholder, doubt } = await ownershipOf(pkg, taken, holder.digest, context)
    if (isPlaceholder) continue
    const why =
      doubt === undefined ? 'where somebody put it after the deletion' : `unless that is nobody's: ${doubt}`
    sentences.push(
      `The tag ${some(taken, 5)} stays on ${nameOf(holder)} (${shortDigest(holder.digest)}), ${why}.`
    )
  }
  return sentences
}

/** What of it was pushed again, where GitHub's list may hide which tags it had: a sentence. */
export function hiddenTags({ steps, reason }: RestorePlan, { active, deleted }: PackageState): string[] {
  if (reason.code === 'undo' || deleted.some(({ tags }) => tags.length > 0)) return []
  const ids = new Map(active.map(({ digest, id }) => [digest, id]))
  const again = steps.filter(({ version: { digest, id } }) => (ids.get(digest) ?? id) !== id)
  const [first] = again
  if (first === undefined) return []
  return [
    `${count(again.length, 'deleted version')} ${again.length === 1 ? 'was' : 'were'} pushed again, such as ${shortDigest(first.version.digest)}. ` +
      "GitHub's list shows no tag of any deleted version, so nobody can tell which they had: the report of the run that deleted them restores those."
  ]
}
