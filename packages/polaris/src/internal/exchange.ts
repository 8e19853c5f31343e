import { MAX_REPLY_BYTES, retryAfter } from "@tillbridge/wire"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly bytes: Uint8Array
  readonly retryAfterMillis: number | undefined
}
interface Broken {
  readonly kind: "unreachable" | "timeout" | "malformed"
  readonly detail: string
  readonly millis: number
}

export const exchange = (
  http: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  options: { timeout: Duration.Input; maxBytes?: number }
): Effect.Effect<Reply, Broken> => {
  const max = options.maxBytes ?? MAX_REPLY_BYTES
  const millis = Duration.toMillis(options.timeout)
  const broken = (kind: Broken["kind"], detail: string): Broken => ({ kind, detail, millis })
  return Effect.gen(function* () {
    const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
    const response = yield* HttpClient.withScope(http)
      .execute(request)
      .pipe(
        Effect.mapError((e) => broken("unreachable", e.reason._tag)),
        Effect.provideService(FetchHttpClient.RequestInit, {
          ...Option.getOrElse(init, () => ({})),
          redirect: "manual"
        }),
        Effect.provideService(HttpClient.TracerPropagationEnabled, false)
      )
    const chunks: Array<Uint8Array> = []
    let length = 0
    yield* response.stream.pipe(
      Stream.catchIf(
        (e) => e.reason._tag === "EmptyBodyError",
        () => Stream.empty
      ),
      Stream.mapError((e) => broken("unreachable", e.reason._tag)),
      Stream.runForEach((chunk) => {
        length += chunk.length
        if (length > max) return Effect.fail(broken("malformed", `the answer is longer than ${max} bytes`))
        chunks.push(chunk)
        return Effect.void
      })
    )
    const bytes = new Uint8Array(length)
    let at = 0
    for (const c of chunks) {
      bytes.set(c, at)
      at += c.length
    }
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      retryAfterMillis: retryAfter(response.headers, yield* Clock.currentTimeMillis)
    } as Reply
  }).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({ duration: options.timeout, orElse: () => Effect.fail(broken("timeout", "")) })
  )
}
