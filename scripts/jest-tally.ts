import type { AggregatedResult, Reporter, TestContext } from '@jest/reporters'

/** Closes the run with one plain line that any log reader can count. */
export default class Tally implements Pick<Reporter, 'onRunComplete'> {
  onRunComplete(_contexts: Set<TestContext>, result: AggregatedResult): void {
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites
    process.stderr.write(
      `\n${result.numPassedTests} passed, ${failed} failed, ${result.numPendingTests} skipped\n`
    )
  }
}
