/** A client of a fake site, and a test clock that runs while real requests do. */
import { assert } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { PolarisClient, type PolarisOptions } from "../src/index.ts"
import { fakeSite, type FakeSite } from "./fakeSite.ts"

export const CANARY = "canary/k+y é&1"

export const layerOf = (site: Pick<FakeSite, "url">, options: Partial<PolarisOptions> = {}) =>
  PolarisClient.layer({
    baseUrl: site.url,
    user: "rose",
    password: Redacted.make(CANARY),
    codeMagasin: 1,
    prefixCle: "SHOP",
    // An attempt's limit is real work on a test clock that runs fast.
    timeout: "1 hour",
    ...options
  }).pipe(Layer.provide(FetchHttpClient.layer))

export const setup = Effect.fnUntraced(function* (options: Partial<PolarisOptions> = {}) {
  const site = yield* fakeSite(CANARY)
  site.touch(1, "2024-01-01T10:00:00", { Nom: "DURAND" })
  site.touch(2, "2024-01-02T10:00:00", { Nom: "MARTIN" })
  site.touch(3, "2024-01-03T10:00:00", { Nom: "PETIT" })
  const context = yield* Layer.build(layerOf(site, options))
  const client = yield* Effect.provide(PolarisClient, context)
  return { site, client, context }
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
