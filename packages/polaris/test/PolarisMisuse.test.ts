/** Requests whose path, method or parameters are wrong, hostile or odd. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertRefused, anne, form, open, post, put, refused } from "./server.ts"

const get = "Client.GetClient?CodeMagasin=1&IDClient=1"
const modified = "Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01"

describe("methods and paths", () => {
  it.effect("anything but GET and POST is 405 with Allow (refusal DOC), whatever an override says", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      yield* put(call, anne)
      const before = (yield* call(get)).text
      for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND", "QUERY"]) {
        for (const target of [get, modified, "Client.PutClient", "ACL.Login", "ACL.Logout"]) {
          const answer = yield* call(target, { method, headers: { "x-http-method-override": "POST" } })
          assert.deepStrictEqual(
            [answer.status, answer.headers["allow"]],
            [405, "GET, POST"],
            `${method} ${target}`
          )
          if (method === "HEAD") assert.strictEqual(answer.text, "")
          else assertRefused(answer, 405, "MethodNotAllowed")
          assert.isUndefined(answer.headers["access-control-allow-origin"])
        }
      }
      assert.strictEqual((yield* call(get)).text, before)
    })
  )

  it.effect("other functions are 404, told as an error in the asked format", () =>
    Effect.gen(function* () {
      const { call, log, send } = yield* open()
      for (const name of [
        "Client.SearchClient",
        "Client.GetClient2",
        "GetClient",
        "Client",
        "Client.GetClient/1",
        "%43lient.GetClient",
        "constructor",
        "__proto__",
        "Client.GetClient;x=1",
        "a/b/c",
        "x".repeat(2_000)
      ]) {
        assertRefused(yield* call(`${name}?CodeMagasin=1`), 404, "UnknownFunction")
        const json = yield* call(`${name}?output=json`, post(""))
        assert.deepStrictEqual(
          [json.status, json.text],
          [404, refused.json("UnknownFunction", "fonction inconnue")]
        )
      }
      assertRefused(yield* send("/core/api"), 404, "UnknownFunction")
      assertRefused(yield* send("/core/api/"), 404, "UnknownFunction")
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("a prefetch, or a link on another site's page, changes nothing and logs nobody in", () =>
    Effect.gen(function* () {
      const { call, login } = yield* open()
      yield* put(call, anne)
      const before = (yield* call(get)).text
      const record = encodeURIComponent("<InfoClient><IDClient>1</IDClient><Nom>X</Nom></InfoClient>")
      for (const headers of [
        { purpose: "prefetch" },
        { "sec-purpose": "prefetch;prerender" },
        { "x-moz": "prefetch" },
        { "sec-fetch-site": "cross-site" },
        { origin: "https://shop.example", host: "till.test" },
        { origin: "null", host: "till.test" }
      ] as ReadonlyArray<Record<string, string>>) {
        for (const target of [
          `Client.PutClient?CodeMagasin=1&InfoClient=${record}`,
          `ACL.Login?user=${login.user}&password=${login.password}`,
          "ACL.Logout"
        ]) {
          assertRefused(yield* call(target, { headers }), 403, "UnsafeWrite")
        }
        assert.strictEqual((yield* call(get, { headers })).text, before)
      }
      assert.strictEqual((yield* call(`Client.PutClient?CodeMagasin=1&InfoClient=${record}`)).status, 200)
    })
  )
})

describe("parameters", () => {
  it.effect("one that says who is meant or who asks is refused when it comes twice, in any letter case", () =>
    Effect.gen(function* () {
      const { call, login, send } = yield* open()
      yield* put(call, anne)
      for (const more of [
        "IDClient=1",
        "idclient=2",
        "CodeMagasin=1",
        "codemagasin=2",
        "Cle=a&Cle=a",
        "prefixCle=SHOP&PREFIXCLE=SHOP",
        "output=xml&OUTPUT=json"
      ]) {
        const answer = yield* call(`${get}&${more}`)
        assert.include(answer.text, "est donné plus d'une fois", more)
        assert.strictEqual(answer.status, 400)
      }
      for (const more of ["checkPoint=a&checkpoint=b", "lastchanged=2024-01-02", "limit=1&limit=1"]) {
        assertRefused(yield* call(`${modified}&${more}`), 400, "RepeatedParameter")
      }
      for (const body of ["IDClient=1", "idclient=2", "codemagasin=1"]) {
        assertRefused(yield* call(get, post(body)), 400, "RepeatedParameter")
      }
      const { password, user } = login
      for (const [query, body] of [
        [`user=${user}`, `user=${user}&password=${password}`],
        [`user=${user}&password=x`, `password=${password}`],
        ["", `user=a&user=${user}&password=${password}`],
        ["", `user=${user}&password=a&Password=${password}`]
      ] as const) {
        assertRefused(yield* send(`/core/api/ACL.Login?${query}`, post(body)), 400, "RepeatedParameter")
      }
    })
  )

  it.effect("required ones are asked for by name, an external key only with its prefix (DOC)", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const [target, name] of [
        ["Client.GetClient?IDClient=1", "CodeMagasin"],
        ["Client.GetClient?IDClient=1&CodeMagasin=", "CodeMagasin"],
        ["Client.GetClient?CodeMagasin=1", "IDClient ou Cle"],
        ["Client.GetClient?CodeMagasin=1&IDClient=&Cle=", "IDClient ou Cle"],
        ["Client.GetClient?CodeMagasin=1&Cle=WEB-42", "prefixCle"],
        ["Client.GetClientsModified?codeMagasin=1", "lastChanged"],
        ["Client.GetClientsModified?lastChanged=2024-01-01", "codeMagasin"],
        ["Client.PutClient?CodeMagasin=1", "InfoClient"],
        ["Client.PutClient?InfoClient=%7B%7D", "CodeMagasin"]
      ] as const) {
        const answer = yield* call(target)
        assertRefused(answer, 400, "MissingParameter")
        assert.include(answer.text, `<Message>${name} est obligatoire</Message>`)
      }
    })
  )

  it.effect("hostile ones are data: not found or refused, never other rows", () =>
    Effect.gen(function* () {
      const { call, log } = yield* open()
      yield* put(call, { ...anne, Cle: "K" }, { prefixCle: "SHOP" })
      for (const attack of [
        "' OR 1=1 --",
        "1; DROP TABLE customers",
        "%",
        "_",
        "*",
        "$ne",
        "../../etc/passwd",
        "${7*7}",
        "a\r\nSet-Cookie: x=1",
        "'||pg_sleep(5)||'",
        "\u202e",
        "x".repeat(5_000)
      ]) {
        const word = encodeURIComponent(attack)
        assertRefused(yield* call(`Client.GetClient?CodeMagasin=1&IDClient=${word}`), 400, "InvalidParameter")
        assertRefused(yield* call(`Client.GetClient?CodeMagasin=${word}&IDClient=1`), 400, "InvalidParameter")
        assertRefused(
          yield* call(`Client.GetClient?CodeMagasin=1&Cle=${word}&prefixCle=SHOP`),
          404,
          "ClientNotFound"
        )
        assertRefused(
          yield* call(`Client.GetClient?CodeMagasin=1&Cle=K&prefixCle=${word}`),
          400,
          "InvalidParameter"
        )
        assertRefused(yield* call(`${modified}&checkPoint=${word}`), 400, "InvalidCheckPoint")
        assertRefused(yield* call(`${modified}&limit=${word}`), 400, "InvalidParameter")
        assertRefused(yield* call(`${get}&output=${word}`), 400, "InvalidParameter")
        assertRefused(
          yield* call(`Client.GetClientsModified?codeMagasin=1&lastChanged=${word}`),
          400,
          "InvalidParameter"
        )
      }
      for (const date of [
        "2024-02-30",
        "2024-13-01",
        "0000-01-01",
        "2024-01-01T25:00:00",
        "2024-01-01T00:00:00+15:00",
        "32/01/2024",
        "1/1/2024",
        "/Date(1)",
        "/Date(99999999999999999)/",
        "1e9",
        "now"
      ]) {
        assertRefused(
          yield* call(`Client.GetClientsModified?codeMagasin=1&lastChanged=${encodeURIComponent(date)}`),
          400,
          "InvalidParameter"
        )
      }
      for (const date of ["0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999", "/Date(-62135596800000)/"]) {
        const answer = yield* call(
          `Client.GetClientsModified?codeMagasin=1&lastChanged=${encodeURIComponent(date)}`
        )
        assert.strictEqual(answer.status, 200, date)
      }
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("what is not UTF-8, not escaped or NUL is refused, in the query and in the form", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const bad of ["%FF", "%zz", "%00", "%C0%AF", "%ED%A0%80", "%", "%2"]) {
        assertRefused(yield* call(`${get}&Cle=${bad}`), 400, "InvalidParameter")
        assertRefused(
          yield* call("Client.GetClient", post(`CodeMagasin=1&IDClient=1&Cle=${bad}`)),
          400,
          "InvalidParameter"
        )
        const json = yield* call(`${get}&Cle=${bad}&output=json`)
        assert.include(json.text, `{"Error":{"Code":"InvalidParameter","Message":"paramètres illisibles`)
      }
      const bytes = new Uint8Array([...new TextEncoder().encode("CodeMagasin=1&IDClient=1&Cle="), 0xff])
      assertRefused(
        yield* call("Client.GetClient", { method: "POST", headers: form, body: bytes }),
        400,
        "InvalidParameter"
      )
    })
  )
})
