/** A site as a destination: who is found, who is made, and when it refuses. */
import { assert, describe, it } from "@effect/vitest"
import { type CustomerChange, CustomerDestination } from "@tillbridge/domain"
import { Effect, Layer } from "effect"
import { layerPolarisDestination, type PolarisOptions } from "../src/index.ts"
import { layerOf, once, setup as setupClient } from "./clientSupport.ts"

const setup = Effect.fnUntraced(function* (options: Partial<PolarisOptions> = {}) {
  const { site } = yield* setupClient(options)
  const layer = layerPolarisDestination.pipe(Layer.provide(layerOf(site, { ...once, ...options })))
  const destination = yield* Effect.provide(CustomerDestination, yield* Layer.build(layer))
  return { site, destination }
})

const change = (key: string, customer: CustomerChange["customer"], system = "elsewhere"): CustomerChange => ({
  source: { system, key },
  customer,
  cards: []
})

describe("putCustomer", () => {
  it.effect("makes a client under its key and changes it afterwards", () =>
    Effect.gen(function* () {
      const { destination, site } = yield* setup()
      const made = yield* destination.putCustomer(change("7", { lastName: "NEW", phone: null }))
      assert.deepStrictEqual(made, { key: "1001", isNew: true })
      assert.strictEqual(site.clients.at(-1)?.cle, "elsewhere:7")
      const again = yield* destination.putCustomer(change("7", { firstName: "Anne" }))
      assert.deepStrictEqual(again, { key: "1001", isNew: false })
      assert.deepStrictEqual(site.clients.at(-1)?.members, { Nom: "NEW", Telephone: "", Prenom: "Anne" })
      const known = { externalIds: [{ system: "SHOP", key: "WEB-1" }], lastName: "KEY" }
      yield* destination.putCustomer(change("8", known))
      assert.strictEqual(site.clients.at(-1)?.cle, "WEB-1")
      assert.lengthOf(site.clients, 5)
    })
  )

  it.effect("changes by number who came from there, and makes nobody", () =>
    Effect.gen(function* () {
      const { destination, site } = yield* setup()
      assert.deepStrictEqual(yield* destination.putCustomer(change("2", { lastName: "X" }, "polaris")), {
        key: "2",
        isNew: false
      })
      const elsewhere = { externalIds: [{ system: "polaris", key: "3" }], lastName: "Y" }
      assert.deepStrictEqual(yield* destination.putCustomer(change("a", elsewhere)), {
        key: "3",
        isNew: false
      })
      assert.deepStrictEqual(
        site.clients.map(({ members }) => members["Nom"]),
        ["DURAND", "X", "Y"]
      )
      const gone = yield* Effect.flip(destination.putCustomer(change("99", { lastName: "Z" }, "polaris")))
      assert.strictEqual(gone.reason._tag, "Refused")
      assert.lengthOf(site.clients, 3)
    })
  )

  it.effect("refuses a site that does not find by key, after the first one", () =>
    Effect.gen(function* () {
      const { destination, site } = yield* setup()
      // Its reads do not find by key either.
      site.findsByKey = false
      site.faults.push(
        { kind: "status", status: 404 },
        { kind: "body", body: "<long>1001</long>" },
        { kind: "status", status: 404 }
      )
      const error = yield* Effect.flip(destination.putCustomer(change("7", { lastName: "NEW" })))
      assert.include(error.message, "clients are not found by Cle here: writing would double them")
    })
  )

  it.effect("refuses without a prefix what has no number of the site", () =>
    Effect.gen(function* () {
      const { destination, site } = yield* setup({ prefixCle: undefined })
      const error = yield* Effect.flip(destination.putCustomer(change("7", { lastName: "NEW" })))
      assert.include(error.message, "no prefixCle is configured")
      yield* destination.putCustomer(change("1", { lastName: "X" }, "polaris"))
      assert.lengthOf(site.clients, 3)
    })
  )

  it.effect("nothing saved is an error", () =>
    Effect.gen(function* () {
      const { destination, site } = yield* setup()
      site.faults.push({ kind: "body", body: "null" })
      const error = yield* Effect.flip(destination.putCustomer(change("1", { lastName: "X" }, "polaris")))
      assert.include(error.message, "nothing was saved")
    })
  )

  it.effect("the shop is written only where that is chosen", () =>
    Effect.gen(function* () {
      for (const writeStore of [false, true]) {
        const { destination, site } = yield* setup({ writeStore })
        yield* destination.putCustomer(change("1", { registeredIn: 4 as never }, "polaris"))
        assert.strictEqual(site.clients[0]?.members["CodeMagasin"], writeStore ? "4" : undefined)
      }
    })
  )
})

describe("cards", () => {
  it.effect("are refused without asking the site", () =>
    Effect.gen(function* () {
      const { destination, site } = yield* setup()
      assert.isFalse(destination.capabilities.canUpsertCard)
      for (const call of [
        destination.putCard({ number: "1", patch: {}, typeName: null }, null),
        destination.removeCard("1")
      ]) {
        const error = yield* Effect.flip(call)
        assert.strictEqual(error.reason._tag, "Refused")
      }
      assert.lengthOf(site.received, 0)
    })
  )
})
