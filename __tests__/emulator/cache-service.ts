import { randomUUID } from 'node:crypto'
import { type Answer, type Find, router } from './http.ts'
import { bodyOf, listen } from './wire.ts'

/**
 * The cache service of GitHub Actions (version 2: Twirp, and blobs behind signed addresses, served by Azure, which
 * takes a blob only with its type). Entries cannot be changed, are found by the beginning of their key, the newest
 * first, and only under the version that they were stored with.
 */

export interface CacheEntry {
  readonly key: string
  readonly version: string
  readonly bytes: Buffer
}

export interface CacheService {
  /** The variables that a runner gives to actions where this service is there. */
  readonly env: Readonly<Record<string, string>>
  /** Complete entries, oldest first; may be changed by a test. */
  readonly entries: CacheEntry[]
  /** Methods that were called, in order. */
  readonly calls: readonly string[]
  /** Requests for a blob, to read or to write it, that came with a token: a signed address needs none. */
  readonly blobsWithToken: number
  /** What every call gets from now on, in place of an answer; undefined sets it right again. */
  broken: Answer | 'silence' | undefined
  /** So many of the next requests for a blob, to read it, are answered with a failure. */
  unreadable: number
  /** So many of the newest entries are not shown yet; their keys are taken. */
  unseen: number
  [Symbol.asyncDispose](): Promise<void>
}

const TWIRP = '/twirp/github.actions.results.api.v1.CacheService'
const json = (body: object): Answer => ({ status: 200, body })

/** Starts the service on a port of its own. */
export async function startCacheService(): Promise<CacheService> {
  const entries: CacheEntry[] = []
  const calls: string[] = []
  const token = `runtime-${randomUUID()}`
  /** Reserved keys, by the secret in the address that their blob goes to. */
  const uploads = new Map<string, { readonly key: string; readonly version: string; bytes?: Buffer }>()
  let broken: CacheService['broken']
  let unreadable = 0
  let unseen = 0
  let blobsWithToken = 0

  const find = (keys: readonly string[], version: string): CacheEntry | undefined =>
    keys
      .map(key =>
        entries
          .slice(0, entries.length - unseen)
          .findLast(entry => entry.version === version && entry.key.startsWith(key))
      )
      .find(entry => entry !== undefined)

  const isTaken = (key: string, version: string): boolean =>
    [...entries, ...uploads.values()].some(entry => entry.key === key && entry.version === version)

  function call(method: string, body: Record<string, string> & { restore_keys?: string[] }): Answer {
    const { key = '', version = '' } = body
    if (method === 'GetCacheEntryDownloadURL') {
      const entry = find([key, ...(body.restore_keys ?? [])], version)
      if (entry === undefined) return json({ ok: false })
      const at = entries.indexOf(entry)
      return json({ ok: true, signed_download_url: `${url}/blob/${at}?sig=secret`, matched_key: entry.key })
    }
    if (method === 'CreateCacheEntry') {
      if (isTaken(key, version)) {
        return {
          status: 409,
          body: { code: 'already_exists', msg: 'cache entry with the same key already exists' }
        }
      }
      const secret = randomUUID()
      uploads.set(secret, { key, version })
      return json({ ok: true, signed_upload_url: `${url}/store/upload/${secret}?sig=secret` })
    }
    const found = [...uploads].find(([, upload]) => upload.key === key && upload.version === version)
    if (found?.[1].bytes === undefined) return json({ ok: false, message: 'nothing was uploaded' })
    // The size is a number of 64 bits, which JSON of protocol buffers writes as text.
    if (body['size_bytes'] !== String(found[1].bytes.length))
      return json({ ok: false, message: 'another size' })
    uploads.delete(found[0])
    entries.push({ key, version, bytes: found[1].bytes })
    return json({ ok: true, entry_id: String(entries.length) })
  }

  const routes: Find = router([
    {
      method: 'POST',
      path: `${TWIRP}/{method}`,
      handle: ({ params, headers, body }) => {
        if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { msg: 'bad token' } }
        calls.push(params['method'] ?? '')
        return call(params['method'] ?? '', JSON.parse(body.toString('utf8')))
      }
    },
    {
      method: 'GET',
      path: '/blob/{at}',
      handle: ({ params }) =>
        unreadable-- > 0
          ? { status: 500, body: {} }
          : { status: 200, body: entries[Number(params['at'])]?.bytes }
    },
    {
      method: 'PUT',
      path: '/store/upload/{secret}',
      handle: ({ params, headers, body }) => {
        if (headers['x-ms-blob-type'] !== 'BlockBlob')
          return { status: 400, body: { code: 'MissingRequiredHeader' } }
        const upload = uploads.get(params['secret'] ?? '')
        if (upload === undefined) return { status: 404 }
        upload.bytes = body
        return { status: 201, headers: { etag: '"1"', 'x-ms-request-server-encrypted': 'true' } }
      }
    }
  ])

  const { url, close } = await listen(async (req, res) => {
    const body = await bodyOf(req)
    if (broken === 'silence') return
    const { pathname: path, searchParams: query } = new URL(req.url ?? '/', 'http://127.0.0.1')
    const method = req.method ?? 'GET'
    if (!path.startsWith(TWIRP) && req.headers.authorization !== undefined) blobsWithToken++
    const found = routes(method, path)
    const asked = { method, path, query, headers: req.headers, body, account: undefined }
    const answer: Answer = broken ??
      (await found?.route.handle({ ...asked, params: found.params })) ?? { status: 404, body: {} }
    const content = Buffer.isBuffer(answer.body)
      ? answer.body
      : Buffer.from(JSON.stringify(answer.body ?? {}))
    res.writeHead(answer.status, { 'content-length': content.length, ...answer.headers }).end(content)
  })

  return {
    env: {
      ACTIONS_RUNTIME_TOKEN: token,
      ACTIONS_RESULTS_URL: `${url}/`,
      ACTIONS_CACHE_SERVICE_V2: 'true'
    },
    entries,
    calls,
    get blobsWithToken() {
      return blobsWithToken
    },
    get broken() {
      return broken
    },
    set broken(how) {
      broken = how
    },
    get unreadable() {
      return Math.max(0, unreadable)
    },
    set unreadable(times) {
      unreadable = times
    },
    get unseen() {
      return unseen
    },
    set unseen(count) {
      unseen = count
    },
    [Symbol.asyncDispose]: close
  }
}
