import { assert, describe, it } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import { Cause, Clock, ConfigProvider, Effect, Exit, Fiber, Layer, Logger, Redacted, Result, Schema, Stream, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { VirtposClient, type VirtposOptions } from "../src/index.ts"
import { type Fault, type FakeVendor, fakeVendor } from "./fakeVendor.ts"
import { moscow } from "./support.ts"

const CANARY = "canary/k+y é&1"

const clientOf = (vendor: FakeVendor, options: Partial<VirtposOptions> = {}) =>
  VirtposClient.pipe(
    Effect.provide(
      VirtposClient.layer({
        baseUrl: vendor.url,
        apiKey: Redacted.make(CANARY),
        timeZone: moscow,
        // An attempt's limit is real work on a test clock that runs fast.
        timeout: "1 hour",
        ...options
      }).pipe(Layer.provide(FetchHttpClient.layer))
    )
  )

const setup = Effect.fnUntraced(function* (options: Partial<VirtposOptions> = {}) {
  const vendor = yield* fakeVendor(CANARY)
  vendor.customers.push({ id: "1", fname: "Anna" }, { id: "2", fname: "Petr" }, { id: "3", fname: "Olga" })
  return { vendor, client: yield* clientOf(vendor, options) }
})

/** Runs while the test clock moves on, in steps with time for real I/O between them; also the virtual time it took. */
const whileTimePasses = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>, step = 250) {
  const start = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.withLive(Effect.sleep(5))
    if (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(step)
  }
  const exit = yield* Fiber.await(fiber)
  return { exit, millis: (yield* Clock.currentTimeMillis) - start }
})

const failureOf = <A>(exit: Exit.Exit<A, SourceError>): SourceError => {
  const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
  assert.isTrue(error !== undefined && error._tag === "Some", "has failed")
  return error?._tag === "Some" ? error.value : assert.fail()
}

const once = { retry: { times: 0 } }

describe.each(["xml", "json"] as const)("calls in %s", (format) => {
  it.effect("list, pages and filters", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ format, pageSize: 2 })
      const found = yield* client.listCustomers({ id: "2" })
      assert.deepStrictEqual(found.customers, [{ id: "2", fname: "Petr" }])
      const pages = yield* Stream.runCollect(client.pages({}))
      assert.deepStrictEqual(pages.map(({ customers }) => customers.map(({ id }) => id)), [["1", "2"], ["3"]])
      yield* client.listCustomers({
        externalId: "e", phone: "+7 999", email: "a@b", withPhone: true, withEmail: false, page: 2, pageSize: 5, cards: true, bonuses: false
      })
      assert.deepStrictEqual({ ...vendor.received.at(-1)!.query }, {
        apikey: CANARY, format, external_id: "e", phone: "+7 999", email: "a@b", with_phone: "true", with_email: "false",
        page: "2", page_size: "5", cards: "true", bonuses: "false"
      })
      assert.strictEqual(vendor.received[0]!.headers["traceparent"], undefined)
    })
  )

  it.effect("writes: get-only names in the query, the rest in a form", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ format })
      const created = yield* client.updateCustomer({ externalId: "e9", createIfNotExist: true, fields: { fname: "<Ян> & 👩‍👩‍👧", mname: "" } })
      assert.deepStrictEqual(created, { id: "4", isNew: true })
      assert.deepStrictEqual(yield* client.updateCustomer({ id: "4", fields: { lname: "Ли" } }), { id: "4", isNew: false })
      const [row] = (yield* client.listCustomers({ id: "4" })).customers
      assert.deepStrictEqual(row, { id: "4", external_id: "e9", fname: "<Ян> & 👩‍👩‍👧", mname: null, lname: "Ли" })
      yield* client.insertCard({ uid: "0012345678901234567", fields: { status: "NEW", customer_id: "4" } })
      const { method, path, query, body, headers } = vendor.received.at(-1)!
      assert.deepStrictEqual([method, path], ["POST", "/base/api/customer/insertCard"])
      assert.deepStrictEqual(query, { apikey: CANARY, format, uid: "0012345678901234567" })
      assert.deepStrictEqual(body, { status: "NEW", customer_id: "4" })
      assert.strictEqual(headers["content-type"], "application/x-www-form-urlencoded")
      assert.deepStrictEqual(yield* client.updateCard({ uid: "0012345678901234567", fields: { status: "ACTIVE" } }), { id: "1", isNew: false })
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
      assert.strictEqual(error.message, "virtpos listCustomers failed (Unauthorized): Неверный apikey <redacted>")
    })
  )
})

describe("paging", () => {
  it.effect("stops after a full last page at the empty one", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ pageSize: 3 })
      assert.lengthOf(yield* Stream.runCollect(client.pages({})), 1)
      assert.deepStrictEqual(vendor.received.map(({ query }) => query["page"]), ["1", "2"])
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

describe("failures", () => {
  const html = "<!DOCTYPE html><html>Log in</html>"
  const cases: ReadonlyArray<readonly [name: string, fault: Fault, tag: string, detail?: string]> = [
    ["HTTP 500", { kind: "status", status: 500 }, "VendorFailed"],
    ["HTTP 503", { kind: "status", status: 503 }, "VendorFailed"],
    ["HTTP 429", { kind: "status", status: 429 }, "RateLimited"],
    ["HTTP 401", { kind: "status", status: 401 }, "Unauthorized", "HTTP 401"],
    ["HTTP 403", { kind: "status", status: 403 }, "Unauthorized", "HTTP 403"],
    ["HTTP 404", { kind: "status", status: 404 }, "Refused", "HTTP 404"],
    ["HTTP 400 with its envelope", { kind: "status", status: 400, body: `{"success":0,"info":"no such field"}` }, "Refused", "no such field"],
    ["a redirect", { kind: "status", status: 302, headers: { location: "/elsewhere" } }, "Malformed", "redirect (HTTP 302) is not followed"],
    ["HTML with 200", { kind: "body", body: html }, "Malformed", "the answer is an HTML page"],
    ["an empty body", { kind: "body", body: "" }, "Malformed", "the answer is empty"],
    ["{}", { kind: "body", body: "{}" }, "Malformed", "the answer has no success field"],
    ["invalid UTF-8", { kind: "body", body: new Uint8Array([0x7b, 0xff]) }, "Malformed", "the answer is not UTF-8"],
    ["a body cut at a short content-length", { kind: "cut" }, "Malformed", "the answer is no XML: not well-formed"],
    ["a body that breaks off", { kind: "half" }, "Unreachable"],
    ["a reset", { kind: "reset" }, "Unreachable"],
    ["a body without end", { kind: "huge" }, "Malformed", "the answer is longer than 16777216 bytes"],
    ["a refusal", { kind: "body", body: "<root><success>0</success><info>Поле не найдено</info></root>" }, "Refused", "Поле не найдено"],
    ["a refusal without a reason", { kind: "body", body: `{"success":false}` }, "Refused", "no reason given"],
    ["a duplicate key", { kind: "body", body: `{"success":0,"info":"Duplicate key of card"}` }, "Refused", "Duplicate key of card"]
  ]
  it.effect.each(cases.map((item) => ({ item, name: item[0] })))("$name", ({ item: [, fault, tag, detail] }) =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup(once)
      vendor.faults.push(fault)
      const error = yield* Effect.flip(client.listCustomers({}))
      assert.strictEqual(error.reason._tag, tag)
      if (detail !== undefined) assert.strictEqual("detail" in error.reason && error.reason.detail, detail)
      assert.lengthOf(vendor.received, 1)
    })
  )

  it.live("too slow is TimedOut, also when the body never ends", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ ...once, timeout: "80 millis" })
      vendor.faults.push({ kind: "slow" })
      const error = yield* Effect.flip(client.listCustomers({}))
      assert.strictEqual(error.reason._tag, "TimedOut")
      assert.lengthOf((yield* client.listCustomers({})).customers, 3)
    }).pipe(Effect.scoped)
  )

  it.effect("nobody there is Unreachable, with the code and without the address", () =>
    Effect.gen(function* () {
      const { vendor } = yield* setup()
      const client = yield* clientOf({ ...vendor, url: "http://127.0.0.1:1/x" }, once)
      const error = yield* Effect.flip(client.listCustomers({}))
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.notInclude(error.message, "127.0.0.1")
    })
  )
})

describe("retries", () => {
  it.effect("a read is repeated with full jitter until it works", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup()
      vendor.faults.push({ kind: "status", status: 500 }, { kind: "reset" }, { kind: "half" })
      const { exit, millis } = yield* whileTimePasses(client.listCustomers({}), 100)
      assert.isTrue(Exit.isSuccess(exit))
      assert.lengthOf(vendor.received, 4)
      assert.isAtMost(millis, 500 + 1_000 + 2_000 + 1_000)
    })
  )

  it.effect("gives up after the configured number", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup({ retry: { times: 2 } })
      for (let i = 0; i < 5; i++) vendor.faults.push({ kind: "status", status: 500 })
      const { exit } = yield* whileTimePasses(client.listCustomers({}))
      assert.strictEqual(failureOf(exit).reason._tag, "VendorFailed")
      assert.lengthOf(vendor.received, 3)
    })
  )

  it.effect.each([
    { name: "seconds", header: () => "120", least: 120_000 },
    { name: "an HTTP-date", header: (now: number) => new Date(now + 60_000).toUTCString(), least: 59_000 }
  ])("obeys Retry-After in $name", ({ header, least }) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 22))
      const { client, vendor } = yield* setup()
      const value = header(yield* Clock.currentTimeMillis)
      vendor.faults.push({ kind: "status", status: 429, headers: { "retry-after": value } })
      const { exit, millis } = yield* whileTimePasses(client.listCustomers({}), 1_000)
      assert.isTrue(Exit.isSuccess(exit))
      assert.isAtLeast(millis, least)
      assert.isAtMost(millis, least + 10_000)
    })
  )

  type Call = (client: VirtposClient["Service"]) => Effect.Effect<unknown, SourceError>
  const calls: ReadonlyArray<{ readonly name: string; readonly times: number; readonly call: Call }> = [
    { name: "update by id", times: 2, call: (client) => client.updateCustomer({ id: "1", fields: {} }) },
    { name: "update or create by external_id", times: 2, call: (client) => client.updateCustomer({ externalId: "e", createIfNotExist: true, fields: {} }) },
    { name: "updateCard by uid", times: 2, call: (client) => client.updateCard({ uid: "1", createIfNotExist: true, fields: {} }) },
    { name: "deleteCard", times: 2, call: (client) => client.deleteCard({ uid: "known" }) },
    { name: "insertCard", times: 1, call: (client) => client.insertCard({ uid: "1", fields: {} }) },
    { name: "a create without a key", times: 1, call: (client) => client.updateCustomer({ createIfNotExist: true, fields: {} }) },
    { name: "a create by id alone", times: 1, call: (client) => client.updateCustomer({ id: "99", createIfNotExist: true, fields: {} }) },
    { name: "a card created by barcode alone", times: 1, call: (client) => client.updateCard({ barcode: "1", createIfNotExist: true, fields: {} }) }
  ]
  it.effect.each(calls)("$name: $times attempt(s)", ({ call, times }) =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup()
      vendor.cards.push({ card_id: "7", uid: "known" })
      vendor.faults.push({ kind: "reset" })
      const { exit } = yield* whileTimePasses(call(client))
      assert.lengthOf(vendor.received, times)
      assert.strictEqual(Exit.isSuccess(exit), times === 2)
    })
  )

  it.effect("a lost answer to a create by external_id makes no second customer", () =>
    Effect.gen(function* () {
      const { client, vendor } = yield* setup()
      vendor.faults.push({ kind: "half", after: true })
      const { exit } = yield* whileTimePasses(client.updateCustomer({ externalId: "e", createIfNotExist: true, fields: { fname: "A" } }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.lengthOf(vendor.customers, 4)
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
        const exit = yield* Effect.exit(client.listCustomers({ phone: "+7999canary" }))
        const error = failureOf(exit)
        yield* Effect.logError("call failed", error).pipe(Effect.annotateLogs({ error }))
        seen.push(error, error.stack, JSON.stringify(error), Exit.isFailure(exit) && Cause.pretty(exit.cause), String(client.config.apiKey))
      }
      yield* Effect.ignore(client.updateCard({ uid: "canary-card", fields: {} }))
      for (const span of spans) seen.push(span.name, [...span.attributes], span.events, span.status)
      assert.isAtLeast(spans.length, faults * 2)
      const { inspect } = yield* Effect.promise(() => import("node:util"))
      const everything = seen.map((item) => inspect(item, { depth: 12, showHidden: true })).join("\n")
      assert.notInclude(everything, "canary")
      assert.include(everything, "apikey=<redacted>")
    }).pipe(
      Effect.provide(Layer.empty),
      (self) => self
    )
  )

  it("is not in what wrong options say", () => {
    const layer = VirtposClient.layer({ baseUrl: `http://x/?apikey=${CANARY}`, apiKey: Redacted.make(CANARY), timeZone: moscow })
    const exit = Effect.runSyncExit(Effect.scoped(Layer.build(layer.pipe(Layer.provide(FetchHttpClient.layer)))))
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
      assert.deepInclude(config, { baseUrl: "https://x.myvirtualpos.ru", format: "xml", pageSize: 200, system: "virtpos", cards: true })
      const other = Result.getOrThrow(yield* build({ ...env, FORMAT: "json", PAGE_SIZE: "50", TIMEOUT: "5 seconds" }))
      assert.deepInclude(other, { format: "json", pageSize: 50 })
    })
  )

  it.effect.each([
    { wrong: { BASE_URL: "ftp://x" } }, { wrong: { BASE_URL: "https://u:p@x" } }, { wrong: { BASE_URL: "https://x?a=1" } },
    { wrong: { TIME_ZONE: "Mars" } }, { wrong: { FORMAT: "csv" } }, { wrong: { PAGE_SIZE: "0" } }, { wrong: { EXTERNAL_SYSTEM: "virtpos" } }
  ])("refuses $wrong", ({ wrong }) =>
    Effect.gen(function* () {
      assert.isTrue(Result.isFailure(yield* build({ ...env, ...wrong } as Record<string, string>)))
    })
  )
})

void Schema
