/**
 * Applies `work` to every item, at most `atOnce` at a time, and gives the results in the items' order.
 * The first failure is thrown; what is then under way ends unseen, and nothing more is started.
 */
export async function eachOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>
): Promise<R[]> {
  const results: R[] = []
  const entries = items.entries()
  let failed = false
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) {
      if (failed) return
      results[index] = await work(item)
    }
  }
  const guarded = () =>
    worker().catch((error: unknown) => {
      failed = true
      throw error
    })
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, guarded))
  return results
}

/** Work that is done when it is first asked for; its result is remembered, failures too. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}

/** Lets at most `count` pieces of work run at once; the others wait in the order in which they came. */
export function createLimiter(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = count
  return async work => {
    if (free > 0) free--
    else await new Promise<void>(go => waiting.push(go))
    try {
      return await work()
    } finally {
      // The place goes straight to the next in line, so that no newcomer can take it.
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
