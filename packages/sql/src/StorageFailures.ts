/** How the store underneath names its failures, and the translation into the domain's `StorageError`. */
import { StorageError, type StorageFailure } from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as SqlError from "effect/sql/SqlError"

/** A driver knows its own codes (disk full, corrupt file); the default knows only what effect/sql tells of all. */
export const FailureOf = Context.Reference<(error: SqlError.SqlError) => StorageFailure>(
  "@tillbridge/sql/FailureOf",
  { defaultValue: () => commonFailure }
)

export const commonFailure = (error: SqlError.SqlError): StorageFailure => {
  switch (error.reason._tag) {
    case "LockTimeoutError":
    case "DeadlockError":
    case "SerializationError":
    case "StatementTimeoutError":
      return "busy"
    case "ConnectionError":
      return "unavailable"
    default:
      return "unknown"
  }
}

/** Turns the store's failures into `StorageError`; other errors pass. */
export type Storing = (
  operation: string
) => <A, E, R>(
  effect: Effect.Effect<A, E | SqlError.SqlError, R>
) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | StorageError, R>

export const makeStoring: Effect.Effect<Storing> = Effect.map(
  FailureOf,
  (failureOf): Storing =>
    (operation) =>
    (effect) =>
      Effect.catchTag(effect as Effect.Effect<never, SqlError.SqlError>, "SqlError", (cause) =>
        Effect.fail(new StorageError({ operation, reason: failureOf(cause), cause }))
      ) as never
)
