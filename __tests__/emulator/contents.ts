import type { Digest } from '../../src/model/digest.ts'
import type { Lie } from './lies.ts'
import type { Named } from './shapes.ts'
import type { PackageRow, VersionRow } from './store.ts'

/** One package's versions, and what a push, a deletion and a restore do to them. */

export type Role = 'read' | 'write' | 'admin'

export interface StoredVersion extends VersionRow {
  tags: readonly string[]
  readonly created: number
  updated: number
  deleted: number | undefined
  downloads: number
  readonly mediaType: string
  readonly bytes: Buffer
}

export interface StoredPackage extends PackageRow {
  visibility: PackageRow['visibility']
  /** What each repository (`owner/name`) may do under Manage Actions access, and each person (a login) under Manage access. */
  readonly access: Map<string, Role>
  /** Active versions, oldest first; the listing is this backwards. */
  readonly order: StoredVersion[]
  readonly byId: Map<number, StoredVersion>
  readonly byDigest: Map<Digest, StoredVersion>
  readonly byTag: Map<string, StoredVersion>
  readonly deleted: Map<number, StoredVersion>
  /** Blobs that were pushed by themselves; those without content merely exist. */
  readonly blobs: Map<string, Buffer | undefined>
  /** When the whole package was deleted. */
  gone: number | undefined
  readonly lies: Lie[]
}

const DAY = 86_400_000
/** GitHub keeps what was deleted for 30 days. */
export const RESTORABLE_MS = 30 * DAY

const before = (a: StoredVersion, b: StoredVersion): boolean =>
  a.created < b.created || (a.created === b.created && a.id < b.id)

/** Where `version` stands, or would stand, in the order. */
function placeOf(order: readonly StoredVersion[], version: StoredVersion): number {
  let low = 0
  let high = order.length
  while (low < high) {
    const middle = (low + high) >> 1
    const there = order[middle]
    if (there !== undefined && before(there, version)) low = middle + 1
    else high = middle
  }
  return low
}

function activate(pkg: StoredPackage, version: StoredVersion): void {
  pkg.order.splice(placeOf(pkg.order, version), 0, version)
  pkg.byId.set(version.id, version)
  pkg.byDigest.set(version.digest, version)
}

/** A manifest arrives: a new version, or nothing at all when the digest is there already (no date moves). */
export function put(
  pkg: StoredPackage,
  manifest: Named & { readonly bytes: Buffer },
  nextId: () => number,
  at: number
): StoredVersion {
  const present = pkg.byDigest.get(manifest.digest)
  if (present !== undefined) return present
  const { digest, mediaType, bytes } = manifest
  // GitHub's dates have whole seconds.
  const created = Math.floor(at / 1_000) * 1_000
  const version: StoredVersion = {
    id: nextId(),
    digest,
    tags: [],
    created,
    updated: created,
    deleted: undefined,
    downloads: 0,
    mediaType,
    bytes
  }
  activate(pkg, version)
  return version
}

/** A tag comes to stand on `version`; the version that had it loses it, and no date moves. */
export function tag(pkg: StoredPackage, version: StoredVersion, name: string): void {
  const holder = pkg.byTag.get(name)
  if (holder === version) return
  if (holder !== undefined) holder.tags = holder.tags.filter(other => other !== name)
  version.tags = [...version.tags, name]
  pkg.byTag.set(name, version)
}

/** Deletes one version with all its tags, and nothing else: GitHub does not cascade. */
export function remove(pkg: StoredPackage, version: StoredVersion, at: number): void {
  pkg.order.splice(placeOf(pkg.order, version), 1)
  pkg.byId.delete(version.id)
  pkg.byDigest.delete(version.digest)
  for (const name of version.tags) pkg.byTag.delete(name)
  version.deleted = at
  pkg.deleted.set(version.id, version)
}

/** Brings a version back with its id, its dates, and its tags: those that stand nowhere else by now, or all. */
export function restore(pkg: StoredPackage, version: StoredVersion, at: number, allTags: boolean): boolean {
  if (version.deleted === undefined || at - version.deleted > RESTORABLE_MS) return false
  if (pkg.byDigest.has(version.digest)) return false
  pkg.deleted.delete(version.id)
  version.deleted = undefined
  const tags = version.tags.filter(name => allTags || !pkg.byTag.has(name))
  version.tags = []
  activate(pkg, version)
  for (const name of tags) tag(pkg, version, name)
  return true
}

/** The untagged children of an index that is gone and that no other index names. */
export function ownedBy(pkg: StoredPackage, { bytes }: StoredVersion): StoredVersion[] {
  return childrenOf(bytes).flatMap(digest => {
    const child = pkg.byDigest.get(digest)
    const needed = pkg.order.some(other => other !== child && childrenOf(other.bytes).includes(digest))
    return child === undefined || child.tags.length > 0 || needed ? [] : [child]
  })
}

/** Media types whose entries in an index are manifests, and so versions; anything else is a blob. */
const MANIFESTS = /^application\/vnd\.(?:oci\.image\.(?:index|manifest)|docker\.distribution\.manifest)\b/

interface Body {
  readonly manifests?: readonly { readonly mediaType: string; readonly digest: Digest }[]
  readonly config?: { readonly digest: string; readonly data?: string }
  readonly layers?: readonly { readonly digest: string; readonly data?: string; readonly urls?: string[] }[]
  readonly fsLayers?: readonly { readonly blobSum: string }[]
}

const bodyOf = (bytes: Buffer): Body => JSON.parse(bytes.toString('utf8')) as Body

/** The manifests that these bytes name as children; not the subject, which may be absent by the spec. */
export function childrenOf(bytes: Buffer): Digest[] {
  const entries = bodyOf(bytes).manifests ?? []
  return entries.filter(entry => MANIFESTS.test(entry.mediaType)).map(entry => entry.digest)
}

/** The blobs that must be in the registry before these bytes may be pushed. */
export function blobsOf(bytes: Buffer): string[] {
  const { manifests = [], config, layers = [], fsLayers = [] } = bodyOf(bytes)
  const own = [...(config === undefined ? [] : [config]), ...layers]
  return [
    ...manifests.filter(entry => !MANIFESTS.test(entry.mediaType)).map(entry => entry.digest),
    ...own.filter(each => each.data === undefined && !('urls' in each)).map(each => each.digest),
    ...fsLayers.map(layer => layer.blobSum)
  ]
}

/** True when the blob was pushed by itself, or stands in a manifest that the world's builder laid down. */
export function hasBlob(pkg: StoredPackage, digest: string): boolean {
  return pkg.blobs.has(digest) || pkg.order.some(version => version.bytes.includes(digest))
}

/** Everything that keeps this version from being pulled: each missing manifest below it, by digest. */
export function missingBelow(pkg: StoredPackage, root: Digest): Digest[] {
  const missing: Digest[] = []
  const seen = new Set<Digest>([root])
  for (const digest of seen) {
    const version = pkg.byDigest.get(digest)
    if (version === undefined) missing.push(digest)
    else for (const child of childrenOf(version.bytes)) seen.add(child)
  }
  return missing
}
