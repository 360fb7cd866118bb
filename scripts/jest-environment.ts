import vm from 'node:vm'
import { TestEnvironment } from 'jest-environment-node'
import { contractViolations } from '../__tests__/emulator/contract.ts'

const { createContext } = vm

/** A context whose globals are properties like any others; Jest's asks a proxy, each time, what `Map` or `Math` is. */
const plainContext = (): vm.Context => createContext(vm.constants.DONT_CONTEXTIFY)

/**
 * What takes long to make ready and keeps nothing: made once in each process that runs tests, not once in each test
 * file, which has all other modules for itself. `jest-contract.ts` hands it to the tests.
 */
export default class Environment extends TestEnvironment {
  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    // Jest can be given no context and keeps the function that it meets first; everybody else gets node's again.
    Object.assign(vm, { createContext: plainContext })
    super(...given)
    Object.assign(vm, { createContext })
    // As many lines as node gives: errors are made by the hundred thousand, and Jest has each carry 100 of them.
    Object.assign(this.global.Error, { stackTraceLimit: 10 })
    Object.assign(this.global, { contractViolations })
  }
}
