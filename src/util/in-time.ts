import { createContext, Script } from 'node:vm'

const WORK = new Script('work()')
/** What a script can reach, and the one place where it runs: to make one takes longer than most work does. */
const given: { work: (() => unknown) | undefined } = { work: undefined }
const place = createContext(given)
/** What a timer of Node takes, 24 days. */
const LONGEST = 2 ** 31 - 1

/**
 * Does work that asks nobody, and interrupts it wherever it is when its time is over, because a text from outside can
 * keep any parser or expression busy.
 *
 * @param ms how long it may take
 * @param late makes the error that is thrown then; what the work left behind must not be used any more
 */
export function inTime<T>(ms: number, work: () => T, late: () => Error): T {
  const timeout = Math.max(1, Math.min(LONGEST, Math.ceil(ms)))
  // Work may do other work in time.
  const { work: outer } = given
  given.work = work
  try {
    return WORK.runInContext(place, { timeout, displayErrors: false }) as T
  } catch (error) {
    throw (error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? late() : error
  } finally {
    given.work = outer
  }
}
