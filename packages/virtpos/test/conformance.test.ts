/** Our client against our routes: once as functions, without a socket, and once over a real one. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import {
  type CustomerChange,
  CustomerDestination,
  CustomerSource,
  Customers,
  TimeZone
} from "@tillbridge/domain"
import { Context, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import {
  layerVirtposDestination,
  layerVirtposSource,
  VirtposClient,
  type VirtposOptions,
  VirtposRoutes
} from "../src/index.ts"
import { makeKey, makeMerchant, openStore } from "./server.ts"

type Format = NonNullable<VirtposOptions["format"]>

/** A client of an empty site of its own. */
const withoutSocket = Effect.fnUntraced(function* (format: Format) {
  const store = yield* openStore()
  const merchant = yield* makeMerchant(store, "Rose")
  const { key: apiKey } = yield* makeKey(store, merchant.id)
  const web = HttpRouter.toWebHandler(
    VirtposRoutes.layer().pipe(Layer.provide(Layer.succeedContext(store))),
    {
      disableLogger: true
    }
  )
  yield* Effect.addFinalizer(() => Effect.promise(web.dispose))
  const fetch: typeof globalThis.fetch = (input, init) => web.handler(new Request(input, init))
  const http = FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
  return { store, merchant, layer: site("http://till.test", apiKey, format).pipe(Layer.provide(http)) }
})

const overSocket = Effect.fnUntraced(function* (format: Format) {
  const store = yield* openStore()
  const merchant = yield* makeMerchant(store, "Rose")
  const { key: apiKey } = yield* makeKey(store, merchant.id)
  const app = yield* HttpRouter.toHttpEffect(VirtposRoutes.layer()).pipe(Effect.provide(store))
  const handler = yield* NodeHttpServer.makeHandler(app, { scope: yield* Effect.scope })
  const server = createServer(handler)
  yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
  yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
  const { port } = server.address() as AddressInfo
  const layer = site(`http://127.0.0.1:${port}`, apiKey, format).pipe(Layer.provide(FetchHttpClient.layer))
  return { store, merchant, layer }
})

const site = (baseUrl: string, apiKey: string, format: Format) =>
  Layer.mergeAll(layerVirtposSource, layerVirtposDestination).pipe(
    Layer.provideMerge(
      VirtposClient.layer({
        baseUrl,
        apiKey: Redacted.make(apiKey),
        timeZone: TimeZone.make("Europe/Moscow"),
        format,
        pageSize: 3,
        externalSystem: "SHOP"
      })
    )
  )

const change = (n: number): CustomerChange => ({
  source: { system: "elsewhere", key: String(n) },
  customer: {
    externalIds: [{ system: "SHOP", key: `000${n}` }],
    firstName: `Анна ${n}`,
    lastName: "]]> & <Orlova>",
    phone: "+7 (999) 000-00-01",
    birthDate: { day: 29, month: 2, year: null },
    consents: { push: true, email: false, sms: true },
    group: { name: "VIP" }
  },
  cards: []
})

for (const [name, open] of [
  ["without a socket", withoutSocket],
  ["over a real socket", overSocket]
] as const) {
  for (const format of ["xml", "json"] as const) {
    describe(`our client and our server, ${name}, in ${format}`, () => {
      it.live("what the destination writes the source reads back, over several pages", () =>
        Effect.gen(function* () {
          const { layer } = yield* open(format)
          const pages = yield* Effect.gen(function* () {
            const destination = yield* CustomerDestination
            const source = yield* CustomerSource
            for (let n = 1; n <= 7; n++) assert.isTrue((yield* destination.putCustomer(change(n))).isNew)
            assert.isFalse((yield* destination.putCustomer(change(3))).isNew, "written again")
            yield* destination.putCard(
              { number: "0012345", patch: { status: "active", medium: "app" }, typeName: "Gold" },
              { system: "SHOP", key: "0002" }
            )
            return yield* source.pages(null).pipe(Stream.runCollect)
          }).pipe(Effect.provide(layer))
          const read = pages.flatMap((page) => page.changes)
          assert.strictEqual(pages.length, 3)
          assert.deepStrictEqual(
            read.map(({ customer }) => customer.externalIds),
            [1, 2, 3, 4, 5, 6, 7].map((n) => [{ system: "SHOP", key: `000${n}` }])
          )
          const [first, second] = read
          assert.isDefined(first)
          assert.strictEqual(first.customer.firstName, "Анна 1")
          assert.strictEqual(first.customer.lastName, "]]> & <Orlova>")
          assert.strictEqual(first.customer.phone, "+7 (999) 000-00-01")
          assert.deepStrictEqual(first.customer.birthDate, { day: 29, month: 2, year: null })
          assert.deepStrictEqual(first.customer.consents, { push: true, email: false, sms: true })
          assert.deepStrictEqual(first.customer.group, { name: "VIP" })
          assert.deepStrictEqual(
            second?.cards.map(({ number, patch, typeName }) => [
              number,
              patch.status,
              patch.medium,
              patch.ean13,
              typeName
            ]),
            [["0012345", "active", "app", "0000000123457", "Gold"]]
          )
        }).pipe(Effect.scoped)
      )

      it.live("every call of the client is answered, and refusals come back as refusals", () =>
        Effect.gen(function* () {
          const { layer, merchant, store } = yield* open(format)
          yield* Effect.gen(function* () {
            const client = yield* VirtposClient
            const made = yield* client.updateCustomer({
              externalId: "e1",
              createIfNotExist: true,
              fields: { fname: "Petr" }
            })
            assert.deepStrictEqual(made, { id: "1", isNew: true })
            assert.deepStrictEqual(yield* client.updateCustomer({ id: "1", fields: { fname: "" } }), {
              id: "1",
              isNew: false
            })
            assert.strictEqual(
              (yield* client.listCustomers({ externalId: "e1" })).customers[0]?.fname ?? null,
              null
            )
            assert.isTrue((yield* client.insertCard({ uid: "55", fields: { customer_id: "1" } })).isNew)
            assert.isFalse((yield* client.updateCard({ uid: "55", fields: { status: "BLOCKED" } })).isNew)
            const twice = yield* Effect.flip(client.insertCard({ uid: "55", fields: {} }))
            assert.strictEqual(twice.reason._tag, "Refused")
            yield* client.deleteCard({ uid: "55" })
            assert.strictEqual((yield* Effect.flip(client.deleteCard({ uid: "55" }))).reason._tag, "Refused")
            assert.strictEqual(
              (yield* Effect.flip(client.updateCustomer({ id: "99", fields: {} }))).reason._tag,
              "Refused"
            )
          }).pipe(Effect.provide(layer))
          const kept = yield* Context.get(store, Customers).find(merchant.id, {
            by: "externalId",
            externalId: { system: "SHOP", key: "e1" }
          })
          assert.strictEqual(kept.firstName, null)
        }).pipe(Effect.scoped)
      )
    })
  }
}
