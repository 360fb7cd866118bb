/**
 * Applies `work` to every item, at most `atOnce` at a time, and gives the results in the items' order.
 * The first failure is thrown; what is then under way comes to its end unseen, and nothing more is begun.
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
