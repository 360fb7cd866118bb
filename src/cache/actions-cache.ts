import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import * as z from 'zod'
import { messageOf } from '../errors.ts'
import { createOpen, readBody } from '../registry/transport.ts'
import { download, isTorn, type Largest, MOST_OF_AN_ANSWER, pack, upload } from './blobs.ts'

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
/** How long one call of the service may take: its answers are small. */
const CALL_MS = 20_000
const MEGABYTE = 1024 * 1024
/** The largest entry that is fetched or stored, in bytes: 500,000 images need less than half of it. */
const LARGEST: Largest = { packed: 512 * MEGABYTE, unpacked: 2048 * MEGABYTE }

const SERVICE = '/twirp/github.actions.results.api.v1.CacheService/'
/** Entries are found only under the version that they were stored with: what is inside, and how it is packed. */
const VERSION = createHash('sha256').update('ghcr-steward|jsonl|gzip').digest('hex')

const found = z.object({
  ok: z.boolean(),
  signed_download_url: z.string().default(''),
  matched_key: z.string().default('')
})
const reserved = z.object({ ok: z.boolean(), signed_upload_url: z.string().default('') })
const finished = z.object({ ok: z.boolean() })

/** What a service answers for a key that somebody has. */
const TAKEN = 409

class Refusal extends Error {
  readonly status: number | undefined

  constructor(method: string, status: number | undefined) {
    super(`${method}: HTTP ${status}`)
    this.status = status
  }
}

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
  const service = serviceOf(env, debug)
  if (service === undefined) return undefined
  onSecret(service.token)
  const mode = (env['ACTIONS_CACHE_MODE'] ?? '').trim().toLowerCase()
  const open = createOpen()
  const over = new AbortController()

  /** A call of the service. @throws when it does not answer as it should */
  async function call<T>(method: string, body: object, answer: z.ZodType<T>): Promise<T> {
    const bytes = Buffer.from(JSON.stringify({ ...body, version: VERSION }))
    const headers = {
      authorization: `Bearer ${service?.token}`,
      'content-type': 'application/json',
      'content-length': String(bytes.length)
    }
    const url = new URL(`${SERVICE}${method}`, service?.url)
    const limit = AbortSignal.any([over.signal, AbortSignal.timeout(CALL_MS)])
    const message = await open('POST', url, headers, Readable.from([bytes]), limit)
    const text = (await readBody(message, MOST_OF_AN_ANSWER)).toString('utf8')
    if (message.statusCode !== 200) throw new Refusal(method, message.statusCode)
    return answer.parse(JSON.parse(text))
  }

  /** The address that a new entry goes to; undefined where its key is taken. @throws when nobody can tell */
  async function reserve(key: string): Promise<string | undefined> {
    try {
      const entry = await call('CreateCacheEntry', { key }, reserved)
      return entry.ok ? entry.signed_upload_url : undefined
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== TAKEN) throw error
      debug(`Actions cache: ${error.message}`)
      return undefined
    }
  }

  /** An address that the service signed; its signature is a secret for as long as it is valid. */
  function signed(text: string): URL {
    const url = new URL(text)
    if (url.protocol !== 'https:' && url.protocol !== service?.url.protocol) {
      throw new Error(`an address without https: ${url.host}`)
    }
    const signature = url.searchParams.get('sig')
    if (signature !== null) onSecret(signature)
    return url
  }

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

  /** @throws when it cannot be found out what is there */
  async function fetchEntry(
    prefix: string,
    file: string,
    isWanted: (key: string) => boolean,
    limit: AbortSignal
  ): Promise<Fetched> {
    const entry = await call('GetCacheEntryDownloadURL', { key: prefix, restore_keys: [] }, found)
    const key = entry.matched_key
    if (!entry.ok || !key.startsWith(prefix)) return { state: 'none' }
    if (!isWanted(key)) return { state: 'unwanted' }
    try {
      await download(open, signed(entry.signed_download_url), join(folder, file), largest, limit)
      return { state: 'fetched', key }
    } catch (error) {
      if (!isTorn(error)) throw error
      debug(`Actions cache: ${messageOf(error)}`)
      return { state: 'torn', key }
    }
  }

  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    folder,
    writes: !UNWRITABLE.includes(mode),
    works: () => !over.signal.aborted,
    fetch: (prefix, file, isWanted = () => true) =>
      attempt<Fetched>({ state: 'failed' }, async limit =>
        UNREADABLE.includes(mode) ? { state: 'failed' } : fetchEntry(prefix, file, isWanted, limit)
      ),
    store: (key, file) =>
      attempt<Stored>('failed', async limit => {
        if (UNWRITABLE.includes(mode)) return 'failed'
        const packed = join(folder, `${randomUUID()}.gz`)
        const size = await pack(join(folder, file), packed, largest.packed, limit)
        const address = await reserve(key)
        if (address === undefined) return 'taken'
        await upload(open, signed(address), packed, size, limit)
        rmSync(packed, { force: true })
        // 64 bits: the JSON of protocol buffers writes them as text.
        const { ok } = await call('FinalizeCacheEntryUpload', { key, size_bytes: String(size) }, finished)
        return ok ? 'stored' : 'failed'
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

/** Where the service is, and its token. GitHub Enterprise Server has none of this version, whatever it claims. */
function serviceOf(
  env: NodeJS.ProcessEnv,
  debug: (text: string) => void
): { readonly url: URL; readonly token: string } | undefined {
  const { ACTIONS_RUNTIME_TOKEN: token, ACTIONS_RESULTS_URL: address, ACTIONS_CACHE_SERVICE_V2 } = env
  const server = env['GITHUB_SERVER_URL'] || 'https://github.com'
  const why =
    !token || !address || !ACTIONS_CACHE_SERVICE_V2 || !URL.canParse(address)
      ? 'the runner offers no cache service of version 2'
      : isEnterpriseServer(server)
        ? `${server} is a GitHub Enterprise Server, whose cache has no service of version 2`
        : undefined
  if (why === undefined) return { url: new URL(address as string), token: token as string }
  debug(`Nothing is remembered between runs: ${why}.`)
  return undefined
}

function isEnterpriseServer(server: string): boolean {
  const host = URL.canParse(server) ? new URL(server).hostname : ''
  return !(host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost'))
}
