import type { Look } from '../../github/package-versions.ts'
import type { Needs } from '../../inventory/arrivals.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { NewTags } from './new-tags.ts'

/** The looks that the drift check takes; each asks GitHub again. */
export interface DriftReader {
  /** One page of the package's versions, counted from 1; empty beyond the last. */
  page(page: number): Promise<Look<readonly PackageVersion[]>>
  /** One version; undefined when it is gone. */
  version(id: number): Promise<Look<PackageVersion | undefined>>
  /** Tags that the registry shows and that nobody knew at the listing: a second witness to the rows. */
  newTags(): Promise<Omit<NewTags, 'isUnlisted'>>
  /** What versions that are new in the package need or describe: digests and referrer tags' keys. */
  needs(arrivals: readonly PackageVersion[]): Promise<Needs>
}

/** What one look covers at least: the steps that are under way at once. */
const LEAST = 8
/** What is deleted at GitHub's ceiling of 180 a minute while a look stays fresh. */
const MOST = 30

/**
 * How many versions the next look covers. What is looked at and not deleted within seconds was looked at in vain, and
 * how many are deleted depends on the network, the limits, and the packages beside this one.
 *
 * @param asked how many versions were asked about since the last look
 */
export function batchAfter(asked: number): number {
  return Math.min(Math.max(asked, LEAST), MOST)
}

/** Requests: pages of the list, and single versions. */
export interface Looks {
  readonly pages: readonly number[]
  readonly singles: readonly PackageVersion[]
}

/**
 * The fewest requests that show all of these versions: the page where it has several of them, which costs as much as
 * one of them, and otherwise the version, which no push moves to another page.
 *
 * @param pageOf the page that a version was on; undefined when that is not known
 */
export function looksAt(
  versions: readonly PackageVersion[],
  pageOf: (version: PackageVersion) => number | undefined
): Looks {
  const onPage = Map.groupBy(versions, pageOf)
  const pages: number[] = []
  const singles: PackageVersion[] = []
  for (const [page, together] of onPage) {
    if (page !== undefined && together.length > 1) pages.push(page)
    else for (const version of together) singles.push(version)
  }
  return { pages, singles }
}
