import type { PackageRow, VersionRow, VersionStore } from '../../__tests__/emulator/store.ts'
import type { Digest } from '../../src/model/digest.ts'
import { type Body, bodyOf, isManifest } from './body.ts'
import type { Fetched, RealRegistry } from './registry.ts'

/** The version list of an emulated Packages API, made of what a real registry holds. */
export interface RegistryStore extends VersionStore {
  /** Dates whatever is new in a repository from `at` on, in milliseconds, each a second after the one before. */
  date(repository: string, at: number): Promise<void>
  /**
   * Deletions of what an index still named when they came, which a registry such as zot refuses, or whose subject was
   * still there; and restores of an index before what it names.
   */
  readonly outOfOrder: readonly string[]
}

/** What GitHub would know of a manifest beside its tags. */
interface Known {
  readonly id: number
  readonly created: number
}

/** BuildKit's attestations name a platform beside them, and are found through their index alone: with it they may go. */
const PART_OF_INDEX = 'application/vnd.docker.attestation.manifest.v1+json'

interface Deleted {
  readonly row: VersionRow
  readonly manifest: Fetched
}

const repositoryOf = (pkg: PackageRow): string => `${pkg.owner.login}/${pkg.name}`.toLowerCase()

/** Every manifest is a version; a deletion and a restoration are carried out on the registry itself. */
export function createStore(registry: RealRegistry): RegistryStore {
  const known = new Map<string, Map<Digest, Known>>()
  const deleted = new Map<string, Map<number, Deleted>>()
  const outOfOrder: string[] = []
  let ids = 700_000_000

  const inner = <K, V>(maps: Map<string, Map<K, V>>, repository: string): Map<K, V> => {
    const map = maps.get(repository) ?? new Map<K, V>()
    maps.set(repository, map)
    return map
  }

  let last: Promise<unknown> = Promise.resolve()

  /**
   * One thing after the other: a look that began before a deletion and ended after it would take what was deleted for
   * new, and give it another id, which GitHub never does.
   */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work, work)
    last = done
    return done
  }

  /** Gives every manifest that is new an id and a date, in the order in which they came; its file's unless told. */
  const meet = (repository: string, at?: number) =>
    inTurn(async () => {
      const stored = await registry.stored(repository)
      const versions = inner(known, repository)
      const added = [...stored.manifests].filter(([digest]) => !versions.has(digest))
      for (const [index, digest] of (await inPushOrder(repository, new Map(added))).entries()) {
        const created = at === undefined ? (stored.manifests.get(digest) ?? 0) : at + index * 1_000
        versions.set(digest, { id: ids++, created: Math.floor(created / 1_000) * 1_000 })
      }
      return { stored, versions }
    })

  /** By the times of their files; these are as coarse as the kernel's ticks, and clients push parts first. */
  async function inPushOrder(repository: string, written: ReadonlyMap<Digest, number>): Promise<Digest[]> {
    const ordered = new Set<Digest>()
    const add = async (digest: Digest): Promise<void> => {
      for (const part of (await bodyIn(repository, digest)).manifests ?? [])
        if (written.has(part.digest) && !ordered.has(part.digest)) await add(part.digest)
      ordered.add(digest)
    }
    const byTime = [...written].sort(([, a], [, b]) => a - b)
    for (const [digest] of byTime) if (!ordered.has(digest)) await add(digest)
    return [...ordered]
  }

  /** The active versions, newest first. */
  async function rows(pkg: PackageRow): Promise<VersionRow[]> {
    const { stored, versions: met } = await meet(repositoryOf(pkg))
    const tagsOf = Map.groupBy(stored.tags, ([, digest]) => digest)
    const versions = [...stored.manifests.keys()].flatMap(digest => {
      const facts = met.get(digest)
      if (facts === undefined) return []
      const tags = (tagsOf.get(digest) ?? []).map(([tag]) => tag)
      return [{ id: facts.id, digest, tags, created: facts.created, updated: facts.created, downloads: 0 }]
    })
    return versions.sort((a, b) => b.created - a.created || b.id - a.id)
  }

  const activeRow = async (pkg: PackageRow, id: number): Promise<VersionRow | undefined> =>
    (await rows(pkg)).find(row => row.id === id)
  const deletedRows = (pkg: PackageRow): VersionRow[] =>
    [...inner(deleted, repositoryOf(pkg)).values()].map(({ row }) => row).reverse()

  const bodies = new Map<Digest, Body>()

  async function bodyIn(repository: string, digest: Digest): Promise<Body> {
    const body = bodies.get(digest) ?? (await bodyOf(registry, repository, digest))
    bodies.set(digest, body)
    return body
  }

  async function noteOrder(repository: string, digest: Digest): Promise<void> {
    const there = (await registry.stored(repository)).manifests
    const { subject, artifactType } = await bodyIn(repository, digest)
    if (subject !== undefined && artifactType !== PART_OF_INDEX && there.has(subject.digest))
      outOfOrder.push(`${repository}: ${digest} went before ${subject.digest}, which it describes`)
    for (const other of there.keys()) {
      const { manifests = [] } = await bodyIn(repository, other)
      if (manifests.some(child => child.digest === digest))
        outOfOrder.push(`${repository}: ${digest} went before ${other}, which names it`)
    }
  }

  return {
    outOfOrder,
    count: async pkg => (await rows(pkg)).length,
    tagged: async pkg => (await rows(pkg)).filter(row => row.tags.length > 0).length,
    page: async (pkg, state, offset, limit) => {
      const all = state === 'active' ? await rows(pkg) : deletedRows(pkg)
      return { rows: all.slice(offset, offset + limit), total: all.length }
    },
    find: async (pkg, id, state) =>
      state === 'active' ? await activeRow(pkg, id) : deletedRows(pkg).find(row => row.id === id),
    remove: async (pkg, id) => {
      const repository = repositoryOf(pkg)
      const row = await activeRow(pkg, id)
      const manifest = row && (await registry.manifest(repository, row.digest))
      if (row === undefined || manifest === undefined) throw new Error(`${repository} has no version ${id}`)
      await noteOrder(repository, row.digest)
      await inTurn(async () => {
        await registry.delete(repository, row.digest)
        inner(known, repository).delete(row.digest)
      })
      inner(deleted, repository).set(id, { row: { ...row, deleted: Date.now() }, manifest })
    },
    restore: async (pkg, id) => {
      const repository = repositoryOf(pkg)
      const gone = inner(deleted, repository).get(id)
      const { stored, versions } = await meet(repository)
      if (gone === undefined || stored.manifests.has(gone.row.digest)) return false
      const { digest, tags, created = 0 } = gone.row
      for (const child of (await bodyIn(repository, digest)).manifests ?? []) {
        if (isManifest(child) && !stored.manifests.has(child.digest))
          outOfOrder.push(`${repository}: ${digest} came back before ${child.digest}, which it names`)
      }
      versions.set(digest, { id, created })
      await registry.put(repository, digest, gone.manifest)
      for (const tag of tags) if (!stored.tags.has(tag)) await registry.put(repository, tag, gone.manifest)
      inner(deleted, repository).delete(id)
      return true
    },
    date: async (repository, at) => {
      await meet(repository, at)
    }
  }
}
