/** Keys, what an answer may tell of them, and the format it is told in. */
import { assert, describe, it } from "@effect/vitest"
import { Credentials } from "@tillbridge/domain"
import { Context, Effect } from "effect"
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
  return server
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
        for (const key of [
          "",
          "apikey",
          "apikey=",
          `apikey=${never}`,
          `apikey=${gone.key}`,
          `apikey=${other.key}`,
          `apikey=${spare.toLowerCase()}`,
          `apikey=${spare}%20`,
          `apikey=${spare.slice(0, -1)}`,
          `ApiKey=${spare}`,
          `apikey[]=${spare}`,
          `apikey=${"k".repeat(60_000)}`
        ]) {
          for (const action of [
            "",
            ...["update", "updateCard", "insertCard", "deleteCard"].map((name) => `/${name}`)
          ]) {
            const answer = yield* send(`/api/customer${action}?format=${format}&${key}`)
            assert.strictEqual(answer.text, body, key)
            assert.strictEqual(answer.status, 200)
            assert.deepStrictEqual(Object.keys(answer.headers).sort(), [
              "cache-control",
              "content-length",
              "content-type",
              "x-content-type-options"
            ])
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
      assert.strictEqual(
        (yield* send("/api/customer/update?id=1", post(`apikey=${key}&fname=B`))).text,
        written(1, 0)
      )
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
      assert.isTrue(
        (yield* call("/x", { headers: { accept: "application/json" } })).text.startsWith(declaration)
      )
    })
  )
})
