/** Merchants never see each other: for every method of every repository. */
import { assert } from "@effect/vitest"
import {
  CardRepository,
  ChangeFeed,
  type ChangePosition,
  CredentialRepository,
  type Customer,
  CustomerRepository,
  type LoyaltyCard,
  type Merchant,
  MerchantRepository,
  type Repositories,
  StoreId,
  StoreListId,
  TimeZone
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Capability, plain, testCase } from "./Case.ts"
import {
  addCard,
  addCredential,
  addCustomer,
  allChanges,
  at,
  changeCard,
  changeCustomer,
  idsOf,
  inUnit,
  makeMerchant,
  randomDigest,
  removeCard,
  removeCustomer,
  someTime
} from "./Records.ts"

interface Filled {
  readonly merchant: Merchant
  readonly customer: Customer
  readonly card: LoyaltyCard
}

const externalId = { system: "web shop", key: "SHOP-1" }
const barcode = "0000000123457"
const phone = "+7 999 000-00-01"
const email = "anna@example.com"
const one = StoreId.make(1)

const fill = (name: string) =>
  Effect.gen(function* (): Effect.fn.Return<Filled, unknown, Repositories> {
    const merchant = yield* makeMerchant({ name, timeZone: TimeZone.make("America/New_York") })
    const merchants = yield* MerchantRepository
    yield* inUnit(
      Effect.all([
        merchants.putStore(merchant.id, { id: one, name: `${name}'s store` }),
        merchants.putStoreList(merchant.id, {
          id: StoreListId.make(1),
          name: `${name}'s list`,
          storeIds: [one]
        }),
        merchants.addEntry(merchant.id, "group", `${name}'s group`),
        merchants.addEntry(merchant.id, "card type", `${name}'s type`)
      ])
    )
    const customer = yield* addCustomer(merchant.id, {
      externalIds: [externalId],
      phone,
      email,
      firstName: name
    })
    const card = yield* addCard(merchant.id, {
      number: "12345",
      barcode,
      ean13: barcode,
      externalIds: [externalId],
      customerId: customer.id,
      registeredIn: one,
      extensions: { owner: { name } }
    })
    return { merchant, customer, card }
  })

const day = { from: at("2024-02-29T00:00:00Z"), until: at("2024-03-01T00:00:00Z") }

/** What each reading method says to a merchant, asked by ids, keys, numbers and phones that both have. */
const everyRead = ({ id }: Merchant, customer: Customer["id"], card: LoyaltyCard["id"]) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const cards = yield* CardRepository
    const merchants = yield* MerchantRepository
    const feed = yield* ChangeFeed
    const credentials = yield* CredentialRepository
    const window = { after: null, limit: 1_000 }
    const list: Record<string, ReadonlyArray<unknown>> = {
      "CustomerRepository.get": Option.toArray(yield* customers.get(id, customer)),
      "CustomerRepository.getMany": yield* customers.getMany(id, [customer]),
      "CustomerRepository.owners": yield* customers.owners(id, [externalId]),
      "CustomerRepository.modified": (yield* customers.modified(id, {
        since: at("1970-01-01T00:00:00Z"),
        after: 0 as ChangePosition,
        limit: 1_000
      })).customers,
      "CardRepository.find by id": Option.toArray(yield* cards.find(id, { by: "id", id: card })),
      "CardRepository.find by number": Option.toArray(
        yield* cards.find(id, { by: "number", number: "12345" })
      ),
      "CardRepository.find by external id": Option.toArray(
        yield* cards.find(id, { by: "externalId", externalId })
      ),
      "CardRepository.find by barcode": Option.toArray(yield* cards.find(id, { by: "barcode", barcode })),
      "CardRepository.ofCustomers": yield* cards.ofCustomers(id, [customer]),
      "CardRepository.list": yield* cards.list(id, window),
      "CardRepository.registered": yield* cards.registered(id, day, null, window),
      "CardRepository.registered in a store": yield* cards.registered(id, day, [one], window),
      "MerchantRepository.stores": yield* merchants.stores(id),
      "MerchantRepository.storeLists": yield* merchants.storeLists(id),
      "MerchantRepository.entries of groups": yield* merchants.entries(id, "group"),
      "MerchantRepository.entries of card types": yield* merchants.entries(id, "card type"),
      "MerchantRepository.findEntry by id": Option.toArray(
        yield* merchants.findEntry(id, "group", { id: 1 })
      ),
      "ChangeFeed.read": yield* feed.read(id, 0 as ChangePosition, 1_000),
      "CredentialRepository.list": yield* credentials.list(id)
    }
    const filters = {
      all: {},
      "by id": { id: customer },
      "by external id": { externalId },
      "by phone": { phone }
    }
    for (const [name, filter] of Object.entries({
      ...filters,
      "by e-mail": { email },
      "with phone": { hasPhone: true }
    })) {
      list[`CustomerRepository.refs ${name}`] = yield* customers.refs(id, filter, { offset: 0, limit: 1_000 })
      const after = yield* customers.refs(id, filter, window)
      list[`CustomerRepository.refs ${name}, after an id`] = after
      const count = yield* customers.count(id, filter)
      list[`CustomerRepository.count ${name}`] = Array.from({ length: count }, () => "one")
    }
    return list
  })

export const merchantCases = (): Capability<Repositories> => ({
  name: "merchants never see each other",
  cases: [
    testCase(
      "each merchant is found under its own id, with its own name, zone and prefix",
      Effect.gen(function* () {
        const merchants = yield* MerchantRepository
        const first = yield* makeMerchant({ name: "First", externalKeyPrefix: "SHOP" })
        const second = yield* makeMerchant({ name: "First", timeZone: TimeZone.make("Asia/Kolkata") })
        assert.notStrictEqual(first.id, second.id)
        assert.deepStrictEqual(Option.getOrNull(yield* merchants.get(first.id)), first)
        assert.deepStrictEqual(Option.getOrNull(yield* merchants.get(second.id)), second)
        const ids = new Set([first.id, second.id])
        assert.deepStrictEqual(
          (yield* merchants.list).filter(({ id }) => ids.has(id)),
          [first, second]
        )
        const nobody = yield* merchants.get((second.id + 1_000_000) as Merchant["id"])
        assert.isTrue(Option.isNone(nobody))
      })
    ),
    testCase(
      "a new merchant sees nothing of another, whatever it asks by",
      Effect.gen(function* () {
        const { card, customer, merchant } = yield* fill("Anna")
        yield* addCredential(merchant, randomDigest())
        const stranger = yield* makeMerchant()
        for (const [method, seen] of Object.entries(yield* everyRead(stranger, customer.id, card.id))) {
          assert.deepStrictEqual(seen, [], method)
        }
        const merchants = yield* MerchantRepository
        const entry = yield* merchants.findEntry(stranger.id, "group", { name: "Anna's group" })
        assert.isTrue(Option.isNone(entry), "MerchantRepository.findEntry by name")
      })
    ),
    testCase(
      "two merchants with the same ids, keys, numbers and phones each see only their own",
      Effect.gen(function* () {
        const anna = yield* fill("Anna")
        const boris = yield* fill("Boris")
        assert.deepStrictEqual(
          [boris.customer.id, boris.card.id],
          [anna.customer.id, anna.card.id],
          "ids count per merchant"
        )
        for (const [own, other] of [
          [anna, "Boris"],
          [boris, "Anna"]
        ] as const) {
          for (const [method, seen] of Object.entries(
            yield* everyRead(own.merchant, own.customer.id, own.card.id)
          )) {
            const some = method === "ChangeFeed.read" ? 2 : method === "CredentialRepository.list" ? 0 : 1
            assert.lengthOf(seen, some, method)
            assert.notInclude(JSON.stringify(plain(seen)), other, method)
          }
        }
      })
    ),
    testCase(
      "no write of one merchant changes anything of another that has the same ids, keys and numbers",
      Effect.gen(function* () {
        const anna = yield* fill("Anna")
        const before = plain(yield* everyRead(anna.merchant, anna.customer.id, anna.card.id))
        const boris = yield* fill("Boris")
        const { card, customer, merchant } = boris
        const merchants = yield* MerchantRepository
        const moved = yield* changeCustomer(merchant.id, customer, {
          firstName: "Other",
          externalIds: [],
          phone: null
        })
        const blocked = yield* changeCard(merchant.id, card, {
          number: "9",
          barcode: null,
          ean13: null,
          status: "blocked"
        })
        yield* inUnit(
          Effect.all([
            merchants.putStore(merchant.id, { id: one, name: "Renamed" }),
            merchants.putStoreList(merchant.id, { id: StoreListId.make(1), name: "Renamed", storeIds: [] }),
            merchants.addEntry(merchant.id, "group", "Anna's group"),
            merchants.addEntry(merchant.id, "card type", "Anna's type")
          ])
        )
        yield* addCredential(merchant, randomDigest())
        yield* removeCard(merchant.id, blocked)
        yield* removeCustomer(merchant.id, moved)
        assert.deepStrictEqual(plain(yield* everyRead(anna.merchant, anna.customer.id, anna.card.id)), before)
        assert.deepStrictEqual(yield* idsOf(merchant.id), [])
      })
    ),
    testCase(
      "removing another merchant's customer or card by its record removes nothing of it",
      Effect.gen(function* () {
        const anna = yield* fill("Anna")
        const before = plain(yield* everyRead(anna.merchant, anna.customer.id, anna.card.id))
        const stranger = yield* makeMerchant()
        yield* Effect.exit(removeCard(stranger.id, anna.card))
        yield* Effect.exit(removeCustomer(stranger.id, anna.customer))
        assert.deepStrictEqual(plain(yield* everyRead(anna.merchant, anna.customer.id, anna.card.id)), before)
      })
    ),
    testCase(
      "positions and ids are counted for each merchant alone",
      Effect.gen(function* () {
        const first = yield* makeMerchant()
        const second = yield* makeMerchant()
        const feed = yield* ChangeFeed
        const claim = (merchant: Merchant) =>
          inUnit(feed.claim(merchant.id, { changes: 3, customers: 2, cards: 2 }))
        const a1 = yield* claim(first)
        const b1 = yield* claim(second)
        const a2 = yield* claim(first)
        assert.deepStrictEqual(b1, a1)
        assert.deepStrictEqual([a1.customerId, a1.cardId], [1, 1])
        assert.deepStrictEqual([a2.customerId, a2.cardId], [3, 3])
        assert.isAtLeast(a1.position, 1)
        assert.isAtLeast(a2.position, a1.position + 3)
      })
    ),
    testCase(
      "a credential leads to its own merchant and is listed with it alone",
      Effect.gen(function* () {
        const [first, second] = [
          yield* makeMerchant({ name: "First" }),
          yield* makeMerchant({ name: "Second" })
        ]
        const [ofFirst, ofSecond] = [randomDigest(), randomDigest()]
        const a = yield* addCredential(first, ofFirst)
        const b = yield* addCredential(second, ofSecond)
        const credentials = yield* CredentialRepository
        assert.deepStrictEqual(Option.getOrNull(yield* credentials.byDigest(ofFirst))?.merchant, first)
        assert.deepStrictEqual(Option.getOrNull(yield* credentials.byDigest(ofSecond))?.merchant, second)
        assert.deepStrictEqual(plain(yield* credentials.list(first.id)), plain([a]))
        assert.deepStrictEqual(plain(yield* credentials.list(second.id)), plain([b]))
        yield* inUnit(credentials.revoke(b.id, someTime))
        assert.isNull((yield* credentials.list(first.id))[0]!.revokedAt)
        yield* changeCustomer(first.id, yield* addCustomer(first.id), { firstName: "x" })
        assert.lengthOf(yield* allChanges(second.id), 0)
      })
    )
  ]
})
