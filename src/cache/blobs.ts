import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type Open, readBody } from '../registry/transport.ts'

/** The longest answer that is read when it is no entry, in bytes. */
export const MOST_OF_AN_ANSWER = 1024 * 1024

/** How many bytes an entry may have. */
export interface Largest {
  readonly packed: number
  readonly unpacked: number
}

/** Fetches a blob and unpacks it into a new file; what was written of it goes when that fails. */
export async function download(
  open: Open,
  url: URL,
  path: string,
  largest: Largest,
  limit: AbortSignal
): Promise<void> {
  const message = await open('GET', url, {}, undefined, limit)
  if (message.statusCode !== 200) {
    message.destroy()
    throw new Error(`reading an entry: HTTP ${message.statusCode}`)
  }
  try {
    await pipeline(
      message,
      atMost(largest.packed),
      createGunzip(),
      atMost(largest.unpacked),
      createWriteStream(path, { flags: 'wx', mode: 0o600 }),
      { signal: limit }
    )
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

/** Packs a file into a new one, and gives that one's size in bytes. */
export async function pack(from: string, to: string, most: number, limit: AbortSignal): Promise<number> {
  const into = createWriteStream(to, { flags: 'wx', mode: 0o600 })
  await pipeline(createReadStream(from), createGzip(), atMost(most), into, { signal: limit })
  return (await stat(to)).size
}

/** Sends a file to a signed address. */
export async function upload(
  open: Open,
  url: URL,
  path: string,
  size: number,
  limit: AbortSignal
): Promise<void> {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(size),
    'x-ms-blob-type': 'BlockBlob'
  }
  const message = await open('PUT', url, headers, createReadStream(path), limit)
  await readBody(message, MOST_OF_AN_ANSWER)
  if (message.statusCode !== 201) throw new Error(`storing an entry: HTTP ${message.statusCode}`)
}

class TooLarge extends Error {}

/** Whether an error is about what arrived: it is no archive, ends too early, or is too large. */
export function isTorn(error: unknown): boolean {
  if (error instanceof TooLarge) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('Z_')
}

/** Lets this many bytes through and fails with the next one. */
function atMost(bytes: number): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > bytes) done(new TooLarge(`more than ${bytes} bytes`))
      else done(null, chunk)
    }
  })
}
