import { RequestError } from '@octokit/request-error'
import * as z from 'zod'
import { ExpectedError, RateLimitError } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import type { Owner, Package, PackageVersion } from '../model/package.ts'
import { readme } from '../readme.ts'
import type { Octokit } from './client.ts'
import { answerOf, apiMessage, explain, statusOf } from './failure.ts'
import { type Listing, listCompletely, type Page, type Progress } from './listing.ts'

/** What GitHub gave to a request that was sent at `at` (milliseconds since 1970). */
export interface Look<T> {
  readonly seen: T
  readonly at: number
}

/**
 * How a DELETE or restore ended that was not carried out, or not surely.
 * - `not-found`: gone already, or no right to it: GitHub says 404 to both.
 * - `refused`: a rule of GitHub's; asking again does not help.
 * - `forbidden`: the token may not.
 * - `limited`: a rate limit; nothing was done. `until` is in milliseconds since 1970.
 * - `unsure`: a server error or a lost answer; it may have been done.
 */
export type NotDone =
  | { readonly kind: 'not-found'; readonly message: string }
  | {
      readonly kind: 'refused'
      readonly reason: 'downloads' | 'last-tagged' | 'other'
      readonly message: string
    }
  | { readonly kind: 'forbidden'; readonly message: string }
  | { readonly kind: 'limited'; readonly until: number; readonly message: string }
  | { readonly kind: 'unsure'; readonly message: string }

export type Removal = { readonly kind: 'gone' } | NotDone
export type Restoral = { readonly kind: 'restored' } | NotDone

/**
 * The container packages of one owner. Every function asks GitHub anew, and throws ExpectedError when GitHub
 * does not answer what was asked, and BudgetError when there is no room for the request.
 * (docs.github.com/en/rest/packages/packages)
 */
export interface Packages {
  /** All packages that the token may list. @throws ExpectedError for tokens that may not list any */
  list(): Promise<Package[]>
  /** @throws ExpectedError when it does not exist or the token may not see it */
  get(name: string): Promise<Package>
  /**
   * Every version of a package, proven to be all of them.
   * @param lag by how many deletions GitHub's count of the versions may be behind
   * @param progress told how many pages of how many were read
   * @throws ExpectedError when GitHub keeps giving lists that do not agree
   */
  listVersions(pkg: Package, lag?: number, progress?: Progress): Promise<Listing>
  /** One page of the listing, counted from 1; empty beyond the last. */
  page(pkg: Package, page: number): Promise<Look<PackageVersion[]>>
  /** One version; `seen` is undefined when GitHub says that it is gone while the package is there. */
  version(pkg: Package, id: number): Promise<Look<PackageVersion | undefined>>
  /**
   * Sends one DELETE, once.
   * @param precondition asked right before sending
   * @throws StaleError when the precondition is false then; nothing was sent
   */
  remove(pkg: Package, id: number, precondition: () => boolean): Promise<Removal>
  /**
   * Sends one restore, once: GitHub keeps deleted versions for 30 days.
   * @param precondition asked right before sending
   * @throws StaleError when the precondition is false then; nothing was sent
   */
  restore(pkg: Package, id: number, precondition: () => boolean): Promise<Restoral>
  /**
   * The deleted versions that can still be restored, with the tags that they carried; each id once.
   * @param enough asked before each page, with what tells the ids found so far; true ends the reading
   */
  listDeleted(pkg: Package, enough: (has: (id: number) => boolean) => boolean): Promise<DeletedVersion[]>
  /** Sends one DELETE of the whole package, once. @throws StaleError as `remove` */
  removePackage(pkg: Package, precondition: () => boolean): Promise<Removal>
  /** Sends one restore of a whole package, once: for 30 days, while its name is not taken. */
  restorePackage(name: string, precondition: () => boolean): Promise<Restoral>
}

/** A version that is deleted. */
export interface DeletedVersion extends PackageVersion {
  /** Milliseconds since 1970; undefined where GitHub does not tell. */
  readonly deleted: number | undefined
}

const PER_PAGE = 100

const PackageRow = z.object({
  name: z.string().min(1),
  version_count: z.int().nonnegative(),
  visibility: z.string(),
  html_url: z.string(),
  repository: z.object({ full_name: z.string() }).nullish()
})

const VersionRow = z.object({
  id: z.int().positive(),
  name: z.string(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  deleted_at: z.string().nullish(),
  // Required: a row that does not say its tags is not one without tags.
  metadata: z.object({ container: z.object({ tags: z.array(z.string()) }) })
})

export function createPackages(octokit: Octokit, owner: Owner, clock: Clock): Packages {
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
    const rows = z.array(VersionRow).safeParse(data)
    if (!rows.success) throw unreadable(what, rows.error)
    return { rows: rows.data, versions: rows.data.map(row => toVersion(row, what)), link, at }
  }

  async function get(name: string): Promise<Package> {
    try {
      const { data } = await read(at(name))
      const row = PackageRow.safeParse(data)
      if (!row.success) throw unreadable(`package ${name}`, row.error)
      return toPackage(row.data, owner)
    } catch (error) {
      throw explain(error, `Reading the package "${name}" of ${owner.login}`, {
        403: NO_SIGHT,
        404: notFound(name, owner)
      })
    }
  }

  async function list(): Promise<Package[]> {
    const found: Package[] = []
    try {
      for (let page = 1, more = true; more; page++) {
        const { data, link } = await read(base, { package_type: 'container', per_page: PER_PAGE, page })
        const rows = z.array(PackageRow).safeParse(data)
        if (!rows.success) throw unreadable(`the packages of ${owner.login}`, rows.error)
        found.push(...rows.data.map(row => toPackage(row, owner)))
        more = relation(link, 'next') !== undefined
      }
    } catch (error) {
      throw explain(error, `Listing the packages of ${owner.login}`, {
        400: NO_LISTING,
        403: NO_LISTING,
        404: NO_LISTING
      })
    }
    return [...new Map(found.map(pkg => [pkg.name, pkg])).values()]
  }

  async function listVersions(pkg: Package, lag = 0, progress: Progress = () => {}): Promise<Listing> {
    const what = `versions of ${pkg.name}`
    let last: string | undefined
    const readOne = async (page: number): Promise<Page> => {
      // The server's own address of a page, which may differ from ours; only its number is changed.
      const [url, query] = last === undefined ? [versionsAt(pkg), pageOf(page)] : [numbered(last, page), {}]
      const { versions, link } = await readPage(url, query, what)
      const end = relation(link, 'last')
      last = end ?? last
      const lastPage = end === undefined ? undefined : Number(new URL(end).searchParams.get('page'))
      return { versions, last: lastPage || page, more: relation(link, 'next') !== undefined }
    }
    try {
      const count = async () => (await get(pkg.name)).versionCount
      return await listCompletely(pkg.name, readOne, count, progress, lag)
    } catch (error) {
      throw explain(error, `Listing the ${what}`, { 403: NO_SIGHT, 404: notFound(pkg.name, owner) })
    }
  }

  const versionsAt = (pkg: Package): string => `${at(pkg.name)}/versions`

  async function page(pkg: Package, number: number): Promise<Look<PackageVersion[]>> {
    try {
      const look = await readPage(versionsAt(pkg), pageOf(number), `versions of ${pkg.name}`)
      return { seen: look.versions, at: look.at }
    } catch (error) {
      throw explain(error, `Reading page ${number} of the versions of ${pkg.name}`)
    }
  }

  async function listDeleted(
    pkg: Package,
    enough: (has: (id: number) => boolean) => boolean
  ): Promise<DeletedVersion[]> {
    const what = `deleted versions of ${pkg.name}`
    const found = new Map<number, DeletedVersion>()
    try {
      for (let number = 1, more = true; more && !enough(id => found.has(id)); number++) {
        const { rows, versions, link } = await readPage(
          versionsAt(pkg),
          { ...pageOf(number), state: 'deleted' },
          what
        )
        for (const [index, seen] of versions.entries()) {
          found.set(seen.id, { ...seen, deleted: moment(rows[index]?.deleted_at) })
        }
        more = relation(link, 'next') !== undefined
      }
    } catch (error) {
      throw explain(error, `Listing the ${what}`, { 403: NO_SIGHT, 404: notFound(pkg.name, owner) })
    }
    return [...found.values()]
  }

  async function version(pkg: Package, id: number): Promise<Look<PackageVersion | undefined>> {
    const sent = clock.now()
    try {
      const { data, at } = await read(versionAt(pkg, id))
      const row = VersionRow.safeParse(data)
      if (!row.success) throw unreadable(`version ${id} of ${pkg.name}`, row.error)
      return { seen: toVersion(row.data, `version ${id} of ${pkg.name}`), at }
    } catch (error) {
      if (statusOf(error) !== 404) throw explain(error, `Reading version ${id} of ${pkg.name}`)
      // A token that lost its sight of the package gets 404 to everything: that is not "gone".
      if (!isVersionGone(error)) await get(pkg.name)
      return { seen: undefined, at: sent }
    }
  }

  async function write<T>(url: string, done: T, precondition: () => boolean): Promise<T | NotDone> {
    try {
      const response = await octokit.request(url, { request: { precondition } })
      if (response.status === 204) return done
      return { kind: 'unsure', message: `GitHub gave HTTP ${response.status} where 204 was due` }
    } catch (error) {
      return notDone(error)
    }
  }

  return {
    list,
    get,
    listVersions,
    page,
    version,
    remove: (pkg, id, precondition) =>
      write(`DELETE ${versionAt(pkg, id)}`, { kind: 'gone' } as const, precondition),
    restore: (pkg, id, precondition) =>
      write(`POST ${versionAt(pkg, id)}/restore`, { kind: 'restored' } as const, precondition),
    listDeleted,
    removePackage: (pkg, precondition) =>
      write(`DELETE ${at(pkg.name)}`, { kind: 'gone' } as const, precondition),
    restorePackage: (name, precondition) =>
      write(`POST ${at(name)}/restore`, { kind: 'restored' } as const, precondition)
  }
}

const OWNER_PATH: Readonly<Record<Owner['kind'], (login: string) => string>> = {
  organization: login => `/orgs/${login}`,
  user: login => `/users/${login}`,
  self: () => '/user'
}

const pageOf = (page: number) => ({ per_page: PER_PAGE, page })

/** The address that a `link` header gives for `rel`. */
function relation(link: string | undefined, rel: 'next' | 'last'): string | undefined {
  const match = (link ?? '').split(',').find(part => part.includes(`rel="${rel}"`))
  return match === undefined ? undefined : /<([^>]*)>/.exec(match)?.[1]
}

function numbered(url: string, page: number): string {
  const address = new URL(url)
  address.searchParams.set('page', String(page))
  return address.href
}

function toPackage(row: z.infer<typeof PackageRow>, owner: Owner): Package {
  return {
    owner,
    name: row.name.toLowerCase(),
    visibility: row.visibility,
    versionCount: row.version_count,
    url: row.html_url,
    ...(row.repository ? { repository: row.repository.full_name } : {})
  }
}

function toVersion(row: z.infer<typeof VersionRow>, what: string): PackageVersion {
  return {
    id: row.id,
    digest: digestOf(row, what),
    tags: row.metadata.container.tags,
    created: moment(row.created_at),
    updated: moment(row.updated_at)
  }
}

function digestOf(row: z.infer<typeof VersionRow>, what: string): Digest {
  const digest = parseDigest(row.name)
  if (digest === undefined) {
    throw new ExpectedError(
      `GitHub lists version ${row.id} among the ${what} under the name "${row.name}", which is no digest, so what ` +
        'it is cannot be told. Nothing is decided on this package.'
    )
  }
  return digest
}

function moment(text: string | null | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}

function unreadable(what: string, error: z.ZodError): ExpectedError {
  const issue = error.issues[0]
  const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its top'}: ${issue.message}`
  return new ExpectedError(`GitHub's answer about ${what} is not what its API promises${where}.`)
}

function isVersionGone(error: unknown): boolean {
  return error instanceof RequestError && apiMessage(error) === 'Package version not found.'
}

/** @throws what is no answer to a write: StaleError, BudgetError, bugs */
function notDone(error: unknown): NotDone {
  if (error instanceof RateLimitError) return { kind: 'limited', until: error.until, message: error.message }
  if (!(error instanceof RequestError)) throw error
  const message = apiMessage(error)
  switch (statusOf(error)) {
    case 400:
      return { kind: 'refused', reason: refusal(message), message }
    case 401:
    case 403:
      return { kind: 'forbidden', message }
    case 404:
      return { kind: 'not-found', message }
    default:
      return { kind: 'unsure', message: answerOf(error) }
  }
}

/** GitHub's wordings of its rules, old and new; what it says counts, so an unknown one is passed on. */
function refusal(message: string): 'downloads' | 'last-tagged' | 'other' {
  if (/more than [\d,]+ downloads/i.test(message)) return 'downloads'
  if (/\blast (?:tagged )?version of a package\b/i.test(message)) return 'last-tagged'
  return 'other'
}

const NO_LISTING =
  'Patterns in `packages` need a token that may list packages: a personal access token (classic) with the scope ' +
  `\`read:packages\`. With GITHUB_TOKEN name every package in full: ${readme('tokens-and-permissions')}`

const NO_SIGHT =
  'This token may not read it: give the job `permissions: packages: write` and this repository access under ' +
  '"Manage Actions access" in the settings of the package, or a classic token the scope `read:packages`: ' +
  readme('tokens-and-permissions')

function notFound(name: string, owner: Owner): string {
  const prefix = `${owner.login.toLowerCase()}/`
  const unprefixed = name.toLowerCase().startsWith(prefix) ? name.slice(prefix.length) : undefined
  return (
    'It does not exist, or this token may not see it: GitHub answers the same to both. ' +
    (unprefixed === undefined
      ? `Write all that stands behind "${prefix}" in \`docker pull\`, such as "app/api". `
      : `The name goes without the owner: write "${unprefixed}". `) +
    'If the name is right, give this repository the role Admin under "Manage Actions access" in the settings of the package: ' +
    readme('a-package-is-not-found')
  )
}
