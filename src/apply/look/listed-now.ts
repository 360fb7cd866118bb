import type { Context } from '../../context.ts'
import { PER_PAGE } from '../../github/lists.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import { type Done, versionsOf } from '../done.ts'

/**
 * The newest versions, down to one that was there before; all of them where the order tells nothing, or where GitHub counts
 * more than that leaves: what somebody restored stands where it stood, by its age.
 *
 * @param deleted ids of what this run and earlier ones deleted
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function listedNow(
  { plan: { package: pkg }, loaded: { listing, inventory }, outcomes }: Done,
  deleted: ReadonlySet<number>,
  context: Context
): Promise<readonly PackageVersion[]> {
  const { packages } = context
  if (!listing.newestFirst) return (await packages.listVersions(pkg)).versions
  const found = await pagesUntil(pkg, ({ id }) => listing.pageOf.has(id), packages)
  // The last page is among these.
  if (found.length % PER_PAGE > 0) return found
  const standing = new Set([...inventory.versions, ...found].map(({ id }) => id)).difference(deleted)
  for (const { id } of versionsOf(outcomes, ['already'])) standing.delete(id)
  const hasMore = await countsMore(pkg, standing.size + listing.unseen, context)
  return hasMore ? pagesUntil(pkg, () => false, packages) : found
}

/** The rows of GitHub's list, up to the page with one that is meant. */
async function pagesUntil(
  pkg: Package,
  isMeant: (version: PackageVersion) => boolean,
  packages: Context['packages']
): Promise<readonly PackageVersion[]> {
  const found: PackageVersion[] = []
  for (let page = 1; ; page++) {
    const { seen } = await packages.page(pkg, page)
    found.push(...seen)
    if (seen.length === 0 || seen.some(isMeant)) return found
  }
}

/** The count may be late: the pauses before each look at it, in milliseconds. */
const COUNTS = [0, 3_000]

/** Whether GitHub goes on counting more versions than so many. */
async function countsMore({ name }: Package, most: number, { packages, clock }: Context): Promise<boolean> {
  for (const pause of COUNTS) {
    await clock.sleep(pause)
    const { versionCount = 0 } = await packages.get(name)
    if (versionCount <= most) return false
  }
  return true
}
