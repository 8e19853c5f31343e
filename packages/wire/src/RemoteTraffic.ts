/**
 * Rules for all traffic to one remote system, below the retries of its client: a steady rate (token bucket), a pause of
 * everything when the remote asks for one, and a circuit breaker that leaves a remote alone which does not answer.
 * Each remote has its own; the trouble of one never slows another. Times come from Effect's Clock.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import { type ExchangeEnd, ExchangeWatch } from "./ExchangeWatch.ts"
import { type Breaker, makeBreaker } from "./internal/breaker.ts"
import { makeTokenBucket } from "./internal/tokenBucket.ts"
import { AttemptsBefore, retryAfter } from "./RetryPolicy.ts"

export interface TrafficOptions {
  /** Requests a second in the long run; unlimited unless told. */
  readonly rate?: number
  /** Requests that may go at once after a quiet time; a second's worth, at least 1, unless told. */
  readonly burst?: number
  /** Failures in a row after which the breaker opens; 5 unless told. */
  readonly failures?: number
  /** How long it stays open at first, in milliseconds; doubles with each probe that fails. 10 seconds unless told. */
  readonly openMillis?: number
  /** The longest it stays open, in milliseconds; 5 minutes unless told. */
  readonly mostOpenMillis?: number
  /** The longest that a request is held back, in milliseconds; 5 minutes unless told. */
  readonly patienceMillis?: number
}

export interface TrafficReport {
  /** Sent to the remote. */
  readonly requests: number
  /** Those of them that repeated one before. */
  readonly retries: number
  /** Time that requests were held back, summed over all of them. */
  readonly throttledMillis: number
  /** Whether the breaker holds requests off now. */
  readonly open: boolean
}

export interface RemoteTraffic {
  /** The client to call the remote with. */
  readonly client: HttpClient.HttpClient
  readonly report: Effect.Effect<TrafficReport>
}

/** Stands in the detail of a failure: the breaker let nothing through. */
export const CIRCUIT_OPEN = "CIRCUIT_OPEN"

class CircuitOpen extends Data.TaggedError("CircuitOpen") {
  readonly code = CIRCUIT_OPEN
}

/** Monotonic, so that a step of the wall clock neither ends nor prolongs a wait. */
const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

const outcomeOf = (end: ExchangeEnd) => {
  switch (end) {
    case "unreachable":
    case "timeout":
      return "failure"
    case "whole":
    case "malformed":
      return "success"
    case "abandoned":
      return "unknown"
  }
}

/** What a client without a watch tells: nothing beyond the head. */
const withoutWatch: ExchangeWatch["Service"] = { pause: (millis) => Effect.sleep(millis), onEnd: () => {} }

/** Puts the rules around a client that sends. */
export const makeRemoteTraffic = (
  http: HttpClient.HttpClient,
  options: TrafficOptions = {}
): RemoteTraffic => {
  const bucket = makeTokenBucket(options)
  const breaker = makeBreaker(options)
  const patience = options.patienceMillis ?? 300_000
  let pausedUntil = -Infinity
  let requests = 0
  let retries = 0
  let throttledMillis = 0

  /** Holds the request back as long as the rules say; tells the wait instead where that is too long. */
  const admit = Effect.fnUntraced(function* (pause: ExchangeWatch["Service"]["pause"]) {
    const began = yield* now
    const hold = (millis: number) =>
      Effect.suspend(() => {
        throttledMillis += millis
        return pause(millis)
      })
    let reserved = false
    const unused = () => {
      if (reserved) bucket.giveBack()
    }
    for (;;) {
      const at = yield* now
      if (!breaker.isPassable(at)) {
        unused()
        return { held: "open" } as const
      }
      const paused = pausedUntil - at
      if (paused > 0 && at - began + paused > patience) {
        unused()
        return { held: "later", millis: paused } as const
      }
      if (paused > 0) {
        yield* hold(paused)
        continue
      }
      if (reserved) return { held: "no" } as const
      const wait = bucket.waitAt(at)
      if (wait > 0 && at - began + wait > patience) return { held: "later", millis: wait } as const
      bucket.take(at)
      reserved = true
      if (wait > 0) yield* Effect.onInterrupt(hold(wait), () => Effect.sync(bucket.giveBack))
    }
  })

  const refusal = (request: HttpClientRequest.HttpClientRequest) =>
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause: new CircuitOpen() })
    })

  /** The remote's own word, said again without asking it. */
  const later = (request: HttpClientRequest.HttpClientRequest, millis: number) =>
    HttpClientResponse.fromWeb(
      request,
      new Response(null, { status: 429, headers: { "retry-after": String(Math.ceil(millis / 1000)) } })
    )

  const heed = Effect.fnUntraced(function* ({ headers, status }: HttpClientResponse.HttpClientResponse) {
    if (status !== 429 && status !== 503) return
    const asked = retryAfter(headers, yield* Clock.currentTimeMillis)
    if (asked !== undefined) pausedUntil = Math.max(pausedUntil, (yield* now) + asked)
  })

  const client = HttpClient.transform(http, (send, request) =>
    Effect.gen(function* () {
      const watched = yield* Effect.serviceOption(ExchangeWatch)
      const watch = Option.getOrElse(watched, () => withoutWatch)
      const admitted = yield* admit(watch.pause)
      if (admitted.held === "later") return later(request, admitted.millis)
      const pass = admitted.held === "open" ? null : breaker.enter(yield* now)
      if (pass === null) return yield* Effect.fail(refusal(request))
      requests++
      if ((yield* AttemptsBefore) > 0) retries++
      return yield* send.pipe(
        Effect.tap(heed),
        Effect.onExit((exit) => Effect.flatMap(now, (at) => settle(pass, exit, at, watched)))
      )
    })
  )

  const settle = (
    pass: ReturnType<Breaker["enter"]> & object,
    exit: Exit.Exit<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>,
    at: number,
    watched: Option.Option<ExchangeWatch["Service"]>
  ): Effect.Effect<void> =>
    Effect.sync(() => {
      const finish = (end: ExchangeEnd) => Effect.map(now, (then) => pass.end(outcomeOf(end), then))
      if (Exit.isSuccess(exit)) {
        if (exit.value.status >= 500) return pass.end("failure", at)
        pass.answered()
        return Option.isSome(watched) ? watched.value.onEnd(finish) : pass.end("success", at)
      }
      // Interrupted: whether that was the limit, only the exchange knows.
      if (Option.isSome(watched)) return watched.value.onEnd(finish)
      return pass.end(Exit.hasInterrupts(exit) ? "unknown" : "failure", at)
    })

  return {
    client,
    report: Effect.map(now, (at) => ({ requests, retries, throttledMillis, open: breaker.isOpen(at) }))
  }
}
