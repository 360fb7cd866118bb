import { headsOf } from '../../apply/tags/tag-heads.ts'
import { ownershipOf } from '../../apply/tags/tag-holders.ts'
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
  const heads = await headsOf(pkg, [...plan.tags.keys()], context)
  return { plan, state: { ...state, heads } }
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

/** Tags that are to come back, and that somebody else seems to have. */
export interface Elsewhere {
  readonly tags: readonly string[]
  /** Undefined where GitHub and the registry contradict each other. */
  readonly holder: Digest | undefined
  readonly sentence: string
}

/** Tags that somebody else has by now: they are not taken away. Our own placeholder is nobody. */
export async function tagsElsewhere(
  pkg: Package,
  plan: RestorePlan,
  state: PackageState,
  context: Context
): Promise<Elsewhere[]> {
  const rows = new Map(state.active.map(row => [row.digest, row]))
  const name = (digest: Digest): string => {
    const row = rows.get(digest)
    return row === undefined ? shortDigest(digest) : `${nameOf(row)} (${shortDigest(digest)})`
  }
  const found: Elsewhere[] = []
  const elsewhere = holdersOf(plan, state, name)
  for (const ones of Map.groupBy(elsewhere, one => one.contradiction ?? one.holder).values()) {
    const [{ holder, contradiction }] = ones as [Held]
    const tags = ones.map(({ tag }) => tag)
    const { isPlaceholder, doubt } = await ownershipOf(pkg, tags, holder, context)
    if (isPlaceholder) continue
    const why =
      doubt === undefined ? 'where somebody put it after the deletion' : `unless that is nobody's: ${doubt}`
    found.push(
      contradiction === undefined
        ? { tags, holder, sentence: `The tag ${some(tags, 5)} stays on ${name(holder)}, ${why}.` }
        : {
            tags,
            holder: undefined,
            sentence: `The tag ${some(tags, 5)} is left where it is: ${contradiction}.`
          }
    )
  }
  return found
}

/** One of them. */
interface Held {
  readonly tag: string
  readonly holder: Digest
  /** What GitHub and the registry say where they contradict each other, so that nobody can tell: a phrase. */
  readonly contradiction?: string
}

function holdersOf(
  { tags, steps }: RestorePlan,
  { active, heads }: PackageState,
  name: (digest: Digest) => string
): Held[] {
  const there = new Set(active.map(({ digest }) => digest))
  // What is deleted may be served for a while.
  const going = new Set(steps.map(({ version: { digest } }) => digest)).difference(there)
  const others = active.flatMap(row => row.tags.map(tag => [tag, row.digest] as const))
  const rows = new Map(others.filter(([tag, digest]) => tags.get(tag)?.digest !== digest))
  return [...tags].flatMap(([tag, { digest }]): Held[] => {
    const row = rows.get(tag)
    const head = heads?.get(tag)
    const on =
      head?.state === 'found' && head.digest !== digest && !going.has(head.digest) ? head.digest : undefined
    if (row === undefined) {
      if (on === undefined) return []
      const contradiction = `the registry has it on ${name(on)}, and GitHub does not list it there`
      return [there.has(on) ? { tag, holder: on, contradiction } : { tag, holder: on }]
    }
    if (on === row || head === undefined || head.state === 'unread') return [{ tag, holder: row }]
    const registry = on === undefined ? 'does not' : `has it on ${name(on)}`
    return [
      { tag, holder: row, contradiction: `GitHub lists it on ${name(row)}, and the registry ${registry}` }
    ]
  })
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
