/** Our client's own calls against our routes: what is beyond the source and the destination, which the kit holds. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Customers, TimeZone } from "@tillbridge/domain"
import { Context, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { VirtposClient, type VirtposOptions, VirtposRoutes } from "../src/index.ts"
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
  VirtposClient.layer({
    baseUrl,
    apiKey: Redacted.make(apiKey),
    timeZone: TimeZone.make("Europe/Moscow"),
    format,
    externalSystem: "SHOP"
  })

for (const [name, open] of [
  ["without a socket", withoutSocket],
  ["over a real socket", overSocket]
] as const) {
  for (const format of ["xml", "json"] as const) {
    describe(`our client and our server, ${name}, in ${format}`, () => {
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
