/** The worker over HTTP, for those who run it: is it alive, is it at work, what does it count. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { misconfigured } from "tillbridge/settings"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"

export interface Readiness {
  readonly isReady: boolean
  /** One word for what it is, then a line for each link that waits. */
  readonly lines: ReadonlyArray<string>
}

export interface HealthOptions {
  readonly host: string
  readonly port: number
  readonly readiness: Effect.Effect<Readiness>
  readonly metrics: Effect.Effect<string>
}

const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

const text = (body: string, status = 200, contentType = "text/plain; charset=utf-8") =>
  HttpServerResponse.text(body, { status, headers, contentType })

const methodNotAllowed = HttpServerResponse.setHeader(text("method not allowed\n", 405), "allow", "GET, HEAD")

/** Node leaves out the body of an answer to HEAD. */
const readOnly =
  (answer: Effect.Effect<HttpServerResponse.HttpServerResponse>) =>
  (request: HttpServerRequest.HttpServerRequest) =>
    request.method === "GET" || request.method === "HEAD" ? answer : Effect.succeed(methodNotAllowed)

const routes = ({ metrics, readiness }: HealthOptions) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      yield* router.add("*", "/healthz", readOnly(Effect.succeed(text("ok\n"))))
      const ready = Effect.map(readiness, ({ isReady, lines }) =>
        text(`${lines.join("\n")}\n`, isReady ? 200 : 503)
      )
      yield* router.add("*", "/readyz", readOnly(ready))
      const told = Effect.map(metrics, (all) => text(all, 200, "text/plain; version=0.0.4; charset=utf-8"))
      yield* router.add("*", "/metrics", readOnly(told))
      yield* router.add("*", "*", Effect.succeed(text("not found\n", 404)))
    })
  )

const listen = (server: Server, host: string, port: number) =>
  Effect.callback<AddressInfo, ReturnType<typeof misconfigured>>((resume) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "the port is in use" : (cause.code ?? "unknown")
      const said = `cannot listen on ${host}:${port}: ${why}. Choose another with --host and --port`
      resume(Effect.fail(misconfigured(said)))
    })
    server.listen({ host, port }, () => resume(Effect.succeed(server.address() as AddressInfo)))
  })

/** Answers until the scope ends; gives the URL. */
export const listenForHealth = Effect.fnUntraced(function* (options: HealthOptions) {
  const { host, port } = options
  const server = createServer({
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16 * 1024
  })
  server.maxConnections = 100
  server.timeout = 30_000
  const app = yield* HttpRouter.toHttpEffect(routes(options))
  const handler = yield* NodeHttpServer.makeHandler(app, { scope: yield* Effect.scope })
  server.on("request", handler)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
  )
  const address = yield* listen(server, host, port)
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`
})
