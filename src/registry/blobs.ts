import * as z from 'zod'
import type { Blob } from '../model/blob.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { listOf, parseForeign } from '../util/parse-foreign.ts'
import { isBlobType } from './manifest.ts'

const descriptor = z.object({
  mediaType: z.string().optional(),
  digest: z.string(),
  size: z.number().int().nonnegative()
})
const named = listOf(descriptor).nullish()
const wire = z.object({ config: descriptor.nullish(), layers: named, blobs: named, manifests: named })

/** Layers that a registry does not store, because their license forbids it (image-spec, layer.md). */
const STORED_ELSEWHERE = /nondistributable|\.foreign\./

/**
 * The blobs that a manifest names: config and layers of an image, the `blobs` of the withdrawn artifact manifest, and
 * what a BuildKit cache lists in its index.
 *
 * @returns undefined where it does not say how large they are, as Docker's schema 1
 */
export function blobsIn(bytes: Uint8Array): readonly Blob[] | undefined {
  const json: unknown = orUndefined(() => JSON.parse(new TextDecoder().decode(bytes)))
  const parsed = parseForeign(wire, json)
  if ('issues' in parsed || (typeof json === 'object' && json !== null && 'fsLayers' in json))
    return undefined
  const { config, layers, blobs, manifests } = parsed.data
  const cached = (manifests ?? []).filter(({ mediaType }) => isBlobType(mediaType))
  const all = [...(config ? [config] : []), ...(layers ?? []), ...(blobs ?? []), ...cached]
  return all
    .filter(({ mediaType = '' }) => !STORED_ELSEWHERE.test(mediaType))
    .map(({ digest, size }) => ({ digest, size }))
}
