import { createContext, Script } from 'node:vm'

const WORK = new Script('work()')

/**
 * Does work whose time must grow with the size of what it is given and no faster; a test gives it so much that it would
 * take minutes otherwise, and here it is interrupted. @throws when it takes far longer than the slowest machine should
 */
export function inBounds<T>(work: () => T): T {
  const { stackTraceLimit } = Error
  // Parsers make an error of each fault. Jest has each carry ten times the stack that Node gives it, which is most of the time.
  Error.stackTraceLimit = 0
  try {
    return WORK.runInContext(createContext({ work }), { timeout: 45_000 }) as T
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
