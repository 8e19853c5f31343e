import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { splitAnswer } from "../src/index.ts"
import { encoder, told } from "./splitting.ts"

describe("splitAnswer", () => {
  const options = { json: { lists: ["customers"] }, xml: { items: ["customer"], lists: ["customers"] } }
  const answer = (text: string) => told(splitAnswer(Stream.make(encoder.encode(text)), options))

  it.effect("tells the form by the first character", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* answer('\n{"customers":[1]}'), ["1=1", 'rest={"customers":[]}'])
      assert.deepStrictEqual(yield* answer("\ufeff<r><customers><customer/></customers></r>"), [
        "1=<customer/>",
        "rest=<r><customers></customers></r>"
      ])
      assert.deepStrictEqual(yield* answer("id;name"), ["failed: neither JSON nor XML"])
      assert.deepStrictEqual(yield* answer(""), ["failed: empty"])
      assert.deepStrictEqual(
        yield* told(splitAnswer(Stream.make(encoder.encode("<r/>")), { json: options.json })),
        ["failed: neither JSON nor XML"]
      )
    })
  )

  it.effect("holds one record at a time, however long the answer", () =>
    Effect.gen(function* () {
      const record = encoder.encode(`{"id":"1","name":"${"x".repeat(1_000)}"},`)
      let read = 0
      let ahead = 0
      const bytes = Stream.make(encoder.encode('{"customers":[')).pipe(
        Stream.concat(
          Stream.range(1, 20_000).pipe(
            Stream.rechunk(1),
            Stream.map(() => {
              ahead++
              return record
            })
          )
        ),
        Stream.concat(Stream.make(encoder.encode("{}]}")))
      )
      let most = 0
      yield* splitAnswer(bytes, options).pipe(
        Stream.runForEach(() =>
          Effect.sync(() => {
            read++
            most = Math.max(most, ahead - read)
          })
        )
      )
      assert.strictEqual(read, 20_002)
      assert.isAtMost(most, 2)
    })
  )
})
