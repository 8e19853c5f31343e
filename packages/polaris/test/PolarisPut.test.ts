/** What Client.PutClient takes, does and answers, byte for byte where this project has fixed it. DOC marks what the vendor's pages say. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId, StoreId } from "@tillbridge/domain"
import { Effect } from "effect"
import { assertRefused, anne, declaration, noonText, open, postOf, put } from "./server.ts"

describe("Client.PutClient", () => {
  it.effect(
    "makes a client and tells its number, changes it by number and by key, and never doubles it (DOC)",
    () =>
      Effect.gen(function* () {
        const { call, customers, merchant } = yield* open()
        const made = yield* call(
          "Client.PutClient",
          postOf({
            CodeMagasin: "1",
            prefixCle: "SHOP",
            InfoClient: "<InfoClient><Cle>WEB-1</Cle><Nom>DURAND</Nom></InfoClient>"
          })
        )
        assert.deepStrictEqual([made.status, made.text], [200, `${declaration}<long>1</long>`])
        const again = yield* call(
          "Client.PutClient?output=json",
          postOf({
            CodeMagasin: "1",
            InfoClient: "<InfoClient><IDClient>1</IDClient><Prenom>Anne</Prenom></InfoClient>"
          })
        )
        assert.strictEqual(again.text, "1")
        yield* put(call, { Cle: "WEB-1", Ville: "Lyon" }, { prefixCle: "SHOP" })
        const customer = yield* customers.find(merchant.id, { by: "id", id: CustomerId.make(1) })
        assert.deepStrictEqual(
          [customer.lastName, customer.firstName, customer.address.city, customer.registeredIn],
          ["DURAND", "Anne", "Lyon", StoreId.make(1)]
        )
        assert.strictEqual(yield* put(call, { IDClient: 0, Nom: "none" }), 2)
        assert.strictEqual(yield* put(call, { IDClient: null, Nom: "none" }), 3)
      })
  )

  it.effect("what is absent stays, what is there and empty is cleared", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      yield* put(call, {
        ...anne,
        Email: "a@b.fr",
        Critere1: 1,
        Autre: "x",
        DateAnniversaire: "1980-01-02",
        Mailing: true
      })
      yield* call(
        "Client.PutClient",
        postOf({
          CodeMagasin: "2",
          InfoClient:
            `<c:InfoClient xmlns:c="urn:x" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><c:IDClient>1</c:IDClient>` +
            `<c:Email/><c:Critere1 i:nil="true"/><c:Autre></c:Autre><c:DateAnniversaire/><c:Mailing/><c:Prenom> </c:Prenom></c:InfoClient>`
        })
      )
      const answer = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1&output=json")
      assert.strictEqual(
        answer.text,
        `{"IDClient":1,"Nom":"DURAND","CodeMagasin":1,"Mailing":false,"DateModification":"${noonText}","Cartes":[]}`
      )
    })
  )

  it.effect(
    "takes DataContract documents, any order and letter case, and leaves cards and stamps alone",
    () =>
      Effect.gen(function* () {
        const { call } = yield* open()
        const answer = yield* call(
          "Client.PutClient",
          postOf({
            CodeMagasin: "1",
            InfoClient:
              `<?xml version="1.0"?><Client.InfoClient xmlns="http://schemas.datacontract.org/2004/07/RepDaemon.WebService2.CoreAPI">` +
              `<prenom>Anne</prenom><DateModification>1999-01-01T00:00:00</DateModification><NOM>DURAND</NOM>` +
              `<Cartes><InfoCarte><Numero>1</Numero></InfoCarte></Cartes></Client.InfoClient>`
          })
        )
        assert.strictEqual(answer.text, `${declaration}<long>1</long>`)
        const told = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1&output=json")
        assert.strictEqual(
          told.text,
          `{"IDClient":1,"Nom":"DURAND","Prenom":"Anne","CodeMagasin":1,"Mailing":false,"DateModification":"${noonText}","Cartes":[]}`
        )
      })
  )

  it.effect("refuses what cannot be a client, and nothing of it is stored", () =>
    Effect.gen(function* () {
      const { call, customers, log, merchant } = yield* open()
      yield* put(call, { ...anne, Cle: "K1" }, { prefixCle: "SHOP" })
      yield* put(call, { Nom: "B", Cle: "K2" }, { prefixCle: "SHOP" })
      const cases: ReadonlyArray<readonly [record: string, status: number, code: string, more?: string]> = [
        ["", 400, "MissingParameter"],
        ["{", 400, "InvalidParameter"],
        ["[]", 400, "InvalidParameter"],
        ["null", 400, "InvalidParameter"],
        ["<InfoClient>", 400, "InvalidParameter"],
        ["<Autre/>", 400, "InvalidParameter"],
        [`<!DOCTYPE x [<!ENTITY a "b">]><InfoClient><Nom>&a;</Nom></InfoClient>`, 400, "InvalidParameter"],
        ["<InfoClient><Nom>a</Nom><Nom>b</Nom></InfoClient>", 400, "InvalidParameter"],
        ["<InfoClient><Nom>a</Nom><nom>b</nom></InfoClient>", 400, "InvalidParameter"],
        ["<InfoClient><IDClient>1</IDClient><IDClient>2</IDClient></InfoClient>", 400, "InvalidParameter"],
        [`{"IDClient":1,"IDClient":2}`, 400, "InvalidParameter"],
        [`{"IDClient":1,"idclient":2}`, 400, "InvalidParameter"],
        [`{"IDClient":[1]}`, 400, "InvalidParameter"],
        [`{"IDClient":"x"}`, 400, "InvalidParameter"],
        [`{"IDClient":99999999999999999999}`, 400, "InvalidParameter"],
        [`{"IDClient":9,"Nom":"x"}`, 404, "ClientNotFound"],
        [`{"IDClient":9007199254740993,"Nom":"x"}`, 404, "ClientNotFound"],
        [`{"Nom":"x","Cle":"K"}`, 400, "MissingParameter"],
        [`{"IDClient":1,"Cle":"K2"}`, 409, "AlreadyTaken", "prefixCle=SHOP"],
        [`{"Nom":{"a":1}}`, 400, "InvalidParameter"],
        [`{"Nom":"${"x".repeat(1001)}"}`, 400, "InvalidParameter"],
        [`{"Nom":"a\\u0000b"}`, 400, "InvalidParameter"],
        [`{"Autre":"a\\u0000b"}`, 400, "InvalidParameter"],
        [`{"Autre":"\\ud800"}`, 400, "InvalidParameter"],
        [`{"Sexe":"X"}`, 400, "InvalidParameter"],
        [`{"Mailing":"peut-être"}`, 400, "InvalidParameter"],
        [`{"DateAnniversaire":"1981-02-29"}`, 400, "InvalidParameter"],
        [`{"DateAnniversaire":"hier"}`, 400, "InvalidParameter"],
        [`{"DateAnniversaire2":"hier"}`, 400, "InvalidParameter"],
        [`{"Critere1":"1.5"}`, 400, "InvalidParameter"],
        [`{"Critere1":2147483648}`, 400, "InvalidParameter"],
        [`{"CodeMagasin":9}`, 400, "InvalidParameter"],
        [`{"CodeMagasin":"x"}`, 400, "InvalidParameter"]
      ]
      for (const [record, status, code, more = ""] of cases) {
        const answer = yield* call(
          `Client.PutClient?${more}`,
          postOf({ CodeMagasin: "1", InfoClient: record })
        )
        assertRefused(answer, status, code)
      }
      assert.strictEqual(yield* customers.count(merchant.id, {}), 2)
      const first = yield* customers.find(merchant.id, { by: "id", id: CustomerId.make(1) })
      assert.deepStrictEqual([first.lastName, first.extensions], ["DURAND", {}])
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("a birthday without its year survives the way there and back", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      const id = yield* put(call, { DateAnniversaire: "0004-02-29T00:00:00" })
      assert.deepStrictEqual((yield* customers.find(merchant.id, { by: "id", id })).birthDate, {
        day: 29,
        month: 2,
        year: null
      })
      const told = yield* call(`Client.GetClient?CodeMagasin=1&IDClient=${id}`)
      assert.include(told.text, "<DateAnniversaire>0004-02-29T00:00:00</DateAnniversaire>")
      // .NET's smallest date is no date.
      yield* put(call, { IDClient: id, DateAnniversaire: "0001-01-01T00:00:00" })
      assert.deepStrictEqual((yield* customers.find(merchant.id, { by: "id", id })).birthDate, {
        day: null,
        month: null,
        year: null
      })
    })
  )
})
