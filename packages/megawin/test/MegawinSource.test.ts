/** A pass over a fake account: everybody, page by page, and what happens when it breaks off. */
import { assert, describe, it } from "@effect/vitest"
import { type Checkpoint, CustomerSource } from "@tillbridge/domain"
import { Effect, Exit, Result, Stream } from "effect"
import type { MegawinOptions } from "../src/index.ts"
import { endsOf, once, PASSWORD, setup, whileTimePasses } from "./clientSupport.ts"
import type { FakeVendor } from "./fakeVendor.ts"

const readPages = (vendor: FakeVendor, options: Partial<MegawinOptions> = {}) =>
  Effect.flatMap(CustomerSource, (source) => Stream.runCollect(source.pages(null))).pipe(
    Effect.provide(endsOf(vendor, options))
  )

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

  it.effect("sets aside a customer that cannot be read and tells all others", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      vendor.customers.splice(
        1,
        0,
        { login: "no key", password: PASSWORD },
        { clcleunik: 8, city: { name: "Gent" }, extra: [{ motdepasse: PASSWORD }] }
      )
      const pages = yield* readPages(vendor, { pageSize: 2 })
      assert.deepStrictEqual(
        pages.map(({ changes }) => changes.map(({ source }) => source.key)),
        [["1"], ["2"], ["3"], []]
      )
      const unreadable = pages.flatMap((page) => page.unreadable ?? [])
      assert.deepStrictEqual(
        unreadable.map(({ source, reason }) => [source?.key ?? null, reason]),
        [
          [null, "clcleunik: must be a key of at most 255 characters"],
          ["8", "city: must be a single value"]
        ]
      )
      assert.strictEqual(unreadable[1]!.payload, `{"clcleunik":8,"city":{"name":"Gent"},"extra":[{}]}`)
      assert.notInclude(JSON.stringify(pages), PASSWORD)
      // Whoever stopped behind such a page goes on where it ended.
      const source = yield* CustomerSource.pipe(Effect.provide(endsOf(vendor, { pageSize: 2 })))
      const rest = yield* Stream.runCollect(source.pages(pages[0]!.next))
      assert.deepStrictEqual(
        rest.flatMap(({ changes }) => changes.map(({ source }) => source.key)),
        ["2", "3"]
      )
    })
  )

  it.effect("outlives records that no parser takes, and keeps no password of them", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const member = (key: number, rest: string) => `{"clcleunik":${key},"password":"${PASSWORD}"${rest}}`
      const body = [
        member(1, ""),
        member(2, `,"notes":"\0","pass\\u0077ord":"${PASSWORD}"`),
        member(3, `,"notes":"${"x".repeat(300_000)}"`),
        member(4, `,"passphrase":["${PASSWORD}"],"lastName":"\0"`),
        `{"clcleunik":9007199254740993}`,
        `"somebody"`
      ].join(",")
      vendor.faults.push({ kind: "body", body: `{"success":"true","result":{"customer":[${body}]}}` })
      const [page, last] = yield* readPages(vendor)
      assert.deepStrictEqual(
        page!.changes.map(({ source }) => source.key),
        ["1", "9007199254740993"]
      )
      assert.deepStrictEqual(
        page!.unreadable!.map(({ source, reason }) => [source?.key ?? null, reason]),
        [
          ["2", "is no JSON"],
          ["3", "longer than 262144 bytes"],
          ["4", "is no JSON"],
          [null, "is no customer"]
        ]
      )
      assert.isFalse(last!.hasMore)
      const kept = page!.unreadable!.map(({ payload }) => payload)
      assert.notInclude(JSON.stringify(kept), PASSWORD)
      assert.strictEqual(kept[0], `{"clcleunik":2,"password":null,"notes":"\0","pass\\u0077ord":null}`)
      assert.strictEqual(kept[2], `{"clcleunik":4,"password":null,"passphrase":null`)
    })
  )

  it.effect("reads a payload again as it reads a list", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const { reread, system } = yield* CustomerSource.pipe(
        Effect.provide(endsOf(vendor, { system: "shop in Gent" }))
      )
      assert.strictEqual(system, "shop in Gent")
      assert.deepStrictEqual(
        Result.getOrThrow(reread(`{"clcleunik":8,"city":"Gent","password":"${PASSWORD}"}`)),
        {
          source: { system: "shop in Gent", key: "8" },
          customer: { address: { city: "Gent" } },
          cards: []
        }
      )
      const again = reread(`{"clcleunik":8,"city":{}}`)
      assert.deepStrictEqual(Result.isFailure(again) ? again.failure : null, {
        source: { system: "shop in Gent", key: "8" },
        reason: "city: must be a single value",
        payload: `{"clcleunik":8,"city":{}}`
      })
    })
  )
})
