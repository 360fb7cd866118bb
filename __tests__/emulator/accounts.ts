import type { Role, StoredPackage } from './contents.ts'
import type { OwnerRow } from './store.ts'

/** Who calls, and what GitHub lets each kind of token do with packages (docs, about permissions for GitHub Packages). */

export type Permission = 'read' | 'write'

export type Account =
  | { readonly kind: 'classic'; readonly login: string; readonly scopes: readonly string[] }
  | {
      readonly kind: 'github-token'
      /** `owner/name` of the repository whose workflow runs. */
      readonly repository: string
      readonly permissions: Readonly<Record<string, Permission>>
    }
  /** An App's installation: cannot be told from GITHUB_TOKEN by its looks, and may do nothing here. */
  | { readonly kind: 'app'; readonly login: string }
  | { readonly kind: 'fine-grained'; readonly login: string }

export type OrgRole = 'admin' | 'member'

export interface StoredOwner extends OwnerRow {
  /** An organization's people, by lower-case login. */
  readonly people: Map<string, OrgRole>
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Scopes that come with a scope: `write:packages` reads too, `delete:packages` is all by itself. */
export function hasScope(scopes: readonly string[], wanted: string): boolean {
  return scopes.includes(wanted) || (wanted === 'read:packages' && scopes.includes('write:packages'))
}

const RANK: Record<Role, number> = { read: 1, write: 2, admin: 3 }

/** What the caller may do with the package by its role there, scopes and permissions aside. */
export function roleOn(account: Account, owner: StoredOwner, pkg: StoredPackage): Role | undefined {
  const granted = grantedRole(account, owner, pkg)
  if (granted === undefined && pkg.visibility === 'public') return 'read'
  return granted
}

function grantedRole(account: Account, owner: StoredOwner, pkg: StoredPackage): Role | undefined {
  if (account.kind === 'github-token') return pkg.access.get(account.repository.toLowerCase())
  if (account.kind !== 'classic') return undefined
  const login = account.login.toLowerCase()
  const role = owner.people.get(login)
  if (role === 'admin' || same(owner.login, login)) return 'admin'
  // A package without a repository has no access to inherit: other members than those who were let in do not see it.
  const inherited = role === 'member' && pkg.repository !== undefined ? 'read' : undefined
  return pkg.access.get(login) ?? inherited
}

/** True when the caller's role on the package is at least this. */
export function hasRole(account: Account, owner: StoredOwner, pkg: StoredPackage, wanted: Role): boolean {
  const role = roleOn(account, owner, pkg)
  return role !== undefined && RANK[role] >= RANK[wanted]
}

/** True when the token itself, whoever holds it, is one that may read (or write) packages at all. */
export function tokenAllows(account: Account, wanted: Permission): boolean {
  if (account.kind === 'classic') return hasScope(account.scopes, `${wanted}:packages`)
  if (account.kind !== 'github-token') return false
  const permission = account.permissions['packages']
  return permission === 'write' || (permission === 'read' && wanted === 'read')
}

/** True when the caller may push a package of this name into this namespace that is not there yet. */
export function mayCreate(account: Account, owner: StoredOwner): boolean {
  if (!tokenAllows(account, 'write')) return false
  if (account.kind === 'github-token') return same(account.repository.split('/')[0] ?? '', owner.login)
  if (account.kind !== 'classic') return false
  return same(account.login, owner.login) || owner.people.has(account.login.toLowerCase())
}
