/** Requests made of the API's own words in wrong places: whatever comes, the answer is one, and soon. */
import { assert, describe, it } from "@effect/vitest"
import { fuzz, fuzzTimeout, randomFrom, saidOf, seedOf } from "@tillbridge/conformance"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { request } from "./fuzzWords.ts"
import { addCard, type Answer, logIn, makeLogin, makeMerchant, open, xml } from "./server.ts"

const statuses = [200, 400, 401, 403, 404, 405, 409, 413, 415, 429]

/** Whole, of a form that can be read, and an error exactly when its status says so. */
const check = (answer: Answer, method: string): boolean => {
  assert.include(statuses, answer.status)
  if (method === "HEAD") assert.strictEqual(answer.text, "")
  if (method === "HEAD") return false
  const type = answer.headers["content-type"]
  if (type === "text/html; charset=utf-8") {
    assert.include([200, 404], answer.status)
    assert.match(answer.text, /^<!DOCTYPE html>.*<\/html>$/s)
    return answer.status === 200
  }
  const isError =
    type === "application/json; charset=utf-8"
      ? "Error" in Object(JSON.parse(answer.text) as unknown)
      : xml(answer.text).name === "Error"
  assert.strictEqual(isError, answer.status !== 200)
  if (isError) assert.match(answer.text, /<Code>\w+<\/Code><Message>[^<]+<|"Code":"\w+","Message":".+"/)
  return !isError
}

describe("thousands of odd requests", () => {
  const seed = seedOf()

  it.effect(
    `all get an answer within a second, none an internal error (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const random = randomFrom(seed)
        const server = yield* open({ sessionIdle: "1000 days" })
        const { cookie, log, login, merchant, send, store } = server
        const reader = yield* logIn(send, yield* makeLogin(store, merchant.id, ["read"]))
        const rival = yield* makeMerchant(store, "B", { stores: [1] })
        const rivals = yield* logIn(send, yield* makeLogin(store, rival.id))
        const secret = cookie.slice(cookie.indexOf("=") + 1)
        yield* fuzz(random, (index) =>
          Effect.gen(function* () {
            if (index % 100 === 0) yield* TestClock.adjust("7 hours")
            if (index % 500 === 0) {
              const [first] = yield* server.customers.refs(merchant.id, {}, { offset: 0, limit: 1 })
              if (first !== undefined) yield* addCard(server, first.id, String(index))
            }
            const [target, asked] = request(random, login)
            // Logging in or out would end the session that all the others are in.
            const isOutside = random.chance(0.03) || /acl\./i.test(target)
            const session = isOutside ? "" : random.chance(0.1) ? reader : cookie
            const headers = { ...asked.headers, ...(session === "" ? {} : { cookie: session }) }
            return {
              said: saidOf(target, asked),
              send: send(target, { ...asked, headers }),
              check: (answer: Answer) => {
                assert.notInclude(answer.text, secret)
                assert.notInclude(answer.text, login.password)
                return check(answer, asked.method ?? "GET")
              }
            }
          })
        )
        assert.deepStrictEqual(log, [])
        const untouched = yield* send(
          "/core/api/Client.GetClientsModified?codeMagasin=1&lastChanged=2000-01-01&output=json",
          { headers: { cookie: rivals } }
        )
        assert.strictEqual(untouched.text, `{"hasMoreResults":false,"clients":[]}`)
        // What odd writes have left behind must not make a slice unreadable.
        const all = yield* send(
          "/core/api/Client.GetClientsModified?codeMagasin=1&lastChanged=2000-01-01&limit=1000",
          {
            headers: { cookie }
          }
        )
        assert.strictEqual(xml(all.text).name, "FragmentedInfoClient")
      }),
    fuzzTimeout
  )
})
