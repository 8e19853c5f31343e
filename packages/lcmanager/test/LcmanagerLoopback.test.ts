/** Our client against our routes, once as functions and once over a real socket, in both forms. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Credentials } from "@tillbridge/domain"
import { Context, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { LcmanagerClient, type LcmanagerOptions, LcmanagerRoutes } from "../src/index.ts"
import { addCard, makeMerchant, makeUser, openStore } from "./server.ts"

type Format = NonNullable<LcmanagerOptions["format"]>

const routes = LcmanagerRoutes.layer({ basePath: "/WebService/ROSE/app" })

/** A client of a site of its own. */
const site = Effect.fnUntraced(function* (format: Format, hasSocket: boolean) {
  const store = yield* openStore()
  const merchant = yield* makeMerchant(store, "Rose")
  const user = yield* makeUser(store, merchant.id)
  const client = (origin: string) =>
    LcmanagerClient.layer({
      baseUrl: `${origin}/WebService/ROSE/app`,
      user: user.login,
      password: Redacted.make(user.password),
      format,
      retry: { times: 0 }
    })
  if (!hasSocket) {
    const web = HttpRouter.toWebHandler(routes.pipe(Layer.provide(Layer.succeedContext(store))), {
      disableLogger: true
    })
    yield* Effect.addFinalizer(() => Effect.promise(web.dispose))
    const fetch: typeof globalThis.fetch = (input, init) => web.handler(new Request(input, init))
    const http = FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
    return { store, merchant, user, layer: client("http://till.test").pipe(Layer.provide(http)) }
  }
  const app = yield* HttpRouter.toHttpEffect(routes).pipe(Effect.provide(store))
  const handler = yield* NodeHttpServer.makeHandler(app, { scope: yield* Effect.scope })
  const server = createServer(handler)
  yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
  yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
  const { port } = server.address() as AddressInfo
  const layer = client(`http://127.0.0.1:${port}`).pipe(Layer.provide(FetchHttpClient.layer))
  return { store, merchant, user, layer }
})

for (const [name, hasSocket] of [
  ["without a socket", false],
  ["over a real socket", true]
] as const) {
  for (const format of ["json", "xml"] as const) {
    describe(`our client and our server, ${name}, in ${format}`, () => {
      it.live("rows come as they are stored, also many; refusals come back as refusals", () =>
        Effect.gen(function* () {
          const { layer, merchant, store, user } = yield* site(format, hasSocket)
          yield* addCard(store, merchant, {
            number: "9223372036854775807",
            at: "2024-04-24T07:15:00.25Z",
            owner: 501,
            type: `]]> & <"Ёлка">`,
            patch: {
              medium: "app",
              externalIds: [{ system: "SHOP", key: "12345678901234567890" }],
              extensions: { lcmanager: { RegDate: "2024-04-24T10:15:00.2500001" } }
            }
          })
          for (let n = 1; n <= 700; n++)
            yield* addCard(store, merchant, { number: String(n), at: "2023-01-01T00:00:00Z", store: 2 })
          yield* Effect.gen(function* () {
            const client = yield* LcmanagerClient
            assert.deepStrictEqual(
              yield* client.clientInfoPeriod({
                BegDate: "2024-04-24",
                EndDate: "2024-04-24",
                Registration: true
              }),
              [
                {
                  Client: "501",
                  Card: "9223372036854775807",
                  OutNumber: "12345678901234567890",
                  Virtual: true,
                  Card_Type: `]]> & <"Ёлка">`,
                  Card_Status: "Active",
                  RegPos: "1",
                  RegPosName: "Store 1",
                  RegDate: "2024-04-24T10:15:00.2500001"
                }
              ]
            )
            assert.strictEqual((yield* client.clientInfoPeriod({ Reg: { Year: 2023 } })).length, 700)
            assert.deepStrictEqual(yield* client.clientInfoPeriod({ Reg: { Month: 1, Year: 1999 } }), [])
            yield* Context.get(store, Credentials).revoke(user.id)
            const refused = yield* Effect.flip(client.clientInfoPeriod({ Registration: true }))
            assert.strictEqual(refused.reason._tag, "Unauthorized")
          }).pipe(Effect.provide(layer))
        }).pipe(Effect.scoped)
      )
    })
  }
}
