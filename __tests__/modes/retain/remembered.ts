import { gunzipSync, gzipSync } from 'node:zlib'
import type { CacheService } from '../../emulator/cache-service.ts'

/** A deletion as it is remembered, as far as tests look at it. */
export interface Look {
  readonly id: number
  readonly digest: string
  readonly at?: number
  readonly listed?: number
}

export interface Heading {
  readonly unchecked: readonly Look[]
  readonly checked: readonly Look[]
  /** Ids of what purges named, and when. */
  readonly forgotten: readonly (readonly [number, number])[]
}

/** What is remembered by now, and its first line. */
function remembered({ entries }: CacheService) {
  const entry = entries.at(-1)
  if (entry === undefined) throw new Error('nothing was stored')
  const [first = '', ...lines] = gunzipSync(entry.bytes).toString('utf8').split('\n')
  return { entry, heading: JSON.parse(first) as Heading, lines }
}

export const headingOf = (cache: CacheService): Heading => remembered(cache).heading

/** Puts another first line into what is remembered. */
export function rewrite(cache: CacheService, change: (heading: Heading) => Heading): void {
  const { entry, heading, lines } = remembered(cache)
  const text = [JSON.stringify(change(heading)), ...lines].join('\n')
  cache.entries.push({ ...entry, key: `${entry.key}9`, bytes: gzipSync(text) })
}

/** Puts other looks that are still to be taken into what is remembered. */
export function forge(cache: CacheService, looks: (heading: Heading) => readonly Look[]): void {
  rewrite(cache, heading => ({ ...heading, unchecked: looks(heading) }))
}

/** Makes all that is remembered so much older. */
export function age(cache: CacheService, days: number): void {
  const older = (one: Look): Look => ({
    ...one,
    at: (one.at ?? 0) - days * 86_400_000,
    listed: (one.listed ?? 0) - days * 86_400_000
  })
  rewrite(cache, heading => ({
    ...heading,
    unchecked: heading.unchecked.map(older),
    checked: heading.checked.map(older),
    forgotten: heading.forgotten.map(([id, at]) => [id, at - days * 86_400_000])
  }))
}

/** Another job takes the place behind the newest entry: it uploads the same once more, until it says that it is done. */
export async function reserve({ env, entries }: CacheService): Promise<() => Promise<void>> {
  const entry = entries.at(-1)
  if (entry === undefined) throw new Error('nothing was stored')
  const { version, bytes } = entry
  const key = entry.key.replace(/\d+$/, number => String(Number(number) + 1))
  const call = async (method: string, body: object): Promise<{ signed_upload_url: string }> => {
    const url = `${env['ACTIONS_RESULTS_URL']}twirp/github.actions.results.api.v1.CacheService/${method}`
    const headers = { authorization: `Bearer ${env['ACTIONS_RUNTIME_TOKEN']}` }
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ key, version, ...body })
    })
    if (answer.status !== 200) throw new Error(`${method}: HTTP ${answer.status}`)
    return (await answer.json()) as { signed_upload_url: string }
  }
  const { signed_upload_url: url } = await call('CreateCacheEntry', {})
  return async () => {
    await fetch(url, {
      method: 'PUT',
      headers: { 'x-ms-blob-type': 'BlockBlob' },
      body: new Uint8Array(bytes)
    })
    await call('FinalizeCacheEntryUpload', { size_bytes: String(bytes.length) })
  }
}
