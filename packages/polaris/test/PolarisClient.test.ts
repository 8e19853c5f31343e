/** The client against a site that is not ours: what it sends, how it stays logged in, and what it keeps to itself. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Layer, Result } from "effect"
import { CertificateTrust, formatFingerprint, parseFingerprint, PolarisClient } from "../src/index.ts"
import { CANARY, layerOf, once, setup } from "./clientSupport.ts"
import { fakeSite } from "./fakeSite.ts"

const since = DateTime.makeUnsafe(Date.UTC(2024, 0, 1, 0, 0, 0))

describe("calls", () => {
  it.effect("spell each function's parameters as its page does (DOC)", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      yield* client.getClient({ idClient: "1" })
      yield* client.getClient({ cle: "WEB & 42" })
      yield* client.getClientsModified({ lastChanged: since, checkPoint: "MQ", limit: 7 })
      yield* client.putClient({ IDClient: "1", Nom: "A & <B>" })
      assert.deepStrictEqual(
        site.received.map(({ form, method, path, query }) => ({ method, path, query, form })),
        [
          {
            method: "GET",
            path: "/core/api/Client.GetClient",
            query: { CodeMagasin: "1", IDClient: "1", prefixCle: "SHOP", output: "xml" },
            form: {}
          },
          {
            method: "GET",
            path: "/core/api/Client.GetClient",
            query: { CodeMagasin: "1", Cle: "WEB & 42", prefixCle: "SHOP", output: "xml" },
            form: {}
          },
          {
            method: "GET",
            path: "/core/api/Client.GetClientsModified",
            query: {
              lastChanged: "2024-01-01T01:00:00",
              codeMagasin: "1",
              checkPoint: "MQ",
              prefixCle: "SHOP",
              limit: "7",
              output: "xml"
            },
            form: {}
          },
          {
            method: "POST",
            path: "/core/api/Client.PutClient",
            query: {},
            form: {
              InfoClient: "<InfoClient><IDClient>1</IDClient><Nom>A &amp; &lt;B&gt;</Nom></InfoClient>",
              CodeMagasin: "1",
              prefixCle: "SHOP"
            }
          }
        ]
      )
      // By POST, so that the password stands in no URL.
      assert.deepStrictEqual(
        site.logins.map(({ form, method, path, query }) => ({ method, path, query, form })),
        [{ method: "POST", path: "/core/api/ACL.Login", query: {}, form: { user: "rose", password: CANARY } }]
      )
    })
  )

  it.effect("read what the site tells, in both formats", () =>
    Effect.gen(function* () {
      for (const format of ["xml", "json"] as const) {
        const { client, site } = yield* setup({ format, pageSize: 2 })
        assert.strictEqual((yield* client.getClient({ idClient: "2" }))?.Nom, "MARTIN")
        assert.isNull(yield* client.getClient({ idClient: "9" }))
        assert.isNull(yield* client.getClient({ cle: "nobody" }))
        const slice = yield* client.getClientsModified({ lastChanged: since })
        assert.deepStrictEqual(
          [slice.hasMoreResults, slice.clients.map(({ IDClient }) => IDClient)],
          [true, ["1", "2"]]
        )
        const rest = yield* client.getClientsModified({ lastChanged: since, checkPoint: slice.checkPoint })
        assert.deepStrictEqual(
          [rest.hasMoreResults, rest.clients.map(({ IDClient }) => IDClient)],
          [false, ["3"]]
        )
        assert.strictEqual(yield* client.putClient({ Cle: "K", Nom: "NEW" }), "1001")
        assert.strictEqual(yield* client.putClient({ Cle: "K", Ville: "Lyon" }), "1001")
        assert.deepStrictEqual(site.clients.at(-1)?.members, { Nom: "NEW", Ville: "Lyon" })
      }
    })
  )

  it.effect("describe gives the site's own page of a function or of a type", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      assert.strictEqual(yield* client.describe("getClient"), "<html>page of ?</html>")
      const type = "RepDaemon.WebService2.CoreAPI.Client+InfoClient"
      assert.strictEqual(yield* client.describe("getClientsModified", type), `<html>page of ${type}</html>`)
      assert.lengthOf(site.logins, 0)
      assert.deepStrictEqual(site.received[1]?.query, { doc: "", docType: type })
    })
  )

  it.effect("nil and an empty body are nobody and nothing saved", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      for (const body of ["null", `<InfoClient xsi:nil="true" xmlns:xsi="urn:x"/>`]) {
        site.faults.push({ kind: "body", body })
        assert.isNull(yield* client.getClient({ idClient: "1" }))
      }
      site.faults.push({ kind: "status", status: 404 })
      assert.isNull(yield* client.getClient({ idClient: "1" }))
      site.faults.push({ kind: "body", body: `<long xsi:nil="true" xmlns:xsi="urn:x"/>` })
      assert.isNull(yield* client.putClient({ IDClient: "1" }))
    })
  )
})

describe("a session", () => {
  it.effect("is opened once, and every cookie of the site goes back to it", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      for (let n = 0; n < 3; n++) yield* client.getClient({ idClient: "1" })
      assert.lengthOf(site.logins, 1)
      for (const { headers } of site.received) {
        assert.match(headers.cookie ?? "", /(?=.*\.ASPXAUTH=t)(?=.*lang=fr)/)
      }
      assert.isUndefined(site.logins[0]?.headers.cookie)
    })
  )

  it.effect("that the site has ended is opened once more, and the call repeated once", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      yield* client.getClient({ idClient: "1" })
      site.forget()
      assert.strictEqual((yield* client.getClient({ idClient: "1" }))?.Nom, "DURAND")
      assert.deepStrictEqual([site.logins.length, site.received.length], [2, 3])
      // Also a write that cannot be repeated otherwise: the site has not looked at it.
      site.forget()
      yield* client.putClient({ Nom: "NEW" })
      assert.lengthOf(site.clients, 4)
    })
  )

  it.effect("a call that is refused after the second login too has failed", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      site.faults.push({ kind: "status", status: 401 }, { kind: "status", status: 401 })
      const error = yield* Effect.flip(client.getClient({ idClient: "1" }))
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.deepStrictEqual([site.logins.length, site.received.length], [2, 2])
    })
  )

  it.effect("an error that says so in a 200 opens it again too", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      site.faults.push({ kind: "body", body: `{"Error":{"Code":"NotAuthenticated","Message":"m"}}` })
      assert.strictEqual((yield* client.getClient({ idClient: "1" }))?.Nom, "DURAND")
      assert.lengthOf(site.logins, 2)
    })
  )

  it.effect("calls at the same time share one login, also when it ends under all of them", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      site.loginDelay = 20
      const many = Effect.all(
        Array.from({ length: 20 }, () => client.getClient({ idClient: "1" })),
        { concurrency: "unbounded" }
      )
      yield* many
      assert.lengthOf(site.logins, 1)
      site.forget()
      yield* many
      assert.lengthOf(site.logins, 2)
    })
  )

  it.effect("a wrong password is tried once for all who wait, and told as Unauthorized", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup(once)
      site.loginDelay = 20
      site.password = "other"
      const exits = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.exit(client.getClient({ idClient: "1" }))),
        { concurrency: "unbounded" }
      )
      for (const exit of exits) {
        const failure = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
        assert.strictEqual(failure?._tag === "Some" ? failure.value.reason._tag : "", "Unauthorized")
      }
      assert.lengthOf(site.logins, 1)
      site.password = CANARY
      assert.strictEqual((yield* client.getClient({ idClient: "1" }))?.Nom, "DURAND")
    })
  )

  it.live("a caller who gives up while logging in does not stop the others", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      site.loginDelay = 60
      const [first, second] = yield* Effect.all(
        [
          Effect.exit(Effect.timeout(client.getClient({ idClient: "1" }), "20 millis")),
          client.getClient({ idClient: "2" })
        ],
        { concurrency: "unbounded" }
      )
      assert.isTrue(Exit.isFailure(first))
      assert.strictEqual(second?.Nom, "MARTIN")
      assert.lengthOf(site.logins, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("a login that answers an error, false or a web page has failed", () =>
    Effect.gen(function* () {
      for (const [body, tag] of [
        ["<Error><Code>X</Code></Error>", "Refused"],
        ["<boolean>false</boolean>", "Unauthorized"],
        ["false", "Unauthorized"],
        ["<!DOCTYPE html><html></html>", "Malformed"]
      ] as const) {
        const { client, site } = yield* setup(once)
        site.loginFaults.push({ kind: "body", body })
        const error = yield* Effect.flip(client.getClient({ idClient: "1" }))
        assert.strictEqual(error.reason._tag, tag, body)
      }
      for (const body of ["OK", "1", "<boolean>true</boolean>", `"5"`, "{}"]) {
        const { client, site } = yield* setup(once)
        site.loginFaults.push({ kind: "body", body })
        // The site has opened no session, so the next call finds it ended and logs in once more.
        assert.strictEqual((yield* client.getClient({ idClient: "1" }))?.Nom, "DURAND", body)
      }
    })
  )

  it.effect("is ended by logout, and opened again when it is needed", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup()
      yield* client.logout
      assert.lengthOf(site.received, 0)
      yield* client.getClient({ idClient: "1" })
      yield* client.logout
      assert.strictEqual(site.received.at(-1)?.path, "/core/api/ACL.Logout")
      site.forget()
      yield* client.getClient({ idClient: "1" })
      assert.lengthOf(site.logins, 2)
    })
  )

  it.effect("HTTP Basic takes its place where that is chosen", () =>
    Effect.gen(function* () {
      const { client, site } = yield* setup({ login: "basic" })
      assert.strictEqual((yield* client.getClient({ idClient: "1" }))?.Nom, "DURAND")
      assert.lengthOf(site.logins, 0)
    })
  )
})

describe("trust in certificates", () => {
  it.effect("is told of good and of failed logins", () =>
    Effect.gen(function* () {
      const site = yield* fakeSite(CANARY)
      site.touch(1, null)
      const heard: Array<string> = []
      const trust = Layer.succeed(CertificateTrust, {
        loggedIn: Effect.sync(() => void heard.push("good")),
        refused: Effect.sync(() => void heard.push("failed"))
      })
      const layer = layerOf(site, once).pipe(Layer.provide(trust))
      site.password = "other"
      yield* Effect.gen(function* () {
        const client = yield* PolarisClient
        yield* Effect.ignore(client.getClient({ idClient: "1" }))
        assert.deepStrictEqual(heard, ["failed"])
        site.password = CANARY
        yield* client.getClient({ idClient: "1" })
        yield* client.getClient({ idClient: "1" })
        assert.deepStrictEqual(heard, ["failed", "good"])
      }).pipe(Effect.provide(layer))
    })
  )

  it("a fingerprint is read in every usual spelling", () => {
    const plain = "0123456789abcdef".repeat(4)
    const colons = plain.toUpperCase().match(/../g)!.join(":")
    for (const text of [plain, colons, `SHA256:${plain}`, `sha-256=${colons}`, colons.replaceAll(":", " ")]) {
      assert.strictEqual(Result.getOrThrow(parseFingerprint(text)) as string, plain)
    }
    assert.strictEqual(formatFingerprint(Result.getOrThrow(parseFingerprint(plain))), colons)
    for (const text of ["", plain.slice(1), `${plain}0`, "g".repeat(64)]) {
      assert.isTrue(Result.isFailure(parseFingerprint(text)))
    }
  })
})
