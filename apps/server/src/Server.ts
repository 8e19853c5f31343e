/** The server as one effect: every dialect over one store, until it is interrupted; then it drains and stops. */
import { layerDomain, type Repositories, type StorageError } from "@tillbridge/domain"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as HttpRouter from "effect/http/HttpRouter"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { type AccessLog, makeAccessLog } from "./AccessLog.ts"
import { plainAddress } from "./Addresses.ts"
import { servedDialects } from "./dialects.ts"
import { guard } from "./Guard.ts"
import { defaultLimits, type ListenerLimits, makeListener } from "./Listener.ts"
import { type Mount, MountError, mountedPaths, mountPoint } from "./Mounts.ts"
import { layerOperations } from "./OperationsRoutes.ts"
import { makeRequestMetrics } from "./RequestMetrics.ts"
import type { LoadedDialect } from "./ServedDialect.ts"
import { withServerLogger } from "./ServerLog.ts"

/** The address could not be listened on: taken, not this machine's, or not allowed. */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", {
  host: Schema.String,
  port: Schema.Finite,
  code: Schema.String
}) {
  override get message() {
    const why =
      this.code === "EADDRINUSE"
        ? "the port is in use"
        : this.code === "EACCES"
          ? "not allowed"
          : this.code === "EADDRNOTAVAIL" || this.code === "ENOTFOUND"
            ? "not an address of this machine"
            : this.code
    return `cannot listen on ${this.host}:${this.port}: ${why}`
  }
}

export interface ServerOptions {
  /** Default 127.0.0.1: nobody else's machine can reach it. */
  readonly host?: string
  /** Default 8080; 0 takes a free one. */
  readonly port?: number
  readonly store: Layer.Layer<Repositories, StorageError>
  /** Default: every dialect, at its vendor's own paths. */
  readonly dialects?: ReadonlyArray<Mount>
  readonly limits?: Partial<ListenerLimits>
  /** Addresses of reverse proxies: whom they speak for, they say in `X-Forwarded-For`. Default: nobody is believed. */
  readonly proxies?: ReadonlyArray<string>
}

const listen = (server: Server, host: string, port: number): Effect.Effect<AddressInfo, ListenError> =>
  Effect.callback((resume) => {
    const onError = (cause: NodeJS.ErrnoException) =>
      resume(Effect.fail(new ListenError({ host, port, code: cause.code ?? "unknown" })))
    server.once("error", onError)
    server.listen({ host, port }, () => {
      server.off("error", onError)
      resume(Effect.succeed(server.address() as AddressInfo))
    })
  })

const allAtRoot: ReadonlyArray<Mount> = servedDialects.map((served) => ({ served }))

const load = Effect.fnUntraced(function* (mounts: ReadonlyArray<Mount>) {
  const loaded = yield* Effect.forEach(
    mounts,
    ({ served: { id, load } }) => Effect.promise(async () => [id, await load()] as const),
    { concurrency: "unbounded" }
  )
  return new Map(loaded)
})

const routesOf = ({ at = "", settings }: Mount, { routes }: LoadedDialect) => {
  const point = mountPoint(at)
  return routes({
    ...settings,
    ...(typeof point === "string" && point !== "" ? { basePath: point } : {})
  })
}

/**
 * Answers until interrupted, then drains. Nothing is listened on before everything behind it is ready; `onListening`
 * gets the base URL.
 */
export const serve = <E, R>(
  options: ServerOptions,
  onListening: (url: string) => Effect.Effect<void, E, R>
): Effect.Effect<never, ListenError | MountError | StorageError | E, R> =>
  Effect.gen(function* () {
    const log = makeAccessLog(process.stderr, { forTerminal: process.stderr.isTTY === true })
    const loggers = withServerLogger(yield* Logger.CurrentLoggers, log)
    return yield* serveWith(log, options, onListening).pipe(
      Effect.provideService(Logger.CurrentLoggers, loggers)
    )
  }).pipe(
    // Spans would cost more than most answers, and nothing here exports them.
    Effect.provideService(References.TracerEnabled, false)
  )

const serveWith = <E, R>(
  log: AccessLog,
  options: ServerOptions,
  onListening: (url: string) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    const { dialects: mounts = allAtRoot, host = "127.0.0.1", port = 8080 } = options
    const proxies = new Set(options.proxies?.map(plainAddress))
    const limits = { ...defaultLimits, ...options.limits }
    const paths = mountedPaths(mounts)
    if (paths instanceof MountError) return yield* paths
    const dialects = yield* load(mounts)
    const context = yield* Effect.context<never>()
    const metrics = makeRequestMetrics(context)
    const listener = makeListener({
      log,
      metrics,
      limits: { ...limits, freeAddresses: [...limits.freeAddresses, ...proxies] },
      onError: (error) => {
        // Before, it is the reason why it does not listen, which the caller is told.
        if (listener.server.listening)
          Effect.runForkWith(context)(Effect.logError("connection not taken", error))
      }
    })
    const routes = Layer.mergeAll(
      layerOperations({ isDraining: listener.isDraining, droppedLines: log.dropped }),
      ...mounts.map((mount) => routesOf(mount, dialects.get(mount.served.id)!))
    ).pipe(Layer.provide(layerDomain), Layer.provide(options.store))
    const app = yield* HttpRouter.toHttpEffect(routes)
    const guarded = guard(app, { paths, dialects, load: listener.load, onShed: metrics.shed, proxies })
    const handler = yield* NodeHttpServer.makeHandler(guarded, { scope: yield* Effect.scope })
    listener.server.on("request", handler)
    const address = yield* listen(listener.server, host, port)
    yield* onListening(`http://${host.includes(":") ? `[${host}]` : host}:${address.port}`)
    return yield* Effect.never.pipe(Effect.onInterrupt(() => listener.drain))
  }).pipe(Effect.scoped)
