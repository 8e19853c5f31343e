/** The kit that every dialect must pass: those of this repository and somebody else's. */
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { afterAll, describe, test } from "vitest"
import { accessCases } from "./DialectAccess.ts"
import type { DialectCapability } from "./DialectCase.ts"
import { destinationCases } from "./DialectDestination.ts"
import { faultCases } from "./DialectFaults.ts"
import { httpCases } from "./DialectHttp.ts"
import { lookUpCases } from "./DialectLookUp.ts"
import { savedCases } from "./DialectSaved.ts"
import { sourceCases } from "./DialectSource.ts"
import { DialectSubject } from "./DialectSubject.ts"
import { textCases } from "./DialectText.ts"
import { toldCases } from "./DialectTold.ts"
import { vendorCases } from "./DialectVendor.ts"
import { wireCases } from "./DialectWire.ts"

export interface DialectSuiteOptions {
  /** Milliseconds after which a case fails; 60,000 unless told. */
  readonly timeout?: number
}

/** Everything that a dialect promises, as data. Each case opens a store and a server of its own. */
export const dialectCapabilities = (): ReadonlyArray<DialectCapability> => [
  wireCases(),
  savedCases(),
  textCases(),
  accessCases(),
  httpCases(),
  faultCases(),
  sourceCases(),
  toldCases(),
  destinationCases(),
  lookUpCases(),
  vendorCases()
]

/** Registers the kit with vitest for one dialect. What the dialect says it cannot do is skipped, with the reason. */
export const dialectSuite = <E>(
  name: string,
  layer: Layer.Layer<DialectSubject, E>,
  options: DialectSuiteOptions = {}
): void => {
  describe(`dialect: ${name}`, () => {
    const runtime = ManagedRuntime.make(layer)
    afterAll(() => runtime.dispose())
    for (const capability of dialectCapabilities()) {
      describe(capability.name, () => {
        for (const { leftOut, run, title } of capability.cases) {
          // Not through @effect/vitest, which would print each skip as a failure.
          test(title, { timeout: options.timeout ?? 60_000 }, async (context) => {
            const reason = leftOut(await runtime.runPromise(DialectSubject))
            if (reason !== null) context.skip(reason)
            await runtime.runPromise(run, { signal: context.signal })
          })
        }
      })
    }
  })
}
