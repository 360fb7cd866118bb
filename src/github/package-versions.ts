import { RequestError } from '@octokit/request-error'
import type { Clock } from '../model/clock.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { listOf } from '../util/parse-foreign.ts'
import { apiMessage, explain, parseAnswer, statusOf } from './failure.ts'
import { type Listing, listCompletely, type Progress } from './listing.ts'
import type { PackageRequests } from './package-requests.ts'
import { moment, toVersion, VersionRow } from './package-rows.ts'
import { otherThanAsked, refuseTooLarge } from './packages-remedies.ts'
import type { Governor } from './rate-limit/governor.ts'
import { createVersionPages, pageQuery } from './version-pages.ts'

/** What GitHub gave to a request that was sent at `at` (milliseconds since 1970). */
export interface Look<T> {
  readonly seen: T
  readonly at: number
}

/** A version that is deleted. */
export interface DeletedVersion extends PackageVersion {
  /** Milliseconds since 1970; undefined where GitHub does not tell. */
  readonly deleted: number | undefined
}

const VersionRows = listOf(VersionRow)

type Enough = (has: (id: number) => boolean) => boolean

/** What asks about a package itself, and explains why it is not seen. */
interface Sight {
  get(name: string): Promise<Package>
  withSight<T>(what: string, name: string, work: () => Promise<T>): Promise<T>
}

/** Reads the versions of packages. */
export function versionReads(
  { read, pagesOf, versionsAt, versionAt }: PackageRequests,
  { get, withSight }: Sight,
  capacity: Governor['capacity'],
  clock: Clock
) {
  async function readPage(url: string, query: Record<string, string | number>, what: string) {
    const { data, link, at } = await read(url, query)
    return { versions: parseAnswer(VersionRows, data, what).map(row => toVersion(row, what)), link, at }
  }

  /**
   * Every version of a package that was there before.
   * @param progress told how many pages of how many were read
   * @throws ExpectedError when GitHub keeps giving lists that do not agree
   */
  async function listVersions(pkg: Package, progress: Progress = () => {}): Promise<Listing> {
    const what = `versions of ${pkg.name}`
    refuseTooLarge(pkg, capacity())
    const reader = {
      page: createVersionPages(versionsAt(pkg), (url, query) => readPage(url, query, what), what, clock),
      count: async () => (await get(pkg.name)).versionCount,
      isThere: async (id: number) => (await version(pkg, id)).seen !== undefined
    }
    return withSight(`Listing the ${what}`, pkg.name, () =>
      listCompletely(pkg.name, reader, pkg.versionCount, progress, clock)
    )
  }

  /** One page of the listing, counted from 1; empty beyond the last. */
  const page = (pkg: Package, number: number): Promise<Look<PackageVersion[]>> =>
    withSight(`Reading page ${number} of the versions of ${pkg.name}`, pkg.name, async () => {
      const look = await readPage(versionsAt(pkg), pageQuery(number), `versions of ${pkg.name}`)
      return { seen: look.versions, at: look.at }
    })

  /**
   * The deleted versions that can still be restored, with the tags that they carried; each id once.
   * @param enough asked before each page, with what tells the ids found so far; true ends the reading
   */
  function listDeleted(pkg: Package, enough: Enough): Promise<DeletedVersion[]> {
    const what = `deleted versions of ${pkg.name}`
    const pages = pagesOf(versionsAt(pkg), { state: 'deleted' })
    return withSight(`Listing the ${what}`, pkg.name, () => deletedOn(pages, what, enough))
  }

  /** One version; `seen` is undefined when GitHub says that it is gone while the package is there. */
  async function version(pkg: Package, id: number): Promise<Look<PackageVersion | undefined>> {
    const sent = clock.now()
    const what = `version ${id} of ${pkg.name}`
    try {
      const { data, at } = await read(versionAt(pkg, id))
      const seen = toVersion(parseAnswer(VersionRow, data, what), what)
      if (seen.id !== id) throw otherThanAsked(what, `version ${seen.id}`)
      return { seen, at }
    } catch (error) {
      if (statusOf(error) !== 404) throw explain(error, `Reading ${what}`)
      // A token that lost its sight of the package gets 404 to everything: that is not "gone".
      if (!isVersionGone(error)) await get(pkg.name)
      return { seen: undefined, at: sent }
    }
  }

  return { listVersions, page, version, listDeleted }
}

async function deletedOn(
  pages: AsyncIterable<{ readonly data: unknown }>,
  what: string,
  enough: Enough
): Promise<DeletedVersion[]> {
  const found = new Map<number, DeletedVersion>()
  if (enough(id => found.has(id))) return []
  for await (const { data } of pages) {
    for (const row of parseAnswer(VersionRows, data, what)) {
      found.set(row.id, { ...toVersion(row, what), deleted: moment(row.deleted_at) })
    }
    if (enough(id => found.has(id))) break
  }
  return [...found.values()]
}

/** What GitHub says of a version where it finds the package; to a token without rights it denies that. */
export const VERSION_GONE = 'Package version not found.'

function isVersionGone(error: unknown): boolean {
  return error instanceof RequestError && apiMessage(error) === VERSION_GONE
}
