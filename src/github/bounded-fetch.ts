import { orAborted } from '../util/or-aborted.ts'

type Fetch = typeof globalThis.fetch

/** A hundred versions with thousands of tags each are smaller. */
const MOST_BYTES = 64 * 1024 * 1024

/**
 * The same function, whose answers break off where they are larger, unpacked, than any of the API's: memory is not
 * endless. It ends when its signal is aborted, whatever became of the connection.
 */
export function boundedFetch(fetch: Fetch, most = MOST_BYTES): Fetch {
  return async (input, init) => {
    const asked = fetch(input, init)
    const answer = await (init?.signal ? orAborted(init.signal, asked) : asked)
    const { body, status, statusText, headers, url } = answer
    // No other can be handed on.
    if (status < 200 || status > 599) throw new Error(`HTTP ${status}, which nobody asked for`)
    const bounded = new Response(body?.pipeThrough(atMost(most)) ?? null, { status, statusText, headers })
    return Object.defineProperty(bounded, 'url', { value: url })
  }
}

function atMost(bytes: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let size = 0
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.length
      if (size > bytes) controller.error(new Error('the answer is far too large'))
      else controller.enqueue(chunk)
    }
  })
}
