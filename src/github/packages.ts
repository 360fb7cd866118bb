import { composePaginateRest } from '@octokit/plugin-paginate-rest'
import { RequestError } from '@octokit/request-error'
import { AbsentError, messageOf } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { Owner, Package, PackageVersion } from '../model/package.ts'
import { once } from '../util/concurrency.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { apiMessage, explain, explaining, parseAnswer, statusOf } from './failure.ts'
import { type Listing, listCompletely, type Progress } from './listing.ts'
import { PER_PAGE, wholeList } from './lists.ts'
import { moment, PackageRow, toPackage, toVersion, VersionRow } from './package-rows.ts'
import * as remedies from './packages-remedies.ts'
import type { Governor } from './rate-limit/governor.ts'
import { createVersionPages, pageQuery } from './version-pages.ts'
import { notDone, type WriteAnswer } from './write-answers.ts'

/** What GitHub gave to a request that was sent at `at` (milliseconds since 1970). */
export interface Look<T> {
  readonly seen: T
  readonly at: number
}

export type Packages = ReturnType<typeof createPackages>

/** A version that is deleted. */
export interface DeletedVersion extends PackageVersion {
  /** Milliseconds since 1970; undefined where GitHub does not tell. */
  readonly deleted: number | undefined
}

type Precondition = () => boolean

const PackageRows = listOf(PackageRow)
const VersionRows = listOf(VersionRow)

/**
 * The container packages of one owner. Every function asks GitHub again, and throws ExpectedError when GitHub
 * does not answer what was asked, and BudgetError when there is no room for the request. What writes sends its request
 * once, after a `precondition` that is asked right before, and throws StaleError where that is false: then nothing was
 * sent. (docs.github.com/en/rest/packages/packages)
 */
export function createPackages(
  octokit: Octokit,
  owner: Owner,
  serverUrl: string,
  clock: Clock,
  capacity: Governor['capacity'],
  asked: remedies.AskedFor = remedies.NOTHING_ASKED
) {
  const base = `${OWNER_PATH[owner.kind](encodeURIComponent(owner.login))}/packages`
  // One path segment: the slashes of a nested name are encoded.
  const at = (name: string): string => `${base}/container/${encodeURIComponent(name)}`
  const versionAt = (pkg: Package, id: number): string => `${at(pkg.name)}/versions/${id}`

  /** One GET, with the moment at which its last attempt was sent. */
  async function read(url: string, query: Record<string, string | number> = {}) {
    let sent = clock.now()
    const precondition = (): boolean => {
      sent = clock.now()
      return true
    }
    const response = await octokit.request(`GET ${url}`, { ...query, request: { precondition } })
    return { data: response.data as unknown, link: response.headers.link, at: sent }
  }

  async function readPage(url: string, query: Record<string, string | number>, what: string) {
    const { data, link, at } = await read(url, query)
    return { versions: parseAnswer(VersionRows, data, what).map(row => toVersion(row, what)), link, at }
  }

  /** The pages of a list, one after the other. */
  const pagesOf = (url: string, query: Record<string, string>): AsyncIterable<{ readonly data: unknown }> =>
    composePaginateRest.iterator(octokit, `GET ${url}`, { ...query, per_page: PER_PAGE })

  /** Does what only needs the right to read a package, and names it when it fails: `Reading page 2 of …`. */
  async function withSight<T>(what: string, name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (statusOf(error) !== 404) throw explain(error, what, { 403: remedies.NO_SIGHT })
      const explained = explain(error, what, {
        404: remedies.notFound(name, owner, asked, await someNames())
      })
      throw new AbsentError(messageOf(explained), { cause: error })
    }
  }

  /** The first page of the owner's packages, for a hint; none where they cannot be listed. */
  const someNames = once(async (): Promise<string[]> => {
    if (!asked.mayList) return []
    return read(base, { package_type: 'container', per_page: PER_PAGE })
      .then(({ data }) => parseAnswer(PackageRows, data, 'packages').map(({ name }) => name))
      .catch(() => [])
  })

  /** @throws AbsentError when it does not exist or the token may not see it */
  const get = (name: string): Promise<Package> =>
    withSight(`Reading the package "${name}" of ${owner.login}`, name, async () => {
      const { data } = await read(at(name))
      const pkg = toPackage(parseAnswer(PackageRow, data, `package ${name}`), owner, serverUrl)
      if (pkg.name !== name.toLowerCase())
        throw remedies.otherThanAsked(`package ${name}`, `package ${pkg.name}`)
      return pkg
    })

  /** All packages that the token may list. @throws ExpectedError for tokens that may not list any */
  function list(): Promise<Package[]> {
    const what = `Listing the packages of ${owner.login}`
    const parse = (data: unknown): Package[] =>
      parseAnswer(PackageRows, data, `the packages of ${owner.login}`).map(row =>
        toPackage(row, owner, serverUrl)
      )
    const read = () => pagesOf(base, { package_type: 'container' })
    const remedy = remedies.noListing(asked)
    return explaining(what, { 400: remedy, 403: remedy, 404: remedy }, () =>
      wholeList(what, read, parse, ({ name }) => name)
    )
  }

  /**
   * Every version of a package that was there before.
   * @param progress told how many pages of how many were read
   * @throws ExpectedError when GitHub keeps giving lists that do not agree
   */
  async function listVersions(pkg: Package, progress: Progress = () => {}): Promise<Listing> {
    const what = `versions of ${pkg.name}`
    remedies.refuseTooLarge(pkg, capacity())
    const reader = {
      page: createVersionPages(versionsAt(pkg), (url, query) => readPage(url, query, what), what, clock),
      count: async () => (await get(pkg.name)).versionCount,
      isThere: async (id: number) => (await version(pkg, id)).seen !== undefined
    }
    return withSight(`Listing the ${what}`, pkg.name, () =>
      listCompletely(pkg.name, reader, pkg.versionCount, progress, clock)
    )
  }

  const versionsAt = (pkg: Package): string => `${at(pkg.name)}/versions`

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
  async function listDeleted(
    pkg: Package,
    enough: (has: (id: number) => boolean) => boolean
  ): Promise<DeletedVersion[]> {
    const what = `deleted versions of ${pkg.name}`
    const found = new Map<number, DeletedVersion>()
    if (enough(id => found.has(id))) return []
    return withSight(`Listing the ${what}`, pkg.name, async () => {
      for await (const { data } of pagesOf(versionsAt(pkg), { state: 'deleted' })) {
        for (const row of parseAnswer(VersionRows, data, what)) {
          found.set(row.id, { ...toVersion(row, what), deleted: moment(row.deleted_at) })
        }
        if (enough(id => found.has(id))) break
      }
      return [...found.values()]
    })
  }

  /** One version; `seen` is undefined when GitHub says that it is gone while the package is there. */
  async function version(pkg: Package, id: number): Promise<Look<PackageVersion | undefined>> {
    const sent = clock.now()
    const what = `version ${id} of ${pkg.name}`
    try {
      const { data, at } = await read(versionAt(pkg, id))
      const seen = toVersion(parseAnswer(VersionRow, data, what), what)
      if (seen.id !== id) throw remedies.otherThanAsked(what, `version ${seen.id}`)
      return { seen, at }
    } catch (error) {
      if (statusOf(error) !== 404) throw explain(error, `Reading ${what}`)
      // A token that lost its sight of the package gets 404 to everything: that is not "gone".
      if (!isVersionGone(error)) await get(pkg.name)
      return { seen: undefined, at: sent }
    }
  }

  async function write(url: string, precondition: Precondition): Promise<WriteAnswer> {
    try {
      const response = await octokit.request(url, { request: { precondition } })
      if (response.status === 204) return { kind: 'done' }
      return { kind: 'unsure', message: `GitHub gave HTTP ${response.status} instead of 204` }
    } catch (error) {
      return notDone(error)
    }
  }

  return {
    list,
    get,
    /** Why GitHub does not find several packages, and what to do: a sentence about all of them. */
    whyAbsent: async (names: readonly string[]) => remedies.noneFound(names, owner, asked, await someNames()),
    listVersions,
    page,
    version,
    listDeleted,
    remove: (pkg: Package, id: number, precondition: Precondition) =>
      write(`DELETE ${versionAt(pkg, id)}`, precondition),
    /** GitHub keeps deleted versions for 30 days. */
    restore: (pkg: Package, id: number, precondition: Precondition) =>
      write(`POST ${versionAt(pkg, id)}/restore`, precondition),
    removePackage: (pkg: Package, precondition: Precondition) =>
      write(`DELETE ${at(pkg.name)}`, precondition),
    /** For 30 days, while its name is not taken. */
    restorePackage: (name: string, precondition: Precondition) =>
      write(`POST ${at(name)}/restore`, precondition)
  }
}

const OWNER_PATH: Readonly<Record<Owner['kind'], (login: string) => string>> = {
  organization: login => `/orgs/${login}`,
  user: login => `/users/${login}`,
  self: () => '/user'
}

function isVersionGone(error: unknown): boolean {
  return error instanceof RequestError && apiMessage(error) === 'Package version not found.'
}
