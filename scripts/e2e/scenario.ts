import type { Digest } from '../../src/model/digest.ts'
import { type Clients, type Format, PLATFORMS } from './clients.ts'
import { createPusher } from './pusher.ts'
import type { RealRegistry } from './registry.ts'
import type { RegistryStore } from './store.ts'

/** What is in a package, and what must have become of it once the action was there. */
export interface Laid {
  readonly repository: string
  /** Every tag, and whether it must still pull. */
  readonly tags: ReadonlyMap<string, boolean>
  /** What must stay, by itself or under a tag; what it needs must stay too, and nothing else may. */
  readonly staying: readonly Digest[]
}

export interface Hands {
  readonly clients: Clients
  readonly store: RegistryStore
  readonly registry: RealRegistry
  readonly now: number
}

const DAY = 86_400_000
const TWO = PLATFORMS.slice(0, 2)

type Fate = 'stays' | 'goes'

/** Pushes one thing, and gives the tag that it stands under. */
type Push = () => Promise<{ readonly digest: Digest; readonly tag: string }>

const tagged =
  (tag: string, push: (tag: string) => Promise<Digest>): Push =>
  async () => ({ tag, digest: await push(tag) })

/** Lays things down in one repository, oldest first, and keeps the account of what must become of them. */
function shelve(repository: string, { store, now }: Hands) {
  const tags = new Map<string, boolean>()
  const staying: Digest[] = []
  const lay = async (fate: Fate, days: number, push: Push): Promise<Digest> => {
    const { digest, tag } = await push()
    await store.date(repository, now - days * DAY)
    if (fate === 'stays') staying.push(digest)
    tags.set(tag, fate === 'stays')
    return digest
  }
  return { repository, tags, staying, lay }
}

/**
 * `acme/shop`, where everything is found: releases in every form, builds that share layers and whole platforms
 * with them, signatures and attestations, build caches, and indexes that lost their tag.
 *
 * Policy: keep `v*` and `latest`; delete `sha-*`, `nightly-*` and `pr-*` after 30 days but for the newest three,
 * and what has no tag.
 */
export async function layShop(hands: Hands): Promise<Laid> {
  const repository = 'acme/shop'
  const { clients } = hands
  const pusher = createPusher(hands.registry, repository)
  const shelf = shelve(repository, hands)
  const { lay } = shelf
  const index = (tag: string) => tagged(tag, () => clients.pushIndex(repository, tag, 'oci', TWO))
  const list = (tag: string) => tagged(tag, () => clients.pushIndex(repository, tag, 'docker', TWO))
  const attested = (tag: string, of: Digest, names = false) =>
    tagged(tag, () => pusher.pushAttested(of, tag, names))

  await lay(
    'stays',
    500,
    tagged('v0.5.0', tag => clients.pushImage(repository, tag, 'oci'))
  )
  await lay('stays', 400, list('v0.9.0'))
  const release = await lay(
    'stays',
    300,
    tagged('v1.0.0', tag => clients.pushIndex(repository, tag, 'oci', PLATFORMS))
  )
  await lay('stays', 300, () => pusher.sign(release))
  const amd64 = await firstChild(hands.registry, repository, release)
  await lay(
    'goes',
    299,
    tagged('sha-0000001', tag => clients.pushSharing(repository, tag, amd64))
  )

  const latest = await lay('stays', 100, index('v1.1.0'))
  await layTag(shelf, hands, 'v1.1.0', 'latest', 'stays')
  await layAttestation(shelf, pusher, latest, 100, 'stays')
  const build = await lay('goes', 99, index('sha-0000002'))
  await lay('goes', 99, () => pusher.sign(build))
  await layAttestation(shelf, pusher, build, 99, 'goes')
  // The index that buildah pushed loses its tag to the one with attestations; both name the same platforms.
  const bare = await lay('goes', 90, index('sha-0000003'))
  await lay('goes', 90, attested('sha-0000003', bare))

  await lay(
    'goes',
    70,
    tagged('buildcache', tag => pusher.pushCache(tag))
  )
  await lay('goes', 60, index('edge'))
  await lay('stays', 60, index('sha-0000004'))
  await layTag(shelf, hands, 'sha-0000004', 'stable', 'stays')
  await lay(
    'goes',
    50,
    tagged('pr-7', tag => clients.pushImage(repository, tag, 'docker'))
  )
  await lay('goes', 45, list('nightly-17'))
  const plain = await lay('goes', 40, index('v1.2.0'))
  await lay('stays', 40, attested('v1.2.0', plain, true))
  await lay('goes', 38, index('nightly-18'))
  await lay('stays', 35, index('nightly-19'))
  await lay('stays', 5, list('nightly-20'))
  await lay(
    'stays',
    2,
    tagged('pr-8', tag => clients.pushImage(repository, tag, 'oci'))
  )
  await lay(
    'stays',
    2,
    tagged('buildcache', tag => pusher.pushCache(tag))
  )
  await lay(
    'stays',
    2,
    tagged(CACHE_INDEX, tag => pusher.pushCacheIndex(tag))
  )
  // Without a tag by now, but younger than a day: a push may be under way.
  await lay('stays', 1 / 24, index('edge'))
  await lay('stays', 0, index('edge'))
  return shelf
}

/** No client can copy this one: its entries are layers. */
export const CACHE_INDEX = 'buildcache-index'

/** `acme/tools/api`, a nested name under the same policy. */
export async function layApi(hands: Hands): Promise<Laid> {
  const repository = 'acme/tools/api'
  const shelf = shelve(repository, hands)
  const push = (fate: Fate, days: number, name: string, format: Format) =>
    shelf.lay(
      fate,
      days,
      tagged(name, tag => hands.clients.pushIndex(repository, tag, format, TWO))
    )
  await push('stays', 200, 'v2.0.0', 'docker')
  await push('goes', 150, 'sha-000000a', 'oci')
  await push('stays', 120, 'sha-000000b', 'docker')
  await push('stays', 50, 'v2.1.0', 'oci')
  await push('stays', 45, 'sha-000000c', 'oci')
  await push('goes', 41, 'main', 'oci')
  await push('stays', 33, 'sha-000000d', 'oci')
  await push('stays', 3, 'main', 'oci')
  return shelf
}

/**
 * `acme/site`, where builds and releases share their digests.
 *
 * Policy: delete `sha-*` after 30 days, and strip it from what other tags hold.
 */
export async function laySite(hands: Hands): Promise<Laid> {
  const repository = 'acme/site'
  const { clients } = hands
  const shelf = shelve(repository, hands)
  const index = (tag: string, format: Format) =>
    tagged(tag, () => clients.pushIndex(repository, tag, format, TWO))
  await shelf.lay('stays', 100, index('v3.0.0', 'oci'))
  await layTag(shelf, hands, 'v3.0.0', 'sha-0000011', 'goes')
  await shelf.lay('stays', 95, index('v3.1.0', 'docker'))
  await layTag(shelf, hands, 'v3.1.0', 'sha-0000012', 'goes')
  await shelf.lay(
    'stays',
    90,
    tagged('prod', tag => clients.pushImage(repository, tag, 'oci'))
  )
  await layTag(shelf, hands, 'prod', 'sha-0000013', 'goes')
  await layTag(shelf, hands, 'prod', 'sha-0000014', 'goes')
  await shelf.lay('goes', 80, index('sha-0000015', 'oci'))
  await shelf.lay('stays', 10, index('v3.2.0', 'oci'))
  await layTag(shelf, hands, 'v3.2.0', 'sha-0000016', 'stays')
  return shelf
}

type Shelving = ReturnType<typeof shelve>

/** One more tag on what is there, with a fate of its own. */
async function layTag(
  { repository, tags }: Shelving,
  { clients }: Hands,
  from: string,
  tag: string,
  fate: Fate
): Promise<void> {
  await clients.retag(repository, from, tag)
  tags.set(tag, fate === 'stays')
}

/** A referrer and the index that leads to it: two versions, one of them tagged. */
async function layAttestation(
  shelf: Shelving,
  pusher: ReturnType<typeof createPusher>,
  subject: Digest,
  days: number,
  fate: Fate
): Promise<void> {
  await shelf.lay(fate, days, () => pusher.attest(subject))
}

async function firstChild(registry: RealRegistry, repository: string, index: Digest): Promise<Digest> {
  const found = await registry.manifest(repository, index)
  const body = JSON.parse(found?.bytes.toString('utf8') ?? '{}') as { manifests?: { digest: Digest }[] }
  const child = body.manifests?.[0]?.digest
  if (child === undefined) throw new Error(`${repository}@${index} has no children`)
  return child
}
