import { ModuleMocker } from 'jest-mock'

/** The process as it is, in place of a world made anew for each test file: `jest-runner.ts` says why. */
export default class Environment {
  readonly global = globalThis
  readonly moduleMocker = new ModuleMocker(globalThis)
  /** Clocks are handed in. */
  readonly fakeTimers = null
  readonly fakeTimersModern = null
  /** In place of which Jest puts its own for each test file. */
  readonly #console = globalThis.console
  readonly #exit = process.exit
  readonly #env = process.env

  async setup(): Promise<void> {
    process.env = { ...this.#env }
    // As many lines as node gives: errors are made by the hundred thousand, and Jest has each carry 100 of them.
    Error.stackTraceLimit = 10
  }

  async teardown(): Promise<void> {
    globalThis.console = this.#console
    process.exit = this.#exit
    process.env = this.#env
  }

  /** There is none; Jest wants to be able to ask. */
  getVmContext(): null {
    return null
  }
}
