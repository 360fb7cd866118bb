import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { Package } from '../../model/package.ts'
import { nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { formatDuration } from '../../util/format.ts'
import type { Order } from './orders.ts'
import type { PackageState, RestorePlan } from './restore-plan.ts'
import { isOwnPlaceholder } from './settle-tags.ts'

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
  return { plan, state: { ...state, ...(await holdersOf(pkg, plan, context)) } }
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
  { registry }: Context
): Promise<Required<Pick<PackageState, 'holders' | 'unasked'>>> {
  const holders = new Map<string, Digest>()
  const unasked = new Map<string, string>()
  await eachOf([...tags], AT_ONCE, async ([tag, { digest }]) => {
    const head = await orFailure(() => registry.headTag(repositoryOf(pkg), tag))
    if ('problem' in head) unasked.set(tag, head.sentence)
    else if (head.state === 'unread') unasked.set(tag, `${head.cause}.`)
    // What is deleted may be served for a while.
    else if (head.state === 'found' && head.digest !== digest) holders.set(tag, head.digest)
  })
  return { holders, unasked }
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
    if (taken.length === 0 || (await isOwnPlaceholder(pkg, holder.digest, context))) continue
    for (const tag of taken) {
      sentences.push(
        `The tag ${tag} stays on ${nameOf(holder)} (${shortDigest(holder.digest)}), where somebody put it after the deletion.`
      )
    }
  }
  return sentences
}
