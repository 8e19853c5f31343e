/** Looking customers up in a fake account, and removing them. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerDestination, CustomerSource, type LookUp } from "@tillbridge/domain"
import { Effect, Stream } from "effect"
import { endsOf, once, PASSWORD, setup } from "./clientSupport.ts"

const found = (by: LookUp) =>
  Effect.flatMap(CustomerDestination, ({ lookUp }) => lookUp(by)).pipe(
    Effect.map((changes) => changes.map(({ source }) => source.key))
  )

describe("a look-up", () => {
  it.effect("finds by key and by e-mail, whether the account knows the filter or not", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      for (const filters of [true, false]) {
        vendor.filtersByEmail = filters
        yield* Effect.gen(function* () {
          const { lookUps } = yield* CustomerDestination
          assert.deepStrictEqual(lookUps, ["key", "email"])
          assert.deepStrictEqual(yield* found({ by: "key", key: "2" }), ["2"])
          assert.deepStrictEqual(yield* found({ by: "key", key: "77" }), [])
          assert.deepStrictEqual(yield* found({ by: "key", key: " " }), [])
          assert.deepStrictEqual(yield* found({ by: "email", value: "a+b@c" }), ["1"])
          assert.deepStrictEqual(yield* found({ by: "email", value: "nobody@example.test" }), [])
        }).pipe(Effect.provide(endsOf(vendor, once)))
      }
    })
  )

  it.effect("tells a customer as the source tells it, and never a password", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      yield* Effect.gen(function* () {
        const [page] = yield* Stream.runCollect((yield* CustomerSource).pages(null))
        const changes = yield* (yield* CustomerDestination).lookUp({ by: "key", key: "2" })
        assert.deepStrictEqual(changes, [page!.changes[1]!])
        assert.notInclude(JSON.stringify(changes), PASSWORD)
      }).pipe(Effect.provide(endsOf(vendor, { ...once, system: "north" })))
    })
  )

  it.effect("is refused in a way that the account does not have", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const ways: ReadonlyArray<LookUp> = [
        { by: "card", value: "1" },
        { by: "phone", value: "1" },
        { by: "externalId", externalId: { system: "shop", key: "1" } }
      ]
      for (const way of ways) {
        const error = yield* Effect.flip(found(way)).pipe(Effect.provide(endsOf(vendor, once)))
        assert.strictEqual(error.reason._tag, "Refused")
      }
      assert.lengthOf(vendor.received, 0)
    })
  )

  it.effect("fails for one that cannot be read only where it may be the one that is meant", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      vendor.filtersByEmail = false
      vendor.customers.push({ clcleunik: 9, email: "broken@example.test", city: {} })
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* found({ by: "email", value: "a+b@c" }), ["1"])
        const error = yield* Effect.flip(found({ by: "email", value: "broken@example.test" }))
        assert.strictEqual(
          error.message,
          "megawin lookUp failed (Malformed): a customer that was found: city: must be a single value"
        )
      }).pipe(Effect.provide(endsOf(vendor, once)))
    })
  )
})

describe("a removal", () => {
  it.effect("takes one customer away, and is done already for one that is gone", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      yield* Effect.gen(function* () {
        const { capabilities, removeCustomer } = yield* CustomerDestination
        assert.isTrue(capabilities.canDeleteCustomer)
        yield* removeCustomer("2")
        assert.deepStrictEqual(
          vendor.customers.map(({ clcleunik }) => String(clcleunik)),
          ["1", "3"]
        )
        yield* removeCustomer("2")
      }).pipe(Effect.provide(endsOf(vendor, once)))
    })
  )

  it.effect("that is refused for one who is still there is a failure", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      vendor.faults.push({ kind: "body", body: `{"success":"false","message":"has open orders"}` })
      const error = yield* Effect.flip(
        Effect.flatMap(CustomerDestination, ({ removeCustomer }) => removeCustomer("2")).pipe(
          Effect.provide(endsOf(vendor, once))
        )
      )
      assert.strictEqual(error.message, "megawin delete failed (Refused): has open orders")
      assert.lengthOf(vendor.customers, 3)
    })
  )
})
