import { cosignTag, type Named, OCI_INDEX, OCI_MANIFEST, sha256 } from '../../__tests__/emulator/shapes.ts'
import { type Digest, referrerTag } from '../../src/model/digest.ts'
import type { RealRegistry } from './registry.ts'

/** Lays down by plain HTTP what buildx, cosign and attest push, since Debian has none of them. */
export interface Pusher {
  /** The manifest or index of this digest, as others name it. */
  named(digest: Digest): Promise<Named>
  /**
   * As `docker buildx build` with provenance: the index `of` anew under `tag`, with an attestation a platform.
   *
   * @param names whether each attestation names its platform as its `subject` too, as BuildKit does from 0.32 on
   */
  pushAttested(of: Digest, tag: string, names?: boolean): Promise<Digest>
  /** As `cosign sign` did up to version 2: a manifest under the tag `sha256-<hex>.sig`. */
  sign(subject: Digest): Promise<Laid>
  /** As `actions/attest`: a manifest with a `subject`, and an index of it under the tag `sha256-<hex>`. */
  attest(subject: Digest): Promise<Laid>
  /** As `--cache-to type=registry`: BuildKit's build cache, as a manifest. */
  pushCache(tag: string): Promise<Digest>
  /** The same in its older form: an index whose entries are layers. */
  pushCacheIndex(tag: string): Promise<Digest>
}

export interface Laid {
  readonly digest: Digest
  readonly tag: string
}

const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const IN_TOTO = 'application/vnd.in-toto+json'
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json'
const EMPTY = 'application/vnd.oci.empty.v1+json'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const ATTESTATION = 'application/vnd.docker.attestation.manifest.v1+json'
const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0'

interface IndexBody {
  readonly manifests: readonly (Named & { readonly platform?: object })[]
}

export function createPusher(registry: RealRegistry, repository: string): Pusher {
  let made = 0

  const blob = async (mediaType: string, content: string): Promise<Named> => ({
    mediaType,
    digest: await registry.putBlob(repository, Buffer.from(content)),
    size: Buffer.byteLength(content)
  })

  /** An image config whose only layer is `layer`: what cosign and BuildKit give their manifests. */
  const configOf = (layer: Named, where: object): Promise<Named> =>
    blob(
      OCI_CONFIG,
      JSON.stringify({ ...where, config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } })
    )

  async function put(mediaType: string, body: object, reference?: string): Promise<Named> {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...body }))
    const digest = await registry.put(repository, reference ?? sha256(bytes), { bytes, mediaType })
    return { mediaType, digest, size: bytes.length }
  }

  async function read(digest: Digest) {
    const found = await registry.manifest(repository, digest)
    if (found === undefined) throw new Error(`${repository} has no ${digest}`)
    return found
  }

  async function named(digest: Digest): Promise<Named> {
    const { bytes, mediaType } = await read(digest)
    return { mediaType, digest, size: bytes.length }
  }

  async function provenance(of: Named, names: boolean): Promise<object> {
    const layer = await blob(IN_TOTO, JSON.stringify({ _type: 'statement', subject: of.digest }))
    const config = await configOf(layer, { architecture: 'unknown', os: 'unknown' })
    const edge = names ? { artifactType: ATTESTATION, subject: of } : {}
    const annotated = {
      ...layer,
      annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v1' }
    }
    return {
      ...(await put(OCI_MANIFEST, { ...edge, config, layers: [annotated] })),
      annotations: {
        'vnd.docker.reference.digest': of.digest,
        'vnd.docker.reference.type': 'attestation-manifest'
      },
      platform: { architecture: 'unknown', os: 'unknown' }
    }
  }

  async function cacheBlobs(): Promise<{ layer: Named; config: Named }> {
    const layer = await blob(OCI_LAYER, `cached step ${++made}`)
    const config = await blob(CACHE_CONFIG, JSON.stringify({ layers: [{ blob: layer.digest }], records: [] }))
    return { layer, config }
  }

  return {
    named,
    async pushAttested(of, tag, names = false) {
      const { manifests } = JSON.parse((await read(of)).bytes.toString('utf8')) as IndexBody
      const subjects = manifests.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))
      const attestations = await Promise.all(subjects.map(subject => provenance(subject, names)))
      return (await put(OCI_INDEX, { manifests: [...manifests, ...attestations] }, tag)).digest
    },
    async sign(subject) {
      const payload = JSON.stringify({ critical: { image: { 'docker-manifest-digest': subject } } })
      const layer = await blob(SIMPLE_SIGNING, payload)
      const config = await configOf(layer, { architecture: '', os: '' })
      const signature = { ...layer, annotations: { 'dev.cosignproject.cosign/signature': 'MEUCIQ' } }
      const tag = cosignTag(await named(subject), 'sig')
      return { tag, digest: (await put(OCI_MANIFEST, { config, layers: [signature] }, tag)).digest }
    },
    async attest(subject) {
      const config = await blob(EMPTY, '{}')
      const layers = [await blob(BUNDLE, JSON.stringify({ attests: subject }))]
      const body = { artifactType: BUNDLE, config, layers, subject: await named(subject) }
      const referrer = await put(OCI_MANIFEST, body)
      const tag = referrerTag(subject)
      const index = await put(OCI_INDEX, { manifests: [{ ...referrer, artifactType: BUNDLE }] }, tag)
      return { tag, digest: index.digest }
    },
    async pushCache(tag) {
      const { layer, config } = await cacheBlobs()
      return (await put(OCI_MANIFEST, { config, layers: [layer] }, tag)).digest
    },
    async pushCacheIndex(tag) {
      const { layer, config } = await cacheBlobs()
      return (await put(OCI_INDEX, { manifests: [layer, config] }, tag)).digest
    }
  }
}
