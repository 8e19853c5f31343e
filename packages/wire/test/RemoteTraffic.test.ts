/** The rules for the traffic to one remote, on a clock that the tests drive. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { exchange, makeRemoteTraffic, retrying, type TrafficOptions } from "../src/index.ts"

type Answer = number | "refused" | "silent" | Response

const response = (status: number, headers: Record<string, string> = {}) =>
  new Response("body", { status, headers })

const broken = () =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.error(Object.assign(new Error("cut"), { code: "ECONNRESET" }))
    })
  )

/** A remote that answers as told, and notes when it was called. */
const remote = Effect.fnUntraced(function* (answers: (call: number) => Answer, options: TrafficOptions = {}) {
  const calls: Array<number> = []
  const http = HttpClient.make((request) =>
    Effect.gen(function* () {
      calls.push(yield* Clock.currentTimeMillis)
      const answer = answers(calls.length)
      if (answer === "silent") return yield* Effect.never
      if (answer === "refused") {
        const cause = Object.assign(new Error("no"), { code: "ECONNREFUSED" })
        return yield* Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause })
          })
        )
      }
      return HttpClientResponse.fromWeb(request, typeof answer === "number" ? response(answer) : answer)
    })
  )
  const traffic = makeRemoteTraffic(http, options)
  const request = HttpClientRequest.get("http://192.0.2.1/list?key=canary")
  /** What came of one exchange: a status, or how it broke. */
  const call = exchange(traffic.client, request, { timeout: "30 seconds" }).pipe(
    Effect.map(({ status }): number | string => status),
    Effect.catch(({ detail, kind }) => Effect.succeed(`${kind}: ${detail}`))
  )
  return { calls, call, traffic }
})

const circuitOpen = "unreachable: no connection (CIRCUIT_OPEN)"

/** Until it is done, however much of the clock that takes. */
const ended = <A, E>(effect: Effect.Effect<A, E>, seconds = 3_600) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let at = 0; at < seconds && fiber.pollUnsafe() === undefined; at++)
      yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

const several = (call: Effect.Effect<number | string>, count: number) =>
  Effect.all(
    Array.from({ length: count }, () => call),
    { concurrency: "unbounded" }
  )

describe("the rate", () => {
  it.effect("lets a burst through and then one request after the other", () =>
    Effect.gen(function* () {
      const { call, calls, traffic } = yield* remote(() => 200, { rate: 2, burst: 3 })
      assert.deepStrictEqual(yield* ended(several(call, 7)), [200, 200, 200, 200, 200, 200, 200])
      assert.deepStrictEqual(calls, [0, 0, 0, 500, 1_000, 1_500, 2_000])
      assert.deepStrictEqual(yield* traffic.report, {
        requests: 7,
        retries: 0,
        throttledMillis: 5_000,
        open: false
      })
    })
  )

  it.effect("fills up again while nothing is asked, and no further", () =>
    Effect.gen(function* () {
      const { call, calls } = yield* remote(() => 200, { rate: 1, burst: 2 })
      yield* ended(several(call, 2))
      yield* TestClock.adjust("1 hour")
      const before = yield* Clock.currentTimeMillis
      yield* ended(several(call, 3))
      assert.deepStrictEqual(
        calls.slice(2).map((at) => at - before),
        [0, 0, 1_000]
      )
    })
  )

  it.effect("takes nothing from the time that the remote has to answer", () =>
    Effect.gen(function* () {
      const { call, calls } = yield* remote((at) => (at === 4 ? "silent" : 200), { rate: 0.02, burst: 1 })
      const results = yield* ended(several(call, 4))
      assert.deepStrictEqual(results, [200, 200, 200, "timeout: no answer in time"])
      assert.deepStrictEqual(calls, [0, 50_000, 100_000, 150_000])
    })
  )

  it.effect("does not keep the place of a request that nobody wants any more", () =>
    Effect.gen(function* () {
      const { call, calls } = yield* remote(() => 200, { rate: 1, burst: 1 })
      yield* call
      const given = yield* Effect.forkChild(call)
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(given)
      yield* ended(call)
      assert.deepStrictEqual(calls, [0, 1_000])
    })
  )

  it.effect("tells those to come later who would wait too long", () =>
    Effect.gen(function* () {
      const { call, calls } = yield* remote(() => 200, { rate: 0.01, burst: 1 })
      const results = yield* ended(several(call, 6))
      assert.deepStrictEqual(results, [200, 200, 200, 200, 429, 429])
      assert.lengthOf(calls, 4)
    })
  )
})

describe("a remote that asks for a pause", () => {
  it.effect("is left alone by everybody until then", () =>
    Effect.gen(function* () {
      for (const status of [429, 503]) {
        const { call, calls, traffic } = yield* remote((at) =>
          at === 1 ? response(status, { "retry-after": "40" }) : 200
        )
        const before = yield* Clock.currentTimeMillis
        assert.strictEqual(yield* call, status)
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(yield* ended(several(call, 2)), [200, 200])
        assert.deepStrictEqual(
          calls.map((at) => at - before),
          [0, 40_000, 40_000]
        )
        assert.strictEqual((yield* traffic.report).throttledMillis, 60_000)
      }
    })
  )

  it.effect("for very long is believed a quarter of an hour, and says so again without being asked", () =>
    Effect.gen(function* () {
      const { calls, traffic } = yield* remote((at) =>
        at === 1 ? response(429, { "retry-after": "1000000000" }) : 200
      )
      const ask = exchange(traffic.client, HttpClientRequest.get("http://192.0.2.1/"), {
        timeout: "1 second"
      })
      assert.strictEqual((yield* ask).retryAfterMillis, 900_000)
      yield* TestClock.adjust("1 minute")
      const again = yield* ask
      assert.deepStrictEqual([again.status, again.retryAfterMillis], [429, 840_000])
      assert.lengthOf(calls, 1)
      yield* TestClock.adjust("14 minutes")
      assert.strictEqual((yield* ask).status, 200)
    })
  )

  it.effect("in words that say nothing does not pause", () =>
    Effect.gen(function* () {
      for (const value of ["-5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"]) {
        yield* TestClock.adjust("1 hour")
        const { call, calls } = yield* remote((at) =>
          at === 1 ? response(429, { "retry-after": value }) : 200
        )
        const before = yield* Clock.currentTimeMillis
        yield* call
        yield* call
        assert.deepStrictEqual(
          calls.map((at) => at - before),
          [0, 0],
          value
        )
      }
    })
  )

  it.effect("slows no other remote", () =>
    Effect.gen(function* () {
      const slow = yield* remote(() => response(429, { "retry-after": "60" }), { rate: 1 })
      const other = yield* remote(() => 200)
      yield* slow.call
      const waiting = yield* Effect.forkChild(slow.call)
      assert.deepStrictEqual(yield* several(other.call, 50), Array<number>(50).fill(200))
      assert.strictEqual(yield* Clock.currentTimeMillis, 0)
      yield* Fiber.interrupt(waiting)
    })
  )
})

describe("the breaker", () => {
  it.effect("opens after five failures of any kind in a row, and lets one try again", () =>
    Effect.gen(function* () {
      const answers: ReadonlyArray<Answer> = ["refused", 500, "silent", broken(), 502]
      const { call, calls, traffic } = yield* remote((at) => answers[at - 1] ?? (at === 6 ? 200 : 201))
      const results: Array<number | string> = []
      for (let at = 0; at < 5; at++) results.push(yield* at === 2 ? ended(call) : call)
      assert.deepStrictEqual(results, [
        "unreachable: no connection (ECONNREFUSED)",
        500,
        "timeout: no answer in time",
        "unreachable: the connection broke (ECONNRESET)",
        502
      ])
      assert.isTrue((yield* traffic.report).open)
      assert.strictEqual(yield* call, circuitOpen)
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(yield* call, circuitOpen)
      assert.lengthOf(calls, 5)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* call, 200)
      assert.strictEqual(yield* call, 201)
      assert.isFalse((yield* traffic.report).open)
    })
  )

  it.effect("counts failures in a row only, and no answer that says no", () =>
    Effect.gen(function* () {
      const { call, calls } = yield* remote((at) => (at % 5 === 0 ? 200 : at % 5 === 4 ? 404 : 500))
      for (let at = 0; at < 50; at++) yield* call
      assert.lengthOf(calls, 50)
    })
  )

  it.effect(
    "lets one request alone try, and stays open twice as long each time it fails, up to a limit",
    () =>
      Effect.gen(function* () {
        const { call, calls } = yield* remote(() => "silent", { openMillis: 10_000, mostOpenMillis: 35_000 })
        yield* ended(several(call, 5))
        assert.lengthOf(calls, 5)
        for (const openFor of [10, 20, 35, 35]) {
          yield* TestClock.adjust(`${openFor * 1_000 - 1} millis`)
          assert.strictEqual(yield* call, circuitOpen, `within ${openFor} s`)
          yield* TestClock.adjust("1 millis")
          const probe = yield* Effect.forkChild(call)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* several(call, 3), [circuitOpen, circuitOpen, circuitOpen])
          yield* TestClock.adjust("29 seconds")
          assert.strictEqual(yield* Fiber.join(probe), "timeout: no answer in time")
        }
        assert.lengthOf(calls, 9)
      })
  )

  it.effect("gives the try to another when the first is not wanted any more", () =>
    Effect.gen(function* () {
      const { call, calls } = yield* remote((at) => (at <= 5 ? 500 : at === 6 ? "silent" : 200))
      for (let at = 0; at < 5; at++) yield* call
      yield* TestClock.adjust("10 seconds")
      const probe = yield* Effect.forkChild(call)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(probe)
      assert.strictEqual(yield* call, 200)
      assert.lengthOf(calls, 7)
    })
  )

  it.effect("holds nobody back at another remote", () =>
    Effect.gen(function* () {
      const dead = yield* remote(() => "refused")
      const other = yield* remote(() => 200)
      for (let at = 0; at < 5; at++) yield* dead.call
      assert.strictEqual(yield* dead.call, circuitOpen)
      assert.strictEqual(yield* other.call, 200)
      assert.isFalse((yield* other.traffic.report).open)
    })
  )

  it.effect("works for a client that reads no bodies, too", () =>
    Effect.gen(function* () {
      const { calls, traffic } = yield* remote((at) => (at <= 5 ? 500 : 200))
      const head = Effect.exit(traffic.client.get("http://192.0.2.1/"))
      for (let at = 0; at < 6; at++) yield* head
      assert.lengthOf(calls, 5)
      yield* TestClock.adjust("10 seconds")
      yield* head
      yield* head
      assert.lengthOf(calls, 7)
    })
  )
})

describe("the report", () => {
  it.effect("tells first attempts from those that repeat", () =>
    Effect.gen(function* () {
      const { call, traffic } = yield* remote((at) => (at % 3 === 0 ? 200 : 503))
      const again = retrying<number | string>({
        isRetryable: () => true,
        retryAfter: () => undefined,
        base: "1 second",
        cap: "1 second",
        times: 4,
        deadline: "1 minute"
      })
      const whole = call.pipe(
        Effect.flatMap((status) => (status === 200 ? Effect.succeed(status) : Effect.fail(status))),
        again
      )
      yield* ended(whole)
      yield* ended(whole)
      assert.deepStrictEqual(yield* traffic.report, {
        requests: 6,
        retries: 4,
        throttledMillis: 0,
        open: false
      })
    })
  )
})
