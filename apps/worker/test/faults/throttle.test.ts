/** Waits that a vendor asks for, by a clock that is driven: nothing of this takes any time. */
import { assert, it } from "@effect/vitest"
import { layerDomain, layerMemory, Merchants, SyncRepository, TimeZone } from "@tillbridge/domain"
import { SEEDED_UNTIL, simulateInProcess } from "@tillbridge/server"
import { runLink } from "@tillbridge/sync"
import { makeVirtposSource, VirtposClient } from "@tillbridge/virtpos"
import { makeRemoteTraffic } from "@tillbridge/wire"
import { Clock, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { HttpClient } from "effect/http"
import { reasonOf } from "./support/world.ts"

const minutes = (millis: number) => Math.round(millis / 6_000) / 10

/** How the first run under a fault ended and after how many minutes, and what the wait was said to be. */
const meets = Effect.fnUntraced(
  function* (fault: string) {
    yield* TestClock.setTime(SEEDED_UNTIL.epochMilliseconds + 86_400_000)
    const sim = yield* simulateInProcess({ dialect: "virtpos", customers: 40, faults: [fault] })
    const traffic = makeRemoteTraffic(sim.client)
    const client = VirtposClient.layer({
      baseUrl: sim.url,
      apiKey: Redacted.make("demo"),
      timeZone: TimeZone.make("Europe/Paris"),
      pageSize: 16,
      system: "acme"
    }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, traffic.client)))
    const context = yield* Layer.build(client)
    const source = yield* Effect.provide(makeVirtposSource, context)
    const merchants = yield* Merchants
    const { id: merchant } = yield* merchants.create({
      name: "Shop",
      timeZone: TimeZone.make("Europe/Paris"),
      externalKeyPrefix: null
    })
    const link = { from: "acme", to: "store" }
    const began = yield* Clock.currentTimeMillis
    const run = yield* Effect.forkChild(
      runLink({ merchant, link, source, destination: "store", owner: "test" }).pipe(
        Effect.map(({ counts }) => ({ ended: "complete", created: counts.created, asked: 0 })),
        Effect.catch((error) =>
          Effect.succeed({
            ended: reasonOf(error),
            created: 0,
            asked: error._tag === "SourceError" ? (error.retryAfterMillis ?? 0) : 0
          })
        ),
        Effect.flatMap((end) => Effect.map(Clock.currentTimeMillis, (now) => ({ ...end, took: now - began })))
      )
    )
    for (let step = 0; step < 400 && run.pollUnsafe() === undefined; step++) {
      for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
      if (sim.requests.busy() === 0) yield* TestClock.adjust("3 seconds")
    }
    const end = yield* Fiber.join(run)
    const repository = yield* SyncRepository
    const state = yield* repository.state(merchant, link)
    return {
      ...end,
      asked: minutes(end.asked),
      took: minutes(end.took),
      paused: state.paused,
      requests: sim.requests.count()
    }
  },
  Effect.provide(layerDomain.pipe(Layer.provideMerge(layerMemory))),
  Effect.scoped
)

it.effect("two minutes are waited for, and the run goes on", () =>
  Effect.gen(function* () {
    const { ended, created, paused, took } = yield* meets("429=120@nth=2")
    assert.deepStrictEqual({ ended, created, paused }, { ended: "complete", created: 40, paused: null })
    assert.isAtLeast(took, 2)
    assert.isAtMost(took, 2.3)
  })
)

it.effect("so is a moment that is told as a date", () =>
  Effect.gen(function* () {
    const { ended, took } = yield* meets("429=date+90s@nth=2")
    assert.strictEqual(ended, "complete")
    assert.isAtLeast(took, 1.5)
    assert.isAtMost(took, 1.8)
  })
)

it.effect("thirty years are a quarter of an hour, said to whoever plans the next run", () =>
  Effect.gen(function* () {
    const { asked, ended, paused, requests, took } = yield* meets("429=1e9@after=1")
    assert.deepStrictEqual(
      { asked, ended, paused, requests },
      { asked: 15, ended: "RateLimited", paused: null, requests: 2 }
    )
    assert.isAtMost(took, 1)
  })
)

it.effect("503 is tried again a few times, and left to the next run within five minutes", () =>
  Effect.gen(function* () {
    const { ended, paused, requests, took } = yield* meets("status=503@after=1")
    assert.deepStrictEqual({ ended, paused }, { ended: "VendorFailed", paused: null })
    assert.strictEqual(requests, 6)
    assert.isAtMost(took, 5)
  })
)

it.effect("no answer at all is waited for no longer than the time limit says, a few times", () =>
  Effect.gen(function* () {
    const { ended, requests, took } = yield* meets("blackhole@after=1")
    assert.strictEqual(ended, "TimedOut")
    assert.strictEqual(requests, 6)
    assert.isAtMost(took, 5)
  })
)
