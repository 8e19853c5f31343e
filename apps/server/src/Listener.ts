/**
 * Node's HTTP server with the limits of this one: slow clients are dropped, heads are short, connections are bounded.
 * What belongs to every request, whoever answers it, hangs on Node's own events: id, access log, metrics, and a way to
 * stop under load that drops no answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { randomBytes } from "node:crypto"
import { Server as TcpServer } from "node:net"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AccessLog } from "./AccessLog.ts"
import type { RequestMetrics } from "./RequestMetrics.ts"

export interface Listener {
  readonly server: Server
  readonly isDraining: () => boolean
  /**
   * Stops taking connections and answers what is under way; each further answer tells its client to close. Callers on
   * idle connections get a moment for a request that is already on the wire.
   */
  readonly drain: Effect.Effect<void>
}

export interface ListenerLimits {
  /** Until a request's headers are complete. */
  readonly headers: Duration.Input
  /** Until a request's body is complete. */
  readonly request: Duration.Input
  /** A connection on which nothing moves, such as one that does not read its answer. */
  readonly idle: Duration.Input
  readonly connections: number
}

export const defaultLimits: ListenerLimits = {
  headers: "10 seconds",
  request: "30 seconds",
  idle: "30 seconds",
  connections: 2_000
}

const requestsPerConnection = 1_000
const drainGrace = Duration.millis(500)
const drainLimit = Duration.seconds(20)

const pathOf = (request: IncomingMessage): string => {
  const url = request.url ?? ""
  // `http://user:password@host/…` is refused, and not to be logged either.
  if (!url.startsWith("/")) return "-"
  const end = url.indexOf("?")
  return end < 0 ? url : url.slice(0, end)
}

export const makeListener = (options: {
  readonly log: AccessLog
  readonly metrics: RequestMetrics
  readonly limits: ListenerLimits
}): Listener => {
  const { limits, log, metrics } = options
  const millis = (duration: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(duration))
  const server = createServer({
    headersTimeout: millis(limits.headers),
    requestTimeout: millis(limits.request),
    // Node looks at its own limits only this often; its default of 30 s would let a slow client stay that long.
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16 * 1024,
    requireHostHeader: true
  })
  server.timeout = millis(limits.idle)
  server.maxRequestsPerSocket = requestsPerConnection
  server.maxConnections = limits.connections

  const idPrefix = randomBytes(6).toString("hex")
  let requests = 0
  let draining = false

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const started = performance.now()
    const id = `${idPrefix}-${++requests}`
    metrics.started()
    response.setHeader("x-request-id", id)
    if (draining) response.setHeader("connection", "close")
    response.on("close", () => {
      const took = performance.now() - started
      const answered = response.writableFinished
      const method = request.method ?? ""
      metrics.ended(method, response.statusCode, answered, took)
      log.write({ id, method, path: pathOf(request), status: response.statusCode, millis: took, answered })
    })
  })

  const drain = Effect.gen(function* () {
    draining = true
    // For a connection whose answer began before it could say that the connection closes.
    server.keepAliveTimeout = Duration.toMillis(drainGrace)
    // http.Server's own close ends idle connections at once, also one whose next request is on the wire.
    const closed = new Promise<void>((resolve) => {
      TcpServer.prototype.close.call(server, () => resolve())
    })
    yield* Effect.sleep(drainGrace)
    server.closeIdleConnections()
    yield* Effect.promise(() => closed).pipe(Effect.timeout(drainLimit), Effect.ignore)
    server.closeAllConnections()
    log.flush()
  })

  return { server, isDraining: () => draining, drain }
}
