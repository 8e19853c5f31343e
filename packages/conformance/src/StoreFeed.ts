/** The change feed: everything once, at its newest change, in commit order, and nothing missed while others write. */
import { assert } from "@effect/vitest"
import {
  CardRepository,
  type Change,
  ChangeFeed,
  type ChangePosition,
  type Customer,
  CustomerRepository,
  type LoyaltyCard,
  type MerchantId,
  type Repositories
} from "@tillbridge/domain"
import { Deferred, Effect, Exit, Fiber } from "effect"
import {
  type Capability,
  finishesWithin,
  plain,
  randomCase,
  randomNumbers,
  type RandomNumbers,
  type Settings,
  testCase,
  turns
} from "./Case.ts"
import {
  addCard,
  addCustomer,
  addCustomerAs,
  addCustomers,
  allChanges,
  changeCard,
  changeCustomer,
  idsOf,
  inUnit,
  makeMerchant,
  removeCard,
  removeCustomer
} from "./Records.ts"

const entityOf = (change: Change): string => {
  switch (change._tag) {
    case "CustomerChanged":
      return `customer ${change.customer.id}`
    case "CustomerRemoved":
      return `customer ${change.id}`
    case "CardChanged":
      return `card ${change.card.id}`
    case "CardRemoved":
      return `card ${change.id}`
  }
}

const shown = (change: Change): string =>
  `${entityOf(change)} ${change._tag.endsWith("Removed") ? "removed" : "changed"} at ${change.position}`

/** A page of the feed in itself: ascending, each entity once, and a state that carries its own position as version. */
export const assertOrdered = (changes: ReadonlyArray<Change>, after: number): void => {
  const entities = new Set<string>()
  let last = after
  for (const change of changes) {
    assert.isAbove(change.position, last, `positions must ascend: ${changes.map(shown).join(", ")}`)
    assert.isFalse(entities.has(entityOf(change)), `only once: ${shown(change)}`)
    entities.add(entityOf(change))
    last = change.position
    if (change._tag === "CustomerChanged") assert.strictEqual(change.customer.version, change.position)
    if (change._tag === "CardChanged") assert.strictEqual(change.card.version, change.position)
  }
}

/** What the store holds now, named as the feed's reader names it; removed entities are not in it. */
const present = (merchant: MerchantId) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const state = new Map<string, unknown>()
    for (const customer of yield* customers.getMany(merchant, yield* idsOf(merchant))) {
      state.set(`customer ${customer.id}`, plain(customer))
    }
    const cards = yield* CardRepository
    for (const card of yield* cards.list(merchant, { after: null, limit: 100_000 })) {
      state.set(`card ${card.id}`, plain(card))
    }
    return state
  })

const stateAfter = (change: Change): unknown =>
  change._tag === "CustomerChanged"
    ? plain(change.customer)
    : change._tag === "CardChanged"
      ? plain(change.card)
      : null

const sorted = (state: ReadonlyMap<string, unknown>) => [...state].sort(([a], [b]) => (a < b ? -1 : 1))

/** The feed from the beginning tells exactly what the store holds. */
export const feedAgrees = (merchant: MerchantId) =>
  Effect.gen(function* () {
    const changes = yield* allChanges(merchant)
    assertOrdered(changes, 0)
    const told = new Map(changes.map((change) => [entityOf(change), stateAfter(change)]))
    for (const [entity, state] of told) if (state === null) told.delete(entity)
    assert.deepStrictEqual(sorted(told), sorted(yield* present(merchant)))
  })

/** A writer that makes random units on records of its own; some of them fail on purpose. */
const writer = (merchant: MerchantId, random: RandomNumbers, units: number, removed: Set<string>) =>
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

const followWhileWriting = (random: RandomNumbers) =>
  Effect.gen(function* () {
    const { id } = yield* makeMerchant()
    const feed = yield* ChangeFeed
    const removed = new Set<string>()
    const writers = yield* Effect.forEach([1, 2, 3, 4], (n) => {
      const own = randomNumbers(random.seed * 10 + n)
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
