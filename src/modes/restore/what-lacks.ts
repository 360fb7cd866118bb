import type { Told } from '../../apply/tags/tag-guard.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { Content, PackageVersion } from '../../model/package.ts'
import { type Graph, withParts } from '../../policy/graph.ts'
import { isLeftover } from '../../policy/node.ts'
import { nameOf } from '../../report/phrases.ts'
import { count, some } from '../../util/format.ts'
import type { RestorePlan } from './restore-plan.ts'

/**
 * What is not whole, and what of that was not whole before either.
 *
 * @param claimed what GitHub lists, or says to have restored: the registry's denial alone does not make it gone
 */
export function stillBroken(
  graph: Graph | undefined,
  roots: readonly PackageVersion[],
  { broken }: RestorePlan,
  claimed: ReadonlySet<Digest>
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
        `${name} is restored, but could not be read (${content.cause}), so it is unknown whether it is whole. Run it again later.`
      )
    }
    const state = graph.states[place]
    if (state !== 'ghost' && state !== 'partial') continue
    const lacks = content === undefined ? [] : missingOf(content, graph)
    const what = lacks.length === 0 ? 'something that it names' : some(lacks.map(shortDigest), 3)
    const denied = lacks.filter(digest => claimed.has(digest)).map(shortDigest)
    if (excused.has(place)) warnings.push(`${name} lacks ${what}, as it did before its deletion.`)
    else if (denied.length > 0) {
      alarms.push(
        `${name} is restored, but it is unknown whether it is whole: the registry denies ${some(denied, 3)}, which GitHub lists ` +
          'or says to have restored. Run it again later.'
      )
    } else {
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
  const places = [...digests].map(graph.find).filter(place => place !== undefined)
  return withParts(graph, places)
}

/**
 * Parts that the registry alone shows, except of what lacked parts before: it may serve what is deleted for a while. To
 * restore what is there does no harm.
 */
export function servedOnly(
  { nodes, children }: Graph,
  listed: readonly PackageVersion[],
  excused: ReadonlySet<number>
): ReadonlySet<Digest> {
  const parts = nodes.flatMap((_, place) => (excused.has(place) ? [] : (children[place] ?? [])))
  const digests = parts.flatMap(place => nodes[place]?.digest ?? [])
  return new Set(digests).difference(new Set(listed.map(({ digest }) => digest)))
}

/** Our own placeholders among what came back. */
export function placeholdersAmong(
  roots: readonly PackageVersion[],
  graph: Graph | undefined
): readonly PackageVersion[] {
  return roots.filter(({ digest }) => {
    const node = graph?.nodes[graph.find(digest) ?? -1]
    return node !== undefined && isLeftover(node)
  })
}

/** What a deleted version was is not known before it is back. */
export function leftBehind(placeholders: readonly PackageVersion[]): string[] {
  const [first] = placeholders
  if (first === undefined) return []
  return [
    `${count(placeholders.length, 'placeholder')} of an earlier run that stripped tags came back as well, such as ` +
      `${nameOf(first)}: the next retention run removes what is left of it.`
  ]
}
