import { type Digest, referrerTag } from '../../src/model/digest.ts'
import { bodyOf } from './body.ts'
import { PLATFORMS } from './clients.ts'
import type { GoClients } from './go-clients.ts'
import type { RealRegistry } from './registry.ts'
import type { Hands, Laid } from './scenario.ts'
import { createSigner, type Push, type Signer, type Subject } from './signer.ts'
import type { Workshop } from './workshop.ts'

const DAY = 86_400_000

/** The image that stays and the one that goes, each with a chart beside it; helm writes `+` as `_`. */
export const IMAGES = [
  { tag: 'v1.0.0', chart: '1.0.0', days: 100, stays: true },
  { tag: 'build-1', chart: '0.1.0+build.1', days: 90, stays: false }
] as const
export type ImageFacts = (typeof IMAGES)[number]

/** A package whose images are signed, attested and noted several times each, by clients that nobody here wrote. */
export interface SignedPackage extends Laid {
  readonly signer: Signer
  /** The image that stays and the one that goes: the index, and all that came with it. */
  readonly kept: Signed
  readonly going: Signed
}

export interface Signed {
  readonly index: Digest
  readonly chart: string
  /** In the order in which they came, each with every manifest that it left and that was not there before. */
  readonly pushes: readonly { readonly by: string; readonly manifests: readonly Digest[] }[]
  /** What the list of referrers of the index says. */
  readonly referrers: readonly Digest[]
}

/** Every manifest that the image, its signatures and its notes left, older lists of referrers among them. */
export const manifestsOf = ({ pushes }: Signed): readonly Digest[] =>
  pushes.flatMap(({ manifests }) => manifests)

/**
 * Lays down `v1.0.0`, which stays, and `build-1`, which goes. Each further signature or note pushes the list of
 * referrers anew and takes the tag from the one before, which stays behind without a tag.
 *
 * @param more what is pushed after that
 */
export async function laySigned(
  repository: string,
  hands: Hands,
  workshop: Workshop,
  goClients: GoClients,
  more: (subject: Subject, stays: boolean) => readonly Push[] = () => []
): Promise<SignedPackage> {
  const { clients, registry } = hands
  const signer = createSigner(workshop, registry, goClients, repository)

  const layImage = async ({ tag, chart, stays }: ImageFacts): Promise<Signed> => {
    const pushes: Signed['pushes'][number][] = []
    const note = async (push: Push): Promise<void> => {
      const before = (await registry.stored(repository)).manifests
      await push.run()
      const after = [...(await registry.stored(repository)).manifests].sort(([, a], [, b]) => a - b)
      const manifests = after.map(([digest]) => digest).filter(digest => !before.has(digest))
      pushes.push({ by: push.by, manifests })
    }
    let index: Digest | undefined
    await note({
      by: 'buildah manifest push --all',
      run: async () => {
        index = await clients.pushIndex(repository, tag, 'oci', PLATFORMS.slice(0, 2))
      }
    })
    if (index === undefined) throw new Error(`${repository}:${tag} was not pushed`)
    const [platform] = (await bodyOf(registry, repository, index)).manifests ?? []
    if (platform === undefined) throw new Error(`${repository}:${tag} has no platforms`)
    const subject = { index, platform: platform.digest, tag, chart }
    for (const push of [...signer.pushes(subject), ...more(subject, stays)]) await note(push)
    return { index, chart, pushes, referrers: await referrersOf(repository, index, registry) }
  }
  return layBoth(repository, signer, hands, layImage)
}

/** Lays both images down and dates them. */
export async function layBoth(
  repository: string,
  signer: Signer,
  { registry, store, now }: Hands,
  layImage: (image: ImageFacts) => Promise<Signed>
): Promise<SignedPackage> {
  const tags = new Map<string, boolean>()
  const lay = async (image: ImageFacts): Promise<Signed> => {
    const before = (await registry.stored(repository)).tags
    const signed = await layImage(image)
    await store.date(repository, now - image.days * DAY)
    for (const name of (await registry.stored(repository)).tags.keys()) {
      if (!before.has(name)) tags.set(name, image.stays)
    }
    return signed
  }
  const kept = await lay(IMAGES[0])
  const going = await lay(IMAGES[1])
  return { repository, tags, staying: manifestsOf(kept), signer, kept, going }
}

async function referrersOf(repository: string, index: Digest, registry: RealRegistry): Promise<Digest[]> {
  const tag = referrerTag(index)
  if (!(await registry.stored(repository)).tags.has(tag)) return []
  return ((await bodyOf(registry, repository, tag)).manifests ?? []).map(({ digest }) => digest)
}
