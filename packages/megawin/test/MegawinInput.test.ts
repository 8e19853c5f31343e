/** Requests that are broken or hostile before anything is asked: bodies, queries, letters, sizes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertRefused, type Asked, customersIn, oneIn, open, post, postForm } from "./server.ts"
import { johnDoe } from "./support.ts"

const withJohn = Effect.fnUntraced(function* () {
  const server = yield* open()
  yield* server.customers.importBatch(server.merchant.id, [johnDoe], null)
  return server
})

const bytes = (text: string, at: number, ...instead: ReadonlyArray<number>): Asked => {
  const encoded: Uint8Array<ArrayBuffer> = new TextEncoder().encode(text)
  encoded.set(instead, at)
  return { method: "POST", headers: { "content-type": "application/json" }, body: encoded }
}

describe("a query", () => {
  it.effect("that is not UTF-8, cut or with NUL is refused, never repaired", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withJohn()
      const before = yield* everything
      for (const [part, why] of [
        ["%FF", "invalid UTF-8"],
        ["%C0%AF", "invalid UTF-8"],
        ["%ED%A0%80", "invalid UTF-8"],
        ["%zz", "bad percent escape"],
        ["%f", "bad percent escape"],
        ["a%00b", "NUL character"]
      ] as const) {
        assertRefused(yield* call(`/list?email=${part}`), `parameter 1 (email): ${why}`, 400)
        assertRefused(
          yield* call(`/update?city=${part}&id_client=1`, { method: "POST" }),
          `parameter 1 (city): ${why}`,
          400
        )
        assertRefused(
          yield* call(`/update`, postForm(`city=${part}&id_client=1`)),
          `parameter 1 (city): ${why}`,
          400
        )
      }
      assertRefused(yield* call(`/list?${"a&".repeat(501)}`), "more than 500 parameters", 400)
      assert.deepStrictEqual(yield* everything, before)
    })
  )
})

describe("a JSON body", () => {
  it.effect("that is broken, ambiguous or not an object is refused whole, and nothing is stored", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withJohn()
      const before = yield* everything
      for (const [text, message, status] of [
        [`{"id_client":1,"city":"A"`, "the body is no JSON: not JSON", 400],
        [`{"id_client":1,"city":"A","city":"B"}`, "the body is no JSON: a key is repeated", 400],
        [`{"id_client":1,"x":{"y":1,"y":1},"city":"A"}`, "the body is no JSON: a key is repeated", 400],
        [
          `{"id_client":1,"x":${"[".repeat(70)}${"]".repeat(70)}}`,
          "the body is no JSON: nested deeper than 64",
          400
        ],
        [`{"id_client":1,"x":1e999,"city":"A"}`, "the body is no JSON: a number out of range", 400],
        [`[{"id_client":1,"city":"A"}]`, "the body must be a JSON object", 200],
        [`null`, "the body must be a JSON object", 200],
        [`"id_client=1&city=A"`, "the body must be a JSON object", 200],
        [`id_client=1&city=A`, "the body is no JSON: not JSON", 400]
      ] as const) {
        assertRefused(yield* call("/update", post(text)), message, status)
      }
      const body = `{"id_client":1,"city":"Ab"}`
      assertRefused(yield* call("/update", bytes(body, 24, 0xff)), "the body is no JSON: not UTF-8", 400)
      assertRefused(
        yield* call("/update", bytes(body, 23, 0xc0, 0xaf)),
        "the body is no JSON: not UTF-8",
        400
      )
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("may be called by any name that JSON goes by, and of another kind is 415", () =>
    Effect.gen(function* () {
      const { call } = yield* withJohn()
      const send = (city: string, type: string | undefined, more: Readonly<Record<string, string>> = {}) => {
        const body: Uint8Array<ArrayBuffer> = new TextEncoder().encode(JSON.stringify({ id_client: 1, city }))
        return call("/update", {
          method: "POST",
          headers: { ...(type === undefined ? {} : { "content-type": type }), ...more },
          body
        })
      }
      for (const [index, type] of [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        "text/json",
        "text/plain;charset=UTF-8",
        undefined
      ].entries()) {
        yield* send(`City ${index}`, type)
        assert.strictEqual(oneIn(yield* call("/list"))["city"], `City ${index}`, type)
      }
      const other = "the body must be JSON or an urlencoded form, in UTF-8"
      for (const type of [
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=windows-1252",
        "application/octet-stream"
      ]) {
        assertRefused(yield* send("X", type), other, 415)
      }
      assertRefused(
        yield* send("X", "application/json", { "content-encoding": "gzip" }),
        "an encoded body is not read",
        415
      )
      assert.strictEqual(oneIn(yield* call("/list"))["city"], "City 5")
    })
  )

  it.effect("with names that every object has changes nothing but what it names", () =>
    Effect.gen(function* () {
      const { call } = yield* withJohn()
      const body = `{"__proto__":{"city":"P"},"constructor":1,"toString":"x","id_client":1,"country":"C"}`
      yield* call("/update", post(body))
      const told = oneIn(yield* call("/list"))
      assert.deepStrictEqual([told["city"], told["country"]], ["Anytown", "C"])
      assert.isUndefined(({} as Record<string, unknown>)["city"])
    })
  )

  it.effect("keeps numbers as they are written", () =>
    Effect.gen(function* () {
      const { call } = yield* withJohn()
      yield* call(
        "/update",
        post(`{"id_client":1,"phone":3224567890123456789,"cellphone":true,"zipcode":"01000"}`)
      )
      const told = oneIn(yield* call("/list"))
      assert.deepStrictEqual(
        [told["phone"], told["cellphone"], told["zipcode"]],
        ["3224567890123456789", "true", "01000"]
      )
    })
  )
})

describe("a body", () => {
  it.effect("of more than 64 KiB is 413, declared or not", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withJohn()
      const before = yield* everything
      const long = JSON.stringify({ id_client: 1, city: "x", more: "x".repeat(70_000) })
      const tooLong = "the body is longer than 65536 bytes"
      for (const asked of [post(long), postForm(`id_client=1&city=${"x".repeat(70_000)}`)]) {
        assertRefused(yield* call("/update", asked), tooLong, 413)
        assertRefused(
          yield* call("/update", { ...asked, headers: { ...asked.headers, "content-length": "70000" } }),
          tooLong,
          413
        )
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("that GET or DELETE announce is refused", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withJohn()
      const before = yield* everything
      const headers = { "content-length": "9" }
      for (const answer of [
        yield* call("/list", { headers }),
        yield* call("/list", { headers: { "transfer-encoding": "chunked" } }),
        yield* call("/delete?id_client=1", { ...post({ id_client: 1 }), method: "DELETE", headers })
      ]) {
        assertRefused(answer, "this call has no body", 400)
        assert.strictEqual(answer.headers["connection"], "close")
      }
      assert.deepStrictEqual(yield* everything, before)
      assert.strictEqual(customersIn(yield* call("/list", { headers: { "content-length": "0" } })).length, 1)
    })
  )
})
