import type { Context } from '../context.ts'
import { findTags } from '../inventory/evidence.ts'
import { gitHubDenies, registryDenies } from '../inventory/gone.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Digest } from '../model/digest.ts'
import type { Package } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import { count } from '../util/format.ts'
import type { Done } from './earlier.ts'
import type { Arrival, SecondLook } from './second-look.ts'

/** How many tags are looked up. */
const MOST = 100
/** How many are asked for at once. */
const AT_ONCE = 8

/** What became of tags that stood on what stays. */
export interface Whereabouts {
  readonly nowhere: readonly string[]
  /** Why more of them may stand nowhere: a phrase; undefined when each was found. */
  readonly unread: string | undefined
}

/**
 * Tags that stood on what stays and stand on nothing now, though the version that had them is there. GitHub's list may
 * have been late, and a tag have moved to what was deleted; where GitHub hides the tags of that, nothing else shows it.
 * The registry's list may be late as well, so a tag that its version has lost is asked for whatever that list says.
 *
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function tagsNowhere(
  { plan, loaded, outcomes }: Done,
  { arrivals, tagsTaken }: Pick<SecondLook, 'arrivals' | 'tagsTaken'>,
  context: Context
): Promise<Whereabouts> {
  const { registry, clock } = context
  const repository = repositoryOf(plan.package)
  const list = await registry.listTags(repository)
  if (list.state === 'unread') return { nowhere: [], unread: list.cause }
  const known = new Set(list.state === 'read' ? list.tags : [])
  const holders = new Map<string, Arrival>()
  const tried = new Set(outcomes.map(({ step }) => (step.action === 'untag' ? step.tag : step.version.id)))
  const { versions, contents, unlisted = new Map<Digest, readonly string[]>() } = loaded.inventory
  const shown = [...unlisted].map(([digest, tags]) => ({ digest, tags }))
  for (const holder of [...arrivals, ...shown, ...versions]) {
    const isTried = 'id' in holder && holder.id !== undefined && tried.has(holder.id)
    if (isTried || contents.get(holder.digest)?.state === 'unread') continue
    for (const tag of holder.tags) {
      if (!tried.has(tag) && (!known.has(tag) || tagsTaken.has(tag))) holders.set(tag, holder)
    }
  }
  const heads = await findTags(registry, repository, [...holders.keys()].slice(0, MOST), clock)
  const denied = [...heads].flatMap(([tag, { state }]) => (state === 'missing' ? [tag] : []))
  const nowhere = await eachOf(denied, AT_ONCE, async tag => {
    const holder = holders.get(tag)
    // What somebody else deleted took its tags along.
    return holder === undefined || (await isGone(plan.package, holder, context)) ? [] : [tag]
  })
  const unasked = holders.size - heads.size
  const [doubt] = [...heads].flatMap(([tag, head]) =>
    head.state === 'unread' ? [`${tag} could not be asked for: ${head.cause}`] : []
  )
  const unread = unasked > 0 ? `its list lacks ${count(unasked, 'more tag')} than were asked for` : doubt
  return { nowhere: nowhere.flat(), unread }
}

function isGone(pkg: Package, { id, digest }: Arrival, context: Context): Promise<boolean> {
  return id === undefined ? registryDenies(pkg, digest, context) : gitHubDenies(pkg, id, context)
}
