import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import type { Package } from '../model/package.ts'
import { code } from '../util/format.ts'
import { readme, troubleshooting } from '../util/links.ts'
import { orUndefined } from '../util/or-undefined.ts'

/**
 * What a token's prefix tells. `installation` is the workflow's own GITHUB_TOKEN or a GitHub App's: nothing
 * tells them apart; `of-fork` is the former in a run that a fork's pull request started. `unknown` is any other string: older servers give 40 hex digits, and formats change.
 */
export type TokenKind = 'classic' | 'oauth' | 'installation' | 'of-fork' | 'unknown'

const KINDS: readonly (readonly [prefix: string, kind: TokenKind])[] = [
  ['ghp_', 'classic'],
  ['gho_', 'oauth'],
  ['ghs_', 'installation']
]

const REFUSED: readonly (readonly [prefix: string, name: string])[] = [
  ['github_pat_', 'a fine-grained personal access token'],
  ['ghu_', 'a user token of a GitHub App']
]

/**
 * Tells a token's kind by its prefix alone (github.blog, "Behind GitHub's new authentication token formats").
 *
 * @throws ExpectedError for the kinds that GitHub Packages does not accept
 */
export function tokenKind(token: string): TokenKind {
  const refused = REFUSED.find(([prefix]) => token.startsWith(prefix))
  if (refused !== undefined) {
    throw new ExpectedError(
      `The input \`token\` is ${refused[1]}, and GitHub Packages does not accept those: leave ` +
        `the input out to use GITHUB_TOKEN, or give a personal access token (classic): ${readme('tokens-and-permissions')}`
    )
  }
  return KINDS.find(([prefix]) => token.startsWith(prefix))?.[1] ?? 'unknown'
}

export type Scope = 'read:packages' | 'write:packages' | 'delete:packages'

/** Scopes that another one brings along; `delete:packages` and `repo` bring none. */
const INCLUDED: Readonly<Record<string, readonly string[]>> = { 'write:packages': ['read:packages'] }

/**
 * The scopes that a token lacks, by the `x-oauth-scopes` header of any answer. Only classic and OAuth tokens
 * have one; where it is absent nothing is known, and nothing is lacking.
 * (docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps)
 */
export function missingScopes(header: string | undefined, needed: readonly Scope[]): Scope[] {
  if (header === undefined) return []
  const granted = header.split(',').map(scope => scope.trim())
  const all = new Set(granted.flatMap(scope => [scope, ...(INCLUDED[scope] ?? [])]))
  return needed.filter(scope => !all.has(scope))
}

/** What to grant to a classic token that lacks scopes, and where. `serverUrl` is GitHub's web address. */
export function lackingScopes(missing: readonly Scope[], serverUrl: string): string {
  const scopes = missing.map(code).join(' and ')
  const word = missing.length === 1 ? 'scope' : 'scopes'
  const them = missing.length === 1 ? 'it' : 'them'
  return (
    `The \`token\` lacks the ${word} ${scopes}: grant ${them} at ${serverUrl}/settings/tokens, or use a token that ` +
    `has ${them}. See ${readme('tokens-and-permissions')}`
  )
}

/** What to grant when GitHub does not let this token change a package that it may read. */
export function lackingRights(
  kind: TokenKind,
  pkg: Package,
  serverUrl: string,
  change: 'delete' | 'restore' = 'delete'
): string {
  const settings = settingsUrl(pkg)
  const repository =
    'give the job `permissions: packages: write`, and the repository of this workflow the role Admin (Write is ' +
    `not enough) under "Manage Actions access" at ${settings}`
  const person =
    'its scopes must include `read:packages` and `' +
    `${change === 'delete' ? 'delete' : 'write'}:packages\` ` +
    `(${serverUrl}/settings/tokens), and its owner needs the role Admin at ${settings}`
  const may = `This token may not ${change === 'delete' ? 'delete from' : 'restore in'} ${pkg.name}`
  const see = `See ${troubleshooting('a-token-may-not-delete')}`
  if (kind === 'of-fork') return `${may}: ${OF_FORK}. ${see}`
  if (kind === 'installation') return `${may}: ${repository}. ${see}`
  if (kind !== 'unknown') return `${may}: ${person}. ${see}`
  return `${may}. If it is a personal access token (classic), ${person}; if it is GITHUB_TOKEN, ${repository}. ${see}`
}

const OF_FORK =
  'a pull request from a fork started this run, and there GITHUB_TOKEN can only read, whatever `permissions` says. Run it on ' +
  '`schedule`, `workflow_dispatch`, `push` or `pull_request_target`'

/** What a dry run with the workflow's own token leaves open: nobody but a deletion shows whether deleting is allowed. */
export function unprovenRights(kind: TokenKind, pkg: Package): string | undefined {
  if (kind === 'of-fork') return `A real run would delete nothing: ${OF_FORK}.`
  if (kind !== 'installation') return undefined
  return (
    'A dry run with GITHUB_TOKEN cannot show whether deleting is allowed. A real run needs `permissions: packages: write`, and ' +
    `for the repository of this workflow the role Admin under "Manage Actions access" at ${settingsUrl(pkg)}`
  )
}

/** GitHub's web page with a package's settings, made from the address of the package's own page. */
function settingsUrl(pkg: Package): string {
  const page = pkg.url.replace('/container/package/', '/container/')
  return page === pkg.url ? pkg.url || 'its settings page' : `${page}/settings`
}

const Event = z.object({
  pull_request: z.object({ head: z.object({ repo: z.object({ full_name: z.string() }).nullable() }) })
})

/**
 * True when a pull request from a fork started the run. A fork that was deleted meanwhile has no repository
 * (docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request).
 */
export function isOfFork(env: NodeJS.ProcessEnv): boolean {
  if (!/^pull_request(?!_target)/.test(env['GITHUB_EVENT_NAME'] ?? '')) return false
  const event = orUndefined(() =>
    Event.parse(JSON.parse(readFileSync(env['GITHUB_EVENT_PATH'] ?? '', 'utf8')))
  )
  const head = event?.pull_request.head.repo?.full_name.toLowerCase()
  return event !== undefined && head !== env['GITHUB_REPOSITORY']?.toLowerCase()
}
