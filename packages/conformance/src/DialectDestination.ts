/** Promises of the destination, over the dialect's own server: what it writes is there, once, and nothing else is lost. */
import { assert } from "@effect/vitest"
import {
  type Customer,
  type CustomerChange,
  type CustomerPatch,
  Cards,
  Customers,
  type CustomerRecord,
  StoreId
} from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { plain } from "./Case.ts"
import {
  carriedInAnswers,
  carriedInCalls,
  type Field,
  fields,
  throughCall,
  together,
  valueAt
} from "./DialectCarries.ts"
import { type DialectCapability, promise, takesNoWrites } from "./DialectCase.ts"
import { destinationOf, readEverything, sourceOf } from "./DialectEnds.ts"
import { recordsOf } from "./DialectRecords.ts"
import { openSite, type Site } from "./DialectSite.ts"
import type { Subject } from "./DialectSubject.ts"

const elsewhere = (key: string, customer: CustomerRecord): CustomerChange => ({
  source: { system: "elsewhere", key },
  customer,
  cards: []
})

/** A customer with what vendors ask of a new one, and by which those without keys of others know them again. */
const basics = (n: number) =>
  ({
    firstName: `Customer ${n}`,
    lastName: `Family ${n}`,
    email: `customer${n}@example.test`,
    company: { name: `Company ${n}` }
  }) satisfies CustomerRecord

const basicPaths = new Set(["firstName", "lastName", "email", "company.name"])

/** Some other value of a field: a customer who has it differs from one who has the probe. */
const other = ({ path, probe }: Field): Field => ({
  path,
  probe: typeof probe === "string" && path !== "gender" && path !== "group.name" ? `${probe} 2` : probe
})

const assertFields = (read: object, carried: ReadonlyArray<Field>, what: string) => {
  for (const { path, probe } of carried)
    assert.deepStrictEqual(valueAt(read, path), plain(probe), `${what}: ${path}`)
}

const readsBack = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const destination = yield* destinationOf(subject, site)
  const written = carriedInCalls(subject).filter(({ path }) => path !== "externalIds")
  const answered = new Set((yield* carriedInAnswers(subject)).map(({ path }) => path))
  assert.isNotEmpty(written, "the codec carries no field of a customer into a call")
  yield* destination.putCustomer(elsewhere("first", basics(1)))
  const { isNew, key } = yield* destination.putCustomer(
    elsewhere("second", { ...basics(2), ...together(written) })
  )
  assert.isTrue(isNew, "a new customer is told as one")
  const stored = yield* recordsOf(site.store, site.merchant)
  assert.strictEqual(stored.length, 2, "customers in the store")
  assertFields(stored[1]!.customer, written, "stored")
  const { changes } = yield* readEverything(yield* sourceOf(subject, site))
  const change = changes.find(({ source }) => source.key === key)
  if (change === undefined) return assert.fail(`no customer ${key} is read, which is the key that was given`)
  assertFields(
    change.customer,
    written.filter(({ path }) => answered.has(path)),
    "read back"
  )
})

const changesNothing = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const destination = yield* destinationOf(subject, site)
  const written = carriedInCalls(subject).filter(({ path }) => path !== "externalIds")
  const changes = [1, 2, 3, 4].map((n) => elsewhere(String(n), { ...together(written), ...basics(n) }))
  const first = yield* Effect.forEach(changes, destination.putCustomer)
  assert.deepStrictEqual(
    first.map(({ isNew }) => isNew),
    [true, true, true, true],
    "new customers"
  )
  assert.strictEqual(new Set(first.map(({ key }) => key)).size, 4, "each customer has a key of its own")
  const before = yield* site.everything
  // As after a restart, and then once more.
  for (const end of [yield* destinationOf(subject, site), destination]) {
    const again = yield* Effect.forEach(changes, end.putCustomer)
    assert.deepStrictEqual(
      again,
      first.map(({ key }) => ({ key, isNew: false })),
      "written again"
    )
  }
  assert.deepStrictEqual(yield* site.everything, before, "writing again changed something")
})

/** Everything that a customer may have, of which no dialect knows all. */
const fillUp = Effect.fnUntraced(function* ({ merchant, store }: Site, customer: Customer) {
  const unknown = fields.filter(({ path }) => !basicPaths.has(path))
  const { group, ...patch } = together(unknown.map(other)) as CustomerPatch & { group: { name: string } }
  yield* Context.get(store, Customers).save(merchant.id, {
    references: [{ by: "id", id: customer.id }],
    createIfMissing: false,
    patch: {
      ...patch,
      externalIds: [{ system: "third", key: "3" }],
      extensions: { "another dialect": { points: 7, since: "2001" } }
    },
    group,
    actor: 9
  })
  yield* Context.get(store, Cards).save(merchant.id, {
    search: [],
    createIfMissing: true,
    patch: { number: "9900000000077", status: "blocked", registeredIn: StoreId.make(3) },
    owner: { by: "id", id: customer.id },
    actor: 9
  })
})

const withoutStamps = ({ updatedAt: _at, updatedBy: _by, version: _version, ...rest }: Customer) => rest

/** What may be the one thing that a write changes: not what a customer may have to be known by. */
const changeable = (subject: Subject) =>
  carriedInCalls(subject).filter(
    ({ path, probe }) => typeof probe === "string" && !["gender", "group.name", "email"].includes(path)
  )

const keepsTheRest = Effect.fnUntraced(function* (subject: Subject) {
  for (const field of changeable(subject)) {
    const site = yield* openSite(subject)
    const destination = yield* destinationOf(subject, site)
    yield* destination.putCustomer(elsewhere("1", basics(1)))
    const [made] = yield* recordsOf(site.store, site.merchant)
    yield* fillUp(site, made!.customer)
    const [full] = yield* recordsOf(site.store, site.merchant)
    const [top, part] = field.path.split(".") as [keyof CustomerRecord & keyof Customer, string | undefined]
    const changed = part === undefined ? field.probe : { [part]: field.probe }
    const change = { ...basics(1), [top]: changed }
    const { isNew } = yield* destination.putCustomer(elsewhere("1", change))
    assert.isFalse(isNew, "the customer was known")
    const [after, ...others] = yield* recordsOf(site.store, site.merchant)
    assert.deepStrictEqual(others, [], "customers beside the one")
    const before = withoutStamps(full!.customer)
    // A part may stand for its neighbours at the vendor, as the one line of an address does: then the call says so.
    const said = throughCall(subject, change)?.[top] as object
    const expected = {
      ...before,
      [top]: part === undefined ? field.probe : { ...(before[top as keyof typeof before] as object), ...said }
    }
    assert.deepStrictEqual(valueAt(expected, field.path), field.probe, `${field.path} in the call`)
    assert.deepStrictEqual(
      plain(withoutStamps(after!.customer)),
      plain(expected),
      `a write that changes ${field.path}`
    )
    assert.deepStrictEqual(plain(after!.cards), plain(full!.cards), `cards, after a write of ${field.path}`)
  }
})

const cards = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const { merchant, store } = site
  const destination = yield* destinationOf(subject, site)
  const owner = { system: "elsewhere", key: "1" }
  const { key } = yield* destination.putCustomer(elsewhere("1", basics(1)))
  const card = {
    number: "9900000000055",
    patch: { status: "active", medium: "app" },
    typeName: "Gold"
  } as const
  assert.isTrue((yield* destination.putCard(card, owner)).isNew, "a new card is told as one")
  const [stored] = yield* recordsOf(store, merchant)
  assert.deepStrictEqual(
    stored!.cards.map(({ medium, number, status, type }) => [number, status, medium, type?.name]),
    [["9900000000055", "active", "app", "Gold"]],
    "the card in the store"
  )
  const before = yield* site.everything
  assert.isFalse((yield* destination.putCard(card, owner)).isNew, "written again")
  assert.deepStrictEqual(yield* site.everything, before, "writing the card again changed something")
  const source = yield* sourceOf(subject, site)
  if (source.capabilities.carriesCards) {
    const { changes } = yield* readEverything(source)
    const read = changes.find((change) => change.source.key === key)?.cards ?? []
    assert.deepStrictEqual(
      read.map(({ number }) => number),
      ["9900000000055"],
      "the card that is read back"
    )
  }
  yield* destination.removeCard("9900000000055")
  const [after] = yield* recordsOf(store, merchant)
  assert.deepStrictEqual(after!.cards, [], "cards after it was removed")
})

export const destinationCases = (): DialectCapability => ({
  name: "the destination",
  cases: [
    promise(
      "what it writes is stored and read back, field by field as far as the codec carries it",
      readsBack,
      takesNoWrites
    ),
    promise("writing again changes nothing and gives the same key", changesNothing, takesNoWrites),
    promise(
      "what the dialect cannot carry, or was not told, is kept when it writes",
      keepsTheRest,
      takesNoWrites
    ),
    promise("a card is written once, read back and removed", cards, ({ dialect }) =>
      dialect.capabilities.canUpsertCard ? null : "cards cannot be written to this vendor"
    )
  ]
})
