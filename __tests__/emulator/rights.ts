import { type Account, hasRole, hasScope, type StoredOwner, tokenAllows } from './accounts.ts'
import type { StoredPackage } from './contents.ts'
import { type Answer, problem } from './http.ts'

/**
 * Whom the Packages API turns away, and with which of its misleading answers
 * (cli/cli#9606, dataaxiom/ghcr-cleanup-action#28 and #147, create-github-app-token#314).
 */

/** By which of the three prefixes a request comes: `/orgs/{org}`, `/users/{username}`, `/user`. */
export type Door = 'org' | 'user' | 'self'

export const packageNotFound = (): Answer => problem(404, 'Package not found.', 'rest/packages/packages')
export const versionNotFound = (): Answer =>
  problem(404, 'Package version not found.', 'rest/packages/packages')
export const notIntegration = (): Answer =>
  problem(403, 'Resource not accessible by integration', 'rest/packages/packages')

/** Why this token gets nowhere with packages by this door, whatever the package. */
export function refuseToken(account: Account | undefined, door: Door): Answer | undefined {
  if (account === undefined) return problem(401, 'Requires authentication', 'rest')
  if (account.kind === 'fine-grained') {
    return problem(403, 'Resource not accessible by personal access token', 'rest/packages/packages')
  }
  if (door === 'self' && account.kind !== 'classic') return notIntegration()
  return undefined
}

/** Why the package cannot be read; undefined when it can. */
export function refuseRead(
  account: Account,
  door: Door,
  owner: StoredOwner,
  pkg: StoredPackage
): Answer | undefined {
  if (account.kind === 'app') return packageNotFound()
  if (!tokenAllows(account, 'read')) {
    if (account.kind === 'github-token') return notIntegration()
    return problem(403, 'You need at least read:packages scope to get a package.', 'rest/packages/packages')
  }
  // A user's own private packages are shown to a person by /user alone (T-38).
  const hidden = door === 'user' && owner.type === 'User' && account.kind === 'classic'
  if (hidden && pkg.visibility !== 'public') return packageNotFound()
  return hasRole(account, owner, pkg, 'read') ? undefined : packageNotFound()
}

/** Why the caller, who can read, cannot delete (`delete:packages`) or restore (`write:packages`). */
export function refuseChange(
  account: Account,
  owner: StoredOwner,
  pkg: StoredPackage,
  scope: 'delete:packages' | 'write:packages'
): Answer | undefined {
  if (account.kind === 'github-token' && !tokenAllows(account, 'write')) return notIntegration()
  if (account.kind === 'classic' && !hasScope(account.scopes, scope)) return packageNotFound()
  if (hasRole(account, owner, pkg, 'admin')) return undefined
  const own = account.kind === 'github-token' && owner.type === 'User' && pkg.visibility !== 'public'
  return own ? notIntegration() : packageNotFound()
}
