/** What the drop-in server answers: rows, forms, headers, order and long lists. */
import { assert, describe, it } from "@effect/vitest"
import { StoreId } from "@tillbridge/domain"
import { encodeText, parseXml } from "@tillbridge/wire"
import { Effect, Result } from "effect"
import { XMLValidator } from "fast-xml-parser"
import {
  A,
  addCard,
  assertRefused,
  byPassword,
  cardsOf,
  form,
  I,
  json,
  makeMerchant,
  makeUser,
  open,
  P,
  pairOf,
  period,
  requestXml,
  rowsOf,
  xml
} from "./server.ts"

const empty = `{"Clients":[],"ErrorCode":0,"Message":""}`
const emptyXml = `<ClientInfoPeriodResponse xmlns:i="${I}" xmlns="${P}"><ErrorCode xmlns="${A}">0</ErrorCode><Message xmlns="${A}"/><Clients/></ClientInfoPeriodResponse>`
const everything = { Registration: true }

describe("a row", () => {
  it.effect("tells what is known of a card, and null for the rest", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      yield* add({
        number: "9223372036854775807",
        at: "2024-06-01T07:15:00.250Z",
        owner: 501,
        store: 2,
        type: `Gold "1" <&>`,
        patch: {
          medium: "app",
          externalIds: [
            { system: "SHOP", key: "77" },
            { system: "other", key: "5" }
          ]
        }
      })
      yield* add({
        number: "1",
        at: "2024-06-02T07:15:00Z",
        store: null,
        patch: { status: "blocked", medium: "plastic" }
      })
      yield* add({
        number: "0017",
        at: "2024-06-03T07:15:00Z",
        store: 9,
        patch: { status: "new", externalIds: [{ system: "SHOP", key: "007" }] }
      })
      assert.strictEqual(
        (yield* ask(everything)).text,
        `{"Clients":[` +
          `{"Client":501,"Card":9223372036854775807,"OutNumber":77,"Virtual":true,"Card_Type":"Gold \\"1\\" <&>",` +
          `"Card_Status":"Active","RegPos":2,"RegPosName":"Store 2","RegDate":"2024-06-01T10:15:00.25"},` +
          `{"Client":null,"Card":1,"OutNumber":null,"Virtual":false,"Card_Type":null,` +
          `"Card_Status":"Blocked","RegPos":null,"RegPosName":null,"RegDate":"2024-06-02T10:15:00"},` +
          `{"Client":null,"Card":null,"OutNumber":null,"Virtual":null,"Card_Type":null,` +
          `"Card_Status":"New","RegPos":9,"RegPosName":null,"RegDate":"2024-06-03T10:15:00"}` +
          `],"ErrorCode":0,"Message":""}`
      )
      const inXml = yield* ask(everything, { ...json, accept: "application/xml" })
      assert.include(
        inXml.text,
        `<ClientInfoPeriodResponse.ClientInfoPeriodClient><Card>9223372036854775807</Card><Card_Status>Active</Card_Status>` +
          `<Card_Type>Gold "1" &lt;&amp;&gt;</Card_Type><Client>501</Client><OutNumber>77</OutNumber>` +
          `<RegDate>2024-06-01T10:15:00.25</RegDate><RegPos>2</RegPos><RegPosName>Store 2</RegPosName><Virtual>true</Virtual>` +
          `</ClientInfoPeriodResponse.ClientInfoPeriodClient>`
      )
      assert.include(
        inXml.text,
        `<Card i:nil="true"/><Card_Status>New</Card_Status><Card_Type i:nil="true"/><Client i:nil="true"/>` +
          `<OutNumber i:nil="true"/><RegDate>2024-06-03T10:15:00</RegDate><RegPos>9</RegPos><RegPosName i:nil="true"/><Virtual i:nil="true"/>`
      )
      assert.isTrue(
        inXml.text.startsWith(`<ClientInfoPeriodResponse xmlns:i="${I}" xmlns="${P}">`),
        "no declaration"
      )
      assert.strictEqual(XMLValidator.validate(inXml.text), true)
    })
  )

  it.effect("has the names of statuses that the options give", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open({ statusNames: { active: "Активна" } })
      yield* add({ number: "1", at: "2024-06-01T00:00:00Z" })
      yield* add({ number: "2", at: "2024-06-02T00:00:00Z", patch: { status: "blocked" } })
      assert.deepStrictEqual(
        rowsOf(yield* ask(everything)).map(({ Card_Status }) => Card_Status),
        ["Активна", "Blocked"]
      )
    })
  )

  it.effect("survives whatever stands in a name", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      const nasty = `]]>"'<script>\u0001\u202e\n&#65;👩‍👩‍👧`
      yield* add({
        number: "1",
        at: "2024-06-01T00:00:00Z",
        type: nasty,
        patch: { extensions: { lcmanager: { RegPosName: nasty, RegPos: "1" } } }
      })
      assert.deepStrictEqual(
        rowsOf(yield* ask(everything)).map(({ Card_Type, RegPosName }) => [Card_Type, RegPosName]),
        [[nasty, nasty]]
      )
      const inXml = (yield* ask(everything, { ...json, accept: "text/xml" })).text
      assert.strictEqual(XMLValidator.validate(inXml), true)
      assert.isTrue(Result.isSuccess(parseXml(inXml)))
      assert.notInclude(inXml, "<script")
    })
  )
})

describe("the order of rows", () => {
  it.effect("is by registration, then by client, those of nobody first", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      const at = "2024-06-02T00:00:00Z"
      yield* add({ number: "1", at, owner: 9 })
      yield* add({ number: "2", at: "2024-06-03T00:00:00Z", owner: 1 })
      yield* add({ number: "3", at, owner: 3 })
      yield* add({ number: "4", at })
      yield* add({ number: "5", at: "2024-06-01T00:00:00Z", owner: 20 })
      yield* add({ number: "6", at, owner: 3 })
      assert.deepStrictEqual(cardsOf(yield* ask(everything)), [5, 4, 3, 6, 1, 2])
    })
  )

  it.effect("holds across the steps of a long list, which is streamed whole", () =>
    Effect.gen(function* () {
      const { add, ask, fetch, bearer } = yield* open()
      const moments = ["2024-06-01T00:00:00Z", "2024-06-01T00:00:01Z", "2024-06-01T00:00:02Z"]
      const expected: Array<{ readonly card: number; readonly at: number; readonly owner: number }> = []
      for (let i = 1; i <= 1_600; i++) {
        const at = i % 3
        const owner = 1 + ((i * 7919) % 50)
        expected.push({ card: i, at, owner })
        yield* add({ number: String(i), at: moments[at]!, owner })
      }
      expected.sort((a, b) => a.at - b.at || a.owner - b.owner || a.card - b.card)
      const answer = yield* ask(everything)
      assert.isUndefined(answer.headers["content-length"], "streamed")
      assert.deepStrictEqual(
        cardsOf(answer),
        expected.map(({ card }) => card)
      )
      const inXml = yield* ask(everything, { ...json, accept: "application/xml" })
      assert.strictEqual(XMLValidator.validate(inXml.text), true)
      assert.deepStrictEqual(
        Array.from(inXml.text.matchAll(/<Card>(\d+)</g), ([, card]) => Number(card)),
        expected.map(({ card }) => card)
      )
      const utf16 = yield* ask(everything, { ...json, "accept-charset": "utf-16" })
      assert.strictEqual(utf16.text, answer.text)
      assert.deepStrictEqual(Array.from(utf16.bytes.slice(0, 4)), [0xff, 0xfe, 0x7b, 0x00])
      // Somebody who reads one piece and goes away does no harm.
      const response = yield* Effect.promise(() =>
        fetch(period, { method: "POST", headers: { ...json, ...bearer }, body: JSON.stringify(everything) })
      )
      yield* Effect.promise(() => response.body!.cancel())
      assert.strictEqual((yield* ask(everything)).status, 200)
    })
  )
})

describe("a body that cannot be bound", () => {
  it.effect("is told so in the envelope, where the old server crashed", () =>
    Effect.gen(function* () {
      const { ask, log } = yield* open()
      for (const [body, headers, message] of [
        ["", json, "the body is empty"],
        ["", xml, "the body is empty"],
        ["", {}, "the body is empty"],
        ["null", json, "the body is no JSON object"],
        [`{"BegDate":`, json, /^the body cannot be read as JSON/],
        [requestXml("<BegDate>"), xml, /^the body cannot be read as XML/],
        ["<Foo/>", xml, /^the root element/],
        [`<!DOCTYPE a [<!ENTITY b "c">]>${requestXml("")}`, xml, /DOCTYPE/]
      ] as const) {
        assertRefused(yield* ask(body, { ...headers, accept: "application/json" }), message)
      }
      assertRefused(
        yield* ask(`{"Registration":true,"registration":true}`),
        "Registration is given more than once",
        400
      )
      assertRefused(yield* ask(Uint8Array.of(0x7b, 0xff, 0x7d)), /^the body is not text/, 400)
      const inXml = yield* ask("<Foo/>", xml)
      assert.match(
        inXml.text,
        /<ErrorCode [^>]+>3<\/ErrorCode><Message [^>]+>the root element [^<]+<\/Message><Clients\/>/
      )
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("and one of a type that is not read is 415, in the framework's words", () =>
    Effect.gen(function* () {
      const { ask } = yield* open()
      for (const headers of [
        {},
        { "content-type": "text/plain" },
        { "content-type": "multipart/form-data; boundary=x" },
        { ...json, "content-encoding": "gzip" },
        { "content-type": "application/json; charset=koi8-r" }
      ]) {
        const answer = yield* ask(Uint8Array.from([0x7b, 0x7d]), headers)
        assert.strictEqual(answer.status, 415, JSON.stringify(headers))
        assert.deepStrictEqual(Object.keys(JSON.parse(answer.text) as object), ["Message"])
      }
    })
  )

  it.effect("and one that is too long is 413, read or announced", () =>
    Effect.gen(function* () {
      const { ask } = yield* open()
      const answer = yield* ask("x".repeat(64 * 1024 + 1))
      assert.deepStrictEqual([answer.status, answer.headers["connection"]], [413, "close"])
      assert.strictEqual(answer.text, `{"Message":"The request entity is longer than 65536 bytes."}`)
    })
  )
})

describe("the form of answers", () => {
  it.effect("follows Accept, else the request", () =>
    Effect.gen(function* () {
      const { ask } = yield* open()
      for (const [body, headers, type, text] of [
        ["{}", json, "application/json; charset=utf-8", empty],
        ["{}", { ...json, accept: "text/xml" }, "text/xml; charset=utf-8", emptyXml],
        [requestXml(""), xml, "application/xml; charset=utf-8", emptyXml],
        [requestXml(""), { ...xml, accept: "*/*" }, "application/json; charset=utf-8", empty],
        ["Reg.Today=false", form, "application/json; charset=utf-8", empty],
        ["{}", { ...json, accept: "text/plain" }, "application/json; charset=utf-8", empty]
      ] as const) {
        const answer = yield* ask(body, headers)
        assert.deepStrictEqual(
          [answer.status, answer.headers["content-type"], answer.text],
          [200, type, text]
        )
      }
    })
  )

  it.effect("UTF-16 comes in and goes out, little-endian with its mark", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      yield* add({ number: "1", at: "2024-06-01T00:00:00Z", type: "Ёлка" })
      const body = encodeText(`{"Registration":true}`, "utf-16") as Uint8Array<ArrayBuffer>
      const answer = yield* ask(body, { "content-type": "application/json; charset=utf-16" })
      assert.strictEqual(answer.headers["content-type"], "application/json; charset=utf-16")
      assert.deepStrictEqual(Array.from(answer.bytes.slice(0, 2)), [0xff, 0xfe])
      assert.deepStrictEqual(
        rowsOf(answer).map(({ Card_Type }) => Card_Type),
        ["Ёлка"]
      )
      const inXml = yield* ask(
        encodeText(requestXml("<Registration>true</Registration>"), "utf-16") as Uint8Array<ArrayBuffer>,
        { "content-type": "text/xml; charset=utf-16" }
      )
      assert.strictEqual(inXml.headers["content-type"], "text/xml; charset=utf-16")
      assert.include(inXml.text, "<Card_Type>Ёлка</Card_Type>")
      const refused = yield* ask("x", { ...json, "accept-charset": "utf-16" })
      assertRefused(refused, /^the body cannot be read/)
    })
  )
})

describe("paths and methods", () => {
  it.effect("are matched in any letter case, with or without a slash, below a base path", () =>
    Effect.gen(function* () {
      const { bearer, routes } = yield* Effect.map(open({ basePath: "/WebService/ROSE/app" }), (server) => ({
        bearer: server.bearer,
        routes: server.send
      }))
      for (const path of [period, period.toLowerCase(), "/API/CLIENT/CLIENTINFOPERIOD", `${period}/`]) {
        const answer = yield* routes(path, { method: "POST", headers: { ...json, ...bearer }, body: "{}" })
        assert.strictEqual(answer.text, empty, path)
      }
      for (const path of ["/managerlogin", "/MANAGERLOGIN", "/ManagerLogin/"]) {
        const answer = yield* routes(path, { method: "POST", headers: form, body: "grant_type=x" })
        assert.include(answer.text, "unsupported_grant_type", path)
      }
    })
  )

  it.effect("a wrong path below them is 404, in the form asked for", () =>
    Effect.gen(function* () {
      const { bearer, log, send } = yield* open()
      for (const path of [
        "/api/client",
        "/api/client/",
        "/api/client/ClientInfo",
        `${period}/x`,
        "/api/client/%00",
        "/ManagerLogin/x"
      ]) {
        const answer = yield* send(path, { method: "POST", headers: { ...json, ...bearer }, body: "{}" })
        assert.deepStrictEqual(
          [answer.status, answer.text],
          [404, `{"Message":"No HTTP resource was found that matches the request URI."}`],
          path
        )
      }
      const inXml = yield* send("/api/client/x", { method: "POST", headers: { accept: "text/xml" } })
      assert.strictEqual(
        inXml.text,
        "<Error><Message>No HTTP resource was found that matches the request URI.</Message></Error>"
      )
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("a wrong method is 405 with Allow; HEAD has no body", () =>
    Effect.gen(function* () {
      const { bearer, send } = yield* open()
      for (const path of [period, "/ManagerLogin"]) {
        for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
          const answer = yield* send(path, {
            method,
            headers: { ...bearer, "x-http-method-override": "POST" }
          })
          assert.deepStrictEqual([answer.status, answer.headers["allow"]], [405, "POST"], `${method} ${path}`)
          assert.include(answer.text, `The requested resource does not support http method '${method}'.`)
        }
        const head = yield* send(path, { method: "HEAD" })
        assert.deepStrictEqual([head.status, head.bytes.length], [405, 0])
      }
    })
  )
})

describe("browsers", () => {
  it.effect("of any origin are let in, never with credentials of their own", () =>
    Effect.gen(function* () {
      const { ask, bearer, send } = yield* open()
      const origin = { origin: "https://shop.test" }
      for (const path of [period, "/ManagerLogin"]) {
        const preflight = yield* send(path, {
          method: "OPTIONS",
          headers: {
            ...origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, content-type"
          }
        })
        assert.strictEqual(preflight.status, 204)
        assert.deepInclude(preflight.headers, {
          "access-control-allow-origin": "*",
          "access-control-allow-methods": "POST",
          "access-control-allow-headers": "authorization, content-type"
        })
        assert.notProperty(preflight.headers, "access-control-allow-credentials")
      }
      const odd = yield* send(period, {
        method: "OPTIONS",
        headers: { "access-control-request-method": "POST", "access-control-request-headers": "a b;c" }
      })
      assert.notProperty(odd.headers, "access-control-allow-headers")
      for (const answer of [
        yield* ask({}, { ...json, ...origin }),
        yield* ask("x", { ...json, ...origin }),
        yield* send(period, { method: "POST", headers: { ...json, ...origin }, body: "{}" }),
        yield* send(period, { headers: { ...bearer, ...origin } }),
        yield* send("/ManagerLogin", { method: "POST", headers: { ...form, ...origin }, body: "" })
      ]) {
        assert.strictEqual(answer.headers["access-control-allow-origin"], "*")
        assert.notProperty(answer.headers, "access-control-allow-credentials")
        assert.strictEqual(answer.headers["cache-control"], "no-store")
        assert.strictEqual(answer.headers["x-content-type-options"], "nosniff")
      }
    })
  )
})

describe("another merchant", () => {
  it.effect("is never seen, whatever Operator or list is named", () =>
    Effect.gen(function* () {
      const { add, ask, send, store } = yield* open()
      yield* add({ number: "1", at: "2024-06-01T00:00:00Z", owner: 5 })
      const other = yield* makeMerchant(store, "B")
      yield* addCard(store, other, {
        number: "2",
        at: "2024-06-01T00:00:00Z",
        owner: 6,
        store: StoreId.make(1)
      })
      for (const Operator of [other.id, 0, null])
        assert.deepStrictEqual(cardsOf(yield* ask({ Registration: true, Operator })), [1])
      const user = yield* makeUser(store, other.id, "boris")
      const token = pairOf(yield* byPassword(send, user)).access_token
      const theirs = yield* send(period, {
        method: "POST",
        headers: { ...json, authorization: `Bearer ${token}` },
        body: JSON.stringify({ Registration: true, Operator: 1, RegPosList: 1 })
      })
      assert.deepStrictEqual(cardsOf(theirs), [2])
    })
  )
})
