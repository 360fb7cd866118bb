import type { Digest } from './digest.ts'

/** Content that manifests name besides other manifests: a layer, or a config. */
export interface Blob {
  readonly digest: string
  /** Bytes, as the registry stores them. */
  readonly size: number
}

/** The blobs of a package's versions, as far as a run asked for them. */
export interface BlobReport {
  /** Those of each version that is to be deleted, or, in a check, of each image that was found. */
  readonly blobs: ReadonlyMap<Digest, readonly Blob[]>
  /** Digests of the blobs that something else in the package names as well. */
  readonly shared: ReadonlySet<string>
  /** Manifests whose blobs are unknown: of `blobs`, and of everything else. */
  readonly unread: { readonly here: number; readonly elsewhere: number }
}
