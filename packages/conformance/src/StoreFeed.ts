/** The change feed: everything once, at its newest change, in commit order, and nothing missed while others write. */
import { assert } from "@effect/vitest"
import { type Change, ChangeFeed, type ChangePosition, type Repositories } from "@tillbridge/domain"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type Capability, finishesWithin, plain, randomCase, type Settings, testCase } from "./Case.ts"
import { assertOrdered, entityOf, shown, stateAfter } from "./FeedReader.ts"
import {
  addCard,
  addCustomer,
  addCustomerAs,
  addCustomers,
  allChanges,
  changeCard,
  changeCustomer,
  inUnit,
  makeMerchant,
  removeCard,
  removeCustomer
} from "./Records.ts"
import { followWhileWriting } from "./StoreConcurrency.ts"

export const feedCases = (settings: Settings): Capability<Repositories> => ({
  name: "the change feed",
  cases: [
    testCase(
      "positions ascend in the order in which units were committed",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const anna = yield* addCustomer(id, { firstName: "Anna" })
        const card = yield* addCard(id, { number: "1" })
        const boris = yield* addCustomer(id, { firstName: "Boris" })
        const changes = yield* allChanges(id)
        assertOrdered(changes, 0)
        assert.deepStrictEqual(changes.map(entityOf), [
          `customer ${anna.id}`,
          `card ${card.id}`,
          `customer ${boris.id}`
        ])
        assert.deepStrictEqual(changes.map(stateAfter), [anna, card, boris].map(plain))
        assert.isAbove(changes[0]!.position, 0)
      })
    ),
    testCase(
      "an entity stands in the feed once, at its newest change and with its newest state",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const anna = yield* addCustomer(id, { firstName: "Anna" })
        const boris = yield* addCustomer(id, { firstName: "Boris" })
        const card = yield* addCard(id, { number: "1" })
        const blocked = yield* changeCard(id, card, { status: "blocked" })
        const newest = yield* changeCustomer(id, anna, { firstName: "Anne" })
        const changes = yield* allChanges(id)
        assertOrdered(changes, 0)
        assert.deepStrictEqual(changes.map(stateAfter), [boris, blocked, newest].map(plain))
      })
    ),
    testCase(
      "a customer or card that is removed stays in the feed as removed, after everything before it",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const anna = yield* addCustomer(id)
        const card = yield* addCard(id, { number: "1" })
        const boris = yield* addCustomer(id)
        yield* removeCustomer(id, anna)
        yield* removeCard(id, card)
        const changes = yield* allChanges(id)
        assertOrdered(changes, 0)
        assert.deepStrictEqual(
          changes.map((change) => [change._tag, entityOf(change)]),
          [
            ["CustomerChanged", `customer ${boris.id}`],
            ["CustomerRemoved", `customer ${anna.id}`],
            ["CardRemoved", `card ${card.id}`]
          ]
        )
      })
    ),
    testCase(
      "a customer that comes back under its id is in the feed once again, as present",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const anna = yield* addCustomer(id, { firstName: "Anna" })
        yield* removeCustomer(id, anna)
        const back = yield* addCustomerAs(id, anna.id, { firstName: "Back" })
        const changes = yield* allChanges(id)
        assert.deepStrictEqual(
          changes.map((change) => [change._tag, stateAfter(change)]),
          [["CustomerChanged", plain(back)]]
        )
        yield* removeCustomer(id, back)
        assert.deepStrictEqual(
          (yield* allChanges(id)).map((change) => change._tag),
          ["CustomerRemoved"]
        )
      })
    ),
    testCase(
      "reading in pages of any size gives the same as reading at once",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const feed = yield* ChangeFeed
        const added = yield* addCustomers(
          id,
          Array.from({ length: 23 }, () => ({}))
        )
        for (const customer of added.slice(3, 6)) yield* changeCustomer(id, customer, { firstName: "x" })
        for (const customer of added.slice(10, 12)) yield* removeCustomer(id, customer)
        yield* addCard(id, { number: "1" })
        const whole = (yield* allChanges(id)).map(shown)
        assert.lengthOf(whole, 24)
        for (const limit of [1, 2, 7, 23, 24, 25]) {
          const parts: Array<Change> = []
          for (;;) {
            const part = yield* feed.read(id, (parts.at(-1)?.position ?? 0) as ChangePosition, limit)
            assert.isAtMost(part.length, limit)
            assertOrdered(part, parts.at(-1)?.position ?? 0)
            if (part.length === 0) break
            parts.push(...part)
          }
          assert.deepStrictEqual(parts.map(shown), whole)
        }
      })
    ),
    testCase(
      "after the newest position there is nothing, until something is written",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const feed = yield* ChangeFeed
        const { version } = yield* addCustomer(id)
        assert.deepStrictEqual(yield* feed.read(id, version, 10), [])
        const next = yield* addCustomer(id)
        assert.deepStrictEqual((yield* feed.read(id, version, 10)).map(entityOf), [`customer ${next.id}`])
      })
    ),
    testCase(
      "a claim gives as many positions and ids as were asked for, without gaps inside",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const feed = yield* ChangeFeed
        const first = yield* inUnit(feed.claim(id, { changes: 5, customers: 4, cards: 3 }))
        const second = yield* inUnit(feed.claim(id, { changes: 1 }))
        assert.isAtLeast(second.position, first.position + 5)
        assert.isAtLeast(second.customerId, first.customerId + 4)
        assert.isAtLeast(second.cardId, first.cardId + 3)
        const inOne = yield* inUnit(
          Effect.all([feed.claim(id, { changes: 2 }), feed.claim(id, { changes: 2 })])
        )
        assert.isAtLeast(inOne[1]!.position, inOne[0]!.position + 2)
      })
    ),
    testCase(
      "a unit that claimed its position first and commits last is not missed by a reader that was quicker",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const feed = yield* ChangeFeed
        const claimed = yield* Deferred.make<void>()
        const other = yield* Deferred.make<void>()
        const slow = yield* Effect.forkChild(
          inUnit(
            Effect.gen(function* () {
              const added = yield* addCustomer(id, { firstName: "slow" })
              yield* Deferred.succeed(claimed, undefined)
              // Where the second unit has to wait for this one, it is not done when patience ends.
              yield* finishesWithin(Deferred.await(other), settings.patience)
              return added
            })
          )
        )
        yield* Effect.raceFirst(Deferred.await(claimed), Fiber.join(slow))
        const quick = yield* Effect.forkChild(addCustomer(id, { firstName: "quick" }))
        const seen: Array<string> = []
        let after = 0 as ChangePosition
        const read = Effect.gen(function* () {
          const changes = yield* feed.read(id, after, 10)
          for (const change of changes) seen.push(entityOf(change))
          after = changes.at(-1)?.position ?? after
        })
        const early = yield* Effect.forkChild(read)
        yield* finishesWithin(Fiber.join(early), settings.patience)
        if (yield* finishesWithin(Fiber.join(quick), settings.patience / 4)) yield* read
        yield* Deferred.succeed(other, undefined)
        const names = [yield* Fiber.join(slow), yield* Fiber.join(quick)].map(
          (customer) => `customer ${customer.id}`
        )
        yield* Fiber.join(early)
        yield* read
        assert.deepStrictEqual([...seen].sort(), names.sort())
      })
    ),
    randomCase(
      "a reader that follows the feed while four writers write, fail and remove misses nothing and ends with the newest state",
      settings,
      Math.max(3, Math.ceil(settings.runs / 10)),
      followWhileWriting
    )
  ]
})
