/** All or nothing: what the repositories write within one unit is stored together, durably, or not at all. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StorageError } from "./errors.ts"

export class UnitOfWork extends Context.Service<
  UnitOfWork,
  {
    /**
     * Runs the effect as one transaction that starts as a writer. When it succeeds, its writes are on stable storage;
     * when it fails or is interrupted, none of them happened. Nested units join the outer one.
     */
    readonly atomically: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StorageError, R>
  }
>()("@tillbridge/domain/UnitOfWork") {}
