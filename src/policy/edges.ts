import { type Digest, referrerTag } from '../model/digest.ts'
import { addTo } from '../util/grouped.ts'
import { NONE, type Node } from './node.ts'

/** Places of nodes at the other end of an edge. */
export type Places = readonly number[]

type Find = (digest: Digest) => number | undefined

/** What describes each node; of two rows of one digest the one that is found has them. */
export function referrersOf(
  nodes: readonly Node[],
  subjects: readonly (readonly string[])[],
  find: Find
): Places[] {
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
