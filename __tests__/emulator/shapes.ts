import { createHash } from 'node:crypto'
import { type Digest, referrerTag } from '../../src/model/digest.ts'

/**
 * Manifests as builders really push them, in every shape that is found on GHCR.
 * Each call makes new content; to push the same manifest twice, use its shape twice.
 */

/** What another manifest needs to name this one. */
export interface Named {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
}

/** A manifest ready to be pushed, with everything that has to be there before it. */
export interface Shape extends Named {
  readonly bytes: Buffer
  /** Manifests that an index names, in its order; a repeated child stands there twice. */
  readonly children: readonly Shape[]
  /** Blobs whose content somebody may ask for: configs with labels. */
  readonly blobs: ReadonlyMap<Digest, Buffer>
}

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const SCHEMA_1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'

export function sha256(content: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}` as Digest
}

const EMPTY = { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2, data: 'e30=' }

let made = 0
/** The descriptor of a blob that nobody has seen before; its content exists nowhere. */
const blob = (mediaType: string) => ({ mediaType, digest: sha256(`blob ${made++}`), size: 1_000 + made })

const named = ({ mediaType, digest, size }: Named): Named => ({ mediaType, digest, size })

function shape(mediaType: string, body: object, children: readonly Shape[] = []): Shape {
  const bytes = Buffer.from(JSON.stringify(body))
  return { mediaType, bytes, digest: sha256(bytes), size: bytes.length, children, blobs: new Map() }
}

/** A single-platform OCI image. */
export function manifest(): Shape {
  const body = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: blob(OCI_CONFIG),
    layers: [blob(OCI_LAYER)]
  }
  return shape(OCI_MANIFEST, body)
}

/** A single-platform OCI image of these layers, by name with their sizes: the same name is the same blob. */
export function layered(layers: Readonly<Record<string, number>>): Shape {
  const body = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { ...EMPTY, mediaType: OCI_CONFIG },
    layers: Object.entries(layers).map(([name, size]) => ({
      mediaType: OCI_LAYER,
      digest: sha256(`layer ${name}`),
      size
    })),
    annotations: { number: String(made++) }
  }
  return shape(OCI_MANIFEST, body)
}

/** A single-platform OCI image whose config carries labels. */
export function labelled(labels: Readonly<Record<string, string>>): Shape {
  const bytes = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Labels: labels } })
  )
  const config = { mediaType: OCI_CONFIG, digest: sha256(bytes), size: bytes.length }
  const body = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [blob(OCI_LAYER)] }
  return { ...shape(OCI_MANIFEST, body), blobs: new Map([[config.digest, bytes]]) }
}

/** A single-platform Docker image (v2, schema 2). */
export function dockerManifest(): Shape {
  const config = blob(DOCKER_CONFIG)
  return shape(DOCKER_MANIFEST, {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config,
    layers: [blob(DOCKER_LAYER)]
  })
}

/** Docker schema 1, signed: its digest is that of the payload without the signatures, not of the bytes. */
export function schema1(): Shape {
  const payload = {
    schemaVersion: 1,
    name: 'library/debian',
    tag: '6',
    architecture: 'amd64',
    fsLayers: [{ blobSum: blob(DOCKER_LAYER).digest }],
    history: [{ v1Compatibility: JSON.stringify({ id: `layer ${made}`, created: '2016-02-16T21:25:24Z' }) }]
  }
  const signatures = [{ header: { alg: 'ES256' }, signature: 'c2ln', protected: 'cHJvdGVjdGVk' }]
  const signed = shape(SCHEMA_1, { ...payload, signatures })
  return { ...signed, digest: sha256(JSON.stringify(payload)) }
}

/** One entry of an index, as the index describes it. */
export interface Entry {
  readonly shape: Shape
  /** `os/architecture[/variant]`; an index that is nested has none. */
  readonly platform?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly artifactType?: string
}

function platformOf(text: string): object {
  const [os, architecture, variant] = text.split('/')
  return variant === undefined ? { architecture, os } : { architecture, os, variant }
}

function descriptor({ shape, platform, annotations, artifactType }: Entry): object {
  return {
    ...named(shape),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(platform === undefined ? {} : { platform: platformOf(platform) })
  }
}

/** An OCI index of exactly these entries: nested indexes, repeated and shared children, anything. */
export function index(entries: readonly Entry[], extra: object = {}): Shape {
  const children = entries.map(entry => entry.shape)
  const body = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries.map(descriptor), ...extra }
  return shape(OCI_INDEX, body, children)
}

/** An index as no specification knows it, which mentions these. */
export function oddIndex(mentioned: readonly Shape[]): Shape {
  return shape(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, parts: mentioned.map(named) }, mentioned)
}

/**
 * A multi-platform image as buildx pushes it: an OCI index of one manifest a platform.
 * `attest` adds one attestation manifest a platform; the new form (BuildKit 0.32) has a `subject` as well.
 */
export function image(
  platforms: readonly string[] = ['linux/amd64', 'linux/arm64'],
  { attest }: { attest?: 'new' | 'old' } = {}
): Shape {
  const entries = platforms.map(platform => ({ shape: manifest(), platform }))
  if (attest === undefined) return index(entries)
  return index([...entries, ...entries.map(({ shape }) => attested(shape, attest))])
}

/** The entry that attests a sibling in a buildx index. */
export function attested(subject: Shape, form: 'new' | 'old' = 'new'): Entry {
  const annotations = {
    'vnd.docker.reference.digest': subject.digest,
    'vnd.docker.reference.type': 'attestation-manifest'
  }
  return { shape: attestation(subject, form), platform: 'unknown/unknown', annotations }
}

function attestation(subject: Shape, form: 'new' | 'old'): Shape {
  const layers = [
    {
      ...blob('application/vnd.in-toto+json'),
      annotations: { 'in-toto.io/predicate-type': 'https://spdx.dev/Document' }
    }
  ]
  const start = { mediaType: OCI_MANIFEST, schemaVersion: 2 }
  if (form === 'old') return shape(OCI_MANIFEST, { ...start, config: blob(OCI_CONFIG), layers })
  const artifactType = 'application/vnd.docker.attestation.manifest.v1+json'
  return shape(OCI_MANIFEST, { ...start, artifactType, config: EMPTY, layers, subject: named(subject) })
}

/** A Docker manifest list. */
export function dockerList(platforms: readonly string[] = ['linux/amd64', 'linux/arm64']): Shape {
  const entries = platforms.map(platform => ({ shape: dockerManifest(), platform }))
  const body = { schemaVersion: 2, mediaType: DOCKER_LIST, manifests: entries.map(descriptor) }
  return shape(
    DOCKER_LIST,
    body,
    entries.map(entry => entry.shape)
  )
}

/** An index that names nothing, as a fallback index does after its last referrer is gone. */
export const emptyIndex = (): Shape =>
  index([], { annotations: { 'org.opencontainers.image.created': `${made++}` } })

/** cosign's classic attachments; they are linked to their subject by tag alone, see `cosignTag`. */
export function cosign(kind: 'sig' | 'att' | 'sbom'): Shape {
  const mediaType = {
    sig: 'application/vnd.dev.cosign.simplesigning.v1+json',
    att: 'application/vnd.dsse.envelope.v1+json',
    sbom: 'text/spdx'
  }[kind]
  const layer = { ...blob(mediaType), annotations: { 'dev.cosignproject.cosign/signature': 'MEUCIQ' } }
  return shape(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: blob(OCI_CONFIG),
    layers: [layer]
  })
}

/** The tag under which cosign keeps its classic attachment of `subject`. */
export const cosignTag = (subject: Named, kind: 'sig' | 'att' | 'sbom'): string =>
  `${referrerTag(subject.digest)}.${kind}`

const bundleAnnotations = {
  'org.opencontainers.image.created': '2026-03-08T18:18:20.406Z',
  'dev.sigstore.bundle.content': 'dsse-envelope',
  'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1'
}

/** A sigstore bundle (cosign 3, GitHub attestations): an untagged manifest with a `subject`. */
export function bundle(subject: Named): Shape {
  return shape(OCI_MANIFEST, {
    mediaType: OCI_MANIFEST,
    schemaVersion: 2,
    artifactType: BUNDLE,
    config: EMPTY,
    layers: [blob(BUNDLE)],
    subject: named(subject),
    annotations: bundleAnnotations
  })
}

/** The index of referrers that stands under `referrerTag(subject)` where there is no referrers API. */
export function fallback(referrers: readonly Shape[]): Shape {
  return index(
    referrers.map(shape => ({ shape, artifactType: BUNDLE, annotations: bundleAnnotations })),
    {}
  )
}

/** An ORAS artifact; with a subject it is a bare OCI 1.1 referrer, findable by its `subject` alone. */
export function artifact(artifactType = 'application/vnd.example+type', subject?: Named): Shape {
  return shape(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: EMPTY,
    layers: [blob(artifactType)],
    ...(subject === undefined ? {} : { subject: named(subject) })
  })
}

/** A Helm chart: no `mediaType` in the body. */
export function chart(title = 'app', version = '0.1.0'): Shape {
  return shape(OCI_MANIFEST, {
    schemaVersion: 2,
    config: blob('application/vnd.cncf.helm.config.v1+json'),
    layers: [blob('application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
    annotations: { 'org.opencontainers.image.title': title, 'org.opencontainers.image.version': version }
  })
}

const cacheLayer = () => ({
  ...blob(OCI_LAYER),
  annotations: {
    'buildkit/createdat': '2026-01-02T03:04:05Z',
    'containerd.io/uncompressed': sha256(`${made++}`)
  }
})

/** BuildKit's registry cache since 0.21: looks like an image but for its config. */
export function cacheManifest(): Shape {
  const body = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: blob(CACHE_CONFIG),
    layers: [cacheLayer()]
  }
  return shape(OCI_MANIFEST, body)
}

/** BuildKit's older registry cache: an index whose entries are blobs, which are no versions. */
export function cacheIndex(): Shape {
  return shape(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [cacheLayer(), blob(CACHE_CONFIG)]
  })
}
