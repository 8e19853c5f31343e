/** The statements that must not walk through a whole table, asked of SQLite itself. */
import { assert, describe, it } from "@effect/vitest"
import { addCards, addCustomers, changeCards, makeMerchant } from "@tillbridge/conformance"
import {
  CardId,
  CardRepository,
  type ChangePosition,
  CustomerRepository,
  type Repositories,
  StoreId
} from "@tillbridge/domain"
import { type Context, DateTime, Effect } from "effect"
import { plansOf as plans } from "./plans.ts"
import { openStore, tempFile } from "./support.ts"

const plansOf = <A, E>(
  file: string,
  effect: Effect.Effect<A, E, Repositories>,
  store: Context.Context<Repositories>,
  which: RegExp
) => Effect.map(plans(file, effect, store, which), (all) => all.map(({ steps }) => steps))

const since = DateTime.makeUnsafe("2024-01-01T00:00:00Z")
const period = { from: since, until: DateTime.makeUnsafe("2025-01-01T00:00:00Z") }

const filled = Effect.gen(function* () {
  const file = yield* tempFile
  const store = yield* openStore(file)
  const records = Effect.gen(function* () {
    const merchant = yield* makeMerchant()
    const customers = yield* addCustomers(
      merchant.id,
      Array.from({ length: 300 }, () => ({}))
    )
    const cards = yield* addCards(
      merchant.id,
      customers.map(({ id }) => ({ number: `${id}`, customerId: id }))
    )
    return { merchant: merchant.id, customers, cards }
  })
  return { file, store, ...(yield* Effect.provide(records, store)) }
})

describe("an index leads to", () => {
  it.live("the customers changed since a time, in their order", () =>
    Effect.gen(function* () {
      const { file, merchant, store } = yield* filled
      const ask = Effect.flatMap(CustomerRepository, (customers) =>
        customers.modified(merchant, { since, after: 0 as ChangePosition, limit: 10 })
      )
      assert.deepStrictEqual(yield* plansOf(file, ask, store, /touched_at >=/), [
        ["SEARCH customers USING INDEX customers_by_touch (merchant_id=? AND touched>?)"]
      ])
    })
  )

  it.live("the cards of a period, and those after one of them", () =>
    Effect.gen(function* () {
      const { file, merchant, store } = yield* filled
      const ask = (after: DateTime.Utc | null, stores: ReadonlyArray<StoreId> | null) =>
        Effect.flatMap(CardRepository, (cards) =>
          cards.registered(merchant, period, stores, {
            after: after && { registeredAt: after, id: CardId.make(1) },
            limit: 10
          })
        )
      const later = DateTime.makeUnsafe("2024-02-01T00:00:00Z")
      const all = Effect.all([ask(null, null), ask(later, null), ask(later, [StoreId.make(1)])])
      const by = "SEARCH cards USING INDEX cards_by_registration (merchant_id=? AND "
      assert.deepStrictEqual(yield* plansOf(file, all, store, /registered_at </), [
        [`${by}registered_at>? AND registered_at<?)`],
        [`${by}(registered_at,id)>(?,?) AND registered_at<?)`],
        [`${by}(registered_at,id)>(?,?) AND registered_at<?)`]
      ])
    })
  )

  it.live("customers by e-mail and phone, before they are put in order", () =>
    Effect.gen(function* () {
      const { file, merchant, store } = yield* filled
      const window = { after: null, limit: 10 }
      const ask = Effect.flatMap(CustomerRepository, (customers) =>
        Effect.all([
          customers.refs(merchant, { email: "a@example.com" }, window),
          customers.refs(merchant, { phone: "+79001234567" }, window)
        ])
      )
      const plans = yield* plansOf(file, ask, store, /email_key =|phone_key =/)
      assert.lengthOf(plans, 2)
      for (const plan of plans) {
        const searches = plan.filter((step) => step.startsWith("SEARCH customers"))
        assert.isAbove(searches.length, 1)
        for (const step of searches)
          assert.match(step, / AND (id|email_key|phone_key|mobile_phone_key)=\?\)$/)
      }
    })
  )

  it.live("a card by its barcode, and the cards of a customer", () =>
    Effect.gen(function* () {
      const { cards, customers, file, merchant, store } = yield* filled
      const ask = Effect.flatMap(CardRepository, (repository) =>
        Effect.all([
          repository.find(merchant, { by: "barcode", barcode: cards[0]!.number }),
          repository.ofCustomers(merchant, [customers[0]!.id])
        ])
      )
      const plans = yield* plansOf(file, ask, store, /^SELECT \* FROM cards/)
      assert.lengthOf(plans, 2)
      for (const step of plans.flat().filter((line) => line.startsWith("SEARCH"))) {
        assert.match(step, / AND (id|barcode|ean13|customer_id)=\?\)$/)
      }
    })
  )

  it.live("each owner of cards that are written together", () =>
    Effect.gen(function* () {
      const { cards, file, merchant, store } = yield* filled
      const write = changeCards(
        merchant,
        cards.slice(0, 40).map((card) => [card, { status: "blocked" }])
      )
      const plans = yield* plansOf(file, write, store, /^UPDATE customers/)
      assert.lengthOf(plans, 1, "one statement for all of them")
      assert.deepStrictEqual(plans[0], [
        "SCAN 40-ROW VALUES CLAUSE",
        "SEARCH customers USING COVERING INDEX sqlite_autoindex_customers_1 (merchant_id=? AND id=?)"
      ])
    })
  )
})
