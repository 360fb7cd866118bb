import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import { textsIn } from '../model/labels.ts'
import type { Descriptor, Kind, Manifest } from '../model/manifest.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { listOf, parseForeign } from '../util/parse-foreign.ts'

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const ARTIFACT_MANIFEST = 'application/vnd.oci.artifact.manifest.v1+json'
const SCHEMA_1 = [
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json'
] as const

const INDEX_TYPES: ReadonlySet<string> = new Set([
  OCI_INDEX,
  'application/vnd.docker.distribution.manifest.list.v2+json'
])
const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  OCI_MANIFEST,
  'application/vnd.docker.distribution.manifest.v2+json',
  ...SCHEMA_1,
  ARTIFACT_MANIFEST
])

/** Every type has to be named in a request: GHCR calls a manifest unknown when its type is not accepted. */
export const ACCEPT = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ')

const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0'
const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json'
])
/** Blobs that a BuildKit cache lists among the `manifests` of its index: no manifests, no package versions. */
const BLOB_TYPE =
  /^application\/vnd\.(?:oci\.image\.(?:layer|config)\.|oci\.empty\.|docker\.image\.rootfs\.|docker\.container\.image\.|buildkit\.cacheconfig\.)/

/** True for an entry of an index that is no manifest. */
export function isBlobType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && BLOB_TYPE.test(mediaType)
}

/** A manifest is refused by registries beyond this (distribution-spec asks for 4 MiB at least). */
export const MAX_BYTES = 4 * 1024 * 1024

// An edge that cannot be read must not look like an edge that is not there: no `catch` on digests.
/** Undefined for one of an algorithm that GHCR does not have: what it names is no version of any package there. */
export const named = z.string().transform((text, context): Digest | undefined => {
  const parsed = parseDigest(text)
  if (parsed !== undefined || isOfOtherAlgorithm(text)) return parsed
  context.addIssue({ code: 'custom', message: `"${text.slice(0, 100)}" is not a digest` })
  return z.NEVER
})
/** Text that no edge depends on: an odd value is as good as none, and a type has 255 characters at most (RFC 6838). */
const text = z.string().min(1).max(255).optional().catch(undefined)
/** How BuildKit marks an attestation: with the digest of the platform that it describes. */
const marks = z.object({ 'vnd.docker.reference.digest': text }).optional().catch(undefined)
const platform = z.object({ os: text, architecture: text, variant: text }).optional().catch(undefined)

const entry = z.object({ mediaType: text, digest: named, platform, artifactType: text, annotations: marks })
const config = z.object({ mediaType: text, digest: text }).optional().catch(undefined)

const wire = z.object({
  mediaType: text,
  artifactType: text,
  // Go programs write an empty list as null.
  manifests: listOf(entry).nullish(),
  config,
  layers: z.unknown().optional(),
  fsLayers: z.unknown().optional(),
  subject: z.object({ digest: named }).nullish(),
  annotations: z.unknown().optional().transform(textsIn)
})
type Wire = z.output<typeof wire>
type Entry = z.output<typeof entry>

/**
 * Reads a manifest as a registry gave it: its edges and its kind (image-spec manifest.md and image-index.md,
 * Docker's schema 2 and 1, the withdrawn artifact manifest).
 *
 * @param contentType the answer's header; wins over the `mediaType` in the body, and the body's fields over both
 *   where they contradict it, so that no header can hide an edge
 * @throws ExpectedError for what is none of these, or has an edge that cannot be read
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const body = parseBody(bytes)
  const types = [contentType?.split(';')[0]?.trim().toLowerCase(), body.mediaType]
  const form = formOf(body, types)
  const common = {
    mediaType: mediaTypeOf(body, form, types),
    ...(body.subject?.digest === undefined ? {} : { subject: body.subject.digest }),
    ...(body.artifactType === undefined ? {} : { artifactType: body.artifactType }),
    ...(body.annotations === undefined
      ? { annotations: {}, annotationsUnknown: true }
      : { annotations: body.annotations })
  }
  if (form === 'index') {
    const entries = body.manifests ?? []
    return { ...common, form, kind: kindOfIndex(body, entries), children: childrenOf(entries) }
  }
  const blob = parseDigest(body.config?.digest ?? '')
  return {
    ...common,
    form,
    kind: kindOfManifest(body, common.mediaType),
    children: [],
    ...(blob === undefined ? {} : { config: blob })
  }
}

/** The grammar of a digest (image-spec, descriptor.md), with another algorithm than GHCR's two. */
function isOfOtherAlgorithm(text: string): boolean {
  const [, algorithm] = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):[a-zA-Z0-9=_-]+$/.exec(text) ?? []
  return algorithm !== undefined && algorithm !== 'sha256' && algorithm !== 'sha512'
}

/** True for Docker's schema 1, whose digest is not that of its bytes when it is signed. */
export const isSchema1 = (manifest: Manifest): boolean =>
  SCHEMA_1.some(mediaType => mediaType === manifest.mediaType)

const EDGES: ReadonlySet<string> = new Set([
  'manifests',
  'subject',
  'config',
  'layers',
  'digest',
  'mediaType'
])
/** As Go compares: there the long s is an s. */
const LIKE_EDGES = new RegExp(`^(?:${[...EDGES].join('|')})$`, 'iu')

/** Clients written in Go read these keys in other letters as well, and the last of several counts there. */
function oddKeyIn(json: unknown): string | undefined {
  const { manifests, subject } = Object(json)
  const parts: unknown[] = [json, subject, ...(Array.isArray(manifests) ? manifests : [])]
  const keys = parts.flatMap(part => (typeof part === 'object' ? Object.keys(part ?? {}) : []))
  return keys.find(key => !EDGES.has(key) && LIKE_EDGES.test(key))
}

function parseBody(bytes: Uint8Array): Wire {
  if (bytes.length > MAX_BYTES) throw unreadable(`it is larger than ${MAX_BYTES / 1024 / 1024} MiB`)
  const json: unknown = orUndefined(() => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  if (json === undefined) throw unreadable('it is not JSON')
  const odd = oddKeyIn(json)
  if (odd !== undefined) throw unreadable(`it spells the key "${odd.toLowerCase()}" in other letters`)
  const parsed = parseForeign(wire, json)
  if ('data' in parsed) return parsed.data
  const issue = parsed.issues[0]
  throw unreadable(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'of an unknown form'}`)
}

const unreadable = (why: string): ExpectedError => new ExpectedError(`the manifest cannot be read: ${why}`)

function formOf(body: Wire, types: readonly (string | undefined)[]): Manifest['form'] {
  const leaf = body.config !== undefined || [body.layers, body.fsLayers].some(Array.isArray)
  const lists = body.manifests !== undefined
  // Clients differ on which half of such a manifest they believe (CVE-2021-41190).
  if (leaf && (body.manifests?.length ?? 0) > 0) throw unreadable('it is an index and an image at once')
  if (leaf) return 'manifest'
  if (lists) return 'index'
  if (types.includes(ARTIFACT_MANIFEST)) return 'manifest'
  throw unreadable('it is none of the known shapes of an index or a manifest')
}

/** The most trusted type that fits the form; where none is known, what the form is called today. */
function mediaTypeOf(body: Wire, form: Manifest['form'], types: readonly (string | undefined)[]): string {
  const known = form === 'index' ? INDEX_TYPES : MANIFEST_TYPES
  const declared = types.find(type => type !== undefined && known.has(type))
  if (declared !== undefined) return declared
  if (form === 'index') return OCI_INDEX
  return Array.isArray(body.fsLayers) ? SCHEMA_1[0] : OCI_MANIFEST
}

function kindOfIndex(body: Wire, entries: readonly Entry[]): Kind {
  if (entries.some(item => item.mediaType === CACHE_CONFIG)) return 'cache'
  if (body.artifactType !== undefined) return 'artifact'
  // A list of referrers names the artifact type of each, an index of images names platforms.
  const referrers = entries.length > 0 && entries.every(item => item.artifactType !== undefined)
  return referrers && entries.every(item => platformOf(item) === undefined) ? 'artifact' : 'image'
}

function kindOfManifest(body: Wire, mediaType: string): Kind {
  if (body.config?.mediaType === CACHE_CONFIG) return 'cache'
  if (mediaType === ARTIFACT_MANIFEST) return 'artifact'
  const effective = body.artifactType ?? body.config?.mediaType
  return effective === undefined || IMAGE_CONFIGS.has(effective) ? 'image' : 'artifact'
}

function childrenOf(entries: readonly Entry[]): readonly Descriptor[] {
  const children = new Map<Digest, Descriptor>()
  for (const item of entries) {
    if (isBlobType(item.mediaType)) continue
    const child = descriptorOf(item)
    if (child === undefined) continue
    const twin = children.get(child.digest)
    children.set(child.digest, twin === undefined ? child : merge(twin, child))
  }
  return [...children.values()]
}

function descriptorOf(item: Entry): Descriptor | undefined {
  if (item.digest === undefined) return undefined
  const index = INDEX_TYPES.has(item.mediaType ?? '')
  const where = platformOf(item)
  const describes = parseDigest(item.annotations?.['vnd.docker.reference.digest'] ?? '')
  return {
    digest: item.digest,
    index,
    ...(where === undefined ? {} : { platform: where }),
    ...(describes === undefined ? {} : { describes }),
    ...(index || MANIFEST_TYPES.has(item.mediaType ?? '') ? {} : { uncertain: true })
  }
}

function platformOf(item: Entry): string | undefined {
  const { os, architecture, variant } = item.platform ?? {}
  if (os === undefined || architecture === undefined) return undefined
  if (os === 'unknown' && architecture === 'unknown') return undefined
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`
}

/** The same digest twice in one index is one child, and what either entry says about it holds. */
function merge(first: Descriptor, second: Descriptor): Descriptor {
  const { uncertain, ...both } = { ...second, ...first, index: first.index || second.index }
  return first.uncertain && second.uncertain ? { ...both, uncertain: true } : both
}
