/** Text comes back exactly. */
import { assert } from "@effect/vitest"
import {
  CardRepository,
  CredentialRepository,
  type Customer,
  CustomerRepository,
  type LoyaltyCard,
  type MerchantId,
  MerchantRepository,
  type Repositories,
  StoreId
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { awkwardTexts, text } from "./Arbitraries.ts"
import { type Capability, plain, property, type Settings, testCase } from "./Case.ts"
import { addCard, addCredential, addCustomer, inUnit, makeMerchant, randomDigest } from "./Records.ts"

/** The stored customer says exactly what was put, whichever way it is read. */
export const customerComesBack = (merchant: MerchantId, put: Customer) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    assert.deepStrictEqual(plain(Option.getOrNull(yield* customers.get(merchant, put.id))), plain(put), "get")
    assert.deepStrictEqual(plain(yield* customers.getMany(merchant, [put.id])), [plain(put)], "getMany")
    const owners = yield* customers.owners(merchant, put.externalIds)
    const expected = put.externalIds.map((id) => ({ ...id, customerId: put.id }))
    const inOrder = (ids: typeof owners) =>
      ids.map((id) => JSON.stringify([id.system, id.key, id.customerId])).sort()
    assert.deepStrictEqual(inOrder(owners), inOrder(expected), "owners")
  })

export const cardComesBack = (merchant: MerchantId, put: LoyaltyCard) =>
  Effect.gen(function* () {
    const cards = yield* CardRepository
    const found = [
      yield* cards.find(merchant, { by: "id", id: put.id }),
      yield* cards.find(merchant, { by: "number", number: put.number })
    ]
    for (const externalId of put.externalIds) {
      found.push(yield* cards.find(merchant, { by: "externalId", externalId }))
    }
    for (const card of found) assert.deepStrictEqual(plain(Option.getOrNull(card)), plain(put))
    const listed = yield* cards.list(merchant, { after: null, limit: 100_000 })
    assert.deepStrictEqual(plain(listed.find(({ id }) => id === put.id)), plain(put), "list")
    if (put.customerId === null) return
    const owned = yield* cards.ofCustomers(merchant, [put.customerId])
    assert.deepStrictEqual(plain(owned.find(({ id }) => id === put.id)), plain(put), "ofCustomers")
  })

export const everyTextField = (some: string): Partial<Customer> => ({
  externalIds: [{ system: `s${some}`.slice(0, 200).toWellFormed(), key: some.slice(0, 200).toWellFormed() }],
  title: some,
  firstName: some,
  middleName: some,
  lastName: some,
  email: some,
  phone: some,
  mobilePhone: some,
  address: { line1: some, line2: some, line3: some, postalCode: some, city: some, country: some },
  company: { name: some, vatNumber: some },
  language: some,
  notes: some,
  extensions: { "some dialect": { text: some, list: [some, { [some]: some }] } }
})

export const textCases = (settings: Settings): Capability<Repositories> => ({
  name: "text comes back exactly",
  cases: [
    testCase(
      "every text field of a customer gives back leading zeros, plus signs, long digits, emoji, ]]>, quotes and control characters",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        for (const awkward of awkwardTexts) {
          yield* customerComesBack(merchant.id, yield* addCustomer(merchant.id, everyTextField(awkward)))
        }
      })
    ),
    testCase(
      "notes of 20,000 characters come back whole",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        for (const notes of ["n".repeat(20_000), "😀".repeat(10_000), "Ж\n".repeat(10_000)]) {
          yield* customerComesBack(merchant.id, yield* addCustomer(merchant.id, { notes }))
        }
      })
    ),
    testCase(
      "card numbers and barcodes keep leading zeros, 19 digits, letter case, accents and spaces, and each finds its own card",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const numbers = [
          ...awkwardTexts.map((awkward) => awkward.slice(0, 64).toWellFormed()),
          "123",
          "0123",
          "00123",
          "123 ",
          " 123",
          "123.0",
          "+123",
          "abc",
          "ABC",
          "Abc",
          "1234567890123456788"
        ]
        const added: Array<LoyaltyCard> = []
        for (const number of numbers) {
          const externalIds = [{ system: "till", key: number }]
          added.push(
            yield* addCard(merchant.id, {
              number,
              barcode: number,
              ean13: number.slice(0, 13).toWellFormed(),
              externalIds
            })
          )
        }
        for (const card of added) yield* cardComesBack(merchant.id, card)
      })
    ),
    testCase(
      "external ids are told apart by letter case, accents, spaces and leading zeros",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const customers = yield* CustomerRepository
        const keys = ["a", "A", "a ", " a", "1", "01", "1.0", "é", "e\u0301", "ﬁ", "fi", "ß", "ss"]
        for (const key of keys) {
          const { id } = yield* addCustomer(merchant.id, { externalIds: [{ system: "web shop", key }] })
          const owners = yield* customers.owners(merchant.id, [{ system: "web shop", key }])
          assert.deepStrictEqual(owners, [{ system: "web shop", key, customerId: id }])
          assert.deepStrictEqual(yield* customers.owners(merchant.id, [{ system: "Web shop", key }]), [])
        }
      })
    ),
    testCase(
      "names of merchants, stores, store lists, groups, card types and labels of credentials come back exactly",
      Effect.gen(function* () {
        const merchants = yield* MerchantRepository
        const credentials = yield* CredentialRepository
        for (const name of awkwardTexts) {
          const merchant = yield* makeMerchant({ name, externalKeyPrefix: name })
          assert.deepStrictEqual(Option.getOrNull(yield* merchants.get(merchant.id)), {
            id: merchant.id,
            name,
            timeZone: merchant.timeZone,
            externalKeyPrefix: name
          })
          const store = { id: StoreId.make(1), name }
          const list = { id: 1 as never, name, storeIds: [store.id] }
          yield* inUnit(
            Effect.andThen(merchants.putStore(merchant.id, store), merchants.putStoreList(merchant.id, list))
          )
          assert.deepStrictEqual(yield* merchants.stores(merchant.id), [store])
          assert.deepStrictEqual(yield* merchants.storeLists(merchant.id), [list])
          const short = name.slice(0, 255)
          for (const directory of ["group", "card type"] as const) {
            const entry = yield* inUnit(merchants.addEntry(merchant.id, directory, short))
            assert.strictEqual(entry.name, short)
            assert.deepStrictEqual(yield* merchants.entries(merchant.id, directory), [entry])
          }
          const said = {
            dialect: name,
            login: name,
            label: name,
            scopes: ["read", "write", "balance"] as const
          }
          yield* addCredential(merchant, randomDigest(), said)
          const [listed] = yield* credentials.list(merchant.id)
          const { dialect, label, login, scopes } = listed!
          assert.deepStrictEqual({ dialect, label, login, scopes }, said)
        }
      })
    ),
    property("any well-formed text without NUL comes back exactly", settings, text(500), (some) =>
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        yield* customerComesBack(merchant.id, yield* addCustomer(merchant.id, everyTextField(some)))
        const number = some.slice(0, 64).toWellFormed()
        yield* cardComesBack(merchant.id, yield* addCard(merchant.id, { number, barcode: some }))
      })
    )
  ]
})
