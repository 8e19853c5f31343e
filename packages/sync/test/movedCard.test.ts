/** A card that moves from one customer to another while both are written to a vendor at once. */
import { assert, describe, it } from "@effect/vitest"
import { Cards, Customers } from "@tillbridge/domain"
import { makeStoreSource, runLink } from "@tillbridge/sync"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeVendor } from "./support/vendor.ts"
import { layerWorld, makeMerchant } from "./support/world.ts"

describe("a card that moved", () => {
  it.effect("is with its new owner, although the old one was looked at before it came there", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      const cards = yield* Cards
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      const destination = vendor.destination(() => 0)
      const run = Effect.fnUntraced(function* (to: typeof destination) {
        return yield* runLink({
          merchant,
          link: { from: "store", to: "acme" },
          source: yield* makeStoreSource(merchant),
          destination: to,
          owner: "test"
        })
      })
      const make = (firstName: string) =>
        customers.save(merchant, { references: [], createIfMissing: true, patch: { firstName }, actor: 1 })
      const give = (id: typeof ann.entity.id) =>
        cards.save(merchant, {
          search: [{ by: "number", number: "77" }],
          createIfMissing: true,
          patch: { number: "77" },
          owner: { by: "id", id },
          actor: 1
        })
      const ann = yield* make("Ann")
      const bob = yield* make("Bob")
      yield* give(ann.entity.id)
      yield* run(destination)
      yield* TestClock.adjust("1 minute")
      yield* give(bob.entity.id)

      const moved = yield* Deferred.make<void>()
      yield* run({
        ...destination,
        lookUp: (by) => Effect.tap(destination.lookUp(by), () => Deferred.await(moved)),
        putCard: (card, owner) =>
          // Late enough for the old owner to be looked at first.
          Effect.replicateEffect(Effect.yieldNow, 50, { discard: true }).pipe(
            Effect.andThen(destination.putCard(card, owner)),
            Effect.tap(() => Deferred.succeed(moved, undefined))
          )
      })
      const held = Object.fromEntries(
        [...vendor.people.values()].map(({ cards: own, customer }) => [
          customer.firstName,
          own.map(({ number }) => number).join()
        ])
      )
      assert.deepStrictEqual(held, { Ann: "", Bob: "77" })
    }).pipe(Effect.provide(layerWorld))
  )
})
