/** What the functions answer, byte for byte where this project has fixed it. DOC marks what the vendor's pages say. */
import { assert, describe, it } from "@effect/vitest"
import { type CardRecord, CustomerId, StoreId } from "@tillbridge/domain"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { polarisNames } from "../src/index.ts"
import {
  assertRefused,
  declaration,
  idsIn,
  idsInXml,
  logIn,
  makeLogin,
  makeMerchant,
  noonText,
  open,
  openRoutes,
  post,
  postOf,
  put,
  sliceIn,
  xml
} from "./server.ts"

const anne = { Nom: "DURAND", Prenom: "Anne" }

const addCard = (
  server: Effect.Success<ReturnType<typeof open>>,
  customerId: CustomerId,
  number: string,
  patch: CardRecord["patch"] = {},
  typeName = "Or"
) =>
  server.cards.save(server.merchant.id, {
    search: [{ by: "number", number }],
    createIfMissing: true,
    patch: { number, customerId, ...patch },
    type: { name: typeName },
    actor: null
  })

describe("Client.GetClient", () => {
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
