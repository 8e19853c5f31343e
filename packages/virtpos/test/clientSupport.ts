/** A client of a fake site, and a test clock that runs while real requests do. */
import { assert } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { VirtposClient, type VirtposOptions } from "../src/index.ts"
import { type FakeVendor, fakeVendor } from "./fakeVendor.ts"
import { moscow } from "./support.ts"

export const CANARY = "canary/k+y é&1"

export const clientLayerOf = (vendor: FakeVendor, apiKey: string, options: Partial<VirtposOptions> = {}) =>
  VirtposClient.layer({
    baseUrl: vendor.url,
    apiKey: Redacted.make(apiKey),
    timeZone: moscow,
    // An attempt's limit is real work on a test clock that runs fast.
    timeout: "1 hour",
    ...options
  }).pipe(Layer.provide(FetchHttpClient.layer))

export const clientOf = (vendor: FakeVendor, options: Partial<VirtposOptions> = {}) =>
  VirtposClient.pipe(Effect.provide(clientLayerOf(vendor, CANARY, options)))

export const setup = Effect.fnUntraced(function* (options: Partial<VirtposOptions> = {}) {
  const vendor = yield* fakeVendor(CANARY)
  vendor.customers.push({ id: "1", fname: "Anna" }, { id: "2", fname: "Petr" }, { id: "3", fname: "Olga" })
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
