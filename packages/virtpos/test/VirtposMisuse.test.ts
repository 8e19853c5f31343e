/** Paths and methods that are wrong, hostile or odd. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertRefused, empty, idsIn, open, post, refused, written } from "./server.ts"

const withAnna = Effect.fnUntraced(function* () {
  const server = yield* open()
  yield* server.call("/update?create_if_not_exist=1", post("fname=Anna"))
  yield* server.call("/insertCard?uid=1&customer_id=1")
  /** Everything that a write could have changed. */
  const everything = Effect.all([
    server.call("?cards=true"),
    server.directories.entries(server.merchant.id, "group"),
    server.directories.entries(server.merchant.id, "card type"),
    server.cards.list(server.merchant.id, { after: null, limit: 99 })
  ]).pipe(Effect.map(([list, ...rest]) => [list.text, ...rest]))
  return { ...server, everything }
})

const writes = [
  "update?id=1&fname=X",
  "updateCard?uid=1&status=BLOCKED",
  "insertCard?uid=2",
  "deleteCard?uid=1"
]

describe("paths", () => {
  it.effect("an action is known in any letter case, with or without a slash at its end", () =>
    Effect.gen(function* () {
      const { key, send } = yield* withAnna()
      for (const path of ["update", "Update", "UPDATE", "upDate/", "update//"]) {
        const answer = yield* send(`/api/customer/${path}?apikey=${key}&id=1&fname=A`)
        assert.strictEqual(answer.text, written(1, 0), path)
      }
      for (const path of ["/api/customer", "/api/customer/", "/API/Customer", "/Api/CUSTOMER/"]) {
        assert.deepStrictEqual(idsIn((yield* send(`${path}?apikey=${key}`)).text), [1], path)
      }
      for (const path of ["updatecard", "UPDATECARD/", "UpdateCard"]) {
        assert.strictEqual(
          (yield* send(`/api/customer/${path}?apikey=${key}&uid=1`)).text,
          written(1, 0),
          path
        )
      }
    })
  )

  it.effect("anything else below the API is an unknown action, told in the envelope", () =>
    Effect.gen(function* () {
      const { key, log, send } = yield* withAnna()
      for (const action of [
        "delete",
        "insert",
        "list",
        "updat",
        "update2",
        "%75pdate",
        "update;x",
        "update.xml",
        "constructor",
        "__proto__",
        "hasownproperty",
        "update/1",
        "a/b/c",
        "%00",
        "x/api/customer",
        "x".repeat(2_000)
      ]) {
        const answer = yield* send(`/api/customer/${action}?apikey=${key}&id=1&fname=X`)
        assertRefused(answer, "unknown action", 404)
        const json = yield* send(`/api/customer/${action}?apikey=${key}&format=json`, post("fname=X"))
        assert.deepStrictEqual([json.status, json.text], [404, refused.json("unknown action")], action)
      }
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("the paths may begin below another one", () =>
    Effect.gen(function* () {
      const { key, send } = yield* open({ basePath: "/shops/api/customer/a" })
      assert.strictEqual((yield* send(`/shops/api/customer/a/api/customer?apikey=${key}`)).text, empty)
      const made = yield* send(
        `/Shops/api/customer/a/api/customer/UPDATE?apikey=${key}&create_if_not_exist=1&fname=A`
      )
      assert.strictEqual(made.text, written(1, 1))
      assert.strictEqual((yield* send(`/api/customer?apikey=${key}`)).status, 404)
    })
  )
})

describe("methods", () => {
  it.effect("HEAD reads without a body and never writes", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withAnna()
      const before = yield* everything
      const got = yield* call("")
      const head = yield* call("", { method: "HEAD" })
      assert.deepStrictEqual([head.status, head.bytes.length], [200, 0])
      assert.strictEqual(head.headers["content-type"], got.headers["content-type"])
      assert.strictEqual(head.headers["content-length"], String(got.bytes.length))
      for (const write of writes) {
        const answer = yield* call(`/${write}`, { method: "HEAD" })
        assert.deepStrictEqual([answer.status, answer.bytes.length], [405, 0], write)
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("OPTIONS tells what is allowed, changes nothing and opens nothing to other origins", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withAnna()
      const before = yield* everything
      const origin = { origin: "https://evil.test", "access-control-request-method": "POST" }
      const list = yield* call("", { method: "OPTIONS", headers: origin })
      assert.deepStrictEqual(
        [list.status, list.headers["allow"], list.text],
        [204, "GET, HEAD, POST, OPTIONS", ""]
      )
      assert.isUndefined(list.headers["access-control-allow-origin"])
      for (const write of writes) {
        const answer = yield* call(`/${write}`, { method: "OPTIONS", headers: origin })
        assert.deepStrictEqual([answer.status, answer.headers["allow"]], [204, "GET, POST, OPTIONS"], write)
      }
      assertRefused(yield* call("/nothing", { method: "OPTIONS" }), "unknown action", 404)
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("other methods are 405 with Allow in the envelope, whatever an override header says", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withAnna()
      const before = yield* everything
      for (const method of ["PUT", "PATCH", "DELETE", "PROPFIND", "QUERY"]) {
        const list = yield* call("", { method })
        assertRefused(list, "method not allowed", 405)
        assert.strictEqual(list.headers["allow"], "GET, HEAD, POST, OPTIONS", method)
        const json = yield* call("?format=json", { method })
        assert.strictEqual(json.text, refused.json("method not allowed"))
        for (const write of writes) {
          const answer = yield* call(`/${write}`, { method, headers: { "x-http-method-override": "POST" } })
          assertRefused(answer, "method not allowed", 405)
          assert.strictEqual(answer.headers["allow"], "GET, POST, OPTIONS", method)
        }
      }
      assert.strictEqual(
        (yield* call("?id=9", { headers: { "x-http-method-override": "DELETE" } })).text,
        empty
      )
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("a prefetch reads but never writes", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withAnna()
      const before = yield* everything
      for (const headers of [
        { purpose: "prefetch" },
        { "sec-purpose": "prefetch;prerender" },
        { "x-moz": "prefetch" },
        { "Sec-Purpose": "Prefetch" }
      ] as ReadonlyArray<Record<string, string>>) {
        for (const write of writes) {
          assertRefused(yield* call(`/${write}`, { headers }), "a prefetch may not change data", 403)
        }
        assert.deepStrictEqual(idsIn((yield* call("", { headers })).text), [1])
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )
})
