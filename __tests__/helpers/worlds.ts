import fc from 'fast-check'
import { type Digest, referrerTag } from '../../src/model/digest.ts'
import type { Descriptor, Kind } from '../../src/model/manifest.ts'
import type { Content, Inventory, PackageVersion } from '../../src/model/package.ts'
import { emptyUsage, type Usage } from '../../src/model/usage.ts'
import { digestOf, somePackage } from './make.ts'

/**
 * Arbitrary packages, as unkind as real ones: shared and nested children, referrers by three roads, circles of
 * tags, manifests that are missing, not listed or not readable, two versions with one tag, ages on both sides of
 * every limit and of now.
 */

export const NOW = Date.parse('2026-06-30T00:00:00Z')
const DAY = 86_400_000

/** How one manifest of a package is drawn; places are taken modulo what is there. */
interface Draw {
  readonly tags: readonly string[]
  /** Days before now; beyond 400 unknown, below 0 in the future. */
  readonly created: number
  readonly touched: number
  readonly kind: Kind
  readonly children: readonly number[]
  readonly vanished: number
  readonly attests: number
  readonly subject: number
  readonly describes: readonly number[]
  /** Of a kind that nobody knows: it may need what it mentions, and owns none of it. */
  readonly isOdd: boolean
  readonly listed: boolean
  readonly state: 'read' | 'missing' | 'unread'
}

export const USER_TAGS = [
  'latest',
  'prod',
  'v1.0.0',
  'v1.0.1',
  'v1.1.0',
  '1.1',
  '1',
  '2.0.0-rc.1',
  '2.0.0',
  '2.0.0-alpine',
  'sha-1',
  'sha-2',
  'sha-3',
  'sha-4',
  'pr-1',
  'pr-2',
  'main-0000001',
  'main-0000002',
  'x-0000003',
  'buildcache',
  'sha256-foo'
] as const

const seldom = (weight: number) => fc.integer({ min: 0, max: weight - 1 }).map(draw => draw === 0)

const place = fc.nat(40)

const draw = (unread: boolean): fc.Arbitrary<Draw> =>
  fc.record({
    tags: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 4, arbitrary: fc.uniqueArray(fc.constantFrom(...USER_TAGS), { minLength: 1, maxLength: 2 }) }
    ),
    created: fc.oneof(
      { weight: 14, arbitrary: fc.integer({ min: 1, max: 90 }) },
      { weight: 1, arbitrary: fc.constantFrom(0, 0.5, 1, 7, 30, -1, 500) }
    ),
    touched: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }) }
    ),
    kind: fc.constantFrom<Kind>('image', 'image', 'image', 'artifact', 'cache'),
    children: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.array(place, { maxLength: 4 }) }
    ),
    vanished: fc.oneof(
      { weight: 8, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }) }
    ),
    attests: place,
    subject: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: place }),
    describes: fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(place, { minLength: 1, maxLength: 2 }) }
    ),
    isOdd: seldom(12),
    listed: seldom(20).map(yes => !yes),
    state: fc
      .tuple(seldom(20), unread ? seldom(6) : fc.constant(false))
      .map(([missing, unreadable]) =>
        unreadable ? ('unread' as const) : missing ? ('missing' as const) : ('read' as const)
      )
  })

/** A package of at most `size` manifests, all of which can be read unless `unread` is set. */
export function inventories({ size = 16, unread = false } = {}): fc.Arbitrary<Inventory> {
  return fc.array(draw(unread), { minLength: 1, maxLength: size }).map(build)
}

/** Place 41 and beyond are manifests that are gone; so are those of other packages. */
const gone = (number: number): Digest => digestOf(`gone ${number}`)

function build(draws: readonly Draw[]): Inventory {
  const digests = draws.map((_, index) => digestOf(`manifest ${index}`))
  const versions: PackageVersion[] = []
  const contents = new Map<Digest, Content>()
  draws.forEach((one, index) => {
    const digest = digests[index]!
    if (one.listed) versions.push(versionOf(one, index, digests))
    contents.set(digest, contentOf(one, index, digests))
  })
  // An unlisted manifest is only known of when an index names it; one that vanished is known to be missing.
  const named = new Set(
    [...contents.values()].flatMap(content =>
      content.state === 'read' ? content.manifest.children.map(child => child.digest) : []
    )
  )
  const listed = new Set(versions.map(({ digest }) => digest))
  for (const digest of contents.keys()) {
    if (!listed.has(digest) && !named.has(digest)) contents.delete(digest)
  }
  for (const digest of named) if (!contents.has(digest)) contents.set(digest, { state: 'missing' })
  return { package: { ...somePackage, versionCount: versions.length }, versions, contents }
}

function versionOf(one: Draw, index: number, digests: readonly Digest[]): PackageVersion {
  const created = one.created > 400 ? undefined : NOW - one.created * DAY
  const updated =
    created === undefined ? undefined : Math.max(created, NOW - Math.max(0, one.created - one.touched) * DAY)
  const described = one.describes.map(at => referrerTag(digests[at] ?? gone(at)))
  return {
    id: index + 1,
    digest: digests[index]!,
    tags: [...one.tags, ...new Set(described)],
    created,
    updated
  }
}

function contentOf(one: Draw, index: number, digests: readonly Digest[]): Content {
  if (one.state === 'missing') return { state: 'missing' }
  if (one.state === 'unread') return { state: 'unread', cause: 'the registry answered 500' }
  // An index names what was there before it: indexes cannot name each other in a circle.
  const places = index === 0 ? [] : [...new Set(one.children.map(at => at % index))]
  const children: Descriptor[] = places.map((at, nth) => {
    const attested = digests[places[one.attests % places.length]!]!
    const describes = nth === places.length - 1 && places.length > 1 ? { describes: attested } : {}
    return { digest: digests[at]!, index: false, ...describes }
  })
  for (let nth = 0; nth < one.vanished; nth++) children.push({ digest: gone(100 + nth), index: false })
  const subject = one.subject === -1 ? {} : { subject: digests[one.subject] ?? gone(one.subject) }
  const form = children.length > 0 ? ('index' as const) : ('manifest' as const)
  const odd = one.isOdd && children.length > 0 ? { unknown: 'nobody knows its kind' } : {}
  return {
    state: 'read',
    manifest: {
      mediaType: 'application/json',
      form,
      kind: one.kind,
      children,
      ...subject,
      annotations: {},
      ...odd
    }
  }
}

/** What was asked elsewhere about such a package. */
export function worlds(): fc.Arbitrary<Usage> {
  const digest = place.map(at => digestOf(`manifest ${at}`))
  const use = fc.oneof(
    fc.record({ by: fc.constant('compose.yaml:7'), tag: fc.constantFrom(...USER_TAGS) }),
    fc.record({ by: fc.constant('pod web-0'), digest })
  )
  return fc.record({
    inUse: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(use, { maxLength: 2 }) }
    ),
    pullRequests: fc.constantFrom(
      new Map([
        [1, { state: 'open' as const }],
        [2, { state: 'closed' as const, closedAt: NOW - 5 * DAY }]
      ]),
      emptyUsage.pullRequests
    ),
    branches: fc.constantFrom(undefined, new Set(['main'])),
    gitTags: fc.constantFrom(undefined, new Set(['v1.0.0', 'v2.0.0'])),
    untaggedSince: fc
      .array(digest, { maxLength: 5 })
      .map(some => new Map(some.map(one => [one, NOW - 9 * DAY]))),
    labels: fc.constant(emptyUsage.labels)
  })
}
