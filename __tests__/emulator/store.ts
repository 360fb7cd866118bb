import type { Digest } from '../../src/model/digest.ts'

/**
 * What the emulated Packages API needs of whatever holds the versions: the emulated world, or a real
 * registry behind it. Who owns what and which token may do what always comes from the world.
 */

export type Awaitable<T> = T | Promise<T>

export interface OwnerRow {
  readonly id: number
  readonly login: string
  readonly type: 'User' | 'Organization'
}

export interface PackageRow {
  readonly id: number
  readonly owner: OwnerRow
  /** Without the owner, as GHCR has it: lower case. */
  readonly name: string
  readonly visibility: 'public' | 'private' | 'internal'
  /** `owner/name` of the linked repository. */
  readonly repository?: string
  /** Milliseconds since 1970, as all times here. */
  readonly created: number
  readonly updated: number
}

export interface VersionRow {
  readonly id: number
  readonly digest: Digest
  readonly tags: readonly string[]
  /** Undefined only where a listing lies. */
  readonly created: number | undefined
  readonly updated: number | undefined
  readonly deleted?: number | undefined
  readonly downloads: number
}

export type State = 'active' | 'deleted'

export interface VersionPage {
  readonly rows: readonly VersionRow[]
  /** Of all pages together. */
  readonly total: number
}

export interface VersionStore {
  /** GitHub's `version_count`: the active versions. */
  count(pkg: PackageRow): Awaitable<number>
  /** How many active versions have a tag. */
  tagged(pkg: PackageRow): Awaitable<number>
  /** Rows `offset` to `offset + limit` of the listing, newest first. */
  page(pkg: PackageRow, state: State, offset: number, limit: number): Awaitable<VersionPage>
  find(pkg: PackageRow, id: number, state: State): Awaitable<VersionRow | undefined>
  remove(pkg: PackageRow, id: number): Awaitable<void>
  /** False when it cannot be brought back: too old, or its digest was pushed again meanwhile. */
  restore(pkg: PackageRow, id: number): Awaitable<boolean>
}
