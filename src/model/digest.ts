import { createHash } from 'node:crypto'

declare const digest: unique symbol

/** The content address of a manifest, `algorithm:hex` in lower case (OCI image-spec, descriptor.md). */
export type Digest = string & { readonly [digest]: true }

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** Reads `sha256:<64 hex>` or `sha512:<128 hex>`; anything else is undefined. */
export function parseDigest(text: string): Digest | undefined {
  return DIGEST.test(text) ? (text as Digest) : undefined
}

/** The digest of bytes. */
export function sha256Of(bytes: Uint8Array | string): Digest {
  return hash('sha256', bytes)
}

/** The digest of bytes by the algorithm of another digest, which they are to be compared with. */
export function digestLike(other: Digest | undefined, bytes: Uint8Array): Digest {
  return hash(other?.startsWith('sha512:') ? 'sha512' : 'sha256', bytes)
}

function hash(algorithm: 'sha256' | 'sha512', bytes: Uint8Array | string): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest
}

/** The algorithm and the first 12 hex digits: enough for a person, never for a request. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':') + 13)
}

/** A digest that is cut off: with its algorithm in front, or of at least as many digits as messages show. */
const SHORT = /^(?:sha256:([0-9a-f]{7,63})|([0-9a-f]{12,63}))$/i

/** What every digest begins with that a short one can stand for; undefined for what is none. */
export function beginningOf(short: string): string | undefined {
  const [, prefixed, bare] = SHORT.exec(short) ?? []
  const hex = prefixed ?? bare
  return hex === undefined ? undefined : `sha256:${hex.toLowerCase()}`
}

/** True where a text is a digest, or the beginning of it. */
export function isDigestOf(text: string, digest: Digest): boolean {
  return text === digest || digest.startsWith(beginningOf(text) ?? ' ')
}

/**
 * The tag under which a registry without a referrers API keeps what describes `digest`:
 * the algorithm, a dash and the first 64 hex digits (distribution-spec, Referrers Tag Schema).
 * cosign's classic tags are the same with `.sig`, `.att` or `.sbom` behind it.
 */
export function referrerTag(digest: Digest): string {
  const colon = digest.indexOf(':')
  return `${digest.slice(0, colon)}-${digest.slice(colon + 1, colon + 65)}`
}

/** The digest that a `referrerTag` stands for; undefined for a sha512 one, which is cut off there. */
export const digestOfKey = (key: string): Digest | undefined => parseDigest(key.replace('-', ':'))

const REFERRER_TAG = /^(sha(?:256|512)-[0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/

/** What `referrerTag` gives for the digest that this tag describes; undefined for a user's tag. */
export function describedBy(tag: string): string | undefined {
  return REFERRER_TAG.exec(tag)?.[1]
}

const NAMES_DIGEST = /sha(?:256|512)-[0-9a-f]{64}/g

/**
 * What `referrerTag` gives for every digest that a tag names anywhere in it. Clients write such tags in many ways
 * (`cosign-sha256-….sig`, `sha256-….vex`), and what carries one belongs to what it names.
 */
export function digestsNamedIn(tag: string): readonly string[] {
  return tag.match(NAMES_DIGEST) ?? NO_KEYS
}

const NO_KEYS: readonly string[] = []

/** True for a tag that a person or a build chose, false for one that only describes another manifest. */
export function isUserTag(tag: string): boolean {
  return !REFERRER_TAG.test(tag)
}
