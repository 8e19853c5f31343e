import { describe, expect, it } from "vitest"
import { type Answer, AnswerReader } from "../src/AnswerReader.ts"

const counted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
const empty = "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"
const chunked =
  "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"

const read = (bytes: Buffer, step: number): ReadonlyArray<Answer> => {
  const answers: Array<Answer> = []
  const reader = new AnswerReader((answer) => answers.push(answer))
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step))
  return answers
}

describe("AnswerReader", () => {
  const bytes = Buffer.from(counted + empty + chunked + counted)
  it.each(Array.from({ length: bytes.length }, (_, index) => index + 1))(
    "reads answers that arrive %i bytes at a time",
    (step) => {
      expect(read(bytes, step)).toEqual([
        { status: 200, length: 5 },
        { status: 204, length: 0 },
        { status: 404, length: 13 },
        { status: 200, length: 5 }
      ])
    }
  )

  it("refuses an answer whose length it cannot know", () => {
    expect(() => read(Buffer.from("HTTP/1.1 200 OK\r\n\r\nhello"), 100)).toThrow("no length")
  })
})
