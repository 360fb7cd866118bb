import type { Digest } from '../../src/model/digest.ts'
import { referrerTag } from '../../src/model/digest.ts'
import type { StoredPackage, StoredVersion } from './contents.ts'
import type { Lie } from './lies.ts'
import { bundle, cosign, cosignTag, fallback, type Named, type Shape } from './shapes.ts'
import type { World } from './world.ts'

/** What a push left in a package. It can be named as the subject of the next thing that is pushed. */
export interface Pushed extends Named {
  readonly id: number
  readonly shape: Shape
  /** In the order of the index, as often as the index names them. */
  readonly children: readonly Pushed[]
}

export interface When {
  /** RFC 3339 or milliseconds since 1970; the world's present when absent. */
  readonly at?: string | number
}

/** One package, to be filled, harmed and looked at by a test. */
export interface Builder {
  readonly row: StoredPackage
  /** Pushes children first, each a second before the next; a tag leaves the version that had it. */
  push(shape: Shape, how?: When & { readonly tags?: readonly string[] }): Pushed
  /** As `actions/attest` and cosign 3: a bundle with a subject, and the fallback index pushed anew. */
  attest(subject: Named, when?: When): Pushed
  /** As cosign's classic form: a manifest under `sha256-<hex>.sig` (or .att, .sbom). */
  sign(subject: Named, kind?: 'sig' | 'att' | 'sbom', when?: When): Pushed
  /** Puts one more tag on a version that is there. */
  tag(version: { readonly digest: Digest }, name: string): void
  /** Deletes a version as somebody else would, asking nobody. */
  delete(version: { readonly digest: Digest }): void
  downloaded(version: { readonly digest: Digest }, times: number): void
  /** From now on the version list lies; nothing takes it back but `truth`. */
  lie(lie: Lie): void
  truth(): void
  /** The active version of this digest. */
  version(digest: Digest): StoredVersion | undefined
  /** Tag to digest, as it is now. */
  tags(): Record<string, Digest>
  digests(): Set<Digest>
}

const milliseconds = (at: string | number | undefined, otherwise: number): number =>
  at === undefined ? otherwise : typeof at === 'number' ? at : Date.parse(at)

/** How many manifests a push of this shape sends, the same one twice counted twice. */
const sizeOf = (shape: Shape): number => shape.children.reduce((sum, child) => sum + sizeOf(child), 1)

/** What the fallback index of each subject lists by now. */
const listed = new WeakMap<StoredPackage, Map<Digest, Shape[]>>()

export function builderOf(world: World, pkg: StoredPackage): Builder {
  /** Pushes a tree, children first, the root at `at` and everything else in the seconds before. */
  function pushTree(shape: Shape, at: number): Pushed {
    let second = at - (sizeOf(shape) - 1) * 1_000
    const send = (each: Shape): Pushed => {
      const children = each.children.map(send)
      const version = world.arrive(pkg, each, undefined, second)
      second += 1_000
      for (const [digest, content] of each.blobs) pkg.blobs.set(digest, content)
      const { mediaType, digest, size } = each
      return { id: version.id, mediaType, digest, size, shape: each, children }
    }
    return send(shape)
  }

  function there(digest: Digest): StoredVersion {
    const version = pkg.byDigest.get(digest)
    if (version === undefined) throw new Error(`${pkg.name} has no version ${digest}`)
    return version
  }

  const builder: Builder = {
    row: pkg,
    push: (shape, { tags = [], at } = {}) => {
      const pushed = pushTree(shape, milliseconds(at, world.now))
      for (const name of tags) world.retag(pkg, there(pushed.digest), name)
      return pushed
    },
    attest: (subject, { at } = {}) => {
      const moment = milliseconds(at, world.now)
      const referrers = listed.get(pkg) ?? new Map<Digest, Shape[]>()
      const shapes = [...(referrers.get(subject.digest) ?? []), bundle(subject)]
      listed.set(pkg, referrers.set(subject.digest, shapes))
      const pushed = builder.push(fallback(shapes), { tags: [referrerTag(subject.digest)], at: moment })
      const last = pushed.children.at(-1)
      if (last === undefined) throw new Error('the fallback index names no bundle')
      return last
    },
    sign: (subject, kind = 'sig', when = {}) =>
      builder.push(cosign(kind), { tags: [cosignTag(subject, kind)], ...when }),
    tag: ({ digest }, name) => world.retag(pkg, there(digest), name),
    delete: ({ digest }) => world.drop(pkg, there(digest)),
    downloaded: ({ digest }, times) => {
      there(digest).downloads = times
    },
    lie: lie => {
      pkg.lies.push(lie)
    },
    truth: () => {
      pkg.lies.length = 0
    },
    version: digest => pkg.byDigest.get(digest),
    tags: () => Object.fromEntries([...pkg.byTag].map(([name, version]) => [name, version.digest])),
    digests: () => new Set(pkg.byDigest.keys())
  }
  return builder
}
