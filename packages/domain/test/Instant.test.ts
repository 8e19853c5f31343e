import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { Instant } from "../src/index.ts"

const read = Schema.decodeUnknownResult(Instant)

describe("an instant as text", () => {
  it("is read with its zone, to the millisecond", () => {
    for (const [text, millis] of [
      ["1970-01-01T00:00:00.000Z", 0],
      ["1970-01-01T03:00:00+03:00", 0],
      ["2024-02-29T12:00:00.5Z", 1709208000500],
      ["2024-02-29T12:00Z", 1709208000000],
      ["1969-12-31T23:59:59.999Z", -1]
    ] as const) {
      assert.strictEqual(Result.getOrThrow(read(text)).epochMilliseconds, millis, text)
    }
  })

  it("is refused when it is no date of the calendar, or has no zone", () => {
    for (const text of [
      "2024-02-30T00:00:00Z",
      "2023-02-29T00:00:00Z",
      "2024-13-01T00:00:00Z",
      "2024-01-01T25:00:00Z",
      "2024-02-03 10:00",
      "2024-02-03T10:00:00",
      "2024-02-03",
      "yesterday",
      ""
    ]) {
      assert.isTrue(Result.isFailure(read(text)), text)
    }
  })
})
