import { findTags } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Signature, TagCheck } from '../../model/check.ts'
import { type Digest, referrerTag } from '../../model/digest.ts'
import type { Manifest } from '../../model/manifest.ts'
import { eachOf } from '../../util/concurrency.ts'
import { count, formatNumber, some } from '../../util/format.ts'
import { holdersOf, type Lookup } from './images.ts'

/** What an image was found to be signed with; `unread` where that could not be found out. */
type Found = 'cosign' | 'attestation' | { readonly unread: string }

const AT_ONCE = 8
/** Each is read: a list of 4 MiB names 24,000. */
const MOST_REFERRERS = 1_000
const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1'
const COSIGN_SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json'
const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle[.+]/
const PREDICATE = 'dev.sigstore.bundle.predicateType'
const CONTENT = 'dev.sigstore.bundle.content'

/**
 * Finds the images that are there and lack what `expect-signed` asks for: a signature or attestation of the image, or
 * of each of its platforms. That it is valid is for whoever deploys to verify, with the key or identity that counts.
 *
 * @returns sentences
 * @throws ExpectedError when the registry may not be read
 */
export async function unsignedImages(
  asked: Signature,
  checks: readonly TagCheck[],
  lookup: Lookup
): Promise<string[]> {
  const { pkg, versions, registry, clock } = lookup
  const holders = holdersOf(versions)
  const repository = repositoryOf(pkg)
  const isSigned = signatureCheck(asked, repository, holders, lookup)
  const present = checks.filter(({ state }) => state === 'present')
  const looked = await eachOf(present, AT_ONCE, async ({ tag, images }) => {
    const listed = images.flatMap(image => holders.get(image) ?? [])
    const heads = listed.length > 0 ? undefined : await findTags(registry, repository, images, clock)
    const pushed = [...(heads?.values() ?? [])].flatMap(head => (head.state === 'found' ? [head.digest] : []))
    const found = await eachOf([...new Set([...listed, ...pushed])], 1, isSigned)
    return { tag, signed: found.includes(true), unread: found.find(one => typeof one === 'string') }
  })
  const lacking = looked.filter(({ signed }) => !signed)
  const unread = lacking.filter(one => one.unread !== undefined)
  const unsigned = lacking.filter(one => one.unread === undefined).map(({ tag }) => tag)
  const sentences: string[] = []
  if (unsigned.length > 0) {
    sentences.push(
      `${pkg.name}: ${count(unsigned.length, 'expected image')} ${unsigned.length === 1 ? 'has' : 'have'} no ` +
        `${NAMES[asked]}, which \`expect-signed\` asks for: ${some(unsigned, 10)}.`
    )
  }
  if (unread.length > 0) {
    sentences.push(
      `${pkg.name}: whether ${count(unread.length, 'expected image')} ${unread.length === 1 ? 'is' : 'are'} signed ` +
        `is unknown. The first is ${unread[0]?.tag}: ${unread[0]?.unread}.`
    )
  }
  return sentences
}

const NAMES: Readonly<Record<Signature, string>> = {
  cosign: 'cosign signature',
  attestation: 'attestation',
  any: 'signature or attestation'
}

function verdict(found: readonly Found[], asked: Signature): boolean | string {
  if (found.some(one => one === asked || (asked === 'any' && typeof one === 'string'))) return true
  return found.find(one => typeof one !== 'string')?.unread ?? false
}

/**
 * Gives the function that tells whether an image is signed: true, false, or why that could not be found out. It looks
 * among the listed tags first, and asks the registry where they show nothing: lists lag behind a push.
 */
function signatureCheck(
  asked: Signature,
  repository: string,
  listed: ReadonlyMap<string, readonly Digest[]>,
  { registry, clock }: Lookup
): (digest: Digest) => Promise<boolean | string> {
  /** What describes a digest. */
  async function signaturesOf(digest: Digest): Promise<readonly Found[]> {
    const key = referrerTag(digest)
    const tags = [key, `${key}.sig`, `${key}.att`]
    const isListed = tags.some(tag => listed.has(tag))
    const heads = isListed ? undefined : await findTags(registry, repository, tags, clock)
    const isThere = (tag: string) => listed.has(tag) || heads?.get(tag)?.state === 'found'
    const unread = [...(heads?.values() ?? [])].flatMap(head =>
      head.state === 'unread' ? [{ unread: head.cause }] : []
    )
    return [
      ...(isThere(`${key}.sig`) ? (['cosign'] as const) : []),
      ...(isThere(`${key}.att`) ? (['attestation'] as const) : []),
      ...(isThere(key) ? await referrersIn(key) : []),
      ...unread
    ]
  }

  /** What the list of referrers names, which stands under the tag where there is no referrers API. */
  async function referrersIn(tag: string): Promise<readonly Found[]> {
    const list = await registry.readManifest(repository, tag)
    if (list.state !== 'read') return list.state === 'unread' ? [{ unread: list.cause }] : []
    const { children } = list.manifest
    if (children.length > MOST_REFERRERS)
      return [{ unread: `its list of referrers names ${formatNumber(children.length)}` }]
    const found = await eachOf(children, AT_ONCE, async ({ digest }): Promise<Found[]> => {
      const referrer = await registry.readManifest(repository, digest)
      if (referrer.state === 'read') return kindOf(referrer.manifest)
      return referrer.state === 'unread' ? [{ unread: referrer.cause }] : []
    })
    return found.flat()
  }

  /** The platforms of an index; none of a single image. */
  async function platformsOf(digest: Digest): Promise<readonly Digest[]> {
    const image = await registry.readManifest(repository, digest)
    if (image.state !== 'read') return []
    return image.manifest.children.filter(({ platform }) => platform !== undefined).map(child => child.digest)
  }

  return async digest => {
    const own = verdict(await signaturesOf(digest), asked)
    if (own !== false) return own
    const platforms = await platformsOf(digest)
    // One that is not signed settles it: an index can name 24,000.
    for (const platform of platforms) {
      const signed = verdict(await signaturesOf(platform), asked)
      if (signed !== true) return signed
    }
    return platforms.length > 0
  }
}

/** Nothing for an SBOM and whatever else may describe an image. */
function kindOf({ artifactType = '', annotations }: Manifest): Found[] {
  if (artifactType === COSIGN_SIGNATURE) return ['cosign']
  if (!BUNDLE.test(artifactType)) return []
  const isSignature = annotations[PREDICATE] === COSIGN_SIGN || annotations[CONTENT] === 'message-signature'
  return [isSignature ? 'cosign' : 'attestation']
}
