import type { TagCheck } from '../model/check.ts'
import type { Digest } from '../model/digest.ts'
import { isOurs } from '../model/manifest.ts'
import type { Content } from '../model/package.ts'
import type { Expected } from './expected-tags.ts'
import type { Graph } from './graph.ts'

/** A platform as people write it, in the form that is compared: containerd's defaults spelt out. */
function normal(platform: string): string {
  const [os = '', architecture = '', variant] = platform.split('/')
  if (architecture === 'arm' && variant === undefined) return `${os}/arm/v7`
  const usual = { arm64: 'v8', amd64: 'v1' }[architecture]
  return variant === undefined || variant === usual
    ? `${os}/${architecture}`
    : `${os}/${architecture}/${variant}`
}

/**
 * How an expected tag stands in a package: of several images that would do, the best one counts.
 *
 * @param holders the digests that each image tag stands on; more than one while a tag moves
 * @param graph of the images below `holders`
 * @param platforms that an image must have; one that is no index does not say what it has, and is believed to
 *   have the one that is asked for
 */
export function tagState(
  expected: Expected,
  holders: ReadonlyMap<string, readonly Digest[]>,
  graph: Graph,
  platforms: readonly string[]
): TagCheck {
  const { name: tag, images } = expected
  const found = images.flatMap(image => holders.get(image) ?? []).map(root => look(root, graph, platforms))
  const base = { tag, images, lacks: [] }
  if (found.length === 0) return { ...base, state: 'absent' }
  if (found.some(({ cause, lacks }) => cause === undefined && lacks.length === 0)) {
    return { ...base, state: 'present' }
  }
  const cause = found.find(image => image.cause !== undefined)?.cause
  if (cause !== undefined) return { ...base, state: 'unreadable', cause }
  return { ...base, state: 'incomplete', lacks: found[0]?.lacks ?? [] }
}

interface Look {
  readonly lacks: readonly string[]
  readonly cause: string | undefined
}

/** Walks an image to its last child; each digest once, whatever names it. */
function look(root: Digest, graph: Graph, platforms: readonly string[]): Look {
  const places = new Map<Digest, string | undefined>([[root, undefined]])
  const lacks: string[] = []
  let cause: string | undefined
  for (const [digest, platform] of places) {
    const content = contentOf(graph, digest)
    if (content.state === 'missing') lacks.push(platform ?? digest)
    else if (content.state === 'unread') cause ??= content.cause
    else if (content.state === 'read') {
      cause ??= content.manifest.unknown
      if (isOurs(content.manifest)) lacks.push('everything (it is a placeholder of `untag`)')
      for (const child of content.manifest.children) {
        if (!places.has(child.digest)) places.set(child.digest, child.platform)
      }
    }
  }
  const has = [...places.values()].filter(platform => platform !== undefined).map(normal)
  return { lacks: [...lacks, ...lackingPlatforms(contentOf(graph, root), has, platforms)], cause }
}

function lackingPlatforms(root: Content, has: readonly string[], asked: readonly string[]): string[] {
  // A chart, a policy bundle or a build cache runs nowhere.
  if (root.state === 'read' && root.manifest.kind !== 'image') return []
  if (root.state === 'read' && root.manifest.form === 'manifest') {
    return asked.length < 2 ? [] : [`all but one of ${asked.join(', ')}`]
  }
  return root.state === 'read' ? asked.filter(platform => !has.includes(normal(platform))) : []
}

/** A graph has no node for what is neither listed nor in the registry. */
function contentOf({ find, nodes }: Graph, digest: Digest): Content {
  const place = find(digest)
  return (place === undefined ? undefined : nodes[place]?.content) ?? { state: 'missing' }
}
