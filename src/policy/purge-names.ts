import { WHOLE_PACKAGE } from '../model/decision.ts'
import { type Digest, isDigestOf } from '../model/digest.ts'
import { type ListedPackage, type PackageVersion, versionsCalled } from '../model/package.ts'
import { isTag } from '../model/tag.ts'
import { some } from '../util/format.ts'
import { type Graph, nodeAt } from './graph.ts'
import { nearTag } from './idle.ts'

/** The places of the versions that are named, and the name of each. */
export type Named = ReadonlyMap<number, string>

/** Finds what names mean in a package: each unknown one gives a sentence. @param names see `decidePurge` */
export function namedIn(
  graph: Graph,
  names: readonly string[]
): { named: Named; unknown: readonly string[]; absent: readonly string[] } {
  const versions = graph.nodes.flatMap(({ version }) => version ?? [])
  const named = new Map<number, string>()
  const unknown: string[] = []
  const absent: string[] = []
  for (const given of names) {
    const { name, optional } = nameIn(given)
    const meant = new Set(versionsCalled(versions, name))
    const places = graph.nodes.flatMap(({ version }, place) =>
      version !== undefined && meant.has(version) ? [place] : []
    )
    // Two rows of one digest are one manifest.
    const digests = [...new Set(places.map(place => nodeAt(graph, place).digest))]
    const isUnlisted = () =>
      graph.nodes.some(({ tags, digest }) => tags.includes(name) || isDigestOf(name, digest))
    if (digests.length === 1) for (const place of places) named.set(place, named.get(place) ?? name)
    else if (digests.length > 1) unknown.push(severalMeant(name, digests))
    else if (isUnlisted()) unknown.push(notListed(name))
    else if (optional) absent.push(name)
    else unknown.push(notThere(name, graph, names.length === 1))
  }
  return { named, unknown, absent }
}

const severalMeant = (name: string, digests: readonly Digest[]): string =>
  `"${name}" means ${digests.length} versions, so it is left alone. Write one of ${some(digests, 5)}.`

function notThere(name: string, { nodes }: Graph, isOnly: boolean): string {
  const near = nearTag(
    name,
    nodes.flatMap(({ tags }) => tags)
  )
  if (near !== undefined)
    return `There is no \`${name}\`. Did you mean \`${near}\`?${isOnly ? ' Nothing was purged.' : ''}`
  return (
    `"${name}" is not a tag, digest or version id in this package. Check its spelling; if it is already deleted, ` +
    `there is nothing left to purge, and \`${name}?\` allows that.${MEANT[name] ?? ''}`
  )
}

/** Why what is named stays, although it is there: a sentence. */
export const notListed = (name: string): string =>
  `"${name}" is in the registry, but GitHub does not list its version yet: run again.`

/** What words mean that are no names. */
const MEANT: Readonly<Record<string, string>> = {
  all: ` To delete the whole package, write \`purge: ${WHOLE_PACKAGE}\`.`,
  untagged: ' To delete versions without a tag, use `mode: retain` with `delete-untagged: true`.'
}

/** What a name can mean. */
type Nameable = Pick<PackageVersion, 'id' | 'digest' | 'tags'>

/**
 * Those of these deleted versions that names mean: where something that is there is called so, the name means that alone,
 * so no deleted one that was called so before, unless it is the same image.
 */
export function deletedNamed<V extends Nameable>(
  deleted: readonly V[],
  names: readonly string[],
  { versions, unlisted, unresolved }: ListedPackage
): V[] {
  return names.flatMap(given => {
    const { name } = nameIn(given)
    const pushed = [...unlisted].flatMap(([digest, tags]) => (tags.includes(name) ? [digest] : []))
    const there = new Set([...versionsCalled(versions, name).map(({ digest }) => digest), ...pushed])
    const isThere = there.size > 0 || unresolved.some(({ ref }) => ref === name)
    return versionsCalled(deleted, name).filter(
      ({ digest }) => !isThere || there.has(digest) || digest === name
    )
  })
}

/** What a given name means: `name@sha256:…` its digest, `ghcr.io/owner/name:tag` its tag. */
function nameIn(given: string): { name: string; optional: boolean } {
  const optional = given.endsWith('?')
  const text = optional ? given.slice(0, -1) : given
  const digest = /@(sha\d+:[0-9a-f]+)$/i.exec(text)?.[1]
  const tag = /\/[^/:@]*:([^/:@]+)$/.exec(text)?.[1]
  return { name: digest ?? tag ?? text, optional }
}

/** Those of the names that may be tags. */
export const tagsNamed = (names: readonly string[]): string[] =>
  names.map(given => nameIn(given).name).filter(isTag)
