/**
 * One exchange with a site: a time limit over the whole, an answer that is cut when it is too long, no redirect that is
 * followed, no trace headers. Any status is a reply. What broke is told by a code and never by a URL, which may hold a
 * key.
 */
import type { BrokenExchange } from "@tillbridge/domain"
import { MAX_REPLY_BYTES, retryAfter } from "@tillbridge/wire"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"

/** An answer of any status; header names are lower case. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly bytes: Uint8Array
  /** What `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMillis: number | undefined
}

/** The codes of the causes below an error of the platform: ECONNREFUSED. Their texts may hold a URL. */
const codeOf = (error: unknown): string | undefined => {
  for (let cause = error, depth = 0; typeof cause === "object" && cause !== null && depth < 5; depth++) {
    if ("code" in cause && typeof cause.code === "string" && /^[A-Z][A-Z0-9_]{2,39}$/.test(cause.code))
      return cause.code
    cause = "cause" in cause ? cause.cause : undefined
  }
  return undefined
}

const brokenBy = (error: HttpClientError.HttpClientError): BrokenExchange => {
  const { reason } = error
  if (reason._tag !== "TransportError" && reason._tag !== "DecodeError") {
    return { kind: "malformed", detail: reason._tag, millis: 0 }
  }
  const code = codeOf(reason)
  const where = error.response === undefined ? "no connection" : "the connection broke"
  return { kind: "unreachable", detail: code === undefined ? where : `${where} (${code})`, millis: 0 }
}

const readBytes = Effect.fnUntraced(function* (
  response: HttpClientResponse.HttpClientResponse,
  most: number
) {
  const chunks: Array<Uint8Array> = []
  let length = 0
  const tooLong: BrokenExchange = {
    kind: "malformed",
    detail: `the answer is longer than ${most} bytes`,
    millis: 0
  }
  yield* response.stream.pipe(
    // An answer without a body is an empty one.
    Stream.catchIf(
      (error) => error.reason._tag === "EmptyBodyError",
      () => Stream.empty
    ),
    Stream.mapError(brokenBy),
    Stream.runForEach((chunk) => {
      length += chunk.length
      if (length > most) return Effect.fail(tooLong)
      chunks.push(chunk)
      return Effect.void
    })
  )
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
})

export const exchange = (
  http: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  options: { readonly timeout: Duration.Input; readonly maxBytes?: number }
): Effect.Effect<Reply, BrokenExchange> =>
  Effect.gen(function* () {
    const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
    const response = yield* HttpClient.withScope(http)
      .execute(request)
      .pipe(
        Effect.mapError(brokenBy),
        // `fetch` would follow, and take cookies and keys to wherever it is told to.
        Effect.provideService(FetchHttpClient.RequestInit, {
          ...Option.getOrElse(init, () => ({})),
          redirect: "manual"
        }),
        Effect.provideService(HttpClient.TracerPropagationEnabled, false)
      )
    const bytes = yield* readBytes(response, options.maxBytes ?? MAX_REPLY_BYTES)
    const retryAfterMillis = retryAfter(response.headers, yield* Clock.currentTimeMillis)
    const reply: Reply = { status: response.status, headers: response.headers, bytes, retryAfterMillis }
    return reply
  }).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({
      duration: options.timeout,
      orElse: () =>
        Effect.fail<BrokenExchange>({
          kind: "timeout",
          detail: "no answer in time",
          millis: Duration.toMillis(options.timeout)
        })
    })
  )
