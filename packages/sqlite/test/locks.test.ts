import { assert, describe, it } from "@effect/vitest"
import { addCustomer, makeMerchant } from "@tillbridge/conformance"
import { CustomerRepository, MerchantRepository, StorageError, TimeZone } from "@tillbridge/domain"
import { Context, Effect, Fiber, Result } from "effect"
import type { DatabaseSync } from "node:sqlite"
import { ask, holder, openStore, openWithConnections, tempFile } from "./support.ts"

/** The longest time for which no timer could fire while the effect ran. */
const longestBlock = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    let longest = 0
    let ticks = 0
    let last = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
      ticks++
    }, 5)
    return effect.pipe(
      Effect.map((value) => ({ value, longest, ticks })),
      Effect.ensuring(Effect.sync(() => clearInterval(timer)))
    )
  })

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(effect, (value) => ({ value, millis: performance.now() - started }))
  })

const reasonOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.result(effect), (result) =>
    Result.isFailure(result) && result.failure instanceof StorageError ? result.failure.reason : "not refused"
  )

describe("while another process holds the file", () => {
  it.live("a write waits without blocking the event loop, and reads go on", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store = yield* openStore(file)
      const merchant = yield* Effect.provide(makeMerchant(), store)
      const { release } = yield* holder(file, "BEGIN EXCLUSIVE")
      const write = yield* Effect.forkChild(timed(Effect.provide(addCustomer(merchant.id), store)))
      const { longest, ticks } = yield* longestBlock(
        Effect.gen(function* () {
          const list = Context.get(store, MerchantRepository).list
          const until = performance.now() + 300
          let reads = 0
          while (performance.now() < until) {
            assert.lengthOf(yield* list, 1)
            reads++
            yield* Effect.sleep("5 millis")
          }
          assert.isAbove(reads, 2)
        })
      )
      assert.isUndefined(write.pollUnsafe(), "the write is still waiting")
      release()
      const { millis } = yield* Fiber.join(write)
      assert.isAtLeast(millis, 290)
      assert.isAbove(ticks, 2, "timers fire while the write waits")
      // A write that waited in SQLite itself would block it for as long as the file is held.
      assert.isBelow(longest, 290, "nothing blocks the event loop")
      assert.strictEqual(ask(file, "SELECT count(*) FROM customers"), 1)
    })
  )

  it.live(
    "a write gives up as busy after five seconds, and the next one succeeds once the file is free",
    () =>
      Effect.gen(function* () {
        const file = yield* tempFile
        const store = yield* openStore(file)
        const merchant = yield* Effect.provide(makeMerchant(), store)
        const { child, release } = yield* holder(file, "BEGIN EXCLUSIVE")
        const { millis, value } = yield* timed(reasonOf(Effect.provide(addCustomer(merchant.id), store)))
        assert.strictEqual(value, "busy")
        assert.isAbove(millis, 4_500)
        assert.isBelow(millis, 30_000)
        const ended = new Promise((resolve) => child.once("close", resolve))
        release()
        yield* Effect.promise(() => ended)
        yield* Effect.provide(addCustomer(merchant.id), store)
      })
  )

  it.live("several writes that wait together give up together, not one after another", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store = yield* openStore(file)
      const merchant = yield* Effect.provide(makeMerchant(), store)
      yield* holder(file, "BEGIN EXCLUSIVE")
      const write = timed(reasonOf(Effect.provide(addCustomer(merchant.id), store)))
      const results = yield* Effect.all([write, write, write], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        results.map(({ value }) => value),
        ["busy", "busy", "busy"]
      )
      // One after another they would take fifteen seconds.
      for (const { millis } of results) assert.isBelow(millis, 12_000)
    })
  )

  it.live("an interrupted write that waits gives its turn to the next", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store = yield* openStore(file)
      const merchant = yield* Effect.provide(makeMerchant(), store)
      const { child, release } = yield* holder(file, "BEGIN IMMEDIATE")
      const first = yield* Effect.forkChild(Effect.provide(addCustomer(merchant.id), store))
      const second = yield* Effect.forkChild(Effect.provide(addCustomer(merchant.id), store))
      yield* Effect.sleep("30 millis")
      yield* Effect.forkChild(Fiber.interrupt(first))
      const ended = new Promise((resolve) => child.once("close", resolve))
      release()
      yield* Effect.promise(() => ended)
      yield* Fiber.join(second)
      yield* Fiber.await(first)
      assert.isAtLeast(ask(file, "SELECT count(*) FROM customers") as number, 1)
    })
  )

  it.live("a file that is held in rollback mode is opened as soon as it is free", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const { release } = yield* holder(file, "BEGIN EXCLUSIVE")
      const opening = yield* Effect.forkChild(timed(openStore(file)))
      const { ticks } = yield* longestBlock(Effect.sleep("200 millis"))
      assert.isAbove(ticks, 2)
      release()
      const { millis } = yield* Fiber.join(opening)
      assert.isAtLeast(millis, 190)
    })
  )
})

describe("a store in trouble", () => {
  it.live("refuses a write outside of a unit of work", () =>
    Effect.gen(function* () {
      const store = yield* openStore(yield* tempFile)
      const merchants = Context.get(store, MerchantRepository)
      const made = { name: "m", timeZone: TimeZone.make("UTC"), externalKeyPrefix: null }
      assert.strictEqual(yield* reasonOf(merchants.insert(made)), "read-only")
      assert.deepStrictEqual(yield* merchants.list, [])
    })
  )

  it.live(
    "says full when the disk is, keeps nothing of that unit, reads on, and writes again when there is room",
    () =>
      Effect.gen(function* () {
        const file = yield* tempFile
        const { connections, context: store } = yield* openWithConnections(file)
        const writer = connections[0] as DatabaseSync
        const merchant = yield* Effect.provide(makeMerchant(), store)
        const pages = Object.values(writer.prepare("PRAGMA page_count").get()!)[0] as number
        writer.exec(`PRAGMA max_page_count = ${pages + 8}`)
        const add = Effect.provide(addCustomer(merchant.id, { notes: "x".repeat(10_000) }), store)
        let added = 0
        let refused = yield* Effect.result(add)
        while (Result.isSuccess(refused) && added < 50) {
          added++
          refused = yield* Effect.result(add)
        }
        assert.isTrue(Result.isFailure(refused))
        const error = Result.isFailure(refused) ? refused.failure : undefined
        assert.instanceOf(error, StorageError)
        assert.deepInclude(error as object, { reason: "full", isRetryable: true })
        const customers = Context.get(store, CustomerRepository)
        assert.strictEqual(yield* customers.count(merchant.id, {}), added)
        assert.strictEqual(ask(file, "PRAGMA integrity_check"), "ok")
        writer.exec("PRAGMA max_page_count = 1000000")
        yield* add
        assert.strictEqual(yield* customers.count(merchant.id, {}), added + 1)
      })
  )
})
