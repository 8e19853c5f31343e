/** The options of a client, and what it keeps to itself. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, DateTime, Effect, Layer, Logger, Redacted, Result, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { makeConfig, PolarisClient, type PolarisOptions } from "../src/index.ts"
import { CANARY, once, setup } from "./clientSupport.ts"

const since = DateTime.makeUnsafe(Date.UTC(2024, 0, 1, 0, 0, 0))

describe("options", () => {
  const good: PolarisOptions = {
    baseUrl: "https://192.0.2.7:3443",
    user: "rose",
    password: Redacted.make(CANARY),
    codeMagasin: 1
  }

  it("the functions are below /core/api, whether the base URL says so or not", () => {
    for (const [baseUrl, wanted] of [
      ["https://192.0.2.7:3443", "https://192.0.2.7:3443/core/api"],
      ["https://192.0.2.7:3443/", "https://192.0.2.7:3443/core/api"],
      ["https://192.0.2.7:3443/core/api/", "https://192.0.2.7:3443/core/api"],
      ["https://192.0.2.7:3443/Core/API", "https://192.0.2.7:3443/Core/API"],
      ["http://localhost/shops/a", "http://localhost/shops/a/core/api"]
    ] as const) {
      assert.strictEqual(Result.getOrThrow(makeConfig({ ...good, baseUrl })).baseUrl, wanted)
    }
  })

  it("wrong ones are told by name and never shown", () => {
    for (const [wrong, field] of [
      [{ baseUrl: "ftp://x" }, "baseUrl"],
      [{ baseUrl: "x" }, "baseUrl"],
      [{ baseUrl: `https://rose:${encodeURIComponent(CANARY)}@x` }, "baseUrl"],
      [{ baseUrl: "https://x?password=a" }, "baseUrl"],
      [{ user: "" }, "user"],
      [{ pageSize: 0 }, "pageSize"],
      [{ pageSize: 1.5 }, "pageSize"],
      [{ codeMagasin: 2 ** 31 }, "codeMagasin"],
      [{ codeMagasin: 1.5 }, "codeMagasin"],
      [{ prefixCle: "" }, "prefixCle"],
      [{ prefixCle: "polaris" }, "externalSystem"],
      [{ system: "a", externalSystem: "a" }, "externalSystem"],
      [{ fingerprint: "abc" }, "fingerprint"],
      [{ baseUrl: "http://x", fingerprint: "a".repeat(64) }, "fingerprint"]
    ] as ReadonlyArray<readonly [Partial<PolarisOptions>, string]>) {
      const made = makeConfig({ ...good, ...wrong })
      assert.isTrue(Result.isFailure(made), field)
      if (Result.isFailure(made)) {
        assert.strictEqual(made.failure.field, field)
        assert.notInclude(made.failure.message, CANARY)
      }
    }
  })

  it.effect("come from configuration too", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromUnknown({
        BASE_URL: "https://192.0.2.7:3443",
        USER: "rose",
        PASSWORD: CANARY,
        CODE_MAGASIN: "3",
        PREFIX_CLE: "SHOP",
        TIME_ZONE: "Indian/Reunion",
        FORMAT: "json",
        PAGE_SIZE: "50",
        MARGIN: "1 minute",
        FINGERPRINT: "ab".repeat(32)
      })
      const { config } = yield* PolarisClient.pipe(
        Effect.provide(
          PolarisClient.layerConfig().pipe(
            Layer.provide(FetchHttpClient.layer),
            Layer.provide(ConfigProvider.layer(provider))
          )
        )
      )
      assert.deepStrictEqual(
        [
          config.codeMagasin,
          config.timeZone,
          config.format,
          config.pageSize,
          config.marginMillis,
          config.externalSystem
        ],
        [3, "Indian/Reunion", "json", 50, 60_000, "SHOP"]
      )
      assert.strictEqual(config.fingerprint as string | null, "ab".repeat(32))
    })
  )
})

describe("secrets", () => {
  it.effect("password, numbers and keys are in no error, no span and no log line", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const logger = Logger.make(({ cause, message }) => {
        seen.push(`${String(message)} ${Cause.pretty(cause)}`)
      })
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const { client, site } = yield* setup(once)
      yield* Effect.gen(function* () {
        for (const body of [
          `<Error><Message>bad password ${CANARY.replace("&", "&amp;")}</Message></Error>`,
          `{"Error":{"Message":"bad password ${encodeURIComponent(CANARY)}"}}`,
          CANARY
        ]) {
          site.faults.push({ kind: "body", body })
          const error = yield* Effect.flip(client.getClient({ cle: "secret-key-77" }))
          seen.push(error.message, JSON.stringify(error), String(Cause.pretty(Cause.fail(error))))
          yield* Effect.logError("failed", error)
        }
        site.faults.push({ kind: "reset" })
        const broken = yield* Effect.flip(client.getClient({ idClient: "4242424242" }))
        seen.push(JSON.stringify(broken), broken.message)
        yield* client.getClientsModified({ lastChanged: since, checkPoint: "MQ" })
        yield* client.putClient({ IDClient: "1", Nom: "secret-name-77" })
      }).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.provide(Logger.layer([logger])))
      for (const span of spans) {
        seen.push(span.name, ...Array.from(span.attributes, ([name, value]) => `${name}=${String(value)}`))
      }
      assert.isAbove(spans.length, 3)
      const text = seen.join("\n")
      for (const secret of [
        CANARY,
        encodeURIComponent(CANARY),
        "secret-key-77",
        "4242424242",
        "secret-name-77",
        "ASPXAUTH"
      ]) {
        assert.notInclude(text, secret)
      }
    })
  )
})
