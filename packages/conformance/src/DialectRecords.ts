/** The customers and cards of the kit's own merchants. Everything was registered within ten days before noon. */
import {
  Cards,
  CustomerId,
  type CustomerRecord,
  Customers,
  type CustomerWithCards,
  type Merchant,
  MerchantRepository,
  StoreId
} from "@tillbridge/domain"
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { externalSystem, noon, type Store } from "./DialectSite.ts"
import type { GivenCard, WireExample } from "./DialectSubject.ts"

/** Whole days before noon. */
export const daysBefore = (days: number): DateTime.Utc => DateTime.makeUnsafe(noon - days * 86_400_000)

export type Given = Pick<WireExample, "customers" | "cards" | "groups" | "cardTypes" | "actor">

/** The customers with their cards as they are in the store, by id. */
export const recordsOf = Effect.fnUntraced(function* (store: Store, merchant: Merchant) {
  const customers = Context.get(store, Customers)
  const refs = yield* customers.refs(merchant.id, {}, { after: null, limit: 10_000 })
  const ids = refs.map(({ id }) => id)
  const all = yield* customers.getMany(merchant.id, ids)
  const cards = yield* Context.get(store, Cards).ofCustomers(merchant.id, ids)
  return all.map((customer): CustomerWithCards => ({
    customer,
    cards: cards.filter(({ customerId }) => customerId === customer.id)
  }))
})

/** Stores what is given, and tells what is there then. */
export const load = Effect.fnUntraced(function* (store: Store, merchant: Merchant, given: Given) {
  const { actor = null, cards = [], cardTypes = [], customers = [], groups = [] } = given
  const directories = Context.get(store, MerchantRepository)
  for (const name of groups) yield* directories.addEntry(merchant.id, "group", name)
  for (const name of cardTypes) yield* directories.addEntry(merchant.id, "card type", name)
  const outcomes = yield* Context.get(store, Customers).importBatch(merchant.id, customers, actor)
  const ids = outcomes.map((outcome) =>
    outcome._tag === "Rejected"
      ? assert.fail(`a given customer cannot be stored: ${outcome.error.message}`)
      : outcome.id
  )
  for (const { number, owner, patch, typeName } of cards) {
    const id = owner === undefined ? undefined : ids[owner]
    yield* Context.get(store, Cards).save(merchant.id, {
      search: [],
      createIfMissing: true,
      patch: { ...patch, number },
      ...(typeName === undefined ? {} : { type: { name: typeName } }),
      ...(id === undefined ? {} : { owner: { by: "id" as const, id } }),
      actor
    })
  }
  return yield* recordsOf(store, merchant)
})

interface Person {
  readonly firstName: string
  readonly lastName?: string
  readonly phone?: string
  readonly mobilePhone?: string
  readonly email?: string
  readonly hasKey?: boolean
  readonly store: number
}

const people: ReadonlyArray<Person> = [
  {
    firstName: "Anna",
    lastName: "Orlova",
    phone: "+33 100 000 001",
    email: "anna@example.test",
    hasKey: true,
    store: 1
  },
  { firstName: "Boris", lastName: "Berger", email: "boris@example.test", hasKey: true, store: 2 },
  { firstName: "Chloé", phone: "+33 100 000 003", hasKey: true, store: 3 },
  { firstName: "Dmitri", mobilePhone: "+33 600 000 004", email: "d+1@example.test", store: 1 },
  { firstName: "Eve", hasKey: true, store: 2 },
  { firstName: "Fred", lastName: "Orlova", phone: "+33 100 000 006", store: 3 },
  { firstName: "Gül", email: "gul@example.test", hasKey: true, store: 1 }
]

const customerOf = ({ firstName, hasKey, store, ...person }: Person, index: number): CustomerRecord => ({
  ...person,
  firstName,
  registeredAt: daysBefore(9 - index),
  registeredIn: StoreId.make(store),
  externalIds: hasKey ? [{ system: externalSystem, key: `WEB-${index + 1}` }] : []
})

const cardOf = ({ store }: Person, index: number): GivenCard => ({
  number: `990000000001${index}`,
  owner: index,
  typeName: index % 2 === 0 ? "Gold" : "Silver",
  patch: {
    status: "active",
    medium: index % 2 === 0 ? "plastic" : "app",
    registeredAt: daysBefore(9 - index),
    activatedAt: daysBefore(9 - index),
    registeredIn: StoreId.make(store),
    externalIds: [{ system: externalSystem, key: `500${index}` }]
  }
})

/** Seven customers, each with one card; they differ in what they have and in where and when they came. */
export const townspeople: Given = {
  customers: people.map(customerOf),
  cards: people.map(cardOf)
}

/** Word in every name of the other merchant's records: found in an answer, it has leaked. */
export const foreignMark = "Foreign"

/** The same for another merchant: nothing agrees with the first one's records but when and where. */
export const foreigners: Given = {
  groups: [`${foreignMark} group`],
  cardTypes: [`${foreignMark} type`],
  customers: people.map((person, index) => {
    const { email, mobilePhone, phone } = person
    return {
      ...customerOf(person, index),
      id: CustomerId.make(1_001 + index),
      firstName: `${foreignMark} ${person.firstName}`,
      ...(phone === undefined ? {} : { phone: phone.replace("100", "177") }),
      ...(mobilePhone === undefined ? {} : { mobilePhone: mobilePhone.replace("600", "677") }),
      ...(email === undefined ? {} : { email: email.replace("example", "foreign.example") }),
      externalIds: person.hasKey ? [{ system: externalSystem, key: `FAR-${index + 1}` }] : []
    }
  }),
  cards: people.map((person, index) => ({
    ...cardOf(person, index),
    number: `880000000001${index}`,
    typeName: `${foreignMark} type`,
    patch: { ...cardOf(person, index).patch, externalIds: [{ system: externalSystem, key: `700${index}` }] }
  }))
}
