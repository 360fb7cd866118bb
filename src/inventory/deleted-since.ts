import type { Context } from '../context.ts'
import { orFailure } from '../errors.ts'
import type { DeletedVersion } from '../github/package-versions.ts'
import type { Digest } from '../model/digest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'

/** How many versions are asked for: a registry that denies more of them may be the one that is wrong. */
const MOST = 100
/** How many at once. */
const AT_ONCE = 16
/** One denial may be a slip of one server of many, so it takes two; the pauses before each look, in milliseconds. */
const LOOKS = [0, 1_000]

/** Which of these listed versions, all of which the registry denies, GitHub denies by now as well. */
export type DeletedSince = (denied: readonly PackageVersion[]) => Promise<ReadonlySet<Digest>>

/**
 * Gives the function that asks GitHub for versions that its list may show from before their deletion by somebody else. A
 * version counts as deleted when GitHub lists it as deleted and does not find its id at either look. A failed look proves
 * nothing.
 */
export function deletedSince(
  pkg: Package,
  { packages, clock }: Pick<Context, 'packages' | 'clock'>
): DeletedSince {
  const isDenied = async ({ id }: PackageVersion): Promise<boolean> => {
    const found = await orFailure(() => packages.version(pkg, id))
    return !('problem' in found) && found.seen === undefined
  }
  return async versions => {
    if (versions.length === 0 || versions.length > MOST) return new Set()
    const ids = versions.map(({ id }) => id)
    const listed = await orFailure(async () => ({ rows: await lastDeletedOf(pkg, { packages }, ids) }))
    const gone = new Set('problem' in listed ? [] : listed.rows.map(({ id }) => id))
    let denied = versions.filter(({ id }) => gone.has(id))
    for (const pause of LOOKS) {
      if (denied.length === 0) return new Set()
      await clock.sleep(pause)
      const answers = await eachOf(denied, AT_ONCE, isDenied)
      denied = denied.filter((_, at) => answers[at])
    }
    // Of a digest that GitHub lists twice, either row vouches.
    const there = new Set(versions.filter(one => !denied.includes(one)).map(({ digest }) => digest))
    return new Set(denied.map(({ digest }) => digest)).difference(there)
  }
}

/** The versions that are still there: the same list where none is gone. */
export const without = (
  gone: ReadonlySet<Digest>,
  versions: readonly PackageVersion[]
): readonly PackageVersion[] =>
  gone.size === 0 ? versions : versions.filter(({ digest }) => !gone.has(digest))

/** How many pages of the list of deleted versions are read: what was deleted meanwhile is on the first ones. */
const MOST_PAGES = 10

/** What GitHub lists as deleted by now: as far as that reaches for these ids, if they are given, and at most the newest 1,000. */
export function lastDeletedOf(
  pkg: Package,
  { packages }: Pick<Context, 'packages'>,
  ids?: readonly number[]
): Promise<readonly DeletedVersion[]> {
  let pages = 0
  return packages.listDeleted(pkg, has => ids?.every(has) === true || pages++ >= MOST_PAGES)
}
