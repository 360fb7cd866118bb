import { AbsentError, messageOf } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { Owner, Package } from '../model/package.ts'
import { once } from '../util/concurrency.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Octokit } from './client.ts'
import { explain, explaining, parseAnswer, statusOf } from './failure.ts'
import { PER_PAGE, wholeList } from './lists.ts'
import { type PackageRequests, packageRequests } from './package-requests.ts'
import { PackageRow, toPackage } from './package-rows.ts'
import { versionReads } from './package-versions.ts'
import * as remedies from './packages-remedies.ts'
import type { Governor } from './rate-limit/governor.ts'

export type Packages = ReturnType<typeof createPackages>

type Precondition = () => boolean

const PackageRows = listOf(PackageRow)

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
  const requests = packageRequests(octokit, owner, clock)
  const { packageAt, versionAt, write } = requests
  const { withSight, ...reads } = packageReads(requests, owner, serverUrl, asked)
  return {
    ...reads,
    ...versionReads(requests, { get: reads.get, withSight }, capacity, clock),
    remove: (pkg: Package, id: number, precondition: Precondition) =>
      write(`DELETE ${versionAt(pkg, id)}`, precondition),
    /** GitHub keeps deleted versions for 30 days. */
    restore: (pkg: Package, id: number, precondition: Precondition) =>
      write(`POST ${versionAt(pkg, id)}/restore`, precondition),
    removePackage: (pkg: Package, precondition: Precondition) =>
      write(`DELETE ${packageAt(pkg.name)}`, precondition),
    /** For 30 days, while its name is not taken. */
    restorePackage: (name: string, precondition: Precondition) =>
      write(`POST ${packageAt(name)}/restore`, precondition)
  }
}

/** Reads the packages themselves. */
function packageReads(
  { base, packageAt, read, pagesOf }: PackageRequests,
  owner: Owner,
  serverUrl: string,
  asked: remedies.AskedFor
) {
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
      const { data } = await read(packageAt(name))
      const pkg = toPackage(parseAnswer(PackageRow, data, `package ${name}`), owner, serverUrl)
      if (pkg.name !== name.toLowerCase())
        throw remedies.otherThanAsked(`package ${name}`, `package ${pkg.name}`)
      return pkg
    })

  /** All packages that the token may list. @throws ExpectedError for tokens that may not list any */
  function list(): Promise<Package[]> {
    const what = `Listing the packages of ${owner.login}`
    const pages = () => pagesOf(base, { package_type: 'container' })
    const parse = (data: unknown): Package[] =>
      parseAnswer(PackageRows, data, `the packages of ${owner.login}`).map(row =>
        toPackage(row, owner, serverUrl)
      )
    const remedy = remedies.noListing(asked)
    return explaining(what, { 400: remedy, 403: remedy, 404: remedy }, () =>
      wholeList(what, pages, parse, ({ name }) => name)
    )
  }

  return {
    withSight,
    get,
    list,
    /** Why GitHub does not find several packages, and what to do: a sentence about all of them. */
    whyAbsent: async (names: readonly string[]) => remedies.noneFound(names, owner, asked, await someNames())
  }
}
