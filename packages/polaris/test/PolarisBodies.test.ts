/** Bodies that are wrong or hostile, and hostile text that is stored. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertRefused, form, open, post, postOf, put, sliceIn, xml } from "./server.ts"

const get = "Client.GetClient?CodeMagasin=1&IDClient=1"
const modified = "Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01"

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
        const started = process.cpuUsage()
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
        // Of work, whatever else the machine does.
        assert.isBelow(process.cpuUsage(started).user / 1_000, 1_500)
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
