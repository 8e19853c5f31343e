import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { TestClock } from "effect/testing"
import {
  Cards,
  type ChangePosition,
  type CustomerId,
  Customers,
  type CustomerReference,
  type MerchantId
} from "../src/index.ts"
import { create, layer, makeMerchant, save } from "./support.ts"

const by = (id: CustomerId): CustomerReference => ({ by: "id", id })

const giveCard = (merchant: MerchantId, number: string, owner: CustomerId | null) =>
  Effect.flatMap(Cards, (cards) =>
    cards.save(merchant, {
      search: [{ by: "number", number }],
      createIfMissing: true,
      patch: { number },
      owner: owner === null ? null : by(owner),
      actor: null
    })
  )

/** Anna, Boris and Clara, each made a second after the one before, from second 0 on. */
const people = Effect.gen(function* () {
  const { id: merchant } = yield* makeMerchant()
  const ids: Array<CustomerId> = []
  for (const firstName of ["Anna", "Boris", "Clara"]) {
    ids.push((yield* create(merchant, { firstName })).id)
    yield* TestClock.adjust("1 second")
  }
  const [anna, boris, clara] = ids as [CustomerId, CustomerId, CustomerId]
  /** Who changed in this second of the test or later, in the order of their changes. */
  const since = (second: number) =>
    Effect.flatMap(Customers, (customers) =>
      Effect.map(
        customers.modified(merchant, {
          since: DateTime.makeUnsafe(second * 1_000),
          after: 0 as ChangePosition,
          limit: 100
        }),
        (page) => page.customers.map(({ id }) => id)
      )
    )
  return { merchant, anna, boris, clara, since }
})

describe("the customers changed since a time", () => {
  it.effect("come in the order of their newest changes", () =>
    Effect.gen(function* () {
      const { anna, boris, clara, merchant, since } = yield* people
      assert.deepStrictEqual(yield* since(0), [anna, boris, clara])
      assert.deepStrictEqual(yield* since(1), [boris, clara])
      yield* save(merchant, { references: [by(anna)], patch: { lastName: "A" } })
      assert.deepStrictEqual(yield* since(0), [boris, clara, anna])
      assert.deepStrictEqual(yield* since(3), [anna])
    }).pipe(Effect.provide(layer))
  )

  it.effect("are not those for whom a save changed nothing", () =>
    Effect.gen(function* () {
      const { anna, merchant, since } = yield* people
      yield* giveCard(merchant, "1", anna)
      yield* TestClock.adjust("1 second")
      yield* giveCard(merchant, "1", anna)
      yield* save(merchant, { references: [by(anna)], patch: { firstName: "Anna" } })
      assert.deepStrictEqual(yield* since(4), [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("are also those who got, lost or passed on a card", () =>
    Effect.gen(function* () {
      const { anna, boris, clara, merchant, since } = yield* people
      yield* giveCard(merchant, "1", anna)
      assert.deepStrictEqual(yield* since(3), [anna])
      yield* TestClock.adjust("1 second")
      yield* giveCard(merchant, "1", boris)
      assert.sameMembers(yield* since(4), [anna, boris])
      yield* TestClock.adjust("1 second")
      yield* giveCard(merchant, "1", null)
      assert.deepStrictEqual(yield* since(5), [boris])
      yield* TestClock.adjust("1 second")
      yield* giveCard(merchant, "1", clara)
      yield* TestClock.adjust("1 second")
      yield* (yield* Cards).remove(merchant, [{ by: "number", number: "1" }])
      assert.deepStrictEqual(yield* since(7), [clara])
    }).pipe(Effect.provide(layer))
  )

  it.effect("are without one that is removed, and its cards show nobody", () =>
    Effect.gen(function* () {
      const { anna, boris, clara, merchant, since } = yield* people
      yield* giveCard(merchant, "1", anna)
      yield* (yield* Customers).remove(merchant, by(anna))
      assert.deepStrictEqual(yield* since(0), [boris, clara])
      assert.deepStrictEqual(yield* since(3), [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("are those of an import that changed something", () =>
    Effect.gen(function* () {
      const { anna, boris, merchant, since } = yield* people
      const outcomes = yield* (yield* Customers).importBatch(
        merchant,
        [{ id: boris, lastName: "B" }, { id: anna, firstName: "Anna" }, { firstName: "Dora" }],
        null
      )
      const made = outcomes[2]
      assert.deepStrictEqual<unknown>(yield* since(3), [boris, made?._tag === "Created" && made.id])
    }).pipe(Effect.provide(layer))
  )
})
