/** What the two reading functions answer, byte for byte where this project has fixed it. DOC marks what the vendor's pages say. */
import { assert, describe, it } from "@effect/vitest"
import { Merchants, StoreId } from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { TestClock } from "effect/testing"
import { polarisNames } from "../src/index.ts"
import {
  assertRefused,
  addCard,
  anne,
  declaration,
  idsIn,
  idsInXml,
  logIn,
  makeLogin,
  makeMerchant,
  noonText,
  open,
  openRoutes,
  put,
  sliceIn
} from "./server.ts"

describe("Client.GetClient", () => {
  it.effect("takes any CodeMagasin from a merchant without stores, and only its own from one with some", () =>
    Effect.gen(function* () {
      const { send, store } = yield* open()
      const without = yield* makeMerchant(store, "B", { stores: [] })
      const cookie = yield* logIn(send, yield* makeLogin(store, without.id))
      const call: typeof send = (target, asked = {}) =>
        send(`/core/api/${target}`, { ...asked, headers: { ...asked.headers, cookie } })
      yield* put(call, anne)
      const answer = yield* call("Client.GetClient?CodeMagasin=9&IDClient=1")
      assert.include(answer.text, "<Nom>DURAND</Nom>")
      yield* Context.get(store, Merchants).putStore(without.id, { id: StoreId.make(1), name: "Un" })
      assert.include((yield* call("Client.GetClient?CodeMagasin=9&IDClient=1")).text, "CodeMagasin inconnu")
      assert.include((yield* call("Client.GetClient?CodeMagasin=1&IDClient=1")).text, "DURAND")
    })
  )

  it.effect("gives a client as XML by default and as JSON when asked (DOC), empties left out", () =>
    Effect.gen(function* () {
      const server = yield* open()
      const { call } = server
      const id = yield* put(call, anne)
      assert.strictEqual(id, 1)
      const inXml = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1")
      assert.strictEqual(inXml.headers["content-type"], "text/xml; charset=utf-8")
      assert.strictEqual(
        inXml.text,
        `${declaration}<InfoClient><IDClient>1</IDClient><Nom>DURAND</Nom><Prenom>Anne</Prenom>` +
          `<CodeMagasin>1</CodeMagasin><Mailing>false</Mailing><DateModification>${noonText}</DateModification>` +
          `<Cartes/></InfoClient>`
      )
      const inJson = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1&output=json")
      assert.strictEqual(inJson.headers["content-type"], "application/json; charset=utf-8")
      assert.strictEqual(
        inJson.text,
        `{"IDClient":1,"Nom":"DURAND","Prenom":"Anne","CodeMagasin":1,"Mailing":false,` +
          `"DateModification":"${noonText}","Cartes":[]}`
      )
      assert.strictEqual(inXml.headers["cache-control"], "no-store")
      assert.strictEqual(inXml.headers["x-content-type-options"], "nosniff")
    })
  )

  it.effect("tells every field that has a place, cards in it, in XML and in JSON", () =>
    Effect.gen(function* () {
      const server = yield* open()
      const { call } = server
      const id = yield* put(call, {
        Ident: "Mme",
        Nom: "D'Ürand & <fils>",
        Prenom: "Anne",
        Sexe: "Femme",
        Adresse1: "1 rue A",
        Adresse2: "Bât. B",
        Adresse3: "Lieu-dit C",
        CodePostal: "01000",
        Ville: "Bourg",
        Pays: "France",
        Telephone: "0102030405",
        Mobile: "+33601020304",
        Mail: "anne@example.fr",
        CodeMagasin: 2,
        TypeClient: "Prospect",
        Critere1: 7,
        DateAnniversaire: "29/02/1980",
        DateAnniversaire2: "2010-06-01",
        Mailing: "oui",
        CodeEAN: "0012345678905",
        Fidelite: { Niveau: "Or", Tags: ["a", "b"] }
      })
      yield* addCard(server, id, "000123", {
        status: "active",
        extensions: { polaris: { NombrePoints: "12.50", NombreArticles: "3", DateFinValidite: "2025-01-01" } }
      })
      yield* addCard(server, id, "000124", { status: "blocked" }, "Argent")
      const inXml = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1")
      assert.strictEqual(
        inXml.text,
        `${declaration}<InfoClient><IDClient>1</IDClient><Ident>Mme</Ident><Nom>D'Ürand &amp; &lt;fils&gt;</Nom>` +
          `<Prenom>Anne</Prenom><Sexe>F</Sexe><Adresse1>1 rue A</Adresse1><Adresse2>Bât. B</Adresse2>` +
          `<Adresse3>Lieu-dit C</Adresse3><CodePostal>01000</CodePostal><Ville>Bourg</Ville><Pays>France</Pays>` +
          `<Telephone>0102030405</Telephone><Mobile>+33601020304</Mobile><Email>anne@example.fr</Email>` +
          `<CodeMagasin>2</CodeMagasin><TypeClient>Prospect</TypeClient><Critere1>7</Critere1>` +
          `<DateAnniversaire>1980-02-29T00:00:00</DateAnniversaire><DateAnniversaire2>2010-06-01</DateAnniversaire2>` +
          `<Mailing>true</Mailing><CodeEAN>0012345678905</CodeEAN><DateModification>${noonText}</DateModification>` +
          `<Fidelite><Niveau>Or</Niveau><Tags>a</Tags><Tags>b</Tags></Fidelite>` +
          `<Cartes><InfoCarte><Numero>000123</Numero><TypeCarte>Or</TypeCarte><NombreArticles>3</NombreArticles>` +
          `<NombrePoints>12.50</NombrePoints><DateFinValidite>2025-01-01</DateFinValidite><EstValide>true</EstValide>` +
          `</InfoCarte><InfoCarte><Numero>000124</Numero><TypeCarte>Argent</TypeCarte><EstValide>false</EstValide>` +
          `</InfoCarte></Cartes></InfoClient>`
      )
      const inJson = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1&output=json")
      assert.deepStrictEqual(JSON.parse(inJson.text), {
        IDClient: 1,
        Ident: "Mme",
        Nom: "D'Ürand & <fils>",
        Prenom: "Anne",
        Sexe: "F",
        Adresse1: "1 rue A",
        Adresse2: "Bât. B",
        Adresse3: "Lieu-dit C",
        CodePostal: "01000",
        Ville: "Bourg",
        Pays: "France",
        Telephone: "0102030405",
        Mobile: "+33601020304",
        Email: "anne@example.fr",
        CodeMagasin: 2,
        TypeClient: "Prospect",
        Critere1: 7,
        DateAnniversaire: "1980-02-29T00:00:00",
        DateAnniversaire2: "2010-06-01",
        Mailing: true,
        CodeEAN: "0012345678905",
        DateModification: noonText,
        Fidelite: { Niveau: "Or", Tags: ["a", "b"] },
        Cartes: [
          {
            Numero: "000123",
            TypeCarte: "Or",
            NombreArticles: 3,
            NombrePoints: 12.5,
            DateFinValidite: "2025-01-01",
            EstValide: true
          },
          { Numero: "000124", TypeCarte: "Argent", EstValide: false }
        ]
      })
    })
  )

  it.effect(
    "finds by external key under its prefix (DOC), and tells the key only to who gives the prefix",
    () =>
      Effect.gen(function* () {
        const { call } = yield* open()
        yield* put(call, { ...anne, Cle: "WEB-42" }, { prefixCle: "SHOP" })
        const byKey = yield* call("Client.GetClient?CodeMagasin=1&Cle=WEB-42&prefixCle=SHOP&output=json")
        const record = JSON.parse(byKey.text) as Record<string, unknown>
        assert.deepStrictEqual([record["IDClient"], record["Cle"]], [1, "WEB-42"])
        const byId = yield* call("Client.GetClient?CodeMagasin=1&IDClient=1&output=json")
        assert.notInclude(byId.text, "Cle")
        assert.notInclude(byId.text, "WEB-42")
        // The number is looked at first: a key of nobody beside it says nothing.
        const both = yield* call(
          "Client.GetClient?CodeMagasin=1&IDClient=1&Cle=nobody&prefixCle=SHOP&output=json"
        )
        assert.strictEqual((JSON.parse(both.text) as Record<string, unknown>)["Cle"], "WEB-42")
      })
  )

  it.effect("nobody is 404 in the asked format, or nil where the names say so", () =>
    Effect.gen(function* () {
      const server = yield* open()
      for (const query of [
        "IDClient=9",
        "IDClient=0",
        "IDClient=-1",
        "IDClient=9007199254740993",
        "IDClient=9223372036854775807",
        "Cle=nobody&prefixCle=SHOP",
        `Cle=${"x".repeat(300)}&prefixCle=SHOP`
      ]) {
        const answer = yield* server.call(`Client.GetClient?CodeMagasin=1&${query}`)
        assertRefused(answer, 404, "ClientNotFound")
        const json = yield* server.call(`Client.GetClient?CodeMagasin=1&${query}&output=json`)
        assert.deepStrictEqual(
          [json.status, json.text],
          [404, `{"Error":{"Code":"ClientNotFound","Message":"client inconnu"}}`]
        )
      }
      const other = yield* openRoutes(server.store, { names: polarisNames({ errors: { missing: "nil" } }) })
      const headers = { cookie: yield* logIn(other.send, server.login) }
      const inXml = yield* other.send("/core/api/Client.GetClient?CodeMagasin=1&IDClient=9", { headers })
      assert.deepStrictEqual(
        [inXml.status, inXml.text],
        [
          200,
          `${declaration}<InfoClient xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`
        ]
      )
      const json = yield* other.send("/core/api/Client.GetClient?CodeMagasin=1&IDClient=9&output=json", {
        headers
      })
      assert.deepStrictEqual([json.status, json.text], [200, "null"])
    })
  )
})

describe("Client.GetClientsModified", () => {
  const changed = "Client.GetClientsModified?codeMagasin=1&output=json&lastChanged="

  it.effect("gives the oldest change first, a slice at a time, with a resume point (DOC)", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const Nom of ["A", "B", "C"]) {
        yield* put(call, { Nom })
        yield* TestClock.adjust("1 minute")
      }
      yield* put(call, { IDClient: 1, Prenom: "newest" })
      const first = sliceIn(yield* call(`${changed}2024-01-01&limit=2`))
      assert.deepStrictEqual([first.hasMoreResults, first.clients.map(({ Nom }) => Nom)], [true, ["B", "C"]])
      const rest = yield* call(`${changed}2024-01-01&limit=2&checkPoint=${first.checkPoint}`)
      const second = sliceIn(rest)
      assert.deepStrictEqual([second.hasMoreResults, second.clients.map(({ Nom }) => Nom)], [false, ["A"]])
      assert.isString(second.checkPoint)
      const none = yield* call(`${changed}2024-01-01&limit=2&checkPoint=${second.checkPoint}`)
      assert.strictEqual(none.text, `{"hasMoreResults":false,"clients":[]}`)
      const whole = yield* call("Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01")
      assert.deepStrictEqual(idsInXml(whole), [2, 3, 1])
      assert.match(
        whole.text,
        /^<\?xml version="1.0" encoding="utf-8"\?><FragmentedInfoClient><hasMoreResults>false<\/hasMoreResults><checkPoint>[A-Za-z0-9_-]+<\/checkPoint><clients><InfoClient>/
      )
    })
  )

  it.effect("lastChanged is included, in the merchant's zone, in every form", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      yield* put(call, anne)
      for (const text of [
        "2024-06-15T12:00:00",
        "2024-06-15 12:00:00",
        "2024-06-15T12:00",
        "2024-06-15T12:00:00.000",
        "2024-06-15T12:00:00.0000000",
        "2024-06-15T10:00:00Z",
        "2024-06-15T12:00:00%2B02:00",
        "2024-06-15T05:00:00-05:00",
        "2024-06-15",
        "15/06/2024",
        "15/06/2024%2012:00",
        "15/06/2024%2012:00:00",
        "/Date(1718445600000)/",
        "/Date(1718445600000%2B0200)/"
      ]) {
        assert.deepStrictEqual(idsIn(yield* call(changed + text)), [1], text)
      }
      for (const text of [
        "2024-06-15T12:00:01",
        "2024-06-15T10:00:00.001Z",
        "16/06/2024",
        "2024-06-15T12:00:00-01:00"
      ]) {
        assert.deepStrictEqual(idsIn(yield* call(changed + text)), [], text)
      }
    })
  )

  it.effect("gives 100 without a limit (DOC), and refuses one that is no use", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      yield* customers.importBatch(
        merchant.id,
        Array.from({ length: 101 }, (_, n) => ({ lastName: `N${n}` })),
        null
      )
      const first = sliceIn(yield* call(`${changed}2024-01-01`))
      assert.deepStrictEqual([first.clients.length, first.hasMoreResults], [100, true])
      const second = sliceIn(yield* call(`${changed}2024-01-01&checkPoint=${first.checkPoint}`))
      assert.deepStrictEqual([second.clients.length, second.hasMoreResults], [1, false])
      assert.lengthOf(sliceIn(yield* call(`${changed}2024-01-01&limit=1000`)).clients, 101)
      for (const limit of ["0", "-1", "1001", "1e3", "0x10", "1.5", "99999999999", "a"]) {
        const answer = yield* call(
          `Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01&limit=${limit}`
        )
        assertRefused(answer, 400, "InvalidParameter")
        assert.include(answer.text, "limit : nombre entier de 1 à 1000 attendu")
      }
    })
  )

  it.effect("a card's change brings its client again, and the date of that change", () =>
    Effect.gen(function* () {
      const server = yield* open()
      const { call } = server
      const id = yield* put(call, anne)
      yield* put(call, { Nom: "B" })
      yield* TestClock.adjust("20 minutes")
      yield* addCard(server, id, "1")
      const page = sliceIn(yield* call(`${changed}2024-06-15T12:10:00`))
      assert.deepStrictEqual(
        page.clients.map(({ Cartes, DateModification, IDClient }) => [IDClient, DateModification, Cartes]),
        [[1, "2024-06-15T12:20:00", [{ Numero: "1", TypeCarte: "Or", EstValide: true }]]]
      )
      yield* TestClock.adjust("20 minutes")
      yield* server.cards.save(server.merchant.id, {
        search: [{ by: "number", number: "1" }],
        createIfMissing: false,
        patch: { status: "blocked", extensions: { polaris: { NombrePoints: "5" } } },
        actor: null
      })
      const later = sliceIn(yield* call(`${changed}2024-06-15T12:10:00`))
      assert.deepStrictEqual(later.clients[0]?.["Cartes"], [
        { Numero: "1", TypeCarte: "Or", NombrePoints: 5, EstValide: false }
      ])
      yield* server.cards.remove(server.merchant.id, [{ by: "number", number: "1" }])
      assert.deepStrictEqual(sliceIn(yield* call(`${changed}2024-06-15T12:10:00`)).clients[0]?.["Cartes"], [])
    })
  )
})
