import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { Digest } from '../model/digest.ts'
import type { Labels } from '../model/labels.ts'
import type { Manifest } from '../model/manifest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import type { Store } from './actions-cache.ts'
import type { Allowance } from './allowance.ts'
import {
  alsoForgotten,
  type Forgotten,
  type PastDeletion,
  stillForgotten,
  withoutForgotten
} from './deletions.ts'
import { openEntries } from './entries.ts'
import { type Heading, openNotes, writeMemory } from './file.ts'
import { byTime, firstSeen } from './first-seen.ts'
import { openRemembered, type Remembered } from './remembered.ts'

/** What earlier runs learned of packages. It says what a manifest is, never that it exists. */
export interface ManifestCache {
  /** Fetches what is remembered of a package. Never fails: then nothing is remembered. */
  recall(pkg: Package): Promise<Recollection>
  /** Stores what is still to be stored, waits for it, and ends the store. */
  close(): Promise<void>
}

/** What is remembered of one package. Nothing here ever fails. */
export interface Recollection {
  /** The manifests of these versions, as far as they are remembered. */
  manifests(versions: readonly PackageVersion[]): Promise<ReadonlyMap<Digest, Manifest>>
  /** A manifest that was read now, and its bytes. */
  learn(digest: Digest, manifest: Manifest, bytes: Uint8Array): void
  /** The labels in a config that is remembered, once `manifests` were asked for. */
  labels(config: Digest): Labels | undefined
  /** A config that was read now. Large ones are not remembered, and of many only some. */
  learnConfig(digest: Digest, bytes: Uint8Array): void
  /** When each untagged version was first seen without a tag: now, if not before. Milliseconds since 1970. */
  untaggedSince(versions: readonly PackageVersion[], now: number): ReadonlyMap<Digest, number>
  /**
   * What is known of these versions, and nothing else, is to be stored: with the deletions that are left, or in the end.
   * Called once.
   * @param now milliseconds since 1970
   */
  keep(versions: readonly PackageVersion[], now: number): void
  /** False where nothing can reach the next run; whether it can be stored shows only in the end. */
  readonly remembers: boolean
  /** Deletions of the last run. Anybody may have written them: they bring back, and delete nothing. */
  readonly deletions: PastDeletions
  /**
   * Stores, after `keep`, deletions for the next run in place of these, while other work goes on.
   *
   * @param purged ids of what no later run is to bring back, whatever a job beside this one remembers
   */
  leaveDeletions(deletions: PastDeletions, now: number, purged?: ReadonlySet<number>): void
  /** Asks once more for ids of what purges named: their deletions count no longer. */
  forgottenSince(): Promise<ReadonlySet<number>>
  /** Settles when what is to be stored is stored, or cannot be, or takes longer than anybody should wait for it. */
  stored(): Promise<void>
}

/** Those that their run could not look at once more, and those that nothing needed when it did. */
export type PastDeletions = Readonly<Record<'unchecked' | 'checked', readonly PastDeletion[]>>

const NO_DELETIONS: PastDeletions = { unchecked: [], checked: [] }

/** Raised when older programs would misread the entries: they are found by their keys. */
const PREFIX = 'ghcr-steward-memory-1'
/** For so long a run waits for what it leaves to the next one, in milliseconds. */
const PATIENCE = 10_000
/** So many entries are stored at once. */
const AT_ONCE = 4

/**
 * Opens the memory that `store` holds, one entry for each package.
 *
 * @param registry the host that manifests come from
 * @param debug told what was wrong with an entry
 * @param allowance for reading all entries: what does not fit into it is forgotten
 * @param patience for how long anybody waits for what is being stored, in milliseconds
 */
export function openMemory(
  store: Store,
  registry: string,
  debug: (text: string) => void,
  allowance: Allowance,
  clock: Clock,
  patience = PATIENCE
): ManifestCache {
  const ends: (() => Promise<void>)[] = []
  return {
    async recall(pkg) {
      const name = `${registry}/${pkg.owner.login}/${pkg.name}`.toLowerCase()
      const key = `${PREFIX}-${name}@`
      const file = `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.jsonl`
      const entries = await openEntries(store, { key, file, name }, debug, clock)
      if (entries === undefined) return noMemory.recall(pkg)
      const { heading, path, old } = entries
      const notes = openNotes(`${path}.new`, debug)
      const remembered = openRemembered(
        name,
        heading === undefined ? undefined : old,
        notes,
        debug,
        allowance
      )
      const save = async (next: Next, now: number): Promise<void> => {
        const write = async (heading: Heading): Promise<void> => {
          // What this run wrote already holds all that the old entry and the notes did.
          const again = existsSync(path)
          if (again) await rename(path, old)
          await writeMemory(path, heading, old, again ? () => true : remembered.keeps, notes)
        }
        try {
          if (!(await entries.save(next, write, now))) debug(`nothing was remembered of ${name}`)
        } catch (error) {
          debug(`nothing was remembered of ${name}: ${messageOf(error)}`)
        }
      }
      let last = Promise.resolve()
      const look = (): Promise<readonly Forgotten[]> => {
        const found = last.then(entries.forgottenSince)
        last = found.then(() => {})
        return Promise.race([found, passed(patience).then(() => [])])
      }
      const keepEntry = (next: Next, now: number): void => {
        if (store.writes) last = last.then(() => save(next, now))
      }
      const found = recollection(name, heading, remembered, store.writes, keepEntry, look)
      ends.push(() => {
        found.storeRest()
        return last
      })
      return { ...found, stored: () => Promise.race([last, passed(patience)]) }
    },
    async close() {
      await eachOf(ends, AT_ONCE, end => end())
      store.close()
    }
  }
}

/** What a run says of its entry. */
type Next = Omit<Heading, 'passed'>

const passed = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms).unref())

/** Remembers nothing, and keeps nothing but the time. */
export const noMemory: ManifestCache = {
  recall: async () => ({
    manifests: async () => new Map(),
    learn: () => {},
    labels: () => undefined,
    learnConfig: () => {},
    untaggedSince: (versions, now) => firstSeen(versions, new Map(), now),
    keep: () => {},
    remembers: false,
    deletions: NO_DELETIONS,
    leaveDeletions: () => {},
    forgottenSince: async () => new Set(),
    stored: async () => {}
  }),
  close: async () => {}
}

function recollection(
  name: string,
  heading: Heading | undefined,
  remembered: Remembered,
  remembers: boolean,
  save: (next: Next, now: number) => void,
  look: () => Promise<readonly Forgotten[]>
): Omit<Recollection, 'stored'> & { storeRest(): void } {
  const seen = new Map(heading?.untagged.flatMap(([time, ids]) => ids.map(id => [id, time] as const)))
  let forgotten = heading?.forgotten ?? []
  const { unchecked, checked } = withoutForgotten({ ...(heading ?? NO_DELETIONS), forgotten })
  const deletions = { unchecked, checked }
  let left: PastDeletions = deletions
  let untagged: Heading['untagged'] = []
  /** What is purged by this run, as far as it is stored or about to be. */
  const purgedBefore = new Set<number>()
  /** When it was said that what is known is to be stored, which it is not yet. */
  let due: number | undefined

  function store(now: number): void {
    const [unchecked, checked] = [[...left.unchecked], [...left.checked]]
    due = undefined
    forgotten = stillForgotten(forgotten, now)
    save(withoutForgotten({ schema: 1, package: name, untagged, unchecked, checked, forgotten }), now)
  }

  return {
    ...remembered,
    remembers,
    deletions,
    leaveDeletions(next, now, purged = new Set()) {
      const also = [...purged.difference(purgedBefore)]
      for (const id of also) purgedBefore.add(id)
      forgotten = alsoForgotten(
        forgotten,
        also.map(id => [id, now])
      )
      const isNew = due !== undefined || also.length > 0 || !isDeepStrictEqual(next, left)
      left = next
      if (isNew) store(now)
    },
    async forgottenSince() {
      forgotten = alsoForgotten(forgotten, await look())
      const known = [...unchecked, ...checked, ...left.unchecked, ...left.checked]
      const still = withoutForgotten({ unchecked: known, checked: [], forgotten }).unchecked
      return new Set(forgotten.map(([id]) => id)).difference(new Set(still.map(({ id }) => id)))
    },
    storeRest() {
      if (due !== undefined) store(due)
    },
    untaggedSince: (versions, now) => firstSeen(versions, seen, now),
    keep(versions, now) {
      const since = firstSeen(versions, seen, now)
      untagged = byTime(
        versions.filter(({ digest }) => since.has(digest)),
        since
      )
      // A version that lost its tag or got one.
      const moved = versions.some(({ id, digest }) => seen.has(id) !== since.has(digest))
      if (moved || remembered.isStale()) due = now
    }
  }
}
