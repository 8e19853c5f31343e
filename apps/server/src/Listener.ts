/**
 * Node's HTTP server with the limits of this one: slow clients are dropped, heads are short, connections are bounded.
 * What belongs to every request, whoever answers it, hangs on Node's own events: id, access log, metrics, and a way to
 * stop under load that drops no answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import { randomBytes } from "node:crypto"
import { Server as TcpServer, type Socket } from "node:net"
import type { Duplex } from "node:stream"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AccessLog } from "./AccessLog.ts"
import { makeConnectionCount } from "./Addresses.ts"
import { type Load, makeLoad } from "./Load.ts"
import type { RequestMetrics } from "./RequestMetrics.ts"

export interface Listener {
  readonly server: Server
  readonly isDraining: () => boolean
  readonly load: Load
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
  /** From a request's headers to the end of its answer, for one who reads, but hardly. */
  readonly answer: Duration.Input
  readonly connections: number
  /** Of one network address. */
  readonly connectionsPerAddress: number
  /** Addresses that may hold any number, such as a proxy's, which speaks for many. */
  readonly freeAddresses: ReadonlyArray<string>
  /** Requests that the server works on at once; one that waits for its caller is none of them. */
  readonly inProgress: number
  /** How long a request may have to wait for its turn. */
  readonly lag: Duration.Input
}

export const defaultLimits: ListenerLimits = {
  headers: "10 seconds",
  request: "30 seconds",
  idle: "30 seconds",
  answer: "10 minutes",
  connections: 2_000,
  connectionsPerAddress: 50,
  // This machine, or a proxy on it.
  freeAddresses: ["127.0.0.1", "::1"],
  inProgress: 256,
  lag: "500 millis"
}

const requestsPerConnection = 1_000
/** Requests on one connection that wait for those before them; hardly any client sends more than one. */
const longestQueue = 32
const drainGrace = Duration.millis(500)
const drainLimit = Duration.seconds(20)

/** A request whose answer is not at its end yet. */
interface Answer {
  readonly id: string
  readonly started: number
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What was answered in the place of `response`: its request broke off or took too long. */
  refusedWith: number | undefined
}

/** To a connection too many, whose request nobody reads. */
const tooManyConnections =
  "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 0\r\n\r\n"

const refuseConnection = (socket: Socket): void => {
  socket.on("error", () => {})
  socket.end(tooManyConnections)
  // Unread bytes would make the system break the connection off before the answer is read.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), 1_000).unref()
  socket.once("close", () => clearTimeout(timer))
}

/** As Node itself would answer what it cannot read as a request, or not in time. */
const statusOf = (error: NodeJS.ErrnoException): number => {
  switch (error.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return 408
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return 413
    case "HPE_HEADER_OVERFLOW":
      return 431
    default:
      return 400
  }
}

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
  /** A connection could not be taken; the server goes on. */
  readonly onError: (error: Error) => void
}): Listener => {
  const { limits, log, metrics, onError } = options
  const millis = (duration: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(duration))
  const server = createServer({
    headersTimeout: millis(limits.headers),
    requestTimeout: millis(limits.request),
    // Node looks at its own limits only this often; its default of 30 s would let a slow client stay that long.
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16 * 1024,
    // The guard refuses such a request, so that it is logged and counted as others are.
    requireHostHeader: false
  })
  server.timeout = millis(limits.idle)
  server.maxRequestsPerSocket = requestsPerConnection
  server.maxConnections = limits.connections

  const free = new Set(limits.freeAddresses)
  const connectionCount = makeConnectionCount(limits.connectionsPerAddress, free)
  // Node's own listener reads requests from whatever it is given.
  const [take] = server.listeners("connection") as ReadonlyArray<(this: Server, socket: Socket) => void>
  server.removeAllListeners("connection")
  server.on("connection", (socket: Socket) => {
    if (connectionCount.take(socket)) return take?.call(server, socket)
    metrics.connectionRefused("address")
    refuseConnection(socket)
  })
  server.on("drop", () => metrics.connectionRefused("total"))

  const idPrefix = randomBytes(6).toString("hex")
  let requests = 0
  let draining = false

  /** In the order of their start. */
  const open = new Set<Answer>()

  /** How many of them each connection has sent without waiting. */
  const held = new Map<Socket, number>()

  /** Counts connections: what a caller sends on one without waiting is his own queue, and short. */
  const isFull = ({ socket }: IncomingMessage): boolean => {
    if ((held.get(socket) ?? 0) > longestQueue) return true
    if (open.size <= limits.inProgress) return false
    const working = new Set<Socket>()
    // A request whose body is on its way, or whose answer is, waits for the caller.
    for (const { request, response } of open)
      if (request.complete && !response.headersSent) working.add(request.socket)
    return working.size > limits.inProgress
  }
  const load = makeLoad({ lagMillis: millis(limits.lag) }, isFull)

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const id = `${idPrefix}-${++requests}`
    const started = performance.now()
    const answer: Answer = { id, started, request, response, refusedWith: undefined }
    open.add(answer)
    held.set(request.socket, (held.get(request.socket) ?? 0) + 1)
    load.began(started)
    metrics.started()
    response.setHeader("x-request-id", id)
    if (draining) response.setHeader("connection", "close")
    response.on("close", () => end(answer))
  }

  const end = (answer: Answer) => {
    if (!open.delete(answer)) return
    const { id, refusedWith, request, response } = answer
    const left = (held.get(request.socket) ?? 1) - 1
    if (left > 0) held.set(request.socket, left)
    else held.delete(request.socket)
    const took = performance.now() - answer.started
    const answered = refusedWith !== undefined || response.writableFinished
    const status = refusedWith ?? response.statusCode
    const method = request.method ?? ""
    metrics.ended(method, status, answered, took)
    log.write({ id, method, path: pathOf(request), status, millis: took, answered })
  }

  server.on("request", begin)

  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    begin(request, response)
    response
      .writeHead(417, {
        connection: "close",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-type": "text/plain",
        "content-length": 19
      })
      .end("expectation failed\n")
  })

  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const underWay = [...open].filter(({ request }) => request.socket === socket)
    // In the middle of an answer a second one would be read as a part of it.
    if (socket.writable && !underWay.some(({ response }) => response.headersSent)) {
      const status = statusOf(error)
      const [first] = underWay
      const id = first?.id ?? `${idPrefix}-${++requests}`
      socket.write(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: ${id}\r\nContent-Length: 0\r\n\r\n`
      )
      if (first !== undefined) first.refusedWith = status
      else {
        metrics.refused(status)
        log.write({ id, method: "-", path: "-", status, millis: 0, answered: true })
      }
    }
    socket.destroy()
  })

  server.on("error", onError)

  const longestAnswer = millis(limits.answer)
  const dropLongest = () => {
    const earliest = performance.now() - longestAnswer
    for (const answer of open) {
      if (answer.started > earliest) break
      answer.request.socket.destroy()
      // Node tells no end of an answer that still waited behind another one of its connection.
      end(answer)
    }
  }
  let watch: NodeJS.Timeout | undefined
  server.on("listening", () => {
    load.start()
    watch = setInterval(dropLongest, Math.min(1_000, longestAnswer)).unref()
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
    clearInterval(watch)
    load.stop()
    log.flush()
  })

  return { server, isDraining: () => draining, load, drain }
}
