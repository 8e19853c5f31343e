/** The client against a fake site: logins, tokens, what it sends, and what it makes of answers. */
import { assert, describe, it } from "@effect/vitest"
import { TimeZone } from "@tillbridge/domain"
import { encodeText } from "@tillbridge/wire"
import { ConfigProvider, Effect, Fiber, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { inspect } from "node:util"
import { LcmanagerClient, lcmanagerConfig, type LcmanagerOptions } from "../src/index.ts"
import { clientOf, emptyList, failureOf, fakeSite, jsonResponse, PASSWORD } from "./clientSupport.ts"
import { fixtures, textOf } from "./fixtures/index.ts"
import { A, I, P, requestXml } from "./server.ts"

const everything = { Registration: true }

const setup = Effect.fnUntraced(function* (site = fakeSite(), options: Partial<LcmanagerOptions> = {}) {
  return { site, client: yield* clientOf(site.fetch, options) }
})

describe("tokens", () => {
  it.effect("one login serves all calls, also those that come at once", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      yield* Effect.all(
        Array.from({ length: 10 }, () => client.clientInfoPeriod(everything)),
        {
          concurrency: "unbounded"
        }
      )
      yield* client.clientInfoPeriod(everything)
      yield* client.login
      assert.deepStrictEqual(site.logins(), ["password"])
      const login = new URLSearchParams(site.calls[0]!.body)
      assert.deepStrictEqual(Object.fromEntries(login), {
        grant_type: "password",
        username: "anna",
        password: PASSWORD
      })
    }).pipe(Effect.scoped)
  )

  it.effect("one that is not taken any more is renewed once, by the refresh token", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      yield* client.clientInfoPeriod(everything)
      site.expire()
      yield* Effect.all(
        Array.from({ length: 10 }, () => client.clientInfoPeriod(everything)),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(site.logins(), ["password", "refresh_token"])
    }).pipe(Effect.scoped)
  )

  it.effect("a refresh token that is not taken leads to one login by password", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      yield* client.clientInfoPeriod(everything)
      site.forget()
      yield* Effect.all(
        Array.from({ length: 5 }, () => client.clientInfoPeriod(everything)),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(site.logins(), ["password", "refresh_token", "password"])
    }).pipe(Effect.scoped)
  )

  it.effect("a call that is never let in gives up after one renewal", () =>
    Effect.gen(function* () {
      const site = fakeSite(({ path }) =>
        path.endsWith("ClientInfoPeriod") ? jsonResponse({ Message: "denied" }, 401) : undefined
      )
      const { client } = yield* setup(site)
      const error = failureOf(yield* Effect.exit(client.clientInfoPeriod(everything)))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.deepStrictEqual(site.logins(), ["password", "refresh_token"])
      assert.strictEqual(site.calls.length, 4)
    }).pipe(Effect.scoped)
  )

  it.effect("a wrong password is tried once for all who wait, and again for who comes later", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup(fakeSite(), { password: Redacted.make("wrong") })
      const exits = yield* Effect.all(
        Array.from({ length: 6 }, () => Effect.exit(client.clientInfoPeriod(everything))),
        { concurrency: "unbounded" }
      )
      for (const exit of exits) assert.strictEqual(failureOf(exit).reason._tag, "Unauthorized")
      assert.deepStrictEqual(site.logins(), ["password"])
      yield* Effect.exit(client.login)
      assert.deepStrictEqual(site.logins(), ["password", "password"])
    }).pipe(Effect.scoped)
  )

  it.live("a caller who gives up does not take the others' login with it", () =>
    Effect.gen(function* () {
      let go: () => void = () => {}
      const waits = new Promise<void>((resolve) => (go = resolve))
      const site = fakeSite(({ path }) =>
        path.endsWith("ManagerLogin") ? waits.then(() => undefined as never) : undefined
      )
      const { client } = yield* setup(site)
      const first = yield* Effect.forkChild(client.clientInfoPeriod(everything))
      const second = yield* Effect.forkChild(client.clientInfoPeriod(everything))
      while (site.calls.length === 0) yield* Effect.yieldNow
      yield* Fiber.interrupt(first)
      go()
      assert.deepStrictEqual(yield* Fiber.join(second), [])
      assert.deepStrictEqual(site.logins(), ["password"])
    }).pipe(Effect.scoped)
  )

  it.effect("a login without a token, or that is no answer, is malformed", () =>
    Effect.gen(function* () {
      for (const body of ["{}", `{"access_token":""}`, `{"access_token":5}`, "<html></html>", ""]) {
        const { client } = yield* setup(
          fakeSite(({ path }) => (path.endsWith("Login") ? jsonResponse(body) : undefined))
        )
        assert.strictEqual(failureOf(yield* Effect.exit(client.login)).reason._tag, "Malformed", body)
      }
    }).pipe(Effect.scoped)
  )
})

describe("what is sent", () => {
  it.effect("paths are joined to a base that has one, with or without a slash at its end", () =>
    Effect.gen(function* () {
      for (const [baseUrl, root] of [
        ["http://site.test/WebService/ROSE/app", "/WebService/ROSE/app"],
        ["http://site.test/WebService/ROSE/app/", "/WebService/ROSE/app"],
        ["http://site.test/a//", "/a"],
        ["http://site.test", ""],
        ["http://site.test/", ""]
      ] as const) {
        const { client, site } = yield* setup(fakeSite(), { baseUrl })
        yield* client.clientInfoPeriod(everything)
        assert.deepStrictEqual(
          site.calls.map(({ path }: { readonly path: string }) => path),
          [`${root}/ManagerLogin`, `${root}/api/client/ClientInfoPeriod`]
        )
      }
    }).pipe(Effect.scoped)
  )

  it.effect("a request in JSON, and in XML in the order of the contract", () =>
    Effect.gen(function* () {
      const request = { BegDate: "2024-04-01", Reg: { Today: true }, RegPosList: 7 }
      for (const [format, body] of [
        ["json", `{"BegDate":"2024-04-01","RegPosList":7,"Reg":{"Today":true},"Operator":3,"SiteCode":"s"}`],
        [
          "xml",
          requestXml(
            `<Operator xmlns="${A}">3</Operator><SiteCode xmlns="${A}">s</SiteCode><Token i:nil="true" xmlns="${A}"/>` +
              `<BegDate>2024-04-01</BegDate><EndDate i:nil="true"/><Reg><Month i:nil="true"/><Today>true</Today>` +
              `<Year i:nil="true"/><Yesterday i:nil="true"/></Reg><RegPosList>7</RegPosList><Registration i:nil="true"/>`
          )
        ]
      ] as const) {
        const { client, site } = yield* setup(fakeSite(), { format, operator: 3, siteCode: "s" })
        yield* client.clientInfoPeriod(request)
        const [, call] = site.calls
        assert.strictEqual(call!.body, body)
        assert.strictEqual(call!.headers.get("content-type"), `application/${format}; charset=utf-8`)
        assert.strictEqual(call!.headers.get("accept"), `application/${format}`)
        assert.strictEqual(call!.headers.get("authorization"), "Bearer CANARY-a1")
        assert.isNull(call!.headers.get("traceparent"))
      }
    }).pipe(Effect.scoped)
  )
})

const row =
  `{"Client":501,"Card":9900000000017,"OutNumber":null,"Virtual":true,"Card_Type":"Standard",` +
  `"Card_Status":"Active","RegPos":12,"RegPosName":"Shop 12","RegDate":"2024-04-24T10:15:00"}`
const read = {
  Client: "501",
  Card: "9900000000017",
  OutNumber: null,
  Virtual: true,
  Card_Type: "Standard",
  Card_Status: "Active",
  RegPos: "12",
  RegPosName: "Shop 12",
  RegDate: "2024-04-24T10:15:00"
}
const rowXml =
  `<ClientInfoPeriodResponse.ClientInfoPeriodClient><Card>9900000000017</Card><Card_Status>Active</Card_Status>` +
  `<Card_Type>Standard</Card_Type><Client>501</Client><OutNumber i:nil="true"/><RegDate>2024-04-24T10:15:00</RegDate>` +
  `<RegPos>12</RegPos><RegPosName>Shop 12</RegPosName><Virtual>true</Virtual></ClientInfoPeriodResponse.ClientInfoPeriodClient>`
const answerXml = (clients: string, code = 0) =>
  `<ClientInfoPeriodResponse xmlns:i="${I}" xmlns="${P}"><ErrorCode xmlns="${A}">${code}</ErrorCode><Message i:nil="true" xmlns="${A}"/>${clients}</ClientInfoPeriodResponse>`

const answered = (body: string | Uint8Array<ArrayBuffer>, status = 200, type = "application/json") =>
  Effect.gen(function* () {
    const site = fakeSite(({ path }) =>
      path.endsWith("ClientInfoPeriod")
        ? new Response(body, { status, headers: { "content-type": type } })
        : undefined
    )
    const { client } = yield* setup(site)
    return yield* Effect.exit(client.clientInfoPeriod(everything))
  }).pipe(Effect.scoped)

describe("answers", () => {
  it.effect("good ones in each form", () =>
    Effect.gen(function* () {
      for (const [body, rows, type] of [
        [`{"Clients":[${row}],"ErrorCode":0,"Message":""}`, [read]],
        [`\ufeff{"Clients":[${row}],"ErrorCode":0,"Message":null}`, [read]],
        [`{"Clients":null,"ErrorCode":0}`, []],
        [answerXml(`<Clients>${rowXml}</Clients>`), [read]],
        [`<?xml version="1.0"?>${answerXml(`<Clients>${rowXml}</Clients>`)}`, [read]],
        [answerXml("<Clients/>"), []],
        [answerXml(`<Clients i:nil="true"/>`), []],
        [
          encodeText(`{"Clients":[${row}],"ErrorCode":0,"Message":""}`, "utf-16"),
          [read],
          "application/json; charset=utf-16"
        ]
      ] as const) {
        const exit = yield* answered(body as string, 200, type)
        assert.deepStrictEqual(
          exit._tag === "Success" ? exit.value : failureOf(exit).message,
          [...rows],
          String(body)
        )
      }
    })
  )

  it.effect("bad ones are errors with their reason", () =>
    Effect.gen(function* () {
      for (const [body, status, message] of [
        [
          textOf(fixtures.responseJson),
          200,
          "clientInfoPeriod failed (Refused): ErrorCode 1: sample string 2"
        ],
        [
          answerXml("<Clients/>", 10),
          200,
          "clientInfoPeriod failed (Refused): ErrorCode 10: no reason given"
        ],
        [
          `{"Message":"An error has occurred."}`,
          200,
          "clientInfoPeriod failed (Malformed): the answer is the framework's: An error has occurred."
        ],
        [
          "<Error><Message>x</Message></Error>",
          200,
          "clientInfoPeriod failed (Malformed): the answer is the framework's: x"
        ],
        ["{}", 200, "clientInfoPeriod failed (Malformed): the answer has no ErrorCode"],
        [
          `{"ErrorCode":0,"Message":""}`,
          200,
          "clientInfoPeriod failed (Malformed): the answer has no Clients"
        ],
        [
          `{"Clients":{},"ErrorCode":0}`,
          200,
          "clientInfoPeriod failed (Malformed): the answer has no ErrorCode"
        ],
        [
          `{"Clients":[${row},{"Client":"x"}],"ErrorCode":0}`,
          200,
          "clientInfoPeriod failed (Malformed): row 2: Client: must be a whole number"
        ],
        [
          answerXml(`<Clients>${rowXml}`),
          200,
          "clientInfoPeriod failed (Malformed): the answer is no XML: not well-formed"
        ],
        [
          `{"Message":"The request entity's media type 'x' is not supported for this resource."}`,
          415,
          "clientInfoPeriod failed (Refused): HTTP 415: The request entity's media type 'x' is not supported for this resource."
        ],
        [`{"Message":"secret"}`, 500, "clientInfoPeriod failed (VendorFailed)"],
        ["", 302, "clientInfoPeriod failed (Malformed): redirect (HTTP 302) is not followed"],
        [
          "x".repeat(17 * 1024 * 1024),
          200,
          "clientInfoPeriod failed (Malformed): the answer is longer than 16777216 bytes"
        ]
      ] as const) {
        const error = failureOf(yield* answered(body, status))
        assert.strictEqual(error.message, `lcmanager ${message}`)
      }
    })
  )

  it.effect("a failure that may go away is tried again; Retry-After is obeyed", () =>
    Effect.gen(function* () {
      let asked = 0
      const site = fakeSite(({ path }) =>
        path.endsWith("ClientInfoPeriod") && ++asked < 3
          ? jsonResponse({ Message: "busy" }, 503, { "retry-after": "0" })
          : undefined
      )
      const { client } = yield* setup(site, { retry: { times: 2 } })
      assert.deepStrictEqual(yield* client.clientInfoPeriod(everything), [])
      assert.strictEqual(asked, 3)
    }).pipe(Effect.scoped)
  )

  it.effect("nothing secret is in an error, even when the site repeats it", () =>
    Effect.gen(function* () {
      for (const [status, body] of [
        [200, { Clients: [], ErrorCode: 3, Message: `${PASSWORD} CANARY-a1 CANARY-r1` }],
        [400, { Message: `${PASSWORD} CANARY-a1 CANARY-r1` }]
      ] as const) {
        const { client } = yield* setup(
          fakeSite(({ path }) => (path.endsWith("Period") ? jsonResponse(body, status) : undefined))
        )
        const error = failureOf(yield* Effect.exit(client.clientInfoPeriod(everything)))
        assert.notInclude(inspect(error, { depth: 9 }), "CANARY")
        assert.include(error.message, "<redacted> <redacted> <redacted>")
      }
      const wrong = yield* setup(
        fakeSite(({ path }) => (path.endsWith("Login") ? jsonResponse({ error: PASSWORD }, 400) : undefined))
      )
      assert.notInclude(inspect(failureOf(yield* Effect.exit(wrong.client.login)), { depth: 9 }), "CANARY")
    }).pipe(Effect.scoped)
  )
})

describe("options", () => {
  it.effect("wrong ones fail the layer and are not shown", () =>
    Effect.gen(function* () {
      for (const [given, field] of [
        [{ baseUrl: "CANARY" }, "baseUrl"],
        [{ baseUrl: "ftp://CANARY" }, "baseUrl"],
        [{ baseUrl: "http://u:CANARY@site.test" }, "baseUrl"],
        [{ baseUrl: "http://site.test/?CANARY" }, "baseUrl"],
        [{ user: "" }, "user"],
        [{ windowDays: 0 }, "windowDays"],
        [{ windowDays: 1.5 }, "windowDays"],
        [{ system: "a", externalSystem: "a" }, "externalSystem"]
      ] as const) {
        const error = yield* Effect.flip(clientOf(fakeSite().fetch, given))
        assert.strictEqual(error.field, field)
        assert.notInclude(error.message, "CANARY")
      }
    }).pipe(Effect.scoped)
  )

  it.effect("come from configuration", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromUnknown({
        BASE_URL: "https://site.test/app",
        USER: "anna",
        PASSWORD,
        TIME_ZONE: "Asia/Yekaterinburg",
        FORMAT: "xml",
        OPERATOR: 3,
        WINDOW_DAYS: 30
      })
      const client = yield* LcmanagerClient.pipe(
        Effect.provide(
          LcmanagerClient.layerConfig(lcmanagerConfig).pipe(Layer.provide(FetchHttpClient.layer))
        ),
        Effect.provideService(ConfigProvider.ConfigProvider, provider)
      )
      assert.deepInclude(client.config, {
        baseUrl: "https://site.test/app/",
        user: "anna",
        timeZone: TimeZone.make("Asia/Yekaterinburg"),
        format: "xml",
        operator: 3,
        windowDays: 30
      })
      assert.notInclude(inspect(client.config, { depth: 9 }), "CANARY")
      const plain = yield* clientOf(fakeSite().fetch)
      assert.deepInclude(plain.config, {
        timeZone: TimeZone.make("Europe/Moscow"),
        format: "json",
        operator: null
      })
      assert.deepStrictEqual(emptyList.Clients, [])
    }).pipe(Effect.scoped)
  )
})
