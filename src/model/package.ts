import { type Digest, isDigestOf } from './digest.ts'
import type { Manifest } from './manifest.ts'

/** `self` is a user who is also the token's owner: only their own endpoints show private packages. */
export type OwnerKind = 'organization' | 'user' | 'self'

/** Who may pull a package. */
export const VISIBILITIES = ['public', 'private', 'internal'] as const

export type Visibility = (typeof VISIBILITIES)[number]

export interface Owner {
  readonly login: string
  readonly kind: OwnerKind
}

export interface Package {
  readonly owner: Owner
  /** Without the owner, in lower case: `app/api` for ghcr.io/octo/app/api. */
  readonly name: string
  readonly visibility: string
  /** GitHub's own count of versions, untagged children included; a hint, and undefined where it gives none. */
  readonly versionCount: number | undefined
  /** `owner/name` of the linked repository, where there is one. */
  readonly repository?: string
  /** The package's page, where its settings are. */
  readonly url: string
}

const LONGEST_NAME = 300

/** True for what may be a package's name: it becomes a part of addresses, so nothing in it may lead elsewhere. */
export function isPackageName(text: string): boolean {
  return (
    text.length <= LONGEST_NAME &&
    text.isWellFormed() &&
    !/^$|[\s\\?#%\p{Cc}]|(?:^|\/)(?:\.{0,2})(?:\/|$)/u.test(text)
  )
}

/** One manifest that GitHub lists for a package. "Version" alone always means this. */
export interface PackageVersion {
  readonly id: number
  readonly digest: Digest
  readonly tags: readonly string[]
  /** Set where GitHub does not say which tags it has. */
  readonly tagsUnknown?: true
  /** Set where a tag of it is said to be on another version as well, or a part of its image is about to come back: a phrase. */
  readonly disputed?: string
  /** Milliseconds since 1970; undefined where GitHub gave no date that can be read. */
  readonly created: number | undefined
  readonly updated: number | undefined
}

/** `disputed` of a version that lacks what an earlier run deleted and this one brings back. */
export const AWAITED = 'it lacks what an earlier run deleted, which a real run restores'

/** `disputed` of what belongs to an image of which that is still to be looked at. */
export const LEFT_OPEN =
  'an earlier run deleted a part of its image and could not look whether that is needed, so it stays until a run has looked'

/**
 * The versions that a name means: a tag, a digest or a version id; where it is none of these, those whose digest
 * begins with it.
 */
export function versionsCalled<V extends Pick<PackageVersion, 'id' | 'digest' | 'tags'>>(
  versions: readonly V[],
  name: string
): V[] {
  const exact = versions.filter(
    ({ id, digest, tags }) => tags.includes(name) || digest === name || String(id) === name
  )
  return exact.length > 0 ? exact : versions.filter(({ digest }) => isDigestOf(name, digest))
}

/** Finds the tag that differs from a name by capital letters alone. */
export function inOtherCapitals(versions: readonly PackageVersion[]): (name: string) => string | undefined {
  const tags = new Map(versions.flatMap(one => one.tags.map(tag => [tag.toLowerCase(), tag] as const)))
  return name => tags.get(name.toLowerCase())
}

/**
 * What is known of a digest's manifest.
 * - `read`: its bytes were read and understood.
 * - `named`: a listed version that was not read because an index that was read names it as a platform, or because
 *   nothing of its package can be deleted, whatever it says.
 * - `missing`: the registry denied it at every look, and nobody says otherwise (`inventory/evidence.ts`).
 * - `unread`: it could not be read, so what it needs is unknown. `cause` is a phrase for people.
 */
export type Content =
  | { readonly state: 'read'; readonly manifest: Manifest }
  | { readonly state: 'named' }
  | { readonly state: 'missing' }
  | { readonly state: 'unread'; readonly cause: string }

/** One for all: most of 300,000 versions are only named. */
export const NAMED: Content = { state: 'named' }

/** What is in a package, by GitHub's list of versions and the registry's list of tags together. */
export interface ListedPackage {
  /** Each id once. Tags that only the registry knows are among theirs. */
  readonly versions: readonly PackageVersion[]
  /** The tags of manifests that stand in the registry and that GitHub does not list. */
  readonly unlisted: ReadonlyMap<Digest, readonly string[]>
  /** It is there, and nobody can say what it is. It may need anything. */
  readonly unresolved: readonly Unresolved[]
}

/** Something that one witness knows and nobody can read. */
export interface Unresolved {
  /** A tag, or a phrase. */
  readonly ref: string
  /** A phrase. */
  readonly cause: string
  /** Set where only GitHub's count tells of it, which may be off: it holds no more than what stands alone without a tag. */
  readonly onlyCounted?: true
}

/** One package as it was at one moment: every listed version, and what is known of its manifest. */
export interface Inventory {
  readonly package: Package
  /** Each id once. */
  readonly versions: readonly PackageVersion[]
  /** As in `ListedPackage`; absent where nobody asked for the registry's tags. */
  readonly unlisted?: ListedPackage['unlisted']
  readonly unresolved?: ListedPackage['unresolved']
  /** Why what describes a digest that is not in the package is no orphan, by that digest's `referrerTag`: a phrase. */
  readonly elsewhere?: ReadonlyMap<string, string>
  /** The repositories, the nearest by name first, that did not have what orphans describe, and to which it may come back. */
  readonly beside?: readonly string[]
  /** One entry for every listed version, and for every unlisted digest that an index names. */
  readonly contents: ReadonlyMap<Digest, Content>
}

/** GHCR opened in September 2020: an earlier date is a default value, and no date. */
const EARLIEST = Date.UTC(2020, 0, 1)
/** Beyond it dates have more digits, which no reader of reports expects. */
const LATEST = Date.UTC(10_000, 0, 1)

/** A date as far as it can be one of a version in GHCR; milliseconds since 1970. */
export function believableDate(date: number | undefined): number | undefined {
  return date !== undefined && date >= EARLIEST && date < LATEST ? date : undefined
}

/** The dates that an age can be counted from. */
export const AGE_FROM = ['newest', 'created', 'updated'] as const

export type AgeFrom = (typeof AGE_FROM)[number]
