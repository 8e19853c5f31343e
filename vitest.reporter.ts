import type { Reporter, SerializedError, TestModule, TestRunEndReason } from "vitest/node"

/**
 * Ends a run with its totals on a line of their own: `12 passed, 0 failed`, and `, 3 skipped` when some were.
 *
 * What went wrong outside a test (a file that does not load, a failing hook, an error nobody caught) counts as
 * a failure, and so does a failed run in which no test failed: a red run never reads `0 failed`.
 */
export class TotalsReporter implements Reporter {
  onTestRunEnd(
    testModules: ReadonlyArray<TestModule>,
    unhandledErrors: ReadonlyArray<SerializedError>,
    reason: TestRunEndReason
  ): void {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const testModule of testModules) {
      totals.failed += testModule.errors().length
      for (const suite of testModule.children.allSuites()) totals.failed += suite.errors().length
      for (const test of testModule.children.allTests()) {
        const { state } = test.result()
        if (state !== "pending") totals[state]++
      }
    }
    if (totals.failed === 0 && (reason !== "passed" || totals.passed === 0)) totals.failed = 1
    process.stdout.write(`${formatTotals(totals)}\n`)
  }
}

/** The line itself. */
export const formatTotals = (totals: {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}): string =>
  `${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ""}`
