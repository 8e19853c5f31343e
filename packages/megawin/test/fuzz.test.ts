/** Requests made of the API's own words in wrong places: whatever comes, the answer is an envelope, and soon. */
import { assert, describe, it } from "@effect/vitest"
import { fuzz, fuzzTimeout, randomFrom, saidOf, seedOf } from "@tillbridge/conformance"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { request } from "./fuzzWords.ts"
import { type Answer, empty, makeKey, makeMerchant, open } from "./server.ts"
import { johnDoe } from "./support.ts"

const CANARY = "canary-Pa55word"

/** An envelope that says whether it went well; whether it did. */
const check = (answer: Answer, method: string): boolean => {
  assert.include([200, 204, 400, 403, 404, 405, 413, 415], answer.status)
  assert.strictEqual(answer.headers["access-control-allow-origin"], "*")
  assert.notInclude(answer.text, CANARY)
  if (method === "HEAD" || answer.status === 204) {
    assert.strictEqual(answer.text, "")
    return false
  }
  assert.strictEqual(answer.headers["content-type"], "application/json; charset=utf-8")
  const body = JSON.parse(answer.text) as { readonly success: unknown; readonly message: unknown }
  assert.include(["true", "false"], body.success)
  assert.isTrue(typeof body.message === "string" && body.message !== "")
  if (answer.status !== 200) assert.strictEqual(body.success, "false")
  return body.success === "true"
}

/** Keys are unique, passwords locked and each customer's own, and what must be text is text. */
const checkList = (text: string) => {
  const { result } = JSON.parse(text) as {
    readonly result: { readonly customer: ReadonlyArray<Readonly<Record<string, unknown>>> }
  }
  const passwords = new Set<unknown>()
  const keys = new Set<unknown>()
  for (const customer of result.customer) {
    assert.match(String(customer["password"]), /^locked-[\w-]{24}$/)
    for (const name of ["clcleunik", "customerNumber", "login", "email", "lastName", "phone"]) {
      assert.isString(customer[name], name)
    }
    assert.isBoolean(customer["showPrice"])
    assert.isNumber(customer["webRemise"])
    passwords.add(customer["password"])
    keys.add(customer["clcleunik"])
  }
  assert.deepStrictEqual([passwords.size, keys.size], [result.customer.length, result.customer.length])
  return result.customer.length
}

describe("thousands of odd requests", () => {
  const seed = seedOf()

  it.effect(
    `all get an envelope within a second, none an internal error (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const random = randomFrom(seed)
        const { call, customers, everything, key: writer, log, merchant, send, store } = yield* open()
        const { key: reader } = yield* makeKey(store, merchant.id, ["read"])
        const other = yield* makeMerchant(store, "B")
        const others = (yield* makeKey(store, other.id)).key
        yield* customers.importBatch(
          merchant.id,
          [johnDoe, { firstName: "Two" }, { externalIds: [{ system: "megawin", key: "K1" }] }],
          null
        )
        yield* fuzz(random, (index) =>
          Effect.gen(function* () {
            // Wrong keys come now and then, and are not to lock the test out.
            if (index % 20 === 0) yield* TestClock.adjust("1 hour")
            // A list takes as long as it is, so the shop stays small.
            if (index % 500 === 499) {
              for (const { id } of (yield* everything).slice(20)) {
                yield* customers.remove(merchant.id, { by: "id", id })
              }
            }
            const [target, asked] = request(random, random.chance(0.1) ? reader : writer)
            return {
              said: saidOf(target, asked),
              send: send(target, asked),
              check: (answer: Answer) => {
                assert.notInclude(answer.text, writer)
                return check(answer, asked.method ?? "GET")
              }
            }
          })
        )
        assert.deepStrictEqual(log, [])
        assert.strictEqual(checkList((yield* call("/list")).text), (yield* everything).length)
        const kept = JSON.stringify(yield* everything, (_key, value: unknown) =>
          typeof value === "bigint" ? String(value) : value
        )
        assert.notInclude(kept, CANARY)
        const untouched = yield* send(`/customer/list?apikey=${others}`)
        assert.strictEqual(untouched.text, empty)
      }),
    fuzzTimeout
  )
})
