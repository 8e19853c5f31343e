import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { retryAfter, retrying } from "../src/index.ts"

// 1994-11-06T08:49:37Z, the date RFC 9110 uses in its examples.
const RFC_DATE = 784_111_777_000

describe("retryAfter", () => {
  const now = RFC_DATE - 10_000
  it.each([
    ["3", 3_000],
    [" 120 ", 120_000],
    ["0", 0],
    ["-5", undefined],
    ["1.5", 1_500],
    ["1000000000", 900_000],
    ["9".repeat(400), 900_000],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 10_000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 10_000],
    ["Sun Nov  6 08:49:37 1994", 10_000],
    ["Sun, 06 Nov 1994 08:49:00 GMT", undefined],
    ["Thu, 01 Jan 1970 00:00:00 GMT", undefined],
    ["Fri, 31 Dec 9999 23:59:59 GMT", 900_000],
    ["Sun, 06 Foo 1994 08:49:37 GMT", undefined],
    ["2026-11-22", undefined],
    ["soon", undefined],
    ["", undefined],
    ["NaN", undefined],
    [undefined, undefined]
  ])("%j -> %j", (value, expected) => {
    assert.strictEqual(retryAfter({ "retry-after": value }, now), expected)
  })

  it("measures a date by the remote's own clock, which may be a day off", () => {
    const headers = { "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT", date: "Sun, 06 Nov 1994 08:49:07 GMT" }
    assert.strictEqual(retryAfter(headers, RFC_DATE + 86_400_000), 30_000)
    assert.strictEqual(retryAfter(headers, RFC_DATE - 86_400_000), 30_000)
  })

  it("takes a two-digit year far ahead for one of the last century", () => {
    const in2026 = 1_795_000_000_000
    assert.strictEqual(retryAfter({ "retry-after": "Sunday, 06-Nov-94 08:49:37 GMT" }, in2026), undefined)
    assert.strictEqual(retryAfter({ "retry-after": "Sunday, 06-Nov-50 08:49:37 GMT" }, in2026), 900_000)
  })
})

interface Failure {
  readonly retryable: boolean
  readonly wait?: number
}

const policy = retrying<Failure>({
  isRetryable: (failure) => failure.retryable,
  retryAfter: (failure) => failure.wait,
  base: "1 second",
  cap: "5 seconds",
  times: 6,
  deadline: "2 minutes"
})

/** Fails with each of the failures in turn, then succeeds; notes when it was run. */
const failing = (failures: ReadonlyArray<Failure>, runs: Array<number>) =>
  Effect.gen(function* () {
    runs.push(yield* Clock.currentTimeMillis)
    const failure = failures[runs.length - 1]
    return failure === undefined ? "done" : yield* Effect.fail(failure)
  })

/** Random always near that part of the range. */
const random = (part: number) =>
  Effect.provideService(Random.Random, {
    nextIntUnsafe: () => 0,
    nextDoubleUnsafe: () => part
  })

const busy: Failure = { retryable: true }

const waitsOf = (runs: ReadonlyArray<number>) => runs.slice(1).map((run, index) => run - (runs[index] ?? 0))

describe("retrying", () => {
  it.effect("waits up to the doubled base and the cap, and gives the last failure", () =>
    Effect.gen(function* () {
      const runs: Array<number> = []
      const fiber = yield* Effect.forkChild(
        failing(
          Array.from({ length: 20 }, () => busy),
          runs
        ).pipe(policy, random(1), Effect.exit)
      )
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail(busy))
      assert.deepStrictEqual(waitsOf(runs), [1000, 2000, 4000, 5000, 5000, 5000])
    })
  )

  it.effect("jitter is full: the lower end is no wait at all", () =>
    Effect.gen(function* () {
      const runs: Array<number> = []
      const fiber = yield* Effect.forkChild(failing([busy, busy], runs).pipe(policy, random(0)))
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* Fiber.join(fiber), "done")
      assert.deepStrictEqual(waitsOf(runs), [0, 0])
    })
  )

  it.effect.prop("every wait is within its bounds, for any seed", [Schema.String], ([seed]) =>
    Effect.gen(function* () {
      const runs: Array<number> = []
      const fiber = yield* Effect.forkChild(
        failing([busy, busy, busy, busy, busy], runs).pipe(policy, Random.withSeed(seed))
      )
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* Fiber.join(fiber), "done")
      const bounds = [1000, 2000, 4000, 5000, 5000]
      waitsOf(runs).forEach((wait, index) => {
        assert.isAtLeast(wait, 0)
        assert.isAtMost(wait, bounds[index] ?? 0)
      })
    })
  )

  it.effect("obeys what the remote asked for, shorter or longer than the jitter", () =>
    Effect.gen(function* () {
      const runs: Array<number> = []
      const failures = [{ retryable: true, wait: 30_000 }, { retryable: true, wait: 0 }, busy]
      const fiber = yield* Effect.forkChild(failing(failures, runs).pipe(policy, random(0.5)))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* Fiber.join(fiber), "done")
      assert.deepStrictEqual(waitsOf(runs), [30_000, 0, 2000])
    })
  )

  it.effect("does not wait past the deadline", () =>
    Effect.gen(function* () {
      const runs: Array<number> = []
      const last = { retryable: true, wait: 20_001 }
      const failures = [{ retryable: true, wait: 100_000 }, last]
      const fiber = yield* Effect.forkChild(failing(failures, runs).pipe(policy, Effect.exit))
      yield* TestClock.adjust(100_000)
      // Already over, 20 s before the deadline: no time is spent on a wait that cannot help.
      assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail(last))
      assert.strictEqual(runs.length, 2)
    })
  )

  it.effect("leaves a failure that stays, a defect and a success alone", () =>
    Effect.gen(function* () {
      const runs: Array<number> = []
      const final = { retryable: false, wait: 5 }
      assert.deepStrictEqual(yield* failing([final], runs).pipe(policy, Effect.exit), Exit.fail(final))
      assert.deepStrictEqual(yield* Effect.die("bug").pipe(policy, Effect.exit), Exit.die("bug"))
      assert.strictEqual(yield* Effect.succeed(1).pipe(policy), 1)
      assert.strictEqual(runs.length, 1)
    })
  )
})
