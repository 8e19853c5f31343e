// Answers as VirtualPOS does at /api/customer, inside an HTTP server that has routes of its own.
//   npx node docs/embedding/serve-dialect.ts shop.sqlite 8080
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Credentials, Customers, layerDomain, Merchants, TimeZone } from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { VirtposRoutes } from "@tillbridge/virtpos"
import { Console, Effect, Layer, Redacted } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

const [path = "shop.sqlite", port = "8080"] = process.argv.slice(2)
const domain = layerDomain.pipe(Layer.provideMerge(layerSqlite({ path })))

// A merchant owns the customers, and its key opens VirtualPOS's API. Both stay in the file, so they are made once.
const setUp = Effect.gen(function* () {
  const merchants = yield* Merchants
  const [known] = yield* merchants.list
  if (known !== undefined) return known.id
  const merchant = { name: "Rose & Co", timeZone: TimeZone.make("Europe/Paris"), externalKeyPrefix: null }
  const { id: merchantId } = yield* merchants.create(merchant)
  const key = { merchantId, dialect: "virtpos", login: null, secret: null, label: "till" }
  const { secret } = yield* (yield* Credentials).create({ ...key, scopes: ["read", "write"] })
  yield* Console.log(`API key, shown once: ${Redacted.value(secret)}`)
  return merchantId
})

// A route of one's own uses the same services: what a till writes by the vendor's API is here at once.
const ownRoute = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const total = (yield* Customers).count(yield* setUp, {})
    const answer = Effect.map(total, (count) => HttpServerResponse.text(`${count} customers\n`))
    yield* router.add("GET", "/how-many", answer)
  })
)

const app = HttpRouter.serve(Layer.merge(VirtposRoutes.layer(), ownRoute), { disableLogger: true })
const server = NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: Number(port) })
NodeRuntime.runMain(Layer.launch(app.pipe(Layer.provide(domain), Layer.provide(server))))
