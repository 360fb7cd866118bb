import type { Digest } from '../../src/model/digest.ts'
import { ACCEPT, type RealRegistry } from './registry.ts'

/** What a manifest or an index says, as far as it matters here. */
export interface Body {
  readonly manifests?: readonly {
    readonly mediaType: string
    readonly digest: Digest
    readonly platform?: { readonly os: string; readonly architecture: string }
  }[]
  readonly config?: { readonly digest: string }
  readonly layers?: readonly { readonly digest: string }[]
  readonly artifactType?: string
  readonly subject?: { readonly digest: Digest }
}

/** False for the blobs that an old build cache lists as if they were manifests. */
export function isManifest({ mediaType }: { readonly mediaType: string }): boolean {
  return ACCEPT.includes(mediaType)
}

/** @param reference a tag or a digest that is there */
export async function bodyOf(registry: RealRegistry, repository: string, reference: string): Promise<Body> {
  const found = await registry.manifest(repository, reference)
  if (found === undefined) throw new Error(`${repository} has no ${reference}`)
  return JSON.parse(found.bytes.toString('utf8')) as Body
}
