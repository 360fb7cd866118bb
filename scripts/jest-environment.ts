import { TestEnvironment } from 'jest-environment-node'
import { contractViolations } from '../__tests__/emulator/contract.ts'

/**
 * What takes long to make ready and keeps nothing: made once in each process that runs tests, not once in each test
 * file, which has all other modules for itself. `jest-contract.ts` hands it to the tests.
 */
export default class Environment extends TestEnvironment {
  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    super(...given)
    Object.assign(this.global, { contractViolations })
  }
}
