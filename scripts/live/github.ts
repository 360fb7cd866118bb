import type { Place } from './place.ts'

/** One row of GitHub's list of versions, with what this script looks at (docs, REST API for packages). */
export interface VersionRow {
  readonly id: number
  readonly name: string
  readonly created_at: string
  readonly updated_at: string
  readonly deleted_at?: string
  readonly metadata?: { readonly container?: { readonly tags?: readonly string[] } }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** GitHub's REST API for one package, with nothing between the script and the answers. */
export interface PackageApi {
  /** @param path below the package, `''` for itself */
  ask(method: string, path: string): Promise<Answer>
  /** One page of up to 100 versions; empty where the package is not found. */
  versions(state: 'active' | 'deleted', page?: number): Promise<readonly VersionRow[]>
  /** Every version, page after page. */
  allVersions(): Promise<readonly VersionRow[]>
  find(digest: string): Promise<VersionRow | undefined>
}

const PER_PAGE = 100
/** Milliseconds; an answer that takes longer is none. */
const PATIENCE = 60_000

/** Finds out whether the owner is an organization, and gives the package's part of the API. */
export async function openPackage(place: Place): Promise<PackageApi> {
  const raw = async (method: string, path: string): Promise<Answer> => {
    const response = await fetch(`${place.apiUrl}${path}`, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${place.token}`,
        'user-agent': 'ghcr-steward-live',
        'x-github-api-version': '2022-11-28'
      },
      signal: AbortSignal.timeout(PATIENCE)
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : parsed(text)
    }
  }
  const account = await raw('GET', `/users/${place.owner}`)
  const { type } = (account.body ?? {}) as { type?: string }
  const prefix = type === 'Organization' ? 'orgs' : 'users'
  const base = `/${prefix}/${place.owner}/packages/container/${encodeURIComponent(place.name)}`
  const ask: PackageApi['ask'] = (method, path) => raw(method, `${base}${path}`)
  const versions: PackageApi['versions'] = async (state, page = 1) => {
    const { status, body } = await ask('GET', `/versions?state=${state}&per_page=${PER_PAGE}&page=${page}`)
    if (status === 404) return []
    if (status !== 200)
      throw new Error(`the list of ${state} versions answered ${status}: ${JSON.stringify(body)}`)
    return body as VersionRow[]
  }
  const allVersions: PackageApi['allVersions'] = async () => {
    const rows: VersionRow[] = []
    for (let page = 1; ; page++) {
      const more = await versions('active', page)
      rows.push(...more)
      if (more.length < PER_PAGE) return rows
    }
  }
  return {
    ask,
    versions,
    allVersions,
    find: async digest => (await allVersions()).find(({ name }) => name === digest)
  }
}

export function tagsOf(row: VersionRow | undefined): readonly string[] {
  return row?.metadata?.container?.tags ?? []
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
