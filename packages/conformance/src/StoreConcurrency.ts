/** Writers and a reader at the same time: the reader follows the feed and must miss nothing. */
import { assert } from "@effect/vitest"
import {
  ChangeFeed,
  type ChangePosition,
  type Customer,
  type LoyaltyCard,
  type MerchantId
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { turns } from "./Case.ts"
import { type Random, randomFrom } from "./Random.ts"
import { assertOrdered, entityOf, feedAgrees, present, sorted, stateAfter } from "./FeedReader.ts"
import {
  addCard,
  addCustomer,
  changeCard,
  changeCustomer,
  inUnit,
  makeMerchant,
  removeCard,
  removeCustomer
} from "./Records.ts"

/** A writer that makes random units on records of its own; some of them fail on purpose. */
const writer = (merchant: MerchantId, random: Random, units: number, removed: Set<string>) =>
  Effect.gen(function* () {
    let customers = new Map<number, Customer>()
    let cards = new Map<number, LoyaltyCard>()
    const one = <A>(some: ReadonlyMap<number, A>) => [...some.values()][random.below(some.size)]
    for (let unit = 0; unit < units; unit++) {
      const mine = { customers: new Map(customers), cards: new Map(cards), removed: new Set<string>() }
      const isMeantToFail = random.below(6) === 0
      const work = Effect.gen(function* () {
        for (let steps = 1 + random.below(3); steps > 0; steps--) {
          const customer = one(mine.customers)
          const card = one(mine.cards)
          const choice = random.below(8)
          if (choice <= 1 || customer === undefined) {
            const added = yield* addCustomer(merchant, { firstName: `unit ${unit}` })
            mine.customers.set(added.id, added)
          } else if (choice === 2 || card === undefined) {
            const added = yield* addCard(merchant, { number: `${random.seed}-${random.below(2 ** 30)}` })
            mine.cards.set(added.id, added)
          } else if (choice === 3) {
            yield* removeCustomer(merchant, customer)
            mine.customers.delete(customer.id)
            mine.removed.add(`customer ${customer.id}`)
          } else if (choice === 4) {
            yield* removeCard(merchant, card)
            mine.cards.delete(card.id)
            mine.removed.add(`card ${card.id}`)
          } else if (choice === 5) {
            mine.cards.set(
              card.id,
              yield* changeCard(merchant, card, { extensions: { unit: { number: unit } } })
            )
          } else {
            mine.customers.set(
              customer.id,
              yield* changeCustomer(merchant, customer, { lastName: `unit ${unit}` })
            )
          }
          yield* turns(random.below(3))
        }
        if (isMeantToFail) yield* Effect.fail("on purpose")
      })
      const exit = yield* Effect.exit(inUnit(work))
      if (Exit.isSuccess(exit)) {
        customers = mine.customers
        cards = mine.cards
        for (const entity of mine.removed) removed.add(entity)
      } else if (!isMeantToFail) yield* exit
      yield* turns(random.below(3))
    }
  })

/** Four writers and a reader that asks for pages of random size. */
export const followWhileWriting = (random: Random) =>
  Effect.gen(function* () {
    const { id } = yield* makeMerchant()
    const feed = yield* ChangeFeed
    const removed = new Set<string>()
    const writers = yield* Effect.forEach([1, 2, 3, 4], (n) => {
      const own = randomFrom(random.seed * 10 + n)
      return Effect.forkChild(writer(id, own, 12, removed))
    })
    const state = new Map<string, unknown>()
    const follow = Effect.gen(function* () {
      let after = 0 as ChangePosition
      for (let isLastRound = false; ;) {
        const changes = yield* feed.read(id, after, 1 + random.below(5))
        assertOrdered(changes, after)
        for (const change of changes) state.set(entityOf(change), stateAfter(change))
        after = changes.at(-1)?.position ?? after
        if (changes.length > 0) continue
        if (isLastRound) return
        isLastRound = writers.every((fiber) => fiber.pollUnsafe() !== undefined)
        yield* turns(1 + random.below(2))
      }
    })
    const reader = yield* Effect.forkChild(follow)
    yield* Effect.forEach(writers, Fiber.join, { discard: true })
    yield* Fiber.join(reader)
    for (const entity of removed) assert.isNull(state.get(entity) ?? null, `${entity} must end as removed`)
    for (const [entity, told] of state) if (told === null) state.delete(entity)
    assert.deepStrictEqual(sorted(state), sorted(yield* present(id)))
    yield* feedAgrees(id)
  })
