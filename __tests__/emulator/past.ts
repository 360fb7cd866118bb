import type { StoredPackage } from './contents.ts'

/** How packages were, for answers that are late. */
export interface Past {
  /** From now on it is remembered how this package was. */
  remember(pkg: StoredPackage): void
  /** Notes a change that was made just now. */
  note(pkg: StoredPackage, at: number): void
  /** Lets `look` find packages as they were at that moment; it must find them before it waits for anything. */
  asOf<T>(at: number, look: () => T): T
  /** The package as it is to be found. */
  view(pkg: StoredPackage | undefined): StoredPackage | undefined
}

interface Snapshot {
  readonly at: number
  readonly pkg: StoredPackage
}

export function createPast(): Past {
  const snapshots = new Map<StoredPackage, Snapshot[]>()
  let moment: number | undefined
  return {
    remember: pkg => {
      snapshots.set(pkg, [{ at: Number.NEGATIVE_INFINITY, pkg: copyOf(pkg) }])
    },
    note: (pkg, at) => {
      snapshots.get(pkg)?.push({ at, pkg: copyOf(pkg) })
    },
    asOf(at, look) {
      moment = at
      try {
        return look()
      } finally {
        moment = undefined
      }
    },
    view(pkg) {
      if (pkg === undefined || moment === undefined) return pkg
      const then = moment
      return snapshots.get(pkg)?.findLast(({ at }) => at <= then)?.pkg ?? pkg
    }
  }
}

function copyOf(pkg: StoredPackage): StoredPackage {
  const order = pkg.order.map(version => ({ ...version }))
  return {
    ...pkg,
    order,
    byId: new Map(order.map(version => [version.id, version])),
    byDigest: new Map(order.map(version => [version.digest, version])),
    byTag: new Map(order.flatMap(version => version.tags.map(tag => [tag, version] as const))),
    deleted: new Map([...pkg.deleted].map(([id, version]) => [id, { ...version }]))
  }
}
