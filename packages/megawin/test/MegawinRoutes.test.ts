/** Paths, methods, the vendor's own example, and the ten examples of the notes (sections 1, 2, 4 and 9). */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { answers, textOf } from "./fixtures/index.ts"
import {
  assertRefused,
  brussels,
  customersIn,
  empty,
  keysIn,
  makeKey,
  noon,
  oneIn,
  open,
  post,
  refused,
  type Told
} from "./server.ts"
import { johnDoe } from "./support.ts"
import { DateTime } from "effect"
import { toLocal } from "@tillbridge/domain"

const locked = /^locked-[A-Za-z0-9_-]{24}$/

const withPeople = Effect.fnUntraced(function* () {
  const server = yield* open()
  yield* server.customers.importBatch(
    server.merchant.id,
    [
      {
        externalIds: [{ system: "megawin", key: "1" }],
        lastName: "Maes",
        firstName: "Anna",
        address: { line1: "Dorpstraat 1", postalCode: "2000", city: "Antwerpen", country: "BE" },
        email: "anna@example.test",
        company: { name: "Maes BV", vatNumber: "BE0000000000" },
        language: "NL",
        registeredAt: DateTime.makeUnsafe("2024-05-06T05:08:09Z"),
        extensions: { megawin: { customerNumber: "C0001", login: "anna", notification_accepted: "1" } }
      },
      { externalIds: [{ system: "megawin", key: "2" }], lastName: "Claes", email: "claes@example.test" }
    ],
    null
  )
  return server
})

describe("the vendor's page", () => {
  it.effect("its customer can be kept, and is answered as the page has it but for key and password", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      yield* customers.importBatch(merchant.id, [johnDoe], null)
      const answer = yield* call("/LIST/?id_client=1".toUpperCase().replace("ID_CLIENT", "id_client"))
      const told = oneIn(answer)
      assert.match(String(told["password"]), locked)
      // The key is a number on the page and text here: a real client compares it with text.
      const page = textOf(answers.seedList)
        .replace('"clcleunik":1,', '"clcleunik":"1",')
        .replace('"password123"', JSON.stringify(told["password"]))
      assert.strictEqual(answer.text, page)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-type"], "application/json; charset=utf-8")
    })
  )
})

describe("the examples of the notes", () => {
  it.effect("1: a customer by id_client, every member in its place and of its type", () =>
    Effect.gen(function* () {
      const { send, key } = yield* withPeople()
      const answer = yield* send(`/CUSTOMER/LIST/?id_client=1&apikey=${key}`)
      const { password, ...told } = oneIn(answer)
      const [example] = (JSON.parse(textOf(answers.oneCustomer)) as { result: { customer: Array<Told> } })
        .result.customer
      assert.deepStrictEqual(Object.keys(oneIn(answer)), Object.keys(example!))
      const { password: _, ...expected } = example!
      // The client's typings have text everywhere; the vendor's page has a boolean and a number here.
      assert.deepStrictEqual(told, { ...expected, showPrice: true, webRemise: 0 })
      assert.match(String(password), locked)
    })
  )

  it.effect("2 and 3: everybody, and exactly one by clcleunik", () =>
    Effect.gen(function* () {
      const { send, key } = yield* withPeople()
      assert.deepStrictEqual(keysIn(yield* send(`/customer/list?apikey=${key}`)), ["1", "2"])
      assert.deepStrictEqual(keysIn(yield* send(`/customer/list/?apikey=${key}&clcleunik=2`)), ["2"])
    })
  )

  it.effect("4 and 5: nobody is an empty list, a wrong key a refusal with status 200", () =>
    Effect.gen(function* () {
      const { send, key } = yield* withPeople()
      const nobody = yield* send(`/customer/list/?apikey=${key}&id_client=999`)
      assert.strictEqual(nobody.text, textOf(answers.nobody))
      assertRefused(yield* send("/customer/list/?apikey=BAD"), "invalid apikey")
    })
  )

  it.effect("7 and 8: an update leaves what it does not name, and needs id_client", () =>
    Effect.gen(function* () {
      const { key, send } = yield* withPeople()
      const before = oneIn(yield* send(`/customer/list/?apikey=${key}&id_client=1`))
      const answer = yield* send(
        `/customer/update/?apikey=${key}`,
        post({ id_client: "1", city: "Gent", webRemise: "5" })
      )
      assert.strictEqual(answer.text, textOf(answers.updated))
      const after = oneIn(yield* send(`/customer/list/?apikey=${key}&id_client=1`))
      assert.deepStrictEqual(after, { ...before, city: "Gent", webRemise: 5 })
      assertRefused(
        yield* send(`/customer/update?apikey=${key}`, post({ city: "Gent" })),
        "id_client is required"
      )
    })
  )

  it.effect("9: an add makes a login, and the list finds the customer by e-mail", () =>
    Effect.gen(function* () {
      const { key, send } = yield* withPeople()
      const answer = yield* send(
        `/customer/add?apikey=${key}`,
        post({
          nom: "Peeters",
          prenom: "Jan",
          email: "jan@example.test",
          denomination: "Peeters",
          password: "s3"
        })
      )
      const told = oneIn(yield* send(`/customer/list?apikey=${key}&email=jan@example.test`))
      assert.strictEqual(
        answer.text,
        `{"success":"true","message":"success","result":{"customer":[{"login":"jan","password":${JSON.stringify(told["password"])}}]}}`
      )
      assert.match(String(told["password"]), locked)
      const local = toLocal(brussels, DateTime.makeUnsafe(noon))
      assert.strictEqual(local.hour, 12)
      assert.deepStrictEqual(
        { ...told, password: "" },
        {
          clcleunik: "3",
          customerNumber: "",
          groupePrice: "01",
          login: "jan",
          password: "",
          lastName: "Peeters",
          firstName: "Jan",
          address: "",
          zipcode: "",
          city: "",
          country: "",
          phone: "",
          cellphone: "",
          email: "jan@example.test",
          denomination: "Peeters",
          tvaNumber: "",
          addedDate: "2024-06-15",
          addHour: "12:00:00",
          language: "",
          showPrice: true,
          webRemise: 0,
          megawinapp_login: ""
        }
      )
    })
  )

  it.effect(
    "10: blanks around the values of a query, and a POST without body or content type, do no harm",
    () =>
      Effect.gen(function* () {
        const { key, send } = yield* withPeople()
        const answer = yield* send(
          `/customer/update/?apikey=${key}%20%20&id_client=1%20%20&city=Gent%20%20&webRemise=2`,
          { method: "POST" }
        )
        assert.strictEqual(answer.text, textOf(answers.updated))
        const told = oneIn(yield* send(`/customer/list?apikey=${key}%20%20&id_client=1%20%20`))
        assert.deepStrictEqual([told["city"], told["webRemise"]], ["Gent", 2])
      })
  )
})

describe("paths", () => {
  it.effect("are matched in any letter case, with or without a last slash, and never redirected", () =>
    Effect.gen(function* () {
      const { key, send } = yield* open()
      for (const path of [
        "/CUSTOMER/LIST/",
        "/customer/list",
        "/Customer/List/",
        "/cUSTOMER/lIST",
        "/customer/list//"
      ]) {
        const answer = yield* send(`${path}?apikey=${key}`)
        assert.deepStrictEqual([answer.status, answer.text], [200, empty], path)
      }
      for (const path of ["/CUSTOMER/UPDATE", "/Customer/update/"]) {
        assertRefused(yield* send(`${path}?apikey=${key}`, post({ id_client: 9 })), "customer not found")
      }
    })
  )

  it.effect("that are not the vendor's are 404 in the envelope, whoever asks", () =>
    Effect.gen(function* () {
      const { key, log, send } = yield* open()
      for (const path of [
        "",
        "/",
        "/nothing",
        "/list/1",
        "/add/add",
        "//list",
        "/%6cist",
        "/..;/list",
        "/constructor",
        `/${"x".repeat(300)}`
      ]) {
        for (const query of ["", `?apikey=${key}`]) {
          const answer = yield* send(`/customer${path}${query}`)
          assertRefused(answer, "unknown action", 404)
        }
      }
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("may begin below another one", () =>
    Effect.gen(function* () {
      const { key, send } = yield* open({ basePath: "/shops/customer" })
      assert.strictEqual((yield* send(`/SHOPS/customer/CUSTOMER/LIST/?apikey=${key}`)).text, empty)
      assert.strictEqual((yield* send(`/customer/list?apikey=${key}`)).status, 404)
    })
  )
})

const actions = [
  ["list", "GET, HEAD, OPTIONS"],
  ["add", "POST, OPTIONS"],
  ["update", "POST, OPTIONS"],
  ["delete", "DELETE, OPTIONS"]
] as const

describe("methods", () => {
  it.effect("others are 405 with Allow in the envelope, whatever an override header says", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withPeople()
      const before = yield* everything
      for (const [action, allowed] of actions) {
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
          if (allowed.split(", ").includes(method)) continue
          for (const headers of [{}, { "x-http-method-override": "DELETE" }]) {
            const answer = yield* call(`/${action}?id_client=1&city=X`, { method, headers })
            assertRefused(answer, "method not allowed", 405)
            assert.strictEqual(answer.headers["allow"], allowed)
          }
        }
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect(
    "GET never deletes, HEAD reads without a body, and neither HEAD nor OPTIONS changes anything",
    () =>
      Effect.gen(function* () {
        const { call, everything } = yield* withPeople()
        const before = yield* everything
        const got = yield* call("/list")
        const head = yield* call("/list", { method: "HEAD" })
        assert.deepStrictEqual([head.status, head.bytes.length], [200, 0])
        assert.strictEqual(head.headers["content-length"], String(got.bytes.length))
        for (const [action] of actions) {
          for (const method of ["HEAD", "OPTIONS"]) {
            const answer = yield* call(`/${action}?id_client=1&city=X`, { method })
            assert.strictEqual(answer.bytes.length, 0)
          }
        }
        assert.strictEqual((yield* call("/delete?id_client=1")).status, 405)
        assert.deepStrictEqual(yield* everything, before)
      })
  )

  it.effect("a prefetch reads but never writes", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withPeople()
      const before = yield* everything
      for (const headers of [
        { purpose: "prefetch" },
        { "sec-purpose": "prefetch;prerender" }
      ] as ReadonlyArray<Record<string, string>>) {
        for (const [path, asked] of [
          ["/update", post({ id_client: 1, city: "X" })],
          ["/add", post({})],
          ["/delete?id_client=1", { method: "DELETE" }]
        ] as const) {
          const answer = yield* call(path, {
            ...asked,
            headers: { ...("headers" in asked ? asked.headers : {}), ...headers }
          })
          assertRefused(answer, "a prefetch may not change data", 403)
        }
        assert.strictEqual(customersIn(yield* call("/list", { headers })).length, 2)
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )
})

describe("other origins", () => {
  it.effect("may read every answer, without credentials, and are told so before they send", () =>
    Effect.gen(function* () {
      const { call, send } = yield* withPeople()
      const origin = { origin: "https://shop.test" }
      for (const answer of [
        yield* call("/list", { headers: origin }),
        yield* call("/nothing", { headers: origin }),
        yield* call("/list?id_client=", { headers: origin }),
        yield* send("/customer/list", { headers: origin })
      ]) {
        assert.strictEqual(answer.headers["access-control-allow-origin"], "*")
        assert.isUndefined(answer.headers["access-control-allow-credentials"])
        assert.strictEqual(answer.headers["cache-control"], "no-store")
        assert.strictEqual(answer.headers["x-content-type-options"], "nosniff")
      }
      for (const [action, allowed] of actions) {
        const asked = {
          method: "OPTIONS",
          headers: {
            ...origin,
            "access-control-request-method": allowed.split(", ")[0]!,
            "access-control-request-headers": "content-type,api_key"
          }
        }
        const answer = yield* send(`/customer/${action}`, asked)
        assert.strictEqual(answer.status, 204)
        assert.strictEqual(answer.headers["allow"], allowed)
        assert.strictEqual(answer.headers["access-control-allow-origin"], "*")
        assert.include(answer.headers["access-control-allow-methods"], allowed.split(", ")[0]!)
        assert.isUndefined(answer.headers["access-control-allow-credentials"])
      }
      assertRefused(yield* send("/customer/nothing", { method: "OPTIONS" }), "unknown action", 404)
    })
  )
})

describe("the key", () => {
  it.effect("stands in query, header, form or JSON, and blanks around it do no harm", () =>
    Effect.gen(function* () {
      const { key, send } = yield* withPeople()
      for (const headers of [{ api_key: key }, { API_KEY: ` ${key} ` }, { apikey: key }] as ReadonlyArray<
        Record<string, string>
      >) {
        assert.strictEqual(customersIn(yield* send("/customer/list", { headers })).length, 2)
      }
      const done = textOf(answers.updated)
      assert.strictEqual(
        (yield* send("/customer/update", post({ apikey: ` ${key}`, id_client: 1, city: "A" }))).text,
        done
      )
      // Headers that one client adds, and a content type without a body, are harmless.
      const headers = { "cache-control": "no-cache", pragma: "no-cache", "content-type": "application/json" }
      assert.strictEqual(customersIn(yield* send(`/customer/list?apikey=${key}`, { headers })).length, 2)
    })
  )

  it.effect("absent, unknown, revoked by kind or said twice, lets nobody in, and is answered alike", () =>
    Effect.gen(function* () {
      const { key, merchant, send, store } = yield* withPeople()
      const elsewhere = (yield* makeKey(store, merchant.id, ["read"], "virtpos")).key
      for (const query of [
        "",
        "?apikey=",
        "?apikey=%20",
        `?apikey=${elsewhere}`,
        "?APIKEY=x",
        `?apikey=${key}x`
      ]) {
        assert.strictEqual((yield* send(`/customer/list${query}`)).text, refused("invalid apikey"), query)
      }
      const twice = "apikey is given more than once"
      assertRefused(yield* send(`/customer/list?apikey=${key}&apikey=${key}`), twice)
      assertRefused(yield* send(`/customer/list?apikey=${key}`, { headers: { api_key: key } }), twice)
      assertRefused(yield* send(`/customer/update?apikey=${key}`, post({ apikey: key, id_client: 1 })), twice)
    })
  )

  it.effect("reads or writes as it may", () =>
    Effect.gen(function* () {
      const { everything, merchant, send, store } = yield* withPeople()
      const reader = (yield* makeKey(store, merchant.id, ["read"])).key
      const writer = (yield* makeKey(store, merchant.id, ["write"])).key
      const before = yield* everything
      const no = "this apikey may not change data"
      assertRefused(yield* send(`/customer/update?apikey=${reader}`, post({ id_client: 1, city: "X" })), no)
      assertRefused(yield* send(`/customer/add?apikey=${reader}`, post({})), no)
      assertRefused(yield* send(`/customer/delete?apikey=${reader}&id_client=1`, { method: "DELETE" }), no)
      assertRefused(yield* send(`/customer/list?apikey=${writer}`), "this apikey may not read data")
      assert.deepStrictEqual(yield* everything, before)
    })
  )
})
