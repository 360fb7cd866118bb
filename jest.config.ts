import { availableParallelism } from 'node:os'
import type { Config } from 'jest'

const config: Config = {
  testRunner: '<rootDir>/scripts/jest-runner.ts',
  testEnvironment: '<rootDir>/scripts/jest-environment.ts',
  injectGlobals: false,
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  // Node erases the types.
  transform: {},
  // Ends what hangs, however busy the machine is.
  testTimeout: 180_000,
  // Tests wait for child processes and sockets more than they compute.
  maxWorkers: 4 * availableParallelism(),
  // Of one file, where it says that its tests may wait side by side.
  maxConcurrency: 12,
  testSequencer: '<rootDir>/scripts/jest-order.ts',
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/index.ts'],
  reporters: ['default', '<rootDir>/scripts/jest-tally.ts']
}

export default config
