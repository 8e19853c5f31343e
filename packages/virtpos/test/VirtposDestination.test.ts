import { assert, describe, it } from "@effect/vitest"
import { type CardRecord, type CustomerChange, CustomerDestination, moneyFromText } from "@tillbridge/domain"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { layerVirtposDestination, Virtpos, VirtposClient } from "../src/index.ts"
import { fakeVendor } from "./fakeVendor.ts"
import { moscow } from "./support.ts"

const setup = Effect.fnUntraced(function* () {
  const vendor = yield* fakeVendor("K1")
  const destination = yield* CustomerDestination.pipe(
    Effect.provide(
      layerVirtposDestination.pipe(
        Layer.provide(
          VirtposClient.layer({
            baseUrl: vendor.url,
            apiKey: Redacted.make("K1"),
            timeZone: moscow,
            externalSystem: "polaris",
            retry: { times: 1, base: 1 }
          })
        ),
        Layer.provide(FetchHttpClient.layer)
      )
    )
  )
  return { vendor, destination }
})

const change = (
  key: string,
  customer: CustomerChange["customer"] = { firstName: "Anna" },
  system = "polaris"
): CustomerChange => ({
  customer,
  cards: [],
  source: { system, key }
})

describe("putCustomer", () => {
  it.effect("creates once and updates ever after", () =>
    Effect.gen(function* () {
      const { destination, vendor } = yield* setup()
      const first = yield* destination.putCustomer(change("SHOP/1"))
      assert.deepStrictEqual(first, { key: "1", isNew: true })
      const second = yield* destination.putCustomer(change("SHOP/1", { firstName: "Ann", email: null }))
      assert.deepStrictEqual(second, { key: "1", isNew: false })
      assert.deepStrictEqual(vendor.customers, [{ id: "1", external_id: "SHOP/1", fname: "Ann", email: "" }])
    })
  )

  it.effect("sends every field that this dialect carries, and no other", () =>
    Effect.gen(function* () {
      const { destination, vendor } = yield* setup()
      yield* destination.putCustomer(
        change("1", {
          firstName: "Anna",
          middleName: null,
          lastName: "Орлова",
          gender: "female",
          email: null,
          phone: null,
          mobilePhone: "+79990000001",
          notes: "n",
          birthDate: { day: 5, month: null },
          consents: { sms: true },
          accumulatedSales: Option.getOrThrow(moneyFromText("4545.50")),
          group: { id: 3, name: "VIP" },
          registeredAt: DateTime.makeUnsafe("2024-01-02T00:04:05Z"),
          title: "Dr",
          createdAt: DateTime.makeUnsafe(0),
          extensions: { virtpos: { level: "gold" } }
        })
      )
      assert.deepStrictEqual(vendor.received[0]!.body, {
        fname: "Anna",
        lname: "Орлова",
        mname: "",
        email: "",
        phone: "+79990000001",
        gender: "F",
        custom_information: "n",
        birth_day: "5",
        birth_month: "",
        register_date: "2024-01-02 03:04:05",
        accumulated_sales: "4545.5",
        send_sms: "1",
        group_name: "VIP"
      })
    })
  )

  it.effect("equal keys of two systems are two customers", () =>
    Effect.gen(function* () {
      const { destination, vendor } = yield* setup()
      yield* destination.putCustomer(change("7"))
      yield* destination.putCustomer(change("7", {}, "store"))
      assert.deepStrictEqual(
        vendor.customers.map((row) => row["external_id"]),
        ["7", "store:7"]
      )
    })
  )

  it.effect("one that came from here goes back to its own id", () =>
    Effect.gen(function* () {
      const { destination, vendor } = yield* setup()
      vendor.customers.push({ id: "5", fname: "A" })
      const put = yield* destination.putCustomer({
        ...change("9", { firstName: "B", externalIds: [{ system: "virtpos", key: "5" }] }, "store")
      })
      assert.deepStrictEqual(put, { key: "5", isNew: false })
      assert.deepStrictEqual(vendor.customers, [{ id: "5", fname: "B" }])
    })
  )

  it.effect("stops at the first customer where updates do not look by external_id", () =>
    Effect.gen(function* () {
      const { destination, vendor } = yield* setup()
      vendor.findsByExternalId = false
      const error = yield* Effect.flip(destination.putCustomer(change("1")))
      assert.strictEqual(error.reason._tag, "Refused")
      assert.include(error.message, "writing would double them")
      assert.lengthOf(vendor.customers, 1)
    })
  )
})

describe("cards", () => {
  const card: CardRecord = {
    number: "0012345678901234567",
    typeName: "Gold",
    patch: {
      status: "blocked",
      medium: "app",
      blockedAt: DateTime.makeUnsafe("2024-01-02T00:04:05Z"),
      activatedAt: null,
      externalIds: [{ system: "polaris", key: "c1" }],
      ean13: null,
      barcode: "123"
    }
  }

  it.effect("are put by their number, with their owner", () =>
    Effect.gen(function* () {
      const { destination, vendor } = yield* setup()
      assert.deepStrictEqual(yield* destination.putCard(card, { system: "polaris", key: "9" }), {
        key: "1",
        isNew: true
      })
      assert.deepStrictEqual(yield* destination.putCard(card, { system: "virtpos", key: "5" }), {
        key: "1",
        isNew: false
      })
      assert.deepStrictEqual(vendor.cards, [
        {
          card_id: "1",
          uid: "0012345678901234567",
          external_id: "c1",
          barcode: "123",
          medium: "APP",
          status: "BLOCKED",
          block_date: "2024-01-02 03:04:05",
          activate_date: "",
          type_name: "Gold",
          customer_external_id: "9",
          customer_id: "5"
        }
      ])
    })
  )

  it.effect("are removed by their number", () =>
    Effect.gen(function* () {
      const { destination, vendor } = yield* setup()
      yield* destination.putCard(card, null)
      yield* destination.removeCard(card.number)
      assert.lengthOf(vendor.cards, 0)
      assert.strictEqual((yield* Effect.flip(destination.removeCard(card.number))).reason._tag, "Refused")
    })
  )
})

describe("the dialect's record", () => {
  it("says what it can do", () => {
    assert.deepStrictEqual(Virtpos, {
      id: "virtpos",
      title: "VirtualPOS",
      vendor: "VirtualPOS (virtpos.ru)",
      paths: ["/api/customer"],
      capabilities: {
        feed: "pages",
        canUpsertCustomer: true,
        canDeleteCustomer: false,
        carriesCards: true,
        carriesAllCards: true,
        canUpsertCard: true,
        credentials: "key",
        formats: ["xml", "json"]
      }
    })
  })
})
