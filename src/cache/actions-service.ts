import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import * as z from 'zod'
import { type Open, readBody } from '../registry/transport.ts'
import { MOST_OF_AN_ANSWER } from './blobs.ts'

/** How long one call of the service may take: its answers are small. */
const CALL_MS = 20_000

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
 * The service, which knows the entries; their bytes are stored elsewhere. Each of its calls throws when it does not
 * answer as it should.
 *
 * @param over ends what is under way
 */
export function cacheService(
  { url, token }: ServicePlace,
  open: Open,
  over: AbortSignal,
  debug: (text: string) => void,
  onSecret: (secret: string) => void
) {
  onSecret(token)

  async function call<T>(method: string, body: object, answer: z.ZodType<T>): Promise<T> {
    const bytes = Buffer.from(JSON.stringify({ ...body, version: VERSION }))
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': String(bytes.length)
    }
    const limit = AbortSignal.any([over, AbortSignal.timeout(CALL_MS)])
    const target = new URL(`${SERVICE}${method}`, url)
    const message = await open('POST', target, headers, Readable.from([bytes]), limit)
    const text = (await readBody(message, MOST_OF_AN_ANSWER)).toString('utf8')
    if (message.statusCode !== 200) throw new Refusal(method, message.statusCode)
    return answer.parse(JSON.parse(text))
  }

  return {
    /** The newest entry whose key begins with `prefix`; undefined where there is none. */
    async find(prefix: string): Promise<{ readonly key: string; readonly address: string } | undefined> {
      const entry = await call('GetCacheEntryDownloadURL', { key: prefix, restore_keys: [] }, found)
      const key = entry.matched_key
      return entry.ok && key.startsWith(prefix) ? { key, address: entry.signed_download_url } : undefined
    },

    /** The address that a new entry goes to; undefined where its key is taken. */
    async reserve(key: string): Promise<string | undefined> {
      try {
        const entry = await call('CreateCacheEntry', { key }, reserved)
        return entry.ok ? entry.signed_upload_url : undefined
      } catch (error) {
        if (!(error instanceof Refusal) || error.status !== TAKEN) throw error
        debug(`Actions cache: ${error.message}`)
        return undefined
      }
    },

    /** An address that the service signed; its signature is a secret for as long as it is valid. */
    signed(text: string): URL {
      const address = new URL(text)
      if (address.protocol !== 'https:' && address.protocol !== url.protocol) {
        throw new Error(`an address without https: ${address.host}`)
      }
      const signature = address.searchParams.get('sig')
      if (signature !== null) onSecret(signature)
      return address
    },

    /** Whether the entry that was sent is complete. 64 bits: the JSON of protocol buffers writes them as text. */
    finish: async (key: string, size: number): Promise<boolean> =>
      (await call('FinalizeCacheEntryUpload', { key, size_bytes: String(size) }, finished)).ok
  }
}

interface ServicePlace {
  readonly url: URL
  readonly token: string
}

/** Where the service is, and its token. GitHub Enterprise Server has none of this version, whatever it claims. */
export function serviceOf(env: NodeJS.ProcessEnv, debug: (text: string) => void): ServicePlace | undefined {
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
