import type { Digest } from '../../src/model/digest.ts'
import { bodyOf } from './body.ts'
import type { RealRegistry } from './registry.ts'
import type { Laid } from './scenario.ts'

/** What a repository must hold after the action was there, worked out without any of the action's code. */
export interface Expected {
  /** Every digest, sorted. */
  readonly manifests: readonly Digest[]
  /** Every tag with its digest, sorted by tag. */
  readonly tags: readonly (readonly [string, Digest])[]
}

/** What stays, and everything that it names at any depth. */
export async function expectedOf(
  { repository, tags, staying }: Laid,
  registry: RealRegistry
): Promise<Expected> {
  const stored = await registry.stored(repository)
  const needed = new Set(staying)
  for (const digest of needed) {
    const { manifests = [] } = await bodyOf(registry, repository, digest)
    // An old build cache names layers, which are no manifests.
    for (const child of manifests) if (stored.manifests.has(child.digest)) needed.add(child.digest)
  }
  return {
    manifests: [...needed].sort(),
    tags: [...stored.tags].filter(([tag]) => tags.get(tag) === true)
  }
}

/** Digests of layers that something staying and something going have in common. */
export async function sharedLayers(
  repository: string,
  { manifests }: Expected,
  registry: RealRegistry
): Promise<string[]> {
  const kept = new Set<string>()
  const going = new Set<string>()
  for (const digest of (await registry.stored(repository)).manifests.keys()) {
    const { layers = [] } = await bodyOf(registry, repository, digest)
    const side = manifests.includes(digest) ? kept : going
    for (const layer of layers) side.add(layer.digest)
  }
  return [...kept].filter(layer => going.has(layer))
}
