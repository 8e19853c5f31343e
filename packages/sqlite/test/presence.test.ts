import { assert, describe, it } from "@effect/vitest"
import { layerDomain, Merchants, StorageError, TimeZone } from "@tillbridge/domain"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { layer } from "../src/index.ts"
import { tempFolder } from "./support.ts"

const rose = { name: "Rose", timeZone: TimeZone.make("Europe/Paris"), externalKeyPrefix: null }

describe("a database file that goes away while it is open", () => {
  for (const [what, goAway] of [
    ["deleted", (file: string) => fs.rmSync(file)],
    [
      "replaced",
      (file: string) => {
        fs.writeFileSync(`${file}.new`, fs.readFileSync(file))
        fs.renameSync(`${file}.new`, file)
      }
    ]
  ] as const) {
    it.live(`is not written to any more once it is ${what}: nothing is acknowledged that would be lost`, () =>
      Effect.gen(function* () {
        const file = path.join(yield* tempFolder, "store.sqlite")
        yield* Effect.gen(function* () {
          const merchants = yield* Merchants
          yield* merchants.create(rose)
          goAway(file)
          const error = yield* Effect.flip(merchants.create(rose))
          assert.instanceOf(error, StorageError)
          assert.strictEqual(error.reason, "unavailable")
        }).pipe(Effect.provide(Layer.provide(layerDomain, layer({ path: file }))))
      }).pipe(Effect.scoped)
    )
  }
})
