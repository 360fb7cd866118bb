import type { Look } from '../../github/package-versions.ts'
import type { PackageVersion } from '../../model/package.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { DriftReader } from './looks.ts'

/** How many rows of a page are asked for one by one, all at once; the rest counts as new. */
const MOST = 16

/**
 * A page of GitHub's list without the rows that were found deleted when the package was read, and that GitHub still does
 * not find by their ids: a late list, and no new versions.
 */
export async function withoutStale(
  { seen, at }: Look<readonly PackageVersion[]>,
  gone: ReadonlySet<number>,
  version: DriftReader['version']
): Promise<Look<readonly PackageVersion[]>> {
  const suspects = seen.filter(({ id }) => gone.has(id)).slice(0, MOST)
  if (suspects.length === 0) return { seen, at }
  const looks = await eachOf(suspects, MOST, async ({ id }) =>
    (await version(id)).seen === undefined ? [id] : []
  )
  const stale = new Set(looks.flat())
  return { seen: seen.filter(({ id }) => !stale.has(id)), at }
}
