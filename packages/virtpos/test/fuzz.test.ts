/** Requests made of the API's own words in wrong places: whatever comes, the answer is an envelope, and soon. */
import { assert, describe, it } from "@effect/vitest"
import { fuzz, fuzzTimeout, randomFrom, saidOf, seedOf } from "@tillbridge/conformance"
import { Cards, Customers } from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Answer, makeKey, makeMerchant, open, xml } from "./server.ts"
import { request } from "./fuzzWords.ts"

/** Of the right format, whole, and saying whether it went well. */
const check = (answer: Answer, target: string, method: string): boolean => {
  assert.include([200, 204, 400, 403, 404, 405, 413, 415], answer.status)
  if (method === "HEAD" || answer.status === 204) {
    assert.strictEqual(answer.text, "")
    return false
  }
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
  return success === 1
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
        const [customers, cards] = [Context.get(store, Customers), Context.get(store, Cards)]
        const other = yield* makeMerchant(store, "B")
        const others = (yield* makeKey(store, other.id)).key
        yield* fuzz(random, (index) =>
          Effect.gen(function* () {
            if (index % 100 === 0) yield* TestClock.adjust("7 hours")
            // A list takes as long as it is, so the shop stays small.
            if (index % 500 === 499) {
              const refs = yield* customers.refs(merchant.id, {}, { offset: 20, limit: 10_000 })
              for (const { id } of refs) yield* customers.remove(merchant.id, { by: "id", id })
              const more = yield* cards.list(merchant.id, { after: null, limit: 10_000 })
              for (const { id } of more.slice(20)) yield* cards.remove(merchant.id, [{ by: "id", id }])
            }
            const [target, asked] = request(random, random.chance(0.1) ? reader : key)
            return {
              said: saidOf(target, asked),
              send: send(target, asked),
              check: (answer: Answer) => {
                assert.notInclude(answer.text, key)
                return check(answer, target, asked.method ?? "GET")
              }
            }
          })
        )
        assert.deepStrictEqual(log, [])
        const untouched = yield* send(`/api/customer?apikey=${others}&format=json`)
        assert.strictEqual(untouched.text, `{"success":1,"type":"customer","count":0,"customers":[]}`)
      }),
    fuzzTimeout
  )
})
