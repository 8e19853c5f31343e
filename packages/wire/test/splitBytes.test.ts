import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { type AnswerPiece, splitBytes } from "../src/index.ts"

const options = {
  json: { lists: ["list"] },
  xml: { items: ["item"], lists: ["list"] },
  maxBytes: 40
}

const told = (pieces: ReadonlyArray<AnswerPiece>) =>
  pieces.map((piece) =>
    piece._tag === "Unreadable"
      ? [piece.form, piece.number, piece.reason, piece.text]
      : [piece._tag, piece.text]
  )

const split = (bytes: string | Uint8Array) =>
  splitBytes(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, options)

describe("a whole answer", () => {
  it("is taken apart, with the beginning of a record that is too long", () => {
    const long = `{"id":2,"note":"${"x".repeat(30)}"}`
    assert.deepStrictEqual(told(Result.getOrThrow(split(`{"list":[{"id":1},${long},{"id":3}],"ok":1}`))), [
      ["Record", `{"id":1}`],
      ["json", 2, "longer than 40 bytes", long.slice(0, 40)],
      ["Record", `{"id":3}`],
      ["Rest", `{"list":[],"ok":1}`]
    ])
    const item = `<item><id>2</id><note>${"x".repeat(30)}</note></item>`
    assert.deepStrictEqual(told(Result.getOrThrow(split(`<a><list>${item}<item/></list></a>`))), [
      ["xml", 1, "longer than 40 bytes", item.slice(0, 40)],
      ["Record", "<item/>"],
      ["Rest", "<a><list></list></a>"]
    ])
  })

  it("tells a record that is not UTF-8 with what stands for its bytes", () => {
    const bytes = new TextEncoder().encode(`{"list":[{"a":"~"},2]}`)
    bytes[bytes.indexOf(126)] = 0xff
    assert.deepStrictEqual(told(Result.getOrThrow(split(bytes))).slice(0, 2), [
      ["json", 1, "not UTF-8", `{"a":"\ufffd"}`],
      ["Record", "2"]
    ])
  })

  it("that is broken itself is a failure", () => {
    for (const text of ["", "x", `{"list":[1`, `{"list":[1]}]`, "<a><list><item></list></a>", "<a>"])
      assert.isTrue(Result.isFailure(split(text)), text)
  })
})
