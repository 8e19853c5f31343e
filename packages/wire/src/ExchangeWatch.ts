/**
 * What stands between an exchange and the layers of the `HttpClient` below it. A layer that makes a request wait says
 * so, since that time is not the remote's; and it is told how the whole exchange ended, of which it sees the head only.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** `abandoned`: whoever wanted the answer does not want it any more. */
export type ExchangeEnd = "whole" | "unreachable" | "timeout" | "malformed" | "abandoned"

export class ExchangeWatch extends Context.Service<
  ExchangeWatch,
  {
    /** Sleeps; the exchange's limit is that much later. */
    readonly pause: (millis: number) => Effect.Effect<void>
    /** Wants to know, once, how the exchange ended. */
    readonly onEnd: (tell: (end: ExchangeEnd) => Effect.Effect<void>) => void
  }
>()("@tillbridge/wire/ExchangeWatch") {}

const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** A watch, and for its maker: the limit that it prolongs, and the telling of the end. */
export const makeExchangeWatch = (limitMillis: number) => {
  let paused = 0
  let tellers: Array<(end: ExchangeEnd) => Effect.Effect<void>> = []
  return {
    watch: ExchangeWatch.of({
      pause: (millis) =>
        Effect.suspend(() => {
          paused += millis
          return Effect.sleep(millis)
        }),
      onEnd: (tell) => void tellers.push(tell)
    }),
    /** Ends when the limit has passed, pauses not counted. */
    expired: Effect.gen(function* () {
      if (!Number.isFinite(limitMillis)) return yield* Effect.never
      const began = yield* now
      for (;;) {
        const left = began + limitMillis + paused - (yield* now)
        if (left <= 0) return
        yield* Effect.sleep(left)
      }
    }),
    /** The first end is the one that counts. */
    end: (end: ExchangeEnd): Effect.Effect<void> =>
      Effect.suspend(() => {
        const all = tellers
        tellers = []
        return Effect.forEach(all, (tell) => tell(end), { discard: true })
      })
  }
}
