import type { Context } from '../../context.ts'
import { PER_PAGE } from '../../github/lists.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import { type Done, versionsOf } from '../done.ts'

/** A count may be late, or of a moment later: the pauses before each look at both, in milliseconds. */
const PAUSES = [0, 3_000, 10_000]

/**
 * The newest versions, down to one that was there before; all of them where the order tells nothing, or where GitHub goes on
 * counting others than that leaves: what somebody restored stands where it stood, by its age.
 *
 * @param deleted ids of what this run and earlier ones deleted
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function listedNow(
  { plan: { package: pkg }, loaded: { listing, inventory }, outcomes }: Done,
  deleted: ReadonlySet<number>,
  { packages, clock }: Context
): Promise<readonly PackageVersion[]> {
  if (!listing.newestFirst) return (await packages.listVersions(pkg)).versions
  const gone = deleted.union(new Set(versionsOf(outcomes, ['already']).map(({ id }) => id)))
  for (const pause of PAUSES) {
    await clock.sleep(pause)
    const found = await pagesUntil(pkg, ({ id }) => listing.pageOf.has(id), packages)
    // The last page is among these.
    if (found.length % PER_PAGE > 0) return found
    const standing = new Set([...inventory.versions, ...found].map(({ id }) => id)).difference(gone)
    const { versionCount } = await packages.get(pkg.name)
    if (versionCount === standing.size + listing.unseen) return found
  }
  return pagesUntil(pkg, () => false, packages)
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
