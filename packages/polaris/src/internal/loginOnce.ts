/**
 * One login for all calls that need one at the same time. What a call knows is how many logins had gone well when it
 * began: if another has gone well since, there is nothing to do; if one is under way, its outcome is everybody's, so
 * that a wrong password is tried once and not once for each waiting call.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"

export interface LoginOnce<E> {
  /** How many logins have gone well. */
  readonly count: () => number
  /** Logs in unless somebody has since `seen`. */
  readonly since: (seen: number) => Effect.Effect<void, E>
}

/** `scope` outlives the calls: a caller that gives up does not take the others' login with it. */
export const makeLoginOnce = <E>(login: Effect.Effect<void, E>, scope: Scope.Scope): LoginOnce<E> => {
  let count = 0
  let running: Deferred.Deferred<void, E> | null = null
  return {
    count: () => count,
    since: (seen) =>
      Effect.suspend(() => {
        if (count > seen) return Effect.void
        if (running !== null) return Deferred.await(running)
        const started = Deferred.makeUnsafe<void, E>()
        running = started
        return login.pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              running = null
              if (Exit.isSuccess(exit)) count++
              Deferred.doneUnsafe(started, exit)
            })
          ),
          Effect.forkIn(scope),
          Effect.andThen(Deferred.await(started))
        )
      })
  }
}
