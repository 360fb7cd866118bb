import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { Config } from 'jest'

// A run waits until its report is on the disk, and there are thousands of them: where the system keeps files in memory,
// with room for those of all tests, they are there at once.
const inMemory = '/dev/shm'
if (existsSync(inMemory) && statfsSync(inMemory).bavail * statfsSync(inMemory).bsize > 1_000_000_000) {
  const folder = mkdtempSync(`${inMemory}/ghcr-steward-tests-`)
  process.env['TMPDIR'] = folder
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
}

// Each worker loads hundreds of modules, and starts a quarter faster with what Node keeps of them. Coverage would be counted
// less exactly.
if (!process.argv.includes('--coverage'))
  process.env['NODE_COMPILE_CACHE'] ??= resolve(import.meta.dirname, 'node_modules/.cache/node')

const config: Config = {
  testRunner: '<rootDir>/scripts/jest-runner.ts',
  testEnvironment: '<rootDir>/scripts/jest-environment.ts',
  injectGlobals: false,
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  // Node erases the types.
  transform: {},
  // Ends what hangs, however busy the machine is.
  testTimeout: 180_000,
  // Many tests wait for pauses and child processes. More processes than these cost more than they gain, because each learns
  // anew what the code does.
  maxWorkers: 5 * availableParallelism(),
  // Of one file, where it says that its tests may wait side by side.
  maxConcurrency: 6,
  testSequencer: '<rootDir>/scripts/jest-order.ts',
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/index.ts'],
  reporters: ['default', '<rootDir>/scripts/jest-tally.ts']
}

export default config
