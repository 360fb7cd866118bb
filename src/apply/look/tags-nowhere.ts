import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { findTags } from '../../inventory/evidence.ts'
import { gitHubDenies, registryDenies } from '../../inventory/gone.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { newestOf } from '../../inventory/newest.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { TagHead } from '../../registry/read.ts'
import { eachOf, once } from '../../util/concurrency.ts'
import { count } from '../../util/format.ts'
import type { Done } from '../done.ts'

/** A version that nobody knew before; without an id where only the registry tells of it. */
export type Arrival = Pick<PackageVersion, 'digest' | 'tags'> & Partial<Pick<PackageVersion, 'id'>>

/** Tags that versions have lost, as GitHub's rows show, with the digests of those. */
export type Taken = ReadonlyMap<string, ReadonlySet<Digest>>

/** How many tags are looked up, and how many more where the registry's list is late: a HEAD costs no quota. */
const MOST = 100
const MOST_UNSEEN = 2_000
/** How many are asked for at once. */
const AT_ONCE = 8

/** What tells of tags that may stand nowhere. */
interface Doubted {
  /** The newest versions of GitHub's list. */
  readonly seen: readonly PackageVersion[]
  readonly arrivals: readonly Arrival[]
  readonly taken: Taken
  /** Those that the registry denies. */
  readonly denied: readonly string[]
}

/**
 * Tags that stood on what stays and stand on nothing now, though the version that had them is there. GitHub's list may
 * have been late, and a tag have moved to what was deleted; where GitHub hides the tags of that, nothing else shows it.
 * The registry's list may be late as well, so a tag that its version has lost is asked for whatever that list says; and
 * where that list still has tags that this run took away, so are those of rows that nobody looked at again.
 *
 * @returns `unread` is a phrase that says why more of them may stand nowhere; undefined when each was found
 */
export async function tagsNowhere(
  { plan, loaded, outcomes }: Done,
  { arrivals, taken, denied, seen }: Doubted,
  context: Context
): Promise<{ readonly nowhere: readonly string[]; readonly unread: string | undefined }> {
  const { registry, clock } = context
  const repository = repositoryOf(plan.package)
  const list = await registry.listTags(repository)
  if (list.state === 'unread') return { nowhere: [], unread: list.cause }
  const known = new Set(list.state === 'read' ? list.tags : [])
  const holders = holdersOf({ loaded, outcomes }, arrivals, taken)
  const suspects = new Set([...taken.keys(), ...denied])
  const doubted = [...holders.keys()].filter(tag => !known.has(tag) || suspects.has(tag))
  const gone = outcomes.flatMap(({ step }) => (step.action === 'untag' ? [step.tag] : step.version.tags))
  const isLate = gone.some(tag => known.has(tag) && !holders.has(tag))
  const rows = new Set(seen.map(({ id }) => id))
  const unseen = [...holders].flatMap(([tag, { id }]) =>
    isLate && id !== undefined && !rows.has(id) ? [tag] : []
  )
  const asked = new Set([...doubted.slice(0, MOST), ...unseen.slice(0, MOST_UNSEEN)])
  const first = await findTags(registry, repository, [...asked], clock)
  const shown = new Set(arrivals.flatMap(({ tags }) => tags))
  const lost = new Map([...taken].filter(([tag]) => !shown.has(tag)))
  const heads = await askAgain(lost, first, context, repository)
  const listedNow = once(() =>
    orFailure(async () => ({ rows: await newestOf(plan.package, loaded.listing, context.packages) }))
  )
  const missing = [...heads].flatMap(([tag, { state }]) => (state === 'missing' ? [tag] : []))
  const nowhere = await eachOf(missing, AT_ONCE, async tag => {
    const holder = holders.get(tag)
    if (holder === undefined) return []
    // What somebody else deleted took its tags along. Where nobody answers, one tag must not hide the others.
    const looked = await orFailure(async () => ({ isGone: await isGone(holder, plan, context) }))
    if ('problem' in looked || !looked.isGone) return [tag]
    // The list that showed it may be from before its deletion.
    const listed = await listedNow()
    return 'problem' in listed || listed.rows.some(({ id }) => id === holder.id) ? [tag] : []
  })
  const unasked = [...doubted, ...unseen].filter(tag => !heads.has(tag)).length
  const [doubt] = [...heads].flatMap(([tag, head]) =>
    head.state === 'unread' ? [`${tag} could not be asked for: ${head.cause}`] : []
  )
  const unread = unasked > 0 ? `its list lacks ${count(unasked, 'more tag')} than were asked for` : doubt
  return { nowhere: nowhere.flat(), unread }
}

/** The registry may go on showing a tag where it was when GitHub shows that it is not there any more. */
const PAUSES = [5_000, 10_000]

/** Tags that the registry shows on what has lost them: where it does so at each look, nobody can tell where they are. */
async function askAgain(
  lost: Taken,
  heads: ReadonlyMap<string, TagHead>,
  { registry, clock }: Context,
  repository: string
): Promise<ReadonlyMap<string, TagHead>> {
  const again = new Map(heads)
  const isOld = (tag: string): boolean => {
    const head = again.get(tag)
    return head?.state === 'found' && lost.get(tag)?.has(head.digest) === true
  }
  const tags = [...lost.keys()]
  for (const pause of PAUSES) {
    const old = tags.filter(isOld)
    if (old.length === 0) break
    await clock.sleep(pause)
    await eachOf(old, AT_ONCE, async tag => again.set(tag, await registry.headTag(repository, tag)))
  }
  for (const tag of tags.filter(isOld)) again.set(tag, { state: 'unread', cause: CONTRADICTED })
  return again
}

const CONTRADICTED = 'the registry shows it on a version that has lost it, as GitHub says'

/** By tag, what had it that this run did not try to change. */
function holdersOf(
  { loaded: { inventory }, outcomes }: Pick<Done, 'loaded' | 'outcomes'>,
  arrivals: readonly Arrival[],
  taken: Taken
): ReadonlyMap<string, Arrival> {
  const { versions, contents, unlisted = new Map<Digest, readonly string[]>() } = inventory
  const tried = new Set(outcomes.map(({ step }) => (step.action === 'untag' ? step.tag : step.version.id)))
  const shown = [...unlisted].map(([digest, tags]): Arrival => ({ digest, tags }))
  const holders = new Map<string, Arrival>()
  for (const holder of [...arrivals, ...shown, ...versions]) {
    if (tried.has(holder.id ?? '')) continue
    // A registry that denies a version may deny its tags, too, but not take them off its row.
    const isDenied = contents.get(holder.digest)?.state === 'unread'
    for (const tag of holder.tags)
      if (!tried.has(tag) && (!isDenied || taken.has(tag))) holders.set(tag, holder)
  }
  return holders
}

/** Whether each witness denies a version. */
async function isGone(
  { id, digest }: Arrival,
  { package: pkg }: Done['plan'],
  context: Context
): Promise<boolean> {
  if (!(await registryDenies(pkg, digest, context))) return false
  return id === undefined || gitHubDenies(pkg, id, context)
}
