/**
 * One exchange with a remote system: no redirect is followed, since the request may hold a key; nothing is added for
 * tracing; what broke is told by a code and never by a text of the platform, which may hold a URL. Any status is an
 * answer. `exchange` reads a body that is short enough to hold, `openExchange` gives one of any length as it comes.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import { type ExchangeEnd, ExchangeWatch, makeExchangeWatch } from "./ExchangeWatch.ts"
import { MAX_REPLY_BYTES } from "./Limits.ts"
import { retryAfter } from "./RetryPolicy.ts"

/** Why there is no whole answer; `millis` is how long was waited, for a timeout. */
export interface BrokenExchange {
  readonly kind: "unreachable" | "timeout" | "malformed"
  readonly detail: string
  readonly millis: number
}

/** What stands before the body; header names are lower case. */
export interface ReplyHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** What `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMillis: number | undefined
}

export interface Reply extends ReplyHead {
  readonly bytes: Uint8Array
}

export interface OpenReply extends ReplyHead {
  readonly body: Stream.Stream<Uint8Array, BrokenExchange>
}

/** The codes of the causes below an error of the platform: ECONNREFUSED, UND_ERR_SOCKET. */
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

const late = (timeout: Duration.Input) =>
  Effect.fail<BrokenExchange>({
    kind: "timeout",
    detail: "no answer in time",
    millis: Duration.toMillis(timeout)
  })

const send = Effect.fnUntraced(function* (
  http: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest
) {
  const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
  const response = yield* HttpClient.withScope(http)
    .execute(request)
    .pipe(
      Effect.mapError(brokenBy),
      Effect.provideService(FetchHttpClient.RequestInit, {
        ...Option.getOrElse(init, () => ({})),
        redirect: "manual"
      }),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
      // The span of a request holds its body, and a body holds a person's data.
      Effect.provideService(HttpClient.TracerDisabledWhen, ({ body }) => body._tag !== "Empty")
    )
  const { headers, status } = response
  const reply: OpenReply = {
    status,
    headers,
    retryAfterMillis: retryAfter(headers, yield* Clock.currentTimeMillis),
    body: response.stream.pipe(
      // An answer without a body is an empty one.
      Stream.catchIf(
        (error) => error.reason._tag === "EmptyBodyError",
        () => Stream.empty
      ),
      Stream.mapError(brokenBy)
    )
  }
  return reply
})

const endOf = (cause: Cause.Cause<BrokenExchange>): ExchangeEnd =>
  Option.match(Cause.findErrorOption(cause), { onNone: () => "abandoned", onSome: ({ kind }) => kind })

/** Within the limit, of which waits that are not the remote's take nothing; a failure is told to the layers below. */
const withinLimit = <A, R>(
  run: Effect.Effect<A, BrokenExchange, R>,
  timeout: Duration.Input,
  { end, expired, watch }: ReturnType<typeof makeExchangeWatch>
): Effect.Effect<A, BrokenExchange, R> =>
  run.pipe(
    Effect.provideService(ExchangeWatch, watch),
    Effect.raceFirst(Effect.andThen(expired, late(timeout))),
    Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : end(endOf(exit.cause))))
  )

/** Sends, and gives the body as it comes. The limit holds for the head, and for each wait within the body. */
export const openExchange = (
  http: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  options: { readonly timeout: Duration.Input }
): Effect.Effect<OpenReply, BrokenExchange, Scope.Scope> =>
  Effect.suspend(() => {
    const { timeout } = options
    const watched = makeExchangeWatch(Duration.toMillis(timeout))
    return withinLimit(send(http, request), timeout, watched).pipe(
      Effect.tap(() => Effect.addFinalizer(() => watched.end("abandoned"))),
      Effect.map((reply) => ({
        ...reply,
        body: Stream.timeoutOrElse(reply.body, {
          duration: timeout,
          orElse: () => Stream.fromEffect(late(timeout))
        }).pipe(Stream.onExit((exit) => watched.end(Exit.isSuccess(exit) ? "whole" : endOf(exit.cause))))
      }))
    )
  })

/** Sends, and reads the body, at most `maxBytes` of it (16 MiB unless told). The limit holds for the whole. */
export const exchange = (
  http: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  options: { readonly timeout: Duration.Input; readonly maxBytes?: number }
): Effect.Effect<Reply, BrokenExchange> =>
  Effect.suspend(() => {
    const watched = makeExchangeWatch(Duration.toMillis(options.timeout))
    const whole = send(http, request).pipe(
      Effect.flatMap(({ body, ...head }) =>
        Effect.map(collect(body, options.maxBytes ?? MAX_REPLY_BYTES), (bytes): Reply => ({ ...head, bytes }))
      ),
      Effect.scoped
    )
    return Effect.tap(withinLimit(whole, options.timeout, watched), () => watched.end("whole"))
  })

const collect = Effect.fnUntraced(function* (body: OpenReply["body"], maxBytes: number) {
  const chunks: Array<Uint8Array> = []
  let length = 0
  yield* Stream.runForEach(body, (chunk) => {
    length += chunk.length
    chunks.push(chunk)
    return length > maxBytes
      ? Effect.fail<BrokenExchange>({
          kind: "malformed",
          detail: `the answer is longer than ${maxBytes} bytes`,
          millis: 0
        })
      : Effect.void
  })
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
})
