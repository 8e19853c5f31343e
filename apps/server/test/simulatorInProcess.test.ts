/** The project's own client against a simulator without a socket, on a test clock. */
import { assert, describe, it } from "@effect/vitest"
import { type SourceError, TimeZone } from "@tillbridge/domain"
import { PolarisClient } from "@tillbridge/polaris"
import { VirtposClient } from "@tillbridge/virtpos"
import { Clock, DateTime, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import {
  type InProcessOptions,
  type InProcessSimulator,
  SEEDED_UNTIL,
  simulateInProcess
} from "../src/index.ts"

const start = DateTime.makeUnsafe(SEEDED_UNTIL.epochMilliseconds + 86_400_000)

const open = Effect.fnUntraced(function* (options: Partial<InProcessOptions> = {}) {
  yield* TestClock.setTime(start.epochMilliseconds)
  const simulator = yield* simulateInProcess({ dialect: "polaris", customers: 25, ...options })
  const client = yield* Layer.build(
    PolarisClient.layer({
      baseUrl: simulator.url,
      user: "demo",
      password: Redacted.make("demo"),
      codeMagasin: 1,
      prefixCle: "SHOP",
      retry: { times: 2 }
    }).pipe(Layer.provide(simulator.layer))
  ).pipe(Effect.flatMap((context) => Effect.provide(PolarisClient, context)))
  const slice = client.getClientsModified({ lastChanged: DateTime.makeUnsafe(0), limit: 10 })
  return { simulator, client, slice }
})

/** Turns of the event loop, in which WebCrypto gets its answers to us. */
const turns = Effect.promise(async () => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
})

/** Runs while the test clock moves on in steps, as long as the simulator is not at work; and how long that was. */
const whileTimePasses = Effect.fnUntraced(function* <A, E>(
  effect: Effect.Effect<A, E>,
  { requests }: InProcessSimulator
) {
  const before = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* turns
    if (requests.busy() === 0 && fiber.pollUnsafe() === undefined) yield* TestClock.adjust("250 millis")
  }
  const exit = yield* Fiber.await(fiber)
  return { exit, millis: (yield* Clock.currentTimeMillis) - before }
})

const reasonOf = (exit: Exit.Exit<unknown, SourceError>): string =>
  Exit.isSuccess(exit) ? "none" : (Exit.findErrorOption(exit) as { value?: SourceError }).value!.reason._tag

describe("a simulator in the process", () => {
  it.effect("is read by the project's own client, sessions and all", () =>
    Effect.gen(function* () {
      const { simulator, slice } = yield* open()
      const { exit } = yield* whileTimePasses(slice, simulator)
      const found = yield* exit
      assert.lengthOf(found.clients, 10)
      assert.isTrue(found.hasMoreResults)
      assert.deepStrictEqual(
        simulator.requests.log().map(({ operation, status }) => `${operation} ${status}`),
        ["login 200", "list 200"]
      )
    })
  )

  it.effect("lets the clock alone decide on latency, silence, a trickle and Retry-After", () =>
    Effect.gen(function* () {
      const { simulator, slice } = yield* open()
      yield* whileTimePasses(slice, simulator)
      const passes = (fault: string) =>
        Effect.andThen(simulator.faults.set([fault]), whileTimePasses(slice, simulator))
      const late = yield* passes("latency=20s@first=1")
      assert.isTrue(Exit.isSuccess(late.exit))
      assert.isTrue(late.millis >= 20_000 && late.millis < 21_000, `${late.millis}`)
      const throttled = yield* passes("429=40@first=1")
      assert.isTrue(Exit.isSuccess(throttled.exit))
      assert.isTrue(throttled.millis >= 40_000 && throttled.millis < 45_000, `${throttled.millis}`)
      const silent = yield* passes("blackhole")
      assert.strictEqual(reasonOf(silent.exit), "TimedOut")
      assert.isAtLeast(silent.millis, 3 * 30_000)
      const slow = yield* passes("trickle=1")
      assert.strictEqual(reasonOf(slow.exit), "TimedOut")
      assert.strictEqual((yield* passes("latency=1ms")).exit._tag, "Success")
    })
  )

  it.effect("tells broken connections and bodies as an HttpClient does", () =>
    Effect.gen(function* () {
      const { simulator, slice } = yield* open()
      yield* whileTimePasses(slice, simulator)
      const reason = (fault: string) =>
        Effect.andThen(simulator.faults.set([fault]), whileTimePasses(slice, simulator)).pipe(
          Effect.map(({ exit }) => reasonOf(exit))
        )
      assert.strictEqual(yield* reason("reset"), "Unreachable")
      assert.strictEqual(yield* reason("reset=before"), "Unreachable")
      assert.strictEqual(yield* reason("truncate"), "Unreachable")
      assert.strictEqual(yield* reason("truncate=chunked"), "Unreachable")
      assert.strictEqual(yield* reason("truncate=text"), "Malformed")
      assert.strictEqual(yield* reason("html"), "Malformed")
      assert.strictEqual(yield* reason("empty"), "Malformed")
      assert.strictEqual(yield* reason("status=503"), "VendorFailed")
      assert.strictEqual(yield* reason("reset@first=1"), "none", "one retry helps")
      simulator.requests.forget()
      assert.strictEqual(yield* reason("401@first=1"), "none", "one new login helps")
      assert.deepStrictEqual(
        simulator.requests.log().map(({ operation }) => operation),
        ["list", "login", "list"]
      )
    })
  )

  it.effect("the same chance makes the same simulation", () =>
    Effect.gen(function* () {
      const statuses = Effect.fnUntraced(function* (first: number) {
        let state = first
        // A middle-square of sorts: any chance will do.
        const next = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
        const { simulator, slice } = yield* open({
          chance: { next },
          faults: ["status=500@chance=0.5,op=list", "changing=2"]
        })
        for (let i = 0; i < 5; i++) yield* whileTimePasses(slice, simulator)
        const { customers, merchant } = simulator
        const refs = yield* customers.refs(merchant.id, {}, { after: null, limit: 100 })
        return [simulator.requests.log(), refs]
      }, Effect.scoped)
      const [a, b, c] = [yield* statuses(11), yield* statuses(11), yield* statuses(12)]
      assert.deepStrictEqual(a, b)
      assert.notDeepEqual(a, c)
    })
  )

  it.effect("changes rows by the clock when asked to", () =>
    Effect.gen(function* () {
      const simulator = yield* simulateInProcess({
        dialect: "virtpos",
        customers: 10,
        changesPerSecond: 2
      })
      const { customers, merchant } = simulator
      const versions = customers.refs(merchant.id, {}, { after: null, limit: 100 })
      const before = yield* versions
      yield* TestClock.adjust("10 seconds")
      assert.notDeepEqual(yield* versions, before)
      const client = yield* Layer.build(
        VirtposClient.layer({
          baseUrl: simulator.url,
          apiKey: Redacted.make("demo"),
          timeZone: TimeZone.make("Europe/Paris")
        }).pipe(Layer.provide(simulator.layer))
      ).pipe(Effect.flatMap((context) => Effect.provide(VirtposClient, context)))
      const { exit } = yield* whileTimePasses(client.listCustomers({ page: 1, pageSize: 100 }), simulator)
      const { customers: told } = yield* exit
      assert.deepStrictEqual(
        told.map(({ id }) => Number(id)),
        (yield* versions).map(({ id }) => Number(id))
      )
    })
  )
})
