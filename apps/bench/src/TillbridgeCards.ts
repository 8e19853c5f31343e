/**
 * Gives a database of Tillbridge one store, and a card to each of its first customers, through the domain's services:
 * no command of the CLI makes a store, or more than one card. Run as: node TillbridgeCards.ts --database PATH --count N
 */
import { Cards, CustomerId, layerDomain, Merchants, StoreId, UnitOfWork } from "@tillbridge/domain"
import { layer } from "@tillbridge/sqlite"
import { DateTime, Effect, Layer } from "effect"
import { parseArgs } from "node:util"
import { cardOf, storeId, storeName } from "./Cards.ts"

const text = { type: "string" } as const
const { values: flags } = parseArgs({ options: { database: text, count: text } })
const count = Number(flags.count)
const cardsPerTransaction = 500

const store = layer({ path: flags.database ?? "" })

await Effect.gen(function* () {
  const cards = yield* Cards
  const merchants = yield* Merchants
  const { atomically } = yield* UnitOfWork
  const merchant = (yield* merchants.list)[0]!.id
  const registeredIn = StoreId.make(storeId)
  yield* merchants.putStore(merchant, { id: registeredIn, name: storeName })

  const save = (number: number) => {
    const card = cardOf(number)
    return cards.save(merchant, {
      search: [],
      createIfMissing: true,
      patch: {
        number: card.number,
        externalIds: [card.externalId],
        status: card.status,
        medium: "plastic",
        registeredAt: DateTime.makeUnsafe(`${card.registered}Z`),
        registeredIn
      },
      type: { name: card.type },
      owner: { by: "id", id: CustomerId.make(card.customer) },
      actor: null
    })
  }

  for (let first = 1; first <= count; first += cardsPerTransaction) {
    const length = Math.min(cardsPerTransaction, count - first + 1)
    yield* atomically(
      Effect.forEach(
        Array.from({ length }, (_, index) => first + index),
        save,
        { discard: true }
      )
    )
  }
}).pipe(Effect.provide(Layer.provideMerge(layerDomain, store)), Effect.runPromise)
