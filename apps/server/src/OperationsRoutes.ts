/** Paths for those who run the server: is it alive, may it be sent requests, what does it count. */
import { MerchantId, MerchantRepository } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { plainHeaders } from "./plainAnswers.ts"

const text = (body: string, status: number) =>
  HttpServerResponse.text(body, { status, headers: plainHeaders })

const methodNotAllowed = HttpServerResponse.text("method not allowed\n", {
  status: 405,
  headers: { ...plainHeaders, allow: "GET, HEAD" }
})

/** Node leaves out the body of an answer to HEAD. */
const readOnly =
  <E, R>(answer: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  (request: HttpServerRequest.HttpServerRequest) =>
    request.method === "GET" || request.method === "HEAD" ? answer : Effect.succeed(methodNotAllowed)

export const layerOperations = (options: {
  readonly isDraining: () => boolean
  readonly droppedLines: () => number
}) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const merchants = yield* MerchantRepository
      yield* router.add("*", "/healthz", readOnly(Effect.succeed(text("ok\n", 200))))
      yield* router.add(
        "*",
        "/readyz",
        readOnly(
          Effect.suspend(() =>
            options.isDraining()
              ? Effect.succeed(text("stopping\n", 503))
              : merchants.get(MerchantId.make(1)).pipe(
                  Effect.as(text("ready\n", 200)),
                  Effect.catchTag("StorageError", (error) =>
                    Effect.as(Effect.logError("store not ready", error), text("store not ready\n", 503))
                  )
                )
          )
        )
      )
      yield* router.add(
        "*",
        "/metrics",
        readOnly(
          Effect.map(PrometheusMetrics.format({ prefix: "tillbridge" }), (metrics) =>
            HttpServerResponse.text(
              `${metrics}\n# HELP tillbridge_access_log_dropped_total Access log lines that nobody read\n# TYPE tillbridge_access_log_dropped_total counter\ntillbridge_access_log_dropped_total ${options.droppedLines()}\n# HELP process_resident_memory_bytes Resident memory\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ${process.memoryUsage.rss()}\n`,
              {
                contentType: "text/plain; version=0.0.4; charset=utf-8",
                headers: plainHeaders
              }
            )
          )
        )
      )
      yield* router.add("*", "*", Effect.succeed(text("not found\n", 404)))
    })
  )
