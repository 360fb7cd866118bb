/** A timer of Node holds the process for no longer. */
const LONGEST = 2 ** 31 - 1

/**
 * The result of work that somebody else has promised, or the signal's reason once that is aborted: a promise that is
 * forgotten, such as one of an answer on a connection that is gone, ends too. Until then the process goes on, because
 * neither a signal's timer nor a promise holds it.
 */
export async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  const hold = setInterval(() => {}, LONGEST)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, aborted])
  } finally {
    clearInterval(hold)
    signal.removeEventListener('abort', abort)
  }
}
