import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { TestClock } from "effect/testing"
import {
  type AlreadyTaken,
  CardNotFound,
  type CardReference,
  Cards,
  CustomerId,
  type InvalidField,
  type MerchantId,
  MerchantRepository,
  PeriodReport,
  type SaveCard,
  StoreId,
  StoreListId,
  Merchants,
  UnknownReference
} from "../src/index.ts"
import { create, layer, makeMerchant, newestPosition } from "./support.ts"

const till = (key: string) => ({ system: "till", key })
const byNumber = (number: string): CardReference => ({ by: "number", number })
const byBarcode = (barcode: string): CardReference => ({ by: "barcode", barcode })
const byKey = (key: string): CardReference => ({ by: "externalId", externalId: till(key) })
const owner = (id: number) => ({ by: "id" as const, id: CustomerId.make(id) })

const put = (merchant: MerchantId, request: Partial<SaveCard>) =>
  Effect.flatMap(Cards, (cards) =>
    cards.save(merchant, { search: [], createIfMissing: true, patch: {}, actor: null, ...request })
  )
const make = (merchant: MerchantId, patch: SaveCard["patch"]) =>
  Effect.map(put(merchant, { patch }), ({ entity }) => entity)

describe("saving a card", () => {
  it.effect("looks in the order given: the first hit wins", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      yield* make(id, { number: "1", externalIds: [till("a")] })
      yield* make(id, { number: "2", externalIds: [till("b")] })
      const hit = (search: ReadonlyArray<CardReference>) =>
        Effect.map(put(id, { search, createIfMissing: false }), ({ entity }) => entity.number)
      assert.strictEqual(yield* hit([byNumber("1"), byKey("b")]), "1")
      assert.strictEqual(yield* hit([byKey("b"), byNumber("1")]), "2")
      assert.strictEqual(yield* hit([byNumber("404"), byKey("404"), byNumber("2"), byNumber("1")]), "2")
      const cards = yield* Cards
      assert.strictEqual((yield* cards.find(id, [byKey("404"), byNumber("1")])).number, "1")
    }).pipe(Effect.provide(layer))
  )

  it.effect("makes a card that is not found only when asked to, and not without a number", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const missing = { search: [byNumber("1")], patch: { number: "1" } }
      assert.instanceOf(yield* Effect.flip(put(id, { ...missing, createIfMissing: false })), CardNotFound)
      const error = yield* Effect.flip(put(id, { search: [byKey("1")] }))
      assert.strictEqual((error as InvalidField).field, "number")
      assert.strictEqual(yield* newestPosition(id), 0)
      const made = yield* put(id, missing)
      assert.isTrue(made.isNew)
      assert.deepStrictEqual(yield* put(id, missing), { entity: made.entity, isNew: false })
    }).pipe(Effect.provide(layer))
  )

  it.effect("gives it an EAN-13 and barcode of its number, which follow the number", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const card = yield* make(id, { number: "12345" })
      assert.deepStrictEqual([card.ean13, card.barcode], ["0000000123457", "0000000123457"])
      assert.strictEqual((yield* (yield* Cards).find(id, [byBarcode("0000000123457")])).id, card.id)
      const renumbered = yield* put(id, { search: [byNumber("12345")], patch: { number: "400638133393" } })
      assert.deepStrictEqual(
        [renumbered.entity.ean13, renumbered.entity.barcode],
        ["4006381333931", "4006381333931"]
      )
      const long = yield* put(id, {
        search: [byNumber("400638133393")],
        patch: { number: "1234567890123456789" }
      })
      assert.deepStrictEqual([long.entity.ean13, long.entity.barcode], [null, null])
      const back = yield* put(id, { search: [byNumber("1234567890123456789")], patch: { number: "0" } })
      assert.strictEqual(back.entity.ean13, "0000000000000")
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps a barcode that was given by hand when the number changes", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      yield* make(id, { number: "12345", barcode: "BY-HAND" })
      const { entity } = yield* put(id, { search: [byNumber("12345")], patch: { number: "400638133393" } })
      assert.deepStrictEqual([entity.ean13, entity.barcode], ["4006381333931", "BY-HAND"])
      const blank = yield* put(id, { search: [byNumber("400638133393")], patch: { barcode: " " } })
      assert.strictEqual(blank.entity.barcode, "4006381333931", "blank means: of the number again")
    }).pipe(Effect.provide(layer))
  )

  it.effect("stamps the moment in which a card becomes active or blocked, unless one is given", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2024-01-01T00:00:00Z"))
      const { id } = yield* makeMerchant()
      yield* make(id, { number: "1" })
      yield* TestClock.setTime(Date.parse("2024-02-01T00:00:00Z"))
      const { entity } = yield* put(id, { search: [byNumber("1")], patch: { status: "active" } })
      assert.strictEqual(DateTime.formatIso(entity.activatedAt!), "2024-02-01T00:00:00.000Z")
      assert.isNull(entity.blockedAt)
      const given = DateTime.makeUnsafe("2020-05-05T00:00:00Z")
      yield* TestClock.adjust("1 day")
      const blocked = (yield* put(id, {
        search: [byNumber("1")],
        patch: { status: "blocked", blockedAt: given }
      })).entity
      assert.strictEqual(blocked.blockedAt!.epochMilliseconds, given.epochMilliseconds)
      assert.strictEqual(DateTime.formatIso(blocked.activatedAt!), "2024-02-01T00:00:00.000Z")
    }).pipe(Effect.provide(layer))
  )

  it.effect("asks for an owner who exists, however the owner is named", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const stranger = yield* makeMerchant()
      yield* create(id, { externalIds: [till("anna")] })
      yield* create(stranger.id, {})
      yield* create(stranger.id, { externalIds: [till("other")] })
      const wrong: ReadonlyArray<Partial<SaveCard>> = [
        { owner: owner(2) },
        { owner: { by: "externalId", externalId: till("other") } },
        { patch: { number: "1", customerId: CustomerId.make(2) } }
      ]
      for (const request of wrong) {
        const error = yield* Effect.flip(put(id, { patch: { number: "1" }, ...request }))
        assert.instanceOf(error, UnknownReference)
        assert.strictEqual((error as UnknownReference).kind, "owner")
      }
      assert.strictEqual(yield* newestPosition(id), 1)
      const right: ReadonlyArray<Partial<SaveCard>> = [
        { owner: owner(1) },
        { owner: { by: "externalId", externalId: till("anna") } },
        { patch: { number: "1", customerId: CustomerId.make(1) } }
      ]
      for (const request of right) {
        const { entity } = yield* put(id, { search: [byNumber("1")], patch: { number: "1" }, ...request })
        assert.strictEqual(entity.customerId, 1)
      }
      const still = yield* put(id, { search: [byNumber("1")], patch: { status: "active" } })
      assert.strictEqual(still.entity.customerId, 1, "not named: stays")
      assert.isNull((yield* put(id, { search: [byNumber("1")], owner: null })).entity.customerId)
    }).pipe(Effect.provide(layer))
  )

  it.effect("refuses another card's number or external id, and stores nothing of it", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      yield* make(id, { number: "1", externalIds: [till("a")] })
      const two = yield* make(id, { number: "2" })
      for (const [patch, what] of [
        [{ number: "1" }, "card number"],
        [{ externalIds: [till("a")] }, "card external id"]
      ] as const) {
        const error = yield* Effect.flip(put(id, { search: [byNumber("2")], patch, type: { name: "Never" } }))
        assert.strictEqual((error as AlreadyTaken).what, what)
      }
      assert.deepStrictEqual(yield* (yield* Cards).find(id, [byNumber("2")]), two)
      assert.deepStrictEqual(yield* (yield* MerchantRepository).entries(id, "card type"), [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("makes card types by name; an id wins, and an unknown id is refused", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const gold = (yield* put(id, { patch: { number: "1" }, type: { name: "Gold" } })).entity.type!
      const same = yield* put(id, { patch: { number: "2" }, type: { id: gold.id, name: "Silver" } })
      assert.deepStrictEqual(same.entity.type, gold)
      const error = yield* Effect.flip(put(id, { patch: { number: "3" }, type: { id: 99 } }))
      assert.strictEqual((error as UnknownReference).kind, "card type")
      assert.isNull((yield* put(id, { search: [byNumber("1")], type: null })).entity.type)
      assert.deepStrictEqual(
        (yield* (yield* MerchantRepository).entries(id, "card type")).map(({ name }) => name),
        ["Gold"]
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps a 19-digit number and leading zeros as they are", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      for (const number of ["1234567890123456789", "000123", "123"]) yield* make(id, { number })
      const numbers = (yield* (yield* Cards).list(id, { after: null, limit: 10 })).map((card) => card.number)
      assert.deepStrictEqual(numbers, ["1234567890123456789", "000123", "123"])
    }).pipe(Effect.provide(layer))
  )
})

describe("removing a card", () => {
  it.effect("removes the first that is found; nobody else's", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const stranger = yield* makeMerchant()
      const cards = yield* Cards
      yield* make(id, { number: "1" })
      yield* make(id, { number: "2" })
      assert.instanceOf(yield* Effect.flip(cards.remove(stranger.id, [byNumber("1")])), CardNotFound)
      assert.strictEqual(yield* cards.remove(id, [byKey("404"), byNumber("1"), byNumber("2")]), 1)
      assert.deepStrictEqual(
        (yield* cards.list(id, { after: null, limit: 10 })).map(({ number }) => number),
        ["2"]
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("the loyalty period report", () => {
  it.effect("lists the cards registered in the period at the stores of a list", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const merchants = yield* Merchants
      for (const store of [1, 2])
        yield* merchants.putStore(id, { id: StoreId.make(store), name: `Store ${store}` })
      const list = { id: StoreListId.make(1), name: "North", storeIds: [StoreId.make(1)] }
      yield* merchants.putStoreList(id, list)
      const wrong = yield* Effect.flip(merchants.putStoreList(id, { ...list, storeIds: [StoreId.make(9)] }))
      assert.strictEqual((wrong as UnknownReference).kind, "store")
      const period = {
        from: DateTime.makeUnsafe("2024-01-01T00:00:00Z"),
        until: DateTime.makeUnsafe("2024-02-01T00:00:00Z")
      }
      yield* make(id, { number: "1", registeredAt: period.from, registeredIn: StoreId.make(1) })
      yield* make(id, { number: "2", registeredAt: period.from, registeredIn: StoreId.make(2) })
      yield* make(id, { number: "3", registeredAt: period.until, registeredIn: StoreId.make(1) })
      const earlier = DateTime.makeUnsafe("2023-12-31T23:59:59.999Z")
      yield* make(id, { number: "0", registeredAt: earlier, registeredIn: StoreId.make(1) })
      const report = yield* PeriodReport
      const window = { after: null, limit: 10 }
      const numbers = (of: StoreListId | null) =>
        Effect.map(report.registrations(id, period, of, window), (cards) => cards.map(({ number }) => number))
      assert.deepStrictEqual(yield* numbers(null), ["1", "2"])
      assert.deepStrictEqual(yield* numbers(StoreListId.make(1)), ["1"])
      const unknown = yield* Effect.flip(numbers(StoreListId.make(2)))
      assert.strictEqual((unknown as UnknownReference).kind, "store list")
    }).pipe(Effect.provide(layer))
  )
})
