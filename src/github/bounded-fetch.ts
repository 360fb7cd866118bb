type Fetch = typeof globalThis.fetch

/** A hundred versions with thousands of tags each are smaller. */
const MOST_BYTES = 64 * 1024 * 1024

/** The same function, whose answers break off where they are larger than any of the API's: memory is not endless. */
export function boundedFetch(fetch: Fetch, most = MOST_BYTES): Fetch {
  return async (input, init) => {
    const { body, status, statusText, headers } = await fetch(input, init)
    return new Response(body?.pipeThrough(atMost(most)) ?? null, { status, statusText, headers })
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
