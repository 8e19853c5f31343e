/** Keys of any spelling are found as they were written, and only they. */
import { assert, describe, it } from "@effect/vitest"
import { inUnit, makeMerchant } from "@tillbridge/conformance"
import { type SyncRecord, SyncRepository } from "@tillbridge/domain"
import { Effect } from "effect"
import { openStore, tempFile } from "./support.ts"

const link = { from: "shop", to: "till" }

const record = (fromKey: string): SyncRecord => ({
  fromKey,
  toKey: `to ${fromKey}`,
  fromMark: "m",
  toMark: null,
  sent: null,
  seen: 1
})

const plain = ["A-1", 'with "quotes", commas', "\\", "Zoë", "\u{1F600}", "0012", "12"]
/** As text of JSON these look like escapes. */
const escapes = ["A-1\\u0000", "\\ud83d", "\\n"]

describe("records of who is who", () => {
  it.live("are found by keys of any spelling", () =>
    Effect.gen(function* () {
      const store = yield* openStore(yield* tempFile)
      yield* Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        yield* inUnit(sync.putRecords(id, link, [...plain, ...escapes].map(record)))
        const found = Effect.fnUntraced(function* (keys: ReadonlyArray<string>) {
          return (yield* sync.records(id, link, keys)).map(({ fromKey }) => fromKey).toSorted()
        })
        assert.deepStrictEqual(yield* found(plain), plain.toSorted())
        assert.deepStrictEqual(yield* found(escapes), escapes.toSorted())
        assert.deepStrictEqual(yield* found(["A-1\u0000", "A-1\u0000x", "\ud83d", "\ude00"]), [])
        assert.deepStrictEqual(yield* found(["A-1\u0000", "A-1"]), ["A-1"])
        assert.deepStrictEqual(yield* found(["12 ", "012", "12.0"]), [])
      }).pipe(Effect.provide(store))
    })
  )
})
