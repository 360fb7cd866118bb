import { createHash } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Digest } from '../model/digest.ts'
import type { Manifest } from '../model/manifest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import type { Store } from './actions-cache.ts'
import { type Heading, linesOf, type Notes, openNotes, readHeading, writeMemory } from './file.ts'

/** What earlier runs learned of packages. It says what a manifest is, never that it exists. */
export interface ManifestCache {
  /** Fetches what is remembered of a package. Never fails: then nothing is remembered. */
  recall(pkg: Package): Promise<Recollection>
  /** Waits for what is being stored, and ends the store. */
  close(): Promise<void>
}

/** What is remembered of one package. Nothing here ever fails. */
export interface Recollection {
  /** The manifests of these versions, as far as they are remembered. */
  manifests(versions: readonly PackageVersion[]): Promise<ReadonlyMap<Digest, Manifest>>
  /** A manifest that was read now, and its bytes. */
  learn(digest: Digest, manifest: Manifest, bytes: Uint8Array): void
  /** When each untagged version was first seen without a tag: now, if not before. Milliseconds since 1970. */
  untaggedSince(versions: readonly PackageVersion[], now: number): ReadonlyMap<Digest, number>
  /**
   * Stores what is known of these versions, and nothing else, beside whatever goes on. To be called once, last.
   * @param now milliseconds since 1970
   */
  keep(versions: readonly PackageVersion[], now: number): void
}

/** Raised when older programs would misread the entries: they are found by their keys. */
const PREFIX = 'ghcr-steward-memory-1'
/** An entry is stored anew when more than this share of it is of no more use. */
const STALE = 0.1

/**
 * Opens the memory that `store` holds, one entry for each package.
 *
 * @param registry the host that manifests come from
 * @param debug told what was wrong with an entry
 */
export function openMemory(store: Store, registry: string, debug: (text: string) => void): ManifestCache {
  const storing: Promise<unknown>[] = []
  return {
    async recall(pkg) {
      const name = `${registry}/${pkg.owner.login}/${pkg.name}`.toLowerCase()
      const key = `${PREFIX}-${name}@`
      const file = `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.jsonl`
      const path = join(store.folder, file)
      const heading = await fetchHeading(store, key, file, name, debug)
      if (!store.works()) return noMemory.recall(pkg)
      const notes = openNotes(`${path}.new`, debug)
      const save = async (next: Heading, keeps: (line: number) => boolean, now: number): Promise<void> => {
        try {
          await writeMemory(path, next, `${path}.old`, keeps, notes)
          if (!(await store.store(`${key}${now}`, file))) debug(`nothing was remembered of ${name}`)
        } catch (error) {
          debug(`nothing was remembered of ${name}: ${messageOf(error)}`)
        }
      }
      return recollection(name, heading, `${path}.old`, notes, debug, (...entry) => {
        storing.push(save(...entry))
      })
    },
    async close() {
      await Promise.all(storing)
      store.close()
    }
  }
}

/** Remembers nothing, and keeps nothing but the time. */
export const noMemory: ManifestCache = {
  recall: async () => ({
    manifests: async () => new Map(),
    learn: () => {},
    untaggedSince: (versions, now) => firstSeen(versions, new Map(), now),
    keep: () => {}
  }),
  close: async () => {}
}

/** Fetches an entry, and puts it aside so that the next one can take its place. */
async function fetchHeading(
  store: Store,
  key: string,
  file: string,
  name: string,
  debug: (text: string) => void
): Promise<Heading | undefined> {
  if (!(await store.fetch(key, file))) return undefined
  const path = join(store.folder, file)
  try {
    await rename(path, `${path}.old`)
    return await readHeading(`${path}.old`, name)
  } catch (error) {
    debug(`what was remembered of ${name} is of no use: ${messageOf(error)}`)
    return undefined
  }
}

function recollection(
  name: string,
  heading: Heading | undefined,
  old: string,
  notes: Notes,
  debug: (text: string) => void,
  save: (next: Heading, keeps: (line: number) => boolean, now: number) => void
): Recollection {
  const seen = new Map(heading?.untagged.flatMap(([time, ids]) => ids.map(id => [id, time] as const)))
  /** What each line of the old entry is, as far as it is still listed. */
  const lines: (Digest | undefined)[] = []

  return {
    async manifests(versions) {
      const listed = new Set(versions.map(({ digest }) => digest))
      const manifests = new Map<Digest, Manifest>()
      try {
        for await (const { digest, manifest } of heading === undefined ? [] : linesOf(old, listed)) {
          const known = digest !== undefined && manifest !== undefined && !manifests.has(digest)
          lines.push(known ? digest : undefined)
          if (known) manifests.set(digest, manifest)
        }
      } catch (error) {
        // What was read up to there is true all the same: each line stands for itself.
        debug(`what was remembered of ${name} broke off: ${messageOf(error)}`)
      }
      return manifests
    },
    learn: (digest, manifest, bytes) => notes.add(digest, manifest, bytes),
    untaggedSince: (versions, now) => firstSeen(versions, seen, now),
    keep(versions, now) {
      const since = firstSeen(versions, seen, now)
      const untagged = versions.filter(({ digest }) => since.has(digest))
      const useless = lines.filter(digest => digest === undefined).length
      // A version that lost its tag or got one.
      const moved = versions.some(({ id, digest }) => seen.has(id) !== since.has(digest))
      if (notes.count > 0 || moved || useless > STALE * lines.length) {
        const next = { schema: 1, package: name, untagged: byTime(untagged, since) } as const
        save(next, line => lines[line] !== undefined, now)
      }
    }
  }
}

/**
 * A version that has a tag by now starts anew when it loses it. What is remembered is believed no further than the
 * version's own dates bear out: anybody who may write the cache could have put a 0 there.
 */
function firstSeen(
  versions: readonly PackageVersion[],
  seen: ReadonlyMap<number, number>,
  now: number
): Map<Digest, number> {
  const untagged = versions.filter(({ tags }) => tags.length === 0)
  return new Map(
    untagged.map(({ id, digest, created, updated }) => [
      digest,
      Math.min(Math.max(seen.get(id) ?? now, created ?? now, updated ?? now), now)
    ])
  )
}

function byTime(
  untagged: readonly PackageVersion[],
  since: ReadonlyMap<Digest, number>
): Heading['untagged'] {
  const times = new Map<number, number[]>()
  for (const { id, digest } of untagged) {
    const time = since.get(digest) as number
    const ids = times.get(time)
    if (ids === undefined) times.set(time, [id])
    else ids.push(id)
  }
  return [...times]
}
