/**
 * The client's token: got when it is first needed, kept, and renewed when the site does not take it any more. However
 * many calls need one at the same time, one login is made; what comes of it, good or bad, is everybody's, so that a wrong
 * password is tried once. A renewal takes the refresh token, and the password where the site does not want that.
 */
import type { SourceFailure } from "@tillbridge/domain"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Redacted from "effect/Redacted"

export interface Tokens {
  readonly access: Redacted.Redacted
  readonly refresh: Redacted.Redacted | null
}

export interface SessionOptions {
  readonly byPassword: Effect.Effect<Tokens, SourceFailure>
  readonly byRefresh: (refresh: Redacted.Redacted) => Effect.Effect<Tokens, SourceFailure>
}

export const makeSession = ({ byPassword, byRefresh }: SessionOptions) => {
  let tokens: Tokens | null = null
  let running: Deferred.Deferred<Tokens, SourceFailure> | null = null

  /** A refresh token is good once: it is gone with the attempt, whatever comes of it. */
  const renewal = (): Effect.Effect<Tokens, SourceFailure> => {
    const refresh = tokens?.refresh ?? null
    tokens = null
    if (refresh === null) return byPassword
    return Effect.catchIf(
      byRefresh(refresh),
      (reason) => reason._tag === "Refused" || reason._tag === "Unauthorized" || reason._tag === "Malformed",
      () => byPassword
    )
  }

  const renew = Effect.suspend((): Effect.Effect<Tokens, SourceFailure> => {
    if (running !== null) return Deferred.await(running)
    const started = Deferred.makeUnsafe<Tokens, SourceFailure>()
    running = started
    return renewal().pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          running = null
          if (Exit.isSuccess(exit)) tokens = exit.value
          Deferred.doneUnsafe(started, exit)
        })
      ),
      // Of nobody's own: a caller that gives up does not take the others' login with it.
      Effect.forkDetach,
      Effect.andThen(Deferred.await(started))
    )
  })

  return {
    /** Tokens that may still be good. */
    current: Effect.suspend(() => (tokens === null ? renew : Effect.succeed(tokens))),
    /** Other ones than these, which the site did not take. */
    after: (refused: Tokens) =>
      Effect.suspend(() => (tokens === null || tokens === refused ? renew : Effect.succeed(tokens))),
    /** What must not be seen. */
    secrets: (): ReadonlyArray<Redacted.Redacted> =>
      tokens === null ? [] : tokens.refresh === null ? [tokens.access] : [tokens.access, tokens.refresh]
  }
}
