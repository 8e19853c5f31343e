/** Fills an empty store: one merchant with stores, well-known credentials and, in batches, its customers and cards. */
import {
  CardId,
  CardRepository,
  CardTypeId,
  ChangeFeed,
  ChangePosition,
  Credentials,
  CustomerId,
  CustomerRepository,
  type Dialect,
  GroupId,
  type Merchant,
  MerchantRepository,
  Merchants,
  StoreId,
  StoreListId,
  TimeZone,
  UnitOfWork
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { DEMO_KEY } from "../demo/Demo.ts"
import type { Dice } from "./Dice.ts"
import { type Directory, makePeople, type Person, type Population } from "./People.ts"

/** Customers of one transaction. */
const batchSize = 2_000

const stores = 3

const makeMerchant = Effect.fnUntraced(function* (dialect: Dialect) {
  const merchants = yield* Merchants
  const credentials = yield* Credentials
  const merchant = yield* merchants.create({
    name: `Simulated ${dialect.title}`,
    timeZone: TimeZone.make("Europe/Paris"),
    externalKeyPrefix: "SHOP"
  })
  for (let id = 1; id <= stores; id++)
    yield* merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Store ${id}` })
  yield* merchants.putStoreList(merchant.id, {
    id: StoreListId.make(1),
    name: "Stores 1 and 2",
    storeIds: [StoreId.make(1), StoreId.make(2)]
  })
  yield* credentials.create({
    merchantId: merchant.id,
    dialect: dialect.id,
    login: dialect.capabilities.credentials === "login" ? DEMO_KEY : null,
    secret: Redacted.make(DEMO_KEY),
    label: "simulator",
    scopes: ["read", "write", "balance"]
  })
  return merchant
})

const makeDirectory = Effect.fnUntraced(function* (merchant: Merchant) {
  const entries = yield* MerchantRepository
  const named = (directory: "group" | "card type", names: ReadonlyArray<string>) =>
    Effect.forEach(names, (name) => entries.addEntry(merchant.id, directory, name))
  const directory: Directory = {
    groups: (yield* named("group", ["VIP", "Retail", "Staff"])).map(({ id, name }) => ({
      id: GroupId.make(id),
      name
    })),
    cardTypes: (yield* named("card type", ["Gold", "Silver", "Gift"])).map(({ id, name }) => ({
      id: CardTypeId.make(id),
      name
    })),
    stores
  }
  return directory
})

/** One batch; positions are in the order of the stamps, ids are not. */
const putBatch = Effect.fnUntraced(function* (merchant: Merchant, people: ReadonlyArray<Person>, dice: Dice) {
  const customers = yield* CustomerRepository
  const cards = yield* CardRepository
  const feed = yield* ChangeFeed
  const cardCount = people.reduce((sum, person) => sum + person.cards.length, 0)
  const claimed = yield* feed.claim(merchant.id, {
    changes: people.length + cardCount,
    customers: people.length,
    cards: cardCount
  })
  const ids = dice.shuffled(people.map((_, index) => claimed.customerId + index))
  let position: number = claimed.position
  let card: number = claimed.cardId
  const placed = people.map((person, index) => {
    const id = CustomerId.make(ids[index]!)
    const customer = { ...person.customer, id, version: ChangePosition.make(position++) }
    const owned = person.cards.map((one) => ({
      ...one,
      id: CardId.make(card++),
      version: ChangePosition.make(position++),
      customerId: id
    }))
    return { customer, owned }
  })
  yield* customers.put(
    merchant.id,
    placed.map(({ customer }) => ({ before: null, after: customer }))
  )
  yield* cards.put(
    merchant.id,
    placed.flatMap(({ owned }) => owned.map((after) => ({ before: null, after })))
  )
})

/** Everything that a simulator begins with. */
export const seed = Effect.fnUntraced(
  function* (dialect: Dialect, population: Population, dice: Dice) {
    const { atomically } = yield* UnitOfWork
    const merchant = yield* makeMerchant(dialect)
    const directory = yield* atomically(makeDirectory(merchant))
    const next = makePeople(population, directory, dice)
    for (let from = 0; from < population.customers; from += batchSize) {
      const size = Math.min(batchSize, population.customers - from)
      const people = Array.from({ length: size }, (_, index) => next(from + index))
      yield* atomically(putBatch(merchant, people, dice))
    }
    return merchant
  },
  // Nothing of this can be refused: the store is empty and the names are ours.
  Effect.catch((error) => (error._tag === "StorageError" ? Effect.fail(error) : Effect.die(error)))
)
