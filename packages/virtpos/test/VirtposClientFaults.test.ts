import { assert, describe, it } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import { Clock, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import type { VirtposClient } from "../src/index.ts"
import { clientOf, failureOf, once, setup, whileTimePasses } from "./clientSupport.ts"
import type { Fault } from "./fakeVendor.ts"

describe("failures", () => {
  const html = "<!DOCTYPE html><html>Log in</html>"
  const cases: ReadonlyArray<readonly [name: string, fault: Fault, tag: string, detail?: string]> = [
    ["HTTP 500", { kind: "status", status: 500 }, "VendorFailed"],
    ["HTTP 503", { kind: "status", status: 503 }, "VendorFailed"],
    ["HTTP 429", { kind: "status", status: 429 }, "RateLimited"],
    ["HTTP 401", { kind: "status", status: 401 }, "Unauthorized", "HTTP 401"],
    ["HTTP 403", { kind: "status", status: 403 }, "Unauthorized", "HTTP 403"],
    ["HTTP 404", { kind: "status", status: 404 }, "Refused", "HTTP 404"],
    [
      "HTTP 400 with its envelope",
      { kind: "status", status: 400, body: `{"success":0,"info":"no such field"}` },
      "Refused",
      "no such field"
    ],
    [
      "a redirect",
      { kind: "status", status: 302, headers: { location: "/elsewhere" } },
      "Malformed",
      "redirect (HTTP 302) is not followed"
    ],
    ["HTML with 200", { kind: "body", body: html }, "Malformed", "the answer is an HTML page"],
    ["an empty body", { kind: "body", body: "" }, "Malformed", "the answer is empty"],
    ["{}", { kind: "body", body: "{}" }, "Malformed", "the answer has no success field"],
    [
      "invalid UTF-8",
      { kind: "body", body: new Uint8Array([0x7b, 0xff]) },
      "Malformed",
      "the answer is not UTF-8"
    ],
    [
      "a body cut at a short content-length",
      { kind: "cut" },
      "Malformed",
      "the answer is no XML: unclosed element"
    ],
    ["a body that breaks off", { kind: "half" }, "Unreachable"],
    ["a reset", { kind: "reset" }, "Unreachable"],
    ["a body without end", { kind: "huge" }, "Malformed", "the answer is longer than 16777216 bytes"],
    [
      "a refusal",
      { kind: "body", body: "<root><success>0</success><info>Поле не найдено</info></root>" },
      "Refused",
      "Поле не найдено"
    ],
    ["a refusal without a reason", { kind: "body", body: `{"success":false}` }, "Refused", "no reason given"],
    [
      "a duplicate key",
      { kind: "body", body: `{"success":0,"info":"Duplicate key of card"}` },
      "Refused",
      "Duplicate key of card"
    ]
  ]
  it.effect.each(cases.map((item) => ({ item, name: item[0] })))(
    "$name",
    ({ item: [, fault, tag, detail] }) =>
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
      const { client, vendor } = yield* setup({ ...once, timeout: "500 millis" })
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
      const now = yield* Clock.currentTimeMillis
      const headers = { "retry-after": header(now), date: new Date(now).toUTCString() }
      vendor.faults.push({ kind: "status", status: 429, headers })
      const { exit, millis } = yield* whileTimePasses(client.listCustomers({}), 1_000)
      assert.isTrue(Exit.isSuccess(exit))
      assert.isAtLeast(millis, least)
      assert.isAtMost(millis, least + 10_000)
    })
  )

  type Call = (client: VirtposClient["Service"]) => Effect.Effect<unknown, SourceError>
  const calls: ReadonlyArray<{ readonly name: string; readonly times: number; readonly call: Call }> = [
    { name: "update by id", times: 2, call: (client) => client.updateCustomer({ id: "1", fields: {} }) },
    {
      name: "update or create by external_id",
      times: 2,
      call: (client) => client.updateCustomer({ externalId: "e", createIfNotExist: true, fields: {} })
    },
    {
      name: "updateCard by uid",
      times: 2,
      call: (client) => client.updateCard({ uid: "1", createIfNotExist: true, fields: {} })
    },
    { name: "deleteCard", times: 2, call: (client) => client.deleteCard({ uid: "known" }) },
    { name: "insertCard", times: 1, call: (client) => client.insertCard({ uid: "1", fields: {} }) },
    {
      name: "a create without a key",
      times: 1,
      call: (client) => client.updateCustomer({ createIfNotExist: true, fields: {} })
    },
    {
      name: "a create by id alone",
      times: 1,
      call: (client) => client.updateCustomer({ id: "99", createIfNotExist: true, fields: {} })
    },
    {
      name: "a card created by barcode alone",
      times: 1,
      call: (client) => client.updateCard({ barcode: "1", createIfNotExist: true, fields: {} })
    }
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
      const { exit } = yield* whileTimePasses(
        client.updateCustomer({ externalId: "e", createIfNotExist: true, fields: { fname: "A" } })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.lengthOf(vendor.customers, 4)
    })
  )
})
