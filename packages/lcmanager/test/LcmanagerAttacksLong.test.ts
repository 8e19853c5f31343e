/** Long answers over a store that answers in this thread: what others meet while they are written. */
import { assert, describe, it } from "@effect/vitest"
import { CardRepository, type LoyaltyCard, type Repositories } from "@tillbridge/domain"
import { Context, DateTime, Effect } from "effect"
import { json, open, period } from "./server.ts"

const midnight = Date.UTC(2024, 3, 10)

/** A store with so many cards, one a second, and how often it was asked within one turn of the event loop. */
const manyCards = (count: number) => {
  const asked = { inThisTurn: 0, most: 0 }
  const change = (real: Context.Context<Repositories>) => {
    const cards = Context.get(real, CardRepository)
    const registered: typeof cards.registered = (merchant, _, stores, { after, limit }) =>
      Effect.map(
        cards.registered(merchant, { from: at(0), until: at(1) }, stores, { after: null, limit: 1 }),
        ([one]) => {
          asked.inThisTurn++
          asked.most = Math.max(asked.most, asked.inThisTurn)
          const first = after === null ? 0 : after.id
          return Array.from({ length: Math.min(limit, count - first) }, (_none, i): LoyaltyCard => ({
            ...one!,
            id: (first + i + 1) as LoyaltyCard["id"],
            number: String(first + i + 1),
            registeredAt: at(first + i)
          }))
        }
      )
    return Context.add(real, CardRepository, CardRepository.of({ ...cards, registered }))
  }
  return { asked, change }
}

const at = (second: number) => DateTime.makeUnsafe(midnight + second * 1_000)

describe("long lists", () => {
  it.effect("let others in after each step, however many are read at once", () =>
    Effect.gen(function* () {
      const { asked, change } = manyCards(20_000)
      const { add, bearer, fetch } = yield* open({}, change)
      yield* add({ number: "1", at: "2024-04-10T00:00:00Z" })
      const read = () =>
        fetch(period, {
          method: "POST",
          headers: { ...bearer, ...json },
          body: `{"Registration":true}`
        }).then((response) => response.text())
      let turns = 0
      let isOver = false
      const turn = () => {
        turns++
        asked.inThisTurn = 0
        if (!isOver) setImmediate(turn)
      }
      setImmediate(turn)
      const alone = yield* Effect.promise(read)
      const together = yield* Effect.promise(() => Promise.all([read(), read(), read(), read()]))
      isOver = true
      for (const text of [alone, ...together]) {
        const { Clients } = JSON.parse(text) as { Clients: ReadonlyArray<{ Card: number }> }
        assert.deepStrictEqual([Clients.length, Clients[0]!.Card, Clients.at(-1)!.Card], [20_000, 1, 20_000])
      }
      // The first steps of four answers may come together, as those of four short ones do.
      assert.isAtMost(asked.most, 5)
      assert.isAtLeast(turns, 5 * 39)
    })
  )
})
