/** Requests made of the API's own words in wrong places: whatever comes, the answer is an envelope, and soon. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Answer, makeKey, makeMerchant, open, xml } from "./server.ts"
import { request } from "./fuzzWords.ts"
import { randomFrom, seedOf } from "./random.ts"

const budgetMillis = 5_000
const atMost = 4_000

/** Of the right format, whole, and saying whether it went well. */
const check = (answer: Answer, target: string, method: string) => {
  assert.include([200, 204, 400, 403, 404, 405, 413, 415], answer.status)
  if (method === "HEAD" || answer.status === 204) return assert.strictEqual(answer.text, "")
  const type = answer.headers["content-type"]
  // A query that cannot be read may still show what format was meant; then either would do.
  const formats = new URLSearchParams(target.slice(target.indexOf("?") + 1)).getAll("format")
  const json = formats[0]?.toLowerCase() === "json"
  if (formats.length < 2) {
    assert.strictEqual(type, json ? "application/json; charset=UTF-8" : "application/xml; charset=UTF-8")
  }
  const success =
    type === "application/json; charset=UTF-8"
      ? (JSON.parse(answer.text) as { readonly success: unknown }).success
      : Number(xml(answer.text).children[0]?.text)
  assert.include([0, 1], success)
  if (answer.status !== 200) assert.strictEqual(success, 0)
  if (success === 0) assert.match(answer.text, /<info>[^<]+<\/info>|"info":".+"/)
}

describe("thousands of odd requests", () => {
  const seed = seedOf()

  it.effect(
    `all get an envelope within a second, none an internal error (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const random = randomFrom(seed)
        const { key: reader, log, merchant, send, store } = yield* open()
        const { key } = yield* makeKey(store, merchant.id, ["read", "write", "balance"])
        const other = yield* makeMerchant(store, "B")
        const others = (yield* makeKey(store, other.id)).key
        const started = performance.now()
        let done = 0
        let went = 0
        for (; done < atMost && performance.now() - started < budgetMillis; done++) {
          const [target, asked] = request(random, random.chance(0.1) ? reader : key)
          const before = performance.now()
          const answer = yield* send(target, asked)
          let took = performance.now() - before
          if (took >= 1_000) {
            // The machine may have been busy with others: once more says whose second it was.
            const again = performance.now()
            yield* send(target, asked)
            took = performance.now() - again
          }
          try {
            check(answer, target, asked.method ?? "GET")
            if (answer.text.includes("<success>1<") || answer.text.includes(`"success":1`)) went++
            assert.notInclude(answer.text, key)
            assert.isBelow(took, 1_000)
          } catch (error) {
            const body =
              asked.body instanceof Uint8Array ? new TextDecoder().decode(asked.body).slice(0, 500) : ""
            throw new Error(
              `seed ${seed}, request ${done}: ${asked.method} ${target} ${body} => ${answer.text}`,
              { cause: error }
            )
          }
          if (done % 100 === 0) yield* TestClock.adjust("7 hours")
        }
        assert.isAbove(done, 100)
        assert.isAbove(went, done / 20, "a good part went well")
        assert.deepStrictEqual(log, [])
        const untouched = yield* send(`/api/customer?apikey=${others}&format=json`)
        assert.strictEqual(untouched.text, `{"success":1,"type":"customer","count":0,"customers":[]}`)
      }),
    30_000
  )
})
