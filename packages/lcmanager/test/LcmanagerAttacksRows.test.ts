/** Rows of cards whose extension came from elsewhere: an import takes any JSON there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { json, open, rowsOf } from "./server.ts"

const april = { BegDate: "2024-04-01", EndDate: "2024-04-30", Registration: true }

describe("what an import left in a card's extension", () => {
  it.effect("adds no member to a row", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      const words = [`1,"Evil":[]`, `1}],"ErrorCode":9`, "abc", "1.5", " 1", "", "007", "-", "1e3", "<a/>"]
      for (const [i, RegPos] of words.entries()) {
        yield* add({
          number: `${i}`,
          at: `2024-04-10T00:00:0${i}Z`,
          store: null,
          patch: { extensions: { lcmanager: { RegPos, RegPosName: "far" } } }
        })
      }
      const rows = rowsOf(yield* ask(april))
      assert.deepStrictEqual(
        rows.map((row) => [row.RegPos, "Evil" in row]),
        words.map(() => [null, false])
      )
      const answer = yield* ask(april, { ...json, accept: "application/xml" })
      assert.strictEqual(answer.text.split(`<RegPos i:nil="true"/>`).length - 1, words.length)
      assert.notInclude(answer.text, "<a/>")
    })
  )

  it.effect("gives a date no offset", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      const kept = [
        "2024-04-10T00:00:00.1234567Z",
        "2024-04-10T03:00:00.1234567",
        "2024-04-09T19:00:00.123-05:00"
      ]
      for (const [i, RegDate] of kept.entries()) {
        yield* add({
          number: `${i}`,
          at: "2024-04-10T00:00:00.123Z",
          patch: { extensions: { lcmanager: { RegDate } } }
        })
      }
      assert.deepStrictEqual(
        rowsOf(yield* ask(april)).map(({ RegDate }) => RegDate),
        ["2024-04-10T03:00:00.123", "2024-04-10T03:00:00.1234567", "2024-04-10T03:00:00.1234567"]
      )
    })
  )
})
