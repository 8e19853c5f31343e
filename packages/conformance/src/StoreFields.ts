/** Every kind of field beside text comes back exactly. */
import { assert } from "@effect/vitest"
import {
  CardTypeId,
  type Customer,
  GroupId,
  MerchantRepository,
  type Repositories,
  StoreId,
  unknownDate
} from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import { cardFields, customerFields, largestId } from "./Arbitraries.ts"
import { type Capability, property, type Settings, testCase } from "./Case.ts"
import {
  addCard,
  addCustomer,
  addCustomerAs,
  changeCustomer,
  idsOf,
  inUnit,
  makeMerchant,
  makeMerchantWithStores
} from "./Records.ts"
import { cardComesBack, customerComesBack, everyTextField } from "./StoreText.ts"

const nothing: Partial<Customer> = {
  externalIds: [],
  gender: null,
  birthDate: unknownDate,
  registeredAt: null,
  registeredIn: null,
  extensions: {},
  discountPercent: null,
  createdBy: null,
  updatedBy: null
}

const customerPair = fc.tuple(customerFields("!"), customerFields("?"))

export const fieldCases = (settings: Settings): Capability<Repositories> => ({
  name: "every other field comes back exactly",
  cases: [
    testCase(
      "money is exact at every size: no binary fraction, no lost cent",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const amounts = [
          "0",
          "15200",
          "0.1",
          "0.10",
          "-4545.00",
          "0.000001",
          "1000000000000000000000",
          "9007199254740993.01"
        ]
        for (const amount of [...amounts, `${"9".repeat(24)}.999999`, `-${"9".repeat(24)}.999999`]) {
          const exact = BigDecimal.fromStringUnsafe(amount)
          const put = yield* addCustomer(merchant.id, { accumulatedSales: exact, discountPercent: exact })
          yield* customerComesBack(merchant.id, put)
        }
      })
    ),
    testCase(
      "a birth date keeps exactly the parts that are known",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        for (const day of [null, 1, 29, 31]) {
          for (const month of [null, 1, 2, 12]) {
            for (const year of [null, 1850, 2000, 2999]) {
              yield* customerComesBack(
                merchant.id,
                yield* addCustomer(merchant.id, { birthDate: { day, month, year } })
              )
            }
          }
        }
      })
    ),
    testCase(
      "instants keep their milliseconds, also before 1970 and far from today",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const instants = ["1970-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "2024-02-29T23:59:59.001Z"]
        for (const iso of [...instants, "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]) {
          const time = DateTime.makeUnsafe(iso)
          const stamps = { registeredAt: time, createdAt: time, updatedAt: time }
          yield* customerComesBack(merchant.id, yield* addCustomer(merchant.id, stamps))
          yield* cardComesBack(
            merchant.id,
            yield* addCard(merchant.id, { ...stamps, number: iso, activatedAt: time, blockedAt: time })
          )
        }
      })
    ),
    testCase(
      "numbers up to 2^53 - 1 come back exactly as ids of customers and stores and as user numbers",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const merchants = yield* MerchantRepository
        const registeredIn = StoreId.make(Number.MAX_SAFE_INTEGER)
        yield* inUnit(merchants.putStore(merchant.id, { id: registeredIn, name: "far away" }))
        const stamps = {
          registeredIn,
          createdBy: Number.MAX_SAFE_INTEGER,
          updatedBy: Number.MAX_SAFE_INTEGER - 1
        }
        yield* customerComesBack(
          merchant.id,
          yield* addCustomerAs(merchant.id, 9_007_199_254_740_881 as typeof largestId, stamps)
        )
        yield* customerComesBack(merchant.id, yield* addCustomerAs(merchant.id, largestId, stamps))
        const card = yield* addCard(merchant.id, { ...stamps, number: "1", customerId: largestId })
        yield* cardComesBack(merchant.id, card)
      })
    ),
    testCase(
      "after a customer with the largest id no wrong id is given to the next one, and other changes go on",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const last = yield* addCustomerAs(merchant.id, largestId)
        const refused = yield* Effect.exit(addCustomer(merchant.id))
        assert.isTrue(Exit.isFailure(refused), "there is no id left for a new customer")
        yield* customerComesBack(
          merchant.id,
          yield* changeCustomer(merchant.id, last, { firstName: "Changed" })
        )
        yield* cardComesBack(merchant.id, yield* addCard(merchant.id, { number: "1" }))
        assert.deepStrictEqual(yield* idsOf(merchant.id), [largestId])
      })
    ),
    testCase(
      "what a dialect left in the extensions comes back as the same JSON",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const extensions: Customer["extensions"] = {
          "dialect.one": {
            "": "",
            "a.b[0]": [null, true, false, 0, -1, 0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, "", [], {}],
            'it\'s "quoted"': { "\\": "\u0001]]>😀", "0": "zero", "00": "zeros" }
          },
          empty: {},
          ключ: { значение: "да" }
        }
        const put = yield* addCustomer(merchant.id, { extensions })
        yield* customerComesBack(merchant.id, put)
        yield* customerComesBack(merchant.id, yield* changeCustomer(merchant.id, put, { extensions: {} }))
        yield* cardComesBack(merchant.id, yield* addCard(merchant.id, { number: "1", extensions }))
      })
    ),
    testCase(
      "a field that is cleared comes back as unknown, not as empty text or zero",
      Effect.gen(function* () {
        const merchant = yield* makeMerchantWithStores
        const full = yield* addCustomer(merchant.id, {
          ...everyTextField("something"),
          gender: "female",
          discountPercent: BigDecimal.fromBigInt(5n),
          registeredIn: StoreId.make(2),
          birthDate: { day: 1, month: 2, year: 2000 },
          createdBy: 1
        })
        yield* customerComesBack(merchant.id, full)
        const texts = Object.fromEntries(
          Object.keys(everyTextField("x")).flatMap((key) =>
            ["externalIds", "address", "company", "extensions"].includes(key) ? [] : [[key, null]]
          )
        )
        const address = { line1: null, line2: null, line3: null, postalCode: null, city: null, country: null }
        const cleared = { ...texts, ...nothing, address, company: { name: null, vatNumber: null } }
        yield* customerComesBack(merchant.id, yield* changeCustomer(merchant.id, full, cleared))
      })
    ),
    property("any customer comes back exactly, new or changed", settings, customerPair, ([first, second]) =>
      Effect.gen(function* () {
        const merchant = yield* makeMerchantWithStores
        const merchants = yield* MerchantRepository
        const entry = yield* inUnit(merchants.addEntry(merchant.id, "group", "Regulars"))
        const group = { id: GroupId.make(entry.id), name: entry.name }
        const put = yield* addCustomer(merchant.id, first)
        yield* customerComesBack(merchant.id, put)
        yield* customerComesBack(merchant.id, yield* changeCustomer(merchant.id, put, { ...second, group }))
      })
    ),
    property("any card comes back exactly", settings, cardFields("!"), (fields) =>
      Effect.gen(function* () {
        const merchant = yield* makeMerchantWithStores
        const merchants = yield* MerchantRepository
        const entry = yield* inUnit(merchants.addEntry(merchant.id, "card type", "Gold"))
        const owner = yield* addCustomer(merchant.id)
        const type = { id: CardTypeId.make(entry.id), name: entry.name }
        yield* cardComesBack(
          merchant.id,
          yield* addCard(merchant.id, { ...fields, type, customerId: owner.id })
        )
      })
    )
  ]
})
