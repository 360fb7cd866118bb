import type { Context } from '../../context.ts'
import { ExpectedError } from '../../errors.ts'
import { PER_PAGE } from '../../github/lists.ts'
import type { DeletedVersion } from '../../github/package-versions.ts'
import { halfBackOf } from '../../inventory/awaited-parts.ts'
import { lastDeletedOf } from '../../inventory/deleted-since.ts'
import { gitHubDenies, isStillThere, registryDenies } from '../../inventory/gone.ts'
import { type LoadedPackage, repositoryOf } from '../../inventory/load.ts'
import type { Digest } from '../../model/digest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import { eachOf } from '../../util/concurrency.ts'
import { type Done, deletedBy, versionsOf } from '../done.ts'
import { lastDeleted } from './earlier.ts'
import { listedNow } from './listed-now.ts'
import { type TagsNow, tagsNow } from './tags-now.ts'
import type { Arrival } from './tags-nowhere.ts'

/** What the look at a package shows after deletions. */
export interface SecondLook extends TagsNow {
  /** What is gone that this run deleted, or an earlier one, as the witnesses agree. */
  readonly gone: readonly PackageVersion[]
  /** What was gone before, as GitHub and the registry say. */
  readonly goneBefore: readonly PackageVersion[]
  /** What is there although its DELETE was answered, or GitHub said that it was gone before. */
  readonly there: readonly PackageVersion[]
  /** What stands there under another id than was deleted: it was pushed once more. */
  readonly again: ReadonlySet<Digest>
  /** What is gone without being in the list of deleted versions, so that a late tag on it would not show. */
  readonly unlisted: readonly PackageVersion[]
  /** What GitHub lists as deleted, as far as the look reached. */
  readonly rowsDeleted: readonly DeletedVersion[]
  /** Versions that nobody meant to go and that have gone, as far as the look reached. */
  readonly vanished: ReadonlySet<Digest>
}

/** GitHub lists what was deleted with a delay; these are the pauses between looks, in milliseconds. */
const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000]

/**
 * Looks at what a run deleted. New versions are on the first pages of a list that runs newest first, so the whole list is
 * read only in another order; that list may lag behind a push, so the registry is asked for new tags as well.
 *
 * @param earlier what earlier runs deleted and left to this one to look at
 * @param shown what was new at earlier looks; undefined at the first one
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function lookAgain(
  done: Done,
  earlier: readonly PackageVersion[],
  shown: readonly Arrival[] | undefined,
  context: Context
): Promise<SecondLook> {
  const { package: pkg } = done.plan
  const { listing, inventory, recollection } = done.loaded
  const deleted = [...deletedBy(done.outcomes), ...earlier]
  const ids = new Set(deleted.map(({ id }) => id))
  const seen = await listedNow(done, ids, context)
  if (seen.length === 0 && listing.versions.some(({ id }) => !ids.has(id))) {
    throw new ExpectedError('GitHub lists no version any more, though some of them were not deleted.')
  }
  const { pushed, again, before } = await cameSince(done, seen, deleted, context)
  const { rows, there } = await stillThere(
    pkg,
    {
      deleted,
      before: before.filter(({ digest }) => !again.has(digest)),
      past: lastDeleted(done.loaded),
      again,
      seen
    },
    context
  )
  // What others deleted of what is half back is in no plan.
  if (halfBackOf(inventory, recollection.deletions).size > 0)
    for (const row of await lastDeletedOf(pkg, context)) rows.set(row.id, row)
  const rowsDeleted = [...rows.values()]
  const tags = await tagsNow(done, { deleted, seen, pushed, rowsDeleted, shown, again }, context)
  const arrivals = [...tags.arrivals, ...(await servedSince(done, context))]
  const gone = deleted.filter(version => !there.includes(version) && !again.has(version.digest))
  const back = new Set([...there, ...arrivals].map(({ digest }) => digest))
  return {
    ...tags,
    arrivals,
    gone,
    goneBefore: before.filter(({ digest }) => !back.has(digest)),
    there,
    again,
    unlisted: gone.filter(({ id }) => !rows.has(id)),
    rowsDeleted,
    vanished: vanishedFrom(listing, seen, deleted),
    // What was not deleted after all is served because it is there.
    served: tags.served.filter(version => gone.includes(version))
  }
}

/** What came since the package was listed, what of it is the same bytes as something that went, and what was gone before. */
async function cameSince(
  { plan, loaded, outcomes }: Done,
  seen: readonly PackageVersion[],
  deleted: readonly PackageVersion[],
  context: Context
): Promise<{
  readonly pushed: readonly PackageVersion[]
  readonly again: ReadonlySet<Digest>
  readonly before: readonly PackageVersion[]
}> {
  const ids = new Set(deleted.map(({ id }) => id))
  const pushed = [
    ...seen.filter(({ id }) => !loaded.listing.pageOf.has(id)),
    ...(await restoredSince(plan.package, loaded, ids, context))
  ]
  // What was pushed once more is there, under another id, unless that went as well, be it by somebody else.
  const standing = [...loaded.inventory.versions, ...pushed].filter(({ id }) => !ids.has(id))
  const idOf = new Map(standing.map(({ id, digest }) => [digest, id]))
  const before = versionsOf(outcomes, ['already']).filter(({ id }) => !ids.has(id))
  const again = new Set(
    [...deleted, ...before].flatMap(({ id, digest }) => ((idOf.get(digest) ?? id) === id ? [] : [digest]))
  )
  return { pushed, again, before }
}

/** How many versions are asked for that were found deleted, or missing, when the package was read. */
const MOST_GONE = 100

/** What was found deleted when the package was read, and is there by now: it needs what it needed before. */
async function restoredSince(
  pkg: Package,
  { listing, inventory }: LoadedPackage,
  deleted: ReadonlySet<number>,
  context: Context
): Promise<readonly PackageVersion[]> {
  if (inventory.versions.length === listing.versions.length) return []
  const { packages } = context
  const known = new Set(inventory.versions.map(({ id }) => id))
  const gone = listing.versions.filter(({ id }) => !known.has(id) && !deleted.has(id))
  const asked = gone.slice(0, MOST_GONE)
  const isGone = await eachOf(
    asked,
    AT_ONCE,
    async ({ id, digest }) =>
      (await registryDenies(pkg, digest, context)) && (await packages.version(pkg, id)).seen === undefined
  )
  // One word for it is enough. Which tags it has got by now the registry's list tells.
  return asked.flatMap((version, at) => (isGone[at] ? [] : [{ ...version, tags: [] }]))
}

/** What was named when the package was read, and missing, and is served by now, whatever GitHub's list shows. */
async function servedSince({ plan, loaded }: Done, { registry }: Context): Promise<readonly Arrival[]> {
  const missing = [...loaded.inventory.contents].filter(([, { state }]) => state === 'missing')
  const digests = missing.slice(0, MOST_GONE).map(([digest]) => digest)
  const heads = await eachOf(digests, AT_ONCE, digest => registry.headTag(repositoryOf(plan.package), digest))
  return digests.flatMap((digest, at) => (heads[at]?.state === 'found' ? [{ digest, tags: [] }] : []))
}

/** What may be gone, and what is known of it. */
interface MayBeGone {
  readonly deleted: readonly PackageVersion[]
  readonly before: readonly PackageVersion[]
  /** What an earlier run deleted, of which GitHub's rows are to be seen once more. */
  readonly past: readonly Pick<PackageVersion, 'id'>[]
  /** What was pushed again. */
  readonly again: ReadonlySet<Digest>
  readonly seen: readonly PackageVersion[]
}

/**
 * Finds what is there although it should be gone. A lagging list proves nothing: what GitHub confirmed is gone where the
 * list of deleted versions has it too, and where it does not, the registry and a GET of the version are asked.
 *
 * @returns also the rows of the list of deleted versions, by id
 */
async function stillThere(
  pkg: Package,
  { deleted, before, past, again, seen }: MayBeGone,
  context: Context
): Promise<{
  readonly rows: Map<number, DeletedVersion>
  readonly there: readonly PackageVersion[]
}> {
  const mine = deleted.filter(({ digest }) => !again.has(digest))
  const rows = new Map<number, DeletedVersion>()
  await addDeleted(pkg, [...deleted, ...past], rows, context)
  // What others deleted they may have restored since, and the list of deleted versions be late.
  const suspects = [...mine.filter(({ id }) => !rows.has(id)), ...before]
  const states = await eachOf(suspects, AT_ONCE, version => {
    // Anybody may have written into the memory what an earlier run deleted.
    context.checkTime()
    return isStillThere(pkg, version, context)
  })
  const served = suspects.filter((_, at) => states[at])
  const denied = mine.filter(version => !served.includes(version))
  for (const pause of PAUSES) {
    if (denied.every(({ id }) => rows.has(id))) break
    await context.clock.sleep(pause)
    await addDeleted(pkg, denied, rows, context)
  }
  const listed = new Set(seen.map(({ id }) => id))
  // What GitHub lists, and does not list as deleted: the registry may deny what was deleted in vain, or restored by others.
  const restorable = before.filter(version => !served.includes(version))
  const doubtful = [...denied.filter(({ id }) => !rows.has(id)), ...restorable].filter(({ id }) =>
    listed.has(id)
  )
  const stand = await eachOf(doubtful, AT_ONCE, async version => {
    context.checkTime()
    return !(await gitHubDenies(pkg, version.id, context))
  })
  return { rows, there: [...served, ...doubtful.filter((_, at) => stand[at])] }
}

async function addDeleted(
  pkg: Package,
  wanted: readonly Pick<PackageVersion, 'id'>[],
  rows: Map<number, DeletedVersion>,
  { packages }: Context
): Promise<void> {
  if (wanted.length === 0) return
  const listed = await packages.listDeleted(pkg, has => wanted.every(({ id }) => has(id)))
  for (const row of listed) rows.set(row.id, row)
}

/** What stood among the rows that were seen before, was not deleted by this run, and does not stand there now. */
function vanishedFrom(
  { versions, newestFirst }: LoadedPackage['listing'],
  seen: readonly PackageVersion[],
  deleted: readonly PackageVersion[]
): ReadonlySet<Digest> {
  const there = new Set(seen.map(({ id }) => id))
  const meant = new Set(deleted.map(({ id }) => id))
  const isWhole = !newestFirst || seen.length % PER_PAGE !== 0
  const reach = isWhole ? versions.length : versions.findLastIndex(({ id }) => there.has(id))
  return new Set(
    versions.slice(0, reach).flatMap(({ id, digest }) => (there.has(id) || meant.has(id) ? [] : [digest]))
  )
}

/** How many versions are looked for at once. */
const AT_ONCE = 16
