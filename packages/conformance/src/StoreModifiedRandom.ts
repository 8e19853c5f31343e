/** Random writes against the customers changed since a time: one after another against a model, and at once. */
import { assert } from "@effect/vitest"
import {
  type ChangePosition,
  type Customer,
  CustomerRepository,
  type LoyaltyCard,
  type MerchantId,
  type ModifiedCustomer
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import { plain, property, type Settings, turns } from "./Case.ts"
import { type Random, randomFrom } from "./Random.ts"
import { assertAscending, beginning, modified, modifiedInPages } from "./ModifiedReader.ts"
import {
  addCard,
  addCustomer,
  at,
  changeCard,
  changeCards,
  changeCustomer,
  inUnit,
  makeMerchant,
  removeCard,
  removeCustomer
} from "./Records.ts"

const times = ["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.001Z", "2024-06-01T00:00:00.000Z"].map(at)
const place = fc.nat({ max: 20 })
const owner = fc.option(place, { nil: null, freq: 5 })

const step = fc.record({
  do: fc.constantFrom(
    "add customer",
    "add customer",
    "change customer",
    "remove customer",
    "add card",
    "add card",
    "change card",
    "change card",
    "change all cards",
    "remove card"
  ),
  place,
  owner,
  when: fc.constantFrom(...times)
})
type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

/** When each customer changed last, by the number of the step and its time. */
interface Model {
  readonly customers: Map<number, Customer>
  readonly cards: Map<number, LoyaltyCard>
  readonly changes: Map<number, { readonly step: number; readonly when: (typeof times)[number] }>
}

const nth = <A>(some: ReadonlyMap<number, A>, place: number): A | undefined =>
  [...some.values()][place % (some.size || 1)]

const apply = (merchant: MerchantId, model: Model, { do: what, owner, place, when }: Step, step: number) =>
  Effect.gen(function* () {
    const { cards, changes, customers } = model
    const touch = (...ids: ReadonlyArray<number | null>) => {
      for (const id of ids) if (id !== null) changes.set(id, { step, when })
    }
    const customer = nth(customers, place)
    const card = nth(cards, place)
    const customerId = owner === null ? null : (nth(customers, owner)?.id ?? null)
    const fields = { customerId, updatedAt: when }
    if (what === "add customer") {
      const added = yield* addCustomer(merchant, { updatedAt: when })
      customers.set(added.id, added)
      touch(added.id)
    } else if (what === "add card") {
      const added = yield* addCard(merchant, { number: `n${step}`, ...fields })
      cards.set(added.id, added)
      touch(customerId)
    } else if (what === "change customer" && customer !== undefined) {
      customers.set(customer.id, yield* changeCustomer(merchant, customer, { updatedAt: when }))
      touch(customer.id)
    } else if (what === "remove customer" && customer !== undefined) {
      for (const own of [...cards.values()].filter((one) => one.customerId === customer.id)) {
        cards.set(own.id, yield* changeCard(merchant, own, { customerId: null, updatedAt: when }))
      }
      yield* removeCustomer(merchant, customer)
      customers.delete(customer.id)
      changes.delete(customer.id)
    } else if (what === "change card" && card !== undefined) {
      cards.set(card.id, yield* changeCard(merchant, card, fields))
      touch(card.customerId, customerId)
    } else if (what === "change all cards" && cards.size > 0) {
      // Every second card changes hands with the one before it, the others stay.
      const all = [...cards.values()]
      const to = all.map((one, index) =>
        index % 2 === 0 ? (all[index + 1] ?? one).customerId : (place & 1) === 0 ? customerId : one.customerId
      )
      const changed = yield* changeCards(
        merchant,
        all.map((one, index) => [one, { customerId: to[index]!, updatedAt: when }])
      )
      for (const one of changed) cards.set(one.id, one)
      touch(...all.map((one) => one.customerId), ...to)
    } else if (what === "remove card" && card !== undefined) {
      yield* removeCard(merchant, card, when)
      cards.delete(card.id)
      touch(card.customerId)
    }
  })

/** Ids by step, the customers of one step in the order of their ids: which of them comes first is not said. */
const bySteps = (ids: ReadonlyArray<number>, { changes }: Model) =>
  [...Map.groupBy(ids, (id) => changes.get(id)!.step)].map(([step, some]) => [
    step,
    some.toSorted((a, b) => a - b)
  ])

const agrees = (merchant: MerchantId, model: Model, since: (typeof times)[number], limit: number) =>
  Effect.gen(function* () {
    const expected = [...model.changes]
      .filter(([, { when }]) => when.epochMilliseconds >= since.epochMilliseconds)
      .sort(([a, { step: x }], [b, { step: y }]) => x - y || a - b)
      .map(([id]) => id)
    const found = yield* modified(merchant, { since })
    const ids = found.map(({ id }) => id)
    assert.deepStrictEqual(bySteps(ids, model), bySteps(expected, model))
    for (const { at: time, id, version } of found) {
      assert.strictEqual(time.epochMilliseconds, model.changes.get(id)!.when.epochMilliseconds)
      assert.strictEqual(version, model.customers.get(id)!.version)
    }
    const paged = yield* modifiedInPages(merchant, limit, 0 as ChangePosition, since)
    assert.deepStrictEqual(plain(paged), plain(found))
  })

export const modelOfModified = (settings: Settings) =>
  property(
    "whatever is written in whatever order, the changed customers since any time are those of a plain list",
    settings,
    fc.tuple(fc.array(step, { maxLength: 25, size: "max" }), fc.integer({ min: 1, max: 4 })),
    ([steps, limit]) =>
      Effect.gen(function* () {
        const { id: merchant } = yield* makeMerchant()
        const model: Model = { customers: new Map(), cards: new Map(), changes: new Map() }
        for (const [index, one] of steps.entries()) {
          yield* apply(merchant, model, one, index)
          // Asked all the time, as clients do, and not only at the end.
          yield* agrees(merchant, model, times[index % times.length]!, limit)
        }
        for (const since of [beginning, ...times.toReversed()]) yield* agrees(merchant, model, since, limit)
      })
  )

/** A writer that gives cards of its own to customers of its own, in random units of which some fail. */
const writer = (merchant: MerchantId, random: Random, units: number) =>
  Effect.gen(function* () {
    let customers = new Map<number, Customer>()
    let cards = new Map<number, LoyaltyCard>()
    for (let unit = 0; unit < units; unit++) {
      const mine = { customers: new Map(customers), cards: new Map(cards) }
      const isMeantToFail = random.below(6) === 0
      const work = Effect.gen(function* () {
        for (let steps = 1 + random.below(3); steps > 0; steps--) {
          const customer = nth(mine.customers, random.below(100))
          const card = nth(mine.cards, random.below(100))
          const to = random.below(5) === 0 ? null : (nth(mine.customers, random.below(100))?.id ?? null)
          const choice = random.below(8)
          if (customer === undefined || choice === 0) {
            const added = yield* addCustomer(merchant)
            mine.customers.set(added.id, added)
          } else if (card === undefined || choice === 1) {
            const number = `${random.seed}-${random.below(2 ** 30)}`
            const added = yield* addCard(merchant, { number, customerId: to })
            mine.cards.set(added.id, added)
          } else if (choice === 2) {
            mine.customers.set(customer.id, yield* changeCustomer(merchant, customer, { lastName: "x" }))
          } else if (choice === 3) {
            yield* removeCard(merchant, card)
            mine.cards.delete(card.id)
          } else {
            mine.cards.set(card.id, yield* changeCard(merchant, card, { customerId: to }))
          }
          yield* turns(random.below(3))
        }
        if (isMeantToFail) yield* Effect.fail("on purpose")
      })
      const exit = yield* Effect.exit(inUnit(work))
      if (Exit.isSuccess(exit)) ({ cards, customers } = mine)
      else if (!isMeantToFail) yield* exit
      yield* turns(random.below(3))
    }
  })

/** Four writers and a reader that asks for pages of random size, once through and then never back. */
export const followModifiedWhileWriting = (random: Random) =>
  Effect.gen(function* () {
    const { id: merchant } = yield* makeMerchant()
    const repository = yield* CustomerRepository
    const writers = yield* Effect.forEach([1, 2, 3, 4], (n) =>
      Effect.forkChild(writer(merchant, randomFrom(random.seed * 10 + n), 12))
    )
    const seen = new Map<number, ModifiedCustomer>()
    const follow = Effect.gen(function* () {
      let after = 0 as ChangePosition
      for (let isLastRound = false; ;) {
        const limit = 1 + random.below(3)
        const page = yield* repository.modified(merchant, { since: beginning, after, limit })
        assertAscending(page.customers, after)
        for (const one of page.customers) seen.set(one.id, one)
        after = page.customers.at(-1)?.position ?? after
        if (page.hasMore) continue
        if (isLastRound) return
        isLastRound = writers.every((fiber) => fiber.pollUnsafe() !== undefined)
        yield* turns(1 + random.below(2))
      }
    })
    const reader = yield* Effect.forkChild(follow)
    yield* Effect.forEach(writers, Fiber.join, { discard: true })
    yield* Fiber.join(reader)
    const told = [...seen.values()].sort((a, b) => a.position - b.position)
    assert.deepStrictEqual(plain(told), plain(yield* modified(merchant, {})))
  })
