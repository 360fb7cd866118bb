import type { Told } from '../../apply/give-back.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { Content, PackageVersion } from '../../model/package.ts'
import type { Graph } from '../../policy/graph.ts'
import { nameOf } from '../../report/phrases.ts'
import { some } from '../../util/format.ts'
import type { RestorePlan } from './restore-plan.ts'

/** What is not whole, and what of that was not whole before either. */
export function stillBroken(
  graph: Graph | undefined,
  roots: readonly PackageVersion[],
  { broken }: RestorePlan
): Told {
  const warnings: string[] = []
  const alarms: string[] = []
  if (graph === undefined) return { warnings, alarms }
  const excused = below(graph, broken)
  for (const root of roots) {
    const place = graph.find(root.digest) ?? -1
    const content = graph.nodes[place]?.content
    const name = `${nameOf(root)} (${shortDigest(root.digest)})`
    if (content?.state === 'unread') {
      alarms.push(
        `${name} is restored, but could not be read (${content.cause}), so it is unknown whether it is whole.`
      )
    }
    const state = graph.states[place]
    if (state !== 'ghost' && state !== 'partial') continue
    const lacks = content === undefined ? [] : missingOf(content, graph)
    const what = lacks.length === 0 ? 'something that it names' : some(lacks.map(shortDigest), 3)
    if (excused.has(place)) warnings.push(`${name} lacks ${what}, as it did before its deletion.`)
    else {
      alarms.push(
        `${name} is restored, but not whole: ${what} is gone, and GitHub no longer has it. Build it again.`
      )
    }
  }
  return { warnings, alarms }
}

function missingOf(content: Content, graph: Graph): Digest[] {
  // A build cache names blobs, which a registry does not show as manifests.
  if (content.state !== 'read' || content.manifest.kind === 'cache') return []
  return content.manifest.children
    .map(({ digest }) => digest)
    .filter(digest => graph.find(digest) === undefined)
}

/** What is named and is not there, except what those that name it lacked before. */
export function missingIn(graph: Graph, excused: ReadonlySet<number>): ReadonlySet<Digest> {
  return new Set(
    graph.nodes.flatMap(({ content }, place) => (excused.has(place) ? [] : missingOf(content, graph)))
  )
}

/** These versions and all that they name, at any depth. */
export function below(graph: Graph, digests: ReadonlySet<Digest>): ReadonlySet<number> {
  const found = new Set([...digests].map(graph.find).filter(place => place !== undefined))
  // A set that grows while it is walked.
  for (const place of found) for (const child of graph.children[place] ?? []) found.add(child)
  return found
}

/** Parts that the registry alone shows: it may serve what is deleted for a while. To restore what is there does no harm. */
export function servedOnly(
  { nodes }: Graph,
  active: readonly PackageVersion[],
  roots: readonly PackageVersion[]
): ReadonlySet<Digest> {
  const listed = new Set([...active, ...roots].map(({ digest }) => digest))
  return new Set(nodes.flatMap(({ digest }) => (listed.has(digest) ? [] : [digest])))
}
