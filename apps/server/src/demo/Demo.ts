/**
 * The demo: one merchant with the records that the vendors' own pages show and 1,000 invented customers, the same at
 * every start, in a store that is thrown away afterwards.
 */
import type { StorageError } from "@tillbridge/domain"
import {
  ChangeFeed,
  CardRepository,
  CardId,
  type CardType,
  CardTypeId,
  ChangePosition,
  Credentials,
  CustomerId,
  CustomerRepository,
  type Customer,
  type CustomerGroup,
  fromLocal,
  GroupId,
  layerDomain,
  type LoyaltyCard,
  MerchantRepository,
  Merchants,
  moneyFromText,
  newCard,
  newCustomer,
  type Repositories,
  StoreId,
  StoreListId,
  TimeZone,
  UnitOfWork
} from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { servedDialects } from "../dialects.ts"
import { inventPeople } from "./people.ts"

/** The demo's key, login and password. */
export const DEMO_KEY = "demo"

const KEY_PREFIX = "SHOP"

const zone = TimeZone.make("Europe/Moscow")

const at = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number
): DateTime.Utc => fromLocal(zone, { year, month, day, hour, minute, second, millisecond: 0 })

/** The customer of the VirtualPOS page, and the one of the Megawin page (known there as 1). */
const sampleCustomers = (groupOfThePage: CustomerGroup): ReadonlyArray<Customer> => {
  const registered = at(2016, 7, 18, 13, 54, 37)
  const added = at(2024, 1, 1, 12, 34, 56)
  return [
    {
      ...newCustomer(CustomerId.make(1), registered, 2),
      firstName: "Сергей",
      lastName: "Иванов",
      middleName: "Степанович",
      gender: "female",
      notes: "очень требовательный",
      birthDate: { day: 24, month: 10, year: 1992 },
      accumulatedSales: Option.getOrThrow(moneyFromText("15200")),
      consents: { push: true, email: true, sms: true }
    },
    {
      ...newCustomer(CustomerId.make(2), added, null),
      externalIds: [{ system: "megawin", key: "1" }],
      firstName: "John",
      lastName: "Doe",
      email: "jdoe@example.com",
      phone: "555-1234",
      mobilePhone: "555-5678",
      address: {
        line1: "123 Main St",
        line2: null,
        line3: null,
        postalCode: "12345",
        city: "Anytown",
        country: "USA"
      },
      company: { name: "John Doe Inc.", vatNumber: "TVA123456" },
      language: "EN",
      group: groupOfThePage,
      discountPercent: Option.getOrThrow(moneyFromText("10")),
      extensions: {
        megawin: { customerNumber: "C123", login: "jdoe", showPrice: true, megawinapp_login: "jdoe_mwa" }
      }
    }
  ]
}

/** The row of the LCManager page: a card of customer 1. Its fillers stand where the domain has no such word. */
const sampleCard = (typeOfThePage: CardType): LoyaltyCard => {
  const registered = fromLocal(zone, {
    year: 2024,
    month: 4,
    day: 25,
    hour: 0,
    minute: 23,
    second: 55,
    millisecond: 864
  })
  return {
    ...newCard(CardId.make(1), "1", registered, null),
    externalIds: [{ system: KEY_PREFIX, key: "1" }],
    medium: "app",
    customerId: CustomerId.make(1),
    registeredAt: registered,
    registeredIn: StoreId.make(1),
    type: typeOfThePage,
    extensions: {
      lcmanager: {
        Card_Status: "sample string 2",
        RegPos: "1",
        RegPosName: "sample string 3",
        RegDate: "2024-04-25T00:23:55.8646615"
      }
    }
  }
}

const fill = Effect.gen(function* () {
  const merchants = yield* Merchants
  const entries = yield* MerchantRepository
  const credentials = yield* Credentials
  const customers = yield* CustomerRepository
  const cards = yield* CardRepository
  const feed = yield* ChangeFeed

  const merchant = yield* merchants.create({ name: "Demo", timeZone: zone, externalKeyPrefix: KEY_PREFIX })
  for (const id of [1, 2, 3])
    yield* merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Store ${id}` })
  yield* merchants.putStoreList(merchant.id, {
    id: StoreListId.make(1),
    name: "Stores 1 and 2",
    storeIds: [StoreId.make(1), StoreId.make(2)]
  })
  for (const { load } of servedDialects) {
    const { dialect } = yield* Effect.promise(load)
    yield* credentials.create({
      merchantId: merchant.id,
      dialect: dialect.id,
      login: dialect.capabilities.credentials === "login" ? DEMO_KEY : null,
      secret: Redacted.make(DEMO_KEY),
      label: "demo",
      scopes: ["read", "write"]
    })
  }
  const named = (directory: "group" | "card type", names: ReadonlyArray<string>) =>
    Effect.forEach(names, (name) => entries.addEntry(merchant.id, directory, name))
  const groups = (yield* named("group", ["VIP", "Retail", "Staff", "Group A"])).map(({ id, name }) => ({
    id: GroupId.make(id),
    name
  }))
  const cardTypes = (yield* named("card type", ["Gold", "Silver", "Gift", "sample string 1"])).map(
    ({ id, name }) => ({ id: CardTypeId.make(id), name })
  )
  const groupOfThePage = groups.pop()!
  const samples = sampleCustomers(groupOfThePage)
  const sampleCards = [sampleCard(cardTypes.pop()!)]
  const people = inventPeople(1_000, samples.length + 1, sampleCards.length + 1, zone, {
    groups,
    cardTypes
  })
  const all = [...samples, ...people.customers]
  const allCards = [...sampleCards, ...people.cards]
  const claimed = yield* feed.claim(merchant.id, {
    changes: all.length + allCards.length,
    customers: all.length,
    cards: allCards.length
  })
  const version = (index: number) => ChangePosition.make(claimed.position + index)
  yield* customers.put(
    merchant.id,
    all.map((customer, index) => ({ before: null, after: { ...customer, version: version(index) } }))
  )
  yield* cards.put(
    merchant.id,
    allCards.map((card, index) => ({
      before: null,
      after: { ...card, version: version(all.length + index) }
    }))
  )
})

/** A filled store on a file of its own, which is removed when the layer closes. */
export const demo: Layer.Layer<Repositories, StorageError> = Layer.unwrap(
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-demo-"))),
      (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
    )
    const store = layerSqlite({ path: path.join(folder, "demo.sqlite") })
    const filled = Layer.effectDiscard(
      Effect.gen(function* () {
        const { atomically } = yield* UnitOfWork
        yield* atomically(fill)
      }).pipe(
        Effect.catch((error) => (error._tag === "StorageError" ? Effect.fail(error) : Effect.die(error)))
      )
    ).pipe(Layer.provide(layerDomain))
    return Layer.provideMerge(filled, store)
  })
)
