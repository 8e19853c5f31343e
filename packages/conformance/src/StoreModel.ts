/** Random commands against the store and against a small model of it that shares no code with any store. */
import { assert } from "@effect/vitest"
import {
  AlreadyTaken,
  CardRepository,
  type Customer,
  type CustomerFilter,
  CustomerId,
  CustomerRepository,
  type LoyaltyCard,
  type Merchant,
  type Repositories,
  StoreId
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { type Capability, plain, property, type Settings } from "./Case.ts"
import {
  addCard,
  addCustomer,
  at,
  changeCard,
  changeCustomer,
  idsOf,
  inUnit,
  makeMerchantWithStores,
  removeCard,
  removeCustomer,
  someTime
} from "./Records.ts"
import { feedAgrees } from "./FeedReader.ts"

const maybe = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: null, freq: 3 })
const optional = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

const phones = fc.constantFrom(
  "+7 999 1",
  "79991",
  "8 (999) 000-00-01",
  "9990000001",
  "+19990000001",
  "none",
  "12"
)
const emails = fc.constantFrom("a@x", "A@X", " a@x", "b@x", "ä@x", "Ä@X")
const externalId = fc.record({ system: fc.constantFrom("s", "S"), key: fc.constantFrom("1", "01", "2") })
const place = fc.nat({ max: 30 })

const customerFields = fc.record(
  {
    phone: maybe(phones),
    mobilePhone: maybe(phones),
    email: maybe(emails),
    firstName: maybe(fc.constantFrom("x", "y")),
    externalIds: fc.uniqueArray(externalId, { maxLength: 2, selector: ({ system }) => system })
  },
  { requiredKeys: [] }
)

const laterTime = at("2024-07-01T00:00:00Z")
const yearLater = at("2025-02-28T00:00:00Z")

const cardFields = fc.record({
  number: fc.constantFrom("1", "01", "2", "3", "4"),
  barcode: maybe(fc.constantFrom("X", "Y")),
  ean13: maybe(fc.constantFrom("X", "Z")),
  customer: maybe(place),
  registeredAt: maybe(fc.constantFrom(someTime, laterTime, at("2024-02-29T12:34:56.788Z"), yearLater)),
  registeredIn: maybe(fc.constantFrom(1, 2).map((id) => StoreId.make(id)))
})

const filter = fc
  .record({
    id: optional(fc.integer({ min: 1, max: 6 }).map((id) => CustomerId.make(id))),
    externalId: optional(externalId),
    phone: optional(phones),
    email: optional(emails),
    hasPhone: optional(fc.boolean()),
    hasEmail: optional(fc.boolean())
  })
  .map(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as CustomerFilter
  )

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("add customer" as const), fields: customerFields }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("change customer" as const), at: place, fields: customerFields })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove customer" as const), at: place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("add card" as const), fields: cardFields }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("change card" as const), at: place, fields: cardFields })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove card" as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail a unit" as const), fields: customerFields }) }
)
type Command = typeof command extends fc.Arbitrary<infer A> ? A : never

/** What is expected of a store, said as plainly as possible. */
interface Model {
  readonly customers: Map<number, Customer>
  readonly cards: Map<number, LoyaltyCard>
}

const ascending = <A extends { readonly id: number }>(some: Iterable<A>) =>
  [...some].sort((a, b) => a.id - b.id)
const lastDigits = (phone: string | null) =>
  [...(phone ?? "")]
    .filter((c) => c >= "0" && c <= "9")
    .slice(-10)
    .join("")
const folded = (email: string | null) => (email ?? "").trim().toLowerCase()

const holds = (customer: Customer, wanted: CustomerFilter): boolean => {
  const own = [customer.phone, customer.mobilePhone]
  if (wanted.id !== undefined && wanted.id !== customer.id) return false
  if (wanted.hasPhone !== undefined && wanted.hasPhone !== own.some((phone) => phone !== null)) return false
  if (wanted.hasEmail !== undefined && wanted.hasEmail !== (customer.email !== null)) return false
  if (
    wanted.email !== undefined &&
    (customer.email === null || folded(wanted.email) !== folded(customer.email))
  )
    return false
  if (wanted.phone !== undefined) {
    const digits = lastDigits(wanted.phone)
    if (digits === "" || !own.some((phone) => lastDigits(phone) === digits)) return false
  }
  const { externalId } = wanted
  if (externalId === undefined) return true
  return customer.externalIds.some(
    ({ key, system }) => key === externalId.key && system === externalId.system
  )
}

const sharesExternalId = (a: { readonly externalIds: Customer["externalIds"] }, b: typeof a) =>
  a.externalIds.some((x) => b.externalIds.some((y) => x.system === y.system && x.key === y.key))

const apply = (merchant: Merchant, model: Model, step: Command) =>
  Effect.gen(function* () {
    const customers = ascending(model.customers.values())
    const cards = ascending(model.cards.values())
    const isTaken = (fields: Partial<Customer>, except?: Customer) =>
      customers.some(
        (other) => other !== except && sharesExternalId(other, { externalIds: fields.externalIds ?? [] })
      )
    /** Writes, or is refused where the model says that something is taken. */
    const write = <A, E>(
      expected: boolean,
      effect: Effect.Effect<A, E, Repositories>,
      store: (written: A) => void
    ) =>
      Effect.gen(function* () {
        if (!expected) return store(yield* effect)
        assert.instanceOf(yield* Effect.flip(effect), AlreadyTaken)
      })
    switch (step.do) {
      case "add customer":
        return yield* write(
          isTaken(step.fields as Partial<Customer>),
          addCustomer(merchant.id, step.fields as Partial<Customer>),
          (added) => model.customers.set(added.id, added)
        )
      case "fail a unit": {
        const unit = Effect.andThen(
          addCustomer(merchant.id, step.fields as Partial<Customer>),
          Effect.fail("no")
        )
        return void (yield* Effect.flip(inUnit(unit)))
      }
      case "add card":
      case "change card": {
        const { customer, ...rest } = step.fields
        const owner = customer === null ? null : (customers[customer % (customers.length || 1)]?.id ?? null)
        const before = step.do === "change card" ? cards[step.at % (cards.length || 1)] : undefined
        if (step.do === "change card" && before === undefined) return
        const fields = { ...rest, customerId: owner }
        const taken = cards.some((card) => card !== before && card.number === fields.number)
        const effect =
          before === undefined ? addCard(merchant.id, fields) : changeCard(merchant.id, before, fields)
        return yield* write(taken, effect, (card) => model.cards.set(card.id, card))
      }
      case "change customer": {
        const before = customers[step.at % (customers.length || 1)]
        if (before === undefined) return
        const fields = step.fields as Partial<Customer>
        return yield* write(isTaken(fields, before), changeCustomer(merchant.id, before, fields), (changed) =>
          model.customers.set(changed.id, changed)
        )
      }
      case "remove customer": {
        const gone = customers[step.at % (customers.length || 1)]
        if (gone === undefined) return
        for (const card of cards.filter(({ customerId }) => customerId === gone.id)) {
          model.cards.set(card.id, yield* changeCard(merchant.id, card, { customerId: null }))
        }
        yield* removeCustomer(merchant.id, gone)
        return void model.customers.delete(gone.id)
      }
      case "remove card": {
        const gone = cards[step.at % (cards.length || 1)]
        if (gone === undefined) return
        yield* removeCard(merchant.id, gone)
        return void model.cards.delete(gone.id)
      }
    }
  })

const agrees = (merchant: Merchant, model: Model, wanted: CustomerFilter, offset: number, limit: number) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const expected = ascending(model.customers.values()).filter((customer) => holds(customer, wanted))
    const ids = expected.map(({ id }) => id)
    assert.strictEqual(yield* customers.count(merchant.id, wanted), ids.length, JSON.stringify(wanted))
    assert.deepStrictEqual(yield* idsOf(merchant.id, wanted), ids, JSON.stringify(wanted))
    assert.deepStrictEqual(
      yield* idsOf(merchant.id, wanted, { offset, limit }),
      ids.slice(offset, offset + limit)
    )
    const after = offset === 0 ? null : CustomerId.make(offset)
    const rest = ids.filter((id) => id > offset).slice(0, limit)
    assert.deepStrictEqual(yield* idsOf(merchant.id, wanted, { after, limit }), rest)
    assert.deepStrictEqual(plain(yield* customers.getMany(merchant.id, ids)), plain(expected))
  })

const cardsAgree = (merchant: Merchant, model: Model) =>
  Effect.gen(function* () {
    const cards = yield* CardRepository
    const expected = ascending(model.cards.values())
    const window = { after: null, limit: 1_000 }
    assert.deepStrictEqual(plain(yield* cards.list(merchant.id, window)), plain(expected))
    const owners = [...model.customers.values()].map(({ id }) => id)
    const owned = yield* cards.ofCustomers(merchant.id, owners)
    assert.deepStrictEqual(plain(owned), plain(expected.filter(({ customerId }) => customerId !== null)))
    for (const barcode of ["X", "Y", "Z"]) {
      const first = expected.find((card) => card.barcode === barcode || card.ean13 === barcode)
      const found = Option.getOrUndefined(yield* cards.find(merchant.id, { by: "barcode", barcode }))
      assert.strictEqual(found?.id, first?.id, barcode)
    }
    const one = StoreId.make(1)
    const period = { from: someTime, until: yearLater }
    const inPeriod = expected
      .filter(({ registeredIn }) => registeredIn === one)
      .filter(({ registeredAt }) => registeredAt === someTime || registeredAt === laterTime)
      .sort((a, b) =>
        a.registeredAt === b.registeredAt ? a.id - b.id : a.registeredAt === someTime ? -1 : 1
      )
    const registered = yield* cards.registered(merchant.id, period, [one], window)
    assert.deepStrictEqual(plain(registered), plain(inPeriod))
    const [first, ...others] = inPeriod
    if (first === undefined) return
    const after = { registeredAt: first.registeredAt!, id: first.id }
    const rest = yield* cards.registered(merchant.id, period, [one], { after, limit: 2 })
    assert.deepStrictEqual(plain(rest), plain(others.slice(0, 2)))
  })

export const modelCases = (settings: Settings): Capability<Repositories> => ({
  name: "against a model",
  cases: [
    property(
      "whatever is written in whatever order, each filter, window, barcode and the feed say what a plain list would",
      settings,
      fc.tuple(
        fc.array(command, { maxLength: 25, size: "max" }),
        fc.array(filter, { minLength: 4, maxLength: 12 }),
        fc.nat({ max: 5 }),
        fc.integer({ min: 1, max: 4 })
      ),
      ([commands, filters, offset, limit]) =>
        Effect.gen(function* () {
          const merchant = yield* makeMerchantWithStores
          const model: Model = { customers: new Map(), cards: new Map() }
          for (const step of commands) yield* apply(merchant, model, step)
          yield* agrees(merchant, model, {}, offset, limit)
          for (const wanted of filters) yield* agrees(merchant, model, wanted, offset, limit)
          yield* cardsAgree(merchant, model)
          yield* feedAgrees(merchant.id)
        })
    )
  ]
})
