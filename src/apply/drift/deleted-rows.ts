import { orFailure } from '../../errors.ts'
import type { Look } from '../../github/package-versions.ts'
import type { PackageVersion } from '../../model/package.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { DriftReader } from './looks.ts'

/** How many rows of a page are asked for one by one, all at once; the rest counts as new. */
const MOST = 16

/**
 * Drops rows that GitHub's list still shows although the version was found deleted when the package was read, and its id is
 * still not found. Such rows are a late list, not new versions; what nobody can tell of counts as new.
 */
export async function withoutDeleted(
  { seen, at }: Look<readonly PackageVersion[]>,
  gone: ReadonlySet<number>,
  version: DriftReader['version']
): Promise<Look<readonly PackageVersion[]>> {
  const suspects = seen.filter(({ id }) => gone.has(id)).slice(0, MOST)
  if (suspects.length === 0) return { seen, at }
  const looks = await eachOf(suspects, MOST, async ({ id }) => {
    const found = await orFailure(() => version(id))
    return !('problem' in found) && found.seen === undefined ? [id] : []
  })
  const deleted = new Set(looks.flat())
  return { seen: seen.filter(({ id }) => !deleted.has(id)), at }
}
