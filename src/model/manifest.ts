import type { Digest } from './digest.ts'
import type { Labels } from './labels.ts'

/** What an entry of an index says about the manifest that it names. Layer blobs of a build cache are no entries. */
export interface Descriptor {
  readonly digest: Digest
  /** True when the entry is itself an index: its own children matter too. */
  readonly index: boolean
  /** `os/architecture[/variant]`, where the entry names one that is not `unknown/unknown`. */
  readonly platform?: string
  /** The sibling that this entry attests (BuildKit's annotation `vnd.docker.reference.digest`). */
  readonly describes?: Digest
  /**
   * Set where the entry's media type is neither a known manifest's nor a known blob's: it is a child unless it
   * turns out to be unlisted and missing. The inventory settles it; after that it only ever stands on children.
   */
  readonly uncertain?: true
}

/** The annotation that marks a manifest as our own placeholder, with the tag that it took. */
export const PLACEHOLDER = 'io.github.ghcr-steward.untagged'

/**
 * True for the empty index that untagging puts under a tag for a moment. One that is found was left behind by a run
 * that did not end its work: it is no image, and nobody needs it. What has a tag that it does not say it took is somebody's.
 *
 * @param tags those that stand on it
 */
export function isPlaceholder(manifest: Manifest, tags: readonly string[]): boolean {
  return isOurs(manifest) && tags.every(tag => tag === manifest.annotations[PLACEHOLDER])
}

/** The same, whatever tags stand on it. */
export const isOurs = ({ form, children, subject, annotations }: Manifest): boolean =>
  form === 'index' &&
  children.length === 0 &&
  subject === undefined &&
  Object.hasOwn(annotations, PLACEHOLDER)

/**
 * True for an entry that says which platform it is for, or what it attests, and whose type is a manifest's: it leads
 * nowhere else, so it need not be read.
 */
export function leadsNowhere({ index, uncertain, platform, describes }: Descriptor): boolean {
  return !index && uncertain === undefined && (platform !== undefined || describes !== undefined)
}

/**
 * What policies call a root: a container image (or an index of images), any other OCI artifact
 * (chart, SBOM, signature, payload), or a BuildKit registry cache.
 */
export const KINDS = ['image', 'artifact', 'cache'] as const

export type Kind = (typeof KINDS)[number]

/** All that decisions need of a manifest: its edges and its kind. */
export interface Manifest {
  readonly mediaType: string
  readonly form: 'index' | 'manifest'
  readonly kind: Kind
  /** Manifests that an index names, in its order, each digest once; empty for a manifest. */
  readonly children: readonly Descriptor[]
  /** The manifest that this one describes (OCI 1.1 `subject`). */
  readonly subject?: Digest
  readonly artifactType?: string
  readonly annotations: Labels
  /** True where it has more annotations than are held, or nobody can read them: there are none above then. */
  readonly annotationsUnknown?: boolean
  /** Why it is of a kind that nobody knows: a phrase. Its children are then all that its bytes name. */
  readonly unknown?: string
  /** The config blob, where labels live; absent for an index. */
  readonly config?: Digest
}
