import { availableParallelism } from 'node:os'
import type { Config } from 'jest'

// No transform: on Node 24 Jest 30.5 erases the types itself, as node does.
const config: Config = {
  testEnvironment: '<rootDir>/scripts/jest-environment.ts',
  // Reads and compiles GitHub's description: once for all test files of a worker.
  moduleNameMapper: { '^\\./contract\\.ts$': '<rootDir>/scripts/jest-contract.ts' },
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  // Ends what hangs, however busy the machine is.
  testTimeout: 180_000,
  // Tests wait for child processes and sockets more than they compute.
  maxWorkers: 3 * availableParallelism(),
  // Of one file, where it says that its tests may wait side by side.
  maxConcurrency: 12,
  testSequencer: '<rootDir>/scripts/jest-order.ts',
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/index.ts'],
  reporters: ['default', '<rootDir>/scripts/jest-tally.ts']
}

export default config
