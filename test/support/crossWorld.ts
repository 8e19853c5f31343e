/** One SQLite store behind the drop-in servers of all dialects, and the clients that read and write through them. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  Cards,
  type CardRecord,
  type Checkpoint,
  Credentials,
  type CustomerChange,
  CustomerDestination,
  CustomerId,
  type CustomerRecord,
  Customers,
  CustomerSource,
  type CustomerWithCards,
  layerDomain,
  type Merchant,
  Merchants,
  StoreId
} from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { Context, Effect, Layer, Stream } from "effect"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { dialects, type Reached } from "./crossDialects.ts"
import { card, moscow, prefix, record } from "./crossRecords.ts"

/** A database of its own with one merchant, and every dialect's server over it. */
export const openWorld = Effect.gen(function* () {
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
  /** A credential of its own, as a program has that begins anew. */
  const credential = Effect.fnUntraced(function* (name: string) {
    const login = dialects[name]!.login === null ? null : `${dialects[name]!.login}${++logins}`
    const { secret } = yield* Context.get(store, Credentials).create({
      merchantId: merchant.id,
      dialect: name,
      login,
      secret: null,
      label: null,
      scopes: ["read", "write", "balance"]
    })
    return [secret, login ?? ""] as const
  })
  return { store, merchant, http, credential }
})

export type World = Effect.Success<typeof openWorld>

/** Everything that a dialect's client reads. */
export const readThrough = Effect.fnUntraced(function* (world: World, name: string) {
  const layer = dialects[name]!.source(...(yield* world.credential(name)))
  const source = yield* Layer.build(layer.pipe(Layer.provide(world.http)))
  const found: Array<CustomerChange> = []
  const from: Checkpoint | null = null
  yield* Context.get(source, CustomerSource)
    .pages(from)
    .pipe(Stream.runForEach(({ changes }) => Effect.sync(() => found.push(...changes))))
  return found
})

/** Writes a customer and its cards through a dialect's client; gives the id that it has then. */
export const writeThrough = Effect.fnUntraced(function* (world: World, name: string, change: CustomerChange) {
  const layer = dialects[name]!.destination!(...(yield* world.credential(name)))
  const context = yield* Layer.build(layer.pipe(Layer.provide(world.http)))
  const destination = Context.get(context, CustomerDestination)
  const written = yield* destination.putCustomer(change)
  if (dialects[name]!.writesCards)
    for (const one of change.cards) yield* destination.putCard(one, { system: name, key: written.key })
  return CustomerId.make(Number(written.key))
})

export const stored = Effect.fnUntraced(function* ({ merchant, store }: World, id: CustomerId) {
  const [customer] = yield* Context.get(store, Customers).getMany(merchant.id, [id])
  const cards = yield* Context.get(store, Cards).ofCustomers(merchant.id, [id])
  const found: CustomerWithCards = { customer: customer!, cards }
  return found
})

/** Puts the customer with its card into the store, as a program does that embeds it. */
export const fill = Effect.fnUntraced(function* (
  world: World,
  given: CustomerRecord = record,
  givenCard: CardRecord = card
) {
  const { merchant, store } = world
  const [outcome] = yield* Context.get(store, Customers).importBatch(merchant.id, [given], null)
  if (outcome?._tag !== "Created") throw new Error(`not stored: ${JSON.stringify(outcome)}`)
  const { id } = outcome
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
