import { ExpectedError, messageOf } from '../errors.ts'
import { type Digest, digestLike, parseDigest } from '../model/digest.ts'
import type { Manifest } from '../model/manifest.ts'
import { isSchema1, parseManifest } from './manifest.ts'
import { TransientError } from './retry.ts'
import { type Answer, headerOf } from './transport.ts'
import { mentionsOf } from './unknown-manifest.ts'

/** `missing` only when the registry says so in so many words. A `cause` is a phrase for people. */
type Lacking = { readonly state: 'missing' } | { readonly state: 'unread'; readonly cause: string }
export type ManifestRead =
  | {
      readonly state: 'read'
      readonly digest: Digest
      readonly manifest: Manifest
      readonly bytes: Uint8Array
    }
  | Lacking
export type BlobRead =
  | { readonly state: 'read'; readonly bytes: Uint8Array }
  | { readonly state: 'unread'; readonly cause: string }
/** A manifest as it is stored. */
export type BytesRead =
  | { readonly state: 'bytes'; readonly bytes: Uint8Array; readonly mediaType: string }
  | Lacking
export type TagHead = { readonly state: 'found'; readonly digest: Digest } | Lacking

/**
 * Checks and reads the bytes of a manifest.
 *
 * @param wanted the digest that was asked for; undefined for a tag
 * @throws TransientError when the bytes are not those of the digest
 */
export function understand(answer: Answer, wanted: Digest | undefined): ManifestRead {
  const said = parseDigest(headerOf(answer, 'docker-content-digest') ?? '')
  const expected = wanted ?? said
  const actual = digestLike(expected, answer.body)
  const intact = expected === undefined || expected === actual
  let manifest: Manifest
  try {
    manifest = parseManifest(answer.body, headerOf(answer, 'content-type'))
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    if (!intact) throw new TransientError(BROKEN)
    // What a tag leads to has no digest to be held against: it may be any page.
    if (expected === undefined) return { state: 'unread', cause: messageOf(error) }
    manifest = mentionsOf(answer.body, headerOf(answer, 'content-type'), messageOf(error))
  }
  if (intact) return { state: 'read', digest: actual, manifest, bytes: answer.body }
  // The digest of a signed schema 1 manifest is not that of its bytes: the registry's word has to do.
  if (isSchema1(manifest) && said === expected)
    return { state: 'read', digest: expected, manifest, bytes: answer.body }
  throw new TransientError(BROKEN)
}

export const BROKEN = 'the bytes received are not those of the digest'
