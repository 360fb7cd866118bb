import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { createOpen } from '../registry/transport.ts'
import { cacheService, serviceOf } from './actions-service.ts'
import { download, isTorn, type Largest, pack, upload } from './blobs.ts'

/** Files that outlive a run. Nothing here ever fails: what does not work is as if it were not there. */
export interface Store {
  /** False where nothing may be stored. */
  readonly writes: boolean
  /** The folder that files are fetched into and stored from. */
  readonly folder: string
  /** False once it has failed for good. */
  works(): boolean
  /** Fetches the newest entry whose key begins with `prefix` as `file`, if its key is wanted. */
  fetch(prefix: string, file: string, isWanted?: (key: string) => boolean): Promise<Fetched>
  /** Stores `file` under a key that nobody has used. */
  store(key: string, file: string): Promise<Stored>
  /** Ends it, whatever is under way. */
  close(): void
}

/** What came of it. `torn` is what arrived and cannot be unpacked; `failed` says nothing of what is there. */
export type Fetched =
  | { readonly state: 'none' | 'unwanted' | 'failed' }
  | { readonly state: 'fetched' | 'torn'; readonly key: string }

/** `taken` is a key that somebody has, be it complete or not. */
export type Stored = 'stored' | 'taken' | 'failed'

/** The same store for a run that may not write anything anywhere. */
export function readOnly(store: Store): Store {
  return { ...store, writes: false, store: async () => 'failed' }
}

/** How long fetching or storing one entry may take, in milliseconds: a slow service must not hold up a run. */
const ENTRY_MS = 60_000
const MEGABYTE = 1024 * 1024
/** The largest entry that is fetched or stored, in bytes: 500,000 images need less than half of it. */
const LARGEST: Largest = { packed: 512 * MEGABYTE, unpacked: 2048 * MEGABYTE }

/**
 * The cache of GitHub Actions, where the runner offers it: version 2 of its service, spoken directly. The usual
 * client unpacks archives that any job may have written, and is larger than the rest of this action; here an entry
 * is one packed file, written under a name that this program chose.
 *
 * @param env the runner's variables
 * @param folder a folder for it alone; made at once, readable by nobody else, and removed in the end
 * @param debug told why something did not work
 * @param onSecret told the service's token and the signatures in its addresses, before they are used
 * @param largest the largest entry that is fetched or stored, in bytes
 * @returns undefined where the runner offers none
 */
export function actionsCache(
  env: NodeJS.ProcessEnv,
  folder: string,
  debug: (text: string) => void,
  onSecret: (secret: string) => void,
  largest: Largest = LARGEST
): Store | undefined {
  const place = serviceOf(env, debug)
  if (place === undefined) return undefined
  const mode = (env['ACTIONS_CACHE_MODE'] ?? '').trim().toLowerCase()
  const open = createOpen()
  const over = new AbortController()
  const service = cacheService(place, open, over.signal, debug, onSecret)

  /** Does one thing with an entry; whatever goes wrong is told and no more. */
  async function attempt<T>(failed: T, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    if (over.signal.aborted) return failed
    try {
      return await work(AbortSignal.any([over.signal, AbortSignal.timeout(ENTRY_MS)]))
    } catch (error) {
      debug(`Actions cache: ${messageOf(error)}`)
      return failed
    }
  }

  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    folder,
    writes: !UNWRITABLE.includes(mode),
    works: () => !over.signal.aborted,
    fetch: (prefix, file, isWanted = () => true) =>
      attempt<Fetched>({ state: 'failed' }, async limit => {
        if (UNREADABLE.includes(mode)) return { state: 'failed' }
        const entry = await service.find(prefix)
        if (entry === undefined) return { state: 'none' }
        const { key, address } = entry
        if (!isWanted(key)) return { state: 'unwanted' }
        try {
          await download(open, service.signed(address), join(folder, file), largest, limit)
          return { state: 'fetched', key }
        } catch (error) {
          if (!isTorn(error)) throw error
          debug(`Actions cache: ${messageOf(error)}`)
          return { state: 'torn', key }
        }
      }),
    store: (key, file) =>
      attempt<Stored>('failed', async limit => {
        if (UNWRITABLE.includes(mode)) return 'failed'
        const packed = join(folder, `${randomUUID()}.gz`)
        const size = await pack(join(folder, file), packed, largest.packed, limit)
        const address = await service.reserve(key)
        if (address === undefined) return 'taken'
        await upload(open, service.signed(address), packed, size, limit)
        rmSync(packed, { force: true })
        return (await service.finish(key, size)) ? 'stored' : 'failed'
      }),
    close: () => {
      over.abort()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** What the runner's `cache-mode` forbids; unset and unknown ones allow everything. */
const UNREADABLE = ['none', 'write-only']
const UNWRITABLE = ['none', 'read']
