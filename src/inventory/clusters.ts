import type { PackageVersion } from '../model/package.ts'

/** Pauses between pushes, in milliseconds: from two jobs of one build to two manifests of one push. */
const GAPS = [15 * 60_000, 3 * 60_000, 30_000, 5_000, 1_000]
/** A cluster of this size is a few builds; a larger one is cut at shorter pauses. */
const LARGE = 40

/**
 * Groups versions that were created together, each group newest first. An index is pushed after its platforms,
 * within the same second mostly: then its id is the higher one. Versions without a date form a group.
 */
export function clustersOf(versions: readonly PackageVersion[]): PackageVersion[][] {
  const dated = versions.filter(version => version.created !== undefined).toSorted(newestFirst)
  const undated = versions.filter(version => version.created === undefined).toSorted(newestFirst)
  let clusters = [dated]
  for (const gap of GAPS) {
    clusters = clusters.flatMap(cluster =>
      cluster.length > LARGE || gap === GAPS[0] ? cut(cluster, gap) : [cluster]
    )
  }
  return [...clusters, undated].filter(cluster => cluster.length > 0)
}

function newestFirst(a: PackageVersion, b: PackageVersion): number {
  return (b.created ?? 0) - (a.created ?? 0) || b.id - a.id
}

function cut(sorted: readonly PackageVersion[], gap: number): PackageVersion[][] {
  const clusters: PackageVersion[][] = []
  let earlier: PackageVersion | undefined
  for (const version of sorted) {
    const apart = earlier === undefined || (earlier.created ?? 0) - (version.created ?? 0) > gap
    if (apart) clusters.push([])
    clusters.at(-1)?.push(version)
    earlier = version
  }
  return clusters
}
