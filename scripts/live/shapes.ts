import { type Descriptor, type LiveRegistry, OCI_INDEX, OCI_MANIFEST } from './registry.ts'

/** Every manifest that this script pushes says so: what lacks it belongs to somebody. */
export const MARK = 'io.github.ghcr-steward.live'

const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const EMPTY = 'application/vnd.oci.empty.v1+json'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const PLATFORMS = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' }
] as const

/** Pushes the shapes that builders push, each with content that nobody has pushed before. */
export interface Shapes {
  image(tag?: string): Promise<Descriptor>
  /** An index of two platforms. @returns the index and its children */
  index(tag?: string): Promise<{ readonly index: Descriptor; readonly children: readonly Descriptor[] }>
  /** An index of an index. */
  nested(tag: string): Promise<Descriptor>
  /** A manifest with a `subject`, and the index that lists it under the tag `sha256-<hex>`. */
  attest(subject: Descriptor): Promise<{ readonly referrer: Descriptor; readonly list: Descriptor }>
  /** Sets a tag on what is there already. */
  retag(from: Descriptor, tag: string): Promise<void>
}

/** @param run what tells this run's content from that of any other */
export function createShapes(registry: LiveRegistry, run: string): Shapes {
  let made = 0
  const annotations = { [MARK]: run }

  async function image(platform: object = PLATFORMS[0], tag?: string): Promise<Descriptor> {
    const layer = await registry.putBlob(LAYER, `layer ${run} ${made++}`)
    const config = await registry.putBlob(
      CONFIG,
      JSON.stringify({ ...platform, config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } })
    )
    return registry.putManifest(OCI_MANIFEST, { config, layers: [layer], annotations }, tag)
  }

  async function index(tag?: string) {
    const children: Descriptor[] = []
    for (const platform of PLATFORMS) children.push(await image(platform))
    const manifests = children.map((child, at) => ({ ...child, platform: PLATFORMS[at] }))
    return { index: await registry.putManifest(OCI_INDEX, { manifests, annotations }, tag), children }
  }

  return {
    image: tag => image(PLATFORMS[0], tag),
    index,
    nested: async tag => {
      const { index: inner } = await index()
      return registry.putManifest(OCI_INDEX, { manifests: [inner], annotations }, tag)
    },
    attest: async subject => {
      const config = await registry.putBlob(EMPTY, '{}')
      const layers = [
        await registry.putBlob(BUNDLE, JSON.stringify({ attests: subject.digest, run, made: made++ }))
      ]
      const body = { artifactType: BUNDLE, config, layers, subject, annotations }
      const referrer = await registry.putManifest(OCI_MANIFEST, body)
      const listed = { manifests: [{ ...referrer, artifactType: BUNDLE }], annotations }
      return {
        referrer,
        list: await registry.putManifest(OCI_INDEX, listed, subject.digest.replace(':', '-'))
      }
    },
    retag: async ({ digest, mediaType }, tag) => {
      const found = await registry.manifest(digest)
      const answer = await registry.ask('PUT', `/manifests/${tag}`, {
        headers: { 'content-type': mediaType },
        body: found?.bytes.toString('utf8') ?? ''
      })
      if (answer.status !== 201) throw new Error(`the tag ${tag} was refused: ${answer.status}`)
    }
  }
}
