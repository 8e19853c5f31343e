/** A client of a fake account, and a test clock that runs while real requests do. */
import { assert } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import {
  layerMegawinDestination,
  layerMegawinSource,
  MegawinClient,
  type MegawinOptions
} from "../src/index.ts"
import { type FakeVendor, fakeVendor } from "./fakeVendor.ts"
import { brussels } from "./server.ts"

export const CANARY = "canary/k+y é&1"
export const PASSWORD = "canary-Pa55word"

const clientLayer = (vendor: Pick<FakeVendor, "url">, options: Partial<MegawinOptions>) =>
  MegawinClient.layer({
    baseUrl: vendor.url,
    apiKey: Redacted.make(CANARY),
    timeZone: brussels,
    // An attempt's limit is real work on a test clock that runs fast.
    timeout: "1 hour",
    ...options
  }).pipe(Layer.provide(FetchHttpClient.layer))

export const clientOf = (vendor: Pick<FakeVendor, "url">, options: Partial<MegawinOptions> = {}) =>
  MegawinClient.pipe(Effect.provide(clientLayer(vendor, options)))

/** Source and destination of the account. */
export const endsOf = (vendor: FakeVendor, options: Partial<MegawinOptions> = {}) =>
  Layer.mergeAll(layerMegawinSource, layerMegawinDestination).pipe(
    Layer.provideMerge(clientLayer(vendor, options))
  )

export const setup = Effect.fnUntraced(function* (options: Partial<MegawinOptions> = {}) {
  const vendor = yield* fakeVendor(CANARY)
  vendor.customers.push(
    { clcleunik: 1, lastName: "Maes", password: PASSWORD, email: "a+b@c" },
    {
      clcleunik: "2",
      lastName: "Claes",
      password: PASSWORD,
      showPrice: "1",
      extra: { password: PASSWORD, n: 1 }
    },
    { clcleunik: 3, lastName: "Peeters", email: null }
  )
  return { vendor, client: yield* clientOf(vendor, options) }
})

/** Runs while the test clock moves on, in steps with time for real I/O between them; also the virtual time it took. */
export const whileTimePasses = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>, step = 250) {
  const start = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.withLive(Effect.sleep(5))
    if (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(step)
  }
  const exit = yield* Fiber.await(fiber)
  return { exit, millis: (yield* Clock.currentTimeMillis) - start }
})

export const failureOf = <A>(exit: Exit.Exit<A, SourceError>): SourceError => {
  const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
  assert.isTrue(error !== undefined && error._tag === "Some", "has failed")
  return error?._tag === "Some" ? error.value : assert.fail()
}

export const once = { retry: { times: 0 } }
