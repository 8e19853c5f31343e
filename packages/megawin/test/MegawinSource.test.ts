/** A pass over a fake account: everybody, page by page, and what happens when it breaks off. */
import { assert, describe, it } from "@effect/vitest"
import { type Checkpoint, CustomerSource } from "@tillbridge/domain"
import { Effect, Exit, Stream } from "effect"
import { endsOf, failureOf, once, PASSWORD, setup, whileTimePasses } from "./clientSupport.ts"

describe("a pass", () => {
  it.effect("tells everybody once, in pages, and goes on from any checkpoint", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      yield* Effect.gen(function* () {
        const source = yield* CustomerSource
        assert.strictEqual(source.capabilities.feed, "snapshot")
        const pages = yield* Stream.runCollect(source.pages(null))
        assert.deepStrictEqual(
          pages.map(({ changes, hasMore }) => [changes.map(({ source }) => source.key), hasMore]),
          [
            [["1", "2"], true],
            [["3"], true],
            [[], false]
          ]
        )
        assert.notInclude(JSON.stringify(pages), PASSWORD)
        assert.deepStrictEqual(pages[0]?.changes[1]?.customer, {
          lastName: "Claes",
          extensions: { megawin: { showPrice: true, extra: { n: 1 } } }
        })
        // Where one reader stopped another goes on, and after the last page everything begins anew.
        const keysFrom = (from: Checkpoint) =>
          Effect.map(Stream.runCollect(source.pages(from)), (read) =>
            read.flatMap(({ changes }) => changes.map(({ source }) => source.key))
          )
        assert.deepStrictEqual(yield* keysFrom(pages[0]!.next), ["3"])
        assert.deepStrictEqual(yield* keysFrom(pages[1]!.next), [])
        assert.deepStrictEqual(yield* keysFrom(pages[2]!.next), ["1", "2", "3"])
        vendor.customers.splice(1, 1)
        assert.deepStrictEqual(yield* keysFrom(pages[0]!.next), ["1", "3"], "who was last is gone")
      }).pipe(Effect.provide(endsOf(vendor, { pageSize: 2 })))
      assert.lengthOf(vendor.received, 6)
    })
  )

  it.effect("of an empty account is one empty page", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      vendor.customers.length = 0
      const pages = yield* Effect.flatMap(CustomerSource, (source) =>
        Stream.runCollect(source.pages(null))
      ).pipe(Effect.provide(endsOf(vendor)))
      assert.deepStrictEqual(
        pages.map(({ changes, hasMore }) => [changes.length, hasMore]),
        [[0, false]]
      )
    })
  )

  it.effect("of a long list is read while it comes: its first page is there before its end", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      for (let n = 4; n <= 5_000; n++) vendor.customers.push({ clcleunik: n, lastName: "x".repeat(200) })
      // Half of the list, and then nothing more.
      vendor.faults.push({ kind: "half" })
      const keys: Array<string> = []
      const { exit } = yield* whileTimePasses(
        Effect.flatMap(CustomerSource, (source) =>
          Stream.runForEach(source.pages(null), ({ changes }) =>
            Effect.sync(() => void keys.push(...changes.map(({ source }) => source.key)))
          )
        ).pipe(Effect.provide(endsOf(vendor, once)), Effect.orDie)
      )
      assert.isFalse(Exit.isSuccess(exit))
      assert.isAbove(keys.length, 1_000)
      assert.deepStrictEqual(
        keys,
        Array.from({ length: keys.length }, (_, index) => String(index + 1))
      )
    })
  )

  it.effect("stops at a customer that cannot be read, after those before it", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      vendor.customers.splice(2, 0, { login: "no key" })
      const keys: Array<string> = []
      const { exit } = yield* whileTimePasses(
        Effect.flatMap(CustomerSource, (source) =>
          Stream.runForEach(source.pages(null), ({ changes }) =>
            Effect.sync(() => void keys.push(...changes.map(({ source }) => source.key)))
          )
        ).pipe(
          Effect.provide(endsOf(vendor, { pageSize: 1 })),
          (effect) => effect as Effect.Effect<void, never>
        )
      )
      assert.deepStrictEqual(keys, ["1", "2"])
      assert.strictEqual(
        failureOf(exit as never).message,
        "megawin list failed (Malformed): customer 3 of the list cannot be read"
      )
    })
  )
})
