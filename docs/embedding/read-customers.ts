// Reads every customer of a VirtualPOS site. Paging, retries and the vendor's odd spellings are the package's work.
//   API_KEY=demo npx node docs/embedding/read-customers.ts http://127.0.0.1:8090
import { CustomerSource, TimeZone } from "@tillbridge/domain"
import { layerVirtposSource, VirtposClient } from "@tillbridge/virtpos"
import { Console, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"

// Which vendor it is stands here and nowhere else: with `layerPolarisSource` the rest of the program stays as it is.
const vendor = layerVirtposSource.pipe(
  Layer.provide(
    VirtposClient.layer({
      baseUrl: process.argv[2] ?? "http://127.0.0.1:8090",
      apiKey: Redacted.make(process.env["API_KEY"] ?? "demo"), // no log line or error will show it
      timeZone: TimeZone.make("Europe/Paris"),
      pageSize: 100
    })
  ),
  Layer.provide(FetchHttpClient.layer)
)

const program = Effect.gen(function* () {
  const source = yield* CustomerSource
  // `null` begins at the beginning; a page's `next`, kept somewhere, would go on behind that page.
  yield* Stream.runForEach(source.pages(null), ({ changes, unreadable = [] }) => {
    const cards = changes.flatMap((change) => change.cards)
    return Console.log(`${changes.length} customers, ${cards.length} cards, ${unreadable.length} unreadable`)
  })
}).pipe(
  // The one error there is. Its reason is a type, too: Unreachable, TimedOut, RateLimited, Unauthorized, …
  Effect.catchTag("SourceError", ({ isRetryable, message, reason }) =>
    Console.error(
      reason._tag === "Unauthorized" ? "wrong key" : `${message}${isRetryable ? ", try later" : ""}`
    )
  )
)

await Effect.runPromise(program.pipe(Effect.provide(vendor)))
