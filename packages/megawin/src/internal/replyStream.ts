/**
 * An answer's body while it comes: the vendor has no pages, so that a list may be longer than memory. Redirects are not
 * followed, as they would take the key in the query elsewhere; the time limit holds for the head and for each wait.
 */
import { Malformed, reasonOfStatus, type SourceFailure, TimedOut, Unreachable } from "@tillbridge/domain"
import { retryAfter } from "@tillbridge/wire"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

/** The codes of the causes below an error of the platform: ECONNREFUSED, UND_ERR_SOCKET. Their texts may hold a URL. */
const codeOf = (error: unknown): string | undefined => {
  for (let cause = error, depth = 0; typeof cause === "object" && cause !== null && depth < 5; depth++) {
    if ("code" in cause && typeof cause.code === "string" && /^[A-Z][A-Z0-9_]{2,39}$/.test(cause.code))
      return cause.code
    cause = "cause" in cause ? cause.cause : undefined
  }
  return undefined
}

const broken = (error: HttpClientError.HttpClientError): SourceFailure => {
  const code = codeOf(error.reason)
  const where = error.response === undefined ? "no connection" : "the connection broke"
  return error.reason._tag === "TransportError" || error.reason._tag === "DecodeError"
    ? new Unreachable({ detail: code === undefined ? where : `${where} (${code})` })
    : new Malformed({ detail: error.reason._tag })
}

/** Sends, and gives the body of an answer with a status of 2xx as it comes. */
export const openReply = Effect.fnUntraced(function* (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  timeout: Duration.Input
): Effect.fn.Return<Stream.Stream<Uint8Array, SourceFailure>, SourceFailure, Scope.Scope> {
  const late = new TimedOut({ millis: Duration.toMillis(timeout) })
  const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
  const response = yield* HttpClient.withScope(client)
    .execute(request)
    .pipe(
      Effect.mapError(broken),
      Effect.provideService(FetchHttpClient.RequestInit, {
        ...Option.getOrElse(init, () => ({})),
        redirect: "manual"
      }),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
      // The span of an exchange holds its request, and a body holds a person's data.
      Effect.provideService(HttpClient.TracerDisabledWhen, ({ body }) => body._tag !== "Empty"),
      Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(late) })
    )
  const { headers, status } = response
  if (status < 200 || status >= 300) {
    return yield* Effect.fail(reasonOfStatus(status, retryAfter(headers, yield* Clock.currentTimeMillis)))
  }
  return response.stream.pipe(
    // An answer without a body is an empty one.
    Stream.catchIf(
      (error) => error.reason._tag === "EmptyBodyError",
      () => Stream.empty
    ),
    Stream.mapError(broken),
    Stream.timeoutOrElse({ duration: timeout, orElse: () => Stream.fail<SourceFailure>(late) })
  )
})
