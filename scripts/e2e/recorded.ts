import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../../src/model/digest.ts'
import { type Body, isManifest } from './body.ts'
import { BUILDKIT } from './buildkit.ts'
import { type GoClients, MODULES } from './go-clients.ts'
import type { RealRegistry } from './registry.ts'
import type { Hands } from './scenario.ts'
import { type ImageFacts, layBoth, type Signed, type SignedPackage } from './signed.ts'
import { createSigner } from './signer.ts'
import type { Workshop } from './workshop.ts'

/** What every client pushed, for machines on which some of them are not to be had. */
const FILE = join(import.meta.dirname, 'recorded.json')

interface Recording {
  readonly source: { readonly recorded: string; readonly registry: string; readonly clients: object }
  readonly publicKey: string
  readonly images: readonly RecordedImage[]
  /** By digest, in base64. */
  readonly blobs: Readonly<Record<string, string>>
}

interface RecordedImage extends Pick<Signed, 'index' | 'chart' | 'referrers'> {
  readonly pushes: readonly { readonly by: string; readonly manifests: readonly RecordedManifest[] }[]
}

interface RecordedManifest {
  readonly digest: Digest
  readonly mediaType: string
  /** Those that it has when all is pushed. */
  readonly tags: readonly string[]
  readonly body: string
}

/** Writes down what is in a signed package: its manifests byte by byte, its blobs, and what pushed each. */
export async function record(
  { repository, kept, going }: SignedPackage,
  registry: RealRegistry,
  workshop: Workshop
): Promise<void> {
  const { tags } = await registry.stored(repository)
  const blobs: Record<string, string> = {}
  const manifestOf = async (digest: Digest): Promise<RecordedManifest> => {
    const { bytes, mediaType } = (await registry.manifest(repository, digest)) ?? missing(digest)
    const body = bytes.toString('utf8')
    const { config, layers = [], manifests = [] } = JSON.parse(body) as Body
    const inIndex = manifests.filter(entry => !isManifest(entry))
    for (const blob of [...(config === undefined ? [] : [config]), ...layers, ...inIndex]) {
      blobs[blob.digest] = (await registry.blob(repository, blob.digest)).toString('base64')
    }
    return { digest, mediaType, tags: [...tags].flatMap(([tag, on]) => (on === digest ? [tag] : [])), body }
  }
  const imageOf = async ({ index, chart, referrers, pushes }: Signed): Promise<RecordedImage> => {
    const recorded: RecordedImage['pushes'][number][] = []
    for (const { by, manifests } of pushes) {
      const noted: RecordedManifest[] = []
      for (const digest of manifests) noted.push(await manifestOf(digest))
      recorded.push({ by, manifests: noted })
    }
    return { index, chart, referrers, pushes: recorded }
  }
  const images = [await imageOf(kept), await imageOf(going)]
  const version = await workshop.run('docker-registry', ['--version'])
  const recording: Recording = {
    source: {
      recorded: new Date().toISOString().slice(0, 10),
      registry: version.trim(),
      clients: { ...MODULES, buildkit: BUILDKIT }
    },
    publicKey: readFileSync(join(workshop.dir, 'cosign.pub'), 'utf8'),
    images,
    blobs
  }
  writeFileSync(FILE, `${JSON.stringify(recording, null, 2)}\n`)
}

/**
 * Lays the recording down: the same bytes, without the clients that pushed them.
 *
 * @param lists false leaves out the lists of referrers, as a registry with a referrers API has none: what describes an
 *   image then says so by its `subject` alone, and the clients find nothing
 */
export async function layRecorded(
  repository: string,
  lists: boolean,
  hands: Hands,
  workshop: Workshop,
  goClients: GoClients
): Promise<SignedPackage> {
  const { registry } = hands
  const { images, blobs, publicKey } = JSON.parse(readFileSync(FILE, 'utf8')) as Recording
  const keyFile = join(workshop.dir, 'recorded.pub')
  writeFileSync(keyFile, publicKey)
  for (const content of Object.values(blobs)) {
    await registry.putBlob(repository, Buffer.from(content, 'base64'))
  }
  const described = subjectsIn(images)
  const layImage = async ({ chart }: ImageFacts): Promise<Signed> => {
    const image = images.find(one => one.chart === chart) ?? missing(chart)
    const pushes: Signed['pushes'][number][] = []
    for (const { by, manifests } of image.pushes) {
      const laid = manifests.filter(({ body }) => lists || !isList(body, described))
      for (const { digest, mediaType, tags, body } of laid) {
        const manifest = { bytes: Buffer.from(body), mediaType }
        for (const reference of [digest, ...tags]) await registry.put(repository, reference, manifest)
      }
      pushes.push({ by, manifests: laid.map(({ digest }) => digest) })
    }
    return { ...image, pushes }
  }
  const signer = createSigner(workshop, registry, lists ? goClients : {}, repository, keyFile)
  return layBoth(repository, signer, hands, layImage)
}

function subjectsIn(images: Recording['images']): ReadonlySet<string> {
  const manifests = images.flatMap(({ pushes }) => pushes.flatMap(push => push.manifests))
  return new Set(
    manifests.flatMap(({ digest, body }) =>
      (JSON.parse(body) as Body).subject === undefined ? [] : [digest as string]
    )
  )
}

/** A list of referrers names nothing but what has a subject. */
function isList(body: string, described: ReadonlySet<string>): boolean {
  const { manifests = [] } = JSON.parse(body) as Body
  return manifests.length > 0 && manifests.every(({ digest }) => described.has(digest))
}

function missing(what: string): never {
  throw new Error(`the recording has no ${what}`)
}
