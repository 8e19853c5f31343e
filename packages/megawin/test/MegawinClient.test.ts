/** The client against a fake account: the vendor's URLs, its words, its failures, and what must never be shown. */
import { assert, describe, it } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import {
  Cause,
  ConfigProvider,
  Effect,
  Exit,
  Layer,
  Logger,
  Metric,
  Redacted,
  Result,
  Stream,
  Tracer
} from "effect"
import { FetchHttpClient } from "effect/http"
import { makeConfig, MegawinClient } from "../src/index.ts"
import { droppedPasswords } from "../src/internal/passwords.ts"
import { CANARY, clientOf, failureOf, once, PASSWORD, setup, whileTimePasses } from "./clientSupport.ts"
import type { Fault } from "./fakeVendor.ts"
import { answers, textOf } from "./fixtures/index.ts"
import { brussels } from "./server.ts"

const key = "canary%2Fk%2By+%C3%A9%261"

describe("calls", () => {
  it.effect("are the vendor's, to the letter", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup()
      yield* client.list({})
      yield* client.list({ idClient: "1" })
      yield* client.list({ clcleunik: "A&B", id: "3", email: "a+b@c" })
      yield* client.add({
        fields: { nom: "A", prenom: "B", email: "x.y@z", denomination: "C" },
        password: Redacted.make("chosen")
      })
      yield* client.update("1", { city: "Gent", webRemise: "" })
      yield* client.delete("2")
      const written = (text: string) => text.replaceAll("%20", "+")
      assert.deepStrictEqual(
        vendor.received.map(({ body, method, path, search }) => [method, path, written(search), body]),
        [
          ["GET", "/base/CUSTOMER/LIST/", `?apikey=${key}`, {}],
          ["GET", "/base/CUSTOMER/LIST/", `?id_client=1&apikey=${key}`, {}],
          ["GET", "/base/CUSTOMER/LIST/", `?clcleunik=A%26B&id=3&email=a%2Bb%40c&apikey=${key}`, {}],
          [
            "POST",
            "/base/customer/add",
            `?apikey=${key}`,
            { nom: "A", prenom: "B", email: "x.y@z", denomination: "C", password: "chosen" }
          ],
          [
            "POST",
            "/base/customer/update/",
            `?apikey=${key}`,
            { id_client: "1", city: "Gent", webRemise: "" }
          ],
          ["DELETE", "/base/customer/delete/", `?id_client=2&apikey=${key}`, {}]
        ]
      )
      assert.strictEqual(vendor.received[3]!.headers["content-type"], "application/json")
      for (const { headers } of vendor.received) assert.isUndefined(headers["traceparent"])
    })
  )

  it.effect("give typed records, whole or while they come", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup()
      const listed = yield* client.list({})
      assert.deepStrictEqual(listed, [
        { clcleunik: "1", lastName: "Maes", email: "a+b@c" },
        { clcleunik: "2", lastName: "Claes", showPrice: true, extra: { n: 1 } },
        { clcleunik: "3", lastName: "Peeters", email: null }
      ])
      assert.deepStrictEqual(yield* Stream.runCollect(client.customers({})), listed)
      assert.deepStrictEqual(
        yield* client.add({ fields: { nom: "A", prenom: "B", email: "x.y@z", denomination: "C" } }),
        { login: "xy" }
      )
      const made = String(vendor.received.at(-1)!.body["password"])
      assert.isAtLeast(made.length, 20)
      yield* client.add({ fields: { nom: "A", prenom: "B", email: "v@w", denomination: "C" } })
      assert.notStrictEqual(vendor.received.at(-1)!.body["password"], made)
    })
  )

  it.effect("never change a password", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup()
      yield* client.update("1", { city: "X", password: "new", Passwd: "new" })
      assert.deepStrictEqual(vendor.received[0]!.body, { id_client: "1", city: "X" })
    })
  )

  it.effect("succeed when the vendor says so in text, as a boolean or as a number, and never otherwise", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup(once)
      for (const yes of [`"true"`, "true", "1", `"True"`, `"1"`]) {
        vendor.faults.push({ kind: "body", body: `{"success":${yes},"message":"x"}` })
        yield* client.update("1", {})
      }
      for (const no of [`"false"`, "false", "0", `""`, "null", `"yes"`, "{}", "[1]", "2"]) {
        vendor.faults.push({ kind: "body", body: `{"success":${no},"message":"the reason"}` })
        const error = yield* Effect.flip(client.update("1", {}))
        assert.strictEqual(error.message, "megawin update failed (Refused): the reason", no)
      }
      vendor.faults.push({ kind: "body", body: textOf(answers.refused) })
      assert.strictEqual((yield* Effect.flip(client.list({}))).message, "megawin list failed (Refused): no")
      vendor.faults.push({ kind: "body", body: textOf(answers.added) })
      assert.deepStrictEqual(yield* client.add({ fields: {} }), { login: "janpeeters" })
    })
  )

  it.effect("read the examples of the vendor's page and of the notes", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup(once)
      for (const [answer, keys] of [
        [answers.seedList, ["1"]],
        [answers.oneCustomer, ["1"]],
        [answers.nobody, []],
        [answers.mixedTypes, ["1"]]
      ] as const) {
        vendor.faults.push({ kind: "body", body: textOf(answer) })
        const listed = yield* client.list({})
        assert.deepStrictEqual(
          listed.map(({ clcleunik }) => clcleunik),
          [...keys]
        )
        assert.notInclude(JSON.stringify(listed), "password")
      }
    })
  )
})

describe("failures", () => {
  const cases: ReadonlyArray<readonly [name: string, fault: Fault, tag: string, detail?: string]> = [
    ["HTTP 500", { kind: "status", status: 500 }, "VendorFailed"],
    ["HTTP 429", { kind: "status", status: 429 }, "RateLimited"],
    ["HTTP 401", { kind: "status", status: 401 }, "Unauthorized", "HTTP 401"],
    ["HTTP 404", { kind: "status", status: 404 }, "Refused", "HTTP 404"],
    [
      "a redirect",
      { kind: "status", status: 302, headers: { location: "/elsewhere" } },
      "Malformed",
      "redirect (HTTP 302) is not followed"
    ],
    ["HTML with 200", { kind: "body", body: "<!DOCTYPE html><html>Log in</html>" }, "Malformed"],
    ["an empty body", { kind: "body", body: "" }, "Malformed"],
    ["{}", { kind: "body", body: "{}" }, "Malformed", "the answer has no success field"],
    [
      "a list without customers",
      { kind: "body", body: `{"success":"true","result":{}}` },
      "Malformed",
      "the answer has no list of customers"
    ],
    [
      "a customer without a key",
      { kind: "body", body: `{"success":"true","result":{"customer":[{"login":"x"}]}}` },
      "Malformed",
      "customer 1 of the list cannot be read: clcleunik: must be a key of at most 255 characters"
    ],
    ["invalid UTF-8", { kind: "body", body: new Uint8Array([0x7b, 0xff]) }, "Malformed"],
    ["a body cut at a short content-length", { kind: "cut" }, "Malformed"],
    ["a body that breaks off", { kind: "half" }, "Unreachable"],
    ["a reset", { kind: "reset" }, "Unreachable"],
    ["a refusal without a reason", { kind: "body", body: `{"success":false}` }, "Refused", "no reason given"]
  ]
  it.effect.each(cases.map((item) => ({ item, name: item[0] })))(
    "$name",
    ({ item: [, fault, tag, detail] }) =>
      Effect.gen(function* () {
        const { client, vendor } = yield* setup(once)
        vendor.faults.push(fault)
        const error = yield* Effect.flip(client.list({}))
        assert.strictEqual(error.reason._tag, tag)
        if (detail !== undefined) assert.strictEqual("detail" in error.reason && error.reason.detail, detail)
        assert.lengthOf(vendor.received, 1)
      })
  )

  it.live("too slow is TimedOut, also when the body never ends", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ ...once, timeout: "500 millis" })
      vendor.faults.push({ kind: "slow" })
      assert.strictEqual((yield* Effect.flip(client.list({}))).reason._tag, "TimedOut")
      vendor.faults.push({ kind: "slow" })
      assert.strictEqual((yield* Effect.flip(client.update("1", {}))).reason._tag, "TimedOut")
      assert.lengthOf(yield* client.list({}), 3)
    }).pipe(Effect.scoped)
  )

  it.effect("nobody there is Unreachable, without the address", () =>
    Effect.gen(function* () {
      const client = yield* clientOf({ url: "http://127.0.0.1:1/x" }, once)
      const error = yield* Effect.flip(client.list({}))
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.notInclude(error.message, "127.0.0.1")
    })
  )

  it.effect("a wrong key is Unauthorized", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const client = yield* clientOf(vendor, { ...once, apiKey: Redacted.make("wrong-canary") })
      const error = yield* Effect.flip(client.list({}))
      assert.strictEqual(error.message, "megawin list failed (Unauthorized): Clé API invalide: <redacted>")
    })
  )
})

describe("retries", () => {
  type Call = (client: MegawinClient["Service"]) => Effect.Effect<unknown, SourceError>
  const calls: ReadonlyArray<{ readonly name: string; readonly times: number; readonly call: Call }> = [
    { name: "list", times: 2, call: (client) => client.list({}) },
    { name: "update", times: 2, call: (client) => client.update("1", { city: "X" }) },
    { name: "delete", times: 2, call: (client) => client.delete("1") },
    {
      name: "add",
      times: 1,
      call: (client) => client.add({ fields: { nom: "A", prenom: "B", email: "x@y", denomination: "C" } })
    }
  ]
  for (const kind of ["reset", "half"] as const) {
    it.effect.each(calls)(`$name after a ${kind}: $times attempt(s)`, ({ call, times }) =>
      Effect.gen(function* () {
        const { client, vendor } = yield* setup()
        vendor.faults.push(kind === "half" ? { kind: "status", status: 503 } : { kind })
        const { exit } = yield* whileTimePasses(call(client))
        assert.lengthOf(vendor.received, times)
        assert.strictEqual(Exit.isSuccess(exit), times === 2)
      })
    )
  }

  it.effect("opening a list is repeated, and a whole list that breaks off as well", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup()
      vendor.faults.push({ kind: "status", status: 500 }, { kind: "half" })
      const { exit } = yield* whileTimePasses(client.list({}))
      assert.isTrue(Exit.isSuccess(exit))
      assert.lengthOf(vendor.received, 3)
      vendor.faults.push({ kind: "status", status: 500 }, { kind: "half" })
      const streamed = yield* whileTimePasses(Stream.runCollect(client.customers({})))
      assert.strictEqual(failureOf(streamed.exit).reason._tag, "Unreachable")
      assert.lengthOf(vendor.received, 5)
    })
  )

  it.effect("gives up after the configured number, and obeys Retry-After", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ retry: { times: 2 } })
      for (let i = 0; i < 3; i++) vendor.faults.push({ kind: "status", status: 500 })
      const { exit } = yield* whileTimePasses(client.list({}))
      assert.strictEqual(failureOf(exit).reason._tag, "VendorFailed")
      assert.lengthOf(vendor.received, 3)
      vendor.faults.push({ kind: "status", status: 429, headers: { "retry-after": "120" } })
      const waited = yield* whileTimePasses(client.list({}), 2_000)
      assert.isTrue(Exit.isSuccess(waited.exit))
      assert.isAtLeast(waited.millis, 120_000)
    })
  )
})

describe("secrets", () => {
  it.effect("key, passwords and search terms are in no value, log line, span, error or metric", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const logger = Logger.make(({ cause, message }) => void seen.push(String(message), Cause.pretty(cause)))
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          seen.push(span)
          return span
        }
      })
      const metrics = new Map()
      const dropped = yield* Effect.gen(function* () {
        const { client, vendor } = yield* setup(once)
        seen.push(
          yield* client.list({}),
          yield* Stream.runCollect(client.customers({ email: "person@example.test" }))
        )
        seen.push(
          yield* client.add({
            fields: { nom: "A", prenom: "B", email: "x@y", denomination: "C" },
            password: Redacted.make(PASSWORD)
          })
        )
        // The vendor throws both secrets back.
        const said = `{"success":"false","message":"no ${CANARY} ${key} ${PASSWORD}"}`
        vendor.faults.push({ kind: "body", body: said })
        seen.push(yield* Effect.flip(client.add({ fields: {}, password: Redacted.make(PASSWORD) })))
        vendor.faults.push({
          kind: "body",
          body: `{"success":"true","result":{"customer":[{"password":"${PASSWORD}"}]}}`
        })
        seen.push(yield* Effect.flip(client.list({})))
        vendor.faults.push({
          kind: "body",
          body: `{"success":"true","password":"${PASSWORD}","result":{"customer":[{"password":"${PASSWORD}"`
        })
        const broken = yield* Effect.flip(client.list({}))
        seen.push(broken, broken.message, client.config)
        yield* Effect.logError("failed", broken)
        return yield* Metric.value(droppedPasswords)
      }).pipe(
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.provideService(Metric.MetricRegistry, metrics),
        Effect.provide(Logger.layer([logger]))
      )
      const ancestors: Array<object> = []
      const text = JSON.stringify(seen, function (this: object, _key, value: unknown) {
        if (typeof value === "bigint") return String(value)
        if (value instanceof Error) return { ...value, message: value.message, stack: value.stack }
        if (value instanceof Map) return [...value]
        if (typeof value !== "object" || value === null) return value
        while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop()
        if (ancestors.includes(value)) return undefined
        ancestors.push(value)
        return value
      })
      for (const secret of [CANARY, key, encodeURIComponent(CANARY), PASSWORD, "person@example.test"]) {
        assert.notInclude(text, secret)
      }
      assert.include(text, "<redacted>")
      assert.isAbove(seen.length, 10)
      // Three in the first list, none in the second, one of the add, one of a customer that could not be read.
      assert.strictEqual(dropped.count, 5)
    })
  )
})

describe("options", () => {
  it("have defaults, and a wrong one is named without its value", () => {
    const apiKey = Redacted.make("k")
    const config = Result.getOrThrow(makeConfig({ apiKey, timeZone: brussels }))
    assert.deepStrictEqual(
      [config.baseUrl, config.pageSize, config.system],
      ["https://api.megawin.be", 200, "megawin"]
    )
    for (const [options, message] of [
      [{ baseUrl: "ftp://x" }, "baseUrl must be an http(s) URL without login or query"],
      [{ baseUrl: "https://u:secret@x" }, "baseUrl must be an http(s) URL without login or query"],
      [{ baseUrl: "https://x?apikey=secret" }, "baseUrl must be an http(s) URL without login or query"],
      [{ pageSize: 0 }, "pageSize must be a whole number from 1 to 10000"]
    ] as const) {
      const made = makeConfig({ apiKey, timeZone: brussels, ...options })
      assert.strictEqual(Result.isFailure(made) ? made.failure.message : "", message)
    }
  })

  it.effect("come from configuration as well", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromEnv({
        env: { API_KEY: "k", TIME_ZONE: "Europe/Brussels", BASE_URL: "https://x.test/", PAGE_SIZE: "5" }
      })
      const client = yield* MegawinClient.pipe(
        Effect.provide(MegawinClient.layerConfig().pipe(Layer.provide(FetchHttpClient.layer))),
        Effect.provideService(ConfigProvider.ConfigProvider, provider)
      )
      assert.deepStrictEqual(
        [client.config.baseUrl, client.config.pageSize, Redacted.value(client.config.apiKey)],
        ["https://x.test", 5, "k"]
      )
    })
  )
})
