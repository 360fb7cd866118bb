import { type Digest, digestsNamedIn, referrerTag } from '../model/digest.ts'
import { addTo } from '../util/grouped.ts'
import { childDigests, NONE, type Node } from './node.ts'

/** Places of nodes at the other end of an edge. */
export type Places = readonly number[]

type Find = (digest: Digest) => number | undefined

/** What needs and what describes what. Nodes go by their place in a list. */
export interface Edges {
  readonly find: Find
  /** Manifests that an index names, in its order; of a manifest of unknown kind, all that it mentions. */
  readonly children: readonly Places[]
  /**
   * What describes a manifest: by `subject`, or by `sha256-<hex>` tag. What an index calls the attestation of
   * a sibling is not in here: it stays with that index, and without it nobody could tell what it describes.
   */
  readonly referrers: readonly Places[]
  /** The other ends of all these edges: indexes that name it, and what it describes. */
  readonly predecessors: readonly Places[]
  /** What each node says that it describes, by the `referrerTag` of that, whether it is there or not. */
  readonly subjects: readonly (readonly string[])[]
  /** Digests that GitHub lists more than once. */
  readonly twins: ReadonlySet<Digest>
}

/** Follows every edge between nodes; none leads from a node to itself. */
export function edgesBetween(nodes: readonly Node[]): Edges {
  const places = new Map<Digest, number>()
  nodes.forEach(({ digest }, place) => {
    places.set(digest, place)
  })
  const find = (digest: Digest): number | undefined => places.get(digest)
  const children = nodes.map(node => unique(childDigests(node).map(find)))
  const subjects = subjectsOf(nodes, digest => nodes[find(digest) ?? -1])
  const referrers = referrersOf(nodes, subjects, find)
  const predecessors = predecessorsOf(children, referrers)
  const twins = shareAmongTwins(nodes, find, predecessors)
  return { find, children, referrers, predecessors, subjects, twins }
}

/** What each node says that it describes, by the `referrerTag` of that, in their order. */
function subjectsOf(
  nodes: readonly Node[],
  find: (digest: Digest) => Node | undefined
): readonly (readonly string[])[] {
  return nodes.map(node => {
    const subject = ownSubject(node) ?? listedSubject(node, find)
    const named = node.tags.flatMap(digestsNamedIn)
    if (subject === undefined && named.length === 0) return NONE
    // A registry may answer the tag with the subject itself: then it describes nothing.
    const own = referrerTag(node.digest)
    const all = subject === undefined ? named : [referrerTag(subject), ...named]
    return all.filter(key => key !== own)
  })
}

/** What a manifest says that it describes; none can name itself, because its digest is made of what it says. */
function ownSubject({ content, digest }: Node): Digest | undefined {
  const subject = content.state === 'read' ? content.manifest.subject : undefined
  return subject === digest ? undefined : subject
}

/**
 * The subject of an older list of referrers: each further signature pushes a new list of all of them, which takes the
 * tag, and leaves the older list without one. It is no image, and describes what its children describe.
 */
function listedSubject(
  { content, tags }: Node,
  find: (digest: Digest) => Node | undefined
): Digest | undefined {
  if (tags.length > 0 || content.state !== 'read') return undefined
  // What is gone says nothing any more.
  const children = content.manifest.children
    .map(child => find(child.digest))
    .filter(child => child !== undefined)
  const [subject, ...others] = new Set(children.map(ownSubject))
  return others.length === 0 ? subject : undefined
}

/** What describes each node; of two rows of one digest the one that is found has them. */
function referrersOf(nodes: readonly Node[], subjects: readonly (readonly string[])[], find: Find): Places[] {
  const bySubject = new Map<string, number[]>()
  subjects.forEach((keys, place) => {
    for (const key of keys) addTo(bySubject, key, place)
  })
  if (bySubject.size === 0) return nodes.map(() => NONE)
  return nodes.map(({ digest }, place) =>
    find(digest) === place ? unique(bySubject.get(referrerTag(digest)) ?? NONE) : NONE
  )
}

/** What names each node, and what it describes. */
function predecessorsOf(children: readonly Places[], referrers: readonly Places[]): Places[] {
  const predecessors = children.map((): number[] | undefined => undefined)
  for (const edges of [children, referrers]) {
    edges.forEach((ends, place) => {
      for (const end of ends) {
        const known = predecessors[end]
        if (known === undefined) predecessors[end] = [place]
        else known.push(place)
      }
    })
  }
  return children.map((_, place) => predecessors[place] ?? NONE)
}

/** GitHub may list a digest twice: what points to one of the two rows points to the other. */
function shareAmongTwins(nodes: readonly Node[], find: Find, predecessors: Places[]): ReadonlySet<Digest> {
  const twins = new Set<Digest>()
  nodes.forEach(({ digest }, place) => {
    const other = find(digest)
    if (other === undefined || other === place) return
    twins.add(digest)
    predecessors[place] = predecessors[other] ?? NONE
  })
  return twins
}

/** Known places, each once. */
function unique(places: readonly (number | undefined)[]): Places {
  if (places.length === 0) return NONE
  const known = places.filter(place => place !== undefined)
  return known.length < 2 ? known : [...new Set(known)]
}
