/** Writing to a fake account: who is updated, who is added, and how the new key is found. */
import { assert, describe, it } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import { type CustomerChange, CustomerDestination, type CustomerRecord } from "@tillbridge/domain"
import { Effect } from "effect"
import { endsOf, once, setup } from "./clientSupport.ts"
import type { FakeVendor } from "./fakeVendor.ts"

const change = (key: string, customer: CustomerRecord): CustomerChange => ({
  source: { system: "elsewhere", key },
  customer,
  cards: []
})

const eve: CustomerRecord = {
  firstName: "Eve",
  lastName: "Dubois",
  email: "eve@example.test",
  address: { line1: "Rue 1", city: "Liège" },
  company: { name: "Dubois SA" },
  group: { name: "VIP" },
  phone: null
}

const putting = <A, E>(
  vendor: FakeVendor,
  body: (
    put: (change: CustomerChange) => Effect.Effect<{ key: string; isNew: boolean }, SourceError>
  ) => Effect.Effect<A, E>
) =>
  Effect.flatMap(CustomerDestination, ({ putCustomer }) => body(putCustomer)).pipe(
    Effect.provide(endsOf(vendor, once))
  )

const refusal = (detail: string) => `megawin putCustomer failed (Refused): ${detail}`

describe("a customer", () => {
  it.effect("that is not there is added, found by its e-mail, and told the rest", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const written = yield* putting(vendor, (put) => put(change("e1", eve)))
      assert.deepStrictEqual(written, { key: "104", isNew: true })
      const { password, ...row } = vendor.customers.at(-1)!
      assert.isAtLeast(String(password).length, 20)
      assert.deepStrictEqual(row, {
        clcleunik: 104,
        login: "eve",
        lastName: "Dubois",
        firstName: "Eve",
        email: "eve@example.test",
        denomination: "Dubois SA",
        groupePrice: "VIP",
        address: "Rue 1",
        city: "Liège",
        phone: ""
      })
      assert.deepStrictEqual(
        vendor.received.map(({ method, path }) => `${method} ${path}`),
        [
          "GET /base/CUSTOMER/LIST/",
          "POST /base/customer/add",
          "GET /base/CUSTOMER/LIST/",
          "POST /base/customer/update/"
        ]
      )
    })
  )

  it.effect("that has a key there is updated by it, whether it is its source's or another's word", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const own = { system: "megawin", key: "2" }
      const results = yield* putting(vendor, (put) =>
        Effect.all([
          put({
            ...change("x", { city: "A" } as CustomerRecord),
            customer: { address: { city: "A" }, externalIds: [own] }
          }),
          put({ source: own, customer: { address: { city: "B" } }, cards: [] })
        ])
      )
      assert.deepStrictEqual(results, [
        { key: "2", isNew: false },
        { key: "2", isNew: false }
      ])
      assert.deepStrictEqual(
        vendor.received.map(({ body, path }) => [path, body]),
        [
          ["/base/customer/update/", { id_client: "2", city: "A" }],
          ["/base/customer/update/", { id_client: "2", city: "B" }]
        ]
      )
      const gone = yield* putting(vendor, (put) =>
        Effect.flip(put({ source: { system: "megawin", key: "77" }, customer: {}, cards: [] }))
      )
      assert.strictEqual(gone.message, "megawin update failed (Refused): client inconnu")
    })
  )

  it.effect("is not doubled when it is told again, by this process or by the next", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const keys = yield* putting(vendor, (put) =>
        Effect.all([
          put(change("e1", eve)),
          put(change("e1", eve)),
          put(change("e1", { ...eve, lastName: "Renamed", email: "new@example.test" })),
          put(change("e1", eve))
        ])
      )
      assert.deepStrictEqual(
        keys.map(({ isNew, key }) => [key, isNew]),
        [
          ["104", true],
          ["104", false],
          ["104", false],
          ["104", false]
        ]
      )
      assert.deepStrictEqual(yield* putting(vendor, (put) => put(change("e1", eve))), {
        key: "104",
        isNew: false
      })
      assert.lengthOf(vendor.customers, 4)
    })
  )

  it.effect("is not doubled when the answer to the add got lost", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      yield* putting(vendor, (put) =>
        Effect.gen(function* () {
          vendor.faults.push({ kind: "body", body: `{"success":"true","result":{"customer":[]}}` })
          vendor.faults.push({ kind: "half", after: true })
          const lost = yield* Effect.flip(put(change("e1", eve)))
          assert.strictEqual(lost.reason._tag, "Unreachable")
          assert.deepStrictEqual(yield* put(change("e1", eve)), { key: "104", isNew: false })
        })
      )
      assert.lengthOf(vendor.customers, 4)
    })
  )

  it.effect("without an e-mail cannot be added, and says so", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      for (const email of [undefined, null, " "]) {
        const { email: _, ...rest } = eve
        const error = yield* putting(vendor, (put) =>
          Effect.flip(put(change("e1", email === undefined ? rest : { ...rest, email })))
        )
        assert.strictEqual(error.message, refusal("a customer without e-mail cannot be added"))
      }
      assert.lengthOf(vendor.received, 0)
    })
  )

  it.effect("does not take the place of somebody else with the same e-mail", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const before = structuredClone(vendor.customers)
      const error = yield* putting(vendor, (put) =>
        Effect.flip(put(change("e1", { ...eve, email: "a+b@c" })))
      )
      assert.strictEqual(error.message, refusal("another customer has this e-mail"))
      vendor.customers.push({ clcleunik: 9, email: "A+B@c" })
      vendor.filtersByEmail = false
      const two = yield* putting(vendor, (put) => Effect.flip(put(change("e1", { ...eve, email: "a+b@c" }))))
      assert.strictEqual(two.message, refusal("several customers have this e-mail"))
      assert.deepStrictEqual(vendor.customers.slice(0, 3), before)
    })
  )

  it.effect("is found at a vendor that answers everybody, and one that is not found is an error", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      vendor.filtersByEmail = false
      assert.deepStrictEqual(yield* putting(vendor, (put) => put(change("e1", eve))), {
        key: "104",
        isNew: true
      })
      vendor.faults.push({ kind: "body", body: `{"success":true,"result":{"customer":[]}}` })
      vendor.faults.push({ kind: "body", body: `{"success":true,"result":{"customer":[{"login":"x"}]}}` })
      const error = yield* putting(vendor, (put) => Effect.flip(put(change("e2", { ...eve, email: "n@o" }))))
      assert.strictEqual(error.message, refusal("the customer that was added is not found by its e-mail"))
    })
  )

  it.effect("whose name nobody knows is added with a dash, which is taken back", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      yield* putting(vendor, (put) =>
        put(change("e1", { email: "n@o", firstName: null, lastName: null, company: { name: null } }))
      )
      const row = vendor.customers.at(-1)!
      assert.deepStrictEqual([row["lastName"], row["firstName"], row["denomination"]], ["", "", ""])
      assert.strictEqual(vendor.received[1]!.body["nom"], "-")
      // And by the next process it is known again by having no name.
      const again = yield* putting(vendor, (put) =>
        put(change("e1", { email: "n@o", firstName: null, lastName: null }))
      )
      assert.deepStrictEqual(again, { key: "104", isNew: false })
    })
  )
})

describe("a card", () => {
  it.effect("has no place there", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      yield* Effect.gen(function* () {
        const { capabilities, putCard, removeCard } = yield* CustomerDestination
        assert.deepStrictEqual([capabilities.carriesCards, capabilities.canUpsertCard], [false, false])
        const put = yield* Effect.flip(putCard({ number: "1", patch: {}, typeName: null }, null))
        const removed = yield* Effect.flip(removeCard("1"))
        assert.strictEqual(put.message, "megawin putCard failed (Refused): there are no cards")
        assert.strictEqual(removed.message, "megawin removeCard failed (Refused): there are no cards")
      }).pipe(Effect.provide(endsOf(vendor, once)))
      assert.lengthOf(vendor.received, 0)
    })
  )
})
