// Mirrors a VirtualPOS site into a SQLite store. Run it as often as you like: each run goes on where the last one was.
//   API_KEY=demo npx node docs/embedding/mirror.ts http://127.0.0.1:8090 mirror.sqlite
import { CustomerSource, layerDomain, Merchants, TimeZone } from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { runLink } from "@tillbridge/sync"
import { layerVirtposSource, VirtposClient } from "@tillbridge/virtpos"
import { Console, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"

const [baseUrl = "http://127.0.0.1:8090", path = "mirror.sqlite"] = process.argv.slice(2)
const timeZone = TimeZone.make("Europe/Paris")
const apiKey = Redacted.make(process.env["API_KEY"] ?? "demo")

const vendor = layerVirtposSource.pipe(
  Layer.provide(VirtposClient.layer({ baseUrl, apiKey, timeZone, system: "till" })),
  Layer.provide(FetchHttpClient.layer)
)
const store = layerDomain.pipe(Layer.provideMerge(layerSqlite({ path })))

const program = Effect.gen(function* () {
  const merchants = yield* Merchants
  const [known] = yield* merchants.list
  const merchant =
    known ?? (yield* merchants.create({ name: "Rose & Co", timeZone, externalKeyPrefix: null }))
  // A page's customers, who is who, and the checkpoint behind them are one transaction: stop it whenever you like.
  const { counts } = yield* runLink({
    merchant: merchant.id,
    link: { from: "till", to: "store" },
    source: yield* CustomerSource,
    destination: "store", // or another vendor's CustomerDestination
    matching: { by: ["card", "email"], country: "FR" }, // for customers that the store had before
    owner: "mirror.ts", // others that find the link busy are told this name
    onEvent: (event) =>
      event._tag === "PageWritten" ? Console.log(`${event.counts.seen} told`) : Effect.void
  })
  yield* Console.log(`created ${counts.created}, updated ${counts.updated}, unchanged ${counts.unchanged}`)
})

await Effect.runPromise(program.pipe(Effect.provide([vendor, store])))
