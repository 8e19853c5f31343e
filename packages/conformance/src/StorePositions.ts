/** What a reader that synchronises asks of single customers: where they stand, and who is gone. */
import { assert } from "@effect/vitest"
import {
  ChangeFeed,
  type ChangePosition,
  type CustomerId,
  CustomerRepository,
  type MerchantId,
  type Repositories
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { type Capability, testCase } from "./Case.ts"
import { modified } from "./ModifiedReader.ts"
import {
  addCard,
  addCustomer,
  addCustomers,
  at,
  changeCustomer,
  inUnit,
  makeMerchant,
  removeCard,
  removeCustomer
} from "./Records.ts"

const later = at("2024-03-01T00:00:00.000Z")

const people = (count: number) =>
  Effect.gen(function* () {
    const { id } = yield* makeMerchant()
    const made = yield* addCustomers(
      id,
      Array.from({ length: count }, () => ({}))
    )
    return { merchant: id, made, ids: made.map((customer) => customer.id) }
  })

const positions = (merchant: MerchantId, ids: ReadonlyArray<CustomerId>) =>
  Effect.flatMap(CustomerRepository, (customers) => customers.positions(merchant, ids))

const removals = (merchant: MerchantId, after = 0, limit = 100) =>
  Effect.flatMap(ChangeFeed, (feed) => feed.removals(merchant, after as ChangePosition, limit))

export const positionCases = (): Capability<Repositories> => ({
  name: "where customers stand, and who is gone",
  cases: [
    testCase(
      "the position of a customer is that of its newest change or its card's, as the changed customers tell it",
      Effect.gen(function* () {
        const { ids, made, merchant } = yield* people(4)
        const other = yield* people(2)
        yield* addCard(merchant, { number: "1", customerId: ids[1]!, updatedAt: later })
        yield* changeCustomer(merchant, made[0]!, { firstName: "Anna", updatedAt: later })
        const asked = [ids[2]!, 9_999 as CustomerId, ids[0]!, ids[1]!]
        const found = yield* positions(merchant, asked)
        assert.deepStrictEqual(
          found.map(({ id }) => id),
          [ids[2], ids[0], ids[1]]
        )
        const told = new Map((yield* modified(merchant, {})).map((one) => [one.id, one]))
        assert.deepStrictEqual(
          found,
          found.map(({ id }) => told.get(id)!)
        )
        yield* removeCustomer(merchant, made[3]!)
        assert.deepStrictEqual(yield* positions(merchant, [ids[3]!]), [])
        assert.deepStrictEqual(yield* positions(merchant, []), [])
        assert.lengthOf(yield* positions(other.merchant, ids), 2, "ids of another merchant are its own")
      })
    ),
    testCase(
      "removed customers are told in the order of their going, in windows, and never those that came again",
      Effect.gen(function* () {
        const { ids, made, merchant } = yield* people(6)
        const card = yield* addCard(merchant, { number: "1" })
        const went: Array<readonly [number, CustomerId]> = []
        for (const index of [4, 1, 3]) {
          went.push([yield* removeCustomer(merchant, made[index]!), ids[index]!])
        }
        yield* removeCard(merchant, card)
        const told = (found: Effect.Success<ReturnType<typeof removals>>) =>
          found.map(({ id, position }) => [position, id])
        assert.deepStrictEqual<unknown>(told(yield* removals(merchant)), went)
        assert.deepStrictEqual<unknown>(told(yield* removals(merchant, 0, 2)), went.slice(0, 2))
        assert.deepStrictEqual<unknown>(told(yield* removals(merchant, went[1]![0])), went.slice(2))
        yield* changeCustomer(merchant, made[1]!, {}, null)
        assert.deepStrictEqual<unknown>(told(yield* removals(merchant)), [went[0], went[2]])
        const again = yield* removeCustomer(merchant, made[1]!)
        assert.deepStrictEqual<unknown>(told(yield* removals(merchant, went[0]![0])), [
          went[2],
          [again, ids[1]]
        ])
      })
    ),
    testCase(
      "a removal in a unit that fails, or of another merchant, is not told",
      Effect.gen(function* () {
        const { made, merchant } = yield* people(1)
        const other = yield* people(1)
        yield* Effect.flip(inUnit(Effect.andThen(removeCustomer(merchant, made[0]!), Effect.fail("no"))))
        yield* removeCustomer(other.merchant, other.made[0]!)
        assert.deepStrictEqual(yield* removals(merchant), [])
        yield* addCustomer(merchant)
        assert.deepStrictEqual(yield* removals(merchant), [])
      })
    )
  ]
})
