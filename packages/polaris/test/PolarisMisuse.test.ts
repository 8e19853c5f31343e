/** Requests that are wrong, hostile or odd, and data that must stay what it is and where it is. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId, StorageError } from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { CustomerRepository } from "@tillbridge/domain"
import {
  type Asked,
  assertRefused,
  form,
  logIn,
  makeLogin,
  makeMerchant,
  open,
  post,
  postOf,
  put,
  refused,
  sliceIn,
  xml
} from "./server.ts"

const anne = { Nom: "DURAND", Prenom: "Anne" }
const get = "Client.GetClient?CodeMagasin=1&IDClient=1"
const modified = "Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01"
const write = postOf({
  CodeMagasin: "1",
  InfoClient: "<InfoClient><IDClient>1</IDClient><Nom>X</Nom></InfoClient>"
})

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
        { "sec-fetch-site": "cross-site" }
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

describe("bodies", () => {
  it.effect("a GET has none", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const headers of [{ "content-length": "1" }, { "transfer-encoding": "chunked" }] as ReadonlyArray<
        Record<string, string>
      >) {
        const answer = yield* call(get, { headers })
        assertRefused(answer, 400, "UnexpectedBody")
        assert.strictEqual(answer.headers["connection"], "close")
      }
      assertRefused(yield* call(get, { headers: { "content-length": "0" } }), 404, "ClientNotFound")
    })
  )

  it.effect("a POST has a form of at most 64 KiB, in UTF-8, not compressed", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      const body = "CodeMagasin=1&InfoClient=%7B%7D"
      for (const type of [
        "application/json",
        "text/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=windows-1252"
      ]) {
        assertRefused(
          yield* call("Client.PutClient", { method: "POST", headers: { "content-type": type }, body }),
          415,
          "UnsupportedBody"
        )
      }
      assertRefused(
        yield* call("Client.PutClient", {
          method: "POST",
          headers: { ...form, "content-encoding": "gzip" },
          body
        }),
        415,
        "UnsupportedBody"
      )
      const long = yield* call("Client.PutClient?output=json", post(`${body}&x=${"x".repeat(70_000)}`))
      assert.deepStrictEqual([long.status, long.headers["connection"]], [413, "close"])
      assert.include(long.text, `"Code":"BodyTooLarge"`)
      assertRefused(
        yield* call("Client.PutClient", post(`${body}${"&a=1".repeat(600)}`)),
        400,
        "InvalidParameter"
      )
      assert.strictEqual(yield* customers.count(merchant.id, {}), 0)
    })
  )

  it.effect(
    "an XML bomb, deep nesting and odd names in a client are refused soon, or kept as the data they are",
    () =>
      Effect.gen(function* () {
        const { call, log } = yield* open()
        const started = performance.now()
        for (const record of [
          `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><InfoClient><Nom>&b;</Nom></InfoClient>`,
          `<!DOCTYPE x SYSTEM "file:///etc/passwd"><InfoClient/>`,
          `<InfoClient>${"<a>".repeat(40)}${"</a>".repeat(40)}</InfoClient>`,
          `<InfoClient>${"<a/>".repeat(3_000)}</InfoClient>`,
          `<InfoClient><__proto__>x</__proto__></InfoClient>`,
          `{"a":${"[".repeat(70)}${"]".repeat(70)}}`,
          `{"a":${"[".repeat(21)}${"]".repeat(21)}}`
        ]) {
          assertRefused(
            yield* call("Client.PutClient", postOf({ CodeMagasin: "1", InfoClient: record })),
            400,
            "InvalidParameter"
          )
        }
        assert.isBelow(performance.now() - started, 1_000)
        const odd = `{"constructor":"a","toString":"b","hasOwnProperty":"c","1 bad":"d","<x>":"e","ok":"f"}`
        yield* call("Client.PutClient", postOf({ CodeMagasin: "1", InfoClient: odd }))
        const told = xml((yield* call(get)).text).children.map(({ name, text }) => [name, text])
        assert.deepStrictEqual(
          told.filter(
            ([name]) => !["IDClient", "CodeMagasin", "Mailing", "DateModification", "Cartes"].includes(name!)
          ),
          [
            ["toString", "b"],
            ["hasOwnProperty", "c"],
            ["ok", "f"]
          ]
        )
        assert.deepStrictEqual(log, [])
      })
  )
})

describe("stored attacks", () => {
  const attacks = [
    "]]>",
    "<script>alert(1)</script>",
    "a\u0001b",
    "line\nfeed\r\nand\ttab",
    "\u202egnp.exe",
    "=cmd|'/c'!A1",
    "&lt;&amp;&#65;",
    '"},{"IDClient":9',
    "<!-- -->",
    "\u007f\u0085\u2028",
    "\ufffe\uffff",
    "👩‍👩‍👧"
  ]

  it.effect("come back as the text they are: well-formed XML and JSON, with nothing added around them", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const text of attacks) yield* put(call, { Nom: text, TypeClient: text, Autre: text })
      // XML has no way to carry these characters: they come back as U+FFFD, and everything else as it was.
      const visible = (text: string) => text.replace(/[\u0001\ufffe\uffff]/g, "\ufffd")
      const root = xml((yield* call(modified)).text)
      const clients = root.children.find(({ name }) => name === "clients")?.children ?? []
      const inJson = sliceIn(yield* call(`${modified}&output=json`)).clients
      for (const member of ["Nom", "TypeClient", "Autre"]) {
        assert.deepStrictEqual(
          clients.map((client) => client.children.find(({ name }) => name === member)?.text),
          attacks.map(visible)
        )
        assert.deepStrictEqual(
          inJson.map((client) => client[member]),
          attacks
        )
      }
    })
  )
})

describe("another merchant's data", () => {
  it.effect("answers byte for byte as data that never existed, and is not touched", () =>
    Effect.gen(function* () {
      const { call, customers, send, store } = yield* open()
      const rival = yield* makeMerchant(store, "B", { stores: [1, 7] })
      const cookie = yield* logIn(send, yield* makeLogin(store, rival.id))
      const rivals = (target: string, asked: Asked = {}) =>
        send(`/core/api/${target}`, { ...asked, headers: { ...asked.headers, cookie } })
      for (let n = 0; n < 3; n++) yield* put(rivals, { Nom: "Secret", Cle: `K${n}` }, { prefixCle: "SHOP" })
      const before = (yield* rivals(modified)).text
      for (const [theirs, nobodys] of [
        ["IDClient=1&CodeMagasin=1", "IDClient=99&CodeMagasin=1"],
        ["Cle=K1&prefixCle=SHOP&CodeMagasin=1", "Cle=K9&prefixCle=SHOP&CodeMagasin=1"],
        ["IDClient=1&CodeMagasin=7", "IDClient=1&CodeMagasin=8"]
      ] as const) {
        for (const output of ["xml", "json"]) {
          const one = yield* call(`Client.GetClient?${theirs}&output=${output}`)
          const none = yield* call(`Client.GetClient?${nobodys}&output=${output}`)
          assert.deepStrictEqual([one.status, one.text, one.headers], [none.status, none.text, none.headers])
        }
      }
      assertRefused(yield* call("Client.PutClient", write), 404, "ClientNotFound")
      const page = sliceIn(yield* rivals(`${modified}&limit=1&output=json`))
      assertRefused(yield* call(`${modified}&checkPoint=${page.checkPoint}`), 400, "InvalidCheckPoint")
      // What it would have found by key is made anew, in the caller's own merchant only.
      assert.strictEqual(yield* put(call, { Nom: "Mine", Cle: "K1" }, { prefixCle: "SHOP" }), 1)
      assert.strictEqual((yield* rivals(modified)).text, before)
      const mine = (yield* call(modified)).text
      assert.notInclude(mine, "Secret")
      assert.include(mine, "Mine")
      const own = yield* customers.find(rival.id, { by: "id", id: CustomerId.make(1) })
      assert.strictEqual(own.lastName, "Secret")
    })
  )
})

describe("a broken store", () => {
  const failing = (reason: StorageError["reason"]) => (real: Context.Context<never>) => {
    const repositories = real as Context.Context<CustomerRepository>
    const repository = Context.get(repositories, CustomerRepository)
    const error = new StorageError({ operation: "CANARY", reason, cause: new Error("CANARY") })
    return Context.add(repositories, CustomerRepository, {
      ...repository,
      get: () => Effect.fail(error),
      modified: () => Effect.fail(error)
    })
  }

  it.effect("is 503 with Retry-After where a repeat may help, else 500, and says nothing of the inside", () =>
    Effect.gen(function* () {
      for (const [reason, status, code] of [
        ["busy", 503, "Unavailable"],
        ["corrupt", 500, "InternalError"]
      ] as const) {
        const { call, log } = yield* open({}, failing(reason) as never)
        for (const target of [get, modified]) {
          const answer = yield* call(target)
          assertRefused(answer, status, code)
          assert.notInclude(answer.text, "CANARY")
          assert.strictEqual(answer.headers["retry-after"], status === 503 ? "1" : undefined)
        }
        assert.lengthOf(log, 2)
      }
    })
  )

  it.effect("a defect is told as an error too", () =>
    Effect.gen(function* () {
      const { call, log } = yield* open({}, (real) =>
        Context.add(real, CustomerRepository, {
          ...Context.get(real, CustomerRepository),
          get: () => Effect.die(new Error("CANARY"))
        })
      )
      const answer = yield* call(`${get}&output=json`)
      assert.deepStrictEqual(
        [answer.status, answer.text],
        [500, refused.json("InternalError", "erreur interne")]
      )
      assert.lengthOf(log, 1)
    })
  )
})

describe("secrets", () => {
  it.effect("stand in no log and in no answer, whatever goes wrong", () =>
    Effect.gen(function* () {
      const { call, cookie, log, login, send } = yield* open()
      const { password, user } = login
      const token = cookie.slice(cookie.indexOf("=") + 1)
      const answers = [
        yield* send(`/core/api/ACL.Login?user=${user}&password=${password}&output=${password}`),
        yield* send(`/core/api/ACL.Login?user=${user}&password=${password}&password=x`),
        yield* send(`/core/api/ACL.Login?user=x${user}&password=${password}`),
        yield* send(`/core/api/ACL.Login?user=${user}&password=%zz${password}`),
        yield* call(`Client.GetClient?CodeMagasin=${password}&IDClient=1`),
        yield* call("Client.GetClient?CodeMagasin=1&IDClient=9")
      ]
      for (const answer of answers) {
        const shown = answer.text + JSON.stringify(answer.headers)
        assert.notInclude(shown, password)
        assert.notInclude(shown, token)
      }
      assert.deepStrictEqual(log, [])
    })
  )
})
