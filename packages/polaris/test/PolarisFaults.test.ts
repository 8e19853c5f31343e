/** What goes wrong between the client and a site, and what is tried again. */
import { assert, describe, it } from "@effect/vitest"
import type { SourceError } from "@tillbridge/domain"
import { Clock, DateTime, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import type { PolarisClient } from "../src/index.ts"
import { failureOf, once, setup, whileTimePasses } from "./clientSupport.ts"
import type { Fault } from "./fakeSite.ts"

const lastChanged = DateTime.makeUnsafe(0)

describe("failures", () => {
  const html = "<!DOCTYPE html><html>Server Error in '/' Application.</html>"
  const cases: ReadonlyArray<readonly [name: string, fault: Fault, tag: string, detail?: string]> = [
    ["HTTP 500 with .NET's page", { kind: "status", status: 500, body: html }, "VendorFailed"],
    ["HTTP 503", { kind: "status", status: 503 }, "VendorFailed"],
    ["HTTP 429", { kind: "status", status: 429 }, "RateLimited"],
    ["HTTP 403", { kind: "status", status: 403 }, "Unauthorized", "HTTP 403"],
    [
      "HTTP 403 that says why",
      {
        kind: "status",
        status: 403,
        body: "<Error><Code>NotPermitted</Code><Message>droit</Message></Error>"
      },
      "Unauthorized",
      "NotPermitted: droit"
    ],
    ["HTTP 400 in plain text", { kind: "status", status: 400, body: "Bad Request" }, "Refused", "HTTP 400"],
    [
      "HTTP 400 that says why",
      { kind: "status", status: 400, body: `{"Error":{"Code":"X","Message":"non"}}` },
      "Refused",
      "X: non"
    ],
    [
      "HTTP 404 of another function",
      { kind: "status", status: 404, body: "<Error><Code>UnknownFunction</Code></Error>" },
      "Refused",
      "UnknownFunction"
    ],
    [
      "a redirect",
      { kind: "status", status: 302, headers: { location: "/login" } },
      "Malformed",
      "redirect (HTTP 302) is not followed"
    ],
    ["HTML with 200", { kind: "body", body: html }, "Malformed", "the answer is an HTML page"],
    ["an empty body", { kind: "body", body: "" }, "Malformed", "the answer is empty"],
    ["another root", { kind: "body", body: "<long>1</long>" }, "Malformed", "the answer is no InfoClient"],
    [
      "another object",
      { kind: "body", body: "{}" },
      "Malformed",
      "the client cannot be read: IDClient: must be a whole number of 64 bits"
    ],
    [
      "invalid UTF-8",
      { kind: "body", body: new Uint8Array([0x7b, 0xff]) },
      "Malformed",
      "the answer is not UTF-8"
    ],
    ["a body cut at a short content-length", { kind: "cut" }, "Malformed"],
    ["a body that breaks off", { kind: "half" }, "Unreachable"],
    ["a reset", { kind: "reset" }, "Unreachable"],
    ["a body without end", { kind: "huge" }, "Malformed"],
    [
      "an error in a 200",
      { kind: "body", body: "<Error><Code>X</Code><Message>non</Message></Error>" },
      "Refused",
      "X: non"
    ]
  ]
  it.effect.each(cases.map((item) => ({ item, name: item[0] })))(
    "$name",
    ({ item: [, fault, tag, detail] }) =>
      Effect.gen(function* () {
        const { client, site } = yield* setup(once)
        site.faults.push(fault)
        const error = yield* Effect.flip(client.getClient({ idClient: "1" }))
        assert.strictEqual(error.reason._tag, tag)
        if (detail !== undefined) assert.strictEqual("detail" in error.reason && error.reason.detail, detail)
        assert.lengthOf(site.received, 1)
      })
  )

  it.live("too slow is TimedOut, also when the body never ends", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup({ ...once, timeout: "200 millis" })
      yield* client.getClient({ idClient: "1" })
      site.faults.push({ kind: "slow" })
      const error = yield* Effect.flip(client.getClient({ idClient: "1" }))
      assert.strictEqual(error.reason._tag, "TimedOut")
      assert.strictEqual((yield* client.getClient({ idClient: "1" }))?.Nom, "DURAND")
    }).pipe(Effect.scoped)
  )

  it.effect("a slice that cannot be believed is Malformed", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup(once)
      for (const body of [
        `{"clients":[]}`,
        "{}",
        `{"hasMoreResults":true,"clients":[{"IDClient":1}`,
        `{"hasMoreResults":true,"clients":[{"IDClient":1}]`,
        "<FragmentedInfoClient><hasMoreResults>false</hasMoreResults><clients><InfoClient><IDClient>1</IDClient></InfoClient>",
        "<FragmentedInfoClient><clients><InfoClient><IDClient>1</IDClient><Nom>\0</Nom></InfoClient></clients></FragmentedInfoClient>",
        "null"
      ]) {
        site.faults.push({ kind: "body", body })
        const error = yield* Effect.flip(client.getClientsModified({ lastChanged }))
        assert.strictEqual(error.reason._tag, "Malformed", body)
      }
    })
  )
})

describe("retries", () => {
  it.effect("a read is repeated until it works, the login with it", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      site.loginFaults.push({ kind: "status", status: 503 })
      site.faults.push({ kind: "status", status: 500 }, { kind: "reset" }, { kind: "half" })
      const { exit } = yield* whileTimePasses(client.getClient({ idClient: "1" }), 100)
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual([site.logins.length, site.received.length], [2, 4])
    })
  )

  it.effect("gives up after the configured number", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup({ retry: { times: 2 } })
      for (let i = 0; i < 5; i++) site.faults.push({ kind: "status", status: 500 })
      const { exit } = yield* whileTimePasses(client.getClient({ idClient: "1" }))
      assert.strictEqual(failureOf(exit).reason._tag, "VendorFailed")
      assert.lengthOf(site.received, 3)
    })
  )

  it.effect.each([
    { name: "seconds", header: () => "120", least: 120_000 },
    { name: "an HTTP-date", header: (now: number) => new Date(now + 60_000).toUTCString(), least: 59_000 }
  ])("obeys Retry-After in $name", ({ header, least }) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 22))
      const { client, site } = yield* setup()
      yield* client.getClient({ idClient: "1" })
      const clock = yield* Clock.Clock
      site.faults.push({
        kind: "status",
        status: 429,
        // Said when it is sent: the test clock runs while real requests are on their way.
        get headers() {
          return { "retry-after": header(clock.currentTimeMillisUnsafe()) }
        }
      })
      const { exit, millis } = yield* whileTimePasses(client.getClient({ idClient: "1" }), 1_000)
      assert.isTrue(Exit.isSuccess(exit))
      assert.isAtLeast(millis, least)
      assert.isAtMost(millis, least + 120_000)
    })
  )

  type Call = (client: PolarisClient["Service"]) => Effect.Effect<unknown, SourceError>
  const calls: ReadonlyArray<{ readonly name: string; readonly times: number; readonly call: Call }> = [
    { name: "GetClientsModified", times: 2, call: (client) => client.getClientsModified({ lastChanged }) },
    {
      name: "PutClient by number",
      times: 2,
      call: (client) => client.putClient({ IDClient: "1", Nom: "A" })
    },
    { name: "PutClient by key", times: 2, call: (client) => client.putClient({ Cle: "K", Nom: "A" }) },
    { name: "PutClient of nobody", times: 1, call: (client) => client.putClient({ Nom: "A" }) },
    { name: "PutClient by an empty key", times: 1, call: (client) => client.putClient({ Cle: "", Nom: "A" }) }
  ]
  it.effect.each(calls)("$name: $times attempt(s)", ({ call, times }) =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      site.faults.push({ kind: "reset" })
      const { exit } = yield* whileTimePasses(call(client))
      assert.lengthOf(site.received, times)
      assert.strictEqual(Exit.isSuccess(exit), times === 2)
    })
  )

  it.effect("a lost answer to a create by key makes no second client", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      site.faults.push({ kind: "half", after: true })
      const { exit } = yield* whileTimePasses(client.putClient({ Cle: "K", Nom: "A" }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.lengthOf(site.clients, 4)
    })
  )
})
