import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import {
  type CustomerChange,
  CustomerId,
  type CustomerWithCards,
  type LoyaltyCard,
  lossesOf,
  lossOf,
  makeConversion,
  moneyFromText,
  probeCustomer,
  probeFields,
  recordOfCustomer,
  StoreId
} from "../src/index.ts"

const now = DateTime.makeUnsafe("2026-11-22T09:00:00Z")
const then = DateTime.makeUnsafe("2020-01-02T03:04:05Z")
const money = (text: string) => Option.getOrThrow(moneyFromText(text))

const told = (key: string, rest: Partial<CustomerChange> = {}): CustomerChange => ({
  customer: {},
  cards: [],
  source: { system: "till", key },
  ...rest
})

describe("a customer made of what a vendor told", () => {
  it("has what was told, and nothing is made up", () => {
    const { cards, customer } = makeConversion(now)(
      told("17", {
        customer: {
          firstName: "Ada",
          birthDate: { day: 10, month: 12 },
          consents: { sms: true },
          accumulatedSales: money("15.5"),
          group: { id: 99, name: "Gold" },
          createdAt: then,
          createdBy: 3,
          extensions: { till: { colour: "blue" } }
        },
        cards: [
          { number: "007", patch: { status: "active", medium: "app" }, typeName: "Silver" },
          { number: "1234567890123456", patch: {}, typeName: null }
        ]
      })
    )
    assert.strictEqual(customer.id, 17)
    assert.strictEqual(customer.firstName, "Ada")
    assert.strictEqual(customer.lastName, null)
    assert.deepStrictEqual(customer.birthDate, { day: 10, month: 12, year: null })
    assert.deepStrictEqual(customer.consents, { push: false, email: false, sms: true })
    assert.deepStrictEqual<unknown>(customer.group, { id: 1, name: "Gold" })
    assert.deepStrictEqual(customer.externalIds, [])
    assert.deepStrictEqual(customer.extensions, { till: { colour: "blue" } })
    assert.strictEqual(customer.registeredAt, null)
    assert.deepStrictEqual([customer.createdAt, customer.createdBy], [then, 3])
    assert.deepStrictEqual([customer.updatedAt, customer.updatedBy], [now, null])
    assert.deepStrictEqual<unknown>(
      cards.map(({ activatedAt, customerId, ean13, id, medium, number, registeredAt, status, type }) => ({
        activatedAt,
        customerId,
        ean13,
        id,
        medium,
        number,
        registeredAt,
        status,
        type
      })),
      [
        {
          activatedAt: null,
          customerId: 17,
          ean13: "0000000000079",
          id: 1,
          medium: "app",
          number: "007",
          registeredAt: null,
          status: "active",
          type: { id: 1, name: "Silver" }
        },
        {
          activatedAt: null,
          customerId: 17,
          ean13: null,
          id: 2,
          medium: null,
          number: "1234567890123456",
          registeredAt: null,
          status: "new",
          type: null
        }
      ]
    )
  })

  it("keeps a key that is no number beside an id of its own, which no number can be", () => {
    const convert = makeConversion(now)
    const ids = ["A-1", "007", "7", "", "9007199254740993", "0", "-5"].map((key) => {
      const { customer } = convert(told(key))
      return [customer.id, customer.externalIds.map(({ key, system }) => `${system}:${key}`).join()]
    })
    assert.deepStrictEqual<unknown>(ids, [
      [4503599627370497, "till:A-1"],
      [4503599627370498, "till:007"],
      [7, ""],
      [4503599627370500, ""],
      [4503599627370501, "till:9007199254740993"],
      [4503599627370502, "till:0"],
      [4503599627370503, "till:-5"]
    ])
  })

  it("gives one name one number", () => {
    const convert = makeConversion(now)
    const groups = ["Gold", "Silver", "Gold"].map((name) =>
      convert(told("1", { customer: { group: { name } } }))
    )
    assert.deepStrictEqual<unknown>(
      groups.map(({ customer }) => customer.group?.id),
      [1, 2, 1]
    )
  })
})

const whole = probeCustomer(probeFields)

/** As a vendor tells it that carries everything. */
const exactly = ({ cards, customer }: CustomerWithCards): CustomerChange => ({
  customer: recordOfCustomer(customer),
  cards: cards.map(({ number, type, ...patch }) => ({ number, patch, typeName: type?.name ?? null })),
  source: { system: "till", key: String(customer.id) }
})

const losses = (before: CustomerWithCards, after: CustomerChange) =>
  lossOf(before, after).map(({ field, how }) => `${field} ${how}`)

describe("what did not survive", () => {
  it("is nothing when all came, and everything when nothing came", () => {
    assert.deepStrictEqual(losses(whole, exactly(whole)), [])
    const fields = lossOf(whole, told("")).map(({ field }) => field)
    assert.sameMembers(fields, ["id", ...probeFields.filter((field) => !field.startsWith("cards."))])
  })

  it("names each field of a card", () => {
    const bare = { ...exactly(whole), cards: [{ number: "0079001", patch: {}, typeName: null }] }
    assert.sameMembers(
      losses(whole, bare),
      probeFields.filter((field) => field.startsWith("cards.")).map((field) => `${field} lost`)
    )
  })

  it("tells lost from changed, and leaves alone what said nothing before", () => {
    const before = probeCustomer(["registeredAt", "phone", "accumulatedSales", "address.city"])
    const after = told("1001", {
      customer: {
        registeredAt: DateTime.makeUnsafe("2024-02-29T12:34:56Z"),
        phone: null,
        accumulatedSales: money("15200.50"),
        address: { city: "Ghent", line1: "made up" },
        lastName: "made up"
      }
    })
    assert.deepStrictEqual(losses(before, after), [
      "phone lost",
      "address.city changed",
      "registeredAt changed"
    ])
    assert.deepStrictEqual(losses(probeCustomer([]), told("1002")), ["id changed"])
  })

  it("compares external ids by system, and what is kept for dialects by name", () => {
    const blank = probeCustomer([])
    const before: CustomerWithCards = {
      ...blank,
      customer: {
        ...blank.customer,
        externalIds: [
          { system: "a", key: "1" },
          { system: "b", key: "2" }
        ],
        extensions: { x: { one: 1, no: false }, y: { two: { deep: [1] } } }
      }
    }
    const after = (extensions: CustomerChange["customer"]["extensions"] & {}, key = "2") =>
      told("1001", {
        customer: {
          externalIds: [
            { system: "a", key: "1" },
            { system: "b", key }
          ],
          extensions
        }
      })
    assert.deepStrictEqual(losses(before, after({ x: { one: 1, no: false }, y: { two: { deep: [1] } } })), [])
    assert.deepStrictEqual(losses(before, after({ x: { one: 1 }, y: { two: { deep: [2] } } }, "3")), [
      "externalIds changed",
      "extensions.x lost",
      "extensions.y changed"
    ])
    assert.deepStrictEqual(losses(before, told("1001")), [
      "externalIds lost",
      "extensions.x lost",
      "extensions.y lost"
    ])
  })

  it("takes the vendor's own key for the customer's id and external id there", () => {
    const blank = probeCustomer([])
    const before = {
      ...blank,
      customer: { ...blank.customer, externalIds: [{ system: "till", key: "T-5" }] }
    }
    assert.deepStrictEqual(losses(before, told("T-5")), [])
    assert.deepStrictEqual(losses(before, told("T-6")), ["id changed", "externalIds lost"])
  })

  it("is told for each customer of an answer, also where it has one several times or not at all", () => {
    const one = probeCustomer(["cards", "cards.medium"])
    const two = { ...probeCustomer([]), customer: { ...probeCustomer([]).customer, id: CustomerId.make(7) } }
    const card = { number: "0079001", patch: {}, typeName: null }
    assert.deepStrictEqual<unknown>(
      lossesOf(
        [one, two],
        [told("1001", { cards: [card] }), told("1001", { cards: [{ ...card, number: "5" }] })]
      ),
      [[{ field: "cards.medium", how: "lost" }], [{ field: "customer", how: "lost" }]]
    )
    assert.deepStrictEqual(lossesOf([two], []), [[{ field: "customer", how: "lost" }]])
  })

  it("does not miss codes of a card that follow from its number", () => {
    const card: LoyaltyCard = {
      ...probeCustomer(["cards"]).cards[0]!,
      ean13: "0000000790017",
      barcode: "0000000790017",
      registeredIn: StoreId.make(1)
    }
    const before = { ...probeCustomer([]), cards: [card] }
    assert.deepStrictEqual<unknown>(
      losses(before, told("1001", { cards: [{ number: "0079001", patch: {}, typeName: null }] })),
      ["cards.registeredIn lost"]
    )
  })
})
