import { composePaginateRest } from '@octokit/plugin-paginate-rest'
import type { Clock } from '../model/clock.ts'
import type { Owner, Package } from '../model/package.ts'
import type { Octokit } from './client.ts'
import { PER_PAGE } from './lists.ts'
import { notDone, type WriteAnswer } from './write-answers.ts'

export type PackageRequests = ReturnType<typeof packageRequests>

/** Addresses of the container packages of one owner, and the three kinds of requests that are sent there. */
export function packageRequests(octokit: Octokit, owner: Owner, clock: Clock) {
  const base = `${OWNER_PATH[owner.kind](encodeURIComponent(owner.login))}/packages`
  // One path segment: the slashes of a nested name are encoded.
  const packageAt = (name: string): string => `${base}/container/${encodeURIComponent(name)}`
  const versionsAt = (pkg: Package): string => `${packageAt(pkg.name)}/versions`
  return {
    base,
    packageAt,
    versionsAt,
    versionAt: (pkg: Package, id: number): string => `${versionsAt(pkg)}/${id}`,

    /** One GET, with the moment at which its last attempt was sent. */
    async read(url: string, query: Record<string, string | number> = {}) {
      let sent = clock.now()
      const precondition = (): boolean => {
        sent = clock.now()
        return true
      }
      const response = await octokit.request(`GET ${url}`, { ...query, request: { precondition } })
      return { data: response.data as unknown, link: response.headers.link, at: sent }
    },

    /** The pages of a list, one after the other. */
    pagesOf: (url: string, query: Record<string, string>): AsyncIterable<{ readonly data: unknown }> =>
      composePaginateRest.iterator(octokit, `GET ${url}`, { ...query, per_page: PER_PAGE }),

    async write(url: string, precondition: () => boolean): Promise<WriteAnswer> {
      try {
        const response = await octokit.request(url, { request: { precondition } })
        if (response.status === 204) return { kind: 'done' }
        return { kind: 'unsure', message: `GitHub gave HTTP ${response.status} instead of 204` }
      } catch (error) {
        return notDone(error)
      }
    }
  }
}

const OWNER_PATH: Readonly<Record<Owner['kind'], (login: string) => string>> = {
  organization: login => `/orgs/${login}`,
  user: login => `/users/${login}`,
  self: () => '/user'
}
