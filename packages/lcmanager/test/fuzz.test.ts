/** Requests made of the API's own words in wrong places: whatever comes, the answer is an envelope, and soon. */
import { assert, describe, it } from "@effect/vitest"
import { fuzz, fuzzTimeout, randomFrom, saidOf, seedOf } from "@tillbridge/conformance"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { XMLValidator } from "fast-xml-parser"
import { request } from "./fuzzWords.ts"
import { addCard, type Answer, byPassword, makeMerchant, makeUser, open, pairOf } from "./server.ts"

const envelopeKeys = [["Clients", "ErrorCode", "Message"], ["Message"], ["error", "error_description"]]

/** In one of the three voices, well-formed, and saying whether it went well. */
const check = ({ headers, status, text }: Answer, method: string): boolean => {
  assert.include([200, 400, 401, 404, 405, 413, 415], status)
  if (method === "HEAD") {
    assert.strictEqual(text, "")
    return false
  }
  const type = headers["content-type"] ?? ""
  assert.match(type, /^(?:application|text)\/(?:json|xml); ?charset=utf-(?:8|16)$/i)
  if (type.includes("xml")) {
    assert.strictEqual(XMLValidator.validate(text), true)
    assert.match(text, /^<(?:ClientInfoPeriodResponse xmlns:i=|Error><Message>)/)
    return text.includes(">0</ErrorCode>")
  }
  const body = JSON.parse(text) as Readonly<Record<string, unknown>>
  assert.deepInclude(envelopeKeys, Object.keys(body))
  if (status !== 200) assert.notStrictEqual(body["ErrorCode"], 0)
  return status === 200 && body["ErrorCode"] === 0
}

describe("thousands of odd requests", () => {
  const seed = seedOf()

  it.effect(
    `all get an envelope within a second, none an internal error (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const random = randomFrom(seed)
        const { add, log, send, store, user } = yield* open()
        for (let n = 1; n <= 20; n++)
          yield* add({ number: String(n), at: `2024-06-${String(n).padStart(2, "0")}T00:00:00Z`, owner: n })
        const other = yield* makeMerchant(store, "B")
        yield* addCard(store, other, { number: "777000777", at: "2024-06-10T00:00:00Z", owner: 1 })
        yield* makeUser(store, other.id, "boris")
        let token = ""
        yield* fuzz(random, (index) =>
          Effect.gen(function* () {
            if (index % 100 === 0) {
              yield* TestClock.adjust("7 hours")
              token = pairOf(yield* byPassword(send, user)).access_token
            }
            const [target, asked] = request(random, token)
            return {
              said: saidOf(target, asked),
              send: send(target, asked),
              check: (answer: Answer) => {
                assert.notInclude(answer.text, token)
                assert.notInclude(answer.text, "777000777")
                return check(answer, asked.method ?? "GET")
              }
            }
          })
        )
        assert.deepStrictEqual(log, [])
      }),
    fuzzTimeout
  )
})
