/** Requests that are wrong, hostile or odd: paths, methods, keys, doubled and broken parameters, bodies. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { Credentials } from "@tillbridge/domain"
import {
  type Asked,
  assertRefused,
  declaration,
  empty,
  form,
  idsIn,
  makeKey,
  open,
  post,
  refused,
  written
} from "./server.ts"

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

const writes = ["update?id=1&fname=X", "updateCard?uid=1&status=BLOCKED", "insertCard?uid=2", "deleteCard?uid=1"]

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
        assert.strictEqual((yield* send(`/api/customer/${path}?apikey=${key}&uid=1`)).text, written(1, 0), path)
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
        "%2e%2e/update",
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
      const made = yield* send(`/Shops/api/customer/a/api/customer/UPDATE?apikey=${key}&create_if_not_exist=1&fname=A`)
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
      assert.deepStrictEqual([list.status, list.headers["allow"], list.text], [204, "GET, HEAD, POST, OPTIONS", ""])
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
      assert.strictEqual((yield* call("?id=9", { headers: { "x-http-method-override": "DELETE" } })).text, empty)
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

describe("keys", () => {
  it.effect("absent, empty, wrong, revoked and another dialect's keys all get the same bytes", () =>
    Effect.gen(function* () {
      const { merchant, send, store } = yield* withAnna()
      const other = yield* makeKey(store, merchant.id, ["read", "write"], { dialect: "megawin" })
      const gone = yield* makeKey(store, merchant.id)
      yield* Context.get(store, Credentials).revoke(gone.id)
      const spare = (yield* makeKey(store, merchant.id)).key
      const never = `tb_${"A".repeat(43)}`
      for (const [format, body] of [
        ["xml", refused.xml("invalid apikey")],
        ["json", refused.json("invalid apikey")]
      ] as const) {
        for (const key of ["", "apikey", "apikey=", `apikey=${never}`, `apikey=${gone.key}`, `apikey=${other.key}`,
          `apikey=${spare.toLowerCase()}`, `apikey=${spare}%20`, `apikey=${spare.slice(0, -1)}`,
          `ApiKey=${spare}`, `apikey[]=${spare}`, `apikey=${"k".repeat(60_000)}`]) {
          for (const action of ["", ...["update", "updateCard", "insertCard", "deleteCard"].map((name) => `/${name}`)]) {
            const answer = yield* send(`/api/customer${action}?format=${format}&${key}`)
            assert.strictEqual(answer.text, body, key)
            assert.strictEqual(answer.status, 200)
            assert.deepStrictEqual(
              Object.keys(answer.headers).sort(),
              ["cache-control", "content-length", "content-type", "x-content-type-options"]
            )
          }
        }
      }
      const header: Asked = { headers: { authorization: `Bearer ${spare}`, apikey: spare } }
      assertRefused(yield* send("/api/customer", header), "invalid apikey")
    })
  )

  it.effect("a key is taken from the body as well as from the query, and a revoked one stops at once", () =>
    Effect.gen(function* () {
      const { credential, key, send, store } = yield* withAnna()
      assert.deepStrictEqual(idsIn((yield* send("/api/customer", post(`apikey=${key}`))).text), [1])
      assert.strictEqual((yield* send("/api/customer/update?id=1", post(`apikey=${key}&fname=B`))).text, written(1, 0))
      yield* Context.get(store, Credentials).revoke(credential)
      assertRefused(yield* send(`/api/customer?apikey=${key}`), "invalid apikey")
      assertRefused(yield* send("/api/customer", post(`apikey=${key}`)), "invalid apikey")
    })
  )

  it.effect("neither the key nor a value is ever told or logged, whatever goes wrong", () =>
    Effect.gen(function* () {
      const { call, key, log, send } = yield* withAnna()
      const canary = "CANARY-4711"
      for (const [target, asked] of [
        [`?id=${canary}`, {}],
        [`?page_size=${canary}`, {}],
        [`?format=${canary}`, {}],
        [`?with_phone=${canary}`, {}],
        [`?phone=%zz${canary}&${canary}`, {}],
        [`?apikey=${canary}`, {}],
        [`/${canary}`, {}],
        [`/update?id=1&gender=${canary}`, {}],
        [`/update?id=1&register_date=${canary}`, {}],
        [`/update?external_id=${canary}`, {}],
        [`/update?id=1&group_id=${canary}`, {}],
        [`/deleteCard?uid=${canary}`, {}],
        ["/update", { method: "POST", headers: { "content-type": canary }, body: canary }],
        ["/update", post(`fname=${canary}%ff`)]
      ] as ReadonlyArray<readonly [string, Asked]>) {
        const { headers, text } = yield* call(target, asked)
        const told = JSON.stringify(headers) + text
        assert.notInclude(told, key, target)
        assert.notInclude(told.toUpperCase(), canary, target)
      }
      yield* send(`/api/customer?apikey=${key}&apikey=${key}`)
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("every answer is not to be stored and is nothing but what its type says", () =>
    Effect.gen(function* () {
      const { call, send } = yield* withAnna()
      for (const answer of [
        yield* call(""),
        yield* call("/update?id=1&fname=B"),
        yield* call("/nothing"),
        yield* call("", { method: "PUT" }),
        yield* call("", { method: "OPTIONS" }),
        yield* send("/api/customer")
      ]) {
        assert.strictEqual(answer.headers["cache-control"], "no-store")
        assert.strictEqual(answer.headers["x-content-type-options"], "nosniff")
        assert.isUndefined(answer.headers["access-control-allow-origin"])
      }
    })
  )
})

describe("format", () => {
  it.effect("is xml unless the query says json, in any letter case; the body's does not count", () =>
    Effect.gen(function* () {
      const { key, send } = yield* open()
      const list = (query: string, asked: Asked = {}) => send(`/api/customer?apikey=${key}${query}`, asked)
      const json = `{"success":1,"type":"customer","count":0,"customers":[]}`
      for (const query of ["", "&format=xml", "&format=XML"]) {
        assert.strictEqual((yield* list(query)).text, empty)
        assert.strictEqual((yield* list(query, post("format=json"))).text, empty)
      }
      for (const query of ["&format=json", "&format=JSON", "&format=js%6Fn", "&%66ormat=json"]) {
        assert.strictEqual((yield* list(query)).text, json, query)
        assert.strictEqual((yield* list(query, post("format=xml"))).text, json, query)
        // An error is told in the same format.
        assert.strictEqual(
          (yield* list(`${query}&page=0`)).text,
          refused.json("page must be a whole number from 1 to 1000000000"),
          query
        )
      }
      for (const query of ["&format=yaml", "&format=json%20", "&format=jsonp", "&format=xml,json"]) {
        assertRefused(yield* list(query), "format must be xml or json")
      }
      // Not a format parameter at all.
      assert.strictEqual((yield* list("&xformat=json&Format=json")).text, empty)
    })
  )

  it.effect("Accept does not choose the format", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      assert.strictEqual((yield* call("", { headers: { ...form, accept: "application/json" } })).text, empty)
      assert.isTrue((yield* call("/x", { headers: { accept: "application/json" } })).text.startsWith(declaration))
    })
  )
})
