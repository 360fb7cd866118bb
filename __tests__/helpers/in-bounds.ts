import { createContext, Script } from 'node:vm'

const WORK = new Script('work()')

/**
 * Does work whose time must grow with the size of what it is given and no faster; a test gives it so much that it would
 * take minutes otherwise, and here it is interrupted. @throws when it takes far longer than the slowest machine should
 */
export function inBounds<T>(work: () => T): T {
  return WORK.runInContext(createContext({ work }), { timeout: 45_000 }) as T
}
