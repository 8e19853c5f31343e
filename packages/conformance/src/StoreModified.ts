/** Customers changed since a time: by their own changes and by those of their cards, the oldest change first. */
import { assert } from "@effect/vitest"
import {
  type Customer,
  type CustomerId,
  CustomerRepository,
  type LoyaltyCard,
  type MerchantId,
  type Repositories
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { type Capability, randomCase, type Settings, testCase } from "./Case.ts"
import { beginning, idsModified, modified, modifiedInPages } from "./ModifiedReader.ts"
import {
  addCard,
  addCustomer,
  addCustomers,
  at,
  changeCard,
  changeCards,
  changeCustomer,
  inUnit,
  makeMerchant,
  removeCard,
  removeCustomer,
  someTime
} from "./Records.ts"
import { followModifiedWhileWriting, modelOfModified } from "./StoreModifiedRandom.ts"

const later = at("2024-03-01T00:00:00.000Z")
const latest = at("2024-03-02T00:00:00.001Z")
const millisecondAfter = (time: DateTime.Utc) => DateTime.makeUnsafe(time.epochMilliseconds + 1)

/** Customers made at `someTime`, and a card of the first if one is asked for. */
const people = (count: number) =>
  Effect.gen(function* () {
    const { id } = yield* makeMerchant()
    const made = yield* addCustomers(
      id,
      Array.from({ length: count }, () => ({ updatedAt: someTime }))
    )
    return { merchant: id, made, ids: made.map((customer) => customer.id) }
  })

const cardOf = (merchant: MerchantId, owner: Customer["id"] | null, number = "1") =>
  addCard(merchant, { number, customerId: owner, updatedAt: someTime })

interface CardChange {
  readonly title: string
  /** What happens to Anna's card; Boris is there too. */
  readonly change: (
    merchant: MerchantId,
    card: LoyaltyCard,
    boris: CustomerId
  ) => Effect.Effect<unknown, unknown, Repositories>
  readonly isBorisToo: boolean
}

const cardChanges: ReadonlyArray<CardChange> = [
  {
    title: "blocked",
    change: (merchant, card) => changeCard(merchant, card, { status: "blocked", updatedAt: later }),
    isBorisToo: false
  },
  {
    title: "taken away",
    change: (merchant, card) => changeCard(merchant, card, { customerId: null, updatedAt: later }),
    isBorisToo: false
  },
  {
    title: "moved to another customer",
    change: (merchant, card, boris) => changeCard(merchant, card, { customerId: boris, updatedAt: later }),
    isBorisToo: true
  },
  {
    title: "removed",
    change: (merchant, card) => removeCard(merchant, card, later),
    isBorisToo: false
  },
  {
    title: "added",
    change: (merchant, { customerId }) =>
      addCard(merchant, { number: "another", customerId, updatedAt: later }),
    isBorisToo: false
  }
]

export const modifiedCases = (settings: Settings): Capability<Repositories> => ({
  name: "customers changed since a time",
  cases: [
    testCase(
      "changed customers come with the oldest change first, each once, with version, position and time of its newest change",
      Effect.gen(function* () {
        const { ids, made, merchant } = yield* people(3)
        const changed = yield* changeCustomer(merchant, made[0]!, { firstName: "Anna", updatedAt: later })
        const found = yield* modified(merchant, {})
        assert.deepStrictEqual(
          found.map(({ id, version }) => [id, version]),
          [
            [ids[1], made[1]!.version],
            [ids[2], made[2]!.version],
            [ids[0], changed.version]
          ]
        )
        assert.deepStrictEqual(
          found.map(({ position }) => position),
          [made[1]!.version, made[2]!.version, changed.version]
        )
        assert.deepStrictEqual(
          found.map((one) => one.at.epochMilliseconds),
          [someTime, someTime, later].map((time) => time.epochMilliseconds)
        )
      })
    ),
    testCase(
      "the time is included, to the millisecond, and is that of the newest change",
      Effect.gen(function* () {
        const { ids, made, merchant } = yield* people(2)
        yield* changeCustomer(merchant, made[1]!, { updatedAt: later })
        assert.deepStrictEqual(yield* idsModified(merchant, { since: someTime }), ids)
        assert.deepStrictEqual(yield* idsModified(merchant, { since: millisecondAfter(someTime) }), [ids[1]])
        assert.deepStrictEqual(yield* idsModified(merchant, { since: later }), [ids[1]])
        assert.deepStrictEqual(yield* idsModified(merchant, { since: millisecondAfter(later) }), [])
      })
    ),
    testCase(
      "a change whose clock stood earlier than that of the change before counts at its own time",
      Effect.gen(function* () {
        const { made, merchant } = yield* people(1)
        const card = yield* addCard(merchant, {
          number: "1",
          customerId: made[0]!.id,
          updatedAt: latest
        })
        yield* changeCustomer(merchant, made[0]!, { firstName: "Anna" })
        const [found] = yield* modified(merchant, {})
        assert.strictEqual(found?.at.epochMilliseconds, someTime.epochMilliseconds)
        assert.isAbove(found!.position, card.version)
      })
    ),
    ...cardChanges.map(({ change, isBorisToo, title }) =>
      testCase(
        `a card that is ${title} shows ${isBorisToo ? "both of its owners" : "its owner"} as changed, and nobody else`,
        Effect.gen(function* () {
          const { ids, made, merchant } = yield* people(3)
          const [anna, boris] = ids
          const card = yield* cardOf(merchant, anna!)
          const before = (yield* modified(merchant, {})).at(-1)!.position
          yield* change(merchant, card, boris!)
          const found = yield* modified(merchant, { since: later })
          assert.sameMembers(
            found.map(({ id }) => id),
            isBorisToo ? [anna, boris] : [anna]
          )
          for (const one of found) {
            assert.isAbove(one.position, before)
            assert.strictEqual(one.at.epochMilliseconds, later.epochMilliseconds)
            const own = made.find(({ id }) => id === one.id)!
            assert.strictEqual(one.version, own.version, "the customer itself did not change")
          }
          assert.strictEqual(new Set(found.map(({ position }) => position)).size, found.length)
          assert.deepStrictEqual(
            yield* idsModified(merchant, { after: before }),
            found.map(({ id }) => id)
          )
        })
      )
    ),
    testCase(
      "a card without an owner shows nobody",
      Effect.gen(function* () {
        const { merchant } = yield* people(2)
        const card = yield* addCard(merchant, { number: "1", updatedAt: later })
        yield* changeCard(merchant, card, { status: "blocked" })
        assert.deepStrictEqual(yield* idsModified(merchant, { since: later }), [])
      })
    ),
    testCase(
      "cards that change owners in one batch show every one of them, each at a position of its own",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(200)
        const cards = yield* Effect.forEach(ids.slice(0, 150), (owner, index) =>
          cardOf(merchant, owner, `n${index}`)
        )
        const before = (yield* modified(merchant, {})).at(-1)!.position
        // Each goes to the next customer, so that nearly all lose one and get one; the last fifty lose theirs to nobody.
        yield* changeCards(
          merchant,
          cards.map((card, index) => [
            card,
            { customerId: index < 100 ? ids[index + 1]! : null, updatedAt: later }
          ])
        )
        const found = yield* modified(merchant, { after: before })
        assert.sameMembers(
          found.map(({ id }) => id),
          ids.slice(0, 150)
        )
        assert.strictEqual(new Set(found.map(({ position }) => position)).size, 150)
        for (const limit of [1, 7, 149, 150]) {
          assert.deepStrictEqual(yield* modifiedInPages(merchant, limit, before), found)
        }
      })
    ),
    testCase(
      "a page has at most as many as asked for, and says rightly whether there are more",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(5)
        const customers = yield* CustomerRepository
        const page = (limit: number, since = beginning) =>
          Effect.map(customers.modified(merchant, { since, after: 0 as never, limit }), (found) => [
            found.customers.map(({ id }) => id),
            found.hasMore
          ])
        assert.deepStrictEqual(yield* page(4), [ids.slice(0, 4), true])
        assert.deepStrictEqual(yield* page(5), [ids, false])
        assert.deepStrictEqual(yield* page(6), [ids, false])
        assert.deepStrictEqual(yield* page(5, later), [[], false])
      })
    ),
    testCase(
      "a customer that is removed is no longer among them, and one that comes again under its id is",
      Effect.gen(function* () {
        const { ids, made, merchant } = yield* people(2)
        const card = yield* cardOf(merchant, ids[0]!)
        const free = yield* changeCard(merchant, card, { customerId: null, updatedAt: later })
        yield* removeCustomer(merchant, made[0]!)
        yield* changeCard(merchant, free, { status: "blocked", updatedAt: later })
        assert.deepStrictEqual(yield* idsModified(merchant, {}), [ids[1]])
        const again = yield* changeCustomer(merchant, made[0]!, { updatedAt: later }, null)
        assert.deepStrictEqual(yield* idsModified(merchant, { since: later }), [again.id])
      })
    ),
    testCase(
      "a unit that fails shows nobody as changed",
      Effect.gen(function* () {
        const { made, merchant } = yield* people(2)
        const card = yield* cardOf(merchant, made[0]!.id)
        const before = yield* modified(merchant, {})
        const unit = Effect.gen(function* () {
          yield* changeCard(merchant, card, { customerId: made[1]!.id, updatedAt: later })
          yield* changeCustomer(merchant, made[0]!, { updatedAt: later })
          yield* Effect.fail("no")
        })
        yield* Effect.flip(inUnit(unit))
        assert.deepStrictEqual(yield* modified(merchant, {}), before)
        yield* addCustomer(merchant)
        assert.lengthOf(yield* modified(merchant, { after: before.at(-1)!.position }), 1)
      })
    ),
    modelOfModified(settings),
    randomCase(
      "a reader that follows positions while four writers write, move cards and fail misses no changed customer",
      settings,
      Math.max(3, Math.ceil(settings.runs / 10)),
      followModifiedWhileWriting
    )
  ]
})
