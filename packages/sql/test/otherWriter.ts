// Another process on the same file: does what each line of its standard input says, one after another.
import { Customers, CustomerId, layerDomain, MerchantId } from "@tillbridge/domain"
import { layer } from "@tillbridge/sqlite"
import { Effect, Layer } from "effect"
import * as readline from "node:readline"

interface Order {
  readonly merchant: number
  readonly add?: number
  readonly remove?: number
}

await Effect.runPromise(
  Effect.gen(function* () {
    const customers = yield* Customers
    const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
    for (;;) {
      const { value } = yield* Effect.promise(() => lines.next())
      if (value === undefined) return
      const { add = 0, merchant, remove } = JSON.parse(value) as Order
      const id = MerchantId.make(merchant)
      if (add > 0)
        yield* customers.importBatch(
          id,
          Array.from({ length: add }, () => ({})),
          null
        )
      if (remove !== undefined) yield* customers.remove(id, { by: "id", id: CustomerId.make(remove) })
      process.stdout.write("done\n")
    }
  }).pipe(Effect.provide(layerDomain.pipe(Layer.provide(layer({ path: process.argv[2]! })))))
)
