/** Cards: found by any of their names, unique by number and external id, listed by owner and period. */
import { assert } from "@effect/vitest"
import {
  AlreadyTaken,
  CardId,
  type CardReference,
  CardRepository,
  ChangeFeed,
  type ChangePosition,
  CustomerId,
  type LoyaltyCard,
  type Merchant,
  type RegistrationWindow,
  type Repositories,
  StoreId
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Capability, plain, testCase } from "./Case.ts"
import {
  addCard,
  addCards,
  addCustomers,
  at,
  changeCard,
  inUnit,
  makeMerchant,
  makeMerchantWithStores,
  removeCard
} from "./Records.ts"

const till = (key: string) => ({ system: "till", key })
const window = { after: null, limit: 10_000 }

const found = (merchant: Merchant, reference: CardReference) =>
  Effect.flatMap(CardRepository, (cards) => Effect.map(cards.find(merchant.id, reference), Option.getOrNull))

export const cardCases = (): Capability<Repositories> => ({
  name: "cards",
  cases: [
    testCase(
      "a card is found by id, number, external id, barcode and EAN-13, and by nothing else",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const card = yield* addCard(merchant.id, {
          number: "12345",
          barcode: "B-1",
          ean13: "0000000123457",
          externalIds: [till("1")]
        })
        const hits: ReadonlyArray<CardReference> = [
          { by: "id", id: card.id },
          { by: "number", number: "12345" },
          { by: "externalId", externalId: till("1") },
          { by: "barcode", barcode: "B-1" },
          { by: "barcode", barcode: "0000000123457" }
        ]
        for (const hit of hits)
          assert.deepStrictEqual(plain(yield* found(merchant, hit)), plain(card), hit.by)
        const misses: ReadonlyArray<CardReference> = [
          { by: "id", id: CardId.make(2) },
          { by: "number", number: "0000000123457" },
          { by: "number", number: "012345" },
          { by: "externalId", externalId: till("12345") },
          { by: "externalId", externalId: { system: "other", key: "1" } },
          { by: "barcode", barcode: "12345" },
          { by: "barcode", barcode: "" }
        ]
        for (const miss of misses) assert.isNull(yield* found(merchant, miss), JSON.stringify(miss))
      })
    ),
    testCase(
      "of several cards with one barcode the one with the lowest id is found",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const cards = yield* addCards(merchant.id, [
          { number: "a", barcode: "X" },
          { number: "b", ean13: "Y" },
          { number: "c", barcode: "Y", ean13: "X" },
          { number: "d", barcode: "Y" }
        ])
        // The lowest id wins even when that card was written last.
        yield* changeCard(merchant.id, cards[1]!, { status: "active" })
        assert.strictEqual((yield* found(merchant, { by: "barcode", barcode: "X" }))?.number, "a")
        assert.strictEqual((yield* found(merchant, { by: "barcode", barcode: "Y" }))?.number, "b")
        yield* removeCard(merchant.id, cards[0]!)
        assert.strictEqual((yield* found(merchant, { by: "barcode", barcode: "X" }))?.number, "c")
      })
    ),
    testCase(
      "a card that changes is no longer found by its old number, barcode and external id, and others can take them",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const old = { number: "1", barcode: "B1", ean13: "E1", externalIds: [till("1")] }
        const card = yield* addCard(merchant.id, old)
        yield* changeCard(merchant.id, card, {
          number: "2",
          barcode: "B2",
          ean13: "E2",
          externalIds: [till("2")]
        })
        const names: ReadonlyArray<CardReference> = [
          { by: "number", number: "1" },
          { by: "barcode", barcode: "B1" },
          { by: "barcode", barcode: "E1" },
          { by: "externalId", externalId: till("1") }
        ]
        for (const name of names) assert.isNull(yield* found(merchant, name))
        const taker = yield* addCard(merchant.id, old)
        for (const name of names) assert.deepStrictEqual(plain(yield* found(merchant, name)), plain(taker))
      })
    ),
    testCase(
      "another card's number or external id is refused as taken and nothing of that write is stored",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const first = yield* addCard(merchant.id, { number: "1", externalIds: [till("1")] })
        const second = yield* addCard(merchant.id, { number: "2", externalIds: [till("2")] })
        const attempts = [
          ["card number", addCard(merchant.id, { number: "1", externalIds: [till("new")] })],
          ["card number", changeCard(merchant.id, second, { number: "1", status: "blocked" })],
          ["card number", addCards(merchant.id, [{ number: "3" }, { number: "1" }])],
          ["card number", addCards(merchant.id, [{ number: "3" }, { number: "3" }])],
          ["card external id", addCard(merchant.id, { number: "new", externalIds: [till("1")] })],
          [
            "card external id",
            changeCard(merchant.id, second, { externalIds: [till("1")], status: "blocked" })
          ],
          [
            "card external id",
            addCards(merchant.id, [{ number: "3" }, { number: "4", externalIds: [till("2")] }])
          ]
        ] as const
        for (const [what, attempt] of attempts) {
          const error = yield* Effect.flip(attempt as Effect.Effect<unknown, unknown, Repositories>)
          assert.instanceOf(error, AlreadyTaken)
          assert.strictEqual((error as AlreadyTaken).what, what)
        }
        const cards = yield* CardRepository
        assert.deepStrictEqual(plain(yield* cards.list(merchant.id, window)), plain([first, second]))
        assert.isNull(yield* found(merchant, { by: "externalId", externalId: till("new") }))
        assert.isNull(yield* found(merchant, { by: "number", number: "3" }))
        const feed = yield* ChangeFeed
        assert.lengthOf(yield* feed.read(merchant.id, 0 as ChangePosition, 100), 2)
      })
    ),
    testCase(
      "a removed card is found by nothing any more and its number can be used again",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const given = { number: "1", barcode: "B", externalIds: [till("1")] }
        const card = yield* addCard(merchant.id, given)
        yield* removeCard(merchant.id, card)
        assert.isNull(yield* found(merchant, { by: "id", id: card.id }))
        assert.isNull(yield* found(merchant, { by: "number", number: "1" }))
        assert.isNull(yield* found(merchant, { by: "barcode", barcode: "B" }))
        assert.isNull(yield* found(merchant, { by: "externalId", externalId: till("1") }))
        const again = yield* addCard(merchant.id, given)
        assert.strictEqual(again.id, 2, "an id is not given out twice")
        const cards = yield* CardRepository
        assert.deepStrictEqual(plain(yield* cards.list(merchant.id, window)), plain([again]))
      })
    ),
    testCase(
      "the cards of several customers are listed in ascending id, and follow a change of owner",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const [anna, boris] = yield* addCustomers(merchant.id, [{}, {}])
        const added = yield* addCards(merchant.id, [
          { number: "1", customerId: boris!.id },
          { number: "2", customerId: anna!.id },
          { number: "3" },
          { number: "4", customerId: anna!.id }
        ])
        const cards = yield* CardRepository
        const numbers = (owners: ReadonlyArray<CustomerId>) =>
          Effect.map(cards.ofCustomers(merchant.id, owners), (owned) => owned.map(({ number }) => number))
        assert.deepStrictEqual(yield* numbers([anna!.id]), ["2", "4"])
        assert.deepStrictEqual(yield* numbers([anna!.id, CustomerId.make(404), boris!.id]), ["1", "2", "4"])
        assert.deepStrictEqual(yield* numbers([]), [])
        yield* changeCard(merchant.id, added[1]!, { customerId: boris!.id })
        yield* changeCard(merchant.id, added[3]!, { customerId: null })
        assert.deepStrictEqual(yield* numbers([anna!.id]), [])
        assert.deepStrictEqual(yield* numbers([boris!.id]), ["1", "2"])
      })
    ),
    testCase(
      "1,200 cards are listed window by window, each once",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const given = Array.from({ length: 1_200 }, (_, index) => ({
          number: `n${index}`,
          externalIds: [till(`k${index}`)]
        }))
        const added = yield* addCards(merchant.id, given)
        const cards = yield* CardRepository
        const listed: Array<LoyaltyCard> = []
        for (
          let part: ReadonlyArray<LoyaltyCard> | null = null;
          part === null || part.length > 0;
          listed.push(...part)
        ) {
          part = yield* cards.list(merchant.id, { after: listed.at(-1)?.id ?? null, limit: 500 })
          assert.isAtMost(listed.length, 1_200, "a window after an id begins after it")
        }
        assert.deepStrictEqual(plain(listed), plain(added))
      })
    ),
    testCase(
      "a period has its first millisecond and not the one after its last; stores and windows narrow it",
      Effect.gen(function* () {
        const merchant = yield* makeMerchantWithStores
        const [one, two, three] = [1, 2, 3].map((id) => StoreId.make(id))
        yield* addCards(merchant.id, [
          { number: "before", registeredAt: at("2024-03-30T22:59:59.999Z"), registeredIn: one! },
          { number: "first", registeredAt: at("2024-03-30T23:00:00.000Z"), registeredIn: one! },
          { number: "middle", registeredAt: at("2024-03-31T12:00:00.000Z"), registeredIn: two! },
          { number: "nowhere", registeredAt: at("2024-03-31T12:00:00.000Z"), registeredIn: null },
          { number: "never", registeredAt: null, registeredIn: one! },
          { number: "last", registeredAt: at("2024-03-31T21:59:59.999Z"), registeredIn: three! },
          { number: "after", registeredAt: at("2024-03-31T22:00:00.000Z"), registeredIn: one! }
        ])
        const period = { from: at("2024-03-30T23:00:00Z"), until: at("2024-03-31T22:00:00Z") }
        const cards = yield* CardRepository
        const numbers = (stores: ReadonlyArray<StoreId> | null, part: RegistrationWindow = window) =>
          Effect.map(cards.registered(merchant.id, period, stores, part), (some) =>
            some.map(({ number }) => number)
          )
        assert.deepStrictEqual(yield* numbers(null), ["first", "middle", "nowhere", "last"])
        assert.deepStrictEqual(yield* numbers([one!, three!]), ["first", "last"])
        assert.deepStrictEqual(yield* numbers([two!]), ["middle"])
        assert.deepStrictEqual(yield* numbers([]), [])
        const first = { registeredAt: at("2024-03-30T23:00:00.000Z"), id: CardId.make(2) }
        assert.deepStrictEqual(yield* numbers(null, { after: first, limit: 2 }), ["middle", "nowhere"])
        assert.deepStrictEqual(yield* numbers([one!, three!], { after: first, limit: 2 }), ["last"])
        const long = { registeredAt: at("2023-01-01T00:00:00Z"), id: CardId.make(7) }
        assert.deepStrictEqual(yield* numbers(null, { after: long, limit: 1 }), ["first"])
        const late = { registeredAt: period.until, id: CardId.make(1) }
        assert.deepStrictEqual(yield* numbers(null, { after: late, limit: 9 }), [])
        const empty = { from: period.from, until: period.from }
        assert.deepStrictEqual(yield* cards.registered(merchant.id, empty, null, window), [])
      })
    ),
    testCase(
      "a period lists by registration, then id; windows of any size give each card once, also where many have one instant",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const noon = at("2024-03-31T12:00:00.000Z")
        const early = at("2024-03-31T11:59:59.999Z")
        yield* addCards(merchant.id, [
          { number: "late", registeredAt: at("2024-03-31T12:00:00.001Z") },
          { number: "noon 1", registeredAt: noon },
          { number: "never", registeredAt: null },
          { number: "early 1", registeredAt: early },
          { number: "noon 2", registeredAt: noon },
          { number: "noon 3", registeredAt: noon },
          { number: "early 2", registeredAt: early },
          { number: "old", registeredAt: at("1999-12-31T23:59:59.999Z") }
        ])
        const whole = ["old", "early 1", "early 2", "noon 1", "noon 2", "noon 3", "late"]
        const cards = yield* CardRepository
        const period = { from: at("1990-01-01T00:00:00Z"), until: at("2025-01-01T00:00:00Z") }
        for (const limit of [1, 2, 3, 7, 100]) {
          const seen: Array<string> = []
          let after: RegistrationWindow["after"] = null
          for (;;) {
            const part: ReadonlyArray<LoyaltyCard> = yield* cards.registered(merchant.id, period, null, {
              after,
              limit
            })
            const last = part.at(-1)
            if (last === undefined) break
            assert.isAtMost(part.length, limit)
            seen.push(...part.map(({ number }) => number))
            assert.isAtMost(seen.length, whole.length, "a window after a card begins after it")
            after = { registeredAt: last.registeredAt!, id: last.id }
          }
          assert.deepStrictEqual(seen, whole, `${limit} at a time`)
        }
      })
    ),
    testCase(
      "writing no card at all is fine",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const cards = yield* CardRepository
        yield* inUnit(cards.put(merchant.id, []))
        assert.deepStrictEqual(yield* cards.list(merchant.id, window), [])
      })
    )
  ]
})
