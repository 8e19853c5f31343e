/** Certificates that nobody signed, over real sockets: which of them are taken, and that nothing is sent to others. */
import { assert, describe, it } from "@effect/vitest"
import { CertificateTrust, type Fingerprint, parseFingerprint, PolarisClient } from "@tillbridge/polaris"
import { Effect, Layer, Redacted, Result } from "effect"
import { HttpClient } from "effect/http"
import { createServer, type Server } from "node:https"
import type { AddressInfo, Socket } from "node:net"
import * as PinnedHttpClient from "../src/remotes/PinnedHttpClient.ts"
import { makeCertificate, type TestCertificate } from "./support/certificate.ts"

const day = 86_400_000
const now = Date.now()
const rose = makeCertificate("rose", new Date(now - day), new Date(now + day))
const expired = makeCertificate("rose", new Date(now - 20 * day), new Date(now - 10 * day))
const other = makeCertificate("rose", new Date(now - day), new Date(now + day))

const printOf = ({ fingerprint }: TestCertificate): Fingerprint =>
  Result.getOrThrow(parseFingerprint(fingerprint))

/** A site that can change its certificate; it notes every request that reaches it. */
const site = Effect.fnUntraced(function* (certificate: TestCertificate) {
  const received: Array<string> = []
  const sockets = new Set<Socket>()
  const server: Server = createServer(
    { key: certificate.key, cert: certificate.cert },
    (request, response) => {
      received.push(request.url ?? "")
      response.setHeader("connection", "close")
      response.end("hello")
    }
  )
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => undefined)
  })
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    })
  )
  yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}/`,
    received,
    becomes: ({ cert, key }: TestCertificate) => server.setSecureContext({ cert, key })
  }
})

const open = Effect.fnUntraced(function* (options: PinnedHttpClient.PinOptions) {
  const context = yield* Layer.build(PinnedHttpClient.layer(options))
  const get = (url: string) =>
    Effect.scoped(Effect.flatMap(HttpClient.get(url), (response) => response.text)).pipe(
      Effect.provide(context)
    )
  const trust = yield* Effect.provide(CertificateTrust, context)
  return { get, trust }
})

/** Whether the cause of a failure is the refusal of a certificate. */
const isRefused = (error: unknown): boolean => {
  for (let cause = error, depth = 0; typeof cause === "object" && cause !== null && depth < 6; depth++) {
    if ("code" in cause && cause.code === PinnedHttpClient.CERTIFICATE_REFUSED) return true
    cause = "reason" in cause ? cause.reason : "cause" in cause ? cause.cause : undefined
  }
  return false
}

describe("a certificate of the site's own making", () => {
  it.live("is taken by its fingerprint, expired or not, for any host name", () =>
    Effect.gen(function* () {
      for (const certificate of [rose, expired]) {
        const { url } = yield* site(certificate)
        const { get } = yield* open({ fingerprint: printOf(certificate) })
        assert.strictEqual(yield* get(url), "hello")
      }
    }).pipe(Effect.scoped)
  )

  it.live("is refused when it is another than the one given, and no request reaches it", () =>
    Effect.gen(function* () {
      const { received, url } = yield* site(other)
      const { get } = yield* open({ fingerprint: printOf(rose) })
      assert.isTrue(isRefused(yield* Effect.flip(get(url))))
      assert.deepStrictEqual(received, [])
    }).pipe(Effect.scoped)
  )

  it.live("that was there at the first good login is the only one from then on", () =>
    Effect.gen(function* () {
      const told: Array<Fingerprint> = []
      const { becomes, received, url } = yield* site(rose)
      const { get, trust } = yield* open({
        fingerprint: null,
        onTrusted: (fingerprint) => Effect.sync(() => void told.push(fingerprint))
      })
      yield* get(url)
      assert.deepStrictEqual(told, [])
      yield* trust.loggedIn
      yield* trust.loggedIn
      assert.deepStrictEqual(told, [printOf(rose)])
      yield* get(url)
      becomes(other)
      assert.isTrue(isRefused(yield* Effect.flip(get(url))))
      // A failed login does not undo what a good one has proved.
      yield* trust.refused
      assert.isTrue(isRefused(yield* Effect.flip(get(url))))
      becomes(rose)
      yield* get(url)
      assert.lengthOf(received, 3)
    }).pipe(Effect.scoped)
  )

  it.live("is on trial until then: no second one beside it, and forgotten when the login fails", () =>
    Effect.gen(function* () {
      const { becomes, url } = yield* site(rose)
      const { get, trust } = yield* open({ fingerprint: null })
      yield* get(url)
      becomes(other)
      assert.isTrue(isRefused(yield* Effect.flip(get(url))))
      yield* trust.refused
      yield* get(url)
      yield* trust.loggedIn
      becomes(rose)
      assert.isTrue(isRefused(yield* Effect.flip(get(url))))
    }).pipe(Effect.scoped)
  )
})

describe("a client of a site behind such a certificate", () => {
  it.live("trusts it from its first login on, and says why it refuses another", () =>
    Effect.gen(function* () {
      const told: Array<Fingerprint> = []
      const { becomes, received, url } = yield* site(rose)
      const layer = PolarisClient.layer({
        baseUrl: url,
        user: "rose",
        password: Redacted.make("secret"),
        codeMagasin: 1,
        retry: { times: 0 }
      }).pipe(
        Layer.provide(
          PinnedHttpClient.layer({
            fingerprint: null,
            onTrusted: (fingerprint) => Effect.sync(() => void told.push(fingerprint))
          })
        )
      )
      yield* Effect.gen(function* () {
        const client = yield* PolarisClient
        // The site's answers are no clients, but its login is good.
        const first = yield* Effect.flip(client.getClient({ idClient: "1" }))
        assert.strictEqual(first.reason._tag, "Malformed")
        assert.deepStrictEqual(told, [printOf(rose)])
        becomes(other)
        const requests = received.length
        const second = yield* Effect.flip(client.getClient({ idClient: "1" }))
        assert.include(second.message, PinnedHttpClient.CERTIFICATE_REFUSED)
        assert.lengthOf(received, requests)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped)
  )
})
