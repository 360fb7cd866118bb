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
