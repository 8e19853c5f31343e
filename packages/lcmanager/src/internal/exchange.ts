/** One exchange with the site: a time limit over the whole of it, the body cut when it is too long, nothing followed. */
import { type BrokenExchange, reasonOfBroken, type SourceFailure } from "@tillbridge/domain"
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

export interface Reply {
  readonly status: number
  readonly contentType: string | undefined
  readonly bytes: Uint8Array
  readonly retryAfterMillis: number | undefined
}

/** The codes of the causes below an error of the platform: ECONNREFUSED, UND_ERR_SOCKET. Their texts may hold a URL. */
const codeOf = (error: unknown): string | undefined => {
  for (let cause = error, depth = 0; typeof cause === "object" && cause !== null && depth < 5; depth++) {
    if ("code" in cause && typeof cause.code === "string" && /^[A-Z][A-Z0-9_]{2,39}$/.test(cause.code))
      return cause.code
    cause = "cause" in cause ? cause.cause : undefined
  }
  return undefined
}

/** A request that got no answer, or an answer whose body broke off. */
const brokenBy = (error: HttpClientError.HttpClientError): Omit<BrokenExchange, "millis"> => {
  const code = codeOf(error.reason)
  const where = error.response === undefined ? "no connection" : "the connection broke"
  return error.reason._tag === "TransportError" || error.reason._tag === "DecodeError"
    ? { kind: "unreachable", detail: code === undefined ? where : `${where} (${code})` }
    : { kind: "malformed", detail: error.reason._tag }
}

const joined = (chunks: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** Any status is a reply. */
export const exchange = (
  http: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  timeout: Duration.Input
): Effect.Effect<Reply, SourceFailure> => {
  const millis = Duration.toMillis(timeout)
  const tooLong = { kind: "malformed", detail: `the answer is longer than ${MAX_REPLY_BYTES} bytes` } as const
  return Effect.gen(function* () {
    const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
    const response = yield* HttpClient.withScope(http)
      .execute(request)
      .pipe(
        Effect.mapError(brokenBy),
        // `fetch` would follow, and take a password along to wherever it is told to.
        Effect.provideService(FetchHttpClient.RequestInit, {
          ...Option.getOrElse(init, () => ({})),
          redirect: "manual"
        }),
        Effect.provideService(HttpClient.TracerPropagationEnabled, false)
      )
    const chunks: Array<Uint8Array> = []
    let length = 0
    yield* response.stream.pipe(
      // An answer without a body is an empty one.
      Stream.catchIf(
        (error) => error.reason._tag === "EmptyBodyError",
        () => Stream.empty
      ),
      Stream.mapError(brokenBy),
      Stream.runForEach((chunk): Effect.Effect<void, Omit<BrokenExchange, "millis">> => {
        length += chunk.length
        if (length > MAX_REPLY_BYTES) return Effect.fail(tooLong)
        chunks.push(chunk)
        return Effect.void
      })
    )
    const reply: Reply = {
      status: response.status,
      contentType: response.headers["content-type"],
      bytes: joined(chunks, length),
      retryAfterMillis: retryAfter(response.headers, yield* Clock.currentTimeMillis)
    }
    return reply
  }).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail({ kind: "timeout", detail: "" } as const)
    }),
    Effect.mapError((broken) => reasonOfBroken({ ...broken, millis }))
  )
}
