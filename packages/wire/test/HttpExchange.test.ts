/** Against a server that misbehaves on a real socket. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { exchange, openExchange } from "../src/index.ts"

const SECRET = "canary-key"

const site = Effect.fnUntraced(function* (listener: RequestListener) {
  const server = createServer(listener)
  yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
  )
  const { port } = server.address() as AddressInfo
  return HttpClientRequest.get(`http://127.0.0.1:${port}/list?key=${SECRET}`)
})

const answering = (listener: RequestListener) =>
  Effect.gen(function* () {
    const request = yield* site(listener)
    return { http: yield* HttpClient.HttpClient, request }
  })

const run = <A, E>(effect: Effect.Effect<A, E, HttpClient.HttpClient>) =>
  Effect.provide(effect, FetchHttpClient.layer)

const timeout = "5 seconds"

describe("an exchange", () => {
  it.live("gives an answer of any status, with what it says of trying again", () =>
    Effect.gen(function* () {
      const { http, request } = yield* answering((_, response) => {
        response.writeHead(503, { "retry-after": "7", "x-site": "A" }).end("later")
      })
      const reply = yield* exchange(http, request, { timeout })
      assert.strictEqual(reply.status, 503)
      assert.strictEqual(reply.retryAfterMillis, 7_000)
      assert.strictEqual(reply.headers["x-site"], "A")
      assert.strictEqual(new TextDecoder().decode(reply.bytes), "later")
    }).pipe(Effect.scoped, run)
  )

  it.live("does not follow a redirect, nor tell anybody of a trace", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const { http, request } = yield* answering((incoming, response) => {
        seen.push(incoming.url ?? "", ...Object.keys(incoming.headers))
        response.writeHead(302, { location: "/elsewhere" }).end()
      })
      const reply = yield* exchange(http, request, { timeout }).pipe(Effect.withSpan("caller"))
      assert.strictEqual(reply.status, 302)
      assert.strictEqual(reply.bytes.length, 0)
      assert.strictEqual(seen.filter((text) => text.startsWith("/")).length, 1)
      assert.notInclude(seen, "traceparent")
      assert.notInclude(seen, "b3")
    }).pipe(Effect.scoped, run)
  )

  it.live("takes a body of the limit, and cuts a longer one", () =>
    Effect.gen(function* () {
      const { http, request } = yield* answering((_, response) => void response.end("x".repeat(1_000)))
      assert.strictEqual((yield* exchange(http, request, { timeout, maxBytes: 1_000 })).bytes.length, 1_000)
      assert.deepStrictEqual(yield* Effect.flip(exchange(http, request, { timeout, maxBytes: 999 })), {
        kind: "malformed",
        detail: "the answer is longer than 999 bytes",
        millis: 0
      })
    }).pipe(Effect.scoped, run)
  )

  it.live("waits for the whole answer only so long", () =>
    Effect.gen(function* () {
      const { http, request } = yield* answering((_, response) => void response.write("beginning"))
      assert.deepStrictEqual(yield* Effect.flip(exchange(http, request, { timeout: "200 millis" })), {
        kind: "timeout",
        detail: "no answer in time",
        millis: 200
      })
    }).pipe(Effect.scoped, run)
  )

  it.live("says with a code what broke, and never where", () =>
    Effect.gen(function* () {
      const { http, request } = yield* answering((incoming) => void incoming.socket.destroy())
      const reset = yield* Effect.flip(exchange(http, request, { timeout }))
      assert.strictEqual(reset.kind, "unreachable")
      const nobody = HttpClientRequest.get(`http://127.0.0.1:1/?key=${SECRET}`)
      const refused = yield* Effect.flip(exchange(http, nobody, { timeout }))
      assert.strictEqual(refused.kind, "unreachable")
      assert.notInclude(JSON.stringify([reset, refused]), SECRET)
    }).pipe(Effect.scoped, run)
  )

  it.live("gives a long body as it comes, and tells when it breaks off or stalls", () =>
    Effect.gen(function* () {
      const { http, request } = yield* answering((incoming, response) => {
        response.write("one")
        if (incoming.headers["x-how"] === "break") setImmediate(() => incoming.socket.destroy())
      })
      for (const [how, kind] of [
        ["break", "unreachable"],
        ["stall", "timeout"]
      ] as const) {
        const read: Array<string> = []
        const asked = HttpClientRequest.setHeader(request, "x-how", how)
        const broken = yield* openExchange(http, asked, { timeout: "300 millis" }).pipe(
          Effect.flatMap(({ body }) =>
            Stream.runForEach(body, (chunk) => Effect.sync(() => read.push(new TextDecoder().decode(chunk))))
          ),
          Effect.scoped,
          Effect.flip
        )
        assert.strictEqual(broken.kind, kind)
        assert.deepStrictEqual(read, ["one"])
      }
    }).pipe(Effect.scoped, run)
  )
})
