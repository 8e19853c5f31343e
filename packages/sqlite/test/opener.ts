// Opens a store when it is told to on standard input, adds a merchant, and says so. argv: the file.
import { layerDomain, Merchants, TimeZone } from "@tillbridge/domain"
import { Effect, Layer } from "effect"
import { once } from "node:events"
import { layer } from "../src/index.ts"

process.stdout.write("ready\n")
await once(process.stdin, "data")
const result = await Effect.runPromise(
  Effect.gen(function* () {
    const merchants = yield* Merchants
    yield* merchants.create({ name: "m", timeZone: TimeZone.make("UTC"), externalKeyPrefix: null })
    return "opened"
  }).pipe(
    Effect.provide(layerDomain.pipe(Layer.provide(layer({ path: process.argv[2]! })))),
    Effect.catchTag("StorageError", ({ reason }) => Effect.succeed(`refused ${reason}`))
  )
)
process.stdout.write(`${result}\n`)
process.exit(0)
