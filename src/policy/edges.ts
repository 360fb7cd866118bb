import { type Digest, referrerTag } from '../model/digest.ts'
import { addTo } from '../util/grouped.ts'
import { NONE, type Node, type Subjects } from './node.ts'

/** Places of nodes at the other end of an edge. */
export type Places = readonly number[]

type Find = (digest: Digest) => number | undefined

/** What describes each node. */
export function referrersOf(nodes: readonly Node[], subjects: Subjects, find: Find): Places[] {
  const isTagUsed = subjects.some(said => said.some(({ tag }) => tag !== undefined))
  const byTag = new Map(isTagUsed ? nodes.map(({ digest }, place) => [referrerTag(digest), place]) : [])
  const referrers = new Map<number, number[]>()
  subjects.forEach((said, place) => {
    for (const { digest, tag } of said) {
      const subject = digest === undefined ? byTag.get(tag ?? '') : find(digest)
      if (subject !== undefined) addTo(referrers, subject, place)
    }
  })
  return nodes.map((_, place) => unique(referrers.get(place) ?? NONE))
}

/** What names each node, and what it describes. */
export function predecessorsOf(children: readonly Places[], referrers: readonly Places[]): Places[] {
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
export function shareAmongTwins(
  nodes: readonly Node[],
  find: Find,
  predecessors: Places[]
): ReadonlySet<Digest> {
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
export function unique(places: readonly (number | undefined)[]): Places {
  if (places.length === 0) return NONE
  const known = places.filter(place => place !== undefined)
  return known.length < 2 ? known : [...new Set(known)]
}
