import type { IncomingHttpHeaders } from 'node:http'
import type { Account } from './accounts.ts'
import type { Awaitable } from './store.ts'

/** One request as a route sees it. */
export interface Call {
  readonly method: string
  /** As sent, still encoded, without the API's prefix. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The `{names}` of the route, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Undefined for a request without a token; a bad token never gets here. */
  readonly account: Account | undefined
}

export interface Answer {
  readonly status: number
  /** Bytes go as they are, anything else as JSON; nothing at all when undefined. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** True where the answer is a lie on purpose, which GitHub's schemas need not bear. */
  readonly lie?: boolean
}

export interface Route {
  readonly method: string
  /** Segments; `{name}` stands for exactly one, `{name...}` for the rest of the path. */
  readonly path: string
  readonly handle: (call: Call) => Awaitable<Answer>
}

export type Find = (
  method: string,
  path: string
) => { readonly route: Route; readonly params: Record<string, string> } | undefined

/** What finds the route of a request; the first one that fits wins. */
export function router(routes: readonly Route[]): Find {
  const compiled = Map.groupBy(
    routes.map(route => ({ route, pattern: patternOf(route.path) })),
    ({ route }) => route.method
  )
  return (method, path) => {
    for (const { route, pattern } of compiled.get(method) ?? []) {
      const groups = pattern.exec(path)?.groups
      if (groups === undefined) continue
      const params = Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)])
      return { route, params: Object.fromEntries(params) }
    }
    return undefined
  }
}

const patterns = new Map<string, RegExp>()

/** The pattern of a path, which is made once for all emulators. */
function patternOf(path: string): RegExp {
  const known = patterns.get(path)
  if (known !== undefined) return known
  const source = path.replaceAll(/\{(\w+)(\.\.\.)?\}/g, (_, name: string, rest?: string) =>
    rest === undefined ? `(?<${name}>[^/]+)` : `(?<${name}>.+)`
  )
  // The group in front is there so that `groups` exists for a path without names, too.
  const pattern = new RegExp(`^(?<_>)${source}$`)
  patterns.set(path, pattern)
  return pattern
}

/** A GitHub error body; `status` is a string there. */
export function problem(status: number, message: string, documentation = 'rest'): Answer {
  const documentation_url = `https://docs.github.com/${documentation}`
  return { status, body: { message, documentation_url, status: String(status) } }
}
