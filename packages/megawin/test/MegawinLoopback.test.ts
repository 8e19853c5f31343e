/** Our client's own calls against our routes: once as functions, without a socket, and once over a real one. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Customers } from "@tillbridge/domain"
import { Context, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { MegawinClient, MegawinRoutes } from "../src/index.ts"
import { brussels, makeKey, makeMerchant, openStore } from "./server.ts"
import { johnDoe } from "./support.ts"

const account = (baseUrl: string, apiKey: string) =>
  MegawinClient.layer({ baseUrl, apiKey: Redacted.make(apiKey), timeZone: brussels })

const withoutSocket = Effect.fnUntraced(function* () {
  const store = yield* openStore()
  const merchant = yield* makeMerchant(store, "Rose")
  const { key } = yield* makeKey(store, merchant.id)
  const web = HttpRouter.toWebHandler(
    MegawinRoutes.layer({ basePath: "/megawin" }).pipe(Layer.provide(Layer.succeedContext(store))),
    { disableLogger: true }
  )
  yield* Effect.addFinalizer(() => Effect.promise(web.dispose))
  const fetch: typeof globalThis.fetch = (input, init) => web.handler(new Request(input, init))
  const http = FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
  return { store, merchant, layer: account("http://till.test/megawin/", key).pipe(Layer.provide(http)) }
})

const overSocket = Effect.fnUntraced(function* () {
  const store = yield* openStore()
  const merchant = yield* makeMerchant(store, "Rose")
  const { key } = yield* makeKey(store, merchant.id)
  const app = yield* HttpRouter.toHttpEffect(MegawinRoutes.layer()).pipe(Effect.provide(store))
  const handler = yield* NodeHttpServer.makeHandler(app, { scope: yield* Effect.scope })
  const server = createServer(handler)
  yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
  yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
  const { port } = server.address() as AddressInfo
  return {
    store,
    merchant,
    layer: account(`http://127.0.0.1:${port}`, key).pipe(Layer.provide(FetchHttpClient.layer))
  }
})

for (const [name, open] of [
  ["without a socket", withoutSocket],
  ["over a real socket", overSocket]
] as const) {
  describe(`our client and our server, ${name}`, () => {
    it.live("every call of the client is answered, and refusals come back as refusals", () =>
      Effect.gen(function* () {
        const { layer, merchant, store } = yield* open()
        const customers = Context.get(store, Customers)
        yield* customers.importBatch(merchant.id, [johnDoe], null)
        yield* Effect.gen(function* () {
          const client = yield* MegawinClient
          const [john] = yield* client.list({ idClient: "1" })
          assert.deepStrictEqual(
            [john?.lastName, john?.groupePrice, john?.webRemise, john?.showPrice, john?.login],
            ["Doe", "Group A", "10", true, "jdoe"]
          )
          assert.notInclude(JSON.stringify(john), "locked")
          const fields = { nom: "Peeters", prenom: "Jan", email: "jan+b@example.test", denomination: "P" }
          assert.deepStrictEqual(yield* client.add({ fields }), { login: "janb" })
          const [jan, ...others] = yield* client.list({ email: "JAN+b@example.test" })
          assert.deepStrictEqual([jan?.clcleunik, others.length], ["2", 0])
          yield* client.update("2", { city: "Gent & « co »", webRemise: "2.5" })
          const [changed] = yield* client.list({ clcleunik: "2", id: "2" })
          assert.deepStrictEqual([changed?.city, changed?.webRemise], ["Gent & « co »", "2.5"])
          const refusals = [
            yield* Effect.flip(client.add({ fields })),
            yield* Effect.flip(client.update("9", { city: "X" })),
            yield* Effect.flip(client.update("2", { webRemise: "500" })),
            yield* Effect.flip(client.delete("9")),
            yield* Effect.flip(client.list({ email: "" }))
          ]
          assert.deepStrictEqual(
            refusals.map(({ message }) => message),
            [
              "megawin add failed (Refused): email belongs to another customer",
              "megawin update failed (Refused): customer not found",
              "megawin update failed (Refused): webRemise must be a percentage from 0 to 100",
              "megawin delete failed (Refused): customer not found",
              "megawin list failed (Refused): email must not be empty"
            ]
          )
          yield* client.delete("2")
          assert.deepStrictEqual(
            (yield* client.list({})).map(({ clcleunik }) => clcleunik),
            ["1"]
          )
        }).pipe(Effect.provide(layer))
      }).pipe(Effect.scoped)
    )

    it.live("a list of thousands comes whole", () =>
      Effect.gen(function* () {
        const { layer, merchant, store } = yield* open()
        const customers = Context.get(store, Customers)
        const records = Array.from({ length: 1_210 }, (_, index) => ({ lastName: `N${index + 1} "]}` }))
        yield* customers.importBatch(merchant.id, records, null)
        const read = yield* Effect.flatMap(MegawinClient, (client) =>
          Stream.runCollect(client.customers({}))
        ).pipe(Effect.provide(layer))
        assert.deepStrictEqual(
          read.map(({ lastName }) => lastName),
          records.map(({ lastName }) => lastName)
        )
      }).pipe(Effect.scoped)
    )
  })
}
