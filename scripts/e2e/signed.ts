import type { Digest } from '../../src/model/digest.ts'
import { PLATFORMS } from './clients.ts'
import { bodyOf } from './expected.ts'
import type { GoClients } from './go-clients.ts'
import type { Hands, Laid } from './scenario.ts'
import { createSigner, type Signer } from './signer.ts'
import type { Workshop } from './workshop.ts'

const DAY = 86_400_000

/** A package whose images are signed, attested and noted several times each, by clients that nobody here wrote. */
export interface SignedPackage extends Laid {
  readonly signer: Signer
  /** The image that stays and the one that goes: the index, and all that came with it. */
  readonly kept: Signed
  readonly going: Signed
}

export interface Signed {
  readonly index: Digest
  /** Every manifest that the image, its signatures and its notes left, older lists of referrers among them. */
  readonly manifests: readonly Digest[]
  /** What `oras discover` found when everything was pushed. */
  readonly referrers: readonly string[]
}

/**
 * Lays down `v1.0.0`, which stays, and `build-1`, which goes. Each further signature or note pushes the list of
 * referrers anew and takes the tag from the one before, which stays behind without a tag.
 */
export async function laySigned(
  repository: string,
  hands: Hands,
  workshop: Workshop,
  goClients: GoClients
): Promise<SignedPackage> {
  const { clients, registry, store, now } = hands
  const signer = createSigner(workshop, registry, goClients, repository)
  const tags = new Map<string, boolean>()

  async function layImage(tag: string, days: number, stays: boolean): Promise<Signed> {
    const before = await registry.shelf(repository)
    const index = await clients.pushIndex(repository, tag, 'oci', PLATFORMS.slice(0, 2))
    await describe(index)
    if (signer.has('crane')) await signer.nest(tag, `${tag}-nested`)
    const after = await registry.shelf(repository)
    await store.date(repository, now - days * DAY)
    for (const name of after.tags.keys()) if (!before.tags.has(name)) tags.set(name, stays)
    const manifests = [...after.manifests.keys()].filter(digest => !before.manifests.has(digest))
    return { index, manifests, referrers: signer.has('oras') ? await signer.discover(index) : [] }
  }

  async function describe(index: Digest): Promise<void> {
    const { manifests = [] } = await bodyOf(registry, repository, index)
    const [platform] = manifests.map(({ digest }) => digest)
    if (signer.has('oras') && platform !== undefined) {
      for (const note of ['one', 'two', 'three']) await signer.attach(index, JSON.stringify({ note, index }))
      await signer.attach(platform, JSON.stringify({ note: 'of a platform', index }))
    }
    if (!signer.has('cosign')) return
    await signer.sign(index)
    for (const scan of [1, 2]) await signer.attest(index, JSON.stringify({ scan, index }))
    await signer.signByTag(index)
  }

  const kept = await layImage('v1.0.0', 100, true)
  const going = await layImage('build-1', 90, false)
  return { repository, tags, staying: kept.manifests, signer, kept, going }
}
