/** What a unit of work wrote is all there or not at all, and nobody sees a half of it. */
import { assert } from "@effect/vitest"
import {
  CardRepository,
  ChangeFeed,
  type ChangePosition,
  CredentialRepository,
  type Customer,
  CustomerRepository,
  type LoyaltyCard,
  type Merchant,
  MerchantRepository,
  newCard,
  newCustomer,
  type Repositories,
  StoreId
} from "@tillbridge/domain"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { type Capability, finishesWithin, plain, type Settings, testCase, turns } from "./Case.ts"
import {
  addCard,
  addCustomer,
  allChanges,
  idsOf,
  inUnit,
  makeMerchant,
  makeMerchantWithStores,
  randomDigest,
  someTime
} from "./Records.ts"

interface Ready {
  readonly merchant: Merchant
  readonly kept: Customer
  readonly dropped: Customer
  readonly card: LoyaltyCard
  readonly digest: Uint8Array
}

const ready = Effect.gen(function* (): Effect.fn.Return<Ready, unknown, Repositories> {
  const merchant = yield* makeMerchantWithStores
  const kept = yield* addCustomer(merchant.id, {
    firstName: "Kept",
    externalIds: [{ system: "s", key: "1" }]
  })
  const dropped = yield* addCustomer(merchant.id, { firstName: "Dropped" })
  const card = yield* addCard(merchant.id, { number: "1", customerId: kept.id })
  return { merchant, kept, dropped, card, digest: randomDigest() }
})

/** One write of every kind. */
const everyWrite = ({ card, digest, dropped, kept, merchant }: Ready) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const cards = yield* CardRepository
    const merchants = yield* MerchantRepository
    const claimed = yield* (yield* ChangeFeed).claim(merchant.id, { changes: 6, customers: 1, cards: 1 })
    const version = (index: number) => ({ version: (claimed.position + index) as ChangePosition })
    const group = yield* merchants.addEntry(merchant.id, "group", "half a unit")
    yield* merchants.addEntry(merchant.id, "card type", "half a unit")
    yield* merchants.putStore(merchant.id, { id: StoreId.make(1), name: "Renamed" })
    yield* merchants.putStore(merchant.id, { id: StoreId.make(9), name: "New" })
    yield* merchants.putStoreList(merchant.id, { id: 1 as never, name: "List", storeIds: [StoreId.make(9)] })
    const added = {
      ...newCustomer(claimed.customerId, someTime, null),
      ...version(0),
      externalIds: [{ system: "s", key: "2" }],
      group: { id: group.id as never, name: group.name }
    }
    const moved = { ...kept, ...version(1), firstName: "Changed", externalIds: [{ system: "s", key: "3" }] }
    yield* customers.put(merchant.id, [
      { before: null, after: added },
      { before: kept, after: moved }
    ])
    yield* customers.remove(merchant.id, dropped, version(2).version, someTime)
    const newOne = {
      ...newCard(claimed.cardId, "2", someTime, null),
      ...version(3),
      customerId: claimed.customerId
    }
    const given = { ...card, ...version(4), number: "3", customerId: claimed.customerId }
    yield* cards.put(merchant.id, [
      { before: null, after: newOne },
      { before: card, after: given }
    ])
    yield* cards.remove(merchant.id, given, version(5).version, someTime)
    yield* (yield* CredentialRepository).insert(
      { merchantId: merchant.id, dialect: "d", login: null, label: null, scopes: [], createdAt: someTime },
      digest
    )
  })

/** Everything that can be read of the merchant. */
const picture = ({ digest, merchant }: Ready) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const cards = yield* CardRepository
    const merchants = yield* MerchantRepository
    const credentials = yield* CredentialRepository
    return plain({
      customers: yield* customers.getMany(merchant.id, yield* idsOf(merchant.id)),
      owners: yield* customers.owners(
        merchant.id,
        ["1", "2", "3"].map((key) => ({ system: "s", key }))
      ),
      cards: yield* cards.list(merchant.id, { after: null, limit: 1_000 }),
      stores: yield* merchants.stores(merchant.id),
      lists: yield* merchants.storeLists(merchant.id),
      groups: yield* merchants.entries(merchant.id, "group"),
      types: yield* merchants.entries(merchant.id, "card type"),
      changes: yield* allChanges(merchant.id),
      credentials: yield* credentials.list(merchant.id),
      found: Option.isSome(yield* credentials.byDigest(digest))
    })
  })

/** A unit that ends in this way leaves no trace, and the store works on. */
const leavesNothing = (
  end: (
    unit: Effect.Effect<void, unknown, Repositories>
  ) => Effect.Effect<Exit.Exit<unknown, unknown>, unknown, Repositories>
) =>
  Effect.gen(function* () {
    const given = yield* ready
    const before = yield* picture(given)
    const exit = yield* end(everyWrite(given))
    assert.isTrue(Exit.isFailure(exit), "the unit must not succeed")
    assert.deepStrictEqual(yield* picture(given), before)
    yield* inUnit(everyWrite(given))
    assert.notDeepEqual(yield* picture(given), before)
  })

export const unitCases = (settings: Settings): Capability<Repositories> => ({
  name: "a unit of work is all or nothing",
  cases: [
    testCase(
      "a unit that fails at its end leaves nothing",
      leavesNothing((unit) => Effect.exit(inUnit(Effect.andThen(unit, Effect.fail("no")))))
    ),
    testCase(
      "a unit that dies of a bug leaves nothing",
      leavesNothing((unit) => Effect.exit(inUnit(Effect.andThen(unit, Effect.die(new Error("bug"))))))
    ),
    testCase(
      "a unit that interrupts itself leaves nothing",
      leavesNothing((unit) => Effect.exit(inUnit(Effect.andThen(unit, Effect.interrupt))))
    ),
    testCase(
      "a unit that is interrupted from outside leaves nothing",
      leavesNothing((unit) =>
        Effect.gen(function* () {
          const written = yield* Deferred.make<void>()
          const fiber = yield* Effect.forkChild(
            inUnit(
              unit.pipe(Effect.andThen(Deferred.succeed(written, undefined)), Effect.andThen(Effect.never))
            )
          )
          yield* Effect.raceFirst(Deferred.await(written), Fiber.join(fiber))
          yield* Fiber.interrupt(fiber)
          return yield* Fiber.await(fiber)
        })
      )
    ),
    testCase(
      "a unit within a unit joins it: when the outer one fails, the inner one's writes are gone too",
      leavesNothing((unit) => Effect.exit(inUnit(Effect.andThen(inUnit(inUnit(unit)), Effect.fail("no")))))
    ),
    testCase(
      "a unit within a unit that succeeds is stored with it",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const [first, second] = yield* inUnit(
          Effect.all([addCustomer(merchant.id), inUnit(addCustomer(merchant.id))])
        )
        assert.deepStrictEqual(yield* idsOf(merchant.id), [first.id, second.id])
      })
    ),
    testCase(
      "a merchant made in a unit that fails does not exist",
      Effect.gen(function* () {
        const merchants = yield* MerchantRepository
        const made: Array<Merchant> = []
        yield* Effect.exit(
          inUnit(
            Effect.gen(function* () {
              made.push(yield* makeMerchant({ name: "never" }))
              return yield* Effect.fail("no")
            })
          )
        )
        const next = yield* makeMerchant({ name: "next" })
        const listed = (yield* merchants.list).filter(({ id }) => id === made[0]!.id || id === next.id)
        assert.deepStrictEqual(listed, [next])
      })
    ),
    testCase(
      "a unit sees its own writes",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const customers = yield* CustomerRepository
        const seen = yield* inUnit(
          Effect.gen(function* () {
            const { id } = yield* addCustomer(merchant.id, { firstName: "Own" })
            return yield* customers.get(merchant.id, id)
          })
        )
        assert.strictEqual(Option.getOrNull(seen)?.firstName, "Own")
      })
    ),
    testCase(
      "nobody outside sees the writes of a unit that is still open",
      Effect.gen(function* () {
        const given = yield* ready
        const before = yield* picture(given)
        const written = yield* Deferred.make<void>()
        const seen = yield* Deferred.make<unknown, unknown>()
        const unit = yield* Effect.forkChild(
          Effect.exit(
            inUnit(
              Effect.gen(function* () {
                yield* everyWrite(given)
                yield* Deferred.succeed(written, undefined)
                // A store may let the reader wait for the end of the unit instead.
                yield* finishesWithin(Deferred.await(seen), settings.patience)
                return yield* Effect.fail("no")
              })
            )
          )
        )
        yield* Effect.raceFirst(Deferred.await(written), Fiber.join(unit))
        const reader = yield* Effect.forkChild(
          Effect.onExit(picture(given), (exit) => Deferred.done(seen, exit))
        )
        assert.deepStrictEqual(yield* Fiber.join(reader), before)
        yield* Fiber.join(unit)
      })
    ),
    testCase(
      "units that start at the same time are all stored, each with its own ids and positions",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const added = yield* Effect.forEach(
          Array.from({ length: 40 }, (_, index) => index),
          (index) =>
            inUnit(
              Effect.tap(addCustomer(merchant.id, { firstName: `customer ${index}` }), () => turns(index % 3))
            ),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(new Set(added.map(({ id }) => id)).size, 40)
        assert.strictEqual(new Set(added.map(({ version }) => version)).size, 40)
        const customers = yield* CustomerRepository
        const stored = yield* customers.getMany(
          merchant.id,
          added.map(({ id }) => id)
        )
        assert.deepStrictEqual(plain(stored), plain(added))
      })
    ),
    testCase(
      "units of which some fail do not take the others with them",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const exits = yield* Effect.forEach(
          Array.from({ length: 40 }, (_, index) => index),
          (index) =>
            Effect.exit(
              inUnit(
                Effect.gen(function* () {
                  const added = yield* addCustomer(merchant.id)
                  yield* turns(index % 3)
                  return index % 4 === 0 ? yield* Effect.fail("no") : added.id
                })
              )
            ),
          { concurrency: "unbounded" }
        )
        const stored = exits.flatMap((exit) => (Exit.isSuccess(exit) ? [exit.value] : []))
        assert.strictEqual(stored.length, 30)
        assert.deepStrictEqual(
          yield* idsOf(merchant.id),
          stored.sort((a, b) => a - b)
        )
      })
    )
  ]
})
