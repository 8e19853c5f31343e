import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Effect, Exit, Layer, Logger, Redacted, Result, Stream, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { VirtposClient } from "../src/index.ts"
import { CANARY, clientOf, failureOf, once, setup } from "./clientSupport.ts"
import { moscow } from "./support.ts"

describe.each(["xml", "json"] as const)("calls in %s", (format) => {
  it.effect("list, pages and filters", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ format, pageSize: 2 })
      const found = yield* client.listCustomers({ id: "2" })
      assert.deepStrictEqual(found.customers, [{ id: "2", fname: "Petr" }])
      const pages = yield* Stream.runCollect(client.pages({}))
      assert.deepStrictEqual(
        pages.map(({ customers }) => customers.map(({ id }) => id)),
        [["1", "2"], ["3"]]
      )
      yield* client.listCustomers({
        externalId: "e",
        phone: "+7 999",
        email: "a@b",
        withPhone: true,
        withEmail: false,
        page: 2,
        pageSize: 5,
        cards: true,
        bonuses: false
      })
      assert.deepStrictEqual(
        { ...vendor.received.at(-1)!.query },
        {
          apikey: CANARY,
          format,
          external_id: "e",
          phone: "+7 999",
          email: "a@b",
          with_phone: "true",
          with_email: "false",
          page: "2",
          page_size: "5",
          cards: "true",
          bonuses: "false"
        }
      )
      assert.strictEqual(vendor.received[0]!.headers["traceparent"], undefined)
    })
  )

  it.effect("writes: get-only names in the query, the rest in a form", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ format })
      const created = yield* client.updateCustomer({
        externalId: "e9",
        createIfNotExist: true,
        fields: { fname: "<Ян> & 👩‍👩‍👧", mname: "" }
      })
      assert.deepStrictEqual(created, { id: "4", isNew: true })
      assert.deepStrictEqual(yield* client.updateCustomer({ id: "4", fields: { lname: "Ли" } }), {
        id: "4",
        isNew: false
      })
      const [row] = (yield* client.listCustomers({ id: "4" })).customers
      assert.deepStrictEqual(row, {
        id: "4",
        external_id: "e9",
        fname: "<Ян> & 👩‍👩‍👧",
        mname: null,
        lname: "Ли"
      })
      yield* client.insertCard({ uid: "0012345678901234567", fields: { status: "NEW", customer_id: "4" } })
      const { method, path, query, body, headers } = vendor.received.at(-1)!
      assert.deepStrictEqual([method, path], ["POST", "/base/api/customer/insertCard"])
      assert.deepStrictEqual(query, { apikey: CANARY, format, uid: "0012345678901234567" })
      assert.deepStrictEqual(body, { status: "NEW", customer_id: "4" })
      assert.strictEqual(headers["content-type"], "application/x-www-form-urlencoded")
      assert.deepStrictEqual(
        yield* client.updateCard({ uid: "0012345678901234567", fields: { status: "ACTIVE" } }),
        { id: "1", isNew: false }
      )
      yield* client.deleteCard({ uid: "0012345678901234567" })
      const refused = yield* Effect.flip(client.deleteCard({ uid: "0012345678901234567" }))
      assert.strictEqual(refused.message, "virtpos deleteCard failed (Refused): Карта не найдена")
    })
  )

  it.effect("a wrong key is Unauthorized and never shown", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const client = yield* clientOf(vendor, { apiKey: Redacted.make("wrong-canary"), format })
      const error = yield* Effect.flip(client.listCustomers({}))
      assert.strictEqual(
        error.message,
        "virtpos listCustomers failed (Unauthorized): Неверный apikey <redacted>"
      )
    })
  )
})

describe("paging", () => {
  it.effect("stops after a full last page at the empty one", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ pageSize: 3 })
      assert.lengthOf(yield* Stream.runCollect(client.pages({})), 1)
      assert.deepStrictEqual(
        vendor.received.map(({ query }) => query["page"]),
        ["1", "2"]
      )
    })
  )

  it.effect("ends at a site that does not know pages", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ pageSize: 3 })
      vendor.paging = false
      assert.lengthOf(yield* Stream.runCollect(client.pages({})), 1)
      const smaller = yield* clientOf(vendor, { pageSize: 2 })
      assert.lengthOf(yield* Stream.runCollect(smaller.pages({})), 1)
    })
  )
})

describe("the key", () => {
  it.effect("is in no error, log line or span", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const logger = Logger.make((options) => void seen.push(options.message, Cause.pretty(options.cause)))
      const watched = Effect.fnUntraced(
        function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
          return yield* effect
        },
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const { client, vendor } = yield* setup(once)
      const noisy = (url: string) => `key ${CANARY} and ${encodeURIComponent(CANARY)} at ${url}`
      vendor.faults.push(
        { kind: "reset" },
        { kind: "status", status: 500, body: noisy("x") },
        { kind: "status", status: 302, headers: { location: `/x?apikey=${encodeURIComponent(CANARY)}` } },
        { kind: "status", status: 400, body: JSON.stringify({ success: 0, info: noisy("x") }) },
        { kind: "body", body: JSON.stringify({ success: 0, info: noisy("y") }) },
        { kind: "body", body: noisy("z") },
        { kind: "half" }
      )
      const faults = vendor.faults.length
      for (let i = 0; i < faults; i++) {
        const exit = yield* Effect.exit(watched(client.listCustomers({ phone: "+7999canary" })))
        const error = failureOf(exit)
        yield* watched(Effect.logError("call failed", error))
        seen.push(
          error,
          error.stack,
          JSON.stringify(error),
          Exit.isFailure(exit) && Cause.pretty(exit.cause),
          String(client.config.apiKey)
        )
      }
      yield* Effect.ignore(
        watched(client.updateCard({ uid: "canary-card", fields: { type_name: "canary" } }))
      )
      for (const { attributes, events, name, status } of spans) {
        // No exporter writes a success's value, which here is the whole response.
        const cause = status._tag === "Ended" && Exit.isFailure(status.exit) ? status.exit.cause : undefined
        seen.push(name, [...attributes], events, cause, cause && Cause.pretty(cause))
      }
      assert.isAtLeast(spans.length, faults * 2)
      const { inspect } = yield* Effect.promise(() => import("node:util"))
      const everything = seen.map((item) => inspect(item, { depth: 12, showHidden: true })).join("\n")
      const leaks = everything.split("\n").filter((line) => line.includes("canary"))
      assert.deepStrictEqual(leaks, [])
      const queries = spans.flatMap(({ attributes }) => attributes.get("url.query") ?? []).map(String)
      assert.isTrue(queries.every((query) => query.startsWith("apikey=REDACTED&format=xml&")))
      assert.isAtLeast(queries.length, faults)
    })
  )

  it("is not in what wrong options say", () => {
    const layer = VirtposClient.layer({
      baseUrl: `http://x/?apikey=${CANARY}`,
      apiKey: Redacted.make(CANARY),
      timeZone: moscow
    })
    const exit = Effect.runSyncExit(
      Effect.scoped(Layer.build(layer.pipe(Layer.provide(FetchHttpClient.layer))))
    )
    assert.isTrue(Exit.isFailure(exit))
    assert.notInclude(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : CANARY, "canary")
  })
})

describe("configuration", () => {
  const build = (env: Record<string, string>) =>
    VirtposClient.use((client) => Effect.succeed(client.config)).pipe(
      Effect.provide(VirtposClient.layerConfig().pipe(Layer.provide(FetchHttpClient.layer))),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })),
      Effect.result
    )
  const env = { BASE_URL: "https://x.myvirtualpos.ru/", API_KEY: CANARY, TIME_ZONE: "Europe/Moscow" }

  it.effect("has defaults", () =>
    Effect.gen(function* () {
      const config = Result.getOrThrow(yield* build(env))
      assert.deepInclude(config, {
        baseUrl: "https://x.myvirtualpos.ru",
        format: "xml",
        pageSize: 200,
        system: "virtpos",
        cards: true
      })
      const other = Result.getOrThrow(
        yield* build({ ...env, FORMAT: "json", PAGE_SIZE: "50", TIMEOUT: "5 seconds" })
      )
      assert.deepInclude(other, { format: "json", pageSize: 50 })
    })
  )

  it.effect.each([
    { wrong: { BASE_URL: "ftp://x" } },
    { wrong: { BASE_URL: "https://u:p@x" } },
    { wrong: { BASE_URL: "https://x?a=1" } },
    { wrong: { TIME_ZONE: "Mars" } },
    { wrong: { FORMAT: "csv" } },
    { wrong: { PAGE_SIZE: "0" } },
    { wrong: { EXTERNAL_SYSTEM: "virtpos" } }
  ])("refuses $wrong", ({ wrong }) =>
    Effect.gen(function* () {
      assert.isTrue(Result.isFailure(yield* build({ ...env, ...wrong } as Record<string, string>)))
    })
  )
})
