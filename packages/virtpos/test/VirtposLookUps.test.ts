/** Looking customers up at a fake site, which knows the filters or does not. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerDestination, CustomerSource, type LookUp } from "@tillbridge/domain"
import { Effect, Layer, Stream } from "effect"
import { layerVirtposDestination, layerVirtposSource, type VirtposOptions } from "../src/index.ts"
import { clientLayerOf } from "./clientSupport.ts"
import { type FakeVendor, fakeVendor } from "./fakeVendor.ts"

const KEY = "K1"

const endsOf = (vendor: FakeVendor, options: Partial<VirtposOptions> = {}) =>
  Layer.mergeAll(layerVirtposSource, layerVirtposDestination).pipe(
    Layer.provide(clientLayerOf(vendor, KEY, { retry: { times: 0 }, ...options }))
  )

const setup = Effect.fnUntraced(function* () {
  const vendor = yield* fakeVendor(KEY)
  vendor.customers.push(
    { id: "1", fname: "Anna", phone: "+79990000001", email: "anna@example.test", external_id: "A-1" },
    { id: "2", fname: "Petr", phone: "+79990000002", last_update_date: "2024-03-10 12:00:01" },
    { id: "3", fname: "Olga", phone: "+79990000001", external_id: "shop:3" }
  )
  vendor.cards.push({ card_id: "5", uid: "0012", customer_id: "2" })
  return vendor
})

const found = (by: LookUp) =>
  Effect.flatMap(CustomerDestination, ({ lookUp }) => lookUp(by)).pipe(
    Effect.map((changes) => changes.map(({ source }) => source.key))
  )

describe("a look-up", () => {
  it.effect("finds by key, external id, phone and e-mail, whether the site knows a filter or not", () =>
    Effect.gen(function* () {
      const vendor = yield* setup()
      for (const filters of [true, false]) {
        vendor.filters = filters
        yield* Effect.gen(function* () {
          const { lookUps } = yield* CustomerDestination
          assert.deepStrictEqual(lookUps, ["key", "externalId", "phone", "email"])
          assert.deepStrictEqual(yield* found({ by: "key", key: "2" }), ["2"])
          assert.deepStrictEqual(yield* found({ by: "key", key: "77" }), [])
          assert.deepStrictEqual(yield* found({ by: "key", key: "x" }), [])
          const external = (system: string, key: string) =>
            found({ by: "externalId", externalId: { system, key } })
          assert.deepStrictEqual(yield* external("virtpos.external", "A-1"), ["1"])
          assert.deepStrictEqual(yield* external("shop", "3"), ["3"])
          assert.deepStrictEqual(yield* external("virtpos", "3"), ["3"])
          assert.deepStrictEqual(yield* external("other", "3"), [])
          assert.deepStrictEqual(yield* found({ by: "phone", value: "+79990000001" }), ["1", "3"])
          assert.deepStrictEqual(yield* found({ by: "phone", value: "none" }), [])
          // A site may find other spellings than the one that was asked for.
          const spelled = filters ? [] : ["2"]
          assert.deepStrictEqual(yield* found({ by: "phone", value: "8 999 000-00-02" }), spelled)
          assert.deepStrictEqual(yield* found({ by: "email", value: "anna@example.test" }), ["1"])
          assert.deepStrictEqual(yield* found({ by: "email", value: "" }), [])
        }).pipe(Effect.provide(endsOf(vendor)))
      }
    })
  )

  it.effect("tells a customer as the source tells it, in a site of any name", () =>
    Effect.gen(function* () {
      const vendor = yield* setup()
      for (const format of ["xml", "json"] as const) {
        yield* Effect.gen(function* () {
          const [page] = yield* Stream.runCollect((yield* CustomerSource).pages(null))
          const changes = yield* (yield* CustomerDestination).lookUp({ by: "key", key: "2" })
          assert.deepStrictEqual(changes, [page!.changes[1]!])
          assert.strictEqual(changes[0]!.source.system, "north")
          assert.strictEqual(changes[0]!.modifiedAt?.toJSON(), "2024-03-10T09:00:01.000Z")
          assert.deepStrictEqual(
            changes[0]!.cards.map(({ number }) => number),
            ["0012"]
          )
        }).pipe(Effect.provide(endsOf(vendor, { format, system: "north" })))
      }
    })
  )

  it.effect("by card is refused without a request, and so is a removal", () =>
    Effect.gen(function* () {
      const vendor = yield* setup()
      const { capabilities, lookUp, removeCustomer } = yield* CustomerDestination.pipe(
        Effect.provide(endsOf(vendor))
      )
      assert.isFalse(capabilities.canDeleteCustomer)
      const lookedUp = yield* Effect.flip(lookUp({ by: "card", value: "0012" }))
      const removed = yield* Effect.flip(removeCustomer("1"))
      assert.deepStrictEqual([lookedUp.reason._tag, removed.reason._tag], ["Refused", "Refused"])
      assert.lengthOf(vendor.received, 0)
    })
  )

  it.effect("is refused where a site tells too many to be sure, and fails for one that cannot be read", () =>
    Effect.gen(function* () {
      const vendor = yield* setup()
      vendor.filters = false
      for (let id = 4; id <= 120; id++) vendor.customers.push({ id: String(id) })
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip(found({ by: "phone", value: "+79990000002" }))
        assert.strictEqual(
          error.message,
          "virtpos lookUp failed (Refused): the list does not find customers by phone here"
        )
        vendor.faults.push({
          kind: "body",
          body: `{"success":1,"customers":[{"id":2,"phone":"+79990000002","fname":[1]}]}`
        })
        const broken = yield* Effect.flip(found({ by: "phone", value: "+79990000002" }))
        assert.strictEqual(
          broken.message,
          "virtpos lookUp failed (Malformed): a customer that was found: fname: must be a single value"
        )
      }).pipe(Effect.provide(endsOf(vendor)))
    })
  )
})
