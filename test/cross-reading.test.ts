/**
 * One store behind the drop-in servers of all dialects: what is written through one is read through the others by their
 * own clients, and what a dialect cannot say stays as it is when that dialect writes.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import {
  Cards,
  type CardRecord,
  type Checkpoint,
  Credentials,
  type Customer,
  type CustomerChange,
  CustomerDestination,
  CustomerId,
  type CustomerRecord,
  Customers,
  CustomerSource,
  type CustomerWithCards,
  layerDomain,
  lossesOf,
  type Merchant,
  Merchants,
  moneyFromText,
  sameContent,
  StoreId,
  TimeZone
} from "@tillbridge/domain"
import {
  layerMegawinDestination,
  layerMegawinSource,
  MegawinClient,
  MegawinRoutes
} from "@tillbridge/megawin"
import {
  layerPolarisDestination,
  layerPolarisSource,
  PolarisClient,
  PolarisRoutes
} from "@tillbridge/polaris"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import {
  layerVirtposDestination,
  layerVirtposSource,
  VirtposClient,
  VirtposRoutes
} from "@tillbridge/virtpos"
import { Context, DateTime, Effect, Layer, Option, type Redacted, Stream } from "effect"
import { FetchHttpClient, type HttpClient, HttpRouter } from "effect/http"

const moscow = TimeZone.make("Europe/Moscow")
const prefix = "SHOP"
const utc = (text: string) => DateTime.makeUnsafe(text)
const money = (text: string) => Option.getOrThrow(moneyFromText(text))

/** Everything that a customer can have. Times are whole seconds, since no vendor writes more. */
const record: CustomerRecord = {
  externalIds: [{ system: prefix, key: "A-0017" }],
  title: "Dr",
  firstName: "Zoë",
  middleName: "Ивановна",
  lastName: "O'Neil & Sons",
  gender: "female",
  birthDate: { day: 29, month: 2, year: 1988 },
  email: "zoe@example.test",
  phone: "+74950000001",
  mobilePhone: "+79990000002",
  address: { line1: "1 Main Street", postalCode: "01234", city: "Gent", country: "BE" },
  company: { name: "ACME", vatNumber: "BE0123456789" },
  language: "fr",
  consents: { push: true, email: true, sms: true },
  notes: "prefers mornings\nand tea",
  discountPercent: money("7.25"),
  accumulatedSales: money("15200.5"),
  registeredAt: utc("2024-02-29T12:34:56Z"),
  registeredIn: StoreId.make(2),
  group: { name: "Gold" },
  createdAt: utc("2023-11-05T06:07:08Z"),
  createdBy: 42,
  extensions: {
    virtpos: { club: "blue" },
    megawin: { customerNumber: "C-9", showPrice: false, megawinapp_login: "zoe" }
  }
}

const card: CardRecord = {
  number: "0079001",
  patch: {
    externalIds: [{ system: prefix, key: "K-9" }],
    barcode: "2000000000017",
    medium: "app",
    status: "blocked",
    activatedAt: utc("2023-11-05T06:07:08Z"),
    blockedAt: utc("2024-02-29T12:34:56Z"),
    registeredAt: utc("2023-11-05T06:07:08Z"),
    registeredIn: StoreId.make(2)
  },
  typeName: "Silver"
}

const baseUrl = "http://till.test"
const timeZone = moscow

/** A client of one dialect as both ends of a synchronisation. */
type Ends = Layer.Layer<CustomerSource | CustomerDestination, unknown, HttpClient.HttpClient>

interface Reached {
  readonly routes: Layer.Layer<never, never, HttpRouter.HttpRouter | Layer.Success<typeof layerDomain>>
  readonly login: string | null
  readonly ends: (secret: Redacted.Redacted, login: string) => Ends
  /** Fields that its answers have no place for, by the vendor's page: nothing here is asked of the code. */
  readonly untold: ReadonlyArray<string>
  /** Fields of a customer that its calls can set. */
  readonly writes: ReadonlyArray<keyof CustomerRecord>
  readonly writesCards: boolean
}

const dialects: Readonly<Record<string, Reached>> = {
  virtpos: {
    routes: VirtposRoutes.layer(),
    login: null,
    ends: (apiKey) =>
      Layer.merge(layerVirtposSource, layerVirtposDestination).pipe(
        Layer.provide(VirtposClient.layer({ baseUrl, apiKey, timeZone, externalSystem: prefix }))
      ),
    untold: [
      "title",
      "mobilePhone",
      "address.line1",
      "address.postalCode",
      "address.city",
      "address.country",
      "company.name",
      "company.vatNumber",
      "language",
      "discountPercent",
      "registeredIn",
      "extensions.megawin",
      "cards.registeredAt",
      "cards.registeredIn"
    ],
    writes: [
      "firstName",
      "middleName",
      "lastName",
      "gender",
      "birthDate",
      "email",
      "phone",
      "consents",
      "notes",
      "accumulatedSales",
      "registeredAt",
      "group"
    ],
    writesCards: true
  },
  polaris: {
    routes: PolarisRoutes.layer(),
    login: "till",
    ends: (password, user) =>
      Layer.merge(layerPolarisSource, layerPolarisDestination).pipe(
        Layer.provide(
          PolarisClient.layer({
            baseUrl,
            user,
            password,
            codeMagasin: 1,
            prefixCle: prefix,
            timeZone,
            writeStore: true
          })
        )
      ),
    untold: [
      "middleName",
      "company.name",
      "company.vatNumber",
      "language",
      "consents.push",
      "consents.sms",
      "notes",
      "discountPercent",
      "accumulatedSales",
      "registeredAt",
      "group",
      "createdAt",
      "createdBy",
      "extensions.virtpos",
      "extensions.megawin",
      "cards.externalIds",
      "cards.barcode",
      "cards.medium",
      "cards.activatedAt",
      "cards.blockedAt",
      "cards.registeredAt",
      "cards.registeredIn"
    ],
    writes: [
      "title",
      "firstName",
      "lastName",
      "gender",
      "birthDate",
      "email",
      "phone",
      "mobilePhone",
      "address",
      "registeredIn"
    ],
    writesCards: false
  },
  megawin: {
    routes: MegawinRoutes.layer(),
    login: null,
    ends: (apiKey) =>
      Layer.merge(layerMegawinSource, layerMegawinDestination).pipe(
        Layer.provide(MegawinClient.layer({ baseUrl, apiKey, timeZone }))
      ),
    untold: [
      "externalIds",
      "title",
      "middleName",
      "gender",
      "birthDate.day",
      "birthDate.month",
      "birthDate.year",
      "consents.push",
      "consents.email",
      "consents.sms",
      "notes",
      "accumulatedSales",
      "registeredIn",
      "createdAt",
      "createdBy",
      "extensions.virtpos",
      "cards"
    ],
    writes: [
      "firstName",
      "lastName",
      "email",
      "phone",
      "mobilePhone",
      "address",
      "company",
      "language",
      "discountPercent",
      "group"
    ],
    writesCards: false
  }
}

/** A database of its own with one merchant, and every dialect's server over it. */
const openWorld = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tillbridge-cross-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const store = yield* Layer.build(
    layerDomain.pipe(Layer.provideMerge(layerSqlite({ path: join(folder, "store.sqlite") })))
  )
  const merchants = Context.get(store, Merchants)
  const merchant = yield* merchants.create({ name: "Rose", timeZone: moscow, externalKeyPrefix: prefix })
  for (const id of [1, 2])
    yield* merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Store ${id}` })

  let routes: Reached["routes"] = Layer.empty
  for (const dialect of Object.values(dialects)) routes = Layer.merge(routes, dialect.routes)
  const web = HttpRouter.toWebHandler(routes.pipe(Layer.provideMerge(Layer.succeedContext(store))), {
    disableLogger: true
  })
  yield* Effect.addFinalizer(() => Effect.promise(web.dispose))
  const http = FetchHttpClient.layer.pipe(
    Layer.provide(
      Layer.succeed(FetchHttpClient.Fetch, (input, init) => web.handler(new Request(input as URL, init)))
    )
  )

  let logins = 0
  /** A client of its own, as a program has that begins anew. */
  const ends = Effect.fnUntraced(function* (name: string) {
    const dialect = dialects[name]!
    const { secret } = yield* Context.get(store, Credentials).create({
      merchantId: merchant.id,
      dialect: name,
      login: dialect.login === null ? null : `${dialect.login}${++logins}`,
      secret: null,
      label: null,
      scopes: ["read", "write", "balance"]
    })
    return yield* Layer.build(dialect.ends(secret, `${dialect.login}${logins}`).pipe(Layer.provide(http)))
  })
  return { store, merchant, ends }
})

type World = Effect.Success<typeof openWorld>

/** Everything that a dialect's client reads. */
const readThrough = Effect.fnUntraced(function* ({ ends }: World, name: string) {
  const found: Array<CustomerChange> = []
  const from: Checkpoint | null = null
  yield* Context.get(yield* ends(name), CustomerSource)
    .pages(from)
    .pipe(Stream.runForEach(({ changes }) => Effect.sync(() => found.push(...changes))))
  return found
})

/** Writes a customer and its cards through a dialect's client; gives the id that it has then. */
const writeThrough = Effect.fnUntraced(function* (world: World, name: string, change: CustomerChange) {
  const destination = Context.get(yield* world.ends(name), CustomerDestination)
  const written = yield* destination.putCustomer(change)
  if (dialects[name]!.writesCards)
    for (const one of change.cards) yield* destination.putCard(one, { system: name, key: written.key })
  return CustomerId.make(Number(written.key))
})

const stored = Effect.fnUntraced(function* ({ merchant, store }: World, id: CustomerId) {
  const [customer] = yield* Context.get(store, Customers).getMany(merchant.id, [id])
  const cards = yield* Context.get(store, Cards).ofCustomers(merchant.id, [id])
  const found: CustomerWithCards = { customer: customer!, cards }
  return found
})

/** Puts the customer with its card into the store, as a program does that embeds it. */
const fill = Effect.fnUntraced(function* (
  world: World,
  given: CustomerRecord = record,
  givenCard: CardRecord = card
) {
  const { merchant, store } = world
  const [outcome] = yield* Context.get(store, Customers).importBatch(merchant.id, [given], null)
  const id = outcome?._tag === "Created" ? outcome.id : assert.fail(JSON.stringify(outcome))
  yield* saveCard(store, merchant, id, givenCard)
  return yield* stored(world, id)
})

const saveCard = (store: Context.Context<Cards>, merchant: Merchant, owner: CustomerId, card: CardRecord) =>
  Context.get(store, Cards).save(merchant.id, {
    search: [],
    createIfMissing: true,
    patch: { ...card.patch, number: card.number },
    type: { name: card.typeName! },
    owner: { by: "id", id: owner },
    actor: null
  })

const lossesThrough = Effect.fnUntraced(function* (world: World, name: string, before: CustomerWithCards) {
  const [losses] = lossesOf([before], yield* readThrough(world, name))
  return losses!.map(({ field, how }) => (how === "lost" ? field : `${field} (changed)`))
})

const names = Object.keys(dialects)
const pairs = names.flatMap((writer) => names.map((reader) => [writer, reader] as const))

describe("a customer with everything in the store", () => {
  for (const name of names) {
    it.live(`is read through ${name} exactly, as far as it can say`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const before = yield* fill(world)
        assert.sameMembers(yield* lossesThrough(world, name, before), [...dialects[name]!.untold])
      }).pipe(Effect.scoped)
    )
  }
})

describe("what a dialect writes back with another name", () => {
  for (const [writer, reader] of pairs) {
    it.live(`through ${writer} changes nothing else, also for ${reader}`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const before = yield* fill(world)
        const [told] = yield* readThrough(world, writer)
        yield* writeThrough(world, writer, { ...told!, customer: { ...told!.customer, lastName: "Peeters" } })

        const after = yield* stored(world, before.customer.id)
        const expected: Customer = { ...before.customer, lastName: "Peeters" }
        assert.isTrue(sameContent(after.customer, expected), difference(after.customer, expected))
        assert.deepStrictEqual(after.cards, before.cards)
        assert.sameMembers(yield* lossesThrough(world, reader, { ...before, customer: expected }), [
          ...dialects[reader]!.untold
        ])
      }).pipe(Effect.scoped)
    )
  }
})

/** Known in more detail than some dialects can tell. */
const finer: CustomerRecord = {
  ...record,
  phone: null,
  birthDate: { day: null, month: null, year: 1988 },
  address: { ...record.address, line2: "Building 2", line3: "Flat 3" },
  registeredAt: utc("2024-02-29T12:34:56.789Z")
}

const finerCard: CardRecord = {
  ...card,
  patch: {
    ...card.patch,
    activatedAt: utc("2023-11-05T06:07:08.912Z"),
    blockedAt: utc("2024-02-29T12:34:56.789Z")
  }
}

describe("what a dialect says back as it was told", () => {
  for (const name of names) {
    it.live(`through ${name} changes nothing that is known better`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const before = yield* fill(world, finer, finerCard)
        const [told] = yield* readThrough(world, name)
        yield* writeThrough(world, name, told!)
        const { cards, customer } = yield* stored(world, before.customer.id)
        assert.deepStrictEqual(cards, before.cards)
        assert.isTrue(sameContent(customer, before.customer), difference(customer, before.customer))
      }).pipe(Effect.scoped)
    )
  }

  it.live("takes another address, phone and time for what they are", () =>
    Effect.gen(function* () {
      const world = yield* openWorld
      const before = yield* fill(world, finer)
      const [byMegawin] = yield* readThrough(world, "megawin")
      const moved = {
        ...byMegawin!.customer,
        address: { ...byMegawin!.customer.address, line1: "2 Side Street" }
      }
      yield* writeThrough(world, "megawin", { ...byMegawin!, customer: moved })
      const [byVirtpos] = yield* readThrough(world, "virtpos")
      const registeredAt = utc("2024-02-29T12:34:57Z")
      const called = { ...byVirtpos!.customer, phone: "+74950000009", registeredAt }
      yield* writeThrough(world, "virtpos", { ...byVirtpos!, cards: [], customer: called })
      const { customer } = yield* stored(world, before.customer.id)
      const expected: Customer = {
        ...before.customer,
        address: { ...before.customer.address, line1: "2 Side Street", line2: null, line3: null },
        phone: "+74950000009",
        registeredAt
      }
      assert.isTrue(sameContent(customer, expected), difference(customer, expected))
    }).pipe(Effect.scoped)
  )
})

describe("a customer that is new", () => {
  for (const [writer, reader] of pairs) {
    it.live(`through ${writer} is read through ${reader} exactly, as far as both can say`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const { writes, writesCards } = dialects[writer]!
        const customer: CustomerRecord = Object.fromEntries(writes.map((field) => [field, record[field]]))
        const source = { system: prefix, key: "A-0017" }
        const { registeredAt: _at, registeredIn: _in, ...patch } = card.patch
        const cards = writesCards ? [{ ...card, patch }] : []
        const id = yield* writeThrough(world, writer, { customer, cards, source })

        // What the store made of it itself is nobody's to have told.
        const { customer: now, cards: saved } = yield* stored(world, id)
        for (const field of writes)
          if (field !== "group")
            assert.isTrue(holds(now[field], customer[field]), `${writer} writes ${field}`)
        assert.strictEqual(now.group?.name, writes.includes("group") ? "Gold" : undefined)
        assert.deepStrictEqual(
          saved.map(({ number }) => number),
          cards.map(({ number }) => number)
        )
        // Its own key at the vendor is for that vendor alone.
        const externalIds = now.externalIds.filter(({ system }) => system === prefix || system === reader)
        const losses = yield* lossesThrough(world, reader, {
          customer: { ...now, externalIds },
          cards: saved
        })
        const allowed = dialects[reader]!.untold
        for (const loss of losses) assert.isTrue(isStamp(loss) || allowed.includes(loss), loss)
      }).pipe(Effect.scoped)
    )
  }
})

/** Times that the store sets to the millisecond, which vendors cut. */
const isStamp = (loss: string) => /^(createdAt|registeredAt|cards\.registeredAt) \(changed\)$/.test(loss)

/** Whether a stored value has all that was told; parts that were not told are empty. */
const holds = (now: unknown, told: unknown): boolean =>
  JSON.stringify(plain(now, told)) === JSON.stringify(plain(told, told))

const plain = (value: unknown, like: unknown): unknown =>
  like !== null && typeof like === "object" && Object.getPrototypeOf(like) === Object.prototype
    ? Object.keys(like).map((name) => (value as Record<string, unknown>)[name])
    : value

const difference = (after: Customer, expected: Customer): string =>
  Object.keys(expected)
    .filter((field) => JSON.stringify(after[field as "id"]) !== JSON.stringify(expected[field as "id"]))
    .map((field) => `${field}: ${JSON.stringify(after[field as "id"])}`)
    .join("; ")
