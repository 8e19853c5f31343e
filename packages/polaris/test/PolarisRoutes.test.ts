/** What holds for every function: shop, names, rights, parameters, byte for byte where this project has fixed it. DOC marks what the vendor's pages say. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId } from "@tillbridge/domain"
import { Effect } from "effect"
import { polarisNames } from "../src/index.ts"
import {
  assertRefused,
  addCard,
  anne,
  declaration,
  logIn,
  makeLogin,
  makeMerchant,
  open,
  post,
  postOf,
  put,
  xml
} from "./server.ts"

describe("the shop of a call", () => {
  it.effect("is one of the merchant's, or refused by name as if it had never been", () =>
    Effect.gen(function* () {
      const { call, store } = yield* open()
      yield* put(call, anne)
      yield* makeMerchant(store, "B", { stores: [7] })
      for (const shop of ["9", "7", "-1", "0", "2147483647"]) {
        for (const target of [
          `Client.GetClient?IDClient=1&CodeMagasin=${shop}`,
          `Client.GetClientsModified?lastChanged=2024-01-01&codeMagasin=${shop}`
        ]) {
          const answer = yield* call(target)
          assertRefused(answer, 400, "InvalidParameter")
          assert.match(answer.text, /odeMagasin inconnu/)
        }
      }
      for (const shop of ["x", "1.0", "99999999999", "1e0"]) {
        assertRefused(yield* call(`Client.GetClient?IDClient=1&CodeMagasin=${shop}`), 400, "InvalidParameter")
      }
    })
  )
})

describe("names that a site spells otherwise", () => {
  it.effect("are written and read as the table says", () =>
    Effect.gen(function* () {
      const names = polarisNames({
        client: { IDClient: "Id", Nom: "LastName", Cartes: "Cards" },
        card: { Numero: "Number" },
        fragment: { clients: "items", hasMoreResults: "HasMore", checkPoint: "CheckPoint" },
        roots: { client: "Customer", fragment: "Page", card: "Card" },
        errors: { root: "Fault", code: "Id", message: "Text" },
        dates: { style: "utc" }
      })
      const server = yield* open({ names })
      const { call } = server
      yield* call(
        "Client.PutClient",
        postOf({ CodeMagasin: "1", InfoClient: "<Customer><LastName>DURAND</LastName></Customer>" })
      )
      yield* addCard(server, CustomerId.make(1), "77")
      assert.strictEqual(
        (yield* call("Client.GetClient?CodeMagasin=1&IDClient=1")).text,
        `${declaration}<Customer><Id>1</Id><LastName>DURAND</LastName><CodeMagasin>1</CodeMagasin><Mailing>false</Mailing>` +
          `<DateModification>2024-06-15T10:00:00Z</DateModification><Cards><Card><Number>77</Number>` +
          `<TypeCarte>Or</TypeCarte><EstValide>true</EstValide></Card></Cards></Customer>`
      )
      const page = yield* call("Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01&output=json")
      assert.match(page.text, /^\{"HasMore":false,"CheckPoint":"[^"]+","items":\[\{"Id":1,/)
      const none = yield* call("Client.GetClient?CodeMagasin=1&IDClient=2")
      assert.strictEqual(
        none.text,
        `${declaration}<Fault><Id>ClientNotFound</Id><Text>client inconnu</Text></Fault>`
      )
    })
  )
})

describe("rights", () => {
  it.effect("either is enough to read (DOC), only the second to write", () =>
    Effect.gen(function* () {
      const { call, merchant, send, store } = yield* open()
      yield* put(call, anne)
      const reads = [
        "Client.GetClient?CodeMagasin=1&IDClient=1",
        "Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01"
      ]
      const write = postOf({ CodeMagasin: "1", InfoClient: "<InfoClient><Nom>x</Nom></InfoClient>" })
      for (const [scopes, mayRead, mayWrite] of [
        [["read"], true, false],
        [["write"], true, true],
        [["read", "write"], true, true],
        [["balance"], false, false],
        [[], false, false]
      ] as const) {
        const headers = { cookie: yield* logIn(send, yield* makeLogin(store, merchant.id, scopes)) }
        for (const target of reads) {
          const answer = yield* send(`/core/api/${target}`, { headers })
          if (mayRead) assert.strictEqual(answer.status, 200)
          else {
            assertRefused(answer, 403, "NotPermitted")
            assert.include(
              answer.text,
              "« consultation des membres clients » et « saisie des membres clients »"
            )
          }
        }
        const written = yield* send("/core/api/Client.PutClient", {
          ...write,
          headers: { ...write.headers, ...headers }
        })
        if (mayWrite) assert.strictEqual(written.status, 200)
        else {
          assertRefused(written, 403, "NotPermitted")
          assert.include(written.text, "« saisie des membres clients »")
        }
      }
    })
  )
})

describe("a request", () => {
  it.effect("by POST may have each parameter in the query or in the form (DOC), and the form's counts", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      yield* put(call, anne)
      const whole = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1&output=json")
      for (const [query, body] of [
        ["?output=json", "CodeMagasin=1&IDClient=1"],
        ["?CodeMagasin=1", "IDClient=1&output=json"],
        ["?IDClient=1&CodeMagasin=1&output=json", ""],
        ["", "CodeMagasin=1&IDClient=1&output=json"],
        ["?output=xml", "CodeMagasin=1&IDClient=1&output=json"]
      ]) {
        assert.strictEqual((yield* call(`Client.GetClient${query}`, post(body!))).text, whole.text, query)
      }
    })
  )

  it.effect("is understood in any letter case, and extra parameters are none of our business", () =>
    Effect.gen(function* () {
      const { call, cookie, send } = yield* open()
      yield* put(call, anne)
      const whole = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1&output=json")
      for (const target of [
        "/core/api/client.getclient?codemagasin=1&idclient=1&OUTPUT=JSON",
        "/CORE/API/CLIENT.GETCLIENT?CODEMAGASIN=1&IDCLIENT=1&Output=Json",
        "/core/api/Client.GetClient/?codeMagasin=1&IdClient=1&output=json&Cle=&prefixcle=&extra=1"
      ]) {
        assert.strictEqual((yield* send(target, { headers: { cookie } })).text, whole.text, target)
      }
    })
  )

  it.effect("may begin below another path", () =>
    Effect.gen(function* () {
      const { login, send } = yield* open({ basePath: "/shops/a" })
      const answer = yield* send(
        "/shops/a/core/api/ACL.Login",
        postOf({ user: login.user, password: login.password })
      )
      assert.strictEqual(answer.status, 200)
      assert.strictEqual((yield* send("/core/api/ACL.Login")).status, 404)
      const page = yield* send("/Shops/a/core/api?doc")
      assert.include(page.text, `href="/shops/a/core/api/Client.GetClient?doc"`)
    })
  )
})

it("the XML reader of these tests is strict", () => {
  assert.throws(() => xml("<a>"))
})
