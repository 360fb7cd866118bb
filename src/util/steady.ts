/**
 * A clock that goes on where the machine's is set back: else what was seen minutes ago would look like news, and a
 * run would have taken less than no time.
 *
 * @param now milliseconds since 1970, by the machine
 */
export function steady(now: () => number): () => number {
  let ahead = 0
  let last = now()
  return () => {
    ahead = Math.max(ahead, last - now())
    last = now() + ahead
    return last
  }
}
